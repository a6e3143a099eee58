"""Measure how wrong a prediction is: one number E, whose gradient trains the network.

In formulas, as in the lecture, y is the target and ŷ the prediction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.functions import log_softmax
from autograd_mini.nn.module import Module
from autograd_mini.numbers import constant
from autograd_mini.value import Value

_REDUCTIONS: dict[str, Any] = {"sum": np.sum, "mean": np.mean, "none": lambda each: each}


class _Loss(Module):
    def __init__(self, reduction: str) -> None:
        if reduction not in _REDUCTIONS:
            known = ", ".join(_REDUCTIONS)
            raise ValueError(f"{type(self).__name__}: reduction must be one of {known}, got {reduction!r}")
        self.reduction = reduction

    def reduce(self, each: Any) -> Any:
        return _REDUCTIONS[self.reduction](each) if np.ndim(each) else each

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class L2Loss(_Loss):
    """The squared error E = ½ Σ (y − ŷ)², with ∂E/∂ŷ = ŷ − y (lecture 9, "several outputs").

    Args:
        reduction: "sum" over outputs and examples (the lecture's: a batch's updates are summed),
            "mean" over all of them, or "none" for one number per output.

    Shapes:
        prediction, target: any shape, the same for both -> ()

    Raises:
        ShapeError: the shapes differ. They are never broadcast: (n,) against (n, 1) would make n²
            differences.
        ValueError: an unknown reduction.

    >>> prediction = Value([0.5, 0.5])
    >>> E = L2Loss()(prediction, [1.0, 0.0])
    >>> E.backward()
    >>> E.item(), prediction.grad
    (0.25, array([-0.5,  0.5]))
    """

    def __init__(self, reduction: str = "sum") -> None:
        super().__init__(reduction)

    def forward(self, prediction: Any, target: Any) -> Any:
        prediction, target = _operand(prediction), _operand(target)
        if prediction.shape != target.shape:
            raise ShapeError(_misfit(prediction.shape, target.shape))
        return 0.5 * self.reduce((target - prediction) ** 2)


class CrossEntropyLoss(_Loss):
    """The surprise at the right class: E = −Σ_k y_k ln softmax(ŷ)_k, with ∂E/∂ŷ = softmax(ŷ) − y.

    The prediction is logits, any numbers: softmax is taken here, through its logarithm, so that
    nothing overflows or rounds to ln 0 (lecture 9, "classification").

    Args:
        reduction: "mean" over the examples, "sum", or "none" for one number per example.

    Shapes:
        prediction: (batch, classes) or (classes,)
        target: whole numbers, the classes: (batch,) or (); or of the prediction's shape: one-hot or
            probabilities that sum to 1.
        -> ()

    Raises:
        ShapeError: the target has neither of those shapes.
        ValueError: a class that does not exist, probabilities that are negative or do not sum to 1,
            an unknown reduction.
        TypeError: classes that are not whole numbers.

    >>> loss = CrossEntropyLoss()
    >>> loss(Value([[1000.0, 0.0], [0.0, 1000.0]]), [0, 0]).item()
    500.0
    >>> loss(Value([0.0, 0.0]), [1, 0]).item()
    0.6931471805599453
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, prediction: Any, target: Any) -> Any:
        logits, target = _operand(prediction), _operand(target)
        shape = logits.shape
        if len(shape) not in (1, 2):
            raise ShapeError(f"CrossEntropyLoss: expected prediction (batch, classes) or (classes,), got {shape}")
        y = np.asarray(constant(target))
        if y.shape == shape:
            _check_probabilities(y)
            return self.reduce(-np.sum(target * log_softmax(logits), axis=-1))
        _check_classes(y, shape)
        chosen = (np.arange(len(y)), y) if y.ndim else int(y)
        return self.reduce(-log_softmax(logits)[chosen])


def _operand(x: Any) -> Any:
    return x if type(x) is Value else np.asarray(constant(x))


def _misfit(prediction: tuple[int, ...], target: tuple[int, ...]) -> str:
    message = f"L2Loss: prediction {prediction} and target {target} differ in shape"
    if np.prod(prediction) == np.prod(target):
        message += f"; did you mean target.reshape({prediction})?"
    return message


def _check_classes(y: np.ndarray, shape: tuple[int, ...]) -> None:
    if y.shape != shape[:-1]:
        raise ShapeError(
            f"CrossEntropyLoss: prediction {shape} needs a target of classes {shape[:-1]} "
            f"or of probabilities {shape}, got target {y.shape}"
        )
    if y.dtype.kind not in "iu":
        raise TypeError(
            f"CrossEntropyLoss: classes must be whole numbers, got target of {y.dtype}; use target.astype(int)"
        )
    wrong = np.argwhere((y < 0) | (y >= shape[-1]))
    if len(wrong):
        where = tuple(wrong[0].tolist())
        raise ValueError(
            f"CrossEntropyLoss: target{list(where) if where else ''} is class {y[where]}; "
            f"with {shape[-1]} logits the classes are 0 to {shape[-1] - 1}"
        )


def _check_probabilities(y: np.ndarray) -> None:
    sums = y.sum(axis=-1)
    if (y < 0).any() or not np.allclose(sums, 1, rtol=0, atol=1e-4):
        worst = sums.flat[np.argmax(np.abs(sums - 1))] if sums.ndim else sums
        raise ValueError(
            "CrossEntropyLoss: a target of the prediction's shape must hold probabilities, "
            f"≥ 0 and summing to 1; the smallest is {y.min():.6g}, one example sums to {worst:.6g}"
        )
