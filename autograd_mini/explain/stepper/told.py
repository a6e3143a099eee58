"""Tell a trace as plain data for a picture that changes: what stands where, and what each step alters.

The notebook's page, the still frames and the animation draw from the same story; `State` is what is
known after so many of its steps.

>>> import autograd_mini as ag
>>> from autograd_mini.explain.story.trace import trace
>>> x = ag.Value(3.0, name="x")
>>> told = story(trace(x * x))
>>> [(node["name"], node["value"]) for node in told["nodes"]]
[('x', '3'), ('multiply_1', '9')]
>>> [State(told, k).gradients for k in range(4)]
[[None, None], [None, None], ['3', '1'], ['6', '1']]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import shown
from autograd_mini.explain.formulas.mathml import Pieces
from autograd_mini.explain.graph_data import COMPUTED, CONSTANT, Node
from autograd_mini.explain.pictures.labels import width
from autograd_mini.explain.scopes import Scope
from autograd_mini.explain.stepper.stage import Box, Group, place_boxes
from autograd_mini.explain.story.known import (
    ARRIVAL,
    GRADIENT,
    UPDATE,
    VALUE,
    Change,
    Known,
    awaited,
    changes,
)
from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, TraceStep, UpdateStep
from autograd_mini.explain.story.trace import Trace
from autograd_mini.visible import visible

Told = dict[str, Any]
Number = str | list[str]
"""As `shown` writes it; of an array that is too wide for a box also what stands there."""

FONT, LINE, PAD = 11.0, 15.0, 5.0
"""Of the boxes: size of the letters, distance of the lines, space beside them."""
NOT_YET = "not yet"
#: The longest array, in characters, whose entries stand in a box.
FITS = 20
#: What is set with a subscript, as formulas do: w_DA, multiply_1.
_SUBSCRIPTED = re.compile(r"([^\W\d_]['′]*|[a-z]+(?=_\d))_([^\W_]{1,8})")


def story(trace: Trace, direction: str = "LR", with_formulas: bool = True) -> Told:
    """The trace as dictionaries, lists, numbers and text.

    Args:
        trace: all steps of a pass, or some: then the picture has the nodes that they touch.
        direction: "LR" or "TB".
        with_formulas: as MathML; otherwise the lines are told as text alone.
    """
    teller = _Teller(trace, with_formulas)
    teller.tell_steps()
    teller.place(direction)
    return teller.told


def full(number: Number) -> str:
    """A number as it stands in the table."""
    return number if isinstance(number, str) else number[0]


def short(number: Number) -> str:
    """A number as it stands in a box."""
    return number if isinstance(number, str) else number[1]


class State(Known):
    """What is known after the first `position` steps; node by node, None for what is not there yet."""

    def __init__(self, told: Told, position: int) -> None:
        nodes, steps = told["nodes"], told["steps"][:position]
        given: list[Number | None] = [node["value"] if node["given"] else None for node in nodes]
        super().__init__(given, (change for step in steps for change in _told_changes(step, nodes)))


def _told_changes(step: Told, nodes: list[Told]) -> Iterator[Change]:
    """What a step that is told makes known: `changes` read back."""
    target = step["target"]
    if step["phase"] == "forward":
        yield Change(VALUE, target, nodes[target]["value"])
    elif step["phase"] == "update":
        yield Change(UPDATE, target, step["after"])
    else:
        if "upstream" in step:
            yield Change(GRADIENT, step["node"], step["upstream"])
        if "after" in step:
            yield Change(ARRIVAL, target, step["after"])


class _Teller:
    def __init__(self, trace: Trace, with_formulas: bool) -> None:
        self.trace = trace
        self.pieces = Pieces() if with_formulas else None
        self.kept = touched(trace)
        self.place_of = {node.index: i for i, node in enumerate(self.kept)}
        self.scopes = _scopes_of(self.kept, trace.graph.scopes)
        self.scope_of = {scope.path: i for i, scope in enumerate(self.scopes)}
        arrivals = awaited(trace)
        computed = {step.target for step in trace if isinstance(step, ForwardStep)}
        self.edges = [
            (self.place_of[i], self.place_of[node.index], position)
            for node in self.kept
            for position, i in enumerate(node.inputs)
            if i in self.place_of
        ]
        self.edge_of = {edge: i for i, edge in enumerate(self.edges)}
        me = trace.graph.output.name
        self.told: Told = {
            "title": f"Backpropagation of {visible(me)}, step by step",
            "start": f"Nothing is computed yet. The steps lead forwards to {visible(me)}, then back to every input.",
            "nodes": [self._node(node, node.index not in computed, arrivals[node.index]) for node in self.kept],
            "scopes": [
                {"path": visible(s.path), "label": visible(s.label), "parent": self.scope_of.get(s.parent or "")}
                for s in self.scopes
            ],
            "steps": [],
            "at": 0,
            "stops": [],
            "fold": [],
        }

    # -- nodes -------------------------------------------------------------------------------------

    def _number(self, data: Any) -> Number:
        text = shown(data, self.trace.digits)
        line = " ".join(text.split())
        if np.ndim(data) == 0 or len(line) <= FITS:
            return text if line == text else [text, line]
        if not np.size(data):
            return [text, "empty"]
        low, high = (shown(f(data), self.trace.digits) for f in (np.min, np.max))
        return [text, low if low == high else f"{low} … {high}"]

    def _node(self, node: Node, given: bool, arrivals: int) -> Told:
        name = visible(" ".join(node.name.split())) if node.kind != CONSTANT else ""
        told: Told = {"name": name, "kind": node.kind, "value": self._number(node.data), "given": given}
        if parts := _SUBSCRIPTED.fullmatch(name):
            told["parts"] = list(parts.groups())
        if node.kind == COMPUTED and node.inputs:
            told["symbol"] = visible(node.symbol or "")
        if not node.named and node.kind != CONSTANT:
            told["unnamed"] = True
        if node.shape:
            told["shape"] = "×".join(map(str, node.shape))
        if node.scope is not None:
            told["scope"] = self.scope_of[node.scope]
        return told | {"arrivals": arrivals}

    # -- steps -------------------------------------------------------------------------------------

    def tell_steps(self) -> None:
        known: dict[int, Number] = {}
        for step in self.trace:
            told = self._step(step)
            if isinstance(step, UpdateStep):
                self.told["rule"] = step.rule
                told["delta"] = self._number(step.delta)
            for what, node, data in changes(step):
                number = self._number(data)
                if what == GRADIENT and known.get(node) != number:  # where the trace is whole, only the output's
                    told["upstream"] = known[node] = number
                elif what == ARRIVAL:
                    told["after"] = known[node] = number
                elif what == UPDATE:
                    told["after"] = number
            self.told["steps"].append(told)
        if self.pieces is not None:
            self.told["math"] = self.pieces.table

    def _step(self, step: TraceStep) -> Told:
        told: Told = {"phase": step.phase, "node": self.place_of[step.node]}
        told["target"] = self.place_of[step.target]
        if step.layer in self.scope_of:
            told["scope"] = self.scope_of[step.layer]
        if isinstance(step, BackwardStep | SumStep):
            told["edge"] = self.edge_of[told["target"], told["node"], step.position]
        told["lines"] = [visible(line.text) for line in step.lines]
        if self.pieces is not None:
            told["math"] = [self.pieces.add(line.latex, visible(line.text)) for line in step.lines]
        return told

    # -- places ------------------------------------------------------------------------------------

    def place(self, direction: str) -> None:
        texts: list[list[str]] = [[short(node["value"]), NOT_YET] for node in self.told["nodes"]]
        for step in self.told["steps"]:
            texts[step["target"]] += [short(step["after"])] if "after" in step else []
            texts[step["node"]] += [short(step["upstream"])] if "upstream" in step else []
        boxes = [Box(_size(node, own), node.get("scope")) for node, own in zip(self.told["nodes"], texts, strict=True)]
        groups = [Group(scope["label"], scope["parent"]) for scope in self.told["scopes"]]
        placed = place_boxes(boxes, [(s, t) for s, t, _ in self.edges], groups, direction)
        self.told["size"] = list(placed.size)
        self.told["edges"] = [[s, t, path] for (s, t, _), path in zip(self.edges, placed.arrows, strict=True)]
        for things, places in (("nodes", placed.boxes), ("scopes", placed.frames)):
            for thing, box in zip(self.told[things], places, strict=True):
                thing["box"] = None if box is None else list(box)
        for node in self.told["nodes"]:
            node["badge"] = badge(node)


def badge(node: Told) -> float:
    """How wide the operation's badge is, which sits on the left border of a box; 0 without one."""
    return max(18.0, width(node["symbol"]) * FONT + 9) if node.get("symbol") else 0.0


def _size(node: Told, texts: Sequence[str]) -> tuple[float, float]:
    if node["kind"] == CONSTANT:
        return (round(max(width(short(node["value"])) * FONT + 2 * PAD, 24.0)), 20.0)
    base, *below = node.get("parts", [node["name"]])
    heading = width(base, bold=not node.get("unnamed")) + sum(map(width, below)) * 0.8
    heading += width("  " + node["shape"]) * 0.9 if "shape" in node else 0.0
    inside = max([heading, *(width(text) for text in texts)]) * FONT + 2 * PAD
    return (round(max(inside, 52.0) + badge(node)), 3 * LINE + 7)


def touched(trace: Trace) -> list[Node]:
    """The nodes that the steps are about: all of them, unless the trace was filtered."""
    nodes = trace.graph.nodes
    found: set[int] = set()
    for step in trace:
        found |= {step.node, step.target}
        if isinstance(step, ForwardStep | BackwardStep):
            found.update(nodes[step.node].inputs)
    return [node for node in nodes if node.index in found] or nodes[-1:]


def _scopes_of(nodes: list[Node], scopes: list[Scope]) -> list[Scope]:
    """The layers that the nodes lie in, and those around these, each behind the one it lies in."""
    inside = {node.scope for node in nodes}
    for scope in reversed(scopes):
        if scope.path in inside:
            inside.add(scope.parent)
    return [scope for scope in scopes if scope.path in inside]
