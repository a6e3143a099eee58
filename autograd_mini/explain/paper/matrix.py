"""Derive the gradient of a whole weight matrix: δ of every layer, then ∂E/∂W = −δ hᵀ and ΔW = µ δ hᵀ.

The gradients of arrays are what the operations' own rules give when they run on named Values. A
score is what a layer weighs up, s = W h + b; its δ is −∂E/∂s, as in the lecture.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.backprop import gradients
from autograd_mini.explain.formulas.algebra import TooLargeError, simplify
from autograd_mini.explain.formulas.expressions import Expression, Name, Sum, product
from autograd_mini.explain.formulas.notation import name, number
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.explain.graph_data import graph
from autograd_mini.explain.paper.chain import LARGEST_FORMULA, Condensed, value_names
from autograd_mini.explain.paper.constants import name_constants
from autograd_mini.explain.paper.derivation import STYLES, Derivation, Line, Note, decimals, in_decimals, too_long
from autograd_mini.explain.paper.layer_names import WEIGHING, layer_names
from autograd_mini.modes import record_anyway
from autograd_mini.primitives import elementwise, products, shaping
from autograd_mini.rules import ATOM, POWER
from autograd_mini.value import Value


def matrix_derivation(loss: Value, w: Value, between: list[Value], digits: int) -> Derivation:
    """`derive` at the level of matrices; see there."""
    return _Matrix(loss, w, between, digits).derivation()


class _Matrix:
    def __init__(self, loss: Value, w: Value, between: list[Value], digits: int) -> None:
        self.w, self.digits = w, digits
        names = value_names(loss, w, generated=False) | layer_names(graph(loss))
        between, self.names, self.constants = name_constants(between, names)
        self.loss = between[0]
        self.graph = Condensed(self.loss, w, between, self.names)
        self.nodes = [v for v in self.graph.between if v in self.graph.below or v is w]
        self.numbers = dict(zip(self.nodes, gradients(self.loss, self.nodes), strict=True))
        self.deltas: dict[Value, str] = {}
        self.in_decimals = False
        self.lines: list[Line] = []
        self.notes: list[Note] = []
        self.too_long: list[Note] = []

    # -- the derivation ------------------------------------------------------------------------------

    def derivation(self) -> Derivation:
        scores = [v for v in self.nodes if v is not self.loss and v is not self.w and is_score(v, self.names)]
        self.deltas = _delta_names(scores, self.names)
        arriving: dict[Value, Any] = {self.loss: None}
        for node in self.nodes[:-1]:
            upstream = arriving[node] if node is self.loss else self.passed_on(node, arriving[node])
            targets = self.graph.below[node]
            with record_anyway():
                found = gradients(node, targets, upstream, create_graph=True, stop=set(self.names) - {node})
                for x, part in zip(targets, found, strict=True):
                    arriving[x] = arriving[x] + part if x in arriving else part
        self.finish(self.expression(arriving[self.w], self.w))
        return Derivation(self.lines, self.numbers[self.w], "matrix", [*self.notes, *too_long(self.too_long)])

    def passed_on(self, node: Value, arrived: Any) -> Any:
        """What stands for ∂E/∂node in the formulas below: −δ; the formula itself, if it is short; else its name."""
        formula = self.expression(arrived, node)
        if node in self.deltas:
            self.line("delta", Name(self.deltas[node], 0), _negative(self.derivative(node)), _negative(formula))
            with record_anyway():
                return -Value(-np.asarray(self.numbers[node]), self.deltas[node])
        if formula is None:
            return Value(self.numbers[node], f"∂{self.names[self.loss]}/∂{self.names[node]}")
        return arrived

    def finish(self, gradient: Expression | None) -> None:
        derivative, own = self.derivative(self.w), self.names[self.w]
        numbers = [self.numbers[node] for node in (*self.deltas, self.w)]
        self.in_decimals = bool(self.deltas) and in_decimals(numbers, self.digits)
        if gradient is not None and self.written(gradient, "text") != self.written(numbers[-1], "text"):
            self.line("local", derivative, gradient)
        if self.w.op is None and self.deltas:
            rate = Name("µ", 0)
            change = None if gradient is None else product([rate, gradient], -1.0)
            self.line("update", Change(own, 0), product([rate, derivative], -1.0), change)
        for node, delta in self.deltas.items():
            self.line("numbers", Name(delta, 0), -np.asarray(self.numbers[node]))
        self.line("result", derivative, self.numbers[self.w])
        shapes = {own: self.w.shape} | {delta: node.shape for node, delta in self.deltas.items()}
        shapes |= {self.names[c]: c.shape for c in self.constants}
        latex, text = (", ".join(f"{name(n, s).written} {shape}" for n, shape in shapes.items()) for s in STYLES)
        if any(shapes.values()):
            self.notes.append(Note(rf"\text{{Shapes: }} {latex}", f"Shapes: {text}."))
        examples = batch_size(self.w, self.graph.between)
        if examples > 1:
            said = f"The product sums over the {examples} examples of the batch."
            self.notes.append(Note(rf"\text{{{said}}}", said))

    def expression(self, gradient: Any, node: Value) -> Expression | None:
        try:
            return simplify(gradient, names=self.names, limit=LARGEST_FORMULA)
        except TooLargeError:
            self.too_long.append(Note(*(self.derivative(node).formula(style).written for style in STYLES)))
            return None

    # -- writing -------------------------------------------------------------------------------------

    def derivative(self, node: Value) -> Quotient:
        return Quotient(self.names[self.loss], self.names[node], node.ndim)

    def line(self, kind: str, subject: Expression, *sides: Any) -> None:
        written = [[self.written(side, style) for side in sides if side is not None] for style in STYLES]
        latex, text = (" = ".join(equals) for equals in written)
        left_latex, left = (self.written(subject, style) for style in STYLES)
        self.lines.append(Line(kind, latex, text, left, left_latex))

    def written(self, side: Any, style: Style) -> str:
        if isinstance(side, Expression):
            return side.formula(style, self.digits, tight=True).written
        return (decimals if self.in_decimals else number)(side, style, self.digits).written


@dataclass(frozen=True)
class Quotient(Expression):
    """∂E/∂W, as a symbol."""

    above: str
    below: str
    ndim: int = 0

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        over, under = name(self.above, style).written, name(self.below, style).written
        if style == "latex":
            return Formula(rf"\frac{{\partial {over}}}{{\partial {under}}}", ATOM)
        return Formula(f"∂{over}/∂{under}", POWER)


@dataclass(frozen=True)
class Change(Name):
    """ΔW: what an update adds."""

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        return Formula(("Δ" if style == "text" else r"\Delta ") + name(self.written, style).written, ATOM)


def _negative(e: Expression | None) -> Expression | None:
    if isinstance(e, Sum):
        return Sum(tuple([product([term], -1.0) for term in e.terms]))
    return None if e is None else product([e], -1.0)


def _delta_names(scores: list[Value], names: Mapping[Value, str]) -> dict[Value, str]:
    """δ for s if it is the only one, else δ_1 for s_1; δ_s1 and δ_h1 where both would be δ_1."""
    subscripts = {}
    for v in scores:
        match = re.fullmatch(r"(\w)_(\w+)", names[v])
        subscripts[v] = (match[2], match[1] + match[2], names[v]) if match else (names[v], names[v], names[v])
    taken = set(names.values())
    short = [subscript[0] for subscript in subscripts.values()]
    deltas: dict[Value, str] = {}
    for v, (shortest, *longer) in subscripts.items():
        wanted = ["δ"] if len(scores) == 1 else [f"δ_{shortest}"] if short.count(shortest) == 1 else []
        wanted += [f"δ_{subscript}" for subscript in longer]
        own = next((delta for delta in wanted if delta not in taken), f"δ({names[v]})")
        deltas[v] = own
        taken.add(own)
    return deltas


def is_score(node: Value, names: Mapping[Value, str]) -> bool:
    """Whether a Value is a weighted sum: on its way from named Values something is multiplied with a leaf.

    An elementwise product makes a single number a score, w·x, but no array: layer normalization scales with one.
    """
    seen, stack = {node}, [node]
    while stack:
        v = stack.pop()
        weighs = v.op is not None and (v.op.name in WEIGHING or (v.op is elementwise.multiply and not node.ndim))
        if weighs and any(type(x) is Value and _behind_moves(x).op is None for x in v.inputs):
            return True
        new = {x for x in v.inputs if type(x) is Value and x not in names} - seen
        seen |= new
        stack.extend(new)
    return False


def _behind_moves(x: Value) -> Value:
    """The Value that x shows, transposed or reshaped."""
    while x.op in (shaping.transpose, shaping.reshape) and x.inputs and type(x.inputs[0]) is Value:
        x = x.inputs[0]
    return x


def batch_size(w: Value, between: list[Value]) -> int:
    """How many examples the matrix product with w has, 1 if it is not in one."""
    for node in reversed(between):
        if node.op is products.matmul:
            for i, x in enumerate(node.inputs):
                other = node.inputs[1 - i]
                if type(x) is Value and _behind_moves(x) is w:
                    shape = np.shape(other.data if type(other) is Value else other)
                    return math.prod(shape[:-1]) if i else shape[-1] if len(shape) > 1 else 1
    return 1
