"""Step straight down the gradient."""

from __future__ import annotations

from typing import Any

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent: Δw = −µ g (lecture 9, the delta rule: Δw = µ δ h, where g = −δ h).

    Stochastic when g comes from a batch of the examples; the rule is the same.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        weight_decay: λ ≥ 0; here Δw = −µ (g + λ w), the same as with the penalty λ/2 Σ w².

    >>> from autograd_mini import Value
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> SGD([w], learning_rate=0.5).step()
    >>> w.data
    0.0
    """

    @elementwise
    def update(self, g: Any, learning_rate: float) -> tuple[Any, ...]:  # type: ignore[override]
        return (-learning_rate * g,)
