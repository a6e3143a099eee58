"""The operations that reduce axes to one number, and the running sum.

Params always begin with `axis, keepdims`. In an `Along` rule `z` already has its reduced axes back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.rules import Along, Primitive, Pull


def product_of_others(z: Any, x: Any, axis: int | tuple[int, ...] | None) -> Any:
    """For each element, the product of all others along the axes: ∂(Πx)/∂x, also where x holds zeros."""
    if np.all(z != 0) and np.all(np.isfinite(z)):
        return z / x
    # z / x would be 0/0 at a zero, and wrong where the product leaves the range of floats. Products from the left times products from the right need no division.
    axes = tuple(range(np.ndim(x))) if axis is None else tuple(np.atleast_1d(axis))
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    flat = np.reshape(moved, (*moved.shape[: moved.ndim - len(axes)], -1))
    ones = np.ones_like(flat[..., :1])
    left = np.cumprod(np.concatenate([ones, flat[..., :-1]], axis=-1), axis=-1)
    right = np.cumprod(np.concatenate([ones, np.flip(flat[..., 1:], -1)], axis=-1), axis=-1)
    others = left * np.flip(right, -1)
    return np.moveaxis(np.reshape(others, moved.shape), last, axes)


def share_of_ties(z: Any, x: Any, axis: int | tuple[int, ...] | None) -> Any:
    """1 for the extreme element; equal shares where several tie."""
    ties = x == z
    return ties / np.add.reduce(ties, axis=axis, keepdims=True, dtype=x.dtype)  # in x's precision, not integers'


def finite_top(x: Any, axis: int | tuple[int, ...] | None) -> Any:
    """The largest number along the axes, to be subtracted; 0 where it is infinite, for inf - inf would be nan."""
    if not np.size(x):
        return 0.0
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0)


def stable_logsumexp(x: Any, axis: int | tuple[int, ...] | None, keepdims: bool) -> Any:
    top = finite_top(x, axis)
    with np.errstate(divide="ignore", over="ignore"):
        z = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return z if keepdims else np.squeeze(z, axis)


def stable_log_softmax(x: Any, axis: int | tuple[int, ...] | None) -> Any:
    # The largest element becomes 0: a constant shift changes no probability, and keeps float32's digits.
    shifted = x - finite_top(x, axis)
    with np.errstate(divide="ignore"):
        return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


# fmt: off
sum_      = Primitive("sum",       lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
                                   Along(1),                                                                 symbol="Σ", latex=r"\sum({0})")
mean      = Primitive("mean",      lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
                                   Along(lambda z, x, axis, keepdims: np.size(z) / max(np.size(x), 1)),              latex=r"\operatorname{{mean}}({0})")
prod      = Primitive("prod",      lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
                                   Along(lambda z, x, axis, keepdims: product_of_others(z, x, axis)),        symbol="Π", latex=r"\prod({0})")
max_      = Primitive("max",       lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims),
                                   Along(lambda z, x, axis, keepdims: share_of_ties(z, x, axis)),            latex=r"\max({0})")
min_      = Primitive("min",       lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims),
                                   Along(lambda z, x, axis, keepdims: share_of_ties(z, x, axis)),            latex=r"\min({0})")
logsumexp = Primitive("logsumexp", stable_logsumexp,
                                   Along(lambda z, x, axis, keepdims: np.exp(x - z)),                        latex=r"\ln \sum e^{{{0}}}")
log_softmax = Primitive("log_softmax", stable_log_softmax,
                                   Pull(lambda g, z, x, axis: g - np.exp(z) * np.sum(g, axis=axis, keepdims=True),
                                        lambda t, z, x, axis: t - np.sum(np.exp(z) * t, axis=axis, keepdims=True)),
                                                                                                             latex=r"\ln \operatorname{{softmax}}({0})")
# ‖x‖′(0) = 0: of all slopes that a cone has at its tip, the one in the middle.
norm      = Primitive("norm",      lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
                                   Along(lambda z, x, axis, keepdims: x / np.where(z == 0, 1, z)),           symbol="‖·‖", latex=r"\left\|{0}\right\|")
cumsum    = Primitive("cumsum",    lambda x, axis: np.cumsum(x, axis=axis),
                                   Pull(lambda g, z, x, axis: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)))
# fmt: on

REDUCTIONS = tuple(item for item in list(globals().values()) if isinstance(item, Primitive))
