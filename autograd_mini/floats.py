"""Run the same rules on Python floats: each rule's own code, with `math` in NumPy's place.

A scalar Value holds a Python float, on which `math.cos` takes 40 ns and `np.cos` 600. The rules are
still written once: `teach` takes the code of every rule of a table and gives it globals in which
`np` stands for the functions below. Where `math` raises (log of 0, overflow), the caller falls back
to NumPy, so a scalar gets the same inf or nan, and the same warning, as an array would.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from types import FunctionType, SimpleNamespace
from typing import Any

from autograd_mini.rules import Primitive


def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x != 0 and x == x else x + 0.0  # -0.0 has sign 0.0, as in NumPy


def _maximum(x: float, y: float) -> float:
    return float(x if x >= y or x != x else y)


def _minimum(x: float, y: float) -> float:
    return float(x if x <= y or x != x else y)


def _logaddexp(x: float, y: float) -> float:
    if x == y:  # also when both are infinite, where x - y would be nan
        return x + math.log(2)
    return max(x, y) + math.log1p(math.exp(-abs(x - y)))


def _where(condition: bool, x: float, y: float) -> float:
    return x if condition else y


_SAME_NAME = [
    *("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
]

#: NumPy's name -> the same on floats.
FLOAT_FUNCTIONS: dict[str, Any] = {name: getattr(math, name) for name in _SAME_NAME} | {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "positive": operator.pos,
    "absolute": math.fabs,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "arctan2": math.atan2,
    "hypot": math.hypot,
    "arcsinh": math.asinh,
    "arccosh": math.acosh,
    "arctanh": math.atanh,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "floor": lambda x: math.copysign(math.floor(x), x),  # -0.0 stays, and -0.5 rounds up to it
    "ceil": lambda x: math.copysign(math.ceil(x), x),
    "trunc": lambda x: math.copysign(math.trunc(x), x),
    "sign": _sign,
    "maximum": _maximum,
    "minimum": _minimum,
    "logaddexp": _logaddexp,
    "where": _where,
    "all": bool,
    "logical_not": operator.not_,
}


def teach(rows: Iterable[Primitive], module_globals: dict[str, Any]) -> None:
    """Give every elementwise row its form on floats, made from its own code.

    `module_globals` are the globals of the module in which the rules are written: the helper
    functions they call are given floats' globals too.
    """
    float_globals = dict(module_globals, np=SimpleNamespace(**FLOAT_FUNCTIONS))
    for name, item in module_globals.items():
        if isinstance(item, FunctionType) and item.__globals__ is module_globals:
            float_globals[name] = _with_globals(item, float_globals)

    def on_floats(function: Any) -> Any:
        if isinstance(function, FunctionType):
            own = function.__globals__ is module_globals
            return _with_globals(function, float_globals) if own else function
        return FLOAT_FUNCTIONS.get(function.__name__)

    for row in rows:
        if row.elementwise:
            row.float_forward = on_floats(row.forward)
            row.float_rules = tuple(on_floats(rule.derivative) for rule in row.rules)  # type: ignore[union-attr]
            row.float_partials = _together(row.float_rules)
    for name, item in module_globals.items():  # a rule may call another row, as softplus' does sigmoid
        if isinstance(item, Primitive) and item.elementwise:
            float_globals[name] = item.float_forward


def _together(rules: tuple[Any, ...]) -> Any:
    """The rules of an operation of two operands as one function, which gives both local derivatives; or these."""
    if len(rules) != 2:
        return None
    dx, dy = rules
    z, x, y = object(), object(), object()
    try:
        known = dx(z, x, y), dy(z, x, y)
    except TypeError:
        return lambda z, x, y: (dx(z, x, y), dy(z, x, y))
    if known == (y, x):
        return lambda z, x, y: (y, x)
    return known


def _with_globals(function: FunctionType, new_globals: dict[str, Any]) -> FunctionType:
    return FunctionType(function.__code__, new_globals, function.__name__, function.__defaults__, function.__closure__)
