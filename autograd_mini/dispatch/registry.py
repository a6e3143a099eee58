"""Register what a NumPy function does when one of its arguments is a Value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from autograd_mini.value import FUNCTIONS

np: Any = numpy  # NumPy's type stubs do not know that its functions of Values return Values

Axis = int | tuple[int, ...] | None


def implements(*numpy_functions: Any) -> Callable[[Callable], Callable]:
    """Register what NumPy's function does when one of its arguments is a Value."""

    def register(function: Callable) -> Callable:
        FUNCTIONS.update(dict.fromkeys(numpy_functions, function))
        return function

    return register


def positive_axis(axis: int, ndim: int) -> int:
    """Count an axis from the front: −1 of 3 is 2. Raises NumPy's AxisError if there is none such."""
    return np.lib.array_utils.normalize_axis_index(axis, ndim)
