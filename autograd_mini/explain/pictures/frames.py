"""Lay a frame round the boxes of a layer that leaves out all others, with steps where they stand in its way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from autograd_mini.explain.pictures.layout import RANK_GAP, Placed, Point

#: The room between a frame and what is in it, and for its title.
PAD, TITLE = 5.0, 14.0


@dataclass
class Frames:
    """Where frames can go between boxes that have their places."""

    placed: Placed
    heights: list[float]
    """Of each box, across the arrows."""
    title_above: bool
    """Whether titles stand across the arrows, or before the first column."""

    @cached_property
    def columns(self) -> dict[int, list[int]]:
        """The boxes by rank."""
        columns: dict[int, list[int]] = {}
        for i, rank in enumerate(self.placed.ranks):
            columns.setdefault(rank, []).append(i)
        return columns

    def outline(self, members: set[int], inner: int) -> list[Point]:
        """The corners of a frame that has room for `inner` frames inside, as (along, across) the arrows."""
        pad, head = PAD * (1 + inner), TITLE * (1 + inner)
        before, above = (0.0, head) if self.title_above else (head, 0.0)
        ends = [y for i in members for y in self._span(i)]
        ranks = [self.placed.ranks[i] for i in members]
        upper, lower = [], []
        for rank in range(min(ranks), max(ranks) + 1):
            start, end = self.placed.columns[rank]
            start -= pad + before if rank == min(ranks) else RANK_GAP / 2
            end += pad if rank == max(ranks) else RANK_GAP / 2
            top, bottom = self._room(rank, members, pad + above, pad)
            top, bottom = max(top, min(ends) - pad - above), min(bottom, max(ends) + pad)
            upper += [(start, top), (end, top)]
            lower += [(start, bottom), (end, bottom)]
        return upper + lower[::-1]

    def _room(self, rank: int, members: set[int], above: float, below: float) -> Point:
        """Between which places a rank is free of others; the room asked for is not given up for them."""
        column = self.columns.get(rank, [])
        inside = [y for i in column if i in members for y in self._span(i)]
        top, bottom = float("-inf"), float("inf")
        for first, last in (self._span(i) for i in column if i not in members and inside):
            if last <= min(inside):
                top = max(top, min((last + min(inside)) / 2, min(inside) - above))
            else:
                bottom = min(bottom, max((first + max(inside)) / 2, max(inside) + below))
        return top, bottom

    def _span(self, i: int) -> Point:
        y, half = self.placed.centres[i][1], self.heights[i] / 2
        return y - half, y + half
