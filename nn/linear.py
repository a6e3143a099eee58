"""Connect every unit to every unit of the next layer: s = W h + b."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.errors import ShapeError
from autograd_mini.nn.init import Initialisation, by_name, generator
from autograd_mini.nn.module import Module
from autograd_mini.value import Value


class Linear(Module):
    """A layer of weighted sums: s_k = b_k + Σ_j w_kj x_j, that is s = W x + b (lecture 9).

    Args:
        in_features: the size of the previous layer.
        out_features: the size of this one.
        bias: False for a layer without b.
        init: a name from `nn.init` or a function f(shape, rng, layer); b is drawn like W, being the
            weight from a unit that is always 1.
        rng: the numpy.random.Generator to draw from; a fresh one by default.
        dtype: float64 by default. Give x the same dtype to stay in it.

    Shapes:
        weight: (out_features, in_features), bias: (out_features,)
        x: (batch, in_features), (in_features,) or (..., in_features) -> (..., out_features)

    Raises:
        ShapeError: x has another number of features; the message names the layer's weight.
        ValueError: sizes that are not positive whole numbers, an unknown `init`.
        TypeError: a dtype that is not a float type, an `rng` that is not a Generator.

    >>> layer = Linear(2, 1)
    >>> layer.load_state_dict({"weight": [[3.0, 4.0]], "bias": [-2.0]})
    >>> layer(np.array([[1.0, 0.0], [1.0, 1.0]])).data
    array([[1.],
           [5.]])
    """

    weight: Value
    bias: Value | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        init: str | Initialisation = "fan_in_uniform",
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = float,
    ) -> None:
        self.in_features = _size("in_features", in_features)
        self.out_features = _size("out_features", out_features)
        draw, rng, dtype = by_name(init), generator(rng), _float_type(dtype)
        layer = (self.out_features, self.in_features)
        self.weight = Value(draw(layer, rng, layer).astype(dtype))
        self.bias = Value(draw(layer[:1], rng, layer).astype(dtype)) if bias else None

    def forward(self, x: Any) -> Value:
        shape = np.shape(x)
        if not shape or shape[-1] != self.in_features:
            raise ShapeError(self._misfit(shape))
        s = x @ self.weight.T
        return s if self.bias is None else s + self.bias

    def extra_repr(self) -> str:
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"

    def _misfit(self, shape: tuple[int, ...]) -> str:
        n = self.in_features
        message = f"Linear: x {shape} @ {self.weight.name}.T {(n, self.out_features)}: "
        message += f"expected x (..., {n})"
        message += f", got {shape[-1]} features" if shape else ", got a single number"
        if shape[:-1] and shape[-2] == n:
            message += "; did you mean x.T?"
        elif shape == () and n == 1:
            message += "; did you mean [x]?"
        return message


def _size(name: str, size: Any) -> int:
    try:
        whole = operator.index(size)
    except TypeError:
        whole = 0
    if whole < 1:
        raise ValueError(f"Linear: {name} must be a positive whole number, got {size!r}")
    return whole


def _float_type(dtype: DTypeLike) -> np.dtype:
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"Linear: dtype must be a float type, got {np.dtype(dtype)}")
    return np.dtype(dtype)
