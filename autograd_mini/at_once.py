"""Change many objects at once: Ctrl-C, or another thread, finds all of them changed or none.

Between two instructions of Python an interrupt may strike or another thread take over; while C runs, it may not.
So what is to change is computed first, and then changed by a loop that runs in C.

>>> v, w = Value(1.0), Value(2.0)
>>> _ = at_once(new_data([(v, 3.0), (w, 4.0)]))()
>>> v.data, w.data
(3.0, 4.0)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, repeat, starmap
from operator import call
from typing import Any

from autograd_mini.value import Value, next_age

#: What `setattr` comes down to: C alone, also on a class with a `__setattr__` of its own.
assign = object.__setattr__
#: The same, one after the other, as C reads it.
_ages: Iterator[int] = next_age.__self__  # type: ignore[attr-defined]


def at_once(calls: Iterable[tuple[Any, ...]]) -> Callable[[], Any]:
    """What makes these calls, each a tuple (function, *arguments), when it is called itself.

    A second time it does nothing. All or none only if the functions and the iterable are C's own, and none raises.
    """
    return partial(deque, starmap(call, calls), 0)  # a queue of length 0 keeps nothing of what it is given


def exhaust(*work: Iterable[Any]) -> None:
    """Go through iterators which change something on the way, at once: the same for many that are alike."""
    deque(chain(*work), 0)


def setting(things: Iterable[Any], name: str, items: Iterable[Any]) -> Iterator[Any]:
    """Gives each thing its item as an attribute. Not for a class with a `__setattr__` of its own, which is no C."""
    return map(setattr, things, repeat(name), items)


def setting_data(leaves: Sequence[Value], numbers: Sequence[Any]) -> tuple[Iterator[Any], ...]:
    """Gives leaves new numbers, as `new_data` does."""
    return setting(leaves, "_data", numbers), setting(leaves, "age", _ages)


def new_data(pairs: Sequence[tuple[Value, Any]]) -> Iterable[tuple[Any, ...]]:
    """The calls that give leaves new numbers: as `w.data = numbers`, but unchecked and not copied."""
    leaves, numbers = [w for w, _ in pairs], [x for _, x in pairs]
    # The ages are drawn in the same loop: younger than whatever another thread has recorded with the old numbers.
    ages = zip(repeat(assign), leaves, repeat("age"), iter(next_age, None), strict=False)
    return chain(zip(repeat(assign), leaves, repeat("_data"), numbers, strict=False), ages)
