"""The two scalar networks, written once for every kind of number that has + − ×: floats, Values, 0-d tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

MOONS = (2, 16, 16, 1)


def net_loss(w: Sequence[Any], x1: Any, x2: Any, y: Any, sigmoid: Callable[[Any], Any]) -> Any:
    """½(y − ŷ)² of the 2-2-1 network."""
    h1 = sigmoid(w[0] * x1 + w[1] * x2 + w[2])
    h2 = sigmoid(w[3] * x1 + w[4] * x2 + w[5])
    return 0.5 * (y - sigmoid(w[6] * h1 + w[7] * h2 + w[8])) ** 2


def moons_units(weights: Sequence[Any]) -> list[list[Sequence[Any]]]:
    """The flat weights as layers of units, each its weights with the bias behind."""
    layers, start = [], 0
    for n_in, n_out in pairwise(MOONS):
        layers.append([weights[start + j * (n_in + 1) : start + (j + 1) * (n_in + 1)] for j in range(n_out)])
        start += n_out * (n_in + 1)
    return layers


def moons_loss(weights: Sequence[Any], X: list[list[float]], Y: list[float], relu: Callable[[Any], Any]) -> Any:
    """Mean hinge loss max(0, 1 − y·score) over all examples, plus 10⁻⁴ Σw²."""
    *hidden, [last] = moons_units(weights)
    total = 0.0
    for row, y in zip(X, Y, strict=True):
        h: Sequence[Any] = row
        for layer in hidden:
            h = [relu(weighted(unit, h)) for unit in layer]
        total = total + relu(1.0 - y * weighted(last, h))
    penalty = 0.0
    for w in weights:
        penalty = penalty + w * w
    return total * (1.0 / len(X)) + 1e-4 * penalty


def weighted(unit: Sequence[Any], inputs: Sequence[Any]) -> Any:
    s = unit[-1]
    for w, x in zip(unit, inputs, strict=False):  # the bias, the last, has no input
        s = s + w * x
    return s
