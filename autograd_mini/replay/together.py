"""Find what an optimizer updates as one array, so that it stays one from a call to the next.

The parameters then hold views of it; the optimizer holds its memory flat, as its own steps leave it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.optim.blocks import Arrays
from autograd_mini.replay.flat import packed
from autograd_mini.replay.memory import takes_out
from autograd_mini.replay.recording import Recording
from autograd_mini.replay.trace import Var
from autograd_mini.replay.updating import joined, part
from autograd_mini.value import Value


class Together:
    """Parameters that are updated as one array."""

    def __init__(self, updates: Sequence[tuple[int, Value, Var, tuple[Var, ...]]], before: Var) -> None:
        self.updates = updates
        self.positions = [i for i, *_ in updates]
        self.values = [w for _, w, *_ in updates]
        self.before = before
        """What they were, joined."""
        self.whole: Var = updates[0][2].args[0]
        """What they become."""
        self.memory: list[tuple[Var, Var]] | None = None
        """For each thing that is remembered what it was, joined or a count, and what it becomes; None if not flat."""
        self.parts = self.left = ""
        """The names of what gives memory, and of the arrays that the parameters have been left."""

    def block(self) -> Arrays:
        """As the optimizer's own steps call it."""
        return Arrays(0, self.positions, self.values)


def found_together(recording: Recording, calls: Sequence[Var], remembers: Sequence[str]) -> list[Together]:
    """The blocks whose parameters can stay together."""
    joins = {var.args: var for var in calls if var.function is joined}
    given = {(x.function, *_known_by(x.args)): x for x in recording.trace.given_vars}
    uses = Counter(x for var in calls for x in var.operands())
    results = Counter(
        x.args[0] if x.function is part else x
        for _, _, new, remembered in recording.updates
        for x in (new, *remembered)
    )
    by_whole: dict[Var, list[Any]] = {}
    for update in recording.updates:
        if update[2].function is part:
            by_whole.setdefault(update[2].args[0], []).append(update)
    found = []
    for whole, updates in by_whole.items():
        before = joins.get(tuple(given.get(("leaf", id(w))) for _, w, *_ in updates))
        if before is not None and _is_made_of(whole, [new for _, _, new, _ in updates]):
            found.append(Together(updates, before))
            found[-1].memory = _memory(updates, remembers, joins, given, uses, results)
    return found


def _memory(
    updates: Sequence[Any],
    remembers: Sequence[str],
    joins: dict[Any, Var],
    given: dict[Any, Var],
    uses: Counter[Var],
    results: Counter[Var],
) -> list[tuple[Var, Var]] | None:
    found = []
    for k, (name, first) in enumerate(zip(remembers, updates[0][3], strict=True)):
        states = [given.get(("memory", i, k)) for i, *_ in updates]
        after = [remembered[k] for *_, remembered in updates]
        if first.function is part:
            before, whole = joins.get(tuple(states)), first.args[0]
            if before is None or any(uses[x] != 1 for x in states if x is not None):
                return None
            if not _is_made_of(whole, after) or results[whole] != len(updates):
                return None
            found.append((before, whole))
        elif name == "steps" and states[0] is not None and all(x is first for x in after):
            found.append((states[0], first))
        else:
            return None
    return found


def _is_made_of(whole: Var, parts: Sequence[Var]) -> bool:
    """Is the array new, and are these all of its parts, in order?"""
    end = 0
    for x in parts:
        if x.function is not part or x.args[0] is not whole or x.args[1] != end:
            return False
        end = x.args[2]
    new = takes_out(whole) or whole.function is packed
    return new and not whole.is_given and end == np.size(whole.number)


def _known_by(args: tuple) -> list[Any]:
    return [item if isinstance(item, int | str) else id(item) for item in args]
