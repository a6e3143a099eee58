"""NumPy's averages, medians and sums that pass over nan, and the area under a curve."""

from __future__ import annotations

from typing import Any

from autograd_mini.dispatch.registry import Axis, implements, np
from autograd_mini.value import Value


@implements(np.ptp)
def ptp(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)


@implements(np.average)
def average(a: Any, axis: Axis = None, weights: Any = None, *, keepdims: bool = False) -> Value:
    if weights is None:
        return np.mean(a, axis, keepdims=keepdims)
    if np.shape(weights) != np.shape(a):
        if axis is None:
            raise TypeError(
                f"np.average: for weights {np.shape(weights)} of numbers {np.shape(a)} an axis must be given"
            )
        if not isinstance(axis, int) or np.shape(weights) != (np.shape(a)[axis],):
            raise ValueError(f"np.average: weights {np.shape(weights)} do not fit axis {axis} of numbers {np.shape(a)}")
        weights = np.moveaxis(np.reshape(weights, (-1,) + (1,) * (np.ndim(a) - 1)), 0, axis)
    total = np.sum(np.multiply(np.ones_like(a), weights), axis, keepdims=keepdims)
    if np.any(np.equal(total, 0)):
        raise ZeroDivisionError("np.average: the weights sum to zero, so they cannot be normalised")
    return np.sum(np.multiply(a, weights), axis, keepdims=keepdims) / total


@implements(np.median)
def median(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    axes = tuple(range(a.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, a.ndim)
    kept = [i for i in range(a.ndim) if i not in axes]
    count = a.size if axis is None else int(np.prod([a.shape[i] for i in axes]))
    ordered = np.sort(np.reshape(np.transpose(a, [*kept, *axes]), (*[a.shape[i] for i in kept], count)))
    middle = np.mean(ordered[..., (count - 1) // 2 : count // 2 + 1], -1)
    if np.any(np.isnan(a)):  # sorted to the end
        middle = np.where(np.isnan(ordered[..., -1]), np.nan, middle)
    return np.expand_dims(middle, axes) if keepdims else middle


@implements(np.nansum)
def nansum(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return np.sum(np.where(np.isnan(a), 0, a), axis, keepdims=keepdims)


@implements(np.nanmean)
def nanmean(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return nansum(a, axis, keepdims=keepdims) / np.sum(~np.isnan(a), axis, a.dtype, keepdims=keepdims)


@implements(np.nan_to_num)
def nan_to_num(x: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Value:
    return np.where(np.isfinite(x), x, np.nan_to_num(x.data, nan=nan, posinf=posinf, neginf=neginf))


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Value:
    if x is not None:
        dx = np.diff(x, axis=axis if np.ndim(x) > 1 else -1)
        if np.ndim(x) == 1:
            dx = np.moveaxis(np.reshape(dx, (-1,) + (1,) * (np.ndim(y) - 1)), 0, axis)
    y = np.moveaxis(y, axis, -1)
    dx = np.moveaxis(dx, axis, -1) if np.ndim(dx) else dx
    return np.sum(dx * (y[..., 1:] + y[..., :-1]) / 2, -1)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Value:
    if np.ndim(a) > 1 or np.ndim(v) > 1 or not np.size(a) or not np.size(v):
        raise ValueError(f"np.convolve: expected two vectors with elements, got {np.shape(a)} and {np.shape(v)}")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"np.convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")
    a, v = np.reshape(a, -1), np.reshape(v, -1)
    if len(v) > len(a):
        a, v = v, a
    n, m = len(a), len(v)
    windows = np.pad(a, m - 1)[np.arange(n + m - 1)[:, None] + np.arange(m)]
    first, count = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[mode]
    return np.matmul(windows, np.flip(v))[first : first + count]
