"""Run a model that is to be explained: record it, whatever mode it is called in, and say what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.modes import record_anyway
from autograd_mini.nn import L2Loss
from autograd_mini.value import Value


def recorded_output(function: str, model: Any, x: Any) -> Value:
    """What a model makes of x.

    Raises:
        TypeError: the model cannot be called, or gives no Value.
    """
    if not callable(model):
        raise TypeError(f"{function}: expected a model to call or a recorded Value, got {type(model).__name__}")
    with record_anyway():
        output = model(x if hasattr(x, "dtype") else np.asarray(x, dtype=float))
    if type(output) is not Value:
        raise TypeError(f"{function}: the model gave {type(output).__name__}, not a Value; its weights must be Values")
    return output


def run_model(function: str, model: Any, x: Any, y: Any, loss: Callable[[Any, Any], Any] | None) -> tuple[Value, Value]:
    """The loss (by default the lecture's) and the output of a model, recorded.

    Raises:
        TypeError: as above; no x or y; a loss that gives no Value.
        ShapeError: y does not fit the output.
    """
    if type(model) is not Value and callable(model) and (x is None or y is None):
        raise TypeError(f"{function}: expected x and y: {function}(model, x, y, …)")
    output = recorded_output(function, model, x)
    y = y if type(y) is Value else np.asarray(y)
    if y.shape != output.shape and _without_ones(y.shape) == _without_ones(output.shape):
        y = y.reshape(output.shape)  # 1 and [1] mean the same
    with record_anyway():
        E = (loss or L2Loss())(output, y)
    if type(E) is not Value:
        raise TypeError(f"{function}: the loss gave {type(E).__name__}, not a Value")
    return E, output


def _without_ones(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n != 1]
