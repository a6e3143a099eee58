"""Run a long and deep program of numbers from a table: numba compiles one loop, once, that runs all such programs.

Each call is a row: a code for its function and the places of its operands; its result takes the next place. That
takes a few nanoseconds a call, and nothing has to be compiled for a new program.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.kernel import imported_numba
from autograd_mini.replay.known_forms import sigmoid
from autograd_mini.replay.places import ONE, InPlaces
from autograd_mini.replay.spelled import FORMS
from autograd_mini.replay.trace import Var, guard

_ONE = ("exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
_MORE = ("asin", "acos", "atan", "asinh", "acosh", "atanh", "fabs", "erf")
#: function -> the same as an expression of x, y and w, which numba can read.
EXPRESSIONS: dict[Any, str] = (
    {function: text.format("x", "y", "w") for function, (text, _, _) in FORMS.items()}
    | {getattr(math, name): f"math.{name}(x)" for name in _ONE + _MORE}
    | {getattr(math, name): f"math.{name}(x, y)" for name in ("atan2", "hypot", "pow")}
    | {FLOAT_FUNCTIONS[name]: f"np.{name}(x)" for name in ("exp2", "sign", "floor", "ceil", "trunc")}
    | {
        np.rint: "np.rint(x)",
        sigmoid: "1.0 / (1.0 + math.exp(-x)) if x >= 0.0 else math.exp(x) / (1.0 + math.exp(x))",
        FLOAT_FUNCTIONS["logaddexp"]: "np.logaddexp(x, y)",
        operator.and_: "x != 0.0 and y != 0.0",  # truths are 1.0 and 0.0 here
        operator.or_: "x != 0.0 or y != 0.0",
        operator.pow: "math.pow(x, y)",
        float: "x",
        operator.pos: "x",
        bool: "x != 0.0",
    }
)
CODES = {function: code for code, function in enumerate(EXPRESSIONS)}


class Tape(InPlaces):
    """The lines of such a program: one for each part."""

    def computed(self, calls: Sequence[Var]) -> list[str]:
        rows = [var for var in calls if var.function is not guard]
        start, self.end = self.end, self.end + len(rows)
        self.place.update(zip(rows, range(start, self.end), strict=True))
        codes = self.new("codes", np.array([CODES[var.function] for var in rows], np.uint8))
        padded = [[*map(self.at, var.args), ONE, ONE][:3] for var in rows]
        operands = self.new("operands", np.array(padded, np.int32).reshape(-1, 3))
        run = self.mention("run", machine())
        self._finite = self.names.new("finite")
        return [f"{self._finite} = {run}({self.v}, {start}, {codes}, {operands})"]

    def results(self, calls: Sequence[Var]) -> list[str]:
        return [f"if not {self._finite}: return AS_WRITTEN", *super().results(calls)]


def can_run(calls: Sequence[Var]) -> bool:
    return all(var.function in CODES or var.function is guard for var in calls)


@cache
def machine() -> Callable[..., bool]:
    """The loop over the rows; says whether all numbers are finite."""
    lines = ["def run(v, start, codes, operands):", "    total = 0.0", "    for i in range(codes.size):"]
    lines += ["        x, y, w, code = v[operands[i, 0]], v[operands[i, 1]], v[operands[i, 2]], codes[i]"]
    for function, code in CODES.items():
        lines += [
            f"        {'el' if code else ''}if code == {code}:",
            f"            v[start + i] = {EXPRESSIONS[function]}",
        ]
    lines.append("        total += v[start + i] - v[start + i]")
    space: dict[str, Any] = {"math": math, "np": np}
    exec("\n".join([*lines, "    return total == 0.0"]), space)
    # As NumPy divides by zero: the result is then found not to be finite.
    run: Callable[..., bool] = imported_numba().njit(space["run"], error_model="numpy")
    return run
