"""Look ahead: take the gradient's step from where the momentum is about to lead."""

from __future__ import annotations

from typing import Any

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer, Parameters


class Nesterov(Optimizer):
    """Nesterov's momentum: d(n) = −µ g + ρ d(n−1), Δw(n) = −µ g + ρ d(n), with d(0) = 0.

    Momentum rolls first and looks afterwards; Nesterov looks at the gradient where the roll would
    lead. Written for the point one has already rolled to, that is one more ρ d(n) in each step.

    As in the lecture's momentum µ is part of the memory d; PyTorch's `SGD(nesterov=True)` keeps it
    outside: equal while µ is constant, different once it changes.

    Source: Nesterov, 1983, A method for solving the convex programming problem with convergence rate
    O(1/k²); Bengio, Boulanger-Lewandowski & Pascanu, 2013, Advances in optimizing recurrent networks,
    section 3.5, eq. 7.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        momentum: ρ in [0, 1]; with 0 it is SGD.
        weight_decay: λ ≥ 0, decoupled: −µ λ w is not remembered.

    Raises:
        ValueError: momentum outside [0, 1].

    >>> from autograd_mini import Value
    >>> w = Value(0.0)
    >>> optimizer = Nesterov([w], learning_rate=1.0, momentum=0.5)
    >>> for _ in range(3):
    ...     w.grad = -1.0
    ...     optimizer.step()
    ...     print(w.data)
    1.5
    3.25
    5.125
    """

    remembers = ("roll",)
    at_most = {"momentum": 1}  # noqa: RUF012

    def __init__(
        self, parameters: Parameters, learning_rate: float, momentum: float = 0.9, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, momentum=momentum)

    @elementwise
    def update(self, g: Any, roll: Any, learning_rate: float, momentum: float) -> tuple[Any, ...]:  # type: ignore[override]
        down = -learning_rate * g
        roll = down + momentum * roll
        return down + momentum * roll, roll
