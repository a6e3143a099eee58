"""Lay an example's axes out as one: from pictures to what `Linear` takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.functions import as_operand
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, product


class Flatten(Module):
    """Join the axes from `start_dim` to `end_dim` into one; by default all but the batch's.

    Shapes:
        x: (batch, a, b, …) -> (batch, a·b·…)

    Raises:
        ShapeError: x has no such axes.

    >>> Flatten()(np.zeros((10, 3, 4))).shape
    (10, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Any) -> Any:
        check(self, x)
        x = as_operand(x)
        return np.reshape(x, self.output_shape(x.shape))

    def output_shape(self, shape: Shape) -> Shape:
        start, end = (i + len(shape) if i < 0 else i for i in (self.start_dim, self.end_dim))
        if not 0 <= start <= end < len(shape):
            raise Misfit(
                f"expected axes {self.start_dim} to {self.end_dim}; there are {len(shape)}, "
                "is the first one of the batch missing?"
            )
        return (*shape[:start], product(shape[start : end + 1]), *shape[end + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
