"""Layers and activations as functions of Values and of plain arrays, under PyTorch's names.

Arguments come in PyTorch's order; what it calls `dim` is `axis` here, as in NumPy. On arrays they
compute, on Values they record as well; float32 stays float32. All differences from PyTorch are listed
in docs/differences.md.

>>> relu(np.array([-1.0, 2.0])), float(silu(1000.0))
(array([0., 2.]), 1000.0)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_mini.draws import drawn
from autograd_mini.errors import ShapeError
from autograd_mini.functions import as_operand, as_plain, erf, log_softmax, relu, sigmoid, softmax
from autograd_mini.functions import softplus as _softplus
from autograd_mini.modes import no_grad_blocks, open_blocks
from autograd_mini.nn.class_losses import cross_entropy, nll_loss
from autograd_mini.nn.conv import conv2d
from autograd_mini.nn.init import generator
from autograd_mini.nn.loss_functions import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hardtanh_row,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from autograd_mini.nn.pool import avg_pool2d, max_pool2d
from autograd_mini.nn.shapes import number, shape_of, share
from autograd_mini.numbers import as_array, constant
from autograd_mini.primitives import elementwise, products, shaping
from autograd_mini.rules import Local, Primitive
from autograd_mini.value import Value, record, recording_hooks

__all__ = [
    "avg_pool2d",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv2d",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "hard_tanh",
    "hardtanh",
    "hinge_loss",
    "huber_loss",
    "identity",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]

# Activations that are operations of their own: one row each, z the output, x the input.
# The slope at 0 is the one from the left. e^x is only taken of x ≤ 0, so that nothing overflows.
# fmt: off
leaky_relu_row = Primitive("leaky_relu", lambda x, slope: np.where(x > 0, x, slope * x),
                                         Local(lambda z, x, slope: np.where(x > 0, 1, slope)))
elu_row        = Primitive("elu",        lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
                                         Local(lambda z, x, alpha: np.where(x > 0, 1, z + alpha)))
softsign_row   = Primitive("softsign",   lambda x: x / (1 + np.absolute(x)),
                                         Local(lambda z, x: 1 / np.square(1 + np.absolute(x))))
# fmt: on

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def identity(x: Any) -> Any:
    """x itself.

    >>> identity(3.0)
    3.0
    """
    return x


def tanh(x: Any) -> Any:
    """(e^x − e^−x)/(e^x + e^−x), with tanh′ = 1 − tanh².

    >>> tanh(np.array([0.0, 1000.0]))
    array([0., 1.])
    """
    return as_plain(np.tanh(as_operand(x)))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x for x > 0, else a·x with the small slope a, so that no unit dies; its slope at 0 is a.

    Source: Maas, Hannun & Ng (2013), Rectifier nonlinearities improve neural network acoustic models.

    >>> leaky_relu(np.array([-100.0, 2.0]))
    array([-1.,  2.])
    """
    return as_plain(leaky_relu_row(as_operand(x), params=(negative_slope,)))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x for x > 0, else α(e^x − 1), with slope 1 or α e^x; its slope at 0 is α.

    Source: Clevert, Unterthiner & Hochreiter (2016), Fast and accurate deep network learning by
    exponential linear units.

    >>> elu(np.array([-1000.0, 1000.0]))
    array([  -1., 1000.])
    """
    return as_plain(elu_row(as_operand(x), params=(alpha,)))


def selu(x: Any) -> Any:
    """λ elu(x, α) with λ ≈ 1.0507, α ≈ 1.6733: keeps mean 0 and variance 1 from layer to layer.

    Its slope at 0 is λα. Source: Klambauer et al. (2017), Self-normalizing neural networks.

    >>> selu(np.array([-1000.0, 1.0])).round(4)
    array([-1.7581,  1.0507])
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


def gelu(x: Any, approximate: str = "none") -> Any:
    """x Φ(x), Φ the normal distribution: x/2 (1 + erf(x/√2)).

    `approximate="tanh"` is x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), off by at most 5e-4 and faster,
    as NumPy has no erf.

    Raises:
        ValueError: another `approximate`.

    Source: Hendrycks & Gimpel (2016), Gaussian error linear units.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    x = as_operand(x)
    if approximate == "none":
        return as_plain(0.5 * x * (1 + erf(x * math.sqrt(0.5))))
    if approximate == "tanh":
        return as_plain(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))))
    raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")


def silu(x: Any) -> Any:
    """x σ(x), also called swish.

    Source: Elfwing, Uchibe & Doya (2018), Sigmoid-weighted linear units, eq. 5.

    >>> silu(np.array([0.0, 1000.0]))
    array([   0., 1000.])
    """
    x = as_operand(x)
    return as_plain(x * sigmoid(x))


def softplus(x: Any, beta: float = 1.0, threshold: float | None = None) -> Any:
    """ln(1 + e^(βx))/β: a smooth relu, the sharper the larger β; with slope σ(βx).

    Where βx > `threshold` it is x. Nothing overflows without one, so there is none by default, where
    PyTorch's is 20.

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    x = as_operand(x)
    z = _softplus(x) if beta == 1 else _softplus(beta * x) / beta
    return as_plain(z if threshold is None else np.where(beta * constant(x) > threshold, x, z))


def logsigmoid(x: Any) -> Any:
    """ln σ(x) = −ln(1 + e^−x): keeps its digits where σ(x) is near 0.

    >>> logsigmoid(-1000.0)
    -1000.0
    """
    return -softplus(-as_operand(x))


def softsign(x: Any) -> Any:
    """x/(1 + |x|), with slope 1/(1 + |x|)²: like tanh, with longer tails.

    >>> softsign(np.array([-3.0, 0.0, 1.0]))
    array([-0.75,  0.  ,  0.5 ])
    """
    return as_plain(softsign_row(as_operand(x)))


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """x cut off at both bounds; its slope is 1 between them, and 0 at them and outside.

    Raises:
        ValueError: min_val is not less than max_val.

    >>> hardtanh(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    if not number("hardtanh", "min_val", min_val) < number("hardtanh", "max_val", max_val):
        raise ValueError(f"hardtanh: min_val must be less than max_val, got {min_val} and {max_val}")
    return as_plain(hardtanh_row(as_operand(x), params=(min_val, max_val)))


hard_tanh = hardtanh


def relu6(x: Any) -> Any:
    """x cut off at 0 and 6: min(max(x, 0), 6), with slope 0 at both.

    >>> relu6(np.array([-1.0, 2.0, 7.0]))
    array([0., 2., 6.])
    """
    return hardtanh(x, 0.0, 6.0)


def dropout(x: Any, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None) -> Any:
    """Each number is 0 with probability p, else x/(1 − p), so that the mean stays; `nn.Dropout` tells more.

    Raises:
        ValueError: p is not between 0 and 1.

    >>> dropout(np.ones(4), 0.5, rng=np.random.default_rng(0))
    array([2., 0., 0., 0.])
    """
    p = share("dropout", "p", p)
    if not training or p == 0:
        return x
    x = as_operand(x)
    kept = drawn(generator(rng).random, x.shape) >= p
    scale = 1 / (1 - p) if p < 1 else 0.0
    return x * (kept * x.dtype.type(scale))


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """Weighted sums s = W x + b (lecture 9, "matrix form").

    Shapes:
        x: (..., in), weight: (out, in), bias: (out,) -> (..., out); weight (in,), bias () -> (...)

    Raises:
        ShapeError: the sizes differ.

    >>> from autograd_mini import Value
    >>> linear(np.array([1.0, 1.0]), Value([[3.0, 4.0]]), np.array([-2.0])).data
    array([5.])
    """
    if type(weight) is Value is type(bias):
        found = _weighted_sums(x, weight, bias)
        if found is not None:
            return found
    x, weight = as_operand(x), as_operand(weight)
    shape, sizes = x.shape, weight.shape
    if not shape or len(sizes) not in (1, 2) or shape[-1] != sizes[-1]:
        raise ShapeError(f"linear: expected x (..., in) and weight (out, in), got x {shape}, weight {sizes}")
    if bias is None:
        return x @ weight.T
    if shape_of(bias) != sizes[:-1]:
        raise ShapeError(f"linear: weight {sizes} needs a bias {sizes[:-1]}, got {np.shape(bias)}")
    return x @ weight.T + bias


def _weighted_sums(x: Any, weight: Value, bias: Value) -> Value | None:
    """x @ weight.T + bias of matrices that fit, recorded as just these three operations, which ask nothing again."""
    h, w, b = x._data if type(x) is Value else x, weight._data, bias._data
    if not (type(h) is type(w) is type(b) is np.ndarray and h.dtype.kind == w.dtype.kind == b.dtype.kind == "f"):
        return None
    if h.ndim != 2 or w.ndim != 2 or h.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        return None
    # In single precision BLAS makes a tall product quicker than a wide one, which is made turned round.
    sums = w.dot(h.T).T if h.dtype == w.dtype == np.float32 and len(w) > len(h) else h.dot(w.T)
    if open_blocks and no_grad_blocks.get() and not recording_hooks:
        return record(elementwise.add, (), (), None, sums + b)
    turned = record(shaping.transpose, (weight,), ((1, 0),), None, w.T)
    s = record(products.matmul, (x, turned), (), None, sums)
    return record(elementwise.add, (s, bias), (), None, sums + b)


def layer_norm(
    x: Any, normalized_shape: int | tuple[int, ...], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """(x − mean)/√(variance + ε) · w + b, with mean and variance over the last axes of each example.

    Shapes:
        x: (..., *normalized_shape); weight, bias: normalized_shape, or None

    Raises:
        ShapeError: x does not end in normalized_shape, or weight or bias has another shape.

    Source: Ba, Kiros & Hinton (2016), Layer normalization.

    >>> layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), 2).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x = as_operand(x)
    tail = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not tail or x.shape[-len(tail) :] != tail:
        raise ShapeError(f"layer_norm: expected x (..., {', '.join(map(str, tail))}), got {x.shape}")
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and np.shape(given) != tail:
            raise ShapeError(f"layer_norm: expected {name} {tail}, got {np.shape(given)}")
    z = standardize(x, tuple(range(-len(tail), 0)), eps)
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


def standardize(x: Any, axis: tuple[int, ...], eps: float) -> Any:
    """(x − mean)/√(variance + ε) over the axes; the variance is that of the examples, not an estimate."""
    deviations = x - np.mean(x, axis=axis, keepdims=True)
    return deviations / np.sqrt(np.mean(deviations * deviations, axis=axis, keepdims=True) + eps)


def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of `weight` at `indices`: one learned vector for each word of a vocabulary.

    The row `padding_idx` (counted from the end if negative) is looked up like the others, but gets no
    gradient: the word that only fills a sentence up is not learned.

    Shapes:
        indices: whole numbers, any shape; weight: (words, features) -> (*indices.shape, features)

    Raises:
        TypeError: indices that are not whole numbers.
        IndexError: an index that is not between 0 and words − 1.
        ValueError: a padding_idx that is no row.
        ShapeError: weight has other axes.

    >>> embedding([1, 1, 0], np.array([[0.0, 0.0], [1.0, 2.0]]))
    array([[1., 2.],
           [1., 2.],
           [0., 0.]])
    """
    rows, weight = as_array(indices), as_operand(weight)
    if weight.ndim != 2:
        raise ShapeError(f"embedding: expected weight (words, features), got {weight.shape}")
    if rows.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices must be whole numbers, got {rows.dtype}; use indices.astype(int)")
    words = weight.shape[0]
    wrong = np.argwhere((rows < 0) | (rows >= words))
    if len(wrong):
        where = wrong[0].tolist()
        raise IndexError(
            f"embedding: indices{where or ''} is {rows[tuple(where)]}; with {words} rows they must be 0 to {words - 1}"
        )
    if padding_idx is None:
        return weight[rows]
    if not -words <= padding_idx < words:
        raise ValueError(f"embedding: padding_idx is {padding_idx}, but there are {words} rows")
    padding = np.expand_dims(rows == padding_idx % words, -1)
    return np.where(padding, constant(weight)[padding_idx], weight[rows])
