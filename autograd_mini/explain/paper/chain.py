"""Take apart the way from a loss to a weight: the named Values between them and the derivatives that link them.

Values without a name belong to the link they lie on: its derivative is the gradient of that piece of
the graph, recorded, so that its formula can be simplified and written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_mini.backprop import gradients, topological_order
from autograd_mini.errors import GraphError
from autograd_mini.explain.formulas.algebra import TooLargeError, simplify
from autograd_mini.explain.formulas.expressions import Expression
from autograd_mini.explain.graph_data import check_value, graph, refuse_hooks
from autograd_mini.modes import record_anyway
from autograd_mini.value import Value

#: A piece of graph with more nodes is not turned into a formula.
LARGEST_PIECE = 100
#: A formula of more numbers, names and functions is not written.
LARGEST_FORMULA = 60


@dataclass(frozen=True, eq=False)
class Link:
    """The derivative of a named Value with respect to a named Value that it was directly made from."""

    above: Value
    below: Value
    number: Any
    """What it comes to."""
    expression: Expression | None
    """The formula, None if it is too long to be read."""


def way(function: str, loss: Value, w: Value) -> list[Value]:
    """The Values on the way from w to the loss, both included, the loss first.

    Raises:
        TypeError: not Values.
        GraphError: no way from w to the loss; a leaf's data changed since; a gradient hook on the way.
    """
    check_value(function, loss)
    check_value(function, w)
    order = topological_order(loss)
    if loss.ndim:
        raise GraphError(
            f"{function}: {_called(loss)} has shape {loss.shape}; only a single number has a gradient to explain: "
            "reduce it first (.sum(), .mean()) or take one entry, loss[0]"
        )
    if loss is w:
        raise GraphError(f"{function}: the weight is the loss itself, and d{_called(w)}/d{_called(w)} = 1")
    depends = {w}
    for node in reversed(order):
        if node is not w and any(type(x) is Value and x in depends for x in node.inputs):
            depends.add(node)
    if w not in set(order) or loss not in depends:
        raise GraphError(_not_in_graph(function, loss, w, order))
    between = [node for node in order if node in depends]
    refuse_hooks(function, between)
    return between


def _called(node: Value) -> str:
    return node.name or ("a Value" if node.op is None else f"a Value made by {node.op.name}")


def _not_in_graph(function: str, loss: Value, w: Value, order: list[Value]) -> str:
    if loss.op is not None and not loss.inputs:
        return f"{function}: {_called(loss)} was computed inside no_grad(), so it has no graph; compute it outside"
    leaves = [node.name for node in reversed(order) if node.op is None and node.name]
    known = ", ".join(leaves[:10]) + (" …" if len(leaves) > 10 else "")
    ends = next((node for node in order if node.op is not None and not node.inputs), None)
    cut = "" if ends is None else f"; its graph ends at {_called(ends)}, which was computed inside no_grad()"
    twin = next((node for node in order if node.name == w.name and w.name), None)
    hint = f"; the graph has another Value called {w.name}: is it from an earlier pass?" if twin is not None else ""
    return (
        f"{function}: {_called(loss)} was not computed from {_called(w)} of shape {w.shape}{hint} "
        f"(its named leaves: {known or 'none'}){cut}"
    )


def value_names(loss: Value, w: Value, generated: bool) -> dict[Value, str]:
    """The names by which `graph` shows the loss, w and all Values that have a name; with `generated`, all others."""
    nodes = [node for node in graph(loss).nodes if node.value is not None]
    return {n.value: n.name for n in nodes if generated or n.named or n.value is loss or n.value is w}  # type: ignore[misc]


@dataclass
class Condensed:
    """The named Values on the way from w to the loss, and the links between them, found when asked for."""

    loss: Value
    w: Value
    between: list[Value]
    names: Mapping[Value, str]
    """The names of all Values at which formulas stop."""
    _links: dict[Value, list[Link]] = field(default_factory=dict)
    below: dict[Value, list[Value]] = field(init=False)
    """For each named Value on the way, the named ones directly below it, the oldest first."""

    def __post_init__(self) -> None:
        on_way = set(self.between)
        stops = {node for node in self.between if node in self.names}
        reach: dict[Value, set[Value]] = {}
        self.below = {}
        for node in reversed(self.between):
            if node is self.w:
                reach[node] = {node}
                continue
            found: set[Value] = set()
            for x in node.inputs:
                if type(x) is Value and x in on_way:
                    found |= {x} if x in stops else reach[x]
            reach[node] = found
            if node in stops:
                self.below[node] = sorted(found, key=lambda v: v.age)

    def links(self, node: Value) -> list[Link]:
        """The links from a named Value down to the named Values on the way."""
        if node not in self._links:
            targets = self.below[node]
            self._links[node] = [
                Link(node, x, derivative.data if type(derivative) is Value else derivative, self._formula(derivative))
                for x, derivative in zip(targets, self._derivatives(node, targets), strict=True)
            ]
        return self._links[node]

    def link(self, above: Value, below: Value) -> Link:
        """The link between two Values of which one is directly below the other."""
        return next(link for link in self.links(above) if link.below is below)

    def _derivatives(self, node: Value, targets: list[Value]) -> list[Any]:
        stops = _stops(node, self.names)
        with record_anyway():
            if stops is None:
                return gradients(node, targets, stop=set(self.names) - {node})
            return gradients(node, targets, create_graph=True, stop=stops)

    def _formula(self, derivative: Any) -> Expression | None:
        if type(derivative) is not Value:
            return None
        try:
            return simplify(derivative, names=self.names, limit=LARGEST_FORMULA)
        except TooLargeError:
            return None

    # -- ways ----------------------------------------------------------------------------------------

    def gates(self) -> list[Value]:
        """The named Values that every way passes, from the loss to w."""
        nodes = [node for node in self.between if node in self.below or node is self.w]
        place = {node: i for i, node in enumerate(nodes)}
        found, furthest = [], 0  # no link seen so far leads past that place
        for i, node in enumerate(nodes):
            if furthest <= i:
                found.append(node)
            furthest = max([furthest, *(place[x] for x in self.below.get(node, ()))])
        return found

    def ways(self, above: Value, below: Value) -> Iterator[list[Value]]:
        """The ways between two gates, one after the other."""
        path: list[Value] = [above]
        choices = [iter(self.below[above])]
        while choices:
            step = next(choices[-1], None)
            if step is None:
                choices.pop()
                path.pop()
            elif step is below:
                yield [*path, below]
            else:
                path.append(step)
                choices.append(iter(self.below[step]))

    def count(self, above: Value, below: Value) -> int:
        """How many ways there are between two gates."""
        counts = {below: 1}
        for node in reversed(self.between):
            if node in self.below and below.age < node.age <= above.age:
                counts[node] = sum(counts[x] for x in self.below[node])
        return counts[above]


def _stops(node: Value, names: Collection[Value]) -> set[Value] | None:
    """The named Values that a node was directly made from; None if there is too much between for a formula."""
    seen, stops, stack = {node}, set(), [node]
    while stack:
        for x in stack.pop().inputs:
            if type(x) is Value and x not in seen:
                seen.add(x)
                if x in names:
                    stops.add(x)
                else:
                    stack.append(x)
        if len(seen) > LARGEST_PIECE:
            return None
    return stops
