"""Give every weight a learning rate of its own, which falls as its gradients add up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.value import Value


class Adagrad(Optimizer):
    """Δw = −µ g/√Σg², element by element, the sum over all gradients so far; 0/0 means no step.

    With ε, Δw = −µ g/(√Σg² + ε). Source: lecture 9; Duchi, Hazan & Singer, 2011, Adaptive
    subgradient methods for online learning and stochastic optimization, section 1.1 (diagonal).

    Without ε the first step of every weight whose gradient is not 0 is ±µ, however small the
    gradient.

    Args:
        parameters: leaf Values, `model.parameters()`.
        learning_rate: µ ≥ 0.
        eps: ε ≥ 0, 0 by default as in the lecture.

    Raises:
        ValueError: a negative eps.

    >>> w = Value([1.0, 1.0, 1.0])
    >>> w.grad = np.array([1000.0, 1e-9, 0.0])
    >>> Adagrad([w], learning_rate=0.25).step()
    >>> w.data
    array([0.75, 0.75, 1.  ])
    """

    def __init__(self, parameters: Iterable[Value], learning_rate: float, eps: float = 0.0) -> None:
        super().__init__(parameters, learning_rate)
        self.eps = self._number("eps", eps)

    def update(self, g: Any, root: Any) -> tuple[Any, Any]:
        # The memory is √Σg², not Σg²: hypot(a, b) = √(a² + b²) does not underflow or overflow;
        # in float32 the square of g = 1e-23 is 0 and that of 1e20 is inf.
        root = np.hypot(root, g)
        divisor = root + self.eps
        return -self.learning_rate * (g / np.where(divisor == 0, 1, divisor)), root
