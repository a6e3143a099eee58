"""Say what a picture of a network shows: the lines in its circles and on its arrows, its caption, its listing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograd_mini.explain.formatting import shown
from autograd_mini.explain.units.network_view import BIAS, INPUT, Arrow, Circle, NetworkView

#: A longer name is cut in the picture; the listing has all of it.
LONGEST_NAME = 10


@dataclass(frozen=True)
class Words:
    """The words for one view, its numbers with so many significant digits."""

    view: NetworkView
    digits: int

    def circle_lines(self, circle: Circle) -> list[str]:
        name = circle.name if len(circle.name) <= LONGEST_NAME else circle.name[: LONGEST_NAME - 1] + "…"
        lines = [name] if name else []
        if circle.value is not None and (circle.name or circle.kind != BIAS):
            lines.append(self.value(circle))
        if circle.kind == BIAS and not name:
            lines = ["1"]
        if circle.delta is not None:
            lines.append(f"δ {self.shown(circle.delta)}")
        return lines

    def number_lines(self, arrow: Arrow) -> list[str]:
        lines = [self.shown(arrow.weight)]
        return lines if arrow.update is None else [*lines, f"Δw {self.shown(arrow.update)}"]

    @cached_property
    def largest(self) -> float:
        sizes = (abs(arrow.weight) for gap in self.view.gaps for arrow in gap)
        return max((size for size in sizes if np.isfinite(size)), default=0.0)

    def shown(self, number: float) -> str:
        """A rounded number with all its digits, also if the last ones are 0: 0.90."""
        whole = len(str(int(abs(number)))) if abs(number) < 1e4 else 0  # 123 rather than 1.2e+02
        digits = max(self.digits, whole)
        text = shown(number, digits)
        significant = len(text.lstrip("−").replace(".", "").lstrip("0"))
        if not text.strip("−.0") or not text[-1].isdigit() or "e" in text or significant >= digits:
            return text
        return text + "." * ("." not in text) + "0" * (digits - significant)

    def value(self, circle: Circle) -> str:
        number = circle.value if circle.value is not None else 0.0
        return shown(number, self.digits) if circle.kind in (INPUT, BIAS) else self.shown(number)

    def target(self, number: float) -> str:
        return f"y = {shown(number, self.digits)}"

    def weight_texts(self, arrow: Arrow) -> list[str]:
        update = [] if arrow.update is None else [f"Δw = {self.shown(arrow.update)}"]
        return [f"{arrow.name} = {self.shown(arrow.weight)}", *update]

    def caption(self, left_out: bool) -> list[str]:
        lines = [" · ".join(self.view.facts)]
        if left_out:
            lines.append(f"blue w > 0, red w < 0, the thicker the larger, up to |w| = {self.shown(self.largest)}")
            lines.append("all numbers: picture.listing")
        return lines

    def listing(self) -> list[str]:
        arrows: dict[str, list[Arrow]] = {}
        for arrow in (arrow for gap in self.view.gaps for arrow in gap):
            arrows.setdefault(arrow.target, []).append(arrow)
        lines = []
        for circle in (circle for level in self.view.levels for circle in level):
            lines.append("   ".join(self.circle_texts(circle)))
            lines += ["    " + "   ".join(self.weight_texts(arrow)) for arrow in arrows.get(circle.id, [])]
        return lines

    def circle_texts(self, circle: Circle) -> list[str]:
        """All there is to say of a unit, its name in full."""
        value = "" if circle.value is None else f" = {self.value(circle)}"
        if circle.kind == BIAS:
            value = " = 1 (bias unit)" if circle.name else " (bias unit)"
        delta = [] if circle.delta is None else [f"δ = {self.shown(circle.delta)}"]
        target = [] if circle.target is None else [self.target(circle.target)]
        return [f"{circle.name or '1'}{value}", *delta, *target]
