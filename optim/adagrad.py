"""Give every weight a learning rate of its own, which falls as its gradients add up."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer, Parameters


@cache
def _root_of_tiny(dtype: np.dtype) -> float:
    return float(np.sqrt(np.finfo(dtype).tiny))


class Adagrad(Optimizer):
    """Δw = −µ g/√Σg², element by element, the sum over all gradients so far; 0/0 means no step.

    With ε, Δw = −µ g/(√Σg² + ε). Source: lecture 9; Duchi, Hazan & Singer, 2011, Adaptive
    subgradient methods for online learning and stochastic optimization, section 1.1 (diagonal).

    Without ε the first step of every weight whose gradient is not 0 is ±µ exactly, however small the
    gradient; only where its square underflows (|g| < 1e-153, in float32 1e-18) it fades to 0.
    PyTorch's has ε = 1e-10 and may start its sum above 0.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        eps: ε ≥ 0, 0 by default as in the lecture.
        weight_decay: λ ≥ 0, decoupled: Δw has −µ λ w besides.

    Raises:
        ValueError: a negative eps.

    >>> from autograd_mini import Value
    >>> w = Value([1.0, 1.0, 1.0])
    >>> w.grad = np.array([1000.0, 1e-9, 0.0])
    >>> Adagrad([w], learning_rate=0.25).step()
    >>> w.data
    array([0.75, 0.75, 1.  ])
    """

    remembers = ("squares",)

    def __init__(
        self, parameters: Parameters, learning_rate: float, eps: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, eps=eps)

    @elementwise
    def update(self, g: Any, squares: Any, learning_rate: float, eps: float) -> tuple[Any, ...]:  # type: ignore[override]
        squares = squares + g * g
        # √Σg² of a gradient whose square does not underflow lies above √tiny; at g = 0 it makes 0/0 a 0.
        root = np.maximum(np.sqrt(squares), _root_of_tiny(g.dtype))
        return -learning_rate * (g / (root + eps if eps else root)), squares
