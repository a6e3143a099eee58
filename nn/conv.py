"""Look for the same small pattern everywhere in a picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.errors import ShapeError
from autograd_mini.functions import as_operand
from autograd_mini.nn.init import Initialisation, by_name, generator
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, float_type, pair, whole
from autograd_mini.nn.windows import Pair, fold, look, padded, places, windows
from autograd_mini.rules import PRODUCT, Primitive, Pull
from autograd_mini.value import Value

PICTURE = (-3, -2, -1)


def examples_last(x: np.ndarray) -> np.ndarray:
    """The same numbers, in memory as (in, H, W, ...): the rows of small pictures are short, a batch is not."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, PICTURE, (0, 1, 2))), (0, 1, 2), PICTURE)


def patches(x: Any, kernel: Pair, stride: Pair) -> Any:
    """(..., in, H, W) -> (in · kernel height · kernel width, places): what the window sees, a column for each place."""
    plain = type(x) is np.ndarray
    seen = look(examples_last(x), kernel, stride) if plain else windows(x, params=(kernel, stride))
    return np.reshape(np.moveaxis(seen, (-3, 0, 1, -2, -1), (0, 1, 2, 3, 4)), (x.shape[-3] * kernel[0] * kernel[1], -1))


def rows_of(weight: Any) -> Any:
    """(out, in, kernel height, kernel width) -> (out, in · kernel height · kernel width): a row for each pattern."""
    return np.reshape(weight, (weight.shape[0], -1))


def columns_of(g: Any) -> Any:
    """(..., out, rows, columns) -> (out, places)."""
    return np.reshape(np.moveaxis(g, PICTURE, (0, 1, 2)), (g.shape[-3], -1))


# The lecture's s = W h, with a column h for each place of the window; its derivatives are those of a product.
def correlate(x: Any, weight: Any, stride: Pair) -> Any:
    s = rows_of(weight) @ patches(x, weight.shape[-2:], stride)
    places_of_window = places(x.shape[-2:], weight.shape[-2:], stride, (0, 0))
    return np.moveaxis(np.reshape(s, (weight.shape[0], *places_of_window, *x.shape[:-3])), (0, 1, 2), PICTURE)


def correlate_x(g: Any, z: Any, x: Any, weight: Any, stride: Pair) -> Any:
    back = np.transpose(rows_of(weight)) @ columns_of(g)
    seen = np.reshape(back, (*weight.shape[1:], *g.shape[-2:], *x.shape[:-3]))
    seen = np.moveaxis(seen, (1, 2, 0, 3, 4), (0, 1, *PICTURE))
    return fold(seen, params=(x.shape[-2:], weight.shape[-2:], stride))


def correlate_weight(g: Any, z: Any, x: Any, weight: Any, stride: Pair) -> Any:
    return np.reshape(columns_of(g) @ np.transpose(patches(x, weight.shape[-2:], stride)), weight.shape)


correlation = Primitive(
    "conv2d",
    correlate,
    Pull(correlate_x),
    Pull(correlate_weight),
    symbol="∗",
    latex=r"{0} \ast {1}",
    precedence=PRODUCT,
)


def conv2d(x: Any, weight: Any, bias: Any = None, stride: int | Pair = 1, padding: int | Pair = 0) -> Any:
    """z_o(r, c) = b_o + Σ_i Σ_u Σ_v w_oi(u, v) x_i(r·stride + u − padding, c·stride + v − padding).

    Outside the picture x is 0. (The kernel is not flipped: mathematicians call this cross-correlation.)

    Shapes:
        x: (..., in, H, W), weight: (out, in, kernel height, kernel width), bias: (out,)
        -> (..., out, rows, columns), with ⌊(n + 2·padding − kernel)/stride⌋ + 1 rows, columns

    Raises:
        ShapeError: the axes, the numbers of channels or the bias do not fit, or x is smaller than the window.

    >>> conv2d(np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2)))
    array([[[ 8., 12.],
            [20., 24.]]])
    """
    x, weight = as_operand(x), as_operand(weight)
    stride, padding = pair("conv2d", "stride", stride), pair("conv2d", "padding", padding, least=0)
    if x.ndim < 3 or weight.ndim != 4 or x.shape[-3] != weight.shape[1]:
        raise ShapeError(
            f"conv2d: expected x (..., in, H, W) and weight (out, in, height, width), got x {x.shape}, "
            f"weight {weight.shape}"
        )
    if bias is not None and np.shape(bias) != weight.shape[:1]:
        raise ShapeError(f"conv2d: weight {weight.shape} needs a bias {weight.shape[:1]}, got {np.shape(bias)}")
    z = correlation(padded("conv2d", x, weight.shape[-2:], padding), weight, params=(stride,))
    return z if bias is None else z + np.reshape(bias, (-1, 1, 1))


class Conv2d(Module):
    """Weighted sums over a window that moves over a picture, the same weights everywhere: `conv2d`.

    Args:
        in_channels: of the picture, such as 3 for red, green, blue.
        out_channels: how many patterns to look for.
        kernel_size, stride, padding: one number, or (height, width). Padding is zeros on every side.
        bias: False for a layer without b.
        init: a name from `nn.init` or a function f(shape, rng, layer), for which a window's
            in_channels · height · width pixels are the previous layer.
        rng: the numpy.random.Generator to draw from; a fresh one by default.
        dtype: float64 by default.

    Shapes:
        weight: (out_channels, in_channels, kernel height, kernel width), bias: (out_channels,)
        x: (batch, in_channels, H, W) or (in_channels, H, W) -> (batch, out_channels, rows, columns),
            with ⌊(n + 2·padding − kernel)/stride⌋ + 1 rows and columns

    Raises:
        ShapeError: x has another number of channels or axes, or is smaller than the window.
        ValueError: sizes that are not whole numbers.

    Source: LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition.

    >>> Conv2d(3, 8, kernel_size=3, stride=2, padding=1)(np.zeros((10, 3, 28, 28))).shape
    (10, 8, 14, 14)
    """

    weight: Value
    bias: Value | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        bias: bool = True,
        init: str | Initialisation = "fan_in_uniform",
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = float,
    ) -> None:
        self.in_channels = whole("Conv2d", "in_channels", in_channels)
        self.out_channels = whole("Conv2d", "out_channels", out_channels)
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size)
        self.stride = pair("Conv2d", "stride", stride)
        self.padding = pair("Conv2d", "padding", padding, least=0)
        draw, rng, dtype = by_name(init), generator(rng), float_type("Conv2d", dtype)
        shape = (self.out_channels, self.in_channels, *self.kernel_size)
        layer = (self.out_channels, math.prod(shape[1:]))
        self.weight = Value(draw(layer, rng, layer).reshape(shape).astype(dtype))
        self.bias = Value(draw(layer[:1], rng, layer).astype(dtype)) if bias else None

    def forward(self, x: Any) -> Any:
        check(self, x)
        return conv2d(x, self.weight, self.bias, self.stride, self.padding)

    def output_shape(self, shape: Shape) -> Shape:
        n = self.in_channels
        if len(shape) not in (3, 4):
            raise Misfit(f"expected (batch, {n}, height, width); for pictures without channels use x[:, None]")
        output = (*shape[:-3], self.out_channels, *places(shape[-2:], self.kernel_size, self.stride, self.padding))
        if shape[-3] != n:
            raise Misfit(
                f"expected {n} channels, got {shape[-3]}; make it Conv2d({shape[-3]}, …) or the layer before give {n}",
                output,
            )
        return output

    def multiplications(self, shape: Shape) -> int:
        places_of_window = [n for n in self.output_shape(shape)[-2:] if isinstance(n, int)]
        return math.prod(places_of_window) * math.prod(self.weight.shape)

    def extra_repr(self) -> str:
        return (
            f"in_channels={self.in_channels}, out_channels={self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None}"
        )
