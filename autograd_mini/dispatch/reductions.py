"""NumPy's reductions, running sums and products, and the methods of its ufuncs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini.dispatch.registry import Axis, implements, np, positive_axis
from autograd_mini.primitives import reductions
from autograd_mini.value import UFUNC_METHODS, Value, apply


@implements(np.sum)
def sum(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return apply(reductions.sum_, (a,), (axis, keepdims))


@implements(np.mean)
def mean(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return apply(reductions.mean, (a,), (axis, keepdims))


@implements(np.prod)
def prod(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return apply(reductions.prod, (a,), (axis, keepdims))


@implements(np.max, np.amax)
def max(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return apply(reductions.max_, (a,), (axis, keepdims))


@implements(np.min, np.amin)
def min(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Value:
    return apply(reductions.min_, (a,), (axis, keepdims))


def _deviations(a: Value, axis: Axis, ddof: float) -> tuple[Value, float]:
    """Deviations from the mean, and the number to divide their squares by."""
    centre = mean(a, axis, keepdims=True)
    count = a.size / centre.size if centre.size else np.nan
    return a - centre, float(np.maximum(count - ddof, 0))  # of 0: inf or nan, as NumPy's


@implements(np.var)
def var(a: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Value:
    deviations, count = _deviations(a, axis, ddof)
    return sum(deviations * deviations, axis, keepdims=keepdims) / count


@implements(np.std)
def std(a: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Value:
    # A norm, not the root of var: the slope where all elements are equal is then 0, not 0/0.
    deviations, count = _deviations(a, axis, ddof)
    return apply(reductions.norm, (deviations,), (axis, keepdims)) / count**0.5


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Value:
    if isinstance(axis, tuple) and len(axis) > 2:
        np.linalg.norm(x.data, ord, axis)  # raises NumPy's own message; np.linalg.vector_norm takes them all
    if ord is None or (ord == 2 and (isinstance(axis, int) or (axis is None and x.ndim == 1))):
        return apply(reductions.norm, (x,), (axis, keepdims))
    if ord == 1 and (isinstance(axis, int) or (axis is None and x.ndim == 1)):
        return sum(abs(x), axis, keepdims=keepdims)
    np.linalg.norm(x.data, ord, axis, keepdims)  # raises NumPy's own message where it refuses too
    raise TypeError(f"np.linalg.norm: ord={ord!r} is not supported on Values of shape {x.shape}; ord may be None, 1, 2")


@implements(np.cumsum)
def cumsum(a: Any, axis: int | None = None) -> Value:
    if axis is None:
        a, axis = a.reshape(-1), 0
    return apply(reductions.cumsum, (a,), (axis,))


@implements(np.cumprod)
def cumprod(a: Any, axis: int | None = None) -> Value:
    # Each round multiplies by the running product `shift` places back: log2(n) rounds, and no division.
    if axis is None:
        a, axis = a.reshape(-1), 0
    a = np.moveaxis(a, positive_axis(axis, a.ndim), -1)
    n, shift = a.shape[-1], 1
    while shift < n:
        ones = np.ones_like(a.data[..., :shift])
        a, shift = a * np.concatenate([ones, a[..., :-shift]], -1), 2 * shift
    return np.moveaxis(a, -1, axis)


def _reduce(row: Any) -> Callable:
    def reduce(array: Any, axis: Axis = 0, *, keepdims: bool = False) -> Value:
        return apply(row, (array,), (axis, keepdims))

    return reduce


def _accumulate(running: Callable) -> Callable:
    def accumulate(array: Any, axis: int = 0) -> Value:
        return running(array, axis)

    return accumulate


UFUNC_METHODS.update(
    {
        (np.add, "reduce"): _reduce(reductions.sum_),
        (np.multiply, "reduce"): _reduce(reductions.prod),
        (np.maximum, "reduce"): _reduce(reductions.max_),
        (np.minimum, "reduce"): _reduce(reductions.min_),
        (np.logaddexp, "reduce"): _reduce(reductions.logsumexp),
        (np.add, "accumulate"): _accumulate(cumsum),
        (np.multiply, "accumulate"): _accumulate(cumprod),
    }
)
