"""Keep weights from extreme values: penalties that join the loss, and a limit enforced after a step.

>>> from autograd_mini import nn
>>> layer = nn.Linear(2, 1)
>>> layer.load_state_dict({"weight": [[3.0, -4.0]], "bias": [100.0]})
>>> E = l2(layer, 0.5)  # + loss(layer(x), y)
>>> E.backward()
>>> E.item(), layer.weight.grad.tolist(), layer.bias.grad
(6.25, [[1.5, -2.0]], None)

All take a model or a list of parameters, and leave out those whose name ends in "bias": a bias
shifts a unit's threshold and does not make the function steeper.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import number
from autograd_mini.value import Value
from autograd_mini.visible import shown

Parameters = Module | Iterable[Value]


def l1(parameters: Parameters, strength: float, biases: bool = False) -> Any:
    """The penalty λ Σ|w|, with slope ±λ however small w is: it drives weights to 0 and leaves a sparse network.

    Source: Tibshirani, 1996, Regression shrinkage and selection via the lasso.

    Args:
        parameters: a model, or the Values to be kept small.
        strength: λ, a finite number ≥ 0.
        biases: True to penalise these too.

    Returns:
        A Value, to be added to the loss.

    Raises:
        ValueError: no parameters are left, one is given twice, a negative strength.
        TypeError: something that is not a Value.

    >>> l1([Value([3.0, -4.0])], 0.5).item()
    3.5
    """
    chosen, strength = _chosen("l1", parameters, biases), _number("l1", "strength", strength)
    return strength * _total([w.abs() for w in chosen])


def l2(parameters: Parameters, strength: float, biases: bool = False) -> Any:
    """The penalty ½ λ Σ w², with slope λ w: every step of gradient descent shrinks each weight by µ λ w.

    For SGD that is `weight_decay=λ`. For optimizers with a memory the two differ (see `optim.AdamW`).

    Source: Krogh & Hertz, 1991, A simple weight decay can improve generalization.

    Args:
        parameters: a model, or the Values to be kept small.
        strength: λ, a finite number ≥ 0.
        biases: True to penalise these too.

    Returns:
        A Value, to be added to the loss.

    Raises:
        ValueError: no parameters are left, one is given twice, a negative strength.
        TypeError: something that is not a Value.

    >>> l2([Value([3.0, -4.0])], 0.5).item()
    6.25
    """
    chosen, strength = _chosen("l2", parameters, biases), _number("l2", "strength", strength)
    return 0.5 * strength * _total([w.square() for w in chosen])


def max_norm(parameters: Parameters, limit: float) -> int:
    """Shorten each unit's incoming weights w to ‖w‖ ≤ c, after `optimizer.step()`: w ← w · c/‖w‖ where longer.

    A unit's incoming weights are a row of a weight matrix (out, in), or, of more axes, all that
    belongs to one index of the first. Parameters with fewer axes have no rows and stay.

    Source: Srivastava et al., 2014, Dropout, section 5.1.

    Args:
        parameters: a model, or its weights. They are changed, through `.data`.
        limit: c, a finite number ≥ 0.

    Returns:
        How many units' weights were shortened.

    Raises:
        ValueError: no parameter has rows, one is given twice, a negative limit, weights that are nan
            or inf; nothing was changed.
        TypeError: something that is not a Value.

    >>> w = Value([[3.0, 4.0], [0.5, 0.0]])
    >>> max_norm([w], 1.0)
    1
    >>> w.data
    array([[0.6, 0.8],
           [0.5, 0. ]])
    """
    limit = _number("max_norm", "limit", limit)
    matrices = [w for w in _chosen("max_norm", parameters, biases=False) if w.ndim > 1]
    if not matrices:
        raise ValueError("max_norm: none of the parameters has units with incoming weights, that is two axes or more")
    changes, shortened = [], 0
    for w in matrices:
        axes = tuple(range(1, w.ndim))
        largest = np.max(np.abs(w.data), axis=axes, keepdims=True, initial=0.0)
        if not np.isfinite(largest).all():
            raise ValueError(f"max_norm: {w.name or 'a weight'} {w.shape} holds nan or inf; nothing was changed")
        # In units of the row's largest weight no square over- or underflows.
        squares = (w.data / np.where(largest == 0, 1, largest)) ** 2
        norms = largest * np.sqrt(np.sum(squares, axis=axes, keepdims=True))
        long = norms > limit
        if long.any():
            changes.append((w, np.where(long, w.data * (limit / np.where(long, norms, 1)), w.data).astype(w.dtype)))
            shortened += int(np.sum(long))
    for w, numbers in changes:
        w.data = numbers
    return shortened


def _chosen(owner: str, parameters: Any, biases: bool) -> list[Value]:
    """The parameters meant: checked, and without the biases unless these are wanted."""
    if type(parameters) is Value:
        raise TypeError(
            f"{owner}: expected a model or a list of Values, got one Value: write [{parameters.name or 'w'}]"
        )
    values = list(parameters.parameters() if isinstance(parameters, Module) else parameters)
    for i, w in enumerate(values):
        if type(w) is not Value:
            raise TypeError(f"{owner}: parameter {i} must be a Value, got {shown(w)}")
    if len({id(w) for w in values}) < len(values):
        raise ValueError(f"{owner}: a parameter is given twice; it would count twice")
    chosen = values if biases else [w for w in values if not (w.name or "").endswith("bias")]
    if not chosen:
        why = "all of them are biases; pass biases=True to include these" if values else "the list is empty"
        raise ValueError(f"{owner}: no parameters: {why}")
    return chosen


def _number(owner: str, what: str, given: float) -> float:
    return float(number(owner, what, given, least=0))


def _total(parts: list[Value]) -> Any:
    """The sum over all entries of all parts."""
    sums = [part.sum() if part.ndim else part for part in parts]
    return sum(sums[1:], sums[0])
