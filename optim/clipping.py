"""Keep one steep place from throwing the weights far away: shorten gradients between backward() and step()."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini.at_once import exhaust, setting
from autograd_mini.numbers import constant
from autograd_mini.optim.groups import leaves, name_of, number
from autograd_mini.value import Value


def clip_by_value(parameters: Iterable[Value], limit: float) -> None:
    """Cut every entry of every gradient to [−limit, limit]. The direction of the whole may change.

    Args:
        parameters: leaf Values; those without a gradient are passed over.
        limit: a finite number ≥ 0.

    Raises:
        FloatingPointError: a gradient is not finite; no gradient was changed.
        ValueError: no parameters, one given twice, a negative limit.
        TypeError: something that is not a leaf Value.

    >>> w = Value([0.0, 0.0])
    >>> w.grad = np.array([0.5, -3.0])
    >>> clip_by_value([w], 1.0)
    >>> w.grad
    array([ 0.5, -1. ])
    """
    limit = number("clip_by_value", "limit", limit)
    found, _ = _gradients("clip_by_value", parameters)
    clipped = [max(-limit, min(limit, g)) if type(g) is float else np.clip(g, -limit, limit) for _, g in found]
    exhaust(setting([w for w, _ in found], "grad", clipped))


def clip_by_norm(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale all gradients by one number so that together they are no longer than `max_norm`.

    With ‖g‖ = √Σg² over all entries of all gradients: g ← g · max_norm/‖g‖ where ‖g‖ > max_norm, else
    g stays. The direction stays. (PyTorch's divides by ‖g‖ + 1e-6.) Source: Pascanu, Mikolov &
    Bengio, 2013, On the difficulty of training recurrent neural networks, algorithm 1.

    Args:
        parameters: leaf Values; those without a gradient are passed over.
        max_norm: a finite number ≥ 0.

    Returns:
        ‖g‖ before clipping: plotted over training, it shows where the steep places are.

    Raises:
        FloatingPointError: a gradient is not finite; no gradient was changed.
        ValueError: no parameters, one given twice, a negative max_norm.
        TypeError: something that is not a leaf Value.

    >>> v, w = Value(0.0), Value([0.0, 0.0])
    >>> v.grad, w.grad = 6.0, np.array([8.0, 0.0])
    >>> clip_by_norm([v, w], 5.0)
    10.0
    >>> v.grad, w.grad
    (3.0, array([4., 0.]))
    """
    max_norm = number("clip_by_norm", "max_norm", max_norm)
    found, largest = _gradients("clip_by_norm", parameters)
    if not largest:
        return 0.0
    # In units of the largest entry, and in float64, no square over- or underflows.
    norm = largest * math.sqrt(math.fsum(_squares(g / largest) for _, g in found))
    if norm > max_norm:
        shorter = max_norm / norm
        exhaust(setting([w for w, _ in found], "grad", [g * shorter for _, g in found]))
    return norm


def _squares(x: Any) -> float:
    return x * x if type(x) is float else float(np.sum(np.square(x, dtype=float)))


def _gradients(owner: str, parameters: Iterable[Value]) -> tuple[list[tuple[Value, Any]], float]:
    """The parameters that have a gradient, with its numbers; the largest |entry| of them all."""
    found, largest = [], 0.0
    for i, w in enumerate(leaves(owner, parameters)):
        if w.grad is not None:
            try:
                g = constant(w.grad)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{owner}: the gradient of {name_of(w, i)}: {error}") from None
            top = abs(g) if type(g) is float else float(np.max(np.abs(g), initial=0.0))
            if not math.isfinite(top):
                raise FloatingPointError(
                    f"{owner}: the gradient of {name_of(w, i)} is nan or inf, which no clipping mends; "
                    "no gradient was changed"
                )
            found.append((w, g))
            largest = max(largest, top)
    return found, largest
