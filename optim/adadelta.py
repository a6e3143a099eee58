"""Step by as much as the weight has been moving lately: a step size in the weight's own units."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.optim.blocks import elementwise
from autograd_mini.optim.optimizer import Optimizer, Parameters


class Adadelta(Optimizer):
    """Δw = −µ √(D + ε)/√(G + ε) g, where G and D are running means of g² and of past d².

    G ← ρ G + (1 − ρ) g²; d = √(D + ε)/√(G + ε) g; Δw = −µ d; D ← ρ D + (1 − ρ) d²; both start at 0.
    Adagrad's sum only grows, so its steps die out; a running mean forgets. And g/√G has no unit:
    √D gives the step the unit of w, so that no µ has to be found.

    Source: Zeiler, 2012, ADADELTA: an adaptive learning rate method, algorithm 1, where µ = 1.

    Args:
        parameters: leaf Values, `model.parameters()`, or groups of them (see `Optimizer`).
        learning_rate: µ ≥ 0.
        rho: ρ in [0, 1], how much of the past is kept.
        eps: ε ≥ 0; without it D stays 0 and nothing moves.
        weight_decay: λ ≥ 0, decoupled: Δw has −µ λ w besides.

    Raises:
        ValueError: rho outside [0, 1], a negative eps.

    >>> from autograd_mini import Value
    >>> w = Value(0.0)
    >>> w.grad = -2.0
    >>> Adadelta([w], eps=1.0, rho=0.75).step()
    >>> round(w.data, 6) == round(2.0 / 2.0**0.5, 6)
    True
    """

    remembers = ("squares", "moves")
    at_most = {"rho": 1}  # noqa: RUF012

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, rho=rho, eps=eps)

    @elementwise
    def update(  # type: ignore[override]
        self, g: Any, squares: Any, moves: Any, learning_rate: float, rho: float, eps: float
    ) -> tuple[Any, ...]:
        squares = rho * squares + (1 - rho) * (g * g)
        divisor = np.sqrt(squares + eps)
        d = np.sqrt(moves + eps) / (divisor if eps else np.where(divisor == 0, 1, divisor)) * g
        return -learning_rate * d, squares, rho * moves + (1 - rho) * (d * d)
