"""What numbers a Value may hold, and how plain operands are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini.visible import shown

# glibc gives the memory of large arrays back to the system and gets it anew in every step, page by page, which costs
# more than to compute with it. Once it has seen this many bytes come and go (it learns up to 32 MiB), it keeps them.
np.empty(2**25 - 2**12, np.uint8)

#: The scalar types that count as one float64.
FLOAT64_SCALARS = frozenset({float, int, bool, np.float64})


def own_data(data: Any, copy: bool = True) -> Any:
    """What a leaf holds: a Python float for a float64 number, else an array (or NumPy scalar) of floats.

    Raises:
        TypeError: not real numbers.
        ValueError: lists of unequal lengths.

    >>> own_data([1, 2]), own_data(np.float32(0.5))
    (array([1., 2.]), np.float32(0.5))
    """
    if type(data) is float:
        return data
    if type(data) is int:
        return float(data)  # of any size; OverflowError beyond the floats
    array = as_array(data)
    kind = array.dtype.kind
    if kind in "iub":
        array = array.astype(float)
    elif kind != "f":
        raise TypeError(f"a Value holds real numbers, got {array.dtype} ({shown(data)})")
    elif copy and array.ndim:
        array = array.copy()
    return array if array.ndim else as_scalar(array)


def as_array(x: Any) -> Any:
    """Anything as an array: NumPy's, or another library's that NumPy's functions work on.

    Subclasses of NumPy's array become plain ones: the rules mean `*` element by element, which np.matrix does not.

    Raises:
        TypeError: a masked array.
        ValueError: lists of unequal lengths.
    """
    if type(x) is np.ndarray or (hasattr(x, "__array_function__") and not isinstance(x, np.ndarray)):
        return x
    if isinstance(x, np.ndarray) and hasattr(x, "filled"):
        raise TypeError("a masked array has entries without a number: fill them, x.filled(0), or leave them out")
    try:
        return np.asarray(x)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(f"expected numbers, or lists that have one length on each level, got {shown(x)}") from None


def as_scalar(number: Any) -> Any:
    """A 0-d result as a scalar Value holds it: float64 as a Python float, others as NumPy scalars."""
    number = number[()]
    return float(number) if isinstance(number, np.float64) else number


def with_shapes(numbers: Iterable[Any]) -> list[Any]:
    """Python floats as NumPy's, which have a shape, a dtype and indices; anything else as it is."""
    return [np.float64(n) if type(n) is float else n for n in numbers]


def as_type_of(like: Any, number: Any) -> Any:
    """A number or array in the precision of `like`, of the same shape; itself where nothing changes.

    >>> as_type_of(np.float32(1), 0.5)
    np.float32(0.5)
    """
    if type(like) is float:
        return float(number)
    if not hasattr(number, "astype"):
        return like.dtype.type(number)
    return number if number.dtype == like.dtype else number.astype(like.dtype)


def is_float_array(x: Any) -> bool:
    return type(x) is np.ndarray and x.dtype.kind == "f"


FLOAT64 = np.dtype(float)


def without_integers(datas: list[Any]) -> list[Any]:
    """Integer arrays among the operands as floats, of the type that NumPy's promotion gives the result.

    Rules multiply and take logarithms of operands: on int8, 100 * 100 wraps around and log is float16.
    """
    whole = [getattr(d, "dtype", FLOAT64).kind != "f" for d in datas]
    if not any(whole):
        return datas
    result = np.result_type(*datas)
    return [d.astype(result) if is_whole else d for d, is_whole in zip(datas, whole, strict=True)]


#: Constants that need no reading.
PLAIN_NUMBERS = frozenset({float, int, np.float64, np.float32})


def constant(x: Any) -> Any:
    """The plain numbers behind an operand: a Value's data, a list as an array, anything else as it is.

    Raises:
        TypeError: not real numbers.
    """
    kind = type(x)
    if kind in PLAIN_NUMBERS:
        return x
    if hasattr(kind, "_record"):  # a Value; masked arrays have `_data` too
        return x._data
    array = x if isinstance(x, np.generic) else as_array(x)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected real numbers (a number, an array or a Value), got {shown(x)}")
    return array
