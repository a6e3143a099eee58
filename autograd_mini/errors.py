"""Say what went wrong with Values: what was expected, what came, and the likely fix."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.visible import shown


class GraphError(RuntimeError):
    """A recorded graph cannot be differentiated as asked (no graph, stale data, a missing upstream)."""


class ShapeError(ValueError):
    """The shapes of the operands do not fit the operation; the message names each operand."""


class MissingRuleError(TypeError):
    """NumPy was asked for a function of a Value that has no derivative rule here."""


class AnomalyError(FloatingPointError):
    """Inside `anomaly()`, an operation or its derivative made the first nan or inf; the message says where."""


def describe(operand: Any) -> str:
    """Name an operand and its shape, as error messages and pictures do.

    >>> describe(np.zeros((5, 3)))
    'array (5, 3)'
    """
    if hasattr(type(operand), "_record"):  # a Value
        return f"{operand.name or 'Value'} {operand.shape}"
    shape = _shape(operand)
    return f"array {shape}" if shape else shown(operand)


def _shape(operand: Any) -> tuple[int, ...]:
    try:
        return np.shape(operand._data if hasattr(type(operand), "_record") else operand)
    except (TypeError, ValueError):  # lists of unequal lengths, or of Values
        return ()


def operand_error(name: str, operands: tuple, error: Exception) -> Exception:
    """Re-tell NumPy's complaint about an operation with the operands' names and shapes."""
    message = f"{name}: {', '.join(map(describe, operands))}: {error}"
    if isinstance(error, TypeError | IndexError):  # IndexError: also NumPy's AxisError
        return (np.exceptions.AxisError if isinstance(error, ValueError) else type(error))(message)
    if isinstance(error, np.linalg.LinAlgError):
        return np.linalg.LinAlgError(message)
    shapes = [_shape(x) for x in operands]
    if name == "matmul" and len(shapes) == 2:
        return ShapeError(_matmul_message(operands, *shapes))
    return ShapeError(message)


def _matmul_message(operands: tuple, left: tuple, right: tuple) -> str:
    message = f"matmul: {describe(operands[0])} @ {describe(operands[1])}: "
    if not left or not right:
        return message + "a single number multiplies with *, not with @"
    inner_left, inner_right = left[-1], right[-2] if len(right) > 1 else right[0]
    if inner_left == inner_right:
        return message + f"batch sizes {left[:-2]} and {right[:-2]} do not broadcast"
    message += f"inner sizes {inner_left} and {inner_right} differ"
    names = [getattr(x, "name", None) or side for x, side in zip(operands, ("x", "y"), strict=True)]
    if len(left) > 1 and left[-2] == inner_right:
        message += f"; did you mean {names[0]}.T?"
    elif len(right) > 1 and right[-1] == inner_left:
        message += f"; did you mean {names[1]}.T?"
    return message
