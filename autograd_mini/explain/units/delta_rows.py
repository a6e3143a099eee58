"""Tell the delta rule unit by unit: one row for each δ and each Δw, with its formula and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from autograd_mini.explain.formulas.notation import number
from autograd_mini.explain.units import delta_formulas as formulas
from autograd_mini.explain.units.cells import Cells
from autograd_mini.explain.units.delta_formulas import TERMS, Product, Sum, Symbol, Term, Writer, cut
from autograd_mini.explain.units.delta_numbers import Numbers
from autograd_mini.explain.units.units import Units
from autograd_mini.value import Value

#: How many examples have rows of their own; of more, there is the sum of their δ.
EXAMPLES = 4


@dataclass(frozen=True)
class Row:
    """One δ or one Δw, computed in both ways."""

    name: str
    """"δ_D", "Δw_GD" or "Δ 0.weight[0, 1]"; of example 2 of a batch "δ_D[2]", of all of them "Σ δ_D"."""
    head: Symbol
    formula: Term
    autodiff: float
    """From the recorded graph: δ = −dE/ds, Δw = −µ dE/dw."""
    example: int | None = None
    """Which example a δ belongs to; None for sums over the batch, and for weights."""

    @property
    def by_hand(self) -> float:
        """By the lecture's formula in plain NumPy."""
        return self.head.number

    @property
    def difference(self) -> float:
        """|by hand − automatic differentiation|."""
        return abs(self.by_hand - self.autodiff)

    def text(self, digits: int = 4) -> str:
        """The line with formula, numbers and result."""
        numbers, result = formulas.numbers(self.formula, digits), number(self.by_hand, "text", digits).written
        return f"{self.name} = {formulas.text(self.formula)} = {numbers} = {result}"

    def latex(self, digits: int = 4) -> str:
        """The same line as LaTeX.

        >>> from autograd_mini.explain.units.delta_rule import delta_rule
        >>> from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
        >>> rule = delta_rule(record(WORKED, INPUTS, TARGET).E, learning_rate=10.0)
        >>> print(rule.row("δ_D").latex(3))
        \\delta_{D} = w_{GD} \\, \\delta_{G} \\, h_{D}' = 4.5 \\cdot 0.0424 \\cdot 0.0898 = 0.0171
        """
        parts = [self.head.latex, formulas.latex(self.formula), formulas.latex_numbers(self.formula, digits)]
        return " = ".join([*parts, number(self.by_hand, "latex", digits).written])

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "formula": formulas.text(self.formula),
            "numbers": formulas.numbers(self.formula),
            "latex": self.latex(),
            "example": self.example,
            "by_hand": self.by_hand,
            "autodiff": self.autodiff,
            "difference": self.difference,
        }

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, eq=False)
class RowMaker:
    """Makes the rows of one unit after the other."""

    units: Units
    numbers: Numbers
    learning_rate: float

    def unit_rows(self, layer: int, j: int, most: int | None = None) -> Iterator[Row]:
        """The unit's δ and the Δw of its weights, the one from its bias unit last; at most so many of these."""
        batch = self.units.batch
        if batch > EXAMPLES:
            yield self._delta_sum(layer, j)
        for n in range(batch if batch <= EXAMPLES else 0):
            head = self._delta(layer, j, n)
            yield Row(head.text, head, self._delta_formula(layer, j, n), float(self.numbers.deltas[layer][1][j, n]), n)
        for k in islice(self.weights(layer, j), most):
            yield self._weight_row(layer, j, k)

    def weights(self, layer: int, j: int) -> Iterator[int | None]:
        """What has a weight into the unit, constants aside: units before it, and (None) its bias unit."""
        W, b = self._learned[layer]
        yield from (int(k) for k in np.flatnonzero(W[j]))
        if b is not None and b[j]:
            yield None

    @cached_property
    def _learned(self) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """Where each layer's tables have weights that are Values."""

        def learned(cells: Cells) -> np.ndarray:
            return cells.known(lambda v: True if type(v) is Value else None)

        return [(learned(unit.W), None if unit.b is None else learned(unit.b)) for unit in self.units.layers]

    # -- δ -----------------------------------------------------------------------------------------

    def _delta(self, layer: int, j: int, n: int, numbered: bool = True) -> Symbol:
        delta = float(self.numbers.update.deltas[layer][j, n])
        return self._of(n, numbered, self._write.delta(layer + 1, j, delta))

    @cached_property
    def _write(self) -> Writer:
        return Writer(self.units)

    def _of(self, n: int, numbered: bool, quantity: Symbol) -> Symbol:
        """In a batch the examples are told apart by their number."""
        if not numbered or self.units.batch == 1:
            return quantity
        return Symbol(f"{quantity.text}[{n}]", f"{{{quantity.latex}}}^{{({n})}}", quantity.number)

    def _delta_formula(self, layer: int, j: int, n: int, numbered: bool = True) -> Product:
        write = self._write
        slope = write.activation(layer + 1, j, float(self.numbers.update.slopes[layer][j, n]), prime=True)
        slope = self._of(n, numbered, slope)
        if layer == len(self.units.layers) - 1:
            return Product([*self._signal(j, n, numbered), slope])
        later, W = layer + 1, self.numbers.layers[layer + 1].W
        terms = [
            Product([write.weight(later, i, j, float(W[i, j])), self._delta(later, i, n, numbered)])
            for i in range(len(W))
            if self.units.layers[later].W.place[i, j] >= 0
        ]
        return Product([*terms[0].factors, slope] if len(terms) == 1 else [cut([*terms]), slope])

    def _signal(self, j: int, n: int, numbered: bool) -> list[Term]:
        """y − ŷ for the lecture's loss; 2c (y − ŷ) for c Σ (y − ŷ)²; else −∂E/∂ŷ."""
        write, units = self._write, self.units
        output = write.activation(len(units.layers), j, float(self.numbers.output[j, n]))
        output = self._of(n, numbered, output)
        if units.target is None or units.factor is None:
            tex = rf"\left(-\partial E / \partial {output.latex}\right)"
            return [Symbol(f"(−∂E/∂{output.text})", tex, float(self.numbers.signal[j, n]))]
        miss = Sum([self._of(n, numbered, write.target(j, float(units.target[j, n]))), output], minus=True)
        twice = 2 * units.factor
        return [miss] if twice == 1 else [Symbol(number(twice).written, number(twice, "latex").written, twice), miss]

    def _delta_sum(self, layer: int, j: int) -> Row:
        by_hand, auto = (float(deltas[j].sum()) for deltas in self.numbers.deltas[layer])
        head = self._write.delta(layer + 1, j, by_hand)
        head = Symbol(f"Σ {head.text}", rf"\sum_n {head.latex}", by_hand)
        terms: list[Term] = [self._delta_formula(layer, j, n) for n in range(TERMS)]
        each = self._delta_formula(layer, j, 0, numbered=False)
        return Row(head.text, head, Sum(terms, left_out=self.units.batch - TERMS, each=each), auto)

    # -- Δw ----------------------------------------------------------------------------------------

    def _weight_row(self, layer: int, j: int, k: int | None) -> Row:
        updates = self.numbers.biases[layer] if k is None else self.numbers.weights[layer]
        by_hand, auto = (float(table[j] if k is None else table[j, k]) for table in updates or ())
        weight = self._write.weight(layer, j, k, by_hand)
        name = f"Δ {weight.text}" if "[" in weight.text else f"Δ{weight.text}"
        rate, batch = Symbol("µ", r"\mu", self.learning_rate), self.units.batch
        terms = [self._update(layer, j, k, n) for n in range(min(batch, TERMS))]
        formula: Term = Product([rate, *terms[0].factors])
        if batch > 1:
            each = self._update(layer, j, k, 0, numbered=False)
            formula = Product([rate, Sum([*terms], left_out=batch - len(terms), each=each)])
        update = self.numbers.update
        here = float(update.biases[layer][j] if k is None else update.weights[layer][j, k])
        if here != by_hand:  # one weight, used in several places
            formula = Sum([formula, Symbol("elsewhere", r"\text{elsewhere}", by_hand - here)])
        return Row(name, Symbol(name, rf"\Delta {weight.latex}", by_hand), formula, auto)

    def _update(self, layer: int, j: int, k: int | None, n: int, numbered: bool = True) -> Product:
        """δ_j h_k of one example."""
        delta = self._delta(layer, j, n, numbered)
        if k is None:
            return Product([delta, *self._write.bias(layer)])
        before = self._write.activation(layer, k, float(self.numbers.update.activations[layer][k, n]))
        return Product([delta, self._of(n, numbered, before)])
