"""Paint a picture as SVG with nothing installed: the built-in layout in Graphviz's style.

It knows the shapes, colours and labels that pictures here use: boxes, ellipses, circles, points,
plain text, clusters, edge labels, a caption; whatever else an attribute asks for is left out.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING, Any

from autograd_mini.explain.pictures.frames import Frames
from autograd_mini.explain.pictures.layout import Placed, Point, place
from autograd_mini.explain.pictures.scene import LINE, ROUND, Box, Scene, Text, direction_of, number, text_of

if TYPE_CHECKING:
    from autograd_mini.explain.pictures.picture import Picture

SVG = "http://www.w3.org/2000/svg"
FONT = "Helvetica,Arial,sans-serif"
MARGIN = 8.0


def paint(picture: Picture) -> str:
    """The picture as SVG text."""
    scene = Scene()
    scene.add(picture, {"node": {}, "edge": {}, "graph": {}}, ())
    flow = direction_of(picture)
    boxes = list(scene.boxes.values())
    at = {box.name: i for i, box in enumerate(boxes)}
    ends = [(at[s], at[t]) for s, t, _ in scene.edges]
    straight = _pinned(boxes, ends) if not scene.clusters else None
    if straight is not None:
        flow = "LR"
    sizes = [box.size if flow == "LR" else box.size[::-1] for box in boxes]
    placed = straight or place(sizes, ends, [box.groups for box in boxes])
    caption = text_of(picture.graph_attr, "", picture.graph_attr.get("label") or "")
    frames = Frames(placed, [across for _, across in sizes], flow == "LR")
    return _Canvas(scene, boxes, placed, frames, flow, straight is not None, caption).svg(
        picture.graph_attr.get("bgcolor", "white")
    )


def _pinned(boxes: list[Box], edges: list[tuple[int, int]]) -> Placed | None:
    """Straight lines between boxes that all say where they stand; None if one does not."""
    spots = [box.pinned for box in boxes]
    centres = [spot for spot in spots if spot is not None]
    if len(centres) < len(boxes) or not boxes or any(s == t for s, t in edges):
        return None
    corners = [(x + k * w / 2, y + k * h / 2) for (x, y), (w, h) in zip(centres, (b.size for b in boxes), strict=True)
               for k in (-1, 1)]  # fmt: skip
    left, top, right, bottom = *map(min, zip(*corners, strict=True)), *map(max, zip(*corners, strict=True))
    centres = [(x - left, y - top) for x, y in centres]
    lines = [((s, centres[t]), (t, centres[s])) for s, t in edges]
    routes = [[boxes[i].towards(centres[i], other) for i, other in line] for line in lines]
    return Placed(centres, routes, (right - left, bottom - top), [0] * len(boxes), [(0.0, right - left)])


@dataclass
class _Canvas:
    scene: Scene
    boxes: list[Box]
    placed: Placed
    frames: Frames
    flow: str
    straight: bool
    caption: Text

    def point(self, spot: Point) -> Point:
        return spot if self.flow == "LR" else (spot[1], spot[0])

    def svg(self, background: str) -> str:
        root = ET.Element(f"{{{SVG}}}svg")
        groups = [*self._clusters(), *self._edges(), *self._nodes()]
        (left, top), (right, bottom) = self._frame(groups)
        if self.caption.lines or self.caption.tiles:
            wide, high = self.caption.size
            middle = (left + right) / 2
            left, right = min(left, middle - wide / 2), max(right, middle + wide / 2)
            groups.append(_group("caption", "caption", "caption"))
            _write(groups[-1], self.caption, (middle, bottom + 8 + high / 2))
            bottom += high + 12
        wide, high = right - left + 2 * MARGIN, bottom - top + 2 * MARGIN
        root.set("width", f"{wide:.0f}")
        root.set("height", f"{high:.0f}")
        root.set("viewBox", f"{left - MARGIN:.1f} {top - MARGIN:.1f} {wide:.1f} {high:.1f}")
        frame = {"x": left - MARGIN, "y": top - MARGIN, "width": wide, "height": high}
        _shape(root, "rect", fill=_color(background, "white"), **frame)
        root.extend(groups)
        return ET.tostring(root, encoding="unicode")

    def _frame(self, groups: list[ET.Element]) -> tuple[Point, Point]:
        """The corners of all there is: boxes and routes, and the clusters' frames, which may stand out."""
        corners = [self.point(spot) for spot in [(0.0, 0.0), self.placed.size]]
        corners += [self.point(spot) for route in self.placed.routes for spot in route]
        for outline in (outline for group in groups for outline in group.findall(f"{{{SVG}}}polygon")):
            numbers = [float(number) for number in re.findall(r"[-\d.]+", outline.get("points", ""))]
            corners += zip(numbers[::2], numbers[1::2], strict=True)
        xs, ys = zip(*corners, strict=True)
        return (min(xs), min(ys)), (max(xs), max(ys))

    # -- parts -------------------------------------------------------------------------------------

    def _nodes(self) -> Iterator[ET.Element]:
        for box, centre in zip(self.boxes, self.placed.centres, strict=True):
            (x, y), (w, h), given = self.point(centre), box.size, box.attributes
            group = _group("node", given.get("id"), box.name)
            shape, style = given.get("shape", "ellipse"), str(given.get("style", ""))
            stroke = _color(given.get("color"), "black")
            filled = "filled" in style or shape == "point"
            fill = _color(given.get("fillcolor"), stroke if shape == "point" else "lightgrey") if filled else "none"
            look = {"fill": fill, "stroke": stroke} | _pen(given)
            if shape in ROUND:
                _shape(group, "ellipse", cx=x, cy=y, rx=w / 2, ry=h / 2, **look)
            elif filled or shape not in ("plaintext", "none", "plain"):
                look |= {"stroke": "none"} if shape in ("plaintext", "none", "plain") else {}
                corner = {"rx": 6} if "rounded" in style else {}
                _shape(group, "rect", x=x - w / 2, y=y - h / 2, width=w, height=h, **corner, **look)
            if shape != "point":
                _write(group, box.text, (x, y))
            yield group

    def _edges(self) -> Iterator[ET.Element]:
        for (s, t, given), route in zip(self.scene.edges, self.placed.routes, strict=True):
            group = _group("edge", given.get("id"), f"{s}->{t}")
            points = [self.point(spot) for spot in route]
            look = {"stroke": _color(given.get("color"), "black")}
            if given.get("arrowhead", "normal") != "none" and given.get("dir", "forward") in ("forward", "both"):
                tip, size = points[-1], 12 * number(given.get("arrowsize"), 1.0)
                along = points[-2]
                if not self.straight and s != t:  # it arrives along the flow
                    along = self.point((route[-1][0] - (1 if route[-1][0] >= route[-2][0] else -1), route[-1][1]))
                corners = _arrow(tip, along, size)
                points[-1] = (corners[1][0] + corners[2][0]) / 2, (corners[1][1] + corners[2][1]) / 2
                _shape(group, "polygon", points=_listed(corners), fill=look["stroke"])
            path = _curve(points, "straight" if self.straight else self.flow)
            _shape(group, "path", d=path, fill="none", **look, **_pen(given))
            label = text_of({"fontsize": 10} | given, "", given.get("label") or given.get("xlabel") or "")
            if label.lines:
                i = (len(points) - 1) // 2
                middle = (points[i][0] + points[i + 1][0]) / 2, (points[i][1] + points[i + 1][1]) / 2
                _write(group, label, (middle[0], middle[1] - 4), halo=True)
            yield group

    def _clusters(self) -> Iterator[ET.Element]:
        """A frame round each cluster; where others stand in its way, one with steps."""
        deepest = max((len(groups) for groups, _ in self.scene.clusters), default=0)
        for groups, given in self.scene.clusters:
            members = [i for i, box in enumerate(self.boxes) if box.groups[: len(groups)] == groups]
            if not members:
                continue
            look = {"fill": _color(given.get("fillcolor") or given.get("bgcolor"), "none"), "stroke-linejoin": "round"}
            look |= {"stroke": _color(given.get("color"), "black")} | _pen(given)
            group = _group("cluster", given.get("id"), "cluster")
            outline = [self.point(corner) for corner in self.frames.outline(set(members), deepest - len(groups))]
            _shape(group, "polygon", points=_listed(outline), **look)
            text = text_of(given, "", given.get("label") or "")
            left, top = outline[0]
            _write(group, text, (left + 6 + text.size[0] / 2, top + 3 + text.size[1] / 2))
            yield group


# -- small things ----------------------------------------------------------------------------------


def _color(text: Any, default: str) -> str:
    """A colour that SVG understands; of a list of colours the first."""
    color = str(text or default).split(":")[0].split(";")[0]
    if color == "transparent":
        return "none"
    return color if re.fullmatch(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]+", color) else default


def _pen(given: dict[str, Any]) -> dict[str, str]:
    style = str(given.get("style", ""))
    dash = "5,2" if "dashed" in style else "1,3" if "dotted" in style else ""
    wide = number(given.get("penwidth"), 2.0 if "bold" in style else 1.0)
    return {"stroke-width": f"{wide:g}"} | ({"stroke-dasharray": dash} if dash else {})


def _group(kind: str, identity: Any, name: str) -> ET.Element:
    group = ET.Element(f"{{{SVG}}}g", {"class": kind} | ({"id": str(identity)} if identity else {}))
    ET.SubElement(group, f"{{{SVG}}}title").text = name
    return group


def _shape(parent: ET.Element, tag: str, **attributes: Any) -> ET.Element:
    texts = {key: f"{value:.1f}" if isinstance(value, float) else str(value) for key, value in attributes.items()}
    return ET.SubElement(parent, f"{{{SVG}}}{tag}", texts)


def _write(group: ET.Element, text: Text, centre: Point, halo: bool = False) -> None:
    wide, high = text.size
    left, y = centre[0] - wide / 2, centre[1] - high / 2
    outline = {"stroke": "white", "stroke-width": "3", "paint-order": "stroke"} if halo else {}
    for line in text.lines:
        y += text.font * LINE
        look = {
            "font-family": FONT,
            "font-size": f"{text.font:g}",
            "fill": line.color if text.color is None else _color(text.color, line.color),
        } | outline
        look |= {"font-weight": "bold"} if line.bold else {}
        anchor = {"x": centre[0], "text-anchor": "middle"} if text.centred else {"x": left}
        _shape(group, "text", y=y - text.font * 0.32, **anchor, **look).text = line.text
    for row in text.tiles:
        x, down = left, text.row_height(row)
        stretch = wide / sum(map(text.tile_width, row))
        for tile in row:
            across = text.tile_width(tile) * stretch
            _shape(group, "rect", x=x, y=y, width=across, height=down, fill=_color(tile.color, "none"))
            if tile.text:
                look = {"font-family": FONT, "font-size": f"{text.font:g}", "text-anchor": "middle"}
                _shape(group, "text", x=x + across / 2, y=y + down - text.font * 0.45, **look).text = tile.text
            x += across
        y += down


def _curve(points: list[Point], flow: str) -> str:
    """Straight on at every point, bent between: each piece leaves and arrives along the flow."""
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (a, b), (c, d) in pairwise(points):
        if flow == "straight":
            path.append(f"L{c:.1f},{d:.1f}")
            continue
        m, n = (a + c) / 2, (b + d) / 2
        bends = f"{m:.1f},{b:.1f} {m:.1f},{d:.1f}" if flow == "LR" else f"{a:.1f},{n:.1f} {c:.1f},{n:.1f}"
        path.append(f"C{bends} {c:.1f},{d:.1f}")
    return " ".join(path)


def _arrow(tip: Point, along: Point, size: float) -> list[Point]:
    """The corners of an arrowhead that comes from `along`, the tip first."""
    x, y = tip[0] - along[0], tip[1] - along[1]
    length = hypot(x, y) or 1.0
    x, y = x / length * size, y / length * size
    return [tip, (tip[0] - x - y * 0.4, tip[1] - y + x * 0.4), (tip[0] - x + y * 0.4, tip[1] - y - x * 0.4)]


def _listed(points: list[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
