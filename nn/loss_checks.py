"""What the losses share: shapes that must match, classes that must exist, and how many losses become one."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.numbers import constant
from autograd_mini.value import Value

_REDUCTIONS: dict[str, Any] = {"sum": np.sum, "mean": np.mean, "none": lambda each: each}


def operands(owner: str, prediction: Any, target: Any) -> tuple[Any, Any]:
    """Both as Values or arrays of the same shape; whole numbers in the target take the prediction's dtype.

    Raises:
        ShapeError: the shapes differ.
    """
    prediction, target = operand(prediction), operand(target)
    if prediction.shape != target.shape:
        message = f"{owner}: prediction {prediction.shape} and target {target.shape} differ in shape"
        if np.prod(prediction.shape) == np.prod(target.shape):
            message += f"; did you mean target.reshape({prediction.shape})?"
        raise ShapeError(message)
    if prediction.dtype.kind != "f":
        prediction = prediction.astype(float)
    if target.dtype.kind != "f":
        target = target.astype(prediction.dtype)
    return prediction, target


def reduced(owner: str, each: Any, reduction: str, *others: str) -> Any:
    """The sum or the mean of the losses, or each of them.

    Raises:
        ValueError: an unknown reduction.
    """
    check_reduction(owner, reduction, *others)
    return _REDUCTIONS[reduction](each) if np.ndim(each) else each


def check_reduction(owner: str, reduction: Any, *others: str) -> None:
    known = [*_REDUCTIONS, *others]
    if reduction not in known:
        raise ValueError(f"{owner}: reduction must be one of {', '.join(known)}, got {reduction!r}")


def positive(owner: str, what: str, given: Any) -> float:
    """The number as a Python float, if it is finite and > 0."""
    try:
        real = float(given)
    except (TypeError, ValueError):
        real = np.nan
    if not 0 < real < np.inf:
        raise ValueError(f"{owner}: {what} must be a finite number > 0, got {given!r}")
    return real


def operand(x: Any) -> Any:
    return x if type(x) is Value else np.asarray(constant(x))


def check_unit_interval(owner: str, what: str, p: Any, hint: str = "") -> None:
    numbers = np.asarray(constant(p))
    wrong = ~((numbers >= 0) & (numbers <= 1))
    if wrong.any():
        raise ValueError(f"{owner}: {what} must be between 0 and 1, got {numbers[wrong][0]:.6g}{hint}")


def class_shape(owner: str, prediction: Any) -> tuple[int, ...]:
    shape: tuple[int, ...] = prediction.shape
    if len(shape) not in (1, 2):
        raise ShapeError(f"{owner}: expected prediction (batch, classes) or (classes,), got {shape}")
    return shape


def chosen_classes(owner: str, y: np.ndarray, shape: tuple[int, ...], otherwise: str = "") -> Any:
    """The index of each example's right class, checked."""
    if y.shape != shape[:-1]:
        raise ShapeError(
            f"{owner}: prediction {shape} needs a target of classes {shape[:-1]}{otherwise}, got target {y.shape}"
        )
    if y.dtype.kind not in "iu":
        raise TypeError(f"{owner}: classes must be whole numbers, got target of {y.dtype}; use target.astype(int)")
    wrong = np.argwhere((y < 0) | (y >= shape[-1]))
    if len(wrong):
        where = tuple(wrong[0].tolist())
        raise ValueError(
            f"{owner}: target{list(where) if where else ''} is class {y[where]}; "
            f"with {shape[-1]} logits the classes are 0 to {shape[-1] - 1}"
        )
    return (np.arange(len(y)), y) if y.ndim else int(y)


def check_distributions(owner: str, y: np.ndarray) -> None:
    sums = y.sum(axis=-1)
    if (y < 0).any() or not np.allclose(sums, 1, rtol=0, atol=1e-4):
        worst = sums.flat[np.argmax(np.abs(sums - 1))] if sums.ndim else sums
        raise ValueError(
            f"{owner}: a target of the prediction's shape must hold probabilities, "
            f"≥ 0 and summing to 1; the smallest is {y.min():.6g}, one example sums to {worst:.6g}"
        )
