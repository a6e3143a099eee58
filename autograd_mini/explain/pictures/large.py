"""Find the part of a very large graph that can be drawn, without making a `Node` of every Value.

The walk stops as soon as it is known that too much would be left, and what happened inside a
module's call is passed over as one box. A million nodes take less than a second.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple

from autograd_mini.explain.graph_data import Graph, graph_of
from autograd_mini.notes import Call, calls_of
from autograd_mini.value import Value

#: Graphs of more Values than this are not made into `Node`s as a whole.
LARGE = 20_000


class Hidden(NamedTuple):
    """What a module's call made and used that never became a `Node`."""

    operations: int = 0
    parameters: int = 0
    """How many numbers they hold."""


NOTHING = Hidden()


def too_many(count: str, max_nodes: int, fewest: str) -> str:
    """Why a graph is not drawn, and what to do."""
    layers = f" (with its layers collapsed still {fewest} boxes)" if fewest else ""
    return (
        f"draw: the graph has {count} Values{layers}, more than max_nodes={max_nodes}: draw what is near the output "
        "with max_depth=5, draw a node nearer the leaves, or raise max_nodes"
    )


def is_large(root: Value) -> bool:
    """Whether a graph has more than `LARGE` Values."""
    seen, stack = {root}, [root]
    while stack:
        for x in stack.pop().inputs:
            if type(x) is Value and x not in seen:
                seen.add(x)
                stack.append(x)
                if len(seen) > LARGE:
                    return True
    return False


def part_of_large(root: Value, max_depth: int | None, max_nodes: int) -> tuple[Graph, set[int], dict[int, Hidden]]:
    """What is near the output, or, without a depth, what is outside of all modules' calls.

    Returns:
        The graph of these Values alone; the indices of those whose inputs it leaves out; and for
        those that a module returned what else there is behind them.

    Raises:
        ValueError: even that is too much.
    """
    inputs: dict[Value, list[Any]] = {}
    inside: dict[Value, Hidden] = {}
    passed: dict[int, set[Value]] = {}  # by the start of a call: one with two results is walked once
    level, depth = [root], 0
    while level and (max_depth is None or depth <= max_depth):
        deeper: dict[Value, None] = {}
        for v in level:
            call = None if max_depth is not None else min(calls_of(v), key=attrgetter("start"), default=None)
            if call is None:
                inputs[v] = list(v.inputs)
            else:  # the outermost one
                inputs[v], inside[v] = _through_call(v, call, passed.setdefault(call.start, set()))
            deeper.update((x, None) for x in inputs[v] if type(x) is Value and x not in inputs)
            count = len(inputs) + len(deeper)
            if count > 2 * max(max_nodes, 1):
                raise ValueError(too_many(f"more than {LARGE}", max_nodes, f"more than {count}" if inside else ""))
        level, depth = list(deeper), depth + 1
    return _graph_of(inputs, inside)


def _through_call(output: Value, call: Call, seen: set[Value]) -> tuple[list[Any], Hidden]:
    """What a call was given, and what it hides: the nodes younger than its start, the module's parameters."""
    own = set(call.module.parameters(include_frozen=True))
    given: dict[Value, None] = {}
    operations, stack, end = 0, [output], output.age
    seen.add(output)
    while stack:
        for x in stack.pop().inputs:
            if type(x) is Value and x not in seen:
                if call.start < x.age <= end and x.op is not None:
                    seen.add(x)
                    stack.append(x)
                    operations += 1
                elif x not in own:
                    given[x] = None
    return list(given), Hidden(operations, sum(p.size for p in own))


def _graph_of(inputs: dict[Value, list[Any]], inside: dict[Value, Hidden]) -> tuple[Graph, set[int], dict[int, Hidden]]:
    values = sorted(inputs, key=lambda v: (v.op is not None, v.age))  # a leaf with new data is young
    cut = {v for v in values if any(type(x) is Value and x not in inputs for x in inputs[v])}
    part = graph_of({v: () if v in cut else inputs[v] for v in values})
    return part, {part.node(v).index for v in cut}, {part.node(v).index: hidden for v, hidden in inside.items()}
