"""Give every number of a long program a place in one array: constants first, then what is given, then what is computed.

How it is computed is up to those that build on this: `levels` and `tape`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.simplify import is_draw
from autograd_mini.replay.trace import SCALARS, Var, guard, watched
from autograd_mini.replay.writing import Body
from autograd_mini.spelling import Names

#: The places of 1.0 and −1.0.
ONE, MINUS_ONE = 0, 1


def fits(var: Var) -> bool:
    """Is it a number, computed from numbers alone?"""
    if type(var.number) not in SCALARS or var.kwargs or var.part == "prelude" or is_draw(var):
        return False
    if var.function is watched:
        return False
    return bool(var.args) and all(type(x.number if type(x) is Var else x) in SCALARS for x in var.args)


def apart(calls: Sequence[Var]) -> tuple[list[Var], list[Var]]:
    """The calls that fit, and the others, which have to come before; none if some would have to come after."""
    inside: set[Var] = set()
    fitting, others = [], []
    for var in calls:
        if fits(var):
            inside.add(var)
            fitting.append(var)
        elif inside.isdisjoint(var.operands()):
            others.append(var)
        else:
            return [], []
    return fitting, others


class InPlaces(Body, ABC):
    """The lines of such a program; `computed` is left to the kinds of it."""

    def __init__(
        self,
        calls: Sequence[Var],
        leaving: Sequence[Var],
        names: Names,
        inside: Sequence[Var],
        before: Sequence[Var],
    ) -> None:
        super().__init__(calls, leaving, names)
        self.inside = set(inside)
        self._before = [var for var in before if var.part != "prelude"]
        self._numbers: dict[str, int] = {"1.0": ONE, "-1.0": MINUS_ONE}
        self._given: dict[Var, None] = {}
        for var in inside:
            for x in var.args:
                if type(x) is not Var or x.function == "constant":
                    self._numbers.setdefault(_text_of(x), len(self._numbers))
                elif x not in self.inside:
                    self._given[x] = None
        start = len(self._numbers)
        self.end = start + len(self._given)
        """Where the free places begin."""
        self.place = {var: place for place, var in enumerate(self._given, start)}
        self.array = np.zeros(self.end + len(inside))
        self.array[:start] = [float(text) for text in self._numbers]
        self._loaded = False

    @abstractmethod
    def computed(self, calls: Sequence[Var]) -> list[str]:
        """The lines of one part's calls, which give each a place."""

    def used_once(self, var: Var) -> bool:
        return self.uses[var] == 1

    def at(self, x: Any) -> int:
        """The place of an operand."""
        if type(x) is Var and x.function != "constant":
            return self.place[x]
        return self._numbers[_text_of(x)]

    def taken(self, places: np.ndarray, lines: list[str]) -> str:
        """The numbers at these places, by a line that is added to the others where it takes one."""
        return f"{self.v}[{self.new('places', np.ascontiguousarray(places))}]"

    def new(self, wish: str, thing: Any) -> str:
        """A name for a thing that has none yet."""
        name = self.names.new(wish)
        self.known[name] = thing
        return name

    # -- lines -------------------------------------------------------------------------------------

    def lines(self, calls: Sequence[Var], missed: str) -> list[str]:
        found = super().lines([var for var in calls if var.part == "prelude"], missed)
        mine = [var for var in calls if var in self.inside]
        if not mine:
            return found
        if not self._loaded:
            self._loaded = True
            self.v = self.new("v", self.array)
            found += super().lines(self._before, missed)
            found += self._loads()
        found += self.computed(mine)
        return found + self._guards(mine, missed) + self.results(mine)

    def _loads(self) -> list[str]:
        start = len(self._numbers)
        lines = [f"# {self.v}[:{start}] are constants; what is given comes behind"]
        items = [f"{self.text(var)}," for var in self._given]
        return [*lines, *_folded(f"{self.v}[{start}:{self.end}] =", items)] if items else lines

    def _guards(self, calls: Sequence[Var], missed: str) -> list[str]:
        guards = [var for var in calls if var.function is guard]
        if not guards:
            return []
        lines = ["# The answers to the questions that were asked"]
        truths = self.taken(np.array([self.at(var.args[0]) for var in guards]), lines)
        answers = self.new("answers", np.array([var.number for var in guards]))
        return [*lines, f"if not np.array_equal({truths} != 0.0, {answers}): {missed}"]

    def results(self, calls: Sequence[Var]) -> list[str]:
        """What leaves the program gets a name."""
        leaving = [var for var in calls if var in self.leaving]
        floats = [var for var in leaving if type(var.number) is float]
        lines: list[str] = []
        if floats:
            numbers = self.taken(np.array([self.place[var] for var in floats]), lines)
            lines += _folded("", [f"{self.name(var)}," for var in floats], f"= {numbers}.tolist()")
        others = [var for var in leaving if type(var.number) is not float]
        return lines + [f"{self.name(x)} = {type(x.number).__name__}({self.v}[{self.place[x]}])" for x in others]


def _text_of(number: Any) -> str:
    """A constant as it is known among others: 0.0 is not −0.0, and nan is nan."""
    return repr(float(number.number if type(number) is Var else number))


def _folded(left: str, items: Sequence[str], right: str = "") -> list[str]:
    """An assignment to or from so many items, in as many lines as it takes."""
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) > 110:
            lines.append(line)
            line = "   "
        line += f" {item}"
    lines.append(line)
    if len(lines) == 1:
        return [f"{left} ({line.strip()}) {right}".strip()]
    return [f"{left} (".lstrip(), *lines, f") {right}".rstrip()]
