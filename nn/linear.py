"""Connect every unit to every unit of the next layer: s = W h + b."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.errors import ShapeError
from autograd_mini.nn.functional import linear
from autograd_mini.nn.init import Initialisation, by_name, generator
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, float_type, product, shape_of, whole
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
        self.in_features = whole("Linear", "in_features", in_features)
        self.out_features = whole("Linear", "out_features", out_features)
        draw, rng, dtype = by_name(init), generator(rng), float_type("Linear", dtype)
        layer = (self.out_features, self.in_features)
        self.weight = Value(draw(layer, rng, layer).astype(dtype))
        self.bias = Value(draw(layer[:1], rng, layer).astype(dtype)) if bias else None

    def forward(self, x: Any) -> Value:
        shape = shape_of(x)
        if not shape or shape[-1] != self.in_features:
            raise ShapeError(self._misfit(shape))
        return linear(x, self.weight, self.bias)

    def output_shape(self, shape: Shape) -> Shape:
        output = (*shape[:-1], self.out_features)
        if not shape or shape[-1] != self.in_features:
            raise Misfit(f"expected {self.in_features} features{self._fix(shape)}", output)
        return output

    def multiplications(self, shape: Shape) -> int:
        return math.prod(n for n in shape[1:-1] if isinstance(n, int)) * self.in_features * self.out_features

    def extra_repr(self) -> str:
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"

    def _fix(self, shape: Shape) -> str:
        if not shape:
            return ", not a single number"
        wanted = product(shape[1:])
        if len(shape) > 2 and wanted == self.in_features:
            return "; put nn.Flatten() before it"
        return f"; make it Linear({shape[-1]}, …) or the layer before {self.in_features} wide"

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
