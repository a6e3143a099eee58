"""Give every example mean 0 and variance 1, whatever the others in its batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.nn.functional import layer_norm
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, float_type, number, show, whole
from autograd_mini.value import Value


class LayerNorm(Module):
    """z = (x − mean)/√(variance + ε) · w + b, mean and variance over the last axes of each example.

    Args:
        normalized_shape: the sizes of those axes; one number for the last axis alone.
        eps: ε, which keeps the root from 0 where all features are equal.
        elementwise_affine: False for a layer without w and b.
        bias: False for a layer without b.
        dtype: of w (at first 1) and b (at first 0); float64 by default.

    Shapes:
        weight, bias: normalized_shape
        x: (..., *normalized_shape) -> the same

    Raises:
        ShapeError: x does not end in normalized_shape.
        ValueError: sizes that are not positive whole numbers.

    Source: Ba, Kiros & Hinton (2016), Layer normalization.

    >>> LayerNorm(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).data.round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    weight: Value | None
    bias: Value | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: DTypeLike = float,
    ) -> None:
        sizes = normalized_shape if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        self.normalized_shape = tuple(whole("LayerNorm", "normalized_shape", n) for n in sizes)
        self.eps = number("LayerNorm", "eps", eps, least=0)
        dtype = float_type("LayerNorm", dtype)
        self.weight = Value(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.bias = Value(np.zeros(self.normalized_shape, dtype)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        check(self, x)
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def output_shape(self, shape: Shape) -> Shape:
        tail = self.normalized_shape
        if shape[-len(tail) :] != tail:
            got = show(shape[-len(tail) :])
            raise Misfit(f"expected x to end in {tail}; make it LayerNorm({got})", (*shape[: -len(tail)], *tail))
        return shape

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.weight is not None}"
