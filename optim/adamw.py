"""Adam whose weights shrink by themselves, outside its memory."""

from __future__ import annotations

from autograd_mini.optim.adam import Adam
from autograd_mini.optim.optimizer import Parameters


class AdamW(Adam):
    """Adam with decoupled weight decay: Δw = −µ m̂/(√v̂ + ε) − µ λ w.

    The gradient λ w of a penalty would be divided by √v̂ like any other, so that weights with large
    gradients hardly shrink. Decoupled, every weight shrinks by the same fraction µ λ.

    Source: Loshchilov & Hutter, 2019, Decoupled weight decay regularization, algorithm 2. As in
    PyTorch µ stands before the decay too.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        beta1, beta2: β₁ and β₂ in [0, 1).
        eps: ε ≥ 0; with 0, 0/0 means no step.
        weight_decay: λ ≥ 0.

    Raises:
        ValueError: beta1 or beta2 outside [0, 1), a negative eps or weight_decay.

    >>> from autograd_mini import Value
    >>> w = Value(8.0)
    >>> w.grad = 0.0
    >>> AdamW([w], learning_rate=0.5, weight_decay=0.25).step()
    >>> w.data
    7.0
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, learning_rate, beta1, beta2, eps, weight_decay)
