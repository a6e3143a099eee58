"""The engine's operations beside PyTorch's of the same meaning, with the numbers that each can be asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import autograd_mini as ag
from autograd_mini.backprop import topological_order

#: Maps any number smoothly into the domain of an operation; written with operators, for Values and tensors alike.
DOMAINS: dict[str, Callable[[Any], Any]] = {
    "any": lambda x: x,
    "positive": lambda x: x * x + 0.5,
    "unit": lambda x: 1.6 * x / (1 + x * x),  # |·| ≤ 0.8
    "above one": lambda x: x * x + 1.5,
    "near one": lambda x: 1 + 0.5 * x / (1 + x * x),
}


@dataclass(frozen=True)
class Twin:
    """One operation: ours, PyTorch's, the domains of its operands, and how far their numbers are from a kink."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    domains: tuple[str, ...] = ("any",)
    kinks: Callable[..., Any] | None = None
    """Given the operands as arrays, the distance to the nearest point without a derivative."""


def unary(ours: Any, theirs: Any, domain: str = "any", kinks: Any = None) -> Twin:
    return Twin(ours, theirs, (domain,), kinks)


def binary(ours: Any, theirs: Any, x: str = "any", y: str = "any", kinks: Any = None) -> Twin:
    return Twin(ours, theirs, (x, y), kinks)


def to_whole(x: Any) -> Any:
    return np.abs(x - np.round(x))


def to_half(x: Any) -> Any:
    return np.abs(x - np.floor(x) - 0.5)


def whole_quotient(x: Any, y: Any) -> Any:
    """PyTorch's floor_divide, which has no derivative there: 0 everywhere."""
    quotient = torch.floor_divide(x.detach(), y.detach())
    return torch.where(torch.zeros_like(quotient, dtype=torch.bool), x + y, quotient)


ELEMENTWISE: dict[str, Twin] = {
    "negative": unary(np.negative, torch.neg),
    "positive": unary(np.positive, torch.positive),
    "square": unary(np.square, torch.square),
    "sqrt": unary(np.sqrt, torch.sqrt, "positive"),
    "cbrt": unary(np.cbrt, lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), "positive"),
    "reciprocal": unary(np.reciprocal, torch.reciprocal, "positive"),
    "abs": unary(np.absolute, torch.abs, kinks=np.abs),
    "sign": unary(np.sign, torch.sign, kinks=np.abs),
    "floor": unary(np.floor, torch.floor, kinks=to_whole),
    "ceil": unary(np.ceil, torch.ceil, kinks=to_whole),
    "trunc": unary(np.trunc, torch.trunc, kinks=to_whole),
    "rint": unary(np.rint, torch.round, kinks=to_half),
    "exp": unary(np.exp, torch.exp, "unit"),
    "expm1": unary(np.expm1, torch.expm1, "unit"),
    "exp2": unary(np.exp2, torch.exp2, "unit"),
    "log": unary(np.log, torch.log, "positive"),
    "log1p": unary(np.log1p, torch.log1p, "positive"),
    "log2": unary(np.log2, torch.log2, "positive"),
    "log10": unary(np.log10, torch.log10, "positive"),
    "sin": unary(np.sin, torch.sin),
    "cos": unary(np.cos, torch.cos),
    "tan": unary(np.tan, torch.tan, "unit"),
    "arcsin": unary(np.arcsin, torch.asin, "unit"),
    "arccos": unary(np.arccos, torch.acos, "unit"),
    "arctan": unary(np.arctan, torch.atan),
    "sinh": unary(np.sinh, torch.sinh, "unit"),
    "cosh": unary(np.cosh, torch.cosh, "unit"),
    "tanh": unary(np.tanh, torch.tanh),
    "arcsinh": unary(np.arcsinh, torch.asinh),
    "arccosh": unary(np.arccosh, torch.acosh, "above one"),
    "arctanh": unary(np.arctanh, torch.atanh, "unit"),
    "sigmoid": unary(ag.sigmoid, torch.sigmoid),
    "softplus": unary(ag.softplus, lambda x: torch.nn.functional.softplus(x, threshold=40)),  # then e^−x rounds off
    "erf": unary(ag.erf, torch.erf),
    "relu": unary(ag.relu, torch.relu, kinks=np.abs),
    "clip": unary(
        lambda x: np.clip(x, -0.5, 1.0),
        lambda x: torch.clamp(x, -0.5, 1.0),
        kinks=lambda x: np.minimum(np.abs(x + 0.5), np.abs(x - 1)),
    ),
    "add": binary(np.add, torch.add),
    "subtract": binary(np.subtract, torch.subtract),
    "multiply": binary(np.multiply, torch.multiply, y="unit"),
    "divide": binary(np.divide, torch.divide, y="positive"),
    "power": binary(np.power, torch.pow, "near one", "unit"),
    "floor_divide": binary(np.floor_divide, whole_quotient, y="positive", kinks=lambda x, y: to_whole(np.divide(x, y))),
    "remainder": binary(np.remainder, torch.remainder, y="positive", kinks=lambda x, y: to_whole(np.divide(x, y))),
    "logaddexp": binary(np.logaddexp, torch.logaddexp),
    "arctan2": binary(np.arctan2, torch.atan2, y="positive"),
    "hypot": binary(np.hypot, torch.hypot, y="positive"),
    "maximum": binary(np.maximum, torch.maximum, kinks=lambda x, y: np.abs(np.subtract(x, y))),
    "minimum": binary(np.minimum, torch.minimum, kinks=lambda x, y: np.abs(np.subtract(x, y))),
}


def first_gap(sign: int) -> Callable[..., Any]:
    """How far the largest (or smallest) element is ahead of the next one, along any axes, at the least."""

    def gap(x: Any, **_: Any) -> Any:
        ordered = np.sort(sign * np.ravel(x))
        return np.min(np.diff(ordered), initial=1.0)

    return gap


def over_axes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A PyTorch reduction along one axis, as one along any."""

    def reduce(x: Any, axis: Any, keepdims: bool) -> Any:
        axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        for a in sorted((a % x.ndim for a in axes), reverse=True):
            x = function(x, a, keepdims)
        return x

    return reduce


def all_axes(x: Any, axis: Any) -> Any:
    return tuple(range(x.ndim)) if axis is None else axis


#: Reductions: ours(x, axis=, keepdims=), theirs(x, axis, keepdims).
REDUCTIONS: dict[str, Twin] = {
    "sum": unary(np.sum, lambda x, axis, keepdims: torch.sum(x, all_axes(x, axis), keepdims) if x.ndim else x + 0),
    "mean": unary(np.mean, lambda x, axis, keepdims: torch.mean(x, all_axes(x, axis), keepdims) if x.ndim else x + 0),
    "prod": unary(np.prod, over_axes(torch.prod), "near one"),
    "max": unary(np.max, lambda x, axis, keepdims: torch.amax(x, all_axes(x, axis), keepdims), kinks=first_gap(1)),
    "min": unary(np.min, lambda x, axis, keepdims: torch.amin(x, all_axes(x, axis), keepdims), kinks=first_gap(-1)),
    "logsumexp": unary(
        ag.logsumexp, lambda x, axis, keepdims: torch.logsumexp(x, all_axes(x, axis), keepdims) if x.ndim else x + 0
    ),
    "norm": unary(  # along one axis or all
        np.linalg.norm,
        lambda x, axis, keepdims: torch.sqrt(torch.sum(x * x, all_axes(x, axis), keepdims)) if x.ndim else torch.abs(x),
        kinks=lambda x, **_: np.min(np.abs(x), initial=1.0),
    ),
}


def square_of(x: Any, library: Any) -> Any:
    """A matrix that can be inverted, made of any numbers: 2 I + a aᵀ/(1 + a·a)."""
    a = library.reshape(x, (-1, 1))
    return 2 * library.eye(a.shape[0], dtype=a.dtype) + (a @ a.T) / (1 + (a * a).sum())


#: Operations that change shapes or multiply matrices: ours(x, **params), theirs(x, **params), on any array.
SHAPING: dict[str, Twin] = {
    "reshape": unary(lambda x: np.reshape(x, -1), lambda x: torch.reshape(x, (-1,))),
    "transpose": unary(np.transpose, lambda x: torch.permute(x, tuple(range(x.ndim))[::-1])),
    "broadcast_to": unary(lambda x: np.broadcast_to(x, (2, *x.shape)), lambda x: torch.broadcast_to(x, (2, *x.shape))),
    "getitem": unary(lambda x: np.ravel(x)[[0, -1, 0]], lambda x: torch.ravel(x)[[0, -1, 0]]),
    "getitem by slices": unary(lambda x: np.ravel(x)[::2], lambda x: torch.ravel(x)[::2]),
    "getitem by a mask": unary(
        lambda x: np.ravel(x)[np.arange(x.size) % 3 != 1],
        lambda x: torch.ravel(x)[torch.arange(x.numel()) % 3 != 1],
    ),
    "scatter": unary(lambda x: np.diag(np.ravel(x))[:, -1:] * 3, lambda x: torch.diag(torch.ravel(x))[:, -1:] * 3),
    "roll": unary(lambda x: np.roll(x, 1), lambda x: torch.roll(x, 1)),
    "pad": unary(lambda x: np.pad(np.ravel(x), (1, 2)), lambda x: torch.nn.functional.pad(torch.ravel(x), (1, 2))),
    "concatenate": unary(
        lambda x: np.concatenate([np.ravel(x), np.ravel(x)[:1], np.ravel(x)]),
        lambda x: torch.cat([torch.ravel(x), torch.ravel(x)[:1], torch.ravel(x)]),
    ),
    "cumsum": unary(lambda x: np.cumsum(np.ravel(x)), lambda x: torch.cumsum(torch.ravel(x), 0), "unit"),
    "sort": unary(np.sort, lambda x: torch.sort(x)[0] if x.ndim else x, kinks=first_gap(1)),
    "where": unary(
        lambda x: np.where(np.arange(x.size).reshape(x.shape) % 2 == 0, x, 2 * x),
        lambda x: torch.where(torch.arange(x.numel()).reshape(x.shape) % 2 == 0, x, 2 * x),
    ),
    "astype": unary(lambda x: x.astype(float), lambda x: x.to(torch.float64)),
    "matmul": unary(
        lambda x: np.reshape(x, (1, -1)) @ np.sin(np.reshape(x, (-1, 1))),
        lambda x: torch.reshape(x, (1, -1)) @ torch.sin(torch.reshape(x, (-1, 1))),
        "unit",
    ),
    "matmul of a stack": unary(
        lambda x: np.stack([np.outer(x, x)] * 2) @ np.ravel(x),
        lambda x: torch.stack([torch.outer(torch.ravel(x), torch.ravel(x))] * 2) @ torch.ravel(x),
        "unit",
    ),
    "einsum": unary(
        lambda x: np.einsum("i,j,i->ij", np.ravel(x), np.cos(np.ravel(x)), np.ravel(x)),
        lambda x: torch.einsum("i,j,i->ij", torch.ravel(x), torch.cos(torch.ravel(x)), torch.ravel(x)),
        "unit",
    ),
    "einsum of a diagonal": unary(
        lambda x: np.einsum("ii->i", np.outer(x, x)),
        lambda x: torch.einsum("ii->i", torch.outer(torch.ravel(x), torch.ravel(x))),
        "unit",
    ),
    "solve": unary(
        lambda x: np.linalg.solve(square_of(x, np), np.reshape(x, (-1, 1))),
        lambda x: torch.linalg.solve(square_of(x, torch), torch.reshape(x, (-1, 1))),
        "unit",
    ),
    "det": unary(
        lambda x: np.linalg.det(square_of(np.ravel(x)[:3], np)),
        lambda x: torch.linalg.det(square_of(torch.ravel(x)[:3], torch)),
        "unit",
    ),
}


def rows_of(z: ag.Value) -> set[str]:
    """The names of the operations in a graph."""
    return {node.op.name for node in topological_order(z) if node.op is not None}
