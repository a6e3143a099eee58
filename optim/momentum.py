"""Keep rolling: every step repeats part of the one before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.value import Value


class Momentum(Optimizer):
    """Gradient descent with momentum: Δw(n) = −µ g + ρ Δw(n−1), with Δw(0) = 0 (lecture 9).

    The memory holds the whole previous update, µ included, so a change of µ leaves it as it is.
    PyTorch's keeps µ outside, v(n) = ρ v(n−1) + g and Δw(n) = −µ v(n): equal while µ is constant,
    different once µ changes, for then past steps are rescaled as well.

    Args:
        parameters: leaf Values, `model.parameters()`.
        learning_rate: µ ≥ 0.
        momentum: ρ in [0, 1]; with 0 it is SGD.

    Raises:
        ValueError: momentum outside [0, 1].

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

    def __init__(self, parameters: Iterable[Value], learning_rate: float, momentum: float = 0.9) -> None:
        super().__init__(parameters, learning_rate)
        self.momentum = self._number("momentum", momentum, most=1)

    def update(self, g: Any, previous: Any) -> tuple[Any, Any]:
        delta = -self.learning_rate * g + self.momentum * previous
        return delta, delta
