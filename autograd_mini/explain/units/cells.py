"""Read tables of numbers out of a graph: each number is an entry of some Value, wherever it is kept.

A weight of a dense layer may be an entry of a matrix, of its transpose, or a Value of its own; a table
of `Cells` hides the difference, and still tells for every number which Value it came from.

>>> import autograd_mini as ag
>>> W = ag.Value([[1.0, 2.0], [3.0, 4.0]], name="W")
>>> base, entries = follow(W.T)
>>> table = Cells((base,), entries)
>>> table.read().tolist(), table.where(0, 1)
([[1.0, 3.0], [2.0, 4.0]], (Value([[1., 2.],
       [3., 4.]], name='W'), (1, 0)))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.numbers import constant
from autograd_mini.primitives import elementwise, shaping
from autograd_mini.value import Value

#: Operations that show entries of their input without changing them.
VIEWS = frozenset(
    {
        shaping.reshape,
        shaping.transpose,
        shaping.broadcast_to,
        shaping.getitem,
        shaping.roll,
        elementwise.positive,
    }
)


def follow(operand: Any) -> tuple[Any, np.ndarray]:
    """What an operand shows entries of (a Value or a constant), and for each entry its place there.

    The places count the entries in C order; they come from running the same operations on the
    numbers 0, 1, 2 …

    >>> x = Value([[1.0, 2.0], [3.0, 4.0]])
    >>> follow(x.T[0])[1].tolist()
    [0, 2]
    """
    steps = []
    while type(operand) is Value and operand.op in VIEWS and operand.inputs:
        steps.append(operand)
        operand = operand.inputs[0]
    numbers = constant(operand)
    places = np.arange(np.size(numbers)).reshape(np.shape(numbers))
    for step in reversed(steps):
        places = np.asarray(step.op.forward(places, *step.params))  # type: ignore[union-attr]
    return operand, places


@dataclass(frozen=True, eq=False)
class Cells:
    """A table of numbers, each an entry of one of some Values or constants."""

    values: tuple[Any, ...]
    place: np.ndarray
    """Which entry stands at which place of the table, with those of all `values` laid end to end; −1 for none."""

    def read(self, of: Callable[[Any], Any] = constant, absent: float = 0.0) -> np.ndarray:
        """The table of data, or of whatever else `of` tells of each Value in the Value's shape.

        Where `of` answers None, or the table has no number, stands `absent`.
        """
        parts = []
        for value in self.values:
            numbers, shape = of(value), np.shape(constant(value))
            parts.append(np.broadcast_to(absent if numbers is None else numbers, shape).ravel())
        # The place −1 is the last one.
        return np.asarray(np.concatenate([*parts, [absent]])[self.place])

    def where(self, *at: int) -> tuple[Any, tuple[int, ...]] | None:
        """The Value of the number at one place of the table and its index there; None for no number."""
        place = int(self.place[at])
        for value in self.values if place >= 0 else ():
            shape = np.shape(constant(value))
            size = int(np.prod(shape))
            if place < size:
                return value, tuple(int(i) for i in np.unravel_index(place, shape)) if shape else ()
            place -= size
        return None

    def add_to(self, totals: dict[int, np.ndarray], numbers: np.ndarray) -> None:
        """Add a table of numbers to the entries that they belong to; `totals` is keyed by the Values' id."""
        sizes = [np.size(constant(value)) for value in self.values]
        flat = np.zeros(sum(sizes) + 1)
        np.add.at(flat, self.place, numbers)
        ends = np.cumsum(sizes)
        for value, part in zip(self.values, np.split(flat[:-1], ends[:-1]), strict=True):
            part = part.reshape(np.shape(constant(value)))
            totals[id(value)] = totals[id(value)] + part if id(value) in totals else part

    def known(self, of: Callable[[Any], Any]) -> np.ndarray:
        """Where the table has a number and `of` tells one."""
        return self.read(lambda v: None if of(v) is None else np.ones(np.shape(constant(v)))) > 0
