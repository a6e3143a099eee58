"""Walk the paths through a graph, or count them without walking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

from autograd_mini.backprop import gradients
from autograd_mini.modes import record_anyway
from autograd_mini.value import Value, record

Edges = dict[Value, list[int]]


def edges_between(between: list[Value]) -> Edges:
    """For each Value on the way, the positions of its inputs that are on the way too."""
    on_way = set(between)
    w = between[-1]
    return {
        node: [i for i, x in enumerate(node.inputs) if type(x) is Value and x in on_way]
        for node in between
        if node is not w
    }


def count_paths(between: list[Value], edges: Edges) -> tuple[int, int]:
    """How many paths there are and how many edges they have together, without walking them.

    One pass from w up, like a forward pass: through every edge come as many paths as led to its end.
    """
    users = dict.fromkeys(between, 0)
    for node, positions in edges.items():
        for i in positions:
            users[node.inputs[i]] += 1
    counts, lengths = {between[-1]: 1}, {between[-1]: 0}
    for node in reversed(between[:-1]):
        below = [node.inputs[i] for i in edges[node]]
        counts[node] = sum(counts[x] for x in below)
        lengths[node] = sum(lengths[x] + counts[x] for x in below)
        for x in below:
            users[x] -= 1
            if not users[x]:  # numbers of thousands of digits: none is kept longer than needed
                del counts[x], lengths[x]
    return counts[between[0]], lengths[between[0]]


Edge = tuple[Value, int]


def walk(loss: Value, w: Value, edges: Edges) -> Iterator[list[Edge]]:
    """The paths from the loss down to w, each as its edges (node, position of the input)."""
    taken: list[Edge] = []
    choices = [(loss, iter(edges[loss]))]
    while choices:
        node, positions = choices[-1]
        position = next(positions, None)
        if position is None:
            choices.pop()
            if taken:
                taken.pop()
            continue
        below = node.inputs[position]
        if below is w:
            yield [*taken, (node, position)]
        else:
            taken.append((node, position))
            choices.append((below, iter(edges[below])))


def multiplied(factors: Iterable[float]) -> float:
    """The factors from the loss down, multiplied as backpropagation does: once 0, it stays 0, also if ∞ follows."""
    return reduce(lambda upstream, local: upstream * local if upstream else 0.0, factors, 1.0)


def carry(node: Value, position: int, upstream: Any) -> Any:
    """What one edge makes of the upstream gradient: the engine's own backward pass over that edge alone."""
    if node.partials is not None and type(upstream) is float:
        local = node.partials[position]
        return upstream * local if upstream else 0.0  # type: ignore[operator]
    assert node.op is not None
    twin = Value(node.inputs[position].data)
    inputs = tuple([twin if i == position else _plain(x) for i, x in enumerate(node.inputs)])
    with record_anyway():
        alone = record(node.op, inputs, node.params, None, node.data)
    return gradients(alone, [twin], upstream)[0]


def _plain(x: Any) -> Any:
    return x.data if type(x) is Value else x
