"""Draw a network as the lecture does: units as circles, weights on the arrows between them.

>>> from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
>>> print(draw_network(record(WORKED, INPUTS, TARGET).output).listing)
A = 1
B = 0
C = 1 (bias unit)
D = 0.90
    w_DA = 3.7
    w_DB = 3.7
    w_DC = −1.5
E = 0.17
    w_EA = 2.9
    w_EB = 2.9
    w_EC = −4.5
F = 1 (bias unit)
G = 0.76
    w_GD = 4.5
    w_GE = −5.2
    w_GF = −2.0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import as_text, is_whole
from autograd_mini.explain.pictures.draw import Picture
from autograd_mini.explain.pictures.labels import width
from autograd_mini.explain.units.network_layout import CIRCLE, Layout, lay_out
from autograd_mini.explain.units.network_view import (
    BIAS,
    HIDDEN,
    INPUT,
    MORE,
    OUTPUT,
    Arrow,
    Circle,
    NetworkView,
    collect,
    view,
)
from autograd_mini.explain.units.network_words import Words
from autograd_mini.explain.units.running import positive_rate

FILL = {INPUT: "#dbeafe", HIDDEN: "#f3f4f6", OUTPUT: "#fde68a", BIAS: "#ffffff"}
POSITIVE, NEGATIVE, ZERO, INK = "#2563eb", "#dc2626", "#9ca3af", "#1f2937"
FONT, NUMBER_FONT, POINT = 13, 11, 1 / 72
#: The arrows' width in points, from weight 0 to the largest.
THIN, THICK = 0.6, 4.0


def draw_network(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    learning_rate: float | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    example: int = 0,
    names: Sequence[Sequence[str]] | None = None,
    bias_names: Sequence[str | None] | None = None,
    direction: str = "LR",
    digits: int = 2,
    max_units: int = 12,
    weights: bool | None = None,
) -> Picture:
    """The picture of a dense network: units with their values, weights, and after backpropagation δ and Δw.

        δ = −∂E/∂s        Δw = −µ ∂E/∂w

    Blue arrows are positive weights, red ones negative, the thicker the larger. The picture has everything
    again as text, `picture.listing`. Nothing of the model changes, neither its `.grad` nor its running statistics.

    Args:
        model: a module or a function of `x` made of dense layers; or a recorded Value, an output or a loss: then
            without `x` and `y`, and with δ and Δw if `backward()` has been called on it, or if it is a loss
            and a `learning_rate` is given.
        x: what to run it on; without it there are only units and weights, and the model must be a module.
        y: the targets; with them δ and Δw are computed.
        learning_rate: µ > 0, to show Δw.
        loss: a function of (prediction, target); by default the lecture's ½ Σ (y − ŷ)².
        example: of a batch, whose values and δ to show; Δw is that of the whole batch.
        names, bias_names: names for the units, as in `find_units`.
        direction: "LR" draws from left to right, "TB" from top to bottom.
        digits: significant digits of the numbers.
        max_units: of a layer with more units, the first and the last ones are drawn.
        weights: whether to write the weights' numbers; by default where they fit.

    Raises:
        NotDenseError: the graph is no stack of dense layers; the message names the node that does not fit.
        GraphError: δ or Δw are to be shown, and a gradient hook is registered in the graph.
        TypeError, ValueError, IndexError: an argument that is none of the above.

    >>> from autograd_mini import nn
    >>> picture = draw_network(nn.MLP([2, 2, 1], "sigmoid"))
    >>> picture.listing.splitlines()[:3]
    ['x1', 'x2', '1 (bias unit)']
    """
    if direction not in ("LR", "TB"):
        raise ValueError(f"draw_network: direction must be 'LR' or 'TB', got {direction!r}")
    if not is_whole(max_units, 4):
        raise ValueError(f"draw_network: max_units must be at least 4, got {max_units!r}")
    rate = None if learning_rate is None else positive_rate("draw_network", learning_rate)
    found = collect(model, x, y, loss, names, bias_names, rate)
    words = Words(view(found, rate, example, max_units), digits)
    return _Drawing(words.view, words, direction).picture(weights)


@dataclass(frozen=True)
class _Drawing:
    view: NetworkView
    words: Words
    direction: str

    def picture(self, weights: bool | None) -> Picture:
        layout = self._layout(weights)
        picture = Picture(
            graph_attr={
                "layout": "neato",  # it puts the circles where they are told to be
                "rankdir": self.direction,  # for renderers that do not
                "splines": "line",
                "outputorder": "edgesfirst",
                "bgcolor": "white",
                "label": as_text("\n".join(self.words.caption(layout.numbers is None))),
                "fontname": "Helvetica,Arial,sans-serif",
                "fontsize": "12",
                "fontcolor": INK,
            },
            node_attr={"fontname": "Helvetica,Arial,sans-serif", "fontcolor": INK, "color": "#6b7280"},
            edge_attr={"arrowsize": "0.7", "fontname": "Helvetica,Arial,sans-serif"},
        )
        for level in self.view.levels:
            with picture.subgraph() as column:
                column.attr(rank="same")
                for circle in level:
                    self._draw_circle(column, circle, layout)
        for i, arrows in enumerate(self.view.gaps):
            for j, arrow in enumerate(arrows):
                self._draw_arrow(picture, arrow, None if layout.numbers is None else layout.numbers[i][j])
        picture.listing = "\n".join(self.words.listing())
        picture.title = f"network of {'-'.join(map(str, self.view.sizes))} units"
        picture.description = picture.listing
        return picture

    # -- sizes -------------------------------------------------------------------------------------

    def _layout(self, weights: bool | None) -> Layout:
        labels = ["\n".join(self.words.number_lines(arrow)).split("\n") for gap in self.view.gaps for arrow in gap]
        wide = max((width(line) for lines in labels for line in lines), default=0) * NUMBER_FONT * POINT + 0.06
        high = max(map(len, labels), default=0) * NUMBER_FONT * 1.25 * POINT + 0.06
        along, across = (wide, high) if self.direction == "LR" else (high, wide)
        return lay_out(self.view, weights, along, across, self._diameter)

    @cached_property
    def _diameter(self) -> float:
        """One for all circles, as large as the fullest needs."""
        needs = [CIRCLE]
        for circle in (circle for level in self.view.levels for circle in level if circle.kind != MORE):
            lines = self.words.circle_lines(circle)
            wide, high = max(map(width, lines), default=0) * FONT * POINT, len(lines) * FONT * 1.2 * POINT
            needs.append(float((wide**2 + high**2) ** 0.5))
        return round(max(needs), 2)

    def _place(self, place: tuple[float, float]) -> str:
        x, y = place if self.direction == "LR" else (place[1], -place[0])
        return f"{x:.3f},{-y if self.direction == 'LR' else y:.3f}!"

    # -- circles -----------------------------------------------------------------------------------

    def _draw_circle(self, column: Any, circle: Circle, layout: Layout) -> None:
        place = layout.circles[circle.id]
        if circle.kind == MORE:
            label = circle.name.replace("… ", "⋮\n", 1)
            column.node(circle.id, as_text(label), shape="plaintext", fontsize="12", pos=self._place(place))
            return
        column.node(
            circle.id,
            as_text("\n".join(self.words.circle_lines(circle))),
            shape="circle",
            style="filled,dashed" if circle.kind == BIAS else "filled",
            fillcolor=FILL[circle.kind],
            fixedsize="true",
            width=f"{self._diameter}",
            fontsize=f"{FONT}",
            tooltip="   ".join(self.words.circle_texts(circle)),
            pos=self._place(place),
        )
        if circle.target is not None:
            room = 0.55 if self.direction == "LR" else 0.2
            beside = (place[0] + self._diameter / 2 + room, place[1])
            target = self.words.target(circle.target)
            column.node(f"y_{circle.id}", as_text(target), shape="plaintext", fontsize="12", pos=self._place(beside))

    # -- arrows ------------------------------------------------------------------------------------

    def _draw_arrow(self, picture: Picture, arrow: Arrow, place: tuple[float, float] | None) -> None:
        largest = self.words.largest
        size = min(1.0, abs(arrow.weight) / largest) if largest and np.isfinite(arrow.weight) else 0.0
        color = POSITIVE if arrow.weight > 0 else NEGATIVE if arrow.weight < 0 else ZERO
        look = {"color": _mixed(color, 0.35 + 0.65 * size), "penwidth": f"{THIN + (THICK - THIN) * size:.2f}"}
        look["tooltip"] = ", ".join(self.words.weight_texts(arrow))
        if place is None:
            picture.edge(arrow.source, arrow.target, **look)
            return
        middle = f"{arrow.source}_{arrow.target}"
        picture.node(
            middle,
            as_text("\n".join(self.words.number_lines(arrow))),
            shape="plain",
            style="filled",
            fillcolor="white",
            fontcolor=color,
            fontsize=f"{NUMBER_FONT}",
            pos=self._place(place),
        )
        picture.edge(arrow.source, middle, arrowhead="none", **look)
        picture.edge(middle, arrow.target, **look)


def _mixed(color: str, strength: float) -> str:
    """A colour mixed with white."""
    parts = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02x}" for part in parts)
