"""Put traced arrays in the place of parameters and buffers for a while, and all back whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any

from autograd_mini.at_once import assign, at_once
from autograd_mini.nn.module import Module
from autograd_mini.replay.trace import CompileError, Trace, Var
from autograd_mini.replay.traced import Traced
from autograd_mini.value import Value


@contextmanager
def instead(values: list[Value], numbers: list[Any]) -> Iterator[None]:
    """The Values hold other numbers, until the end of the block; their ages stay, for so do their numbers."""
    before = [v._data for v in values]
    back = at_once(zip(repeat(assign), values, repeat("_data"), before, strict=False))
    try:
        at_once(zip(repeat(assign), values, repeat("_data"), numbers, strict=False))()
        yield
    finally:
        back()


@contextmanager
def traced_buffers(trace: Trace, modules: list[Module]) -> Iterator[None]:
    """The modules' buffers are traced, and all that they remember is as it was at the end of the block."""
    states = [vars(module) for module in modules]
    before = [state.copy() for state in states]
    # Emptied and filled again, by C alone.
    back = at_once(
        [*((dict.clear, state) for state in states), *zip(repeat(dict.update), states, before, strict=False)]
    )
    try:
        for module, state in zip(modules, states, strict=True):
            for name in module.buffer_names:
                number = state.get(name)
                if number is not None:
                    label = f"{type(module).__name__}.{name}"
                    state[name] = Traced(trace, trace.given("buffer", number, module, name, label=label))
        yield
    finally:
        back()


def changed_buffers(trace: Trace, modules: list[Module]) -> list[tuple[Module, str, Var]]:
    """What the run has written into modules.

    Raises:
        CompileError: something else than a buffer.
    """
    given = {(id(v.args[0]), v.args[1]): v for v in trace.given_vars if v.function == "buffer"}
    changed = []
    for module in modules:
        for name, item in vars(module).items():
            if type(item) is Traced and name in module.buffer_names:
                if item.symbol is not given.get((id(module), name)):
                    changed.append((module, name, item.symbol))
            elif type(item) is Traced or (type(item) is Value and item.op is not None and type(item._data) is Traced):
                raise CompileError(
                    f"compile: {type(module).__name__} keeps what it computed as its attribute {name!r}, which a "
                    "program would not: return it, or name the attribute in the class's buffer_names if it is a "
                    "plain array"
                )
    return changed
