"""The delta rule by hand: the lecture's matrix form in plain NumPy, for any stack of dense layers.

    forwards    s = W h + b        ŷ = h of the last layer      h = σ(s)
    backwards   δ = (y − ŷ) ⊙ σ′(s)        δ_i = Wᵀ δ_{i+1} ⊙ σ′(s)
    updates     ΔW = µ δ hᵀ                Δb = µ Σ δ

The slide drops the transpose of W in the second formula; without it the shapes do not even fit.
The error is E = Σ ½ (y − ŷ)², so δ = −dE/ds and ΔW = −µ dE/dW: the rule carries the minus sign of
descent. An example is a column; the columns of a batch are summed by δ hᵀ itself. b holds the
weights from the bias unit, whose activation is always 1.

Nothing of the engine is imported here: this is the independent witness that automatic
differentiation is compared with.

    >>> layer = Layer(np.array([[2.0]]), np.array([-1.0]), LINEAR)
    >>> update = delta_rule([layer], np.array([[3.0]]), np.array([[4.0]]), learning_rate=0.5)
    >>> update.output, update.deltas[0], update.weights[0], update.biases[0]
    (array([[5.]]), array([[-1.]]), array([[-1.5]]), array([-0.5]))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """An elementwise function σ and its derivative σ′, both of the score s."""

    name: str
    function: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


def sigmoid(s: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(s))  # never overflows, as e^−s would at s = −1000
    return np.where(s >= 0, 1, e) / (1 + e)


# fmt: off
SIGMOID = Activation("sigmoid", sigmoid,                      lambda s: sigmoid(s) * (1 - sigmoid(s)))
TANH    = Activation("tanh",    np.tanh,                      lambda s: 1 - np.tanh(s) ** 2)
RELU    = Activation("relu",    lambda s: np.maximum(s, 0.0), lambda s: np.where(s > 0, 1.0, 0.0))
LINEAR  = Activation("linear",  lambda s: s,                  lambda s: np.ones_like(s))
# fmt: on


class Layer(NamedTuple):
    """A dense layer: W is (units, inputs), b is (units,)."""

    W: np.ndarray
    b: np.ndarray
    activation: Activation


class Update(NamedTuple):
    """Everything one application of the rule computes, layer by layer from the input on."""

    scores: list[np.ndarray]
    """s, each (units, batch)."""
    activations: list[np.ndarray]
    """h, each (units, batch); the first one is the input, one more than there are layers."""
    slopes: list[np.ndarray]
    """σ′(s), each (units, batch)."""
    deltas: list[np.ndarray]
    """δ, each (units, batch)."""
    weights: list[np.ndarray]
    """ΔW, each (units, inputs): what to add to W."""
    biases: list[np.ndarray]
    """Δb, each (units,): what to add to b."""

    @property
    def output(self) -> np.ndarray:
        """ŷ, (outputs, batch)."""
        return self.activations[-1]


def delta_rule(layers: Sequence[Layer], x: np.ndarray, y: np.ndarray, learning_rate: float) -> Update:
    """One forward pass, one backward pass, one update of every weight.

    Args:
        layers: from the input to the output.
        x: (inputs, batch), one example a column.
        y: (outputs, batch), the targets.
        learning_rate: µ.

    Raises:
        ValueError: no layers, or x and y do not fit the layers or each other.
    """
    if not layers:
        raise ValueError("delta_rule: expected at least one layer")
    expected = [(layers[0].W.shape[1],), (len(layers[-1].W),)]
    if x.ndim != 2 or y.ndim != 2 or [x.shape[:1], y.shape[:1]] != expected:
        raise ValueError(
            f"delta_rule: expected columns x ({expected[0][0]}, batch) and y ({expected[1][0]}, "
            f"batch), got {x.shape} and {y.shape}; one example alone is x[:, None]"
        )
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"delta_rule: x has {x.shape[1]} examples, y has {y.shape[1]}")

    h, scores, slopes = [x], [], []
    for W, b, activation in layers:
        s = W @ h[-1] + b[:, None]
        h.append(activation.function(s))
        scores.append(s)
        slopes.append(activation.slope(s))

    deltas = [(y - h[-1]) * slopes[-1]]
    for layer, slope in zip(reversed(layers[1:]), reversed(slopes[:-1]), strict=True):
        deltas.insert(0, layer.W.T @ deltas[0] * slope)

    weights = [learning_rate * (delta @ before.T) for delta, before in zip(deltas, h, strict=False)]
    biases = [learning_rate * delta.sum(axis=1) for delta in deltas]
    return Update(scores, h, slopes, deltas, weights, biases)
