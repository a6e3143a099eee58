"""Momentum and a rate of its own for every weight, both corrected for having started at 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer, Parameters


class Adam(Optimizer):
    """Δw = −µ m̂/(√v̂ + ε), from running means m of g and v of g², corrected for their start at 0.

    m ← β₁ m + (1 − β₁) g     m̂ = m/(1 − β₁ᵗ)
    v ← β₂ v + (1 − β₂) g²    v̂ = v/(1 − β₂ᵗ)        at the parameter's t-th step, t = 1, 2, …

    At t = 1 m is only (1 − β₁) g: divided by 1 − β₁ it is g again, so the first step is µ g/(|g| + ε).

    Source: Kingma & Ba, 2015, Adam: a method for stochastic optimization, algorithm 1.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        beta1, beta2: β₁ and β₂ in [0, 1).
        eps: ε ≥ 0; with 0, 0/0 means no step.
        weight_decay: λ ≥ 0, decoupled (see AdamW). PyTorch's `Adam(weight_decay=)` adds λ w to g.

    Raises:
        ValueError: beta1 or beta2 outside [0, 1), a negative eps.

    >>> from autograd_mini import Value
    >>> w = Value([0.0, 0.0])
    >>> w.grad = np.array([1000.0, -0.001])
    >>> Adam([w], learning_rate=0.5, eps=0.0).step()
    >>> w.data.round(12)
    array([-0.5,  0.5])
    """

    remembers = ("mean", "squares", "steps")
    at_most = {"beta1": math.nextafter(1, 0), "beta2": math.nextafter(1, 0)}  # noqa: RUF012, with 1: 0/0

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, beta1=beta1, beta2=beta2, eps=eps)

    @elementwise
    def update(  # type: ignore[override]
        self, g: Any, m: Any, v: Any, t: float, learning_rate: float, beta1: float, beta2: float, eps: float
    ) -> tuple[Any, ...]:
        t = t + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g)
        # µ m̂/(√v̂ + ε) with the corrections, which are plain numbers, taken out of the arrays
        rate, root = learning_rate / (1 - beta1**t), (1 - beta2**t) ** 0.5
        divisor = np.sqrt(v) / root + eps
        return -rate * (m / (divisor if eps else np.where(divisor == 0, 1, divisor))), m, v, t
