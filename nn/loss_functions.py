"""Measure how wrong a prediction is: the losses as functions, with PyTorch's names.

In formulas y is the target and ŷ the prediction; `reduction` is "mean", "sum", or "none" for one
number per element. A `weight` multiplies each of them. Shapes are never broadcast: (n,) against
(n, 1) would make n² differences. The losses of a class are in `class_losses`.

>>> from autograd_mini import Value
>>> prediction = Value([0.5, 0.5])
>>> mse_loss(prediction, [1.0, 0.0]).item()
0.25
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.functions import relu, softplus
from autograd_mini.nn.loss_checks import (
    check_unit_interval,
    operands,
    positive,
    reduced,
    spread_weight,
    weight_of_each,
)
from autograd_mini.numbers import as_array, constant
from autograd_mini.rules import Local, Primitive


def log_or_minus_100(x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


def log1p_or_minus_100(x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log1p(x), -100)


# ln p, but -100 instead of -∞ at p = 0, and a slope of at most 1e12 instead of ∞: as in PyTorch's BCELoss.
bounded_log = Primitive(
    "bounded_log", log_or_minus_100, Local(lambda z, x: 1 / np.maximum(x, 1e-12)), symbol="log", latex=r"\ln({0})"
)
bounded_log1p = Primitive(
    "bounded_log1p",
    log1p_or_minus_100,
    Local(lambda z, x: 1 / np.maximum(1 + x, 1e-12)),
    symbol="log1p",
    latex=r"\ln(1 + {0})",
)


def cut_square(d: Any, delta: float) -> Any:
    # With c = d cut to ±δ this is ½ d² near and δ (|d| − ½ δ) far, and no d² overflows.
    c = np.clip(d, -delta, delta)
    return c * (d - 0.5 * c)


# Unlike clip's, its slope at the bounds is 0, as in PyTorch.
hardtanh_row = Primitive(
    "hardtanh", lambda x, low, high: np.clip(x, low, high), Local(lambda z, x, low, high: (low < x) & (x < high))
)
huber_row = Primitive("huber", cut_square, Local(lambda z, d, delta: hardtanh_row(d, params=(-delta, delta))))


# -- numbers ---------------------------------------------------------------------------------------


def mse_loss(prediction: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """The squared error, each (y − ŷ)²: twice as steep as ½ (y − ŷ)², and a mean unless asked otherwise.

    With one `weight` for each element the mean is the weighted one, divided by the sum of the weights.

    >>> from autograd_mini import Value
    >>> mse_loss(Value([3.0, 1.0]), [1.0, 1.0]).item()
    2.0
    """
    prediction, target = operands("mse_loss", prediction, target)
    return _weighted_mean("mse_loss", np.square(prediction - target), weight, reduction)


def l1_loss(prediction: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """The absolute error, each |y − ŷ|: one outlier pulls no harder than any other; slope 0 at 0.

    `weight`: as in `mse_loss`.

    >>> from autograd_mini import Value
    >>> l1_loss(Value([3.0, 1.0]), [1.0, 1.0]).item()
    1.0
    """
    prediction, target = operands("l1_loss", prediction, target)
    return _weighted_mean("l1_loss", np.abs(prediction - target), weight, reduction)


def huber_loss(prediction: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """Squared near, absolute far: each ½ d² for |d| ≤ δ, else δ (|d| − ½ δ), with d = ŷ − y.

    Its slope is d, cut to [−δ, δ]. With one `weight` for each element the mean still divides by how
    many there are. Source: Huber, 1964, Robust estimation of a location parameter.

    Raises:
        ValueError: delta is not a number > 0.

    >>> from autograd_mini import Value
    >>> huber_loss(Value([0.5, 3.0]), [0.0, 0.0], reduction="none").data
    array([0.125, 2.5  ])
    """
    delta = positive("huber_loss", "delta", delta)
    prediction, target = operands("huber_loss", prediction, target)
    each = huber_row(prediction - target, params=(delta,))
    if weight is not None:
        each = each * weight_of_each("huber_loss", weight, each)
    return reduced("huber_loss", each, reduction)


def smooth_l1_loss(prediction: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """The Huber loss divided by its threshold: each ½ d²/β for |d| < β, else |d| − ½ β; β = 0 is `l1_loss`.

    Source: Girshick, 2015, Fast R-CNN, eq. 3.

    Raises:
        ValueError: beta is not a number ≥ 0.

    >>> from autograd_mini import Value
    >>> smooth_l1_loss(Value([0.5, 3.0]), [0.0, 0.0], reduction="none", beta=2.0).data
    array([0.0625, 2.    ])
    """
    if beta == 0:
        return l1_loss(prediction, target, reduction)
    beta = positive("smooth_l1_loss", "beta", beta)
    prediction, target = operands("smooth_l1_loss", prediction, target)
    return reduced("smooth_l1_loss", huber_row(prediction - target, params=(beta,)) / beta, reduction)


def hinge_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """How far a score is from the right side of the margin: each max(0, 1 − y ŷ), with y = −1 or 1.

    Source: Cortes & Vapnik, 1995, Support-vector networks.

    Raises:
        ValueError: a target that is neither −1 nor 1.

    >>> from autograd_mini import Value
    >>> hinge_loss(Value([2.0, 0.5, -1.0]), [1, 1, 1], reduction="none").data
    array([0. , 0.5, 2. ])
    """
    prediction, target = operands("hinge_loss", prediction, target)
    y = as_array(constant(target))
    if not (np.abs(y) == 1).all():
        hint = "; did you mean 2 * target - 1?" if np.isin(y, (0, 1)).all() else ""
        raise ValueError(f"hinge_loss: targets must be -1 or 1, got {y[np.abs(y) != 1][0]:.6g}{hint}")
    return reduced("hinge_loss", relu(1 - target * prediction), reduction)


# -- probabilities ---------------------------------------------------------------------------------


def binary_cross_entropy(prediction: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Each −(y ln p + (1 − y) ln(1 − p)): p the predicted, y the true probability of "yes".

    As in PyTorch a logarithm is at least −100 and its slope at most 1e12, so p = 0 and p = 1 give
    numbers. From logits, `binary_cross_entropy_with_logits` is exact. `weight` broadcasts to ŷ's shape.

    Raises:
        ValueError: probabilities outside [0, 1].

    >>> from autograd_mini import Value
    >>> binary_cross_entropy(Value([0.5, 0.0, 0.0]), [1, 0, 1], reduction="none").data.round(4)
    array([  0.6931,   0.    , 100.    ])
    """
    p, y = operands("binary_cross_entropy", prediction, target)
    check_unit_interval("binary_cross_entropy", "prediction", p, "; for logits take …_with_logits")
    check_unit_interval("binary_cross_entropy", "target", y)
    each = -(y * bounded_log(p) + (1 - y) * bounded_log1p(-p))
    if weight is not None:
        each = each * spread_weight("binary_cross_entropy", "weight", weight, p)
    return reduced("binary_cross_entropy", each, reduction)


def binary_cross_entropy_with_logits(
    prediction: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """`binary_cross_entropy` of p = σ(x): each y ln(1 + e^−x) + (1 − y) ln(1 + e^x), with slope σ(x) − y.

    Written so, nothing overflows or rounds to ln 0 at any x. `weight` broadcasts to ŷ's shape, and so
    does `pos_weight`, which counts the "yes" more: it multiplies y ln(1 + e^−x).

    Raises:
        ValueError: targets outside [0, 1].

    >>> from autograd_mini import Value
    >>> binary_cross_entropy_with_logits(Value([1000.0, -1000.0]), [0, 0], reduction="none").data
    array([1000.,    0.])
    """
    x, y = operands("binary_cross_entropy_with_logits", prediction, target)
    check_unit_interval("binary_cross_entropy_with_logits", "target", y)
    yes, no = y * softplus(-x), (1 - y) * softplus(x)
    if pos_weight is not None:
        yes = yes * spread_weight("binary_cross_entropy_with_logits", "pos_weight", pos_weight, x)
    each = yes + no
    if weight is not None:
        each = each * spread_weight("binary_cross_entropy_with_logits", "weight", weight, x)
    return reduced("binary_cross_entropy_with_logits", each, reduction)


def kl_div(prediction: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """The Kullback-Leibler divergence, each y (ln y − x): x are the predicted *logarithms* of probabilities.

    y = 0 counts 0. With `log_target` the target holds logarithms too: each e^y (y − x). As in PyTorch
    "mean" divides by the number of all elements; the divergence itself is the sum over an example's
    classes, so its mean over examples is `reduction="batchmean"`: sum / len(prediction).

    Source: Kullback & Leibler, 1951, On information and sufficiency.

    Raises:
        ValueError: negative probabilities in the target.
        ShapeError: "batchmean" of a single number.

    >>> kl_div(np.log([[0.5, 0.5]]), [[1.0, 0.0]], reduction="batchmean").round(4)
    np.float64(0.6931)
    """
    x, y = operands("kl_div", prediction, target)
    if log_target:
        each = np.exp(y) * (y - x)
    else:
        numbers = constant(y)
        if not np.all(numbers >= 0):
            raise ValueError(
                f"kl_div: the target must hold probabilities, the smallest is {np.min(numbers):.6g}; "
                "for logarithms pass log_target=True"
            )
        each = y * (np.log(np.where(numbers == 0, 1, y)) - x)
    if reduction == "batchmean":
        if not x.shape:
            raise ShapeError("kl_div: 'batchmean' divides by the number of examples, got a single number")
        return np.sum(each) / x.shape[0]
    return reduced("kl_div", each, reduction, "batchmean")


def _weighted_mean(owner: str, each: Any, weight: Any, reduction: str) -> Any:
    if weight is None:
        return reduced(owner, each, reduction)
    weight = weight_of_each(owner, weight, each)
    return reduced(owner, each * weight, reduction, total=np.sum(weight))
