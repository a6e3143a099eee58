"""The methods of NumPy's arrays, on Values: `v.sum(axis=0)` is `np.sum(v, axis=0)`.

The commonest ones go to the operation directly: NumPy's dispatch would take longer than to compute on a small array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy

from autograd_mini.primitives import reductions, shaping

if TYPE_CHECKING:
    from autograd_mini.value import Value

np: Any = numpy  # NumPy's type stubs do not know that its functions of Values return Values

Axis = int | tuple[int, ...] | None


class OnlyOnArrays:
    """An attribute that arrays have and Values lack: the error says where to find it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, value: Any, owner: type) -> NoReturn:
        advice = f": v.data.{self.name} has it, cut from the graph"
        if hasattr(numpy, self.name):
            advice += f"; np.{self.name}(v) may have a derivative"
        raise AttributeError(f"a Value has no attribute {self.name!r}{advice}", name=self.name, obj=value)


class ArrayMethods:
    """Methods that arrays have too; each is NumPy's function of the same name."""

    __slots__ = ()

    _record: Callable[..., Any]  # Value has it

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Value:
        return self._record(reductions.sum_, (self,), (axis, keepdims))

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> Value:
        return self._record(reductions.mean, (self,), (axis, keepdims))

    def prod(self, axis: Axis = None, *, keepdims: bool = False) -> Value:
        return np.prod(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> Value:
        return np.max(self, axis=axis, keepdims=keepdims)

    def min(self, axis: Axis = None, *, keepdims: bool = False) -> Value:
        return np.min(self, axis=axis, keepdims=keepdims)

    def var(self, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Value:
        return np.var(self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Value:
        return np.std(self, axis=axis, ddof=ddof, keepdims=keepdims)

    def cumsum(self, axis: int | None = None) -> Value:
        return np.cumsum(self, axis=axis)

    def cumprod(self, axis: int | None = None) -> Value:
        return np.cumprod(self, axis=axis)

    def clip(self, min: Any = None, max: Any = None) -> Value:
        return np.clip(self, min, max)

    def round(self, decimals: int = 0) -> Value:
        return np.round(self, decimals)

    def dot(self, other: Any) -> Value:
        return np.dot(self, other)

    def reshape(self, *shape: Any) -> Value:
        if not shape:
            raise TypeError("reshape(): expected the new shape, got nothing")
        return self._record(shaping.reshape, (self,), (shape[0] if len(shape) == 1 else shape,))

    def ravel(self) -> Value:
        return np.reshape(self, -1)

    flatten = ravel

    def transpose(self, *axes: Any) -> Value:
        return np.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    @property
    def T(self) -> Value:
        return self._record(shaping.transpose, (self,), (tuple(range(self.ndim))[::-1],))  # type: ignore[attr-defined]

    @property
    def mT(self) -> Value:
        return np.matrix_transpose(self)

    def swapaxes(self, axis1: int, axis2: int) -> Value:
        return np.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Value:
        return np.squeeze(self, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Value:
        return np.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Value:
        return np.take(self, indices, axis)

    def copy(self) -> Value:
        return np.copy(self)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
        return np.trace(self, offset, axis1, axis2)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
        return np.diagonal(self, offset, axis1, axis2)

    # Questions: plain answers, nothing is recorded.

    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> Any:
        return np.argmax(self, axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> Any:
        return np.argmin(self, axis, keepdims=keepdims)

    def argsort(self, axis: int | None = -1, *, kind: Any = None, stable: Any = None) -> Any:
        return np.argsort(self, axis, kind=kind, stable=stable)

    def argpartition(self, kth: Any, axis: int | None = -1) -> Any:
        return np.argpartition(self, kth, axis)

    def nonzero(self) -> Any:
        return np.nonzero(self)

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Any:
        return np.searchsorted(self, v, side, sorter)

    def all(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return np.all(self, axis, keepdims=keepdims)

    def any(self, axis: Axis = None, *, keepdims: bool = False) -> Any:
        return np.any(self, axis, keepdims=keepdims)

    def __contains__(self, number: Any) -> bool:
        if not np.ndim(self):
            raise TypeError("a Value that is a single number holds no others: compare with ==")
        return bool(np.any(np.equal(self, number)))

    # What arrays do and Values do not.

    def __setitem__(self, index: Any, number: Any) -> NoReturn:
        raise TypeError(
            "a Value's elements cannot be assigned: choose with np.where(condition, new, v), join with np.concatenate, "
            "or give a leaf new numbers: v.data = numbers"
        )

    def __delitem__(self, index: Any) -> NoReturn:
        raise TypeError("elements of a Value cannot be deleted: take the others, v[1:], or join with np.concatenate")

    # Name by name and not by a `__getattr__`, with which every attribute of a Value would take twice the time.
    base, byteswap, choose, compress, conj, conjugate, ctypes, device, dump, dumps = (OnlyOnArrays() for _ in range(10))
    fill, flags, flat, getfield, imag, itemsize, nbytes, partition, put, real = (OnlyOnArrays() for _ in range(10))
    resize, setfield, setflags, sort, strides, to_device, tobytes, tofile, view = (OnlyOnArrays() for _ in range(9))
