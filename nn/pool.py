"""Make a picture smaller: one number for each window, the largest or the mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.functions import as_operand
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, pair
from autograd_mini.nn.windows import Pair, padded, places, windows


def max_pool2d(x: Any, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> Any:
    """The largest number in each window of a picture: see `MaxPool2d` for the arguments and shapes.

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    """
    return np.max(_seen("max_pool2d", x, kernel_size, stride, padding, -np.inf), axis=(0, 1))


def avg_pool2d(x: Any, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> Any:
    """The mean of each window of a picture: see `AvgPool2d`.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    return np.mean(_seen("avg_pool2d", x, kernel_size, stride, padding, 0.0), axis=(0, 1))


def _seen(
    owner: str, x: Any, kernel_size: int | Pair, stride: int | Pair | None, padding: int | Pair, outside: float
) -> Any:
    kernel, stride, padding = _window(owner, kernel_size, stride, padding)
    return windows(padded(owner, as_operand(x), kernel, padding, outside), params=(kernel, stride))


def _window(
    owner: str, kernel_size: int | Pair, stride: int | Pair | None, padding: int | Pair
) -> tuple[Pair, Pair, Pair]:
    kernel = pair(owner, "kernel_size", kernel_size)
    step = kernel if stride is None else pair(owner, "stride", stride)
    margin = pair(owner, "padding", padding, least=0)
    if any(2 * p > k for p, k in zip(margin, kernel, strict=True)):
        raise ValueError(
            f"{owner}: padding may be at most half the kernel {kernel}, got {margin}: "
            "else a window would see nothing of the picture"
        )
    return kernel, step, margin


class _Pool2d(Module):
    def __init__(self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> None:
        window = _window(type(self).__name__, kernel_size, stride, padding)
        self.kernel_size, self.stride, self.padding = window

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
        check(self, x)
        return max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """The mean of each window; what lies out of the picture counts as 0, as PyTorch does by default.

    Args, Shapes, Raises: as in `MaxPool2d`.

    >>> AvgPool2d(2)(np.arange(16.0).reshape(1, 4, 4))
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """

    def forward(self, x: Any) -> Any:
        check(self, x)
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding)
