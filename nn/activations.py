"""Bend the weighted sums: activation functions as modules, by class or by name.

Without one, layers of any depth collapse into a single linear layer (lecture 9).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.functions import relu, sigmoid
from autograd_mini.nn.module import Module


class Sigmoid(Module):
    """σ(x) = 1/(1 + e^−x), with σ′ = σ(1 − σ); into (0, 1). Any shape.

    >>> Sigmoid()(2.2)
    0.9002495108803148
    """

    def forward(self, x: Any) -> Any:
        return sigmoid(x)


class Tanh(Module):
    """tanh(x) = (e^x − e^−x)/(e^x + e^−x), with tanh′ = 1 − tanh²; into (−1, 1). Any shape.

    >>> Tanh()(np.array([0.0, 1000.0]))
    array([0., 1.])
    """

    def forward(self, x: Any) -> Any:
        return np.tanh(x)


class ReLU(Module):
    """max(x, 0), with slope 1 for x > 0, else 0 (also at 0, by choice). Any shape.

    >>> ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        return relu(x)


class Identity(Module):
    """x itself: a network of linear layers only, to see that it is no more than one of them.

    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        return x


ACTIVATIONS: dict[str, type[Module]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "identity": Identity,
    "linear": Identity,
}
_KNOWN = ", ".join(ACTIVATIONS)


def by_name(activation: str | type[Module] | Module) -> Module:
    """A module of that name or class; a module stays as it is.

    Raises:
        ValueError: an unknown name.
        TypeError: neither a name nor a Module.

    >>> by_name("tanh")
    Tanh()
    """
    if isinstance(activation, Module):
        return activation
    if isinstance(activation, type) and issubclass(activation, Module):
        return activation()
    if not isinstance(activation, str):
        raise TypeError(f"activation: expected a name ({_KNOWN}) or a Module, got {activation!r:.60}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: unknown name {activation!r}; known are {_KNOWN}")
    return ACTIVATIONS[activation]()
