"""Functions that NumPy lacks and networks need, on Values and on plain arrays alike.

>>> import numpy as np, autograd_mini as ag
>>> float(ag.sigmoid(0.0))
0.5
>>> ag.softmax(ag.Value([1000.0, 1000.0])).data
array([0.5, 0.5])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.primitives import elementwise, reductions


def sigmoid(x: Any) -> Any:
    """The logistic function σ(x) = 1/(1 + e^−x), with σ′ = σ(1 − σ).

    `x`: any shape. No overflow at any x; for x → −∞ it keeps its digits down to 1e-308.

    >>> sigmoid(2.2)
    0.9002495108803148
    """
    return as_plain(elementwise.sigmoid(as_operand(x)))


def relu(x: Any) -> Any:
    """The rectifier max(x, 0); its slope at 0 is chosen to be 0.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return as_plain(elementwise.relu(as_operand(x)))


def softplus(x: Any) -> Any:
    """The smooth rectifier ln(1 + e^x), with slope σ(x); no overflow at any x.

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    return as_plain(elementwise.softplus(as_operand(x)))


def erf(x: Any) -> Any:
    """The error function 2/√π ∫₀ˣ e^(−t²) dt, exact to the last digit.

    >>> erf(1.0)
    0.8427007929497149
    """
    return as_plain(elementwise.erf(as_operand(x)))


def logsumexp(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """ln Σ e^x along the axes, computed from the largest element on so that nothing overflows.

    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    """
    return as_plain(reductions.logsumexp(as_operand(x), params=(axis, keepdims)))


def softmax(x: Any, axis: int | tuple[int, ...] | None = -1) -> Any:
    """e^x / Σ e^x along the axes: positive and summing to 1 (lecture 9, "Neural networks for classification").

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return np.exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: int | tuple[int, ...] | None = -1) -> Any:
    """ln softmax(x) = x − ln Σ e^x: keeps the digits of probabilities near 0 that softmax rounds off.

    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    return as_plain(reductions.log_softmax(as_operand(x), params=(axis,)))


def as_operand(x: Any) -> Any:
    """Lists, plain numbers and np.matrix become arrays of floats; Values and other float arrays stay."""
    if hasattr(x, "__array_function__") and x.dtype.kind == "f" and not hasattr(x, "filled"):
        return np.asarray(x) if isinstance(x, np.ndarray) else x  # x * x of np.matrix would be a product of matrices
    # Refused before NumPy makes None a nan, reads a text or forgets a mask; not by `constant`, which no program of
    # `ag.source` could mention.
    if not np.can_cast(np.asarray(x).dtype, float, "same_kind") or hasattr(x, "filled"):
        raise TypeError(f"expected real numbers (a number, an array without a mask or a Value), got {type(x).__name__}")
    return np.asarray(x, dtype=float)


def as_plain(z: Any) -> Any:
    """A 0-d float64 answer as a Python float."""
    return float(z) if type(z) is np.float64 or (type(z) is np.ndarray and not z.ndim and z.dtype == float) else z
