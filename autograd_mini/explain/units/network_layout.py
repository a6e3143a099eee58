"""Place a network's circles in columns and the weights' numbers on their arrows, so that none covers another.

All numbers between two columns stand in one line across the arrows, each exactly on its own arrow.

>>> where, apart = best_line(np.array([-1.0, 0.0, 1.0]), np.array([-0.5, 0.5]), 0.15)
>>> round(where, 2), round(apart, 2)
(0.33, 0.33)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from autograd_mini.explain.units.network_view import BIAS, Arrow, Circle, NetworkView

#: Lengths are in inches, as Graphviz's positions are.
CIRCLE, PITCH, GAP, WIDEST_GAP = 0.8, 1.0, 2.2, 5.0
#: Beyond this many numbers between two columns, or this distance between two circles, none are written.
MOST_NUMBERS, WIDEST_PITCH = 24, 2.4


@dataclass(frozen=True)
class Layout:
    """Where things stand; x along the arrows, y across them, downwards."""

    circles: dict[str, tuple[float, float]]
    numbers: list[list[tuple[float, float]]] | None
    """For each gap a place on each of its arrows; None if the numbers are left out."""


def column(level: list[Circle]) -> dict[str, float]:
    """Where a column's circles stand across the arrows, in units of the pitch: units centred, the bias unit after."""
    units = sum(circle.kind != BIAS for circle in level)
    return {circle.id: i - (units - 1) / 2 for i, circle in enumerate(level)}


def best_line(tails: np.ndarray, heads: np.ndarray, edge: float, enough: float = np.inf) -> tuple[float, float]:
    """How far along the arrows to write the numbers (0 to 1), and how far apart they are there.

    Args:
        tails, heads: where the arrows begin and end, across.
        edge: how near to either end the line may come.
        enough: of all lines whose numbers are so far apart, the one nearest to the middle is taken; if there
            is none, the one whose numbers are farthest apart.
    """
    best, nearest = (0.5, 0.0), (0.5, np.inf)
    for t in np.linspace(edge, 1 - edge, 101):
        across = np.sort(((1 - t) * tails[:, None] + t * heads).ravel())
        apart = float(np.min(np.diff(across), initial=np.inf))
        best = max(best, (float(t), apart), key=lambda line: line[1])
        if apart >= enough and abs(t - 0.5) < nearest[1]:
            nearest = (float(t), abs(t - 0.5))
    return (nearest[0], enough) if np.isfinite(nearest[1]) else best


def lay_out(view: NetworkView, numbers: bool | None, along: float, across: float, circle: float) -> Layout:
    """Places for everything.

    Args:
        numbers: whether to write the weights; None where they fit.
        along, across: how large a number is along the arrows and across them.
        circle: the circles' diameter.
    """
    columns = [column(level) for level in view.levels]
    ends = [_ends(arrows, *pair) for arrows, pair in zip(view.gaps, pairwise(columns), strict=True)]
    narrow, clear = PITCH + circle - CIRCLE, (circle + along) / 2 + 0.12
    gaps = [GAP + 0.2 * max(map(len, pair)) for pair in pairwise(columns)]
    # The best line is 1/(n + 1) along arrows between n circles and more: the gap leaves room for it there.
    wide = [max(gap + along, clear * (min(map(len, end)) + 1)) for gap, end in zip(gaps, ends, strict=True)]
    wide = [min(gap, WIDEST_GAP + along) for gap in wide]
    edges = [clear / gap for gap in wide]
    farthest = [best_line(*end, edge)[1] for end, edge in zip(ends, edges, strict=True)]
    pitch = max([narrow, *(across / apart for apart in farthest if apart > 0)])
    if numbers is None:
        numbers = pitch <= WIDEST_PITCH and all(len(gap) <= MOST_NUMBERS for gap in view.gaps)
    pitch, gaps = (pitch, wide) if numbers else (narrow, gaps)
    starts = np.concatenate([[0.0], np.cumsum(gaps)])
    circles = {
        name: (float(start), pitch * y)
        for where, start in zip(columns, starts, strict=True)
        for name, y in where.items()
    }
    if not numbers:
        return Layout(circles, None)
    lines = [best_line(*end, edge, across / pitch)[0] for end, edge in zip(ends, edges, strict=True)]
    places = [[_between(circles, arrow, t) for arrow in gap] for gap, t in zip(view.gaps, lines, strict=True)]
    return Layout(circles, places)


def _ends(arrows: list[Arrow], before: dict[str, float], after: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    tails = [before[name] for name in dict.fromkeys(arrow.source for arrow in arrows)]
    heads = [after[name] for name in dict.fromkeys(arrow.target for arrow in arrows)]
    return np.array(tails), np.array(heads)


def _between(circles: dict[str, tuple[float, float]], arrow: Arrow, t: float) -> tuple[float, float]:
    (a, b), (c, d) = circles[arrow.source], circles[arrow.target]
    return (1 - t) * a + t * c, (1 - t) * b + t * d
