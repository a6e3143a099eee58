"""Draw a recorded graph: every Value with its name, numbers and gradient, every operation between.

>>> import autograd_mini as ag
>>> a, b = ag.Value(2.0, name="a"), ag.Value(3.0, name="b")
>>> c = a * b
>>> c.backward()
>>> print(draw(c).text())
a                 data 2          grad 3
b                 data 3          grad 2
multiply_1 = a·b  data 6          grad 1
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from autograd_mini.explain.formatting import is_whole
from autograd_mini.explain.graph_data import Graph
from autograd_mini.explain.pictures.colors import Scale
from autograd_mini.explain.pictures.graph_picture import Look, picture_of
from autograd_mini.explain.pictures.picture import INSTALL_DOT, DotMissingError, Picture
from autograd_mini.explain.pictures.view import OPEN, view_of
from autograd_mini.value import Value

__all__ = ["INSTALL_DOT", "DotMissingError", "Picture", "draw"]

SHOWN = ("data", "grad", "shape")

Which = Value | str | int


def draw(
    value: Value | Graph,
    *,
    direction: str = "LR",
    show: str | Collection[str] = ("data", "grad"),
    digits: int = 4,
    max_depth: int | None = None,
    layers: str | Collection[str] = OPEN,
    constants: bool = True,
    compact: bool = False,
    heat_map: str | None = None,
    gradient_colors: bool = False,
    highlight: Which | Collection[Which] | None = None,
    max_nodes: int = 300,
) -> Picture:
    """A picture of the graph that `value` was computed by.

    Boxes are Values (blue: given, yellow: the output) with name, data and, after `backward()`, grad;
    circles are operations, their inputs in order; numbers without a box are constants. Frames are
    the layers of a network. In a notebook the picture shows itself; `.write("graph.pdf")` stores it.

    Args:
        value: a Value, or the graph that `ag.graph` made of it.
        direction: "LR" draws from left to right, "TB" from top to bottom.
        show: which of "data", "grad" and "shape" stand in a box; "none" for the names alone.
        digits: significant digits of the numbers.
        max_depth: leave out what is more than so many operations before the output.
        layers: "open" draws what is in them, "collapsed" one box for each, a list of their names
            (`["0", "2"]`, see `ag.graph(value).scopes`) one box for each of these.
        constants: whether plain numbers and arrays are drawn.
        compact: write each operation into the box of its result, "h = σ(s)", instead of a circle.
        heat_map: "data" or "grad" paints that of each array as a map, blue below 0, red above.
        gradient_colors: colour each box by the size of its gradient (its largest entry), on a
            logarithmic scale that stands below the picture.
        highlight: a Value, name or index: all ways from it to the output are highlighted. A list of
            them: these, and the edges between them.
        max_nodes: the largest picture, in boxes. A larger graph is drawn with its layers collapsed.

    Raises:
        TypeError: `value` is neither a Value nor a graph.
        ValueError: too large a graph, even with its layers collapsed, or another direction, `show`,
            `layers` or `heat_map` than the above.
        KeyError: a layer or a node to highlight that is not there.

    >>> x, w = Value(1.0, name="x"), Value(3.0, name="w")
    >>> print(draw((w * x).tanh(), compact=True, show="data").text())
    x                          data 1
    w                          data 3
    multiply_1 = w·x           data 3
    tanh_1 = tanh(multiply_1)  data 0.9951
    """
    if not isinstance(value, Graph | Value):
        raise TypeError(
            f"draw: expected a Value, got {type(value).__name__}; a plain number or array has no graph. "
            "Pass what your computation returned, such as the loss"
        )
    _one_of("direction", direction, ("LR", "TB"))
    _one_of("heat_map", heat_map, (None, "data", "grad"))
    show = () if show == "none" else (show,) if isinstance(show, str) else tuple(show)
    for what in show:
        _one_of("show", what, (*SHOWN, "none"))
    if max_depth is not None and not is_whole(max_depth, 0):
        raise ValueError(f"draw: max_depth counts operations before the output, from 0 on; got {max_depth}")
    view = view_of(value, max_depth, layers, max_nodes)
    scale = Scale.of(node.grad for node in view.graph.nodes) if gradient_colors else None
    lit, lit_edges = _lit(view.graph, highlight)
    return picture_of(view, direction, Look(show, digits, constants, compact, heat_map, scale, lit, lit_edges))


def _one_of(name: str, given: Any, allowed: tuple[Any, ...]) -> None:
    if given not in allowed:
        *most, last = map(repr, allowed)
        raise ValueError(f"draw: {name} must be {', '.join(most)} or {last}, got {given!r}")


def _lit(graph: Graph, highlight: Any) -> tuple[set[int], set[tuple[int, int]]]:
    """The nodes and the edges (source, target) to highlight."""
    if highlight is None:
        return set(), set()
    if isinstance(highlight, Value | str | int):
        lit = {graph.node(highlight).index}
        for node in graph.nodes:  # behind their inputs, so one pass finds all that follows
            if not lit.isdisjoint(node.inputs):
                lit.add(node.index)
    else:
        lit = {graph.node(which).index for which in highlight}
    return lit, {(e.source, e.target) for e in graph.edges if e.source in lit and e.target in lit}
