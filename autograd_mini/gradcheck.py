"""Certify a derivative: compare what the rules say with central finite differences.

>>> import numpy as np
>>> report = gradcheck(np.tanh, np.array([0.1, 0.2]))
>>> report.ok
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import GraphError
from autograd_mini.numbers import constant
from autograd_mini.transforms import check_function, jacobian
from autograd_mini.value import Value


class GradcheckError(AssertionError):
    """The derivatives disagree; the message has the worst entry, its position and both numbers."""


class GradcheckReport(NamedTuple):
    """What gradcheck compared: the worst entry over all arguments and orders."""

    checked: int
    """How many derivatives were compared."""
    worst: float
    """The largest |automatic − numeric| / max(1, |numeric|)."""
    order: int
    """The order of the worst derivative: 1 or 2."""
    argument: int
    """The argument it was taken for."""
    position: tuple[int, ...]
    """Its position in the Jacobian: the output's index, then the argument's."""
    automatic: float
    """Its value by the rules."""
    numeric: float
    """Its value by central differences."""
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.worst <= self.tolerance

    def __str__(self) -> str:
        return (
            f"order {self.order}, argument {self.argument}, position {self.position}: "
            f"automatic {self.automatic:.10g}, numeric {self.numeric:.10g}, "
            f"error {self.worst:.2g} (tolerance {self.tolerance:.2g}, {self.checked} derivatives checked)"
        )


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 2,
    step: float = 1e-5,
    tolerance: float = 1e-6,
    raises: bool = True,
) -> GradcheckReport:
    """Compare the derivatives of f at `inputs` with central differences (f(x+h) − f(x−h)) / 2h.

    Checks reverse mode and forward mode against the differences, and, for order 2, the Jacobian of
    the Jacobian too. Differences are taken in float64 whatever the inputs' precision; give
    points away from kinks.

    Args:
        f: a function of Values that returns one Value, of any shape.
        inputs: numbers or arrays.
        order: 1 or 2.
        step: h, relative to max(1, |x|).
        tolerance: the largest error allowed, relative to max(1, |derivative|).
        raises: raise on disagreement, or only report it.

    Raises:
        GradcheckError: the derivatives disagree (if `raises`).
        GraphError: f gives another result when called again.

    >>> def f(x): return x * x.data  # the second factor is a constant to the engine: gradient x, not 2x
    >>> print(gradcheck(f, 3.0, order=1, raises=False))
    order 1, argument 0, position (): automatic 3, numeric 6, error 0.5 (tolerance 1e-06, 2 derivatives checked)
    """
    if order not in (1, 2):
        raise ValueError(f"gradcheck: order must be 1 or 2, got {order}")
    check_function("gradcheck", f)
    points = [np.array(constant(x), dtype=float) for x in inputs]
    if not points:
        raise TypeError("gradcheck: give at least one input to differentiate at")
    if not np.array_equal(_evaluate(f, points), _evaluate(f, points), equal_nan=True):
        raise GraphError("gradcheck: two calls of the function gave different results; fix its random numbers")

    found = []
    for i in range(len(points)):
        by_rules = jacobian(f, i, mode="reverse")
        numeric = _differences(lambda *xs: _evaluate(f, xs), points, i, step)
        found.append(_compare(by_rules(*points), numeric, 1, i, tolerance))
        found.append(_compare(jacobian(f, i, mode="forward")(*points), numeric, 1, i, tolerance))
        if order == 2:
            for j in range(len(points)):
                numeric = _differences(by_rules, points, j, step)
                found.append(_compare(jacobian(by_rules, j, mode="reverse")(*points), numeric, 2, j, tolerance))
    worst = max(found, key=lambda r: r.worst)
    report = worst._replace(checked=sum(r.checked for r in found))
    if raises and not report.ok:
        raise GradcheckError(str(report))
    return report


def _evaluate(f: Callable[..., Any], points: Any) -> np.ndarray:
    return np.array(constant(f(*(Value(x) for x in points))), dtype=float)


def _differences(f: Callable[..., Any], points: list, argument: int, step: float) -> np.ndarray:
    columns = []
    for index in np.ndindex(points[argument].shape):
        h = step * max(1.0, abs(points[argument][index]))
        ends = []
        for sign in (1, -1):
            moved = [x.copy() for x in points]
            moved[argument][index] += sign * h
            ends.append(np.asarray(f(*moved)))
        columns.append((ends[0] - ends[1]) / (2 * h))
    if not columns:  # an empty argument
        return np.zeros(0)
    return np.stack(columns, -1).reshape(columns[0].shape + points[argument].shape)


def _compare(automatic: Any, numeric: np.ndarray, order: int, argument: int, tolerance: float) -> GradcheckReport:
    if not numeric.size:
        return GradcheckReport(0, 0.0, order, argument, (), 0.0, 0.0, tolerance)
    automatic = np.asarray(automatic)
    error = np.abs(automatic - numeric) / np.maximum(1, np.abs(numeric))
    error = np.where(np.isnan(error), np.inf, error)  # nan agrees with nothing
    position = np.unravel_index(np.argmax(error), error.shape)
    return GradcheckReport(
        checked=numeric.size,
        worst=float(error[position]),
        order=order,
        argument=argument,
        position=tuple(int(i) for i in position),
        automatic=float(automatic[position]),
        numeric=float(numeric[position]),
        tolerance=tolerance,
    )
