"""Choose colours by number: gradients by their size, arrays as small heat maps.

Every colour is light enough for black text, and none relies on telling red from green.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import shown
from autograd_mini.explain.pictures.labels import Tile

ABSENT, ZERO, NOT_FINITE = "#ffffff", "#f3f4f6", "#f9a8d4"
#: From the smallest gradients to the largest.
LEVELS = ("#fff7db", "#fee8b0", "#fdd07f", "#fdb35c", "#fb9148")
#: So many powers of ten below the largest, all gradients look alike.
DECADES = 6
#: The most cells of a heat map: rows, columns.
CELLS = (8, 16)
COLD, MIDDLE, HOT = (37, 99, 235), (248, 250, 252), (220, 38, 38)


@dataclass(frozen=True)
class Scale:
    """Gradients by their largest entry, in equal steps of the logarithm."""

    low: float
    high: float

    @classmethod
    def of(cls, gradients: Iterable[Any]) -> Scale | None:
        """A scale from the smallest to the largest; None where there is no gradient at all.

        >>> Scale.of([1.0, None, np.array([0.01, -0.5])])
        Scale(low=0.5, high=1.0)
        """
        sizes = [s for s in map(size, gradients) if s is not None and isfinite(s) and s > 0]
        if not sizes:
            return None
        return cls(max(min(sizes), max(sizes) * 10.0**-DECADES), max(sizes))

    def color(self, gradient: Any) -> str:
        largest = size(gradient)
        if largest is None:
            return ABSENT
        if not isfinite(largest):
            return NOT_FINITE
        return ZERO if largest == 0 else LEVELS[self._level(largest)]

    def _level(self, largest: float) -> int:
        if self.high <= self.low:
            return len(LEVELS) - 1
        part = log10(max(largest, self.low) / self.low) / log10(self.high / self.low)
        return min(len(LEVELS) - 1, floor(part * len(LEVELS)))

    def legend(self) -> list[Tile]:
        """The colours, each with the smallest gradient that gets it."""
        step = (self.high / self.low) ** (1 / len(LEVELS))
        if self.high <= self.low:
            return [Tile(LEVELS[-1], shown(self.high, 2))]
        tiles = [Tile(color, f"≥ {shown(self.low * step**i, 2)}") for i, color in enumerate(LEVELS)]
        return [Tile(ZERO, "0"), *tiles]


def size(gradient: Any) -> float | None:
    """A gradient's largest entry, None where there is none."""
    if gradient is None or not np.size(gradient):
        return None
    return float(np.max(np.abs(gradient)))


def heat_tiles(array: Any) -> list[list[Tile]]:
    """An array as rows of colours: blue below 0, white at 0, red above, strongest at its largest entry.

    A larger array than `CELLS` is averaged in blocks; further axes than two are joined to the rows.

    >>> heat_tiles(np.array([1.0, 0.0]))
    [[Tile(color='#dc2626', text=''), Tile(color='#f8fafc', text='')]]
    """
    table = np.asarray(array, dtype=float)
    table = table.reshape(-1, table.shape[-1]) if table.ndim and table.size else np.zeros((0, 0))
    with np.errstate(all="ignore"):
        for axis, most in enumerate(CELLS):
            if table.shape[axis] > most:
                blocks = np.array_split(table, most, axis=axis)
                table = np.stack([block.mean(axis=axis) for block in blocks], axis=axis)
        finite = np.abs(table[np.isfinite(table)])
        largest = finite.max() if finite.size and finite.max() else 1.0
        return [[Tile(_mixed(entry / largest)) for entry in row] for row in table]


def _mixed(part: float) -> str:
    """White for 0, towards the cold or the hot colour at −1 or 1."""
    if part != part:
        return NOT_FINITE
    end, much = (HOT if part > 0 else COLD), min(1.0, abs(part))
    return "#" + "".join(f"{round(m + (e - m) * much):02x}" for m, e in zip(MIDDLE, end, strict=True))
