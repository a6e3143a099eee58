"""NumPy's elementwise functions that are written with the rows of the table, and the tables that ufuncs make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_mini.dispatch.registry import np
from autograd_mini.numbers import constant
from autograd_mini.primitives import elementwise
from autograd_mini.rules import Primitive
from autograd_mini.value import UFUNC_METHODS, UFUNCS, Value


def float_power(x: Any, y: Any) -> Value:
    """A power that is never computed in less than float64."""
    x, y = (v.astype(float) if type(v) is Value else np.asarray(constant(v), float)[()] for v in (x, y))
    return np.power(x, y)


def heaviside(x: Any, h: Any) -> Value:
    step = np.sign(x) * 0.5 + 0.5 if type(x) is Value else np.heaviside(constant(x), constant(h))  # a nan stays nan
    return np.where(np.equal(constant(x), 0), h, step)


def unless_nan(choose: Callable) -> Callable:
    """Where one operand is nan, the other one."""
    return lambda x, y: np.where(np.isnan(constant(x)), y, np.where(np.isnan(constant(y)), x, choose(x, y)))


def vecdot(x: Any, y: Any) -> Value:
    if not np.ndim(x) or not np.ndim(y):
        np.vecdot(constant(x), constant(y))  # raises NumPy's own message
    return np.matmul(np.expand_dims(x, -2), np.expand_dims(y, -1))[..., 0, 0]


def outer(ufunc: Any) -> Callable:
    def table(A: Any, B: Any) -> Value:
        A, B = (x if type(x) is Value else np.asarray(constant(x)) for x in (A, B))  # 2 is an array here, as for NumPy
        return ufunc(np.reshape(A, A.shape + (1,) * B.ndim), B)

    return table


UFUNCS.update(
    {
        np.fabs: elementwise.absolute,
        np.conjugate: elementwise.positive,
        np.float_power: float_power,
        np.deg2rad: lambda x: x * (np.pi / 180),
        np.radians: lambda x: x * (np.pi / 180),
        np.rad2deg: lambda x: x * (180 / np.pi),
        np.degrees: lambda x: x * (180 / np.pi),
        np.heaviside: heaviside,
        np.fmax: unless_nan(np.maximum),
        np.fmin: unless_nan(np.minimum),
        np.divmod: lambda x, y: (np.floor_divide(x, y), np.remainder(x, y)),
        np.vecdot: vecdot,
    }
)
UFUNC_METHODS.update(
    {(ufunc, "outer"): outer(ufunc) for ufunc, row in UFUNCS.items() if ufunc.nin == 2 and isinstance(row, Primitive)}
)
UFUNC_METHODS.pop((np.matmul, "outer"), None)  # of matrices, not elementwise
