"""Collect what a picture of a network shows: units with values and δ, weights with Δw, and what is left out."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.explain.formatting import is_whole, plain, shown
from autograd_mini.explain.graph_data import refuse_hooks
from autograd_mini.explain.units.delta_numbers import Gradient, unit_gradients, unit_values
from autograd_mini.explain.units.running import recorded_output, run_model
from autograd_mini.explain.units.unit_names import one_line
from autograd_mini.explain.units.units import Units, find_units
from autograd_mini.nn import Linear, Module
from autograd_mini.numbers import constant
from autograd_mini.value import Value

INPUT, HIDDEN, OUTPUT, BIAS, MORE = "input", "hidden", "output", "bias", "more"


@dataclass(frozen=True)
class Circle:
    """A unit, a bias unit, or the sign that stands for units left out."""

    id: str
    kind: str
    name: str
    value: float | None = None
    delta: float | None = None
    target: float | None = None


@dataclass(frozen=True)
class Arrow:
    """A weight."""

    source: str
    target: str
    name: str
    weight: float
    update: float | None = None


@dataclass(frozen=True)
class NetworkView:
    """Everything a picture shows, in the order in which it is shown."""

    levels: list[list[Circle]]
    """From the inputs to the outputs; a level's bias unit is its last circle."""
    gaps: list[list[Arrow]]
    """The weights between a level and the next."""
    sizes: list[int]
    """How many units each level has, shown or not."""
    facts: list[str] = field(default_factory=list)
    """What the caption says."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """A network's units with what is known of them."""

    units: Units
    gradient: Gradient
    """dE/d(a Value), None where there is none."""
    values: bool
    """Whether it ran on an input that the user gave."""


def collect(model: Any, x: Any, y: Any, loss: Any, names: Any, bias_names: Any, rate: float | None) -> Recorded:
    """Run the model, or read a recorded graph, and find the units; with a learning rate `rate` also their gradients."""
    if type(model) is Value:
        if x is not None or y is not None:
            raise TypeError("draw_network: a recorded Value has its x and y in it; pass draw_network(value)")
        units = find_units(model, names=names, bias_names=bias_names)
        return Recorded(units, _known_gradient(units, model, rate), True)
    if x is None:
        if y is not None:
            raise TypeError("draw_network: y without x; pass draw_network(model, x, y)")
        output = _output_of_zeros(model)
        if rate is not None:
            refuse_hooks("draw_network", [p for p in model.parameters(include_frozen=True) if p.grad is not None])
        return Recorded(find_units(output, output=output, names=names, bias_names=bias_names), _own_gradient, False)
    if y is None:
        output = recorded_output("draw_network", model, x)
        units = find_units(output, output=output, names=names, bias_names=bias_names)
        return Recorded(units, _known_gradient(units, output, rate), True)
    E, output = run_model("draw_network", model, x, y, loss)
    units = find_units(E, output=output, names=names, bias_names=bias_names)
    return Recorded(units, _computed_gradient(units, E), True)


def _known_gradient(units: Units, end: Value, rate: float | None) -> Gradient:
    """The gradients that are there; if there is none, and Δw is asked for, those of the loss, if it is one."""
    there = any(value.grad is not None for value in unit_values(units))
    if not there and rate is not None and units.loss is not None and not units.loss.ndim:
        return _computed_gradient(units, units.loss)
    if there:
        refuse_hooks("draw_network", topological_order(end, check=False))
    return _own_gradient


def _computed_gradient(units: Units, loss: Value) -> Gradient:
    refuse_hooks("draw_network", topological_order(loss, check=False))
    return unit_gradients(units, loss)


def _own_gradient(value: Any) -> Any:
    return plain(value.grad) if type(value) is Value else None


def _output_of_zeros(model: Any) -> Value:
    """What a copy of the model makes of zeros: its structure, with nothing of the model itself touched."""
    first = next((m for m in model.modules() if isinstance(m, Linear)), None) if isinstance(model, Module) else None
    if first is None:
        raise TypeError("draw_network: without x the model must be a module that begins with nn.Linear; pass x")
    twin = deepcopy(model).eval()
    return recorded_output("draw_network", twin, np.zeros((1, first.in_features), first.weight.dtype))


def view(found: Recorded, learning_rate: float | None, example: int, most: int) -> NetworkView:
    """The circles and arrows; of a level of more than `most` units the first and the last ones."""
    units = found.units
    if not is_whole(example, 0) or example >= units.batch:
        raise IndexError(
            f"draw_network: example {example} of a batch of {units.batch}; they are 0 to {units.batch - 1}"
        )
    kept = [_kept(len(names), most) for names in units.names]
    levels = [_level(found, level, kept[level], example) for level in range(len(units.names))]
    gaps = [_arrows(found, layer, kept[layer], kept[layer + 1], learning_rate) for layer in range(len(units.layers))]
    return NetworkView(levels, gaps, [*map(len, units.names)], _facts(found, learning_rate, example, gaps))


def _kept(size: int, most: int) -> list[int]:
    """Which units are shown: all, or about three quarters of `most`, the last ones among them."""
    return list(range(size)) if size <= most else [*range(most // 2), *range(size - most // 4, size)]


def _level(found: Recorded, level: int, kept: list[int], example: int) -> list[Circle]:
    units, depth = found.units, len(found.units.layers)
    cells = units.x if level == 0 else units.layers[level - 1].h
    h = cells.read()[:, example]
    deltas = _deltas(found, level, example)
    kind = INPUT if level == 0 else OUTPUT if level == depth else HIDDEN
    circles = []
    for k in kept:
        if k and k - 1 not in kept:
            circles.append(Circle(f"more{level}", MORE, f"… {len(h) - len(kept)} more units"))
        goal = None if level < depth or units.target is None else float(units.target[k, example])
        value = float(h[k]) if found.values else None
        circles.append(Circle(f"u{level}_{k}", kind, one_line(units.names[level][k]), value, deltas[k], goal))
    if level < depth and units.layers[level].b is not None:
        circles.append(Circle(f"bias{level}", BIAS, one_line(units.bias_names[level] or ""), 1.0))
    return circles


def _deltas(found: Recorded, level: int, example: int) -> list[float | None]:
    """δ = −dE/ds."""
    if level == 0 or not found.values:
        return [None] * len(found.units.names[level])
    s = found.units.layers[level - 1].s
    numbers, known = -s.read(found.gradient)[:, example], s.known(found.gradient)[:, example]
    return [float(number) if there else None for number, there in zip(numbers, known, strict=True)]


def _arrows(found: Recorded, layer: int, before: list[int], after: list[int], rate: float | None) -> list[Arrow]:
    units, arrows = found.units, []
    W, b = units.layers[layer].W, units.layers[layer].b
    weights, updates = W.read(), _updates(found, W, rate)
    biases, bias_updates = (None, None) if b is None else (b.read(), _updates(found, b, rate))
    for j in after:
        for k in before:
            if W.place[j, k] >= 0:
                name = one_line(units.weight_name(layer, j, k))
                arrow = Arrow(f"u{layer}_{k}", f"u{layer + 1}_{j}", name, float(weights[j, k]), updates[j][k])
                arrows.append(arrow)
        if b is not None and biases is not None and bias_updates is not None and b.place[j] >= 0:
            name = one_line(units.weight_name(layer, j, None))
            arrows.append(Arrow(f"bias{layer}", f"u{layer + 1}_{j}", name, float(biases[j]), bias_updates[j]))
    return arrows


def _updates(found: Recorded, cells: Any, rate: float | None) -> Any:
    """Δw = −µ dE/dw, as nested lists; None where there is no gradient."""
    if rate is None:
        return np.full(cells.place.shape, None).tolist()
    updates = (-rate * cells.read(found.gradient)).astype(object)
    updates[~cells.known(found.gradient)] = None
    return updates.tolist()


def _facts(found: Recorded, rate: float | None, example: int, gaps: list[list[Arrow]]) -> list[str]:
    units, facts = found.units, []
    if units.batch > 1 and found.values:
        facts.append(f"units: example {example} of {units.batch}")
    if any(arrow.update is not None for gap in gaps for arrow in gap):
        facts.append(f"µ = {shown(rate)}" + (", Δw summed over the batch" if units.batch > 1 else ""))
    if units.loss is not None and np.ndim(constant(units.loss)) == 0:
        facts.append(f"E = {shown(units.loss.item())}")
    facts.append("activations: " + ", ".join(layer.activation.name for layer in units.layers))
    return facts
