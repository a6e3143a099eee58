"""NumPy's functions that choose among elements: where, clip, take, sort, diagonal …"""

from __future__ import annotations

from typing import Any

from autograd_mini.dispatch.registry import implements, np, positive_axis
from autograd_mini.errors import ShapeError, describe
from autograd_mini.numbers import constant
from autograd_mini.primitives import elementwise, shaping
from autograd_mini.value import Value, apply


@implements(np.where)
def where(condition: Any, x: Any, y: Any) -> Value:
    return apply(elementwise.where, (x, y), (np.not_equal(constant(condition), 0),))


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Value:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if type(low) is Value or type(high) is Value:
        raise TypeError("np.clip: the bounds must be constants; with Values as bounds use np.minimum and np.maximum")
    return apply(elementwise.clip, (a,), (low, high))


@implements(np.take)
def take(a: Any, indices: Any, axis: int | None = None) -> Value:
    if axis is None:
        return a.reshape(-1)[indices]
    return a[(slice(None),) * positive_axis(axis, a.ndim) + (np.asarray(indices),)]


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Value:
    if axis is None:
        return arr.reshape(-1)[indices]
    # The index arrays of the other axes count 0, 1, 2 … along their own axis.
    if np.ndim(indices) != arr.ndim:
        raise ShapeError(f"np.take_along_axis: indices {np.shape(indices)} must have as many axes as {describe(arr)}")
    index = list(np.ix_(*map(np.arange, arr.shape)))
    index[axis] = np.asarray(indices)
    return arr[tuple(index)]


@implements(np.sort)
def sort(a: Any, axis: int | None = -1) -> Value:
    if axis is None:
        a, axis = a.reshape(-1), 0
    return take_along_axis(a, np.argsort(a.data, axis, kind="stable"), axis)


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = a.shape[-2:]
    i = np.arange(np.maximum(0, np.minimum(rows + np.minimum(offset, 0), columns - np.maximum(offset, 0))))
    return a[..., i - np.minimum(offset, 0), i + np.maximum(offset, 0)]


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    return np.sum(diagonal(a, offset, axis1, axis2), -1)


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Value:
    if v.ndim == 2:
        return diagonal(v, k)
    i = np.arange(len(v))
    n = len(v) + np.abs(k)
    return shaping.scatter(v, params=((n, n), (i - np.minimum(k, 0), i + np.maximum(k, 0))))


@implements(np.tril)
def tril(m: Any, k: int = 0) -> Value:
    return where(np.tri(*m.shape[-2:], k=k, dtype=bool), m, 0)


@implements(np.triu)
def triu(m: Any, k: int = 0) -> Value:
    return where(np.tri(*m.shape[-2:], k=k - 1, dtype=bool), 0, m)


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1) -> Value:
    for _ in range(n):
        before = (slice(None),) * positive_axis(axis, a.ndim)
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


@implements(np.round)
def round(a: Any, decimals: int = 0) -> Value:
    return np.rint(a) if not decimals else np.rint(a * 10.0**decimals) / 10.0**decimals
