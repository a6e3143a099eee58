"""NumPy's functions that choose among elements: where, clip, take, sort, diagonal …"""

from __future__ import annotations

from typing import Any

from autograd_mini.dispatch.registry import implements, np, positive_axis
from autograd_mini.errors import ShapeError, describe
from autograd_mini.numbers import as_array, constant
from autograd_mini.primitives import elementwise, shaping
from autograd_mini.value import Value, apply

_LEFT_OUT = object()


@implements(np.where)
def where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return np.nonzero(condition)
    if len(choices) == 1:
        raise ValueError("np.where: give both numbers to choose from, np.where(condition, x, y), or neither")
    x, y = choices
    return apply(elementwise.where, (x, y), (np.not_equal(constant(condition), 0),))


@implements(np.clip)
def clip(
    a: Any, a_min: Any = _LEFT_OUT, a_max: Any = _LEFT_OUT, *, min: Any = _LEFT_OUT, max: Any = _LEFT_OUT
) -> Value:
    if a_min is a_max is _LEFT_OUT:
        low, high = (None if bound is _LEFT_OUT else bound for bound in (min, max))
    elif a_min is _LEFT_OUT or a_max is _LEFT_OUT:
        raise TypeError(
            "np.clip: give both bounds, np.clip(a, low, high) (None is no bound), or name one, min= or max="
        )
    elif min is not _LEFT_OUT or max is not _LEFT_OUT:
        raise ValueError("np.clip: the bounds were given twice, by place (a_min, a_max) and as min= or max=")
    else:
        low, high = a_min, a_max
    if type(low) is Value or type(high) is Value:
        raise TypeError("np.clip: the bounds must be constants; with Values as bounds use np.minimum and np.maximum")
    return apply(elementwise.clip, (a,), (low, high))


@implements(np.take)
def take(a: Any, indices: Any, axis: int | None = None) -> Value:
    indices = as_array(indices) if np.size(indices) else np.zeros(np.shape(indices), int)
    if axis is None:
        return a.reshape(-1)[indices]
    return a[(slice(None),) * positive_axis(axis, a.ndim) + (indices,)]


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Value:
    if axis is None:
        return arr.reshape(-1)[indices]
    # The index arrays of the other axes count 0, 1, 2 … along their own axis.
    if np.ndim(indices) != arr.ndim:
        raise ShapeError(f"np.take_along_axis: indices {np.shape(indices)} must have as many axes as {describe(arr)}")
    index = list(np.ix_(*map(np.arange, arr.shape)))
    index[positive_axis(axis, arr.ndim)] = as_array(indices)
    return arr[tuple(index)]


@implements(np.sort)
def sort(a: Any, axis: int | None = -1) -> Value:
    if axis is None:
        a, axis = a.reshape(-1), 0
    axis = positive_axis(axis, a.ndim)
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
    if v.ndim not in (1, 2):
        raise ShapeError(f"np.diag: expected a vector or a matrix, got {describe(v)}; of stacks take np.diagonal")
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
    if n < 0:
        raise ValueError(f"np.diff: n must not be negative, got {n}")
    for _ in range(n):
        before = (slice(None),) * positive_axis(axis, a.ndim)
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Value:
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"np.select: {len(condlist)} conditions need as many choices, got {len(choicelist)}")
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        default = np.where(condition, choice, default)
    return default


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Value:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return take(arr, np.delete(np.arange(arr.shape[positive_axis(axis, arr.ndim)]), obj), axis)


@implements(np.ediff1d)
def ediff1d(ary: Any) -> Value:
    return diff(np.ravel(ary))


@implements(np.fix)
def fix(x: Any) -> Value:
    return np.trunc(x)


@implements(np.round, np.around)
def round(a: Any, decimals: int = 0) -> Value:
    return np.rint(a) if not decimals else np.rint(a * 10.0**decimals) / 10.0**decimals
