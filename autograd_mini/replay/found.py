"""Find the Values and modules that a function can reach without being given them: in its closure, globals and self.

>>> w = Value(2.0, name="w")
>>> def bound(w):
...     return lambda x: w * x
>>> found_in(bound(Value(2.0, name="w")))
([Value(2.0, name='w')], [])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from autograd_mini.nn.module import Module
from autograd_mini.value import Value


def found_in(f: Callable[..., Any]) -> tuple[list[Value], list[Module]]:
    """Those that the function, and functions that it names, mention by name."""
    values: dict[int, Value] = {}
    modules: dict[int, Module] = {}
    seen: set[int] = set()
    todo: list[Any] = [f]
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if type(item) is Value:
            values[id(item)] = item
        elif isinstance(item, Module):
            for module in item.modules():
                modules[id(module)] = module
            for p in item.parameters(include_frozen=True):
                values[id(p)] = p
        elif isinstance(item, MethodType):
            todo += [item.__func__, item.__self__]
        elif isinstance(item, FunctionType):
            if item is f or not (item.__module__ or "").startswith(("autograd_mini.", "numpy")):
                todo += _mentioned(item)
        elif isinstance(item, list | tuple):
            todo += item[:1000]
        elif isinstance(item, dict):
            todo += list(item.values())[:1000]
        elif callable(item) and hasattr(item, "__dict__") and not isinstance(item, type):
            todo += list(vars(item).values())
    return list(values.values()), list(modules.values())


def _mentioned(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield function.__globals__[name]
    yield from function.__defaults__ or ()


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)
