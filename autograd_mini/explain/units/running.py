"""Run a model that is to be explained: record it in whatever mode it is called, and leave it as it was."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.modes import record_anyway
from autograd_mini.nn import L2Loss, Module
from autograd_mini.value import Value


def recorded_output(function: str, model: Any, x: Any) -> Value:
    """What a model makes of x; its running statistics and random generators are as before.

    Raises:
        TypeError: the model cannot be called, or gives no Value.
    """
    if not callable(model):
        raise TypeError(f"{function}: expected a model to call or a recorded Value, got {type(model).__name__}")
    with record_anyway(), _left_as_it_was(model):
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
    loss = loss or L2Loss()
    with record_anyway(), _left_as_it_was(loss):
        E = loss(output, y)
    if type(E) is not Value:
        raise TypeError(f"{function}: the loss gave {type(E).__name__}, not a Value")
    return E, output


def positive_rate(function: str, learning_rate: Any) -> float:
    """µ as a float.

    Raises:
        ValueError: it is no positive number.
    """
    try:
        rate = math.nan if isinstance(learning_rate, str) else float(learning_rate)
    except (TypeError, ValueError):
        rate = math.nan
    if not 0 < rate < math.inf:
        raise ValueError(f"{function}: learning_rate must be a positive number, got {learning_rate!r:.60}")
    return rate


def _without_ones(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n != 1]


@contextmanager
def _left_as_it_was(model: Any) -> Iterator[None]:
    """Put back afterwards what a call changes in modules: attributes, the entries of buffers, random generators."""
    modules, generators = _parts_of(model)
    buffers = [
        (buffer, buffer.copy())
        for module in modules
        for name in module.buffer_names
        if np.ndim(buffer := getattr(module, name))
    ]
    attributes = [(vars(module), dict(vars(module))) for module in modules]
    states = [(generator, generator.bit_generator.state) for generator in generators]
    try:
        yield
    finally:
        for generator, state in states:
            generator.bit_generator.state = state
        for now, before in attributes:
            for name in now.keys() - before:
                del now[name]
            now.update(before)
        for buffer, entries in buffers:
            if getattr(buffer.flags, "writeable", True):  # CuPy's arrays always are
                buffer[...] = entries


def _parts_of(model: Any) -> tuple[list[Module], list[np.random.Generator]]:
    """The modules that a call may run, and the generators that it may draw from; a function's are those it names."""
    things = [getattr(model, "__self__", model)]  # a module, or that of a method
    if inspect.isfunction(model):
        named = inspect.getclosurevars(model)
        things = [*named.nonlocals.values(), *named.globals.values()]
    modules = list({id(m): m for thing in things if isinstance(thing, Module) for m in thing.modules()}.values())
    held = [*things, *(item for module in modules for item in vars(module).values())]
    return modules, [item for item in held if isinstance(item, np.random.Generator)]
