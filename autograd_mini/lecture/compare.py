"""The delta rule by hand against automatic differentiation, on networks drawn at random.

>>> results = compare_random_networks(np.random.default_rng(0), count=3)
>>> all(result.agree for result in results)
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini.explain.units.hand import LINEAR, RELU, SIGMOID, TANH, Activation, Layer, delta_rule
from autograd_mini.nn import L2Loss

#: The largest relative difference of a weight's update that counts as agreement.
TOLERANCE = 1e-12
LARGEST_DEPTH, LARGEST_WIDTH, LARGEST_BATCH = 6, 200, 8
LEARNING_RATE = 0.1

#: The same functions, recorded: what the hand's activations are compared with.
RECORDED: dict[Activation, Callable[[Any], Any]] = {
    SIGMOID: ag.sigmoid,
    TANH: np.tanh,
    RELU: ag.relu,
    LINEAR: lambda s: s,
}


@dataclass(frozen=True)
class Comparison:
    """One random network."""

    sizes: list[int]
    """Units from the input to the output."""
    activations: list[str]
    """Of each layer."""
    batch: int
    weights: int
    """How many weights were compared, those from the bias units included."""
    worst: float
    """The largest |by hand − autodiff| / |autodiff| of all the weights' updates."""

    @property
    def depth(self) -> int:
        return len(self.activations)

    @property
    def agree(self) -> bool:
        return self.worst <= TOLERANCE


def compare_random_networks(rng: np.random.Generator, count: int = 24) -> list[Comparison]:
    """Compare on `count` networks of depth 1 to 6 with 1 to 200 units a layer, all depths in turn.

    The last two are the extremes: 1 unit in every layer, and 200.
    """
    results = []
    for i in range(count):
        depth = 1 + i % LARGEST_DEPTH
        sizes = [int(n) for n in rng.integers(1, LARGEST_WIDTH + 1, depth + 1)]
        if i >= count - 2:
            sizes = [1 if i == count - 2 else LARGEST_WIDTH] * (LARGEST_DEPTH + 1)
        layers = random_layers(rng, sizes)
        batch = int(rng.integers(1, LARGEST_BATCH + 1))
        x, y = rng.normal(size=(sizes[0], batch)), rng.normal(size=(sizes[-1], batch))
        results.append(compare(layers, x, y))
    return results


def random_layers(rng: np.random.Generator, sizes: list[int]) -> list[Layer]:
    """Dense layers of these sizes, their weights scaled so that scores stay moderate."""
    return [
        Layer(
            rng.normal(size=(after, before)) / np.sqrt(before),
            rng.normal(size=after),
            list(RECORDED)[rng.integers(len(RECORDED))],
        )
        for before, after in pairwise(sizes)
    ]


def compare(layers: list[Layer], x: np.ndarray, y: np.ndarray) -> Comparison:
    """Update every weight once in both ways; x (inputs, batch), y (outputs, batch)."""
    hand = delta_rule(layers, x, y, LEARNING_RATE)
    parameters = [(ag.Value(layer.W), ag.Value(layer.b[:, None])) for layer in layers]
    h: Any = x
    for (W, b), layer in zip(parameters, layers, strict=True):
        h = RECORDED[layer.activation](W @ h + b)
    L2Loss()(h, y).backward()

    worst, count = 0.0, 0
    for (W, b), ΔW, Δb in zip(parameters, hand.weights, hand.biases, strict=True):
        for parameter, update in ((W, ΔW), (b, Δb[:, None])):
            automatic = -LEARNING_RATE * parameter.grad
            worst = max(worst, relative_difference(update, automatic))
            count += update.size
    return Comparison(
        sizes=[len(x), *(len(layer.W) for layer in layers)],
        activations=[layer.activation.name for layer in layers],
        batch=x.shape[1],
        weights=count,
        worst=worst,
    )


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest |a − b| / |b| of any element; where both are 0 they agree."""
    difference = np.abs(a - b)
    return float(np.max(np.divide(difference, np.abs(b), where=b != 0, out=difference.copy())))
