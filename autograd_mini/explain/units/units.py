"""Find the units of a dense network in a recorded graph: their weights, scores, activations and names.

>>> from autograd_mini import nn
>>> net = nn.MLP([2, 3, 1], "sigmoid")
>>> units = find_units(net(np.zeros((4, 2))))
>>> units.names
[['x1', 'x2'], ['h1_1', 'h1_2', 'h1_3'], ['ŷ']]
>>> [layer.activation.name for layer in units.layers], units.layers[0].h.read().shape
(['sigmoid', 'linear'], (3, 4))
>>> units.layers[0].W.where(2, 1) == (net[0].weight, (2, 1)), units.weight_name(0, 2, 1)
(True, '0.weight[2, 1]')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.explain.graph_data import check_value, graph
from autograd_mini.explain.units.cells import Cells, follow
from autograd_mini.explain.units.dense_layers import Dense, View, is_input, matrix_layer, written_layer
from autograd_mini.explain.units.hand import LINEAR, RELU, SIGMOID, TANH, Activation
from autograd_mini.explain.units.squared_error import Squared, squared_errors
from autograd_mini.explain.units.unit_names import default_name, names_of
from autograd_mini.explain.units.weighted_sums import Misfit, find_bend, is_hidden, weighted_sum
from autograd_mini.nn.functional import elu_row, leaky_relu_row, softsign_row
from autograd_mini.nn.loss_functions import hardtanh_row
from autograd_mini.numbers import constant
from autograd_mini.primitives import elementwise
from autograd_mini.value import Value

#: The activations that the delta rule by hand has formulas of its own for.
BY_HAND = {elementwise.sigmoid: SIGMOID, elementwise.tanh: TANH, elementwise.relu: RELU}
#: Behind the last score of a loss these still belong to the network.
ACTIVATIONS = {*BY_HAND, elementwise.softplus, leaky_relu_row, elu_row, softsign_row, hardtanh_row}


NO_SUM = (
    "there is no weighted sum in its graph: x @ W.T + b, W @ h + b or w_1 * x_1 + w_2 * x_2 + b, with weights that are "
    "Values, recorded outside no_grad()"
)


class NotDenseError(ValueError):
    """A graph is no stack of dense layers; the message names the node that does not fit."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One dense layer, h = σ(W h_before + b), one example a column."""

    W: Cells
    """(units, inputs)"""
    b: Cells | None
    """(units,)"""
    s: Cells
    """(units, batch)"""
    h: Cells
    """(units, batch)"""
    activation: Activation
    """σ and its slope σ′ on plain arrays of scores, (units, batch)."""


@dataclass(frozen=True, eq=False)
class Units:
    """A network's units, as they were found in a graph."""

    x: Cells
    """The inputs, (inputs, batch)."""
    layers: list[Layer]
    names: list[list[str]]
    """Of the inputs, then of each layer's units."""
    bias_names: list[str | None]
    """Of the bias unit that feeds each layer; None if it has no name."""
    loss: Value | None
    """What the graph was followed from, if that was not the network's output."""
    target: np.ndarray | None
    """y, (outputs, batch), where the loss is factor · Σ (y − ŷ)²; else None."""
    factor: float | None
    """½ in the lecture's loss."""

    @property
    def batch(self) -> int:
        """The number of examples."""
        return int(self.layers[-1].h.place.shape[1])

    def own_name(self, level: int, k: int) -> bool:
        """Whether a unit has a name that the user gave, not a made-up one such as h1_2."""
        last = level == len(self.layers)
        return self.names[level][k] != default_name(level, k, len(self.names[level]) if last else None)

    def weight_name(self, layer: int, j: int, k: int | None) -> str:
        """What the weight into unit j of a layer is called, from unit k before it or (None) from its bias unit."""
        cells = self.layers[layer].W if k is not None else self.layers[layer].b
        value, index = (cells.where(j, k) if k is not None else cells.where(j)) or (None, ())  # type: ignore[union-attr]
        name = getattr(value, "name", None)
        if name and not index:
            return str(name)
        to = self.names[layer + 1][j]
        source = self.bias_names[layer] if k is None else self.names[layer][k]
        if name and not self.own_name(layer + 1, j):
            return f"{name}[{', '.join(map(str, index))}]"
        if source is None:
            return f"b_{to}"
        return f"w_{to}{source}" if len(to) == len(source) == 1 else f"w_{to}←{source}"


def find_units(
    value: Value,
    *,
    output: Value | None = None,
    names: Sequence[Sequence[str]] | None = None,
    bias_names: Sequence[str | None] | None = None,
) -> Units:
    """Find the units of a stack of dense layers in the graph of its loss or of its output.

    Args:
        value: the loss or the network's output. A loss is recognised as factor · Σ (y − ŷ)² in any form;
            a number with another formula is taken for a loss whose ŷ is the last weighted sum with
            its activation.
        output: ŷ, where that is not so.
        names: of the inputs, of the units of the first layer, and so on to the outputs.
        bias_names: of the bias unit that feeds each layer; None for one without a name.

    Units that are Values of their own are named as they are (h_D and s_D make "D"); entries of arrays are
    x1, x2 … (inputs), h1_1, h1_2 … (the first hidden layer), ŷ1 … (outputs; ŷ for one), unless `names` are given.

    Raises:
        NotDenseError: something in the graph is no dense layer.
        ValueError: `names` do not fit the layers; there is no example.
        TypeError: `value` is not a Value.

    >>> import autograd_mini as ag
    >>> w, b, x = ag.Value(2.0, name="w"), ag.Value(-1.0, name="b"), ag.Value(3.0, name="x")
    >>> units = find_units((w * x + b).tanh())
    >>> units.names, units.layers[0].s.read().tolist()
    ([['x'], ['ŷ']], [[5.0]])
    """
    check_value("find_units", value)
    try:
        return _find(value, output, names, bias_names)
    except Misfit as misfit:
        raise NotDenseError(_explained(value, misfit)) from None


def _find(value: Value, output: Value | None, names: Any, bias_names: Any) -> Units:
    for end in (value, output):
        if end is not None and not is_hidden(end):
            raise Misfit(end, NO_SUM)
    parts = squared_errors(value)
    if parts and output is not None and any(follow(p.prediction)[0] is not follow(output)[0] for p in parts):
        parts = None
    predictions = [part.prediction for part in parts] if parts else [output if output is not None else _output(value)]
    ends = [follow(prediction) for prediction in predictions]
    if not all(entries.size for _, entries in ends):
        raise ValueError(f"x has no examples: the network's output has shape {predictions[0].shape}")
    found = _walk_back(ends)
    _refuse_other_uses(value, found)
    is_loss = parts is not None or ends[0][0] is not follow(value)[0]
    target, factor = _target(parts, ends, found[-1]) if parts else (None, None)
    unit_names, unit_bias_names = names_of(found, names, bias_names)
    return Units(
        x=found[0].x,
        layers=[Layer(d.W, d.b, d.s, d.h, _activation(d)) for d in found],
        names=unit_names,
        bias_names=unit_bias_names,
        loss=value if is_loss else None,
        target=target,
        factor=factor,
    )


def _output(value: Value) -> Value:
    """Where the network ends: an array does itself; a number is a loss, unless an activation."""
    if value.ndim and value.size != 1:
        return value
    users: dict[Value, list[Value]] = {}
    order = topological_order(value, check=False)
    for node in order:
        for x in node.inputs:
            if type(x) is Value:
                users.setdefault(x, []).append(node)
    end = next(node for node in order if weighted_sum(node))
    while len(users.get(end, ())) == 1 and users[end][0].op in ACTIVATIONS:
        end = users[end][0]
    return end


def _walk_back(ends: list[View]) -> list[Dense]:
    """The layers from the last to the first, returned in the order of the computation."""
    found: list[Dense] = []
    rows: bool | None = None
    seen: set[Value] = set()
    values = [base for base, _ in ends]
    while not all(is_input(x) for x in values):
        for x in values:
            if x in seen:
                raise Misfit(x, "units of several layers use it: a dense stack has no connection that skips a layer")
            seen.add(x)
        bends = [find_bend(x) for x in values]
        if len(bends) == 1 and bends[0].score.matmuls:
            layer, rows = matrix_layer(bends[0], rows)
        else:
            layer = written_layer(bends)
        if found and not _same_cells(layer.h, found[0].x):
            raise Misfit(values[0], "its entries are rearranged before the next layer uses them")
        found.insert(0, layer)
        values = layer.sources
    return found


def _same_cells(a: Cells, b: Cells) -> bool:
    return [*map(id, a.values)] == [*map(id, b.values)] and np.array_equal(a.place, b.place)


def _refuse_other_uses(value: Value, found: list[Dense]) -> None:
    """Besides the output nothing may lead from the loss to the weights, else their gradients have other parts too."""
    weights = {id(v) for d in found for cells in (d.W, d.b) if cells is not None for v in cells.values}
    ends = {bend.h for bend in found[-1].bends}
    for node in topological_order(value, ends, check=False):
        for x in node.inputs if node not in ends else ():
            if id(x) in weights:
                name = x.name or "a weight"
                raise Misfit(node, f"the loss uses {name} besides the network's output (a penalty?): leave that out")


def _target(parts: list[Squared], ends: list[View], last: Dense) -> tuple[np.ndarray | None, float | None]:
    """y in the table's form, and the loss's factor, if all parts have the same."""
    goals: dict[int, np.ndarray] = {}
    for part, (base, entries) in zip(parts, ends, strict=True):
        goal = goals.setdefault(id(base), np.full(base.size, np.nan))
        goal[entries.ravel()] = np.broadcast_to(constant(part.target), entries.shape).ravel()
        if np.unique(entries).size != base.size:
            raise Misfit(part.prediction, "the loss does not look at each output once")
    factors = {part.factor for part in parts}
    y = last.h.read(lambda h: goals[id(h)].reshape(h.shape))
    return (y, float(factors.pop())) if len(factors) == 1 else (None, None)


# -- activations -----------------------------------------------------------------------------------


def _activation(layer: Dense) -> Activation:
    kinds = {tuple(node.op for node in bend.nodes) for bend in layer.bends}
    operations = kinds.pop() if len(kinds) == 1 else None
    if operations == ():
        return LINEAR
    if operations is not None and len(operations) == 1 and operations[0] in BY_HAND:
        return BY_HAND[operations[0]]
    name = "various" if operations is None else ", ".join(op.name for op in operations if op is not None)
    return Activation(name, partial(_bent, layer, 0), partial(_bent, layer, 1))


def _bent(layer: Dense, which: int, s: np.ndarray) -> np.ndarray:
    """σ(s) (0) or σ′(s) (1), computed in the shapes in which the graph keeps its scores."""
    flat = np.empty(int(layer.s.place.max()) + 1)
    flat[layer.s.place] = s
    results, start = [], 0
    for bend in layer.bends:
        score = flat[start : start + bend.score.node.size].reshape(bend.score.node.shape)
        results.append(np.ravel(bend.run(score)[which]))
        start += score.size
    return np.asarray(np.concatenate(results)[layer.h.place])


def _explained(value: Value, misfit: Misfit) -> str:
    """The message: which node, where, why."""
    node = graph(value).node(misfit.node)
    where = [f"{node.op or 'the leaf'} at {node.name} {node.shape}"]
    where += [f"in layer {node.scope}"] if node.scope else []
    where += [f"line {node.source}"] if node.source else []
    return f"not a stack of dense layers: {', '.join(where)}: {misfit.why}"
