"""Choose what a picture shows of a graph: how deep, which layers as one box, and never more than fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini.explain.graph_data import CONSTANT, LEAF, Edge, Graph, Node, graph
from autograd_mini.explain.pictures.large import LARGE, NOTHING, Hidden, is_large, part_of_large, too_many
from autograd_mini.explain.scopes import Scope
from autograd_mini.value import Value

OPEN, COLLAPSED = "open", "collapsed"


OPEN, COLLAPSED = "open", "collapsed"


@dataclass
class Layer:
    """A module's call drawn as one box."""

    scope: Scope
    index: int
    """Its place in `Graph.scopes`."""
    members: list[Node] = field(default_factory=list)
    hidden: Hidden = NOTHING
    """What is not among the members."""
    shapes_in: dict[tuple[int, ...], None] = field(default_factory=dict)
    shapes_out: dict[tuple[int, ...], None] = field(default_factory=dict)

    def take(self, node: Node, hidden: Hidden) -> None:
        self.members.append(node)
        self.hidden = Hidden(*map(sum, zip(self.hidden, hidden, strict=True)))

    @property
    def operations(self) -> int:
        return sum(bool(node.inputs) for node in self.members) + self.hidden.operations

    @property
    def parameters(self) -> int:
        """How many numbers its parameters hold."""
        return sum(int(np.size(node.data)) for node in self.members if node.kind == LEAF) + self.hidden.parameters

    @property
    def shapes(self) -> str:
        """Of what goes in and out: "(8, 4) → (8, 6)"."""
        return " → ".join(" ".join(map(str, shapes)) for shapes in (self.shapes_in, self.shapes_out))


@dataclass
class View:
    """What is drawn of a graph."""

    graph: Graph
    nodes: list[Node]
    """Those with a box of their own."""
    layers: dict[str, Layer]
    """Those drawn as one box, by path."""
    edges: list[tuple[Node | Layer, Node | Layer, Edge]]
    cut: set[int]
    """Nodes whose inputs are not shown."""
    caption: str = ""


def view_of(value: Value | Graph, max_depth: int | None, layers: str | Collection[str], max_nodes: int) -> View:
    """The part of the graph that is drawn; see `draw` for the arguments."""
    if isinstance(value, Value) and is_large(value):
        whole, cut, hidden = part_of_large(value, max_depth, max_nodes)
    else:
        whole = graph(value) if isinstance(value, Value) else value
        cut, hidden = _beyond(whole, max_depth), {}
    visible = _within(whole, cut)
    if hidden:
        outermost = {scope.path for scope in whole.scopes if scope.parent is None}
        view = _collapse(whole, visible, cut, outermost, hidden)
        view.caption = _collapsed(f"more than {LARGE}", max_nodes)
    else:
        view = _collapse(whole, visible, cut, _paths(whole, layers), {})
    return view if _boxes(view) <= max_nodes else _smaller(view, visible, hidden, max_nodes)


def _smaller(view: View, visible: set[int], hidden: dict[int, Hidden], max_nodes: int) -> View:
    """Collapse the innermost layers, then those around them, until it fits."""
    whole, fewest = view.graph, _boxes(view)
    count = f"more than {LARGE}" if hidden else str(sum(whole.nodes[i].kind != CONSTANT for i in visible))
    for paths in _levels(whole.scopes):
        smaller = _collapse(whole, visible, view.cut, paths, hidden)
        fewest = min(fewest, _boxes(smaller))
        if fewest <= max_nodes:
            smaller.caption = _collapsed(count, max_nodes)
            return smaller
    raise ValueError(too_many(count, max_nodes, f"{fewest}" if whole.scopes else ""))


def _collapsed(count: str, max_nodes: int) -> str:
    return f"{count} Values, more than max_nodes={max_nodes}: layers are drawn as one box each"


# -- layers ----------------------------------------------------------------------------------------


def _paths(whole: Graph, layers: str | Collection[str]) -> set[str]:
    if isinstance(layers, str):
        if layers == OPEN:
            return set()
        if layers == COLLAPSED:
            return next(_levels(whole.scopes), set())
        raise ValueError(f"draw: layers must be 'open', 'collapsed' or a list of layers' names, got {layers!r}")
    chosen = set()
    for path in layers:
        found = [scope.path for scope in whole.scopes if path in (scope.path, scope.module)]
        chosen.update(found or [whole.scope(path).path])  # which raises, saying which there are
    return chosen


def _levels(scopes: list[Scope]) -> Iterator[set[str]]:
    """Sets of paths to collapse: the innermost layers, then ever wider ones."""
    depth: dict[str | None, int] = {None: 0}
    for scope in scopes:  # each behind its parent
        depth[scope.path] = depth[scope.parent] + 1
    parents = {scope.parent for scope in scopes}
    inner = {scope.path for scope in scopes if scope.path not in parents}
    if inner:
        yield inner
    for level in range(max(depth.values()) - 1, 0, -1):
        yield inner | {scope.path for scope in scopes if depth[scope.path] == level}


def _collapse(whole: Graph, visible: set[int], cut: set[int], paths: set[str], hidden: dict[int, Hidden]) -> View:
    outer: dict[str | None, str | None] = {None: None}  # of each scope: the outermost one to collapse around it
    layers: dict[str, Layer] = {}
    for i, scope in enumerate(whole.scopes):
        outer[scope.path] = outer[scope.parent] or (scope.path if scope.path in paths else None)
        if outer[scope.path] == scope.path:
            layers[scope.path] = Layer(scope, i)
    shown = [node for node in whole.nodes if node.index in visible]
    edges = [Edge(i, n.index, k) for n in shown if n.index not in cut for k, i in enumerate(n.inputs)]
    users: dict[int, set[str | None]] = {}
    for edge in edges:
        users.setdefault(edge.source, set()).add(outer.get(whole.nodes[edge.target].scope))
    box: dict[int, Node | Layer] = {}
    for node in shown:
        path = outer.get(node.scope)
        # A parameter that is used elsewhere too, and an array that is given, stand outside.
        inside = node.inputs or (users.get(node.index) == {path} and not (node.kind == CONSTANT and node.shape))
        if path is not None and inside:
            layers[path].take(node, hidden.get(node.index, NOTHING))
        box[node.index] = layers[path] if path is not None and inside else node
    last = box[whole.output.index]
    if isinstance(last, Layer):
        last.shapes_out[whole.output.shape] = None
    own = [node for node in shown if box[node.index] is node]
    used = {path: layer for path, layer in layers.items() if layer.members}
    return View(whole, own, used, _between(whole, box, edges), cut & {node.index for node in own})


def _between(
    whole: Graph, box: dict[int, Node | Layer], edges: list[Edge]
) -> list[tuple[Node | Layer, Node | Layer, Edge]]:
    """The edges that leave their box: two boxes of which one is a layer have one edge at most."""
    drawn: dict[Any, tuple[Node | Layer, Node | Layer, Edge]] = {}
    for edge in edges:
        a, b, shape = box[edge.source], box[edge.target], whole.nodes[edge.source].shape
        if a is b:
            continue
        if isinstance(b, Layer):
            b.shapes_in[shape] = None
        if isinstance(a, Layer):
            a.shapes_out[shape] = None
        both = isinstance(a, Node) and isinstance(b, Node)
        drawn.setdefault(edge if both else (id(a), id(b)), (a, b, edge))
    return list(drawn.values())


def _boxes(view: View) -> int:
    return sum(node.kind != CONSTANT for node in view.nodes) + len(view.layers)


# -- depth -----------------------------------------------------------------------------------------


def _beyond(whole: Graph, max_depth: int | None) -> set[int]:
    """The nodes whose inputs lie too deep: operations from the output on the shortest way."""
    if max_depth is None:
        return set()
    level, seen = {whole.output.index}, {whole.output.index}
    for _ in range(max_depth):
        level = {i for index in level for i in whole.nodes[index].inputs} - seen
        seen |= level
    return {i for i in level if whole.nodes[i].inputs}


def _within(whole: Graph, cut: set[int]) -> set[int]:
    """The nodes that are reached from the output without passing one of `cut`."""
    seen, stack = {whole.output.index}, [whole.output.index]
    while stack:
        index = stack.pop()
        if index not in cut:
            new = set(whole.nodes[index].inputs) - seen
            seen |= new
            stack.extend(new)
    return seen
