"""Write a long program of numbers as a short one on arrays: many calls as one of NumPy's.

On Python floats a call takes 20 ns, and 100 µs to compile. Here the calls of a group (see `grouping`) stand side by
side in one array, so that their operands are gathered by `take`, or lie there as a slice already, and NumPy computes
them all at once: one or two nanoseconds each.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay.grouping import Group, grouped, name_of
from autograd_mini.replay.known_forms import sigmoid
from autograd_mini.replay.machine import MachineCode, can_be_machine_code
from autograd_mini.replay.numeric import ON_FLOATS, logical_and, logical_or, logical_xor
from autograd_mini.replay.places import ONE, InPlaces, apart
from autograd_mini.replay.tape import Tape, can_run
from autograd_mini.replay.trace import Var
from autograd_mini.replay.writing import Body
from autograd_mini.spelling import Names

#: A group costs as much as so many calls on floats: with more calls in each, on average, a program is written so.
CALLS_A_GROUP = 90
#: Shorter programs are compiled at once, and are easier to read call by call.
FEWEST = 1000

#: function on floats -> NumPy's name of the same on arrays, which can write into memory that it is given.
UFUNCS: dict[Any, str] = {
    function: name for name, function in ON_FLOATS.items() if isinstance(getattr(np, name, None), np.ufunc)
} | {
    operator.and_: "logical_and",  # truths are 1.0 and 0.0 here
    operator.or_: "logical_or",
    operator.not_: "logical_not",
    operator.pow: "power",
    logical_and: "logical_and",
    logical_or: "logical_or",
    logical_xor: "logical_xor",
    float: "positive",
}
#: The same for those that are more than one call.
FORMS: dict[Any, tuple[str, ...]] = {
    bool: ("np.not_equal({0}, 0.0, out={out})",),
    FLOAT_FUNCTIONS["where"]: ("{out}[:] = np.where({0}, {1}, {2})",),
    sigmoid: (
        "np.exp(np.negative({0}, out={out}), out={out})",
        "np.divide(1.0, np.add({out}, 1.0, out={out}), out={out})",
    ),
}


def body_of(calls: Sequence[Var], leaving: Sequence[Var], names: Names, numba: bool = False) -> Body:
    """What writes the calls: on arrays where that pays, otherwise one after the other, or for numba as a table."""
    inside, before = apart(calls) if len(calls) >= FEWEST else ([], [])
    if inside:
        levels = Levels(calls, leaving, names, inside, before)
        if levels.count * CALLS_A_GROUP < len(inside):
            return levels
        if numba and can_run(inside):
            return Tape(calls, leaving, names, inside, before)
    if numba and can_be_machine_code(calls):
        return MachineCode(calls, leaving, names)
    return Body(calls, leaving, names)


class Levels(InPlaces):
    """The lines of such a program."""

    def __init__(
        self, calls: Sequence[Var], leaving: Sequence[Var], names: Names, inside: Sequence[Var], before: Sequence[Var]
    ) -> None:
        super().__init__(calls, leaving, names, inside, before)
        self._groups = {
            part: grouped([var for var in inside if var.part == part], self.used_once)
            for part in dict.fromkeys(var.part for var in inside)
        }
        self._views: dict[tuple[int, int, int], str] = {}
        self._scratch: dict[str, np.ndarray] = {}

    @property
    def count(self) -> int:
        """How many groups there are."""
        return sum(map(len, self._groups.values()))

    def computed(self, calls: Sequence[Var]) -> list[str]:
        return [line for group in self._groups[calls[0].part] for line in [f"# {group}", *self._lines_of(group)]]

    def _lines_of(self, group: Group) -> list[str]:
        if group.function is None:
            return self._sums(group) if group.kind else self._sums_of_any_length(group)
        places = np.array([[self.at(x) for x in args] for args in group.operands]).T
        places = places[:, self._arranged(group, places)]
        name = name_of(group.function)
        out = self._output(group, name)
        lines: list[str] = []
        words = [f"operand_{i + 1}" for i in range(len(places))]
        form = FORMS.get(group.function)
        if form is None and group.function not in UFUNCS and not isinstance(group.function, np.ufunc):
            lists = [f"{self.gathered(row, word, lines)}.tolist()" for row, word in zip(places, words, strict=True)]
            return [*lines, f"{out}[:] = list(map({self.mention(name, group.function)}, {', '.join(lists)}))"]
        operands = [self.taken(row, lines, word) for row, word in zip(places, words, strict=True)]
        if form is not None:
            return [*lines, *(text.format(*operands, out=out) for text in form)]
        return [*lines, f"np.{UFUNCS.get(group.function, name)}({', '.join(operands)}, out={out})"]

    def _sums(self, group: Group) -> list[str]:
        """Sums of one length: a column for each, a row for each term, and NumPy adds the rows up in order."""
        length, first, last = group.kind
        places = np.array([[self.at(x) for x, _ in terms] for terms in group.operands]).T
        factors = np.array([[self._factor(y) for _, y in terms[first:last]] for terms in group.operands]).T
        order = self._arranged(group, places)
        lines: list[str] = []
        terms = self.gathered(places[:, order], "terms", lines)
        if last > first:
            others = self.gathered(factors[:, order], "factors", lines)
            rows = terms if last - first == length else f"{terms}[{first or ''}:{last if last < length else ''}]"
            lines.append(f"np.multiply({rows}, {others}, out={rows})")
        return [*lines, f"np.add.reduce({terms}, 0, out={self._output(group, 'sums')})"]

    def _sums_of_any_length(self, group: Group) -> list[str]:
        """One sum behind the other."""
        flat = [term for terms in group.operands for term in terms]
        lines: list[str] = []
        terms = self.gathered(np.array([self.at(x) for x, _ in flat]), "terms", lines)
        if any(y is not None for _, y in flat):
            others = self.gathered(np.array([self._factor(y) for _, y in flat]), "factors", lines)
            lines.append(f"np.multiply({terms}, {others}, out={terms})")
        starts = self.new("starts", np.cumsum([0, *map(len, group.operands[:-1])]))
        return [*lines, f"np.add.reduceat({terms}, {starts}, out={self._output(group, 'sums')})"]

    def _factor(self, y: Any) -> int:
        return ONE if y is None else self.at(y)

    def _arranged(self, group: Group, places: np.ndarray) -> np.ndarray:
        """In the order in which their operands lie, the members of a group are likely to find them as a slice."""
        order = np.lexsort(places[::-1])
        group.members = [group.members[i] for i in order]
        return order

    def _output(self, group: Group, name: str) -> str:
        """The name of the slice in which the group's results stand."""
        start, self.end = self.end, self.end + len(group.members)
        self.place.update(zip(group.members, range(start, self.end), strict=True))
        return self._view(start, self.end, 1, f"{name}_{group.level}")

    def _view(self, start: int, stop: int, step: int, wish: str = "") -> str:
        key = start, stop, step
        if key not in self._views:
            wish = wish or f"{self.v}_{start}_{stop}" + (f"_{step}" if step > 1 else "")
            self._views[key] = self.new(wish, self.array[start:stop:step])
        return self._views[key]

    def taken(self, places: np.ndarray, lines: list[str], wish: str = "taken") -> str:
        """A slice of the array, or gathered."""
        start, last = int(places[0]), int(places[-1])
        steps = np.diff(places)
        step = int(steps[0]) if len(steps) else 1
        if step > 0 and np.all(steps == step):
            return self._view(start, last + 1, step)
        return self._view(start, start + 1, 1) if not np.any(steps) else self.gathered(places, wish, lines)

    def gathered(self, places: np.ndarray, wish: str, lines: list[str]) -> str:
        """Numbers from anywhere, in memory that the next group gathers its own in."""
        if places.size > self._scratch.get(wish, places[:0]).size:
            self._scratch[wish] = np.empty(places.size)
        name = self.new(wish, self._scratch[wish][: places.size].reshape(places.shape))
        where = self.new("places", np.ascontiguousarray(places))
        lines.append(f'{self.v}.take({where}, out={name}, mode="clip")')
        return name
