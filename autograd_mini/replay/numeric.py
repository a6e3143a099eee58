"""The functions that a program calls on Python floats, beside NumPy's on arrays: the engine's own list of them.

>>> import numpy as np
>>> on_floats(np.exp)(0.0), on_floats(np.greater)(2.0, 1.0)
(1.0, True)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.trace import FINITE, NOT


def logical_and(x: Any, y: Any) -> bool:
    return bool(x) and bool(y)


def logical_or(x: Any, y: Any) -> bool:
    return bool(x) or bool(y)


def logical_xor(x: Any, y: Any) -> bool:
    return bool(x) != bool(y)


#: NumPy's name of a function -> the same on Python floats; what is not here is NumPy's also on floats.
ON_FLOATS: dict[str, Callable[..., Any]] = FLOAT_FUNCTIONS | {
    "power": math.pow,
    "erf (vectorized)": math.erf,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "isfinite": math.isfinite,
    "isnan": math.isnan,
    "isinf": math.isinf,
    "logical_and": logical_and,
    "logical_or": logical_or,
    "logical_xor": logical_xor,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "invert": operator.not_,
    "any": bool,
}
FINITE.add(math.isfinite)
NOT.add(operator.not_)

#: Those that a truth has too, and those that need floats, lest True + True be 2 where NumPy's is True.
ON_TRUTHS = frozenset({"bitwise_and", "bitwise_or", "invert", "logical_not", "all", "any", "where"})


def on_floats(function: Any) -> Callable[..., Any] | None:
    """The function's form on Python floats, if it has one."""
    return ON_FLOATS.get(getattr(function, "__name__", ""))
