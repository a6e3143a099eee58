"""Write a graph as text: one line a Value, each after its inputs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import shown
from autograd_mini.explain.formulas.notation import Formula, number, operation
from autograd_mini.explain.graph_data import CONSTANT, Graph, Node
from autograd_mini.explain.pictures.view import View
from autograd_mini.rules import ATOM
from autograd_mini.visible import visible

INLINE = 4


def written(graph: Graph, node: Node, digits: int = 4) -> str:
    """How a node was computed from its inputs' names: "w·x"."""
    operands = [_operand(graph.nodes[i], digits) for i in node.inputs]
    if node.value is None or node.value.op is None:
        return f"{node.op}({', '.join(o.written for o in operands)})"
    return operation(node.value.op, operands, node.params, "text", digits).written


def _operand(node: Node, digits: int) -> Formula:
    if node.kind != CONSTANT:
        return Formula(node.name, ATOM)
    return number(node.data, "text", digits) if is_inline(node) else Formula(f"array {node.shape}", ATOM)


def is_inline(constant: Node) -> bool:
    """Whether a formula has room for a constant's entries."""
    return np.size(constant.data) <= INLINE


def listing(view: View, show: Collection[str], digits: int) -> str:
    """What is drawn, as a table."""
    rows: list[tuple[int, str, str, str]] = []
    for node in view.nodes:
        if node.kind == CONSTANT:
            continue
        made = node.name
        if node.index in view.cut:
            made += " = …"
        elif node.inputs:
            made += f" = {written(view.graph, node, digits)}"
        if "shape" in show:
            made += f" {node.shape}"
        rows.append((node.index, made, _cell("data", node.data, show, digits), _cell("grad", node.grad, show, digits)))
    for layer in view.layers.values():
        rows.append((layer.members[-1].index, f"[{layer.scope.label}]", layer.shapes, ""))
    cells = [[visible(" ".join(cell.split())) for cell in row] for _, *row in sorted(rows)]  # every row on one line
    widths = [max(14, *(len(row[i]) for row in cells)) for i in range(2)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in cells]
    return "\n".join([*lines, *([view.caption] if view.caption else [])])


def _cell(what: str, numbers: Any, show: Collection[str], digits: int) -> str:
    return f"{what} {shown(numbers, digits)}" if what in show and numbers is not None else ""
