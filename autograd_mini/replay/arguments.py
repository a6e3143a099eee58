"""Read the arguments of a compiled function: arrays and floats are inputs, Values are leaves, all else is fixed.

>>> trace = Trace()
>>> (x, option), _ = traced_arguments(trace, ([1.0, np.ones(2)], "mean"), ("x", "option"))
>>> [(var.label, var.args) for var in trace.given_vars], option
([('x_0', ((0, 0),)), ('x_1', ((0, 1),))], 'mean')
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.trace import CannotReplay, Trace, Var
from autograd_mini.replay.traced import Traced
from autograd_mini.value import Value


def names_of(f: Callable[..., Any], count: int) -> list[str]:
    """A name for each positional argument, the function's own where it has one."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [names[i] if i < len(names) else f"argument_{i}" for i in range(count)]


def traced_arguments(trace: Trace, args: tuple, names: Sequence[str]) -> tuple[tuple, list[tuple[Value, Var]]]:
    """The arguments with traced numbers in them, and the Values among them with their Vars."""
    leaves: list[tuple[Value, Var]] = []
    stand_ins: list[tuple[Value, Value]] = []

    def read(item: Any, path: tuple, label: str) -> Any:
        kind = type(item)
        if kind is tuple or kind is list:
            return kind([read(part, (*path, i), f"{label}_{i}") for i, part in enumerate(item)])
        if kind is dict:
            return {key: read(part, (*path, key), f"{label}_{key}") for key, part in item.items()}
        if kind is Value:
            if item.op is not None:  # its graph goes on behind it
                raise CannotReplay
            for known, stand_in in stand_ins:
                if known is item:
                    return stand_in
            var = trace.given("value", item._data, path, label=item.name or label)
            stand_in = Value(0.0, item.name)
            stand_in._data = Traced(trace, var)
            leaves.append((stand_in, var))
            stand_ins.append((item, stand_in))
            return stand_in
        if is_input(item):
            return Traced(trace, trace.given("argument", item, path, label=label))
        return item

    given = tuple(read(item, (i,), name) for i, (item, name) in enumerate(zip(args, names, strict=True)))
    return given, leaves


def is_input(item: Any) -> bool:
    """Arrays of numbers, and floats: what a program can be given anew at every call."""
    if type(item) is float or isinstance(item, np.floating):
        return True
    return isinstance(item, np.ndarray) and item.dtype.kind in "fiub"
