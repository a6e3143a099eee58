"""A program as data: the numbers that it is given, and the NumPy calls that it makes, one after the other.

>>> trace = Trace()
>>> x = trace.given("argument", np.array([1.0, 2.0]), label="x")
>>> y = trace.call(np.multiply, (x, 3.0))
>>> y.number, trace.made == [y], y.args == (x, 3.0)
(array([3., 6.]), True, True)
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_mini.visible import visible


class CompileError(RuntimeError):
    """A function cannot be compiled as it is written; the message says where and what to write instead."""


class CannotReplay(Exception):
    """These numbers ask for what a program does not do (0 · ∞, a `math` error): the call is made as written."""


class Var:
    """One number or array of a program, made by `function(*args, **kwargs)` or given from outside.

    Among the arguments, also inside tuples, lists and slices, are other Vars and plain constants.
    """

    __slots__ = ("args", "function", "kwargs", "label", "number", "part")

    def __init__(self, number: Any, function: Any, args: tuple, kwargs: dict, part: str) -> None:
        self.number = number
        """What it was when the program was recorded: it tells the shape and the dtype."""
        self.function = function
        """What makes it, or the kind of thing that it is: "argument", "leaf", "memory" …"""
        self.args = args
        self.kwargs = kwargs
        self.part = part
        """The part of the step that it belongs to: forward, backward or update."""
        self.label: str | None = None

    @property
    def is_given(self) -> bool:
        return type(self.function) is str

    @property
    def is_scalar(self) -> bool:
        """A Python number, on which `math` works and which does not widen float32."""
        return type(self.number) in SCALARS

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.number)

    def __repr__(self) -> str:
        name = self.label or getattr(self.function, "__name__", self.function)
        return f"Var {visible(str(name))} {self.shape}"

    def operands(self) -> list[Var]:
        """The Vars among its arguments."""
        found = []
        for item in (*self.args, *self.kwargs.values()) if self.kwargs else self.args:
            if type(item) is Var:
                found.append(item)
            elif type(item) in NESTED:
                found += variables_in(item)
        return found


SCALARS = frozenset({float, int, bool})
#: The parts of a step, in order.
PARTS = ("forward", "backward", "update")
#: What other things may be in.
NESTED = frozenset({tuple, list, dict, slice})


class Trace:
    """What is written down while a function runs: the Vars that were given and, in order, those that were made."""

    def __init__(self) -> None:
        self.given_vars: list[Var] = []
        self.made: list[Var] = []
        self.part = "forward"
        self.draws: list[Var] = []
        """The calls that draw random numbers."""
        self.finite: list[Var] = []
        """What has to be finite, lest the call be made as written."""

    def given(self, kind: str, number: Any, *where: Any, label: str | None = None) -> Var:
        var = Var(plain(number), kind, where, {}, "")
        var.label = label
        self.given_vars.append(var)
        return var

    def call(self, function: Any, args: tuple, kwargs: dict[str, Any] | None = None) -> Var:
        """Make the call with the recording's numbers, and write it down."""
        result = function(*numbers_in(args), **numbers_in(kwargs)) if kwargs else function(*numbers_in(args))
        var = Var(plain(result), function, args, kwargs or {}, self.part)
        self.made.append(var)
        return var

    def asked(self, var: Var) -> bool:
        """Somebody asks for the truth of it: from here on the program is right for this answer alone."""
        answer = builtins.bool(var.number)
        of_finite, expected = finite_question(var)
        if of_finite is not None and self.part != "forward":
            if answer != expected:
                raise CannotReplay
            if self.part == "update":
                self.finite.append(of_finite)
            return answer
        self.made.append(Var(answer, guard, (var,), {}, self.part))
        return answer


def guard(truth: Any) -> bool:
    """Stands in a trace where the truth of a Var was asked for; its number is the answer."""
    return builtins.bool(truth)


def watched(*numbers: float) -> bool:
    """Stands in a trace of single numbers where all of these must be finite, lest the call be made as written."""
    return math.isfinite(sum(numbers))


def finite_question(var: Var) -> tuple[Var | None, bool]:
    """x and True if the truth of the Var says that all of x is finite, x and False if that some is not."""
    function, args = var.function, var.args
    if function in FINITE:
        return args[0], True
    if function in (np.all, builtins.bool) and type(args[0]) is Var:
        x, expected = finite_question(args[0])
        return (x, True) if expected else (None, True)
    if function in NOT and type(args[0]) is Var:
        x, expected = finite_question(args[0])
        return (x, False) if expected else (None, True)
    if function is np.any and type(args[0]) is Var:
        x, expected = finite_question(args[0])
        return (x, False) if not expected else (None, True)
    return None, True


#: Filled by `numeric`, which knows the forms of both on floats.
FINITE: set[Any] = {np.isfinite}
NOT: set[Any] = {np.logical_not, np.invert}


def plain(number: Any) -> Any:
    """As the engine holds numbers: no 0-d arrays, and float64 and bool scalars are Python's."""
    if type(number) in SCALARS:
        return number
    if isinstance(number, np.ndarray) and not number.ndim:
        number = number[()]
    if isinstance(number, np.float64 | np.bool_):
        return number.item()
    return number


def variables_in(item: Any) -> Iterator[Var]:
    kind = type(item)
    if kind is Var:
        yield item
    elif kind is tuple or kind is list:
        for part in item:
            yield from variables_in(part)
    elif kind is dict:
        yield from variables_in(list(item.values()))
    elif kind is slice:
        yield from variables_in((item.start, item.stop, item.step))


def mapped(item: Any, change: Any) -> Any:
    """The same nesting of tuples, lists, dicts and slices, with `change` of every other thing in it."""
    kind = type(item)
    if kind is tuple or kind is list:
        return kind([mapped(part, change) if type(part) in NESTED else change(part) for part in item])
    if kind is dict:
        return {key: mapped(part, change) for key, part in item.items()}
    if kind is slice:
        return slice(mapped(item.start, change), mapped(item.stop, change), mapped(item.step, change))
    return change(item)


def numbers_in(item: Any) -> Any:
    """The same nesting, with the recording's numbers in place of the Vars."""
    return mapped(item, lambda part: part.number if type(part) is Var else part)
