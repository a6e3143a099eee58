"""Write what the stepper in the terminal shows: a step, a node, the graph, as they are after so many steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.explain.formatting import shown
from autograd_mini.explain.graph_data import CONSTANT, Node
from autograd_mini.explain.pictures.listing import written
from autograd_mini.explain.story.known import Known, arrives, awaited, known
from autograd_mini.explain.story.steps import ForwardStep, TraceStep, UpdateStep
from autograd_mini.explain.story.trace import Trace
from autograd_mini.visible import visible

NOT_YET = "not yet"
#: Columns of a line in `list`; `print` shows a step in full.
WIDTH = 100
#: What a step may hold besides what was there before and after it.
FACTS = ("result", "upstream", "local", "product", "contribution", "gradient", "rate", "delta")


def exact(number: Any) -> str:
    """A number with all its digits, an array with all its entries (of more than 1000 the first and last).

    >>> exact(-0.1), exact(None), exact(np.float32([0.1, 2]))
    ('−0.1', 'not yet', '[0.1, 2. ]')
    """
    if number is None:
        return NOT_YET
    text = np.array2string(number, separator=", ", floatmode="unique") if np.ndim(number) else str(number)
    return text.replace("-", "−")


def short(number: Any, digits: int) -> str:
    return NOT_YET if number is None else shown(number, digits)


def value_now(now: Known, node: int) -> Any:
    """A node's value, after its update if that is done."""
    return now.values[node] if now.updated[node] is None else now.updated[node]


def layers_of(trace: Trace, step: TraceStep) -> list[str]:
    """The layers that a step lies in, from the outermost on."""
    parents = {scope.path: scope.parent for scope in trace.graph.scopes}
    path, found = step.layer, list[str]()
    while path is not None:
        found.insert(0, path)
        path = parents.get(path)
    return found


def place(trace: Trace, step: TraceStep) -> str:
    layers = layers_of(trace, step)
    return step.phase + (f", layer {visible(' › '.join(layers))}" if layers else "")


def step_lines(trace: Trace, step: TraceStep) -> list[str]:
    """A step with its formulas and what it changes."""
    lines = [visible(line) for line in str(step).split("\n")]
    return [f"[{step.number}/{len(trace)}] {place(trace, step)}", *lines, f"      {_change(trace, step)}"]


def _change(trace: Trace, step: TraceStep) -> str:
    """before → after."""
    target = visible(trace.graph.nodes[step.target].name)
    before, after = (short(getattr(step, name, None), trace.digits) for name in ("before", "after"))
    if isinstance(step, ForwardStep):
        return f"{target}: {NOT_YET} → {shown(step.result, trace.digits)}"
    if isinstance(step, UpdateStep):
        return f"{target}: {before} → {after}"
    gradient = f"∂{visible(trace.graph.output.name)}/∂{target}"
    if not arrives(step):
        return f"{gradient}: {NOT_YET}, the sum over the copies is the next step"
    return f"{gradient}: {before} → {after}"


def fact_lines(step: TraceStep) -> list[str]:
    """The numbers of a step with all their digits."""
    facts = {name: getattr(step, name, None) for name in (*FACTS, "before", "after")}
    return [f"      {name:<13}{exact(number)}" for name, number in facts.items() if number is not None]


def node_lines(trace: Trace, node: Node, position: int) -> list[str]:
    """A node with its numbers as they are after `position` steps."""
    now, graph = known(trace, position), trace.graph
    users = dict.fromkeys(graph.nodes[edge.target].name for edge in graph.edges if edge.source == node.index)
    total = awaited(trace)[node.index]
    parts = f"   ({now.arrived[node.index]} of {total} contributions)" if total else ""
    rows = {
        "made by": written(graph, node, trace.digits) if node.inputs else "",
        "value": exact(value_now(now, node.index)),
        "gradient": exact(now.gradients[node.index]) + parts,
        "used in": ", ".join(users),
        "layer": node.scope or "",
        "code": str(node.source or ""),
    }
    told = [f"{visible(node.name)}: {node.kind}, {node.shape or 'a number'}, {node.dtype}"]
    return told + [f"  {what:<10}{visible(text, keep=chr(10))}" for what, text in rows.items() if text]


def graph_lines(trace: Trace, position: int) -> list[str]:
    """Every node with its value and its gradient as they are after `position` steps."""
    now = known(trace, position)
    rows = [("node", "value", "gradient")]
    for node in trace.graph.nodes:
        if node.kind != CONSTANT:
            made = f"{node.name} = {written(trace.graph, node, trace.digits)}" if node.inputs else node.name
            numbers = value_now(now, node.index), now.gradients[node.index]
            value, gradient = (short(number, trace.digits) for number in numbers)
            rows.append((visible(made), value, gradient))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return [f"{made:<{widths[0]}}  {value:<{widths[1]}}  {gradient}".rstrip() for made, value, gradient in rows]


def list_lines(trace: Trace, first: int, last: int, position: int) -> list[str]:
    """Steps in short, the present one marked."""
    found = []
    for step in trace.steps[max(first - 1, 0) : last]:
        mark = "→" if step.number == position else " "
        line = f"{mark}{step.number:>4}  {step.phase:<8}  {visible(step.lines[0].text)}"
        found.append(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…")
    return found
