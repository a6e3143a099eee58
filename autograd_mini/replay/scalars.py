"""Write a program on tiny arrays as one on their single numbers: Python adds two floats in a tenth of NumPy's time.

Every array becomes an array of Vars, one for each number, and the calls are carried out on these, see `elements`.

>>> trace = Trace()
>>> x = trace.given("argument", np.array([1.0, 2.0]), label="x")
>>> y = trace.call(np.add.reduce, (trace.call(np.multiply, (x, 3.0)), None))
>>> [z] = scalarised(trace, [y], 100)
>>> [var.function.__name__ for var in trace.made], z.number
(['item', 'item', 'mul', 'mul', 'add'], 9.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.replay.elements import FLOAT, MOVING, Elements, Otherwise, otherwise
from autograd_mini.replay.flat import item, packed
from autograd_mini.replay.simplify import is_draw
from autograd_mini.replay.trace import NESTED, PARTS, SCALARS, Trace, Var, guard, mapped, watched
from autograd_mini.replay.traced import added_at, assigned
from autograd_mini.replay.updating import joined, part


def scalarised(trace: Trace, results: Sequence[Var], most: int) -> list[Var] | None:
    """Put calls on single numbers in place of the trace's: what the results are now.

    None, and nothing is changed, if the calls would be more than `most`, or cannot be written so.
    """
    calls = trace.made
    if not _fits(calls, most):
        return None
    before = trace.part
    trace.made, expander = [], _Expander(trace)
    try:
        expander.expand(calls)
        return expander.leaving(results)
    except Otherwise:
        trace.made = calls
        return None
    finally:
        trace.part = before


def _fits(calls: Sequence[Var], most: int) -> bool:
    """Are there arrays, all of them tiny and of floats or truths?"""
    count, arrays = 0, False
    for var in calls:
        numbers = [x.number for x in var.operands()]
        if is_draw(var) or not all(map(_is_plain, [var.number, *numbers])):
            return False
        arrays = arrays or any(isinstance(x, np.ndarray) for x in numbers)
        if var.function in (np.dot, np.matmul):
            left = np.shape(var.args[0].number if type(var.args[0]) is Var else var.args[0])
            count += 2 * np.size(var.number) * (left[-1] if left else 1)
        elif var.function not in MOVING:
            count += max([np.size(var.number), *map(np.size, numbers)])
        if count > most:
            return False
    return arrays


def _is_plain(number: Any) -> bool:
    if isinstance(number, np.ndarray):
        return number.size > 0 and number.dtype.kind in "fbi" and number.dtype.itemsize in (1, 8)
    return type(number) in SCALARS


class _Expander(Elements):
    """Goes through the calls and writes down what becomes of them."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(trace)
        self.known: dict[Var, Any] = {}
        """For every array an array of Vars and plain numbers, for a scalar a Var or a number."""
        self.packed: dict[Var, Var] = {}

    def expand(self, calls: Sequence[Var]) -> None:
        self.trace.part = "forward"
        for var in calls:
            if var.function is joined and all(x.function in ("leaf", "memory") for x in var.args):
                self._taken_together(var)
        for var in calls:
            self.trace.part = var.part
            if var.function is guard:
                self._asked(var)
            elif var not in self.known:
                self.known[var] = self.typed(self._expanded(var), var.number)
                if var.label and isinstance(self.known[var], np.ndarray):
                    _label(self.known[var], var.label)

    def leaving(self, results: Sequence[Var]) -> list[Var]:
        """The results as arrays again, and a look at all that has to be finite."""
        self.trace.part = max(
            [var.part for var in self.trace.made if var.part in PARTS], key=PARTS.index, default="forward"
        )
        found = [self._result(var) for var in results]
        if self.watched:
            self.trace.call(watched, tuple(self.watched))
        return found

    def now(self, x: Any) -> Any:
        """What stands for an operand: Vars or numbers, in an array if it is one."""
        if isinstance(x, np.ndarray):
            return x.astype(object) if x.ndim else x.item()
        if type(x) is not Var:
            return x
        if x not in self.known:
            if x.function == "constant":
                self.known[x] = self.now(x.number)
            else:
                self.known[x] = self._items(x) if isinstance(x.number, np.ndarray) else x
        return self.known[x]

    def _expanded(self, var: Var) -> Any:
        function, args, kwargs = var.function, var.args, var.kwargs
        if var.is_scalar and all(x.is_scalar for x in var.operands()):
            numbers = mapped(args, self._number_now)
            self.watch(function, numbers)
            return self._kept(var, numbers)
        if function is assigned or function is added_at:
            places = 1 if function is assigned else 2
            fixed = mapped(args[1 : places + 1], self._fixed)
            return self.result(function, (self.now(args[0]), *fixed, *map(self.now, args[places + 1 :])), kwargs)
        if function in MOVING and function is not joined:
            first, *rest = args
            moved = mapped(first, self.now) if type(first) in NESTED else self.now(first)
            return self.result(function, (moved, *mapped(rest, self._fixed)), mapped(kwargs, self._fixed))
        return self.result(function, [self.now(x) for x in args], kwargs)

    def _number_now(self, x: Any) -> Any:
        return self.now(x) if type(x) is Var else x

    def _fixed(self, x: Any) -> Any:
        """What says where numbers are moved to must be the same at every call."""
        if type(x) is not Var:
            return x
        return x.number if x.function == "constant" else otherwise()

    def _asked(self, var: Var) -> None:
        truth = self.now(var.args[0])
        if type(truth) is Var:
            self._kept(var, (truth,))
        elif bool(truth) != var.number:
            otherwise()

    def _taken_together(self, var: Var) -> None:
        """What the program is given is taken out of one array where it is needed so too."""
        self.known[var] = self._items(self._kept(var, var.args))
        start = 0
        for x in var.args:
            self.known[x] = self.known[var][start : start + x.number.size].reshape(x.shape)
            for k, one in enumerate(self.known[x].flat):
                one.label = f"{x.label or 'v'}_{k}"
            start += x.number.size

    def _items(self, x: Var) -> np.ndarray:
        if x.number.dtype != FLOAT:
            otherwise()
        found = np.empty(x.shape, object)
        for k in range(found.size):
            found.flat[k] = one = self.trace.call(item, (x, k))
            one.part, one.label = "forward", f"{x.label or 'v'}_{k}"
        return found

    def _kept(self, var: Var, args: tuple) -> Var:
        """The same call of other Vars; the old one stays as it is, for it may be needed after all."""
        kept = Var(var.number, var.function, args, mapped(var.kwargs, self._number_now), self.trace.part)
        kept.label = var.label
        self.trace.made.append(kept)
        return kept

    def _result(self, var: Var) -> Var:
        known = self.now(var)
        if not isinstance(known, np.ndarray):
            return known if type(known) is Var else self.trace.given("constant", known)
        if var.is_given:
            return var
        if var.number.dtype != FLOAT:
            otherwise()
        if var not in self.packed:
            if var.function is part:
                whole, *where = var.args
                self.packed[var] = self.made(part, (self._result(whole), *where))
            else:
                self.packed[var] = self.made(packed, (var.shape, *known.flat))
                self.watched.update(dict.fromkeys(x for x in known.flat if type(x) is Var))
            self.packed[var].label = var.label
        return self.packed[var]


def _label(array: np.ndarray, label: str) -> None:
    for k, x in enumerate(array.flat):
        if type(x) is Var and x.label is None:
            x.label = f"{label}_{k}"
