"""Turn the engine's records of one pass into the steps of a trace, each with its formulas and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.backprop import Step, broadcast_axes
from autograd_mini.explain.formulas.algebra import TooLargeError, simplify
from autograd_mini.explain.formulas.local import local_derivative, pullback
from autograd_mini.explain.formulas.notation import formula, name, number, operation
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.explain.formulas.writing import (
    Line,
    any_large,
    equation,
    in_brackets,
    line,
    partial,
    repeated,
    shape_of,
    times,
)
from autograd_mini.explain.graph_data import Graph, Node
from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, TraceStep, UpdateStep
from autograd_mini.explain.story.updates import update_lines
from autograd_mini.optim import Optimizer
from autograd_mini.optim.update import Update
from autograd_mini.rules import ATOM, Pull
from autograd_mini.value import Value

ZERO_TIMES_INFINITY = "0 times infinity counts as 0: what is not used sends nothing back"

#: An operation on more operands is not written out for each of them.
LONG = 12


class Teller:
    """Writes the steps of one trace: it knows the graph, the names in it and the number of digits."""

    def __init__(self, graph: Graph, digits: int) -> None:
        self.graph = graph
        self.digits = digits
        self.nodes = {node.value: node for node in graph.nodes if node.value is not None}
        self.names = {value: node.name for value, node in self.nodes.items()}
        self.uses = Counter(edge.source for edge in graph.edges)
        self.steps: list[TraceStep] = []

    def _add(self, kind: Callable[..., TraceStep], node: Node, lines: list[Line], **facts: Any) -> None:
        self.steps.append(
            kind(number=len(self.steps) + 1, layer=node.scope, node=node.index, lines=tuple(lines), **facts)
        )

    # -- forwards ----------------------------------------------------------------------------------

    def forward(self, node: Node) -> None:
        """z = op(x, y) = op(2, 3) = …"""

        def write(style: Style) -> str:
            value, operands = node.value, [self.graph.nodes[i] for i in node.inputs]
            numbers = [number(x.data, style, self.digits) for x in operands]
            symbols = [name(x.name, style) if x.name else n for x, n in zip(operands, numbers, strict=True)]
            if any_large(node.data, *[x.data for x in operands]):
                numbers = [shape_of(x.data, style) for x in operands]
            written = [
                operation(value.op, side, value.params, style, self.digits).written  # type: ignore[union-attr, arg-type]
                for side in (symbols, numbers)
            ]
            return equation(name(node.name, style).written, *written, self._number(node.data, style))

        self._add(ForwardStep, node, [line(write)], result=node.data)

    # -- backwards ---------------------------------------------------------------------------------

    def backward(self, step: Step) -> None:
        """∂E/∂x = ∂E/∂z · ∂z/∂x; and the sum over the copies, if x was broadcast."""
        z, x = self.nodes[step.node], self.nodes[step.input]
        axes = broadcast_axes(np.shape(step.product), x.shape)
        op = step.node.op
        is_pull = isinstance(op.rules[0 if op.variadic else step.position], Pull)  # type: ignore[union-attr]
        lines = self._pull_lines(step, z, x) if is_pull else self._local_lines(step, z, x)
        arrives = {"contribution": step.contribution, "before": step.before, "after": step.after}
        if not axes:
            lines += self._accumulation(step, x)
        self._add(
            BackwardStep,
            z,
            lines,
            input=x.index,
            position=step.position,
            upstream=step.upstream,
            local=step.local,
            product=step.product,
            sum_follows=bool(axes),
            **(dict.fromkeys(arrives) if axes else arrives),
        )
        if axes:
            self._sum(step, z, x, axes, arrives)

    def _local_lines(self, step: Step, z: Node, x: Node) -> list[Line]:
        both = (step.upstream, step.local)
        is_array, is_large = all(map(np.ndim, both)), any_large(*both, step.product)

        def chain(style: Style) -> str:
            symbols = Formula(self._gradient(z, style), ATOM), Formula(partial(z.name, x.name, style), ATOM)
            upstream, local = (shape_of(n, style) if is_large else number(n, style, self.digits) for n in both)
            return self._adds(x, style) + equation(
                times(*symbols, style, is_array),
                times(upstream, local, style, is_array),
                self._number(step.product, style) + repeated(step.product, x.shape, style),
            )

        lines = [line(chain)]
        if np.any(np.equal(step.upstream, 0) & ~np.isfinite(step.local)):
            lines.append(Line(ZERO_TIMES_INFINITY, rf"\text{{{ZERO_TIMES_INFINITY}}}"))
        symbols = local_derivative(step.node, step.position, names=self.names)
        if type(symbols) is not Value:  # a constant, such as 1: the chain says it already
            return lines
        numbers = None if is_large else local_derivative(step.node, step.position, symbols=False)

        def local(style: Style) -> str:
            parts = [formula(symbols, style, None, self.digits).written]
            if numbers is not None and symbols.op is not None:
                parts.append(formula(numbers, style, None, self.digits).written)
            return equation(partial(z.name, x.name, style), *parts, self._number(step.local, style))

        return [lines[0], line(local), *lines[1:]]

    def _pull_lines(self, step: Step, z: Node, x: Node) -> list[Line]:
        g = "g" if "g" not in (self.graph.nodes[i].name for i in z.inputs) else "g′"
        # Of a long concatenation every edge would write all operands again.
        symbols = None if len(z.inputs) > LONG else pullback(step.node, step.position, g, names=self.names)

        def pulled(style: Style) -> str:
            if symbols is None:
                rule = f"part {step.position} of g" if style == "text" else rf"\text{{part {step.position} of }} g"
            else:
                rule = _simplified(symbols, style, self.digits)
            return self._adds(x, style) + equation(rule, self._number(step.product, style))

        def upstream(style: Style) -> str:
            return equation(name(g, style).written, self._gradient(z, style), self._number(step.upstream, style))

        return [line(pulled), line(upstream)]

    def _sum(self, step: Step, z: Node, x: Node, axes: tuple[int, ...], arrives: dict[str, Any]) -> None:
        wide, narrow = np.shape(step.product), x.shape
        which = f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes[:-1]))} and {axes[-1]}"
        copies = "the batch" if axes == (0,) and len(wide) == len(narrow) + 1 else which

        def write(style: Style) -> str:
            what = f"summed over {copies}, {wide} → {narrow}"
            told = f"Σ [{what}]" if style == "text" else rf"\sum \text{{ {what}}}"
            return self._adds(x, style) + equation(told, self._number(step.contribution, style))

        self._add(
            SumStep,
            z,
            [line(write), *self._accumulation(step, x)],
            input=x.index,
            position=step.position,
            axes=axes,
            product=step.product,
            **arrives,
        )

    def _accumulation(self, step: Step, x: Node) -> list[Line]:
        """before + contribution = after; nothing is said of a first contribution, which is the gradient."""
        if step.before is None:
            return []

        def write(style: Style) -> str:
            total = (
                self._number(step.before, style)
                + " + "
                + in_brackets(number(step.contribution, style, self.digits), style)
            )
            return equation(self._gradient(x, style), total, self._number(step.after, style))

        return [line(write)]

    # -- updates -----------------------------------------------------------------------------------

    def update(self, optimizer: Optimizer, update: Update) -> None:
        """Δw = −µ·g = …, w = old + Δw = new."""
        node = self.nodes[update.parameter]
        lines = update_lines(optimizer, update, node.name, self.graph.output.name, self.digits)
        self._add(
            UpdateStep,
            node,
            lines,
            rule=type(optimizer).__name__,
            gradient=update.gradient,
            decay=update.decay,
            options=update.options,
            remembered=update.remembered,
            memory=update.memory,
            rate=update.rate,
            delta=update.delta,
            before=update.before,
            after=update.after,
        )

    # -- pieces ------------------------------------------------------------------------------------

    def _number(self, data: Any, style: Style) -> str:
        return number(data, style, self.digits).written

    def _gradient(self, node: Node, style: Style) -> str:
        return partial(self.graph.output.name, node.name, style)

    def _adds(self, x: Node, style: Style) -> str:
        """The left side of a contribution: ∂E/∂x =, or ∂E/∂x += where several edges add up."""
        if self.uses[x.index] == 1:
            return self._gradient(x, style) + " = "
        return self._gradient(x, style) + (" += " if style == "text" else r" \mathrel{+}= ")


def tell(
    graph: Graph, steps: list[Step], optimizer: Optimizer | None, updates: list[Update], digits: int
) -> list[TraceStep]:
    """All steps of one pass, numbered."""
    teller = Teller(graph, digits)
    for node in graph.computed:
        if node.inputs:
            teller.forward(node)
    for step in steps:
        teller.backward(step)
    if optimizer is not None:
        for update in updates:
            teller.update(optimizer, update)
    return teller.steps


def _simplified(rule: Any, style: Style, digits: int) -> str:
    """A pulled-back gradient as mathematics writes it: h gᵀ for NumPy's h[:, None] * g."""
    try:
        return simplify(rule).formula(style, digits).written
    except TooLargeError:
        return formula(rule, style, None, digits).written
