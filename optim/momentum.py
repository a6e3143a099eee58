"""Keep rolling: every step repeats part of the one before."""

from __future__ import annotations

from typing import Any

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer, Parameters


class Momentum(Optimizer):
    """Gradient descent with momentum: Δw(n) = −µ g + ρ Δw(n−1), with Δw(0) = 0 (lecture 9).

    The memory holds the whole previous update, µ included, so a change of µ leaves it as it is.
    PyTorch's keeps µ outside, v(n) = ρ v(n−1) + g and Δw(n) = −µ v(n): equal while µ is constant,
    different once µ changes, for then past steps are rescaled as well.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        momentum: ρ in [0, 1]; with 0 it is SGD.
        weight_decay: λ ≥ 0, decoupled: −µ λ w is not remembered.

    Raises:
        ValueError: momentum outside [0, 1].

    >>> from autograd_mini import Value
    >>> w = Value(0.0)
    >>> optimizer = Momentum([w], learning_rate=1.0, momentum=0.5)
    >>> for _ in range(3):
    ...     w.grad = -1.0
    ...     optimizer.step()
    ...     print(w.data)
    1.0
    2.5
    4.25
    """

    remembers = ("previous",)
    at_most = {"momentum": 1}  # noqa: RUF012

    def __init__(
        self, parameters: Parameters, learning_rate: float, momentum: float = 0.9, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, momentum=momentum)

    @elementwise
    def update(self, g: Any, previous: Any, learning_rate: float, momentum: float) -> tuple[Any, ...]:  # type: ignore[override]
        delta = -learning_rate * g + momentum * previous
        return delta, delta
