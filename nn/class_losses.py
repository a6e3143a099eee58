"""Measure how wrong the prediction of a class is: a loss for each example, from numbers for all classes.

In formulas y is the target and ŷ the prediction. `reduction` is "mean", "sum", or "none" for one
number per example.

>>> logits = Value([[2.0, 0.0], [0.0, 0.0]])
>>> cross_entropy(logits, [0, 1], reduction="none").data.round(4)
array([0.1269, 0.6931])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.functions import as_operand, log_softmax
from autograd_mini.nn.loss_checks import operand, reduced, weights
from autograd_mini.nn.shapes import share
from autograd_mini.numbers import as_array, constant
from autograd_mini.value import Value


def cross_entropy(
    prediction: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The surprise at the right class, from logits: each −Σ_k y_k ln softmax(ŷ)_k, with slope softmax(ŷ) − y.

    The target is a whole number per example, the class, or has the prediction's shape: one-hot or any
    probabilities. With label smoothing ε, y becomes (1 − ε) y + ε/K: no class of the K is ever certain
    (Szegedy et al., 2016, Rethinking the inception architecture, section 7).

    `weight`, one for each class, multiplies its term; the mean over examples with classes is then the
    weighted one. An example of the class `ignore_index` counts nothing.

    Shapes:
        prediction: (batch, classes), (batch, classes, ...) or (classes,)
        target: (batch,), (batch, ...) or (), or the prediction's; weight: (classes,)

    Raises:
        ShapeError: other shapes.
        ValueError: a class that does not exist, a target that is no distribution, ε outside [0, 1],
            an ignore_index ≥ 0 beside probabilities.
        TypeError: classes that are not whole numbers.

    >>> cross_entropy(Value([[1000.0, 0.0], [0.0, 1000.0]]), [0, 0]).item()
    500.0
    """
    label_smoothing = share("cross_entropy", "label_smoothing", label_smoothing)
    logits = operand("cross_entropy", "prediction", prediction)
    target = operand("cross_entropy", "target", target)
    axis = class_axis("cross_entropy", logits)
    log_p = log_softmax(logits, axis)
    if target.shape != log_p.shape:
        return _of_classes("cross_entropy", log_p, target, weight, ignore_index, reduction, label_smoothing)
    if ignore_index >= 0:
        raise ValueError("cross_entropy: ignore_index is a class, but the target holds probabilities")
    check_distributions("cross_entropy", constant(target), axis)
    if type(target) is not Value:
        target = target.astype(log_p.dtype, copy=False)
    if weight is not None:
        weight = weight_of_classes("cross_entropy", weight, log_p, axis)
    log_p = _weighted(log_p, weight, axis)
    return reduced("cross_entropy", _smoothed(-np.sum(target * log_p, axis), log_p, axis, label_smoothing), reduction)


def nll_loss(
    prediction: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Any:
    """The negative log-likelihood, each −x_k: x are logarithms of probabilities, k the right class.

    `cross_entropy` is this after `log_softmax`; see there for `weight`, `ignore_index` and the shapes.

    Raises:
        ShapeError: shapes other than (batch, classes, ...) and (batch, ...), or (classes,) and ().
        ValueError: a class that does not exist.
        TypeError: classes that are not whole numbers.

    >>> nll_loss(Value([[-2.0, -0.25]]), [1]).item()
    0.25
    """
    log_p = as_operand(operand("nll_loss", "prediction", prediction))
    return _of_classes("nll_loss", log_p, target, weight, ignore_index, reduction)


def _of_classes(
    owner: str, log_p: Any, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float = 0.0
) -> Any:
    axis, y = class_axis(owner, log_p), operand(owner, "target", target)
    otherwise = f" or of probabilities {log_p.shape}" if owner == "cross_entropy" else ""
    index, counts = chosen_classes(owner, y, log_p.shape, axis, ignore_index, otherwise)
    total = None
    if weight is not None:
        weight = weight_of_classes(owner, weight, log_p, axis)
        total = np.sum(np.take_along_axis(weight, np.ravel(y) if counts is None else y[counts], 0))
    log_p = _weighted(log_p, weight, axis)
    each = _smoothed(-log_p[index], log_p, axis, smoothing)
    if counts is not None:  # chosen, so that even the mean of none, which is nan, has slope 0
        each = np.where(counts, each, 0.0) if reduction == "none" else np.ravel(each)[counts.ravel()]
    return reduced(owner, each, reduction, total=total)


def _weighted(log_p: Any, weight: Any, axis: int) -> Any:
    return log_p if weight is None else log_p * np.reshape(weight, (-1, *[1] * (log_p.ndim - axis - 1)))


def _smoothed(each: Any, log_p: Any, axis: int, smoothing: float) -> Any:
    return (1 - smoothing) * each - smoothing * np.mean(log_p, axis) if smoothing else each


# -- what must hold ---------------------------------------------------------------------------------


def weight_of_classes(owner: str, given: Any, like: Any, axis: int) -> Any:
    """One weight for each class.

    Raises:
        ShapeError: not one for each class.
    """
    weight = weights(owner, "weight", given, like)
    if weight.shape != (like.shape[axis],):
        raise ShapeError(
            f"{owner}: prediction {like.shape} has {like.shape[axis]} classes, expected one weight for each, "
            f"got weight {weight.shape}"
        )
    return weight


def class_axis(owner: str, prediction: Any) -> int:
    """Where the classes stand: along the second axis, after the batch's, or along the only one.

    Raises:
        ShapeError: a single number.
    """
    if not prediction.shape:
        raise ShapeError(f"{owner}: expected prediction (batch, classes, ...) or (classes,), got {prediction.shape}")
    return min(prediction.ndim - 1, 1)


def chosen_classes(
    owner: str, y: np.ndarray, shape: tuple[int, ...], axis: int, ignore_index: int, otherwise: str = ""
) -> tuple[Any, np.ndarray | None]:
    """The index of each example's right class, checked, and which examples count, None for all; the others' index is 0.

    Raises:
        ShapeError: not one class for each example.
        TypeError: classes that are not whole numbers.
        ValueError: a class that does not exist.
    """
    expected, classes = shape[:axis] + shape[axis + 1 :], shape[axis]
    if y.shape != expected:
        raise ShapeError(
            f"{owner}: prediction {shape} needs a target of classes {expected}{otherwise}, got target {y.shape}"
        )
    if y.dtype.kind not in "iu":
        raise TypeError(f"{owner}: classes must be whole numbers, got target of {y.dtype}; use target.astype(int)")
    counts = None
    in_range = y.size and np.minimum.reduce(y, axis=None) >= 0 and np.maximum.reduce(y, axis=None) < classes
    if not in_range or ignore_index in range(classes):
        counts = as_array(y != ignore_index)
        wrong = counts & ((y < 0) | (y >= classes))
        if wrong.any():
            where = tuple(np.argwhere(wrong)[0].tolist())
            raise ValueError(
                f"{owner}: target{list(where) if where else ''} is class {y[where]}; "
                f"with {classes} logits the classes are 0 to {classes - 1}"
            )
    index = [np.arange(n).reshape(-1, *[1] * (y.ndim - 1 - i)) for i, n in enumerate(y.shape)]
    index.insert(axis, y if counts is None else np.where(counts, y, 0))
    return tuple(index), counts


def check_distributions(owner: str, y: np.ndarray, axis: int) -> None:
    sums = y.sum(axis=axis)
    if (y < 0).any() or not np.allclose(sums, 1, rtol=0, atol=1e-4):
        worst = sums.flat[np.argmax(np.abs(sums - 1))] if sums.ndim else sums
        raise ValueError(
            f"{owner}: a target of the prediction's shape must hold probabilities, "
            f"≥ 0 and summing to 1; the smallest is {y.min():.6g}, one example sums to {worst:.6g}"
        )
