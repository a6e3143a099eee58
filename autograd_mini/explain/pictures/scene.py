"""Collect what a picture shows: boxes with their sizes, edges and frames, each with the attributes that hold for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import hypot
from typing import TYPE_CHECKING, Any

from autograd_mini.explain.pictures.labels import Label, Line, Tile, parts, width
from autograd_mini.explain.pictures.layout import Point

if TYPE_CHECKING:
    from autograd_mini.explain.pictures.picture import Picture

#: Of a text in its font's size; of a tile in points.
LINE, TILE = 1.3, 9.0
ROUND = ("ellipse", "circle", "oval", "doublecircle", "point")


@dataclass(frozen=True)
class Text:
    """A label with its size."""

    lines: tuple[Line, ...]
    tiles: tuple[tuple[Tile, ...], ...]
    font: float
    color: str | None
    centred: bool

    @property
    def size(self) -> Point:
        wide = max((width(line.text, line.bold) * self.font for line in self.lines), default=0.0)
        tiles = max((sum(self.tile_width(tile) for tile in row) for row in self.tiles), default=0.0)
        return max(wide, tiles), len(self.lines) * self.font * LINE + sum(map(self.row_height, self.tiles))

    def tile_width(self, tile: Tile) -> float:
        return width(tile.text) * self.font + 8 if tile.text else TILE

    def row_height(self, row: tuple[Tile, ...]) -> float:
        return self.font * LINE + 4 if any(tile.text for tile in row) else TILE


@dataclass
class Box:
    name: str
    attributes: dict[str, Any]
    text: Text
    groups: tuple[int, ...] = ()

    @property
    def size(self) -> Point:
        w, h = self.text.size
        shape = self.attributes.get("shape", "ellipse")
        if shape == "point":
            return 6.0, 6.0
        across, down = numbers(self.attributes.get("margin")) or (0.11, 0.055)
        if shape in ROUND:
            w, h = w * 1.2 + 10, h * 1.2 + 6
        elif shape != "plain":
            w, h = w + 144 * across, h + 144 * down
        given = [72 * number(self.attributes.get(side), 0.0) for side in ("width", "height")]
        if str(self.attributes.get("fixedsize", "")).lower() in ("true", "shape"):
            w, h = (given[0] or w, given[1] or h)
        w, h = max(w, given[0]), max(h, given[1])
        return (max(w, h),) * 2 if shape in ("circle", "doublecircle") else (w, h)

    @property
    def pinned(self) -> Point | None:
        """Where the picture itself says that it stands, in points from the top left."""
        spot = numbers(self.attributes.get("pos"))
        return None if spot is None else (72 * spot[0], -72 * spot[1])

    def towards(self, centre: Point, other: Point) -> Point:
        """Where a straight line from its centre to another place leaves it."""
        x, y = other[0] - centre[0], other[1] - centre[1]
        w, h = self.size
        if self.attributes.get("shape", "ellipse") in ROUND:
            reach = hypot(2 * x / w, 2 * y / h)
        else:
            reach = max(abs(2 * x / w), abs(2 * y / h))
        return centre if reach <= 1 else (centre[0] + x / reach, centre[1] + y / reach)


@dataclass
class Scene:
    """A picture's boxes, edges and clusters, each with the defaults that hold where it was put in."""

    boxes: dict[str, Box] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    clusters: list[tuple[tuple[int, ...], dict[str, Any]]] = field(default_factory=list)

    def add(self, picture: Picture, defaults: dict[str, dict[str, Any]], groups: tuple[int, ...]) -> None:
        own = {
            "node": defaults["node"] | picture.node_attr,
            "edge": defaults["edge"] | picture.edge_attr,
            "graph": {k: v for k, v in defaults["graph"].items() if k.startswith("font")} | picture.graph_attr,
        }
        if groups and (picture.name or "").startswith("cluster"):
            self.clusters.append((groups, own["graph"]))
        for kind, *item in picture.items:
            if kind == "attr":
                own[item[0]].update(item[1])
            elif kind == "node":
                self.box(item[0], own["node"] | _given(item[1]), groups, True)
            elif kind == "edge":
                for name in item[:2]:
                    self.box(name, own["node"], groups, False)
                self.edges.append((item[0], item[1], own["edge"] | _given(item[2])))
            else:
                inner = item[0]
                is_cluster = (inner.name or "").startswith("cluster")
                self.add(inner, own, (*groups, len(self.clusters)) if is_cluster else groups)

    def box(self, name: str, attributes: dict[str, Any], groups: tuple[int, ...], named: bool) -> None:
        if name in self.boxes and not named:
            return
        old = self.boxes.get(name)
        if old is not None:
            attributes = old.attributes | attributes
            groups = max(groups, old.groups, key=len)
        self.boxes[name] = Box(name, attributes, text_of(attributes, name), groups)


def direction_of(picture: Picture) -> str:
    directions = [picture.graph_attr.get("rankdir")]
    directions += [item[2].get("rankdir") for item in picture.items if item[0] == "attr" and item[1] == "graph"]
    return "LR" if next((d for d in reversed(directions) if d), "TB") in ("LR", "RL") else "TB"


def _given(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value is not None}


def text_of(attributes: dict[str, Any], name: str, label: str | None = None) -> Text:
    label = attributes.get("label", name) if label is None else label
    lines, tiles = parts(str(label) if not isinstance(label, str) else label, name) if label else ((), ())
    font = number(attributes.get("fontsize"), 14.0)
    if isinstance(label, Label):
        return Text(lines, tiles, font, None, False)
    return Text(lines, tiles, font, attributes.get("fontcolor"), True)


def numbers(text: Any) -> Point | None:
    """The two numbers of a margin or a place, "0.1,0.05" or "3,4!"."""
    found = re.fullmatch(r"\s*(-?[\d.]+)[,\s]+(-?[\d.]+)!?\s*", str(text or ""))
    return (number(found[1], 0.0), number(found[2], 0.0)) if found else None


def number(text: Any, default: float) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return default
