"""Say which memory each array of a program may live in: buffers that are made once, and used again when free.

>>> x = Var(np.ones(2), "argument", (), {}, "")
>>> y = Var(np.ones(2), np.exp, (x,), {}, "")
>>> z = Var(np.ones(2), np.sqrt, (y,), {}, "")
>>> w = Var(np.float64(2), np.add.reduce, (z,), {}, "")
>>> plan = planned([y, z, w], [w])
>>> plan[y] == plan[z] == 0  # in place: nothing needs y after z
True
>>> z is planned([y, z], [z], [z])[y]  # z leaves: y is written where z will be
True
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from sys import getrefcount
from typing import Any

import numpy as np

from autograd_mini.nn.windows import copies, sum_back
from autograd_mini.replay.flat import packed
from autograd_mini.replay.trace import Var
from autograd_mini.replay.traced import added_at, assigned, cast
from autograd_mini.replay.updating import joined, part

#: Functions whose result is new memory; that of others may be a view of an operand's.
_FRESH = frozenset(
    {
        *(np.dot, np.where, np.concatenate, np.take, np.take_along_axis, np.cumsum),
        *(assigned, added_at, cast, joined, part, packed, copies, sum_back),
    }
)


def takes_out(var: Var) -> bool:
    """Can the call write into memory that it is given?"""
    number, function = var.number, var.function
    if type(number) is not np.ndarray or not number.size:
        return False
    if isinstance(function, np.ufunc):
        return function.nout == 1 and not var.kwargs and number.dtype.kind in "fiub"
    if function is np.dot:
        # NumPy asks for the same type on both sides, and for an array as the result
        types = {getattr(getattr(x, "number", x), "dtype", None) for x in var.args}
        return types == {number.dtype}
    return is_reduction(function)


def is_reduction(function: Any) -> bool:
    return isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce"


def is_fresh(var: Var) -> bool:
    """Is the result surely not a view of an operand?"""
    function = var.function
    random = isinstance(getattr(function, "__self__", None), np.random.Generator)
    return isinstance(function, np.ufunc) or is_reduction(function) or random or function in _FRESH


#: From so many bytes on it pays to use an array again instead of asking the system for memory.
LARGE = 1 << 16


class Spare:
    """Arrays that left a program, to be written into again once nobody else has them.

    >>> spare = Spare((2,), np.dtype(float))
    >>> one, two = spare(), spare()
    >>> one is two
    False
    >>> del one
    >>> spare() is two
    False
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape, self.dtype = shape, dtype
        self.arrays: list[np.ndarray] = []

    def __call__(self) -> np.ndarray:
        for array in self.arrays:
            if getrefcount(array) == 3:  # the list's, the loop's and the question's own: no view looks into it either
                return array
        array = np.empty(self.shape, self.dtype)
        if len(self.arrays) < 3:
            self.arrays.append(array)
        return array


def planned(
    calls: Sequence[Var], leaving: Sequence[Var], spared: Collection[Var] = frozenset()
) -> dict[Var, int | Var]:
    """The number of the buffer that each call writes into; those that leave the program get new memory.

    What is needed for one of the `spared` alone, large arrays that leave, is written where that will be: there it
    stands instead of a number.
    """
    gone = set(leaving)
    roots: dict[Var, frozenset[int]] = {}
    last_use: dict[int, int] = {}
    written = [var for var in calls if takes_out(var) and var not in gone]
    if not written:
        return {}
    number_of = {var: i for i, var in enumerate(written)}
    for place, var in enumerate(calls):
        below = frozenset().union(*(roots.get(x, frozenset()) for x in var.operands()))
        own = frozenset({number_of[var]}) if var in number_of else frozenset()
        roots[var] = own if own or is_fresh(var) or type(var.number) is not np.ndarray else below
        for root in below | own:
            last_use[root] = place
    for var in leaving:  # a view of a buffer is copied at the end
        for root in roots.get(var, ()):
            last_use[root] = len(calls)
    plan: dict[Var, int | Var] = {}
    ready = _written_in_place(calls, spared, number_of, roots, last_use)
    free: defaultdict[Any, list[int]] = defaultdict(list)
    held: dict[int, tuple[Any, int]] = {}  # root -> (kind, buffer)
    count = 0
    for place, var in enumerate(calls):
        dying = [root for root in held if last_use[root] == place]
        in_place = _is_elementwise(var)
        if in_place:
            _release(dying, held, free, place)
        if var in ready:
            plan[var] = ready[var]
        elif var in number_of:
            kind = _kind(var)
            if free[kind]:
                buffer = free[kind].pop()
            else:
                buffer, count = count, count + 1
            plan[var] = buffer
            held[number_of[var]] = kind, buffer
        if not in_place:
            _release(dying, held, free, place)
    return plan


def _written_in_place(
    calls: Sequence[Var],
    spared: Collection[Var],
    number_of: dict[Var, int],
    roots: dict[Var, frozenset[int]],
    last_use: dict[int, int],
) -> dict[Var, Var]:
    """What will be another's memory -> that other, unless it takes the place of an operand of its own."""
    place_of = {var: place for place, var in enumerate(calls)}
    kinds = {number_of[var]: _kind(var) for var in number_of}

    def dying(var: Var) -> set[int]:
        used = frozenset().union(*(roots.get(x, frozenset()) for x in var.operands()))
        return {root for root in used if last_use[root] == place_of[var] and kinds[root] == _kind(var)}

    ready: dict[Var, Var] = {}
    for var in spared:
        if var in place_of and _is_elementwise(var):
            ends = dying(var)
            for x in var.operands():
                if number_of.get(x) in ends and not (_is_elementwise(x) and dying(x)):
                    ready[x] = var
                    break
    return ready


def _is_elementwise(var: Var) -> bool:
    return isinstance(var.function, np.ufunc) and var.function.signature is None


def _kind(var: Var) -> Any:
    return var.number.dtype, var.number.shape, None if var.number.flags.c_contiguous else var.number.strides


def settle_orders(calls: Sequence[Var]) -> None:
    """Let every number lie in memory as what the call gives: as recorded, but for what a shorter call made since.

    NumPy's loops are long along the axis that is the last in memory: buffers have the order that the engine's arrays
    had, such as that of a convolution, whose pictures lie pixel by pixel.
    """
    as_recorded: set[Var] = set()
    for var in calls:
        if var.function is np.dot:
            same = type(var.number) is not np.ndarray or var.number.flags.c_contiguous
        else:
            same = all(x.is_given or x in as_recorded for x in var.operands())
        if same:
            as_recorded.add(var)
        elif type(var.number) is np.ndarray:
            var.number = np.empty(var.shape, var.number.dtype)


def _release(roots: list[int], held: dict, free: dict, place: int) -> None:
    for root in roots:
        kind, buffer = held.pop(root)
        free[kind].append(buffer)
