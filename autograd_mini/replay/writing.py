"""Write a recorded step as a Python function: its loads, its calls, and what it leaves behind."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.classes import unsigned
from autograd_mini.replay.flat import Parts, item, packed, packing
from autograd_mini.replay.memory import LARGE, Spare, is_reduction, planned, settle_orders, takes_out
from autograd_mini.replay.spelled import (
    ATOM,
    REPEATING,
    SUM,
    index_text,
    name_of_function,
    spelled_operator,
    spelled_scalar,
)
from autograd_mini.replay.trace import Var, guard, watched
from autograd_mini.replay.traced import added_at, assigned, cast
from autograd_mini.replay.updating import joined, part
from autograd_mini.spelling import Names, number_text

#: Constants of at most so many entries are made as large as what they meet: that saves the broadcasting.
SMALL, LARGEST = 1024, 1 << 16
#: A longer expression is not put into another one.
LONGEST = 70
#: A longer sum is written as a call.
MOST_OPERATORS = 100


class Body:
    """The lines of a program, and the names of all that they mention."""

    def __init__(self, calls: Sequence[Var], leaving: Sequence[Var], names: Names) -> None:
        self.names = names
        self.known: dict[str, Any] = {}
        """What the lines mention and do not make: buffers, constant arrays, functions."""
        self.uses = Counter(x for var in calls for x in var.operands())
        self.uses.update(leaving)
        self.leaving = frozenset(leaving)
        self.repeated = {x for var in calls if var.function in REPEATING for x in var.operands()}
        whole = [x for var in leaving if var.function is part for x in var.operands()]  # what leaves in parts
        self.spared = {x for x in (*leaving, *whole) if takes_out(x) and x.number.nbytes >= LARGE and not x.is_given}
        settle_orders(calls)
        together = self._joined_in_place(calls)
        apart = (*leaving, *whole, *(x for var in together for x in var.args))
        self.plan = planned(calls, [var for var in apart if type(var.number) is np.ndarray], self.spared)
        self.begun = {at: var for var, at in self.plan.items() if type(at) is Var}
        self.lines_of: dict[Var, tuple[int, str]] = {}
        """Where the line is that makes it, or in which it stands, among those of its part; and its right side."""
        self.items_of: dict[Var, list[Var]] = {}
        """Array -> its numbers that are called by name."""
        for var in calls:
            if var.function is item:
                self.items_of.setdefault(var.args[0], []).append(var)
        self.loaded: set[Var] = set()
        """Arrays that are there before the first line."""
        self.parts: dict[Var, tuple[str, str, list[Var]]] = {}
        """Array -> the names of the arrays that are left, and of what gives memory; its parts."""
        self.into: dict[Var, str] = {}
        """Array -> the name of the memory in which it is computed, if it has some of its own."""
        self._texts: dict[Var, tuple[str, int]] = {}
        self._buffers: dict[int, str] = {}
        self._mentioned: dict[int, str] = {}
        self._constants: dict[Any, str] = {}
        for var in together:
            self._have_place(var)

    def _joined_in_place(self, calls: Sequence[Var]) -> list[Var]:
        """Arrays that are joined, each of which can be computed where it will be needed."""
        return [
            var
            for var in calls
            if var.function is joined
            and len(set(var.args)) == len(var.args)
            and all(takes_out(x) and not x.is_given and x not in self.leaving for x in var.args)
            and {x.number.dtype for x in var.args} == {var.number.dtype}
        ]

    def _have_place(self, var: Var) -> None:
        flat, *parts = Parts([x.shape for x in var.args], var.number.dtype)()
        self._texts[var] = self.mention(var.label or "together", flat), ATOM
        self.loaded.add(var)
        for x, view in zip(var.args, parts, strict=True):
            self.into[x] = self.mention(f"{x.label or 'v'}_part", view)

    # -- names -------------------------------------------------------------------------------------

    def name(self, var: Var, wish: str | None = None) -> str:
        """A name for a Var that is given, or that a line of its own makes."""
        if var not in self._texts:
            own = getattr(var.function, "__name__", "v")
            self._texts[var] = self.names.new(wish or var.label or own), ATOM
        return self._texts[var][0]

    def has(self, var: Var) -> bool:
        return var in self._texts

    def mention(self, wish: str, thing: Any) -> str:
        """The name under which the lines find a thing."""
        if id(thing) not in self._mentioned:
            name = self._mentioned[id(thing)] = self.names.new(wish)
            self.known[name] = thing
        return self._mentioned[id(thing)]

    def text(self, item: Any, place: int = 0) -> str:
        """An operand as it stands in a line; in brackets where it binds less tightly than its place asks for."""
        if type(item) is Var:
            if item.function == "constant":
                return self._constant(item.number, item.label, place)
            text, level = self._texts[item]
            return text if level >= place else f"({text})"
        if type(item) is _Ready:
            return str(item)
        if type(item) is tuple or type(item) is list:
            inside = ", ".join(map(self.text, item))
            return f"({inside}{',' if len(item) == 1 else ''})" if type(item) is tuple else f"[{inside}]"
        return self._constant(item, None, place)

    def _constant(self, number: Any, label: str | None, place: int = 0) -> str:
        if number is None or number is Ellipsis or isinstance(number, str):
            return repr(number)
        if isinstance(number, bool | int | float) and not isinstance(number, np.generic):
            text = number_text(number)
            if "np." in text:  # nan, inf
                return self.mention(text[3:], number)
            return text if number >= 0 or place <= ATOM - 1 else f"({text})"
        if isinstance(number, np.dtype):
            return f"np.{number.name}"
        if isinstance(number, np.generic) and number.dtype.kind in "fiub":
            return number_text(number)
        return self.mention(label or "constant", number)

    # -- lines -------------------------------------------------------------------------------------

    def lines(self, calls: Sequence[Var], missed: str) -> list[str]:
        """The calls, one to a line; a guard whose answer is another one leaves by the line `missed`."""
        found: list[str] = []
        for var in calls:
            if var in self.parts:
                found += self._parts(var)
            if var in self.loaded:
                continue
            if var.function is guard:
                asked = self.text(var.args[0], 5)
                found.append(f"if {asked if not var.number else f'not {asked}'}: {missed}")
            elif var.function in (assigned, added_at):
                found += self._assignment(var)
            elif var.function is item:
                found += self._items(var.args[0]) if not self.has(var) else []
            elif var.function is packed:
                found += self._packed(var)
            elif var.function is watched:
                found.append(self._watched(var, missed))
            else:
                text, level = self._expression(var)
                if self._stands_inside(var, text):
                    self._texts[var] = text, level
                else:
                    found.append(f"{self.name(var)} = {text}")
                self.lines_of[var] = len(found), text
        return found

    def _stands_inside(self, var: Var, text: str) -> bool:
        """Is the call written where its result is needed, and not on a line of its own?"""
        once = self.uses[var] == 1 and var not in self.leaving and var not in self.repeated and len(text) < LONGEST
        return once and var.is_scalar and var.part != "prelude" and spelled_scalar(var, self.text) is not None

    def _expression(self, var: Var) -> tuple[str, int]:
        if var.is_scalar:
            short = spelled_scalar(var, self.text)
            if short is not None:
                return short
        text = self._call(var)
        if type(var.number) is float or type(var.number) is bool:
            return f"{type(var.number).__name__}({text})", ATOM
        if isinstance(var.number, np.generic) and not _gives_scalars(var.function):
            text += "[()]"
        return text, ATOM

    def _call(self, var: Var) -> str:
        function, args = var.function, var.args
        if function is operator.getitem:
            return f"{self.text(args[0], ATOM)}[{index_text(args[1], self.text)}]"
        if function is operator.pow:
            return f"{self.text(args[0], ATOM)} ** {self.text(args[1], ATOM)}"
        if function is cast:
            if np.ndim(var.number):
                return f"{self.text(args[0], ATOM)}.astype({self.text(args[1])})"
            return f"{self.text(args[1])}({self.text(args[0])})"
        if function is part:
            sliced = f"{self.text(args[0], ATOM)}[{args[1]}:{args[2]}]"
            return sliced if len(args[3]) == 1 else f"{sliced}.reshape({args[3]})"
        if function is np.transpose and len(args) == 1 and args[0].shape:
            return f"{self.text(args[0], ATOM)}.T"
        if function is np.reshape and len(args) == 2 and not var.kwargs and np.ndim(args[0].number):
            return f"{self.text(args[0], ATOM)}.reshape({self.text(args[1])})"
        if function is unsigned:
            return f"{self.text(args[0], ATOM)}.view(np.{var.number.dtype.name})"
        if function is np.take and len(args) == 3 and not var.kwargs and np.ndim(args[0].number):
            return f"{self.text(args[0], ATOM)}.take({self.text(args[1])}, {self.text(args[2])})"
        if isinstance(function, np.ufunc) and _only_numbers(var):
            short = spelled_operator(var, self.text)
            if short is not None:
                return short
        parts = [self.text(x) for x in self._ready_made(var)]
        parts += [f"{name}={self.text(x)}" for name, x in var.kwargs.items()]
        number = self.plan.get(var)
        if var in self.into:
            parts.append(f"out={self.into[var]}")
        elif type(number) is int:
            parts.append(f"out={self._buffer(var, number)}")
        elif var in self.begun:
            parts.append(f"out={self.name(self.begun[var])}")
        elif var in self.spared or number is not None:
            parts.append(f"out={self.mention('spare', Spare(var.shape, var.number.dtype))}()")
        return f"{self._function(function)}({', '.join(parts)})"

    def _function(self, function: Any) -> str:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.random.Generator):
            return f"{self.mention('rng', owner)}.{function.__name__}"
        return name_of_function(function) or self.mention(getattr(function, "__name__", "function"), function)

    def _buffer(self, var: Var, number: int) -> str:
        if number not in self._buffers:
            name = self.names.new(f"buffer_{number + 1}")
            self.known[name] = np.empty_like(var.number)
            self._buffers[number] = name
        return self._buffers[number]

    def _assignment(self, var: Var) -> list[str]:
        array, *rest = var.args
        name = self.name(var)
        copied = f"{name} = np.array({self.text(array)})"
        number = [f"{name} = {type(var.number).__name__}({name})"] if var.is_scalar else []
        if var.function is assigned:
            index, item = rest
            return [copied, f"{name}[{index_text(index, self.text)}] = {self.text(item)}", *number]
        ufunc, index, *item = rest
        parts = [name, self.text(index), *map(self.text, item)]
        return [copied, f"np.{ufunc.__name__}.at({', '.join(parts)})", *number]

    def _parts(self, var: Var) -> list[str]:
        """The lines that take memory for the array and its parts."""
        left, memory, parts = self.parts[var]
        self.into[var] = self.name(var)
        self.loaded.update(parts)
        names = ", ".join([self.into[var], *map(self.name, parts)])
        return [f"{left} = {memory}()", f"{names} = {left}", f"{memory}.made.append({left})"]

    def _items(self, array: Var) -> list[str]:
        """All of an array's numbers at once, by name."""
        names = ["_"] * array.number.size
        for var in self.items_of[array]:
            names[var.args[1]] = self.name(var)
        flat = self.text(array, ATOM) + (".ravel()" if array.number.ndim > 1 else "")
        return [f"{', '.join(names)}{',' if len(names) == 1 else ''} = {flat}.tolist()"]

    def _packed(self, var: Var) -> list[str]:
        """New memory, filled by C: that takes a third of the time of np.array."""
        _, *numbers = var.args
        name, pack = self.name(var), self.mention(f"pack_{len(numbers)}", packing(len(numbers)))
        filled = f"{pack}({name}, 0, {', '.join(map(self.text, numbers))})"
        return [filled] if var in self.parts else [f"{name} = np.empty({self.text(var.shape)})", filled]

    def _watched(self, var: Var, missed: str) -> str:
        # Python does not read an expression of thousands of operators.
        terms = [self.text(x, SUM + 1) for x in var.args]
        total = " + ".join(terms) if len(terms) <= MOST_OPERATORS else f"sum(({', '.join(terms)}))"
        missed = missed.replace("OTHERWISE", "AS_WRITTEN")
        return f"if not -math.inf < {total} < math.inf: {missed}"

    def _ready_made(self, var: Var) -> tuple:
        """The operands, with numbers as arrays: NumPy reads those in half the time."""
        arrays = [x for x in var.operands() if type(x.number) is np.ndarray]
        if not isinstance(var.function, np.ufunc) or var.kwargs or not arrays or type(var.number) is not np.ndarray:
            return var.args
        plain = [x.number.dtype if type(x) is Var and hasattr(x.number, "dtype") else x for x in var.args]
        numbers = [x.number if type(x) is Var else x for x in plain]
        dtype = np.result_type(*numbers)
        return tuple([self._ready_constant(x, dtype, var) if _is_number(x) else x for x in var.args])

    def _ready_constant(self, item: Any, dtype: np.dtype, var: Var) -> Any:
        number, like = item.number if type(item) is Var else item, var.number
        if type(number) is int and not -(2**53) < number < 2**53:
            return item
        most = SMALL
        if var.function in (np.maximum, np.minimum):  # for those two the difference is fourfold
            most = like.size if _is_zero(number) else LARGEST
        full = (like.shape, like.strides) if like.size <= most else ()
        key = repr(number), dtype, full
        if key not in self._constants:
            constant = _filled(like, number, dtype) if full else np.full((), number, dtype)
            self._constants[key] = self.mention(_word(number), constant)
        return _Ready(self._constants[key])


def _filled(like: np.ndarray, number: float, dtype: np.dtype) -> np.ndarray:
    """An array of one number, which lies in memory as another array does."""
    axes = sorted(range(like.ndim), key=lambda axis: -like.strides[axis])
    shape = [like.shape[axis] for axis in axes]
    array = np.zeros(shape, dtype) if _is_zero(number) else np.full(shape, number, dtype)
    return array.transpose(np.argsort(axes))


def _is_zero(number: float) -> bool:
    """Zeros that are only read take no memory, however many; −0 is no such number."""
    return repr(number) in ("0", "0.0")


def _only_numbers(var: Var) -> bool:
    numbers = [x.number if type(x) is Var else x for x in var.args]
    return all(isinstance(n, bool | int | float | np.generic) for n in numbers) and not var.kwargs


def _gives_scalars(function: Any) -> bool:
    """A call of it that gives one number gives a scalar, and not an array without axes."""
    return isinstance(function, np.ufunc) or is_reduction(function) or function in (cast, operator.pow, np.vdot)


class _Ready(str):
    """The name of an array that holds a constant."""


def _is_number(item: Any) -> bool:
    number = item.number if type(item) is Var and item.function == "constant" else item
    return type(number) in (int, float)


def _word(number: Any) -> str:
    words = {0: "zeros", 1: "ones", -1: "minus_ones", 2: "twos", 0.5: "halves"}
    return words.get(number, f"all_{number}".replace("-", "minus_"))
