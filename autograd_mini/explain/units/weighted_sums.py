"""Recognise s = Σ w h + b in a graph, and what bends a score s into an activation h.

A weighted sum is a matrix product with a bias or without one, `x @ W.T + b` or `W @ h + b`, or it is
written out, `w_DA * A + w_DB * B + …`. An activation is any composition of elementwise operations of
one score: `sigmoid(s)`, or `s * sigmoid(s)`, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from autograd_mini.explain.units.cells import follow
from autograd_mini.numbers import constant
from autograd_mini.primitives import elementwise, products
from autograd_mini.value import Value


class Misfit(Exception):
    """A node that no dense layer has, and why."""

    def __init__(self, node: Value, why: str) -> None:
        super().__init__(why)
        self.node = node
        self.why = why


@dataclass(frozen=True, eq=False)
class WeightedSum:
    """A score: the node that holds it and what it was added up from."""

    node: Value
    matmuls: list[Value]
    products: list[Value]
    """Of a weight and an activation, both scalars (or the activation a batch of them)."""
    biases: list[Any]
    """Addends that are no products: Values and constants."""


@dataclass(frozen=True, eq=False)
class Bend:
    """How an activation h came from a score s."""

    score: WeightedSum
    h: Value
    nodes: tuple[Value, ...]
    """The elementwise operations in between, oldest first, h the last of them; none if h is s."""

    def run(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h and the slope dh/ds for other scores, by the operations' own code and Local rules on arrays."""
        done: dict[Value, tuple[Any, Any]] = {self.score.node: (s, np.ones_like(s))}
        with np.errstate(all="ignore"):
            for node in self.nodes:
                numbers = [done[x][0] if type(x) is Value else constant(x) for x in node.inputs]
                z, slope = node.op.forward(*numbers, *node.params), 0.0  # type: ignore[union-attr]
                for x, rule in zip(node.inputs, node.op.rules, strict=True):  # type: ignore[union-attr]
                    if type(x) is Value:
                        slope = slope + rule.derivative(z, *numbers, *node.params) * done[x][1]
                done[node] = (z, slope)
        return done[self.h]


def is_leaf(x: Any) -> bool:
    return type(x) is Value and x.op is None


def computed(x: Any) -> bool:
    return type(x) is Value and x.op is not None


def weighted_sum(node: Value) -> WeightedSum | None:
    """The weighted sum that a node is, or None."""
    found = WeightedSum(node, [], [], [])
    for addend in _addends(node):
        if type(addend) is Value and addend.op is products.matmul and addend.inputs:
            found.matmuls.append(addend)
        elif _is_product(addend):
            found.products.append(addend)
        elif not computed(follow(addend)[0]):
            if np.any(constant(addend) != 0) or type(addend) is Value:  # Python's sum() begins with a 0
                found.biases.append(addend)
        else:
            return None
    return found if found.matmuls or found.products else None


def _addends(node: Value) -> Iterator[Any]:
    stack: list[Any] = [node]
    while stack:
        x = stack.pop()
        if type(x) is Value and x.op is elementwise.add and x.inputs:
            stack += reversed(x.inputs)
        else:
            yield x


def _is_product(x: Any) -> bool:
    """A weight times an activation, written out: one factor is a single number that is a leaf's."""
    if type(x) is not Value or x.op is not elementwise.multiply or not x.inputs or x.ndim > 1:
        return False
    return any(np.size(constant(factor)) == 1 and is_leaf(follow(factor)[0]) for factor in x.inputs)


def is_hidden(x: Any) -> bool:
    """Whether there is a weighted sum on the way to `x`."""
    stack, seen = [x] if type(x) is Value else [], {x} if type(x) is Value else set()
    while stack:
        node = stack.pop()
        if (node.op is products.matmul and node.inputs) or weighted_sum(node):
            return True
        inputs = [y for y in node.inputs if type(y) is Value and y not in seen]
        seen.update(inputs)
        stack += inputs
    return False


def find_bend(h: Value) -> Bend:
    """The score that an activation was made from, and the operations between.

    Raises:
        Misfit: something else than elementwise operations of one weighted sum.
    """
    scores: list[WeightedSum] = []
    nodes: list[Value] = []
    strangers: list[Value] = []
    stack, seen = [h], {h}
    while stack:
        node = stack.pop()
        score = weighted_sum(node)
        if score is not None:
            scores.append(score)
            continue
        if node.op is None:
            strangers.append(node)
            continue
        if not node.inputs:
            raise Misfit(node, "it was computed inside no_grad(), so nothing before it was recorded")
        if not node.op.elementwise:
            raise Misfit(node, "between a score and its activation every operation works element by element")
        nodes.append(node)
        inputs = [x for x in node.inputs if type(x) is Value and x not in seen]
        seen.update(inputs)
        stack += inputs
    if strangers:
        _refuse_stranger(strangers[0], nodes)
    if len(scores) != 1:
        _refuse_several(scores, nodes)
    if h.shape != scores[0].node.shape:
        raise Misfit(h, f"its shape differs from that of the scores it came from, {scores[0].node.shape}")
    return Bend(scores[0], h, tuple(sorted(nodes, key=lambda node: node.age)))


def _refuse_stranger(leaf: Value, nodes: list[Value]) -> NoReturn:
    user = next(node for node in nodes if any(x is leaf for x in node.inputs))
    hint = "; a bias is added: s = W h + b" if user.op is elementwise.subtract else ""
    raise Misfit(user, f"it uses {_called(leaf)}, which is neither a score nor a constant{hint}")


def _refuse_several(scores: list[WeightedSum], nodes: list[Value]) -> NoReturn:
    meeting = next((node for node in nodes if sum(type(x) is Value for x in node.inputs) > 1), nodes[0])
    names = " and ".join(_called(score.node) for score in scores[:2])
    raise Misfit(
        meeting, f"several weighted sums meet in it ({names}): a unit has one score, and no connection skips it"
    )


def _called(x: Value) -> str:
    return f"{x.name or 'a Value'} {x.shape}" if x.name or x.shape else "a Value"
