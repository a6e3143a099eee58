"""Take arrays apart into numbers and put numbers together, and many arrays in one, in the calls of a program.

>>> item(np.array([[1.0, 2.0], [3.0, 4.0]]), 2), packed((1, 2), 5.0, 6.0)
(3.0, array([[5., 6.]]))
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from struct import Struct
from sys import getrefcount
from typing import Any

import numpy as np


def item(array: np.ndarray, k: int) -> Any:
    """The k-th number of an array; a program takes all of one array at once."""
    return array.ravel()[k].item()


def packed(shape: tuple[int, ...], *numbers: float) -> np.ndarray:
    """The numbers as a new array."""
    array = np.empty(shape)
    packing(len(numbers))(array, 0, *numbers)
    return array


@cache
def packing(count: int) -> Callable[..., None]:
    """What writes so many floats into memory, in a third of the time that np.array takes."""
    return Struct(f"{count}d").pack_into


class Parts:
    """Flat arrays, each followed by its parts in their shapes: written into again once nobody else has any of it.

    >>> parts = Parts([(2,), (1, 2)], np.dtype(float))
    >>> flat, one, two = left = parts()
    >>> parts.made.append(left)
    >>> flat[:] = 1.0, 2.0, 3.0, 4.0
    >>> one, two
    (array([1., 2.]), array([[3., 4.]]))
    >>> del flat, two
    >>> one is parts()[1]
    False
    >>> del one
    >>> parts() is left
    True
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], dtype: np.dtype) -> None:
        self.shapes, self.dtype = shapes, dtype
        self.made: list[list[np.ndarray]] = []
        """Whoever is given arrays puts them back here, as soon as other names hold them too."""
        self.now: Sequence[Any] = [None] * (len(shapes) + 1)
        """What the last call has left to the parameters."""
        self.alone: list[int] = list(map(getrefcount, self._new()))
        """How often each is mentioned when nobody else has it; a view of a view is one of the flat array."""

    def _new(self) -> list[np.ndarray]:
        ends = list(accumulate(map(math.prod, self.shapes)))
        flat = np.empty(ends[-1], self.dtype)
        cuts = zip(ends, self.shapes, strict=True)
        return [flat, *[flat[end - math.prod(shape) : end].reshape(shape) for end, shape in cuts]]

    def __call__(self) -> list[np.ndarray]:
        for _ in range(len(self.made)):
            arrays = self.made.pop(0)  # so that no other thread takes them before they are put back
            if list(map(getrefcount, arrays)) == self.alone:
                return arrays
            if len(self.made) < 2:
                self.made.append(arrays)
        return self._new()


class Shared:
    """What the programs of one compiled function have in common."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """For one at a time may use a program's memory."""
        self.things: dict[Any, Any] = {}

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """The thing of this name, made when it is asked for first."""
        if key not in self.things:
            self.things[key] = make()
        return self.things[key]
