"""Look at a picture through a small window that moves: what convolution and pooling have in common.

Two operations, each the transpose of the other, so that each is the other's derivative rule:
`windows` copies every pixel to all windows that see it, `fold` sums what the windows say back into
the pixels.

>>> picture = np.arange(9.0).reshape(3, 3)
>>> seen = windows(picture, params=((2, 2), (1, 1)))  # one for each place, along the last axes
>>> seen[:, :, 0, 1]
array([[1., 2.],
       [4., 5.]])
>>> fold(np.ones_like(seen), params=((3, 3), (2, 2), (1, 1)))
array([[1., 2., 1.],
       [2., 4., 2.],
       [1., 2., 1.]])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.nn.shapes import Misfit, Shape
from autograd_mini.primitives.shaping import inverse
from autograd_mini.rules import Primitive, Pull

Pair = tuple[int, int]


def look(x: Any, kernel: Pair, stride: Pair) -> Any:
    """(..., H, W) -> (kernel height, kernel width, ..., rows, columns), a view."""
    seen = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(-2, -1))
    return np.moveaxis(seen[..., :: stride[0], :: stride[1], :, :], (-2, -1), (0, 1))


def copies(x: Any, kernel: Pair, stride: Pair) -> Any:
    """What `look` sees, copied: the same pixel of all windows lies in one piece, in the order of x.

    NumPy's inner loops run along what lies in one piece: the maximum of each 2 × 2 window of the view takes hundreds
    of times as long.
    """
    seen = look(x, kernel, stride)
    if type(x) is not np.ndarray:
        return seen.copy()
    order = [0, 1, *(2 + axis for axis in sorted(range(x.ndim), key=x.strides.__getitem__, reverse=True))]
    return np.transpose(np.transpose(seen, order).copy(), inverse(tuple(order)))


def sum_back(g: Any, size: Pair, kernel: Pair, stride: Pair) -> Any:
    """(kernel height, kernel width, ..., rows, columns) -> (..., *size)."""
    rows, columns = g.shape[-2:]
    out = np.zeros_like(g[0, 0], shape=(*g.shape[2:-2], *size))  # in memory as g
    for i in range(kernel[0]):  # few: the window's pixels, not the picture's
        for j in range(kernel[1]):
            down, right = slice(i, i + stride[0] * rows, stride[0]), slice(j, j + stride[1] * columns, stride[1])
            out[..., down, right] += g[i, j]
    return out


def windows_pull(g: Any, z: Any, x: Any, kernel: Pair, stride: Pair) -> Any:
    return fold(g, params=(x.shape[-2:], kernel, stride))


def fold_pull(g: Any, z: Any, x: Any, size: Pair, kernel: Pair, stride: Pair) -> Any:
    return windows(g, params=(kernel, stride))


windows = Primitive("windows", copies, Pull(windows_pull))
fold = Primitive("fold", sum_back, Pull(fold_pull))


def frame(padding: Pair, ndim: int) -> list[Pair]:
    """The width argument of np.pad for the last two axes.

    >>> frame((1, 2), 3)
    [(0, 0), (1, 1), (2, 2)]
    """
    return [(0, 0)] * (ndim - 2) + [(p, p) for p in padding]


def padded(owner: str, x: Any, kernel: Pair, padding: Pair, outside: float = 0.0) -> Any:
    """The picture with a frame of numbers from outside, if there is one.

    Raises:
        ShapeError: x is no picture, or the window does not fit into it.

    >>> padded("pool", np.ones((1, 2)), (2, 2), (1, 0)).tolist()
    [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    """
    if x.ndim < 2 or any(n + 2 * p < k for n, k, p in zip(x.shape[-2:], kernel, padding, strict=True)):
        raise ShapeError(
            f"{owner}: expected a picture (..., H, W) of at least {kernel}, the kernel, "
            f"got {x.shape}, padding {padding}"
        )
    return np.pad(x, frame(padding, x.ndim), constant_values=outside) if any(padding) else x


def places(shape: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Shape:
    """How many places the window takes in height and width: ⌊(n + 2·padding − kernel)/stride⌋ + 1.

    Raises:
        Misfit: the window is larger than the padded picture.

    >>> places((28, 28), (3, 3), (2, 2), (1, 1))
    (14, 14)
    """
    found: list[int | str] = []
    for n, k, s, p in zip(shape, kernel, stride, padding, strict=True):
        if isinstance(n, str):
            found.append(n)
        elif n + 2 * p < k:
            raise Misfit(
                f"expected a picture of at least {kernel[0]} × {kernel[1]}, padding included; "
                "make the kernel smaller or the padding larger"
            )
        else:
            found.append((n + 2 * p - k) // s + 1)
    return tuple(found)
