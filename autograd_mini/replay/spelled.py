"""Write a call as Python: on numbers with operators and `math`, on arrays with NumPy's functions.

>>> x = Var(2.0, "argument", (), {}, "")
>>> y = Var(5.0, operator.add, (x, 3.0), {}, "")
>>> spelled_scalar(Var(10.0, operator.mul, (x, y), {}, ""), lambda v, level: ("x", "(x + 3.0)")[v is y])
('x * (x + 3.0)', 20)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.known_forms import sigmoid
from autograd_mini.replay.numeric import logical_and, logical_or, logical_xor
from autograd_mini.replay.trace import Var
from autograd_mini.spelling import number_text

#: How tightly a form binds: what stands in it must bind at least as tightly as its place asks for.
CHOICE, NOT, COMPARISON, BITS, SUM, PRODUCT, SIGN, ATOM = 1, 3, 5, 8, 10, 20, 30, 99

#: function on floats -> (its text, how tightly that binds, what each place asks for)
FORMS: dict[Any, tuple[str, int, tuple[int, ...]]] = {
    operator.add: ("{} + {}", SUM, (SUM, SUM + 1)),
    operator.sub: ("{} - {}", SUM, (SUM, SUM + 1)),
    operator.mul: ("{} * {}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    operator.truediv: ("{} / {}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    operator.floordiv: ("{} // {}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    operator.mod: ("{} % {}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    operator.neg: ("-{}", SIGN, (SIGN,)),
    operator.gt: ("{} > {}", COMPARISON, (BITS, BITS)),
    operator.ge: ("{} >= {}", COMPARISON, (BITS, BITS)),
    operator.lt: ("{} < {}", COMPARISON, (BITS, BITS)),
    operator.le: ("{} <= {}", COMPARISON, (BITS, BITS)),
    operator.eq: ("{} == {}", COMPARISON, (BITS, BITS)),
    operator.ne: ("{} != {}", COMPARISON, (BITS, BITS)),
    operator.and_: ("{} & {}", BITS, (BITS, BITS + 1)),
    operator.or_: ("{} | {}", BITS, (BITS, BITS + 1)),
    operator.not_: ("not {}", NOT, (NOT,)),
    logical_and: ("bool({}) and bool({})", CHOICE, (0, 0)),
    logical_or: ("bool({}) or bool({})", CHOICE, (0, 0)),
    logical_xor: ("bool({}) != bool({})", COMPARISON, (0, 0)),
    FLOAT_FUNCTIONS["square"]: ("{0} * {0}", PRODUCT, (ATOM,)),
    FLOAT_FUNCTIONS["reciprocal"]: ("1.0 / {}", PRODUCT, (PRODUCT + 1,)),
    FLOAT_FUNCTIONS["where"]: ("{1} if {0} else {2}", CHOICE, (NOT, NOT, CHOICE)),
    FLOAT_FUNCTIONS["maximum"]: ("{0} if {0} >= {1} or {0} != {0} else {1}", CHOICE, (ATOM, ATOM)),
    FLOAT_FUNCTIONS["minimum"]: ("{0} if {0} <= {1} or {0} != {0} else {1}", CHOICE, (ATOM, ATOM)),
    sigmoid: ("1 / (1 + math.exp(-{0})) if {0} >= 0 else (e := math.exp({0})) / (1 + e)", CHOICE, (ATOM,)),
    float: ("float({})", ATOM, (0,)),
    bool: ("bool({})", ATOM, (0,)),
}
#: Forms in which an operand stands more than once.
REPEATING = frozenset({sigmoid, *(FLOAT_FUNCTIONS[name] for name in ("square", "maximum", "minimum"))})
#: Those that give a float also of whole numbers.
_TO_FLOAT = frozenset({FLOAT_FUNCTIONS["maximum"], FLOAT_FUNCTIONS["minimum"]})

Text = Callable[[Var, int], str]


def spelled_scalar(var: Var, text: Text) -> tuple[str, int] | None:
    """The call as an expression of Python numbers and how tightly it binds; None if it needs NumPy."""
    function = var.function
    if function in FORMS:
        form, level, places = FORMS[function]
        parts = []
        for x, place in zip(var.args, places, strict=True):
            if type(x) is Var:
                parts.append(text(x, place))
            else:
                number = float(x) if function in _TO_FLOAT and type(x) is int else x
                parts.append(_in_place(number_text(number), SIGN if number < 0 else ATOM, place))
        return form.format(*parts), level
    name = getattr(function, "__name__", "")
    if name and getattr(math, name, None) is function:
        parts = [text(x, 0) if type(x) is Var else number_text(x) for x in var.args]
        return f"math.{name}({', '.join(parts)})", ATOM
    return None


#: NumPy's numbers know the operators, which take a tenth of the time of the functions.
_OPERATORS: dict[Any, Any] = {
    **{np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.divide: operator.truediv},
    np.negative: operator.neg,
    **{np.greater: operator.gt, np.greater_equal: operator.ge, np.less: operator.lt, np.less_equal: operator.le},
    **{np.equal: operator.eq, np.not_equal: operator.ne},
}


def spelled_operator(var: Var, text: Callable[[Any, int], str]) -> str | None:
    """The call on single numbers with an operator in brackets, if it is one."""
    if var.function not in _OPERATORS:
        return None
    form, _, places = FORMS[_OPERATORS[var.function]]
    return f"({form.format(*(text(x, place) for x, place in zip(var.args, places, strict=True)))})"


def _in_place(text: str, level: int, place: int) -> str:
    return text if level >= place else f"({text})"


def index_text(index: Any, text: Callable[[Any], str]) -> str:
    """What stands in the brackets of `x[…]`.

    >>> index_text((slice(None), slice(1, None, 2), ..., None, 3), str)
    ':, 1::2, ..., None, 3'
    """
    if type(index) is tuple and index:
        return ", ".join(index_text(part, text) for part in index) + ("," if len(index) == 1 else "")
    if type(index) is slice:
        parts = ["" if part is None else text(part) for part in (index.start, index.stop, index.step)]
        return ":".join(parts if parts[2] else parts[:2])
    return "..." if index is Ellipsis else text(index)


def name_of_function(function: Any) -> str | None:
    """A function of NumPy as one writes it, `np.add.reduce`; None for any other."""
    name = getattr(function, "__name__", "")
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        inner = name_of_function(function.__self__)
        return inner and f"{inner}.{name}"
    for module, spelling in ((np, "np"), (np.linalg, "np.linalg")):
        if name and getattr(module, name, None) is function:
            return f"{spelling}.{name}"
    return None
