"""What the losses share: shapes that must match, classes that must exist, and how many losses become one."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.numbers import as_array, constant
from autograd_mini.primitives import reductions
from autograd_mini.value import Value

_REDUCTIONS: dict[str, Any] = {
    "sum": partial(reductions.sum_, params=(None, False)),
    "mean": partial(reductions.mean, params=(None, False)),
    "none": lambda each: each,
}


def operands(owner: str, prediction: Any, target: Any) -> tuple[Any, Any]:
    """Both as Values or arrays of the same shape; whole numbers in the target take the prediction's dtype.

    Raises:
        ShapeError: the shapes differ.
    """
    prediction, target = operand(owner, "prediction", prediction), operand(owner, "target", target)
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


def reduced(owner: str, each: Any, reduction: str, *others: str, total: Any = None) -> Any:
    """The sum or the mean of the losses, or each of them; a weighted mean divides by the weights' total.

    Raises:
        ValueError: an unknown reduction.
    """
    check_reduction(owner, reduction, *others)
    if total is not None and reduction == "mean":
        return np.sum(each) / total
    return _REDUCTIONS[reduction](each) if getattr(each, "ndim", 0) else each


def check_reduction(owner: str, reduction: Any, *others: str) -> None:
    if not isinstance(reduction, str) or (reduction not in _REDUCTIONS and reduction not in others):
        known = ", ".join([*_REDUCTIONS, *others])
        raise ValueError(f"{owner}: reduction must be one of {known}, got {reduction!r}")


def positive(owner: str, what: str, given: Any) -> float:
    """The number as a Python float, if it is finite and > 0."""
    try:
        real = float(given)
    except (TypeError, ValueError):
        real = np.nan
    if not 0 < real < np.inf:
        raise ValueError(f"{owner}: {what} must be a finite number > 0, got {given!r}")
    return real


def operand(owner: str, what: str, x: Any) -> Any:
    """A Value, or an array of real numbers; an error says which operand is none."""
    if type(x) is Value:
        return x
    try:
        return as_array(constant(x))
    except (TypeError, ValueError) as error:
        raise type(error)(f"{owner}: {what}: {error}") from None


def numbers_or_none(owner: str, what: str, given: Any) -> Any:
    """Weights as a Value or an array, or None.

    Raises:
        TypeError: not numbers.
    """
    if given is None:
        return None
    if isinstance(given, str):
        raise TypeError(f"{owner}: {what} must be numbers, got {given!r}; did you mean reduction={given!r}?")
    return operand(owner, what, given)


def weights(owner: str, what: str, given: Any, like: Any) -> Any:
    """Weights as a Value or an array in the precision of `like`."""
    given = numbers_or_none(owner, what, given)
    return given if type(given) is Value else given.astype(like.dtype, copy=False)


def weight_of_each(owner: str, given: Any, like: Any) -> Any:
    """One weight for each element.

    Raises:
        ShapeError: another shape than `like`.
    """
    weight = weights(owner, "weight", given, like)
    if weight.shape != like.shape:
        raise ShapeError(f"{owner}: weight {weight.shape} and prediction {like.shape} differ in shape")
    return weight


def spread_weight(owner: str, what: str, given: Any, like: Any) -> Any:
    """Weights that broadcast to the shape of `like`, as one for each feature does.

    Raises:
        ShapeError: they do not.
    """
    weight = weights(owner, what, given, like)
    sizes = zip(reversed(weight.shape), reversed(like.shape), strict=False)
    if weight.ndim > like.ndim or any(n not in (1, m) for n, m in sizes):
        raise ShapeError(f"{owner}: {what} {weight.shape} does not broadcast to prediction {like.shape}")
    return weight


def check_unit_interval(owner: str, what: str, p: Any, hint: str = "") -> None:
    numbers = as_array(constant(p))
    wrong = ~((numbers >= 0) & (numbers <= 1))
    if wrong.any():
        raise ValueError(f"{owner}: {what} must be between 0 and 1, got {numbers[wrong][0]:.6g}{hint}")
