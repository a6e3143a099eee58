"""Make a picture smaller: one number for each window, the largest or the mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.functions import as_operand
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, pair
from autograd_mini.nn.windows import Pair, frame, places, windows


class _Pool2d(Module):
    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> None:
        name = type(self).__name__
        self.kernel_size = pair(name, "kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else pair(name, "stride", stride)
        self.padding = pair(name, "padding", padding, least=0)
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(
                f"{name}: padding may be at most half the kernel {self.kernel_size}, got {self.padding}: "
                "else a window would see nothing of the picture"
            )

    def windows(self, x: Any, outside: float) -> Any:
        check(self, x)
        x = as_operand(x)
        if any(self.padding):
            x = np.pad(x, frame(self.padding, x.ndim), constant_values=outside)
        return windows(x, params=(self.kernel_size, self.stride))

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) not in (3, 4):
            raise Misfit("expected (batch, channels, height, width)")
        return (*shape[:-2], *places(shape[-2:], self.kernel_size, self.stride, self.padding))

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool2d):
    """The largest number in each window.

    Where several in a window tie for the largest, they share its gradient equally (PyTorch gives it
    all to the first).

    Args:
        kernel_size: the window: one number, or (height, width).
        stride: from one window to the next; by default the kernel's size, so that none overlap.
        padding: how far windows reach out of the picture, at most half the kernel; what is there
            never is the largest.

    Shapes:
        x: (batch, channels, H, W) or (channels, H, W) -> (batch, channels, rows, columns),
            with ⌊(n + 2·padding − kernel)/stride⌋ + 1 rows and columns

    Raises:
        ShapeError: x has other axes, or is smaller than the window.
        ValueError: sizes that are not whole numbers.

    >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
    array([[[ 5.,  7.],
            [13., 15.]]])
    """

    def forward(self, x: Any) -> Any:
        return np.max(self.windows(x, -np.inf), axis=(0, 1))


class AvgPool2d(_Pool2d):
    """The mean of each window; what lies out of the picture counts as 0, as PyTorch does by default.

    Args, Shapes, Raises: as in `MaxPool2d`.

    >>> AvgPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """

    def forward(self, x: Any) -> Any:
        return np.mean(self.windows(x, 0.0), axis=(0, 1))
