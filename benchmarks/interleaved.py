"""Compare times fairly on a machine that has other work: whatever is compared takes turns, block by block."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")


class Seconds(NamedTuple):
    """How long a block took: on the clock, and on the processor (which other programs do not lengthen much)."""

    wall: float
    cpu: float


def take_turns(blocks: Mapping[str, Callable[[], T]], rounds: Mapping[str, int] | int) -> dict[str, list[T]]:
    """Run each block so many times, all in turn, every second round backwards; what they returned, by name.

    Where `rounds` differ, those with fewer rest in some rounds, evenly.

    >>> said = []
    >>> take_turns({"a": lambda: said.append("a"), "b": lambda: said.append("b")}, {"a": 4, "b": 2})
    {'a': [None, None, None, None], 'b': [None, None]}
    >>> "".join(said)
    'abaaba'
    """
    wanted = dict.fromkeys(blocks, rounds) if isinstance(rounds, int) else rounds
    most = max(wanted.values(), default=0)
    results: dict[str, list[T]] = {name: [] for name in blocks}
    for i in range(most):
        for name in list(blocks)[:: -1 if i % 2 else 1]:
            if (i + 1) * wanted[name] // most > i * wanted[name] // most:
                results[name].append(blocks[name]())
    return results


def repeated(function: Callable[[], object], times: int) -> Callable[[], float]:
    """A block that calls the function so many times and returns the seconds per call."""

    def block() -> float:
        start = time.perf_counter()
        for _ in range(times):
            function()
        return (time.perf_counter() - start) / times

    return block


def versions() -> str:
    return f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.system()} {platform.machine()}"
