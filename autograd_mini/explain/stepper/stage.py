"""Place the boxes, arrows and layers of the stepper's picture, once for the page, the stills and the animation.

Graphviz (or what stands in for it, see `picture`) decides where everything goes; only the places are
read from its drawing, so that each surface can draw every step in its own way.

>>> placed = place_boxes([Box((60, 50)), Box((60, 50))], [(0, 1)], [], "LR")
>>> (x, y, w, h), (x2, *_) = placed.boxes
>>> (w, h), x2 > x + w, placed.arrows[0][:1]
((60, 50), True, 'M')
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograd_mini.explain.pictures.picture import SVG, Picture, by_layout

Rectangle = tuple[float, float, float, float]
"""x, y (of the upper left corner), width, height."""

#: `dot` takes minutes for thousands of boxes; the built-in layout does not.
MOST_FOR_DOT = 600
MARGIN = 6.0


class Box(NamedTuple):
    """What is to be placed."""

    size: tuple[float, float]
    group: int | None = None


class Group(NamedTuple):
    """A layer: a frame round its boxes and the groups inside it."""

    label: str
    parent: int | None = None


@dataclass(frozen=True)
class Placed:
    """Where everything goes, in pixels from the upper left corner."""

    size: tuple[float, float]
    boxes: list[Rectangle]
    arrows: list[str]
    """SVG paths, from the source's border to the target's."""
    frames: list[Rectangle | None]
    """Per group; None where no frame can be drawn without strangers in it."""


def place_boxes(
    boxes: Sequence[Box], arrows: Sequence[tuple[int, int]], groups: Sequence[Group], direction: str
) -> Placed:
    """Lay out boxes, arrows (from, to) and groups; `direction` is "LR" or "TB"."""
    picture = Picture(
        graph_attr={"rankdir": direction, "ordering": "in", "nodesep": "0.14", "ranksep": "0.25", "fontsize": "11"},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        edge_attr={"arrowhead": "none"},
    )
    _fill(picture, boxes, groups, None)
    out, into = ("e", "w") if direction == "LR" else ("s", "n")
    for i, (source, target) in enumerate(arrows):
        picture.edge(f"n{source}", f"n{target}", id=f"arrow{i}", tailport=out, headport=into)
    return _read(_drawn(picture, len(boxes)), len(boxes), len(arrows), len(groups))


def _fill(picture: Picture, boxes: Sequence[Box], groups: Sequence[Group], parent: int | None) -> None:
    for i, box in enumerate(boxes):
        if box.group == parent:
            wide, high = (f"{side / 72:.4f}" for side in box.size)
            picture.node(f"n{i}", id=f"box{i}", width=wide, height=high)
    for i, group in enumerate(groups):
        if group.parent == parent:
            # Room for the label is kept by Graphviz; the text itself is the surface's affair.
            room = {"label": "n" * len(group.label), "margin": "10", "labeljust": "l"}
            inner = Picture(f"cluster{i}", graph_attr={"id": f"group{i}"} | room)
            _fill(inner, boxes, groups, i)
            picture.subgraph(inner)


def _drawn(picture: Picture, count: int) -> str:
    return picture.svg() if count <= MOST_FOR_DOT else by_layout(picture)


# -- reading -------------------------------------------------------------------------------------------


def _read(svg: str, boxes: int, arrows: int, groups: int) -> Placed:
    parts = {group.get("id"): group for group in ET.fromstring(svg).iter(f"{{{SVG}}}g") if group.get("id")}
    found = [_rectangle(parts[f"box{i}"]) for i in range(boxes)]
    frames = [_rectangle(parts[f"group{i}"]) if f"group{i}" in parts else None for i in range(groups)]
    paths = [_path(parts[f"arrow{i}"]) for i in range(arrows)]
    corners = [frame for frame in [*found, *frames] if frame is not None]
    xs = [x for frame in corners for x in (frame[0], frame[0] + frame[2])] + [p[0] for path in paths for p in path]
    ys = [y for frame in corners for y in (frame[1], frame[1] + frame[3])] + [p[1] for path in paths for p in path]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN

    def moved(frame: Rectangle) -> Rectangle:
        x, y, wide, high = frame
        return (round(x - left), round(y - top), round(wide), round(high))

    return Placed(
        size=(round(max(xs) - left + MARGIN), round(max(ys) - top + MARGIN)),
        boxes=[moved(frame) for frame in found],
        arrows=[_written([(x - left, y - top) for x, y in path]) for path in paths],
        frames=[None if frame is None else moved(frame) for frame in frames],
    )


def _rectangle(group: ET.Element) -> Rectangle:
    """Graphviz draws boxes as polygons, the built-in layout as rectangles."""
    rect = group.find(f"{{{SVG}}}rect")
    if rect is not None:
        x, y, wide, high = (float(rect.get(key, "0")) for key in ("x", "y", "width", "height"))
        return (x, y, wide, high)
    polygon = group.find(f"{{{SVG}}}polygon")
    points = _points(polygon.get("points", "") if polygon is not None else "")
    xs, ys = zip(*points, strict=True)
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _path(group: ET.Element) -> list[tuple[float, float]]:
    """The points of one cubic spline: its start, then three a piece."""
    path = group.find(f"{{{SVG}}}path")
    return _points(path.get("d", "") if path is not None else "")


def _points(text: str) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _written(points: list[tuple[float, float]]) -> str:
    first, *rest = [f"{x:.0f},{y:.0f}" for x, y in points]
    return f"M{first}C{' '.join(rest)}"
