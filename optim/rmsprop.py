"""Divide each gradient by its own recent size."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer, Parameters


class RMSprop(Optimizer):
    """Δw = −µ g/(√v + ε), where v ← ρ v + (1 − ρ) g² is a running mean of g², starting at 0.

    Adagrad that forgets: a weight whose gradients were large long ago is not slowed for ever. The
    mean starts at 0 and is not corrected, so first steps are longer: µ/√(1 − ρ), ten times µ.

    Source: Tieleman & Hinton, 2012, Neural networks for machine learning, lecture 6.5, rmsprop. ε
    and the default ρ are PyTorch's (`alpha`).

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        rho: ρ in [0, 1], how much of the past is kept.
        eps: ε ≥ 0; with 0, 0/0 means no step.
        weight_decay: λ ≥ 0, decoupled: Δw has −µ λ w besides.

    Raises:
        ValueError: rho outside [0, 1], a negative eps.

    >>> from autograd_mini import Value
    >>> w = Value([0.0, 0.0])
    >>> w.grad = np.array([1000.0, -0.001])
    >>> RMSprop([w], learning_rate=1.0, rho=0.75, eps=0.0).step()
    >>> w.data
    array([-2.,  2.])
    """

    remembers = ("squares",)
    at_most = {"rho": 1}  # noqa: RUF012

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.001,
        rho: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, rho=rho, eps=eps)

    @elementwise
    def update(self, g: Any, squares: Any, learning_rate: float, rho: float, eps: float) -> tuple[Any, ...]:  # type: ignore[override]
        squares = rho * squares + (1 - rho) * (g * g)
        divisor = np.sqrt(squares) + eps
        return -learning_rate * (g / (divisor if eps else np.where(divisor == 0, 1, divisor))), squares
