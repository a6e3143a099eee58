"""Check automatic differentiation against the lecture's delta rule, unit by unit and weight by weight.

    δ_G = (y − ŷ) ŷ′        δ_D = (Σ_j w_jD δ_j) h_D′        Δw_GD = µ δ_G h_D

>>> from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
>>> rule = delta_rule(record(WORKED, INPUTS, TARGET).E, learning_rate=10.0)
>>> print(rule.row("Δw_GD"))
Δw_GD = µ δ_G h_D = 10 · 0.04239 · 0.9002 = 0.3816
>>> rule.largest_difference < 1e-15
True
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.graph_data import refuse_hooks
from autograd_mini.explain.units import delta_formulas as formulas
from autograd_mini.explain.units.delta_numbers import Numbers, both_ways
from autograd_mini.explain.units.delta_rows import Row, RowMaker
from autograd_mini.explain.units.running import positive_rate, run_model
from autograd_mini.explain.units.unit_names import one_line
from autograd_mini.explain.units.units import Units, find_units
from autograd_mini.value import Value

#: A table of at most so many numbers is printed whole; of a larger one the first units of a layer and weights of a
#: unit, and never more than so many lines.
NUMBERS, UNITS, WEIGHTS, LINES = 60, 5, 5, 200

COLUMNS = ("", "formula", "with numbers", "by hand", "autodiff", "difference")


@dataclass(frozen=True, eq=False)
class DeltaRule:
    """The delta rule's numbers for one recorded network, by hand and by automatic differentiation.

    `print` shows them as a table, a notebook too. `numbers` has them as arrays, layer by layer.
    """

    units: Units
    learning_rate: float
    error: float
    """E, before the update."""
    numbers: Numbers

    @property
    def largest_difference(self) -> float:
        """The largest |by hand − automatic differentiation| of any δ and Δw."""
        return max(float(np.max(np.abs(a - b), initial=0)) for a, b in self.numbers.pairs())

    @property
    def largest_relative_difference(self) -> float:
        """The same, each in relation to the largest number of its kind in its layer."""
        worst = 0.0
        for a, b in self.numbers.pairs():
            difference, largest = (float(np.max(np.abs(numbers), initial=0)) for numbers in (a - b, b))
            worst = max(worst, difference / largest if largest else difference)
        return worst

    @cached_property
    def rows(self) -> list[Row]:
        """Every δ and Δw, unit by unit from the output back, as the lecture goes."""
        return [row for layer, j in self._order() for row in self._maker.unit_rows(layer, j)]

    def row(self, name: str) -> Row:
        """The row of that name, such as "δ_D" or "Δw_GD".

        Raises:
            KeyError: there is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        near = get_close_matches(name, [row.name for row in self.rows])
        raise KeyError(f"no row is called {name!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))

    @property
    def _maker(self) -> RowMaker:
        return RowMaker(self.units, self.numbers, self.learning_rate)

    def _order(self) -> Iterator[tuple[int, int]]:
        for layer in reversed(range(len(self.units.layers))):
            yield from ((layer, j) for j in range(len(self.units.names[layer + 1])))

    # -- tables ------------------------------------------------------------------------------------

    @property
    def _size(self) -> int:
        return sum(a.size for a, _ in self.numbers.pairs())

    def lines(self) -> list[Row | str]:
        """The rows to print: all of a small table; of a large one the first of each unit, and what was left out."""
        if self._size <= NUMBERS:
            return list(self.rows)
        lines: list[Row | str] = []
        for layer in reversed(range(len(self.units.layers))):
            size = len(self.units.names[layer + 1])
            for j in range(min(size, UNITS)):
                lines += self._maker.unit_rows(layer, j, WEIGHTS)
                left = sum(1 for _ in self._maker.weights(layer, j)) - WEIGHTS
                lines += [f"… {left} more weights of this unit"] * (left > 0)
            lines += [f"… {size - UNITS} more units of layer {layer + 1}, with their weights"] * (size > UNITS)
        left = len(lines) - LINES
        return lines if left <= 0 else [*lines[:LINES], f"… {left} more lines"]

    @property
    def heading(self) -> str:
        """What was computed, in one line."""
        factor, batch = self.units.factor, self.units.batch
        loss = "E" if factor is None else f"E = {_factor(factor)}Σ (y − ŷ)²"
        examples = "1 example" if batch == 1 else f"{batch} examples, their updates summed"
        return f"Delta rule, µ = {shown(self.learning_rate)}, {loss} = {shown(self.error)}, {examples}"

    @property
    def summary(self) -> str:
        """How well the two agree, in one line."""
        return f"largest difference of all {self._size} numbers: {shown(self.largest_difference, 2)}"

    def __str__(self) -> str:
        lines = [line if isinstance(line, str) else _cells(line) for line in self.lines()]
        cells = [COLUMNS, *(line for line in lines if not isinstance(line, str))]
        widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]

        def aligned(row: Sequence[str]) -> str:
            texts = [c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
            return "  ".join(texts).rstrip()

        body = [line if isinstance(line, str) else aligned(line) for line in lines]
        return "\n".join([self.heading, "", aligned(COLUMNS), *body, "", self.summary])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """All rows as dictionaries of text and numbers, ready for JSON."""
        return {
            "learning_rate": self.learning_rate,
            "error": self.error,
            "examples": self.units.batch,
            "rows": [row.to_dict() for row in self.rows],
            "largest_difference": self.largest_difference,
        }

    def _repr_html_(self) -> str:
        body = [_html("td", [row] if isinstance(row, str) else _cells(row)) for row in self.lines()]
        rows = "".join(f"<tr>{cells}</tr>" for cells in [_html("th", COLUMNS), *body])
        caption = html.escape(f"{self.heading}; {self.summary}")
        return f'<table><caption style="text-align:left">{caption}</caption><tbody>{rows}</tbody></table>'


def _factor(factor: float) -> str:
    return "½ " if factor == 0.5 else "" if factor == 1 else f"{shown(factor)} "


def _cells(row: Row) -> list[str]:
    written = [one_line(row.name), formulas.text(row.formula), formulas.numbers(row.formula)]
    return [*written, shown(row.by_hand, 6), shown(row.autodiff, 6), shown(row.difference, 2)]


def _html(tag: str, cells: Sequence[str]) -> str:
    parts = []
    for i, cell in enumerate(cells):
        span = f' colspan="{len(COLUMNS)}"' if len(cells) == 1 else ""
        side = "left" if i < 3 else "right"
        parts.append(f'<{tag}{span} style="text-align:{side};padding:2px 8px">{html.escape(cell)}</{tag}>')
    return "".join(parts)


def delta_rule(
    model: Any,
    x: Any = None,
    y: Any = None,
    learning_rate: float | None = None,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    names: Sequence[Sequence[str]] | None = None,
    bias_names: Sequence[str | None] | None = None,
) -> DeltaRule:
    """Compute every δ and Δw of a dense network by the lecture's formulas, beside automatic differentiation's.

        δ_j = (y_j − ŷ_j) ŷ_j′        δ_i = (Σ_j w_ji δ_j) h_i′        Δw_ji = µ δ_j h_i

    The model runs once. Its units are found in the recorded graph; their numbers then go through the plain
    NumPy of `explain.units.hand`. No `.grad`, no parameter, no running statistics and no random generator changes.

    Args:
        model: a module or any function of `x` made of dense layers, in any notation (`x @ W.T + b`, `W @ h + b`,
            single Values); or a loss that is already recorded, then without `x` and `y`.
        x: one example or a batch, as the model takes it.
        y: the targets, of the output's shape.
        learning_rate: µ > 0.
        loss: a function of (prediction, target); by default the lecture's ½ Σ (y − ŷ)². Of a loss that is no
            squared error, −∂E/∂ŷ is taken from automatic differentiation in the place of y − ŷ.
        names, bias_names: names for the units, as in `find_units`.

    Raises:
        NotDenseError: the graph is no stack of dense layers; the message names the node that does not fit.
        TypeError: no learning rate; a model that cannot be called or gives no Value.
        ValueError: a learning rate that is no positive number; an x without examples.
        ShapeError: x or y do not fit.
        GraphError: a gradient hook is registered in the graph; a parameter changed after it was recorded.

    Source: lecture 9, "Backpropagation"; the slides' own numbers are in `lecture.worked_example`.

    >>> from autograd_mini import nn
    >>> net = nn.MLP([2, 2, 1], "sigmoid", "sigmoid")
    >>> net.load_state_dict({"0.weight": [[3.7, 3.7], [2.9, 2.9]], "0.bias": [-1.5, -4.5],
    ...                      "2.weight": [[4.5, -5.2]], "2.bias": [-2.0]})
    >>> rule = delta_rule(net, [1, 0], [1], 10.0, names=["AB", "DE", "G"], bias_names=["C", "F"])
    >>> print(rule.row("δ_D"))
    δ_D = w_GD δ_G h_D′ = 4.5 · 0.04239 · 0.0898 = 0.01713
    """
    if learning_rate is None:
        raise TypeError("delta_rule: expected a learning rate µ: delta_rule(model, x, y, learning_rate=10.0)")
    µ = positive_rate("delta_rule", learning_rate)
    if type(model) is Value:
        if x is not None or y is not None:
            raise TypeError("delta_rule: a recorded loss has its x and y in it; pass delta_rule(E, learning_rate=…)")
        E, output = model, None
    else:
        E, output = run_model("delta_rule", model, x, y, loss)
    if E.ndim:
        raise TypeError(
            f"delta_rule: expected a loss, one number, got shape {E.shape}: sum it, or pass the model, x, y"
        )
    refuse_hooks("delta_rule", topological_order(E, check=False))
    units = find_units(E, output=output, names=names, bias_names=bias_names)
    return DeltaRule(units, µ, E.item(), both_ways(units, E, µ))
