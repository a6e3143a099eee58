"""Turn a recorded graph into the program that it is: plain Python, forwards and backwards, written by the machine.

>>> import autograd_mini as ag
>>> w, x = ag.Value(2.0, name="w"), ag.Value(3.0, name="x")
>>> E = (w * x - 5) ** 2
>>> E.name = "E"
>>> program = source(E)
>>> print(program)
# What the graph of E computes, as a program of its own.
<BLANKLINE>
# Given
w = 2.0
x = 3.0
<BLANKLINE>
# Forward
multiply_1 = w * x
subtract_1 = multiply_1 - 5
E = subtract_1 * subtract_1
<BLANKLINE>
# Backward: d_v stands for ∂E/∂v
d_E = 1.0
d_subtract_1 = d_E * (2 * subtract_1)
d_multiply_1 = d_subtract_1
d_w = d_multiply_1 * x
d_x = d_multiply_1 * w
>>> program.run()["d_w"]
6.0
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.backprop import Step, seed, steps, topological_order
from autograd_mini.explain.formatting import is_whole
from autograd_mini.explain.graph_data import Graph, check_value, graph, refuse_hooks
from autograd_mini.explain.program.program_lines import Lines
from autograd_mini.explain.program.rule_rewriting import Rewriter
from autograd_mini.explain.program.rule_source import NoSourceError
from autograd_mini.spelling import Names, number_text
from autograd_mini.value import Value

#: A longer literal has every row of its array on a line of its own.
ROW = 80
LIBRARIES = {"math": "import math", "np": "import numpy as np"}


class Program(str):
    """The text of a program, as `source` makes it: print it, save it, or `run()` it."""

    names: dict[Value, str]
    """The variable that holds each Value of the graph."""
    gradient_names: dict[Value, str]
    """The variable that holds the gradient of each Value."""
    given: dict[str, np.ndarray]
    """The arrays that are too long for the text; the program finds them as variables."""

    def run(self) -> dict[str, Any]:
        """Run the program by itself; returns its variables by name.

        >>> v = Value(3.0, name="v")
        >>> source(v * v).run()
        {'v': 3.0, 'multiply_1': 9.0, 'd_multiply_1': 1.0, 'd_v': 6.0}
        """
        variables: dict[str, Any] = dict(self.given)
        with np.errstate(all="ignore"):  # 1/0 is no news here: it was recorded so
            exec(compile(self, "<program>", "exec"), variables)
        del variables["__builtins__"]
        return variables

    def _repr_markdown_(self) -> str:
        longest = max(map(len, re.findall("`+", self)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}python\n{self}\n{fence}\n"


def source(value: Value, upstream: Any = None, *, limit: int = 1000, max_nodes: int = 5000) -> Program:
    """The program that a graph is: straight-line Python which computes `value` and then every gradient.

    Every formula is taken from the operation's own row, with this graph's variables in it: what runs in
    the engine is what is printed. The program needs NumPy (of scalars alone, `math`) and nothing of this
    package, and gives the engine's numbers to the last bit.

    What the recorded numbers and shapes decide is decided in the text: which branch of a rule is taken,
    over which axes a broadcast operand's gradient is summed, where 0 · ∞ has to count as 0. So it is the
    program of this graph, not of the function in general.

    Args:
        value: the result, usually the loss.
        upstream: the gradient to start from, of `value`'s shape; 1 for a scalar by default.
        limit: arrays of more entries are not written out (single numbers always are): the program expects
            them as variables, and its `given` holds them, `exec(program, dict(program.given))`.
        max_nodes: the largest graph to write.

    Raises:
        TypeError: `value` is not a Value.
        ValueError: a graph of more than `max_nodes` Values, or a negative `limit`.
        NoSourceError: the source of an operation of your own is not in a file or a notebook cell, or it
            mentions what a program cannot name.
        GraphError: no upstream for an array; a leaf whose data changed after it was recorded; or a gradient
            hook, which is no part of the graph.
        ShapeError: an upstream of another shape.

    >>> W = Value([[1.0, 2.0]], name="W")
    >>> print(source(np.sum(W @ np.ones((2, 3)))).partition("# Forward\\n")[2])
    matmul_1 = W @ constant
    sum_1 = np.sum(matmul_1)
    <BLANKLINE>
    # Backward: d_v stands for ∂sum_1/∂v
    d_sum_1 = 1.0
    d_matmul_1 = np.full((1, 3), d_sum_1)
    d_W = d_matmul_1 @ constant.T
    """
    check_value("source", value)
    if not is_whole(limit, 0):
        raise ValueError(f"source: limit is a number of entries, 0 or more, got {limit}")
    order = topological_order(value, check=False)
    if len(order) > max_nodes:
        raise ValueError(
            f"source: the graph has {len(order)} Values, more than max_nodes={max_nodes}: take a node nearer the "
            "leaves, or raise max_nodes"
        )
    refuse_hooks("source", order)
    start, story = seed(value, upstream, caller="source"), steps(value, upstream)
    return _Writer(graph(value), limit).program(start, story)


class _Writer:
    """Puts a program together, section by section."""

    def __init__(self, recorded: Graph, limit: int) -> None:
        self.recorded, self.limit = recorded, limit
        self.nodes = {node.value: node for node in recorded.nodes if node.value is not None}
        names = Names()
        by_right = sorted(self.nodes, key=lambda v: not self.nodes[v].named)  # the user's own names first
        variables = {v: names.new(self.nodes[v].name) for v in by_right}
        self.names = {v: variables[v] for v in self.nodes}
        self.gradients = {v: names.new(f"d_{name}") for v, name in self.names.items()}
        mixed = any(node.dtype != "float64" for node in self.nodes.values())
        self.rewriter = Rewriter(names, mixed=mixed)
        self.lines = Lines(self.rewriter, self.names, self.gradients, mixed)
        self.given: dict[str, np.ndarray] = {}

    def program(self, start: Any, story: list[Step]) -> Program:
        output = next(reversed(self.nodes))
        label = self.names[output]
        forward = self._by_layer([(v, self.lines.forward, v) for v in self.nodes if v.inputs])
        backward = self._by_layer([(step.node, self.lines.backward, step) for step in story])
        first = self._given(self.gradients[output], start)
        outside = self.rewriter.outside
        given = [self._given(self.names[v], v.data) for v in self.nodes if not v.inputs]
        given += [self._given(name, array) for name, array in outside.arrays.items()]
        sections = [
            [f"# What the graph of {label} computes, as a program of its own."],
            [f"{name} = {number_text(number)}" for name, number in outside.constants.items()],
            *([f"\n{text}"] for text in self.rewriter.functions.values()),
            ["\n# Given" if self.rewriter.functions else "# Given", *given],
            ["# Forward", *forward] if forward else [],
            [f"# Backward: d_v stands for ∂{label}/∂v", first, *backward],
        ]
        sections[0] += self._imports([first, *given])
        text = "\n\n".join("\n".join(section) for section in sections if section)
        program = Program(text)
        program.names, program.gradient_names, program.given = self.names, self.gradients, self.given
        return program

    def _by_layer(self, work: list[tuple[Value, Callable[[Any], str], Any]]) -> list[str]:
        """The lines of many nodes, with a comment where another layer begins."""
        lines, layer = [], None
        labels = {scope.path: scope.label for scope in self.recorded.scopes}
        for v, write, subject in work:
            node = self.nodes[v]
            if node.scope != layer and node.scope is not None:
                lines.append(f"# {_one_line(labels[node.scope])}")
            layer = node.scope
            try:
                line = write(subject)
            except NoSourceError as error:
                raise NoSourceError(f"source: operation {node.op!r}: {error}") from error
            comment = f"  # line {node.source.line}: {_one_line(node.source.text)}" if node.source else ""
            lines.append(line + comment if write == self.lines.forward else line)
        return lines

    def _given(self, name: str, data: Any) -> str:
        if not np.ndim(data) or np.size(data) <= self.limit:
            text = number_text(data)
            return f"{name} = {text if len(text) <= ROW else number_text(data, in_rows=True)}"
        self.given[name] = np.array(data, order="K")
        return f"# {name}: {data.dtype} array of shape {data.shape}, too long to write here, is expected as a variable"

    def _imports(self, numbers: list[str]) -> list[str]:
        """The imports that the lines need, and the numbers' text."""
        used = self.rewriter.mentioned | ({"np"} if any("np." in line for line in numbers) else set())
        found = [line for name, line in LIBRARIES.items() if name in used]
        others = {alias: module.__name__ for alias, module in self.rewriter.outside.modules.items()}
        return found + [f"import {m}" + ("" if m == alias else f" as {alias}") for alias, m in others.items()]


def _one_line(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(c if c.isprintable() else " " for c in text)
