"""Let NumPy's own functions work on Values: `np.sum(v, axis=0)` records like any operation.

Each function here has the name and the arguments of NumPy's. Many are written with the few
primitives of the table, so that their derivatives need no rule of their own.
"""

from autograd_mini.dispatch import (
    choosing,
    linear_algebra,
    products,
    questions,
    reductions,
    shaping,
    statistics,
    ufuncs,
)
from autograd_mini.value import FUNCTIONS, UFUNC_METHODS, UFUNCS

__all__ = [
    "FUNCTIONS",
    "UFUNCS",
    "UFUNC_METHODS",
    "choosing",
    "linear_algebra",
    "products",
    "questions",
    "reductions",
    "shaping",
    "statistics",
    "ufuncs",
]
