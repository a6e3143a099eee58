"""Draw what was chosen of a graph: a box for every Value or layer, a circle for every operation, frames for layers.

In the SVG every part can be found: `node-INDEX`, `op-INDEX` (the circle), `result-INDEX` (the arrow from
it), `edge-SOURCE-TARGET-POSITION`, `scope-K` (a frame) and `layer-K` (a layer as one box), where INDEX
counts `Graph.nodes` and K `Graph.scopes`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import SMALL, as_text, shown
from autograd_mini.explain.graph_data import CONSTANT, LEAF, Edge, Node
from autograd_mini.explain.pictures.colors import Scale, heat_tiles, size
from autograd_mini.explain.pictures.labels import Label, Line
from autograd_mini.explain.pictures.listing import is_inline, listing, written
from autograd_mini.explain.pictures.picture import Picture
from autograd_mini.explain.pictures.view import Layer, View
from autograd_mini.visible import visible

GIVEN, NODE, OUTPUT, OPERATION, LAYER = "#dbeafe", "#f3f4f6", "#fde68a", "#ede9fe", "#dcfce7"
RIM, LIT, QUIET = "#94a3b8", "#1d4ed8", "#6b7280"
DATA, GRAD = "#1f2937", "#b45309"

FONT = {"fontname": "Helvetica,Arial,sans-serif"}
GRAPH = FONT | {
    **{"bgcolor": "white", "fontsize": "10", "fontcolor": DATA, "labelloc": "b"},
    **{"ordering": "in", "nodesep": "0.18", "ranksep": "0.35", "pad": "0.1"},
    **{"nslimit": "2", "nslimit1": "2"},  # without a limit, `dot` may go round in circles for ever
}
BOX = FONT | {"fontsize": "11", "style": "filled,rounded", "color": RIM, "fontcolor": DATA}
EDGE = {"color": QUIET, "arrowsize": "0.6"}
FRAME = {"style": "rounded,filled", "color": "#cbd5e1", "labeljust": "l", "labelloc": "t"}
FRAME_FILLS = ("#f8fafc", "#f1f5f9")


@dataclass(frozen=True)
class Look:
    """The options of a picture that do not choose what is in it; see `draw`."""

    show: Collection[str]
    digits: int
    constants: bool
    compact: bool
    heat_map: str | None
    scale: Scale | None
    lit: set[int] = field(default_factory=set)
    """Nodes to highlight, and edges, as (source, target)."""
    lit_edges: set[tuple[int, int]] = field(default_factory=set)


def picture_of(view: View, direction: str, look: Look) -> Picture:
    """The picture of what was chosen."""
    picture = Picture(graph_attr=GRAPH | {"rankdir": direction}, node_attr=BOX, edge_attr=EDGE)
    caption = [Line(view.caption, color=QUIET)] if view.caption else []
    legend = [look.scale.legend()] if look.scale is not None else []
    if legend:
        caption.append(Line("size of the gradient (largest entry); white: none yet", color=QUIET))
    if caption:
        picture.graph_attr["label"] = Label(caption, legend)
    drawing = _Drawing(view, look)
    drawing.fill(picture, None)
    for source, target, edge in view.edges:
        drawing.edge(picture, source, target, edge)
    picture.listing = picture.description = listing(view, look.show, look.digits)
    picture.title = f"graph of {view.graph.output.name}"
    return picture


class _Drawing:
    """Puts boxes, circles, edges and frames into a picture."""

    def __init__(self, view: View, look: Look) -> None:
        self.view, self.look = view, look
        self.inside: dict[str | None, list[Node | Layer]] = {}  # by the frame that is drawn round them
        frame: dict[str | None, str | None] = {None: None}  # of each layer: itself, or the one round its box
        for scope in view.graph.scopes:  # each behind its parent
            closed = scope.path in view.layers or frame[scope.parent] != scope.parent
            frame[scope.path] = frame[scope.parent] if closed else scope.path
        for node in view.nodes:
            # An array that is given comes from outside, whichever layer uses it.
            path = None if node.kind == CONSTANT and node.shape else node.scope
            self.inside.setdefault(frame[path], []).append(node)
        for layer in view.layers.values():
            self.inside.setdefault(layer.scope.parent, []).append(layer)
        self.framed: set[str | None] = set()
        for scope in reversed(view.graph.scopes):  # those inside come first
            if scope.path in self.inside or scope.path in self.framed:
                self.framed |= {scope.path, scope.parent}

    def fill(self, picture: Picture, path: str | None, depth: int = 0) -> None:
        """Everything inside a layer, or outside of all."""
        for part in self.inside.get(path, ()):
            if isinstance(part, Layer):
                self.layer(picture, part)
            elif part.kind == CONSTANT:
                self.constant(picture, part)
            else:
                self.node(picture, part)
        for i, scope in enumerate(self.view.graph.scopes):
            if scope.parent == path and scope.path in self.framed and scope.path not in self.view.layers:
                label, fill = as_text(visible(scope.label)), FRAME_FILLS[depth % 2]
                look = FRAME | {"label": label, "id": f"scope-{i}", "fillcolor": fill}
                frame = Picture(name=f"cluster_{i}", graph_attr=look)
                self.fill(frame, scope.path, depth + 1)
                picture.subgraph(frame)

    def node(self, picture: Picture, node: Node) -> None:
        """A Value's box, with its operation's circle."""
        look, is_cut = self.look, node.index in self.view.cut
        made = written(self.view.graph, node, look.digits) if node.inputs and not is_cut else ""
        lines = self._heading(node, made)
        for what, color in (("data", DATA), ("grad", GRAD if look.scale is None else DATA)):
            number = getattr(node, what)
            if what in look.show and number is not None:
                lines += [Line(line, color=color) for line in _numbers(what, number, look.digits)]
        mapped = getattr(node, look.heat_map) if look.heat_map else None
        fill = OUTPUT if node.index == self.view.graph.output.index else GIVEN if node.kind == LEAF else NODE
        tooltip = [f"{node.name} = {made}" if made else node.name]
        if node.source is not None:
            tooltip.append(f"line {node.source.line}: {node.source.text}")
        picture.node(
            f"v{node.index}",
            Label(lines, heat_tiles(mapped) if mapped is not None and np.ndim(mapped) else ()),
            shape="box",
            style="filled,rounded,dashed" if is_cut else "filled,rounded",
            fillcolor=fill if look.scale is None else look.scale.color(node.grad),
            tooltip="\n".join(map(visible, tooltip)),
            id=f"node-{node.index}",
            **{"margin": "0.08,0.04", "width": "0.4", "height": "0.3"},
            **self._rim(node.index in look.lit),
        )
        if made and not look.compact:
            self._circle(picture, node, made)

    def _heading(self, node: Node, made: str) -> list[Line]:
        """Name and shape; with the operation, if it has no circle of its own."""
        name = node.name if node.named or not self.look.show else ""
        if self.look.compact and made:
            name = f"{node.name} = {made}"
        shape = f"{node.shape}" if "shape" in self.look.show else ""
        return [Line("  ".join(filter(None, (name, shape))), bold=node.named)] if name or shape else []

    def _circle(self, picture: Picture, node: Node, made: str) -> None:
        passed = node.index in self.look.lit and not self.look.lit.isdisjoint(node.inputs)
        picture.node(
            f"v{node.index}_op",
            as_text(visible(node.symbol or "")),
            shape="ellipse",
            fillcolor=OPERATION,
            tooltip=visible(made),
            id=f"op-{node.index}",
            **{"margin": "0.03,0.02", "width": "0.3", "height": "0.3"},
            **self._rim(passed, "2"),
        )
        picture.edge(f"v{node.index}_op", f"v{node.index}", id=f"result-{node.index}", **self._rim(passed, "2"))

    def constant(self, picture: Picture, node: Node) -> None:
        if self._has_place(node):
            what = "array" if np.size(node.data) > SMALL else ""
            label = Label([Line(line, color=QUIET) for line in _numbers(what, node.data, self.look.digits)])
            small = {"margin": "0.03,0.02", "width": "0", "height": "0", "style": ""}
            identity = {"id": f"node-{node.index}", "tooltip": "a constant"}
            picture.node(f"v{node.index}", label, shape="plaintext", **small, **identity)

    def _has_place(self, constant: Node) -> bool:
        """Whether a constant is drawn; in a compact box it stands in the formula."""
        return self.look.constants and not (self.look.compact and is_inline(constant))

    def layer(self, picture: Picture, layer: Layer) -> None:
        """A layer as one box."""
        look = self.look
        counted = _counted(layer.operations, "operation")
        if layer.parameters:
            counted += f", {_counted(layer.parameters, 'parameter')}"
        lines = [Line(layer.scope.label, bold=True), Line(layer.shapes), Line(counted, color=QUIET)]
        sizes = [s for node in layer.members if node.kind == LEAF and (s := size(node.grad)) is not None]
        largest = float(np.max(sizes)) if sizes else None
        if largest is not None and "grad" in look.show:
            lines.append(Line(f"|grad| ≤ {shown(largest, look.digits)}", color=GRAD if look.scale is None else DATA))
        picture.node(
            f"layer{layer.index}",
            Label(lines),
            shape="box",
            fillcolor=LAYER if look.scale is None else look.scale.color(largest),
            tooltip=visible(layer.scope.label),
            id=f"layer-{layer.index}",
            margin="0.12,0.08",
            **self._rim(any(node.index in look.lit for node in layer.members)),
        )

    def edge(self, picture: Picture, source: Node | Layer, target: Node | Layer, edge: Edge) -> None:
        if isinstance(source, Node) and source.kind == CONSTANT and not self._has_place(source):
            return
        end = _name(target) + ("_op" if isinstance(target, Node) and not self.look.compact else "")
        identity = f"edge-{edge.source}-{edge.target}-{edge.position}"
        lit = (edge.source, edge.target) in self.look.lit_edges
        picture.edge(_name(source), end, id=identity, **self._rim(lit, "2"))

    def _rim(self, lit: bool, wide: str = "2.5") -> dict[str, str]:
        return {"color": LIT, "penwidth": wide} if lit else {}


def _name(part: Node | Layer) -> str:
    return f"v{part.index}" if isinstance(part, Node) else f"layer{part.index}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)


def _numbers(what: str, number: Any, digits: int) -> list[str]:
    """A number, a small array's rows, a large one's shape, range and mean."""
    start, text = f"{what} " if what else "", shown(number, digits)
    if np.size(number) > SMALL:
        with np.errstate(all="ignore"):
            text += f", mean {shown(np.mean(number), digits)}"
        if what == "grad":  # whose shape is that of the data
            text = text.removeprefix(f"{np.shape(number)} ")
    first, *rest = text.split("\n")
    return [start + first, *(" " * (len(start) + 2) + line for line in rest)]
