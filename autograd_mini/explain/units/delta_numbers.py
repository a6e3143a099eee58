"""Compute every δ and Δw of a network's units twice: by hand in plain NumPy, and by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.backprop import gradients
from autograd_mini.explain.units import hand
from autograd_mini.explain.units.cells import Cells
from autograd_mini.explain.units.units import Units
from autograd_mini.value import Value

#: The same table by hand and by automatic differentiation.
Pair = tuple[np.ndarray, np.ndarray]
#: Tells dE/d(a Value) in its shape; None of a constant, or where there is none.
Gradient = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers of one update in both ways.

    Lists have one entry for each layer, from the input's side on: δ (units, batch), ΔW (units, inputs),
    Δb (units,). A weight that is used in several places has the sum of its updates in all of them.
    """

    layers: list[hand.Layer]
    """W, b and σ, as the formulas by hand took them."""
    update: hand.Update
    """What they gave: scores, activations, slopes, deltas …"""
    output: np.ndarray
    """ŷ, (outputs, batch)"""
    signal: np.ndarray
    """What the output's slope is multiplied by: y − ŷ, or −dE/dŷ of another loss; (outputs, batch)."""
    deltas: list[Pair]
    """δ; automatic differentiation's is −dE/ds."""
    weights: list[Pair]
    """ΔW; automatic differentiation's is −µ dE/dW."""
    biases: list[Pair | None]
    """Δb, None for a layer without a bias."""

    def pairs(self) -> Iterator[Pair]:
        """All tables."""
        yield from self.deltas
        yield from self.weights
        yield from (pair for pair in self.biases if pair is not None)


def both_ways(units: Units, loss: Value, learning_rate: float) -> Numbers:
    """Apply the delta rule to the units' own numbers, and read the same off the graph's gradients."""
    gradient = unit_gradients(units, loss)
    layers = [
        hand.Layer(unit.W.read(), np.zeros(len(unit.W.place)) if unit.b is None else unit.b.read(), unit.activation)
        for unit in units.layers
    ]
    x, output = units.x.read(), units.layers[-1].h.read()
    if units.target is None or units.factor is None:
        signal = -units.layers[-1].h.read(gradient)
    else:
        signal = 2 * units.factor * (units.target - output)
    if units.target is not None and units.factor == 0.5:
        update = hand.delta_rule(layers, x, units.target, learning_rate)
    else:
        # The rule by hand computes y − h: with h = 0 at the output, y is the signal itself, to the last digit.
        blank = layers[-1].activation._replace(function=np.zeros_like)
        update = hand.delta_rule([*layers[:-1], layers[-1]._replace(activation=blank)], x, signal, learning_rate)
    weights, biases = _updates(units, update, gradient, learning_rate)
    deltas = [-unit.s.read(gradient) for unit in units.layers]
    return Numbers(layers, update, output, signal, list(zip(update.deltas, deltas, strict=True)), weights, biases)


def unit_gradients(units: Units, loss: Value) -> Gradient:
    """dE/d(every Value that holds a number of the units), which leaves every `.grad` as it was."""
    values = unit_values(units)
    found = dict(zip(map(id, values), gradients(loss, values), strict=True))
    return lambda value: found.get(id(value))


def unit_values(units: Units) -> list[Value]:
    """The Values that hold weights, biases, scores and activations."""
    tables = [cells for unit in units.layers for cells in (unit.W, unit.b, unit.s, unit.h) if cells is not None]
    return list({v: None for cells in tables for v in cells.values if type(v) is Value})


def _updates(
    units: Units, update: hand.Update, gradient: Gradient, learning_rate: float
) -> tuple[list[Pair], list[Pair | None]]:
    totals: dict[int, np.ndarray] = {}
    for unit, ΔW, Δb in zip(units.layers, update.weights, update.biases, strict=True):
        unit.W.add_to(totals, ΔW)
        if unit.b is not None:
            unit.b.add_to(totals, Δb)

    def both(cells: Cells) -> Pair:
        by_hand = cells.read(lambda v: totals[id(v)] if type(v) is Value else None)  # a constant stays as it is
        return by_hand, -learning_rate * cells.read(gradient)

    return [both(unit.W) for unit in units.layers], [None if unit.b is None else both(unit.b) for unit in units.layers]
