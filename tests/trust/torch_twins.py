"""Every operation of the table beside PyTorch's of the same meaning: `TWINS[name].theirs(*tensors, *params)`.

A twin also says into which domain each operand has to be brought, and how far numbers are from a point
without a derivative, so that random numbers can be given to any operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograd_mini import functions
from autograd_mini.primitives import TABLE


def like(x: Any, numbers: Any) -> Any:
    """Constant numbers for x to meet: a tensor for a tensor."""
    if isinstance(x, torch.Tensor):
        return torch.as_tensor(numbers, dtype=x.dtype)
    return np.asarray(numbers, getattr(x, "dtype", float))


#: Bring any numbers smoothly to where an operation is defined and moderate; for Values and tensors alike.
DOMAINS: dict[str, Callable[[Any], Any]] = {
    "any": lambda x: x,
    "positive": lambda x: x * x + 0.5,
    "unit": lambda x: 1.6 * x / (1 + x * x),  # |·| ≤ 0.8
    "above one": lambda x: x * x + 1.5,
    "near one": lambda x: 1 + 0.5 * x / (1 + x * x),
    "invertible": lambda x: x / (1 + x * x) + like(x, 2.0 * np.eye(x.shape[-1])),  # at most 3 × 3: its diagonal wins
}


@dataclass(frozen=True)
class Twin:
    theirs: Callable[..., Any]
    domains: tuple[str, ...] = ("any",)
    """One for each operand, or the last one for all that follow."""
    kinks: Callable[..., Any] | None = None
    """Given plain operands and params: how far each of the numbers is from the nearest point without a derivative."""

    def domain(self, position: int) -> Callable[[Any], Any]:
        return DOMAINS[self.domains[min(position, len(self.domains) - 1)]]


def to_whole(x: Any) -> Any:
    return np.abs(x - np.round(x))


def quotient_to_whole(x: Any, y: Any) -> Any:
    return to_whole(np.divide(x, y))


def apart(x: Any, y: Any) -> Any:
    return np.abs(np.subtract(x, y))


def to_bounds(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(*[np.abs(x - (np.inf if bound is None else bound)) for bound in (low, high)])


def lead(sign: int) -> Callable[..., Any]:
    """How far the largest (or smallest) along the axes is ahead of the next."""

    def gap(x: Any, axis: Any, keepdims: bool) -> Any:
        axes = all_axes(x, axis)
        moved = np.moveaxis(x, axes, range(-len(axes), 0))
        one_axis = moved.reshape(*moved.shape[: moved.ndim - len(axes)], math.prod(x.shape[a] for a in axes))
        return np.diff(np.sort(sign * one_axis, axis=-1)[..., -2:], axis=-1)

    return gap


def all_axes(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis


def reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axis, keepdims: function(x, all_axes(x, axis), keepdims)


def one_axis_at_a_time(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    for a in sorted((a % x.ndim for a in all_axes(x, axis)), reverse=True):
        x = torch.prod(x, a, keepdims)
    return x


def picked(x: torch.Tensor, index: Any) -> torch.Tensor:
    places = np.arange(x.numel()).reshape(x.shape)[index]
    return torch.reshape(x, (-1,))[torch.tensor(np.array(places))]


def scattered(x: torch.Tensor, shape: tuple[int, ...], index: Any) -> torch.Tensor:
    places = torch.tensor(np.arange(int(np.prod(shape))).reshape(shape)[index].copy(), dtype=torch.long)
    zeros = torch.zeros(int(np.prod(shape)), dtype=x.dtype)
    return zeros.index_add(0, places.reshape(-1), torch.reshape(x, (-1,))).reshape(shape)


def clamped(x: torch.Tensor, low: Any, high: Any) -> torch.Tensor:
    return torch.clamp(x, *(None if bound is None else like(x, bound) for bound in (low, high)))


def solved(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.linalg.solve(x, y.expand(*x.shape[: max(x.ndim - y.ndim, 0)], *y.shape))  # never a stack of vectors


def whole_quotient(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """PyTorch's has no derivative; here it has 0."""
    quotient = torch.floor_divide(x.detach(), y.detach())
    return torch.where(torch.ones_like(quotient, dtype=torch.bool), quotient, x + y)


def cube_root(x: torch.Tensor) -> torch.Tensor:
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


# fmt: off
TWINS: dict[str, Twin] = {
    "negative":     Twin(torch.neg),
    "positive":     Twin(torch.positive),
    "square":       Twin(torch.square),
    "sqrt":         Twin(torch.sqrt, ("positive",)),
    "cbrt":         Twin(cube_root, ("positive",)),
    "reciprocal":   Twin(torch.reciprocal, ("positive",)),
    "abs":          Twin(torch.abs, kinks=np.abs),
    "sign":         Twin(torch.sign, kinks=np.abs),
    "floor":        Twin(torch.floor, kinks=to_whole),
    "ceil":         Twin(torch.ceil, kinks=to_whole),
    "trunc":        Twin(torch.trunc, kinks=to_whole),
    "rint":         Twin(torch.round, kinks=lambda x: to_whole(x + 0.5)),
    "exp":          Twin(torch.exp, ("unit",)),
    "expm1":        Twin(torch.expm1, ("unit",)),
    "exp2":         Twin(torch.exp2, ("unit",)),
    "log":          Twin(torch.log, ("positive",)),
    "log1p":        Twin(torch.log1p, ("positive",)),
    "log2":         Twin(torch.log2, ("positive",)),
    "log10":        Twin(torch.log10, ("positive",)),
    "sin":          Twin(torch.sin),
    "cos":          Twin(torch.cos),
    "tan":          Twin(torch.tan, ("unit",)),
    "arcsin":       Twin(torch.asin, ("unit",)),
    "arccos":       Twin(torch.acos, ("unit",)),
    "arctan":       Twin(torch.atan),
    "sinh":         Twin(torch.sinh, ("unit",)),
    "cosh":         Twin(torch.cosh, ("unit",)),
    "tanh":         Twin(torch.tanh),
    "arcsinh":      Twin(torch.asinh),
    "arccosh":      Twin(torch.acosh, ("above one",)),
    "arctanh":      Twin(torch.atanh, ("unit",)),
    "sigmoid":      Twin(torch.sigmoid),
    "softplus":     Twin(lambda x: torch.nn.functional.softplus(x, threshold=40)),  # from there on e^−x rounds off
    "erf":          Twin(torch.erf),
    "relu":         Twin(torch.relu, kinks=np.abs),
    "add":          Twin(torch.add, ("any", "any")),
    "subtract":     Twin(torch.subtract, ("any", "any")),
    "multiply":     Twin(torch.multiply, ("any", "any")),
    "divide":       Twin(torch.divide, ("any", "positive")),
    "power":        Twin(torch.pow, ("near one", "any")),
    "floor_divide": Twin(whole_quotient, ("any", "positive"), quotient_to_whole),
    "remainder":    Twin(torch.remainder, ("any", "positive"), quotient_to_whole),
    "logaddexp":    Twin(torch.logaddexp, ("any", "any")),
    "arctan2":      Twin(torch.atan2, ("any", "positive")),
    "hypot":        Twin(torch.hypot, ("any", "positive")),
    "maximum":      Twin(torch.maximum, ("any", "any"), apart),
    "minimum":      Twin(torch.minimum, ("any", "any"), apart),
    "clip":         Twin(clamped, kinks=to_bounds),
    "where":        Twin(lambda x, y, condition: torch.where(torch.tensor(condition), x, y), ("any", "any")),

    "sum":          Twin(reduction(torch.sum)),
    "mean":         Twin(reduction(torch.mean)),
    "prod":         Twin(one_axis_at_a_time, ("near one",)),
    "max":          Twin(reduction(torch.amax), kinks=lead(1)),
    "min":          Twin(reduction(torch.amin), kinks=lead(-1)),
    "logsumexp":    Twin(reduction(torch.logsumexp)),
    "norm":         Twin(reduction(lambda x, axes, keepdims: torch.linalg.vector_norm(x, 2, axes, keepdims)),
                         kinks=lambda x, axis, keepdims: np.sqrt(np.sum(np.square(x), axis)) if np.size(x) else 1.0),
    "log_softmax":  Twin(lambda x, axis: torch.log_softmax(x, axis) if isinstance(axis, int) else
                         x - torch.logsumexp(x, all_axes(x, axis), True)),
    "cumsum":       Twin(torch.cumsum),

    "matmul":       Twin(torch.matmul, ("any", "any")),
    "einsum":       Twin(lambda *args: torch.einsum(args[-1], *args[:-1])),
    "solve":        Twin(solved, ("invertible", "any")),
    "det":          Twin(torch.linalg.det, ("invertible",)),

    "reshape":      Twin(lambda x, shape: torch.reshape(x, (shape,) if isinstance(shape, int) else shape)),
    "transpose":    Twin(torch.permute),
    "broadcast_to": Twin(torch.broadcast_to),
    "getitem":      Twin(picked),
    "scatter":      Twin(scattered),
    "roll":         Twin(torch.roll),
    "pad":          Twin(lambda x, width: torch.nn.functional.pad(x, [n for pair in reversed(width) for n in pair])),
    "concatenate":  Twin(lambda *args: torch.cat(args[:-1], args[-1])),
    "astype":       Twin(lambda x, dtype: x.to(getattr(torch, np.dtype(dtype).name))),

    # Functions that are made of operations.
    "softmax":      Twin(lambda x, axis: torch.softmax(x, axis) if isinstance(axis, int) else torch.exp(
                         x - torch.logsumexp(x, all_axes(x, axis), True))),
}
# fmt: on


def ours(name: str, *operands: Any, params: tuple = ()) -> Any:
    """The engine's: a row of the table, or a function made of rows."""
    if name in TABLE:
        return TABLE[name](*operands, params=params)
    return getattr(functions, name)(*operands, *params)
