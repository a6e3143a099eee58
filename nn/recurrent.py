"""Read a sequence step by step: cells whose state goes from each step to the next.

Backpropagation through time needs no code: the loop over the steps is recorded like anything else.

>>> cell, h = RNNCell(2, 3), None
>>> for x in np.zeros((5, 4, 2)):  # 5 steps, each for a batch of 4
...     h = cell(x, h)
>>> h.shape
(4, 3)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.errors import ShapeError
from autograd_mini.nn.functional import linear, relu, sigmoid
from autograd_mini.nn.init import Initialisation, by_name, generator
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, float_type, show, whole
from autograd_mini.value import Value

_NONLINEARITIES: dict[str, Any] = {"tanh": np.tanh, "relu": relu}


class _Cell(Module):
    gates = 1  # how many weighted sums the cell takes of x, and of h; their weights are stacked
    weight_ih: Value
    weight_hh: Value
    bias_ih: Value | None
    bias_hh: Value | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        init: str | Initialisation = "fan_in_uniform",
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = float,
    ) -> None:
        name = type(self).__name__
        self.input_size = whole(name, "input_size", input_size)
        self.hidden_size = whole(name, "hidden_size", hidden_size)
        draw, rng, dtype = by_name(init), generator(rng), float_type(name, dtype)
        rows, layer = self.gates * self.hidden_size, (self.hidden_size, self.hidden_size)
        self.weight_ih = Value(draw((rows, self.input_size), rng, layer).astype(dtype))
        self.weight_hh = Value(draw((rows, self.hidden_size), rng, layer).astype(dtype))
        self.bias_ih = Value(draw((rows,), rng, layer).astype(dtype)) if bias else None
        self.bias_hh = Value(draw((rows,), rng, layer).astype(dtype)) if bias else None

    def sums(self, x: Any, h: Any) -> tuple[Any, Any, Any]:
        """W_ih x + b_ih, W_hh h + b_hh and h itself, which is 0 by default."""
        check(self, x)
        expected = (*np.shape(x)[:-1], self.hidden_size)
        if h is None:
            h = np.zeros(expected, self.weight_hh.dtype)
        elif np.shape(h) != expected:
            raise ShapeError(f"{self!r} gets h {show(np.shape(h))}: with x {show(np.shape(x))} expected h {expected}")
        return linear(x, self.weight_ih, self.bias_ih), linear(h, self.weight_hh, self.bias_hh), h

    def output_shape(self, shape: Shape) -> Shape:
        n, output = self.input_size, (*shape[:-1], self.hidden_size)
        if not shape or shape[-1] != n:
            got = f"; make it {type(self).__name__}({shape[-1]}, …) or what comes before {n} wide" if shape else ""
            raise Misfit(f"expected {n} features{got}", output)
        return output

    def multiplications(self, shape: Shape) -> int:
        return math.prod(self.weight_ih.shape) + math.prod(self.weight_hh.shape)

    def extra_repr(self) -> str:
        sizes = f"input_size={self.input_size}, hidden_size={self.hidden_size}"
        return f"{sizes}, bias={self.bias_ih is not None}"


class RNNCell(_Cell):
    """One step of the simplest recurrent network: h′ = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Args:
        input_size: features of x.
        hidden_size: features of h.
        bias: False for a cell without b_ih and b_hh.
        nonlinearity: "tanh" or "relu".
        init: a name from `nn.init` or a function f(shape, rng, layer), for which the layer is
            (hidden_size, hidden_size), so that by default all are uniform on ±1/√hidden_size.
        rng: the numpy.random.Generator to draw from; a fresh one by default.
        dtype: float64 by default.

    Shapes:
        weight_ih: (hidden_size, input_size), weight_hh: (hidden_size, hidden_size),
        bias_ih, bias_hh: (hidden_size,)
        x: (batch, input_size) or (input_size,); h: (batch, hidden_size), zeros by default
        -> h′ like h

    Raises:
        ShapeError: x or h does not fit.
        ValueError: sizes that are not positive whole numbers, another nonlinearity.

    Source: Elman (1990), Finding structure in time.

    >>> RNNCell(2, 3)(np.zeros((4, 2)), np.zeros((4, 3))).shape
    (4, 3)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        init: str | Initialisation = "fan_in_uniform",
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = float,
    ) -> None:
        if nonlinearity not in _NONLINEARITIES:
            raise ValueError(f"RNNCell: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        super().__init__(input_size, hidden_size, bias, init, rng, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, x: Any, h: Any = None) -> Any:
        from_x, from_h, _ = self.sums(x, h)
        return _NONLINEARITIES[self.nonlinearity](from_x + from_h)


class GRUCell(_Cell):
    """One step of a gated recurrent unit, which can keep its state unchanged for long.

        r  = σ(W_ir x + b_ir + W_hr h + b_hr)            the reset gate
        z  = σ(W_iz x + b_iz + W_hz h + b_hz)            the update gate
        n  = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))   the new state proposed
        h′ = (1 − z) ⊙ n + z ⊙ h

    Args, Shapes, Raises: as in `RNNCell`, save that weights and biases are three stacked on each
    other in the order r, z, n: weight_ih (3·hidden_size, input_size), and so on.

    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; r is
    applied after the product with W_hn, as in PyTorch.

    >>> GRUCell(2, 3)(np.zeros((4, 2))).shape
    (4, 3)
    """

    gates = 3

    def forward(self, x: Any, h: Any = None) -> Any:
        from_x, from_h, h = self.sums(x, h)
        k = self.hidden_size
        both = from_x[..., : 2 * k] + from_h[..., : 2 * k]
        r, z = sigmoid(both[..., :k]), sigmoid(both[..., k:])
        n = np.tanh(from_x[..., 2 * k :] + r * from_h[..., 2 * k :])
        return (1 - z) * n + z * h
