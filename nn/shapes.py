"""Say which shapes fit a layer, before or while it runs.

A shape is a tuple of whole numbers, in which a size that is not known yet stands as a word:
`("batch", 4)`. Each layer has `output_shape(shape)`, which answers with the shape of the output or
raises `Misfit`; `forward` asks it too, so that `nn.analyze` and a running network say the same.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.errors import ShapeError
from autograd_mini.value import Value
from autograd_mini.visible import shown

if TYPE_CHECKING:
    from autograd_mini.nn.module import Module

Shape = tuple[int | str, ...]


class Misfit(ShapeError):
    """A layer cannot take a shape: what it expected and the likely fix, in words.

    Attributes:
        output: the shape it would have given had the input been right, so that an analysis can go
            on and find what else is wrong; None where that cannot be told.
    """

    def __init__(self, message: str, output: Shape | None = None) -> None:
        super().__init__(message)
        self.output = output


def show(shape: Shape | None) -> str:
    """A shape as it is written.

    >>> show(("batch", 4)), show((4,)), show(None)
    ('(batch, 4)', '(4,)', '?')
    """
    if shape is None:
        return "?"
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def check(layer: Module, x: Any) -> None:
    """Raise the layer's `Misfit` as an error that names the layer and the shape of x.

    Raises:
        ShapeError: the layer cannot take x.
    """
    shape = shape_of(x)
    try:
        layer.output_shape(shape)
    except Misfit as misfit:
        raise ShapeError(f"{layer!r} gets {show(shape)}: {misfit}") from None


def shape_of(x: Any) -> tuple[int, ...]:
    """`np.shape(x)`, quickly where x has one: NumPy's dispatch of a Value takes longer than many a layer.

    >>> shape_of(np.zeros((2, 3))), shape_of([1.0, 2.0])
    ((2, 3), (2,))
    """
    return x.shape if type(x) is Value or type(x) is np.ndarray else np.shape(x)


def product(sizes: Shape) -> int | str:
    """The product of some sizes, as a word where one is a word.

    >>> product((2, 3)), product(("batch", 2, 3))
    (6, 'batch·6')
    """
    number = math.prod(n for n in sizes if isinstance(n, int))
    words = [n for n in sizes if isinstance(n, str)]
    return "·".join([*words, str(number)] if number != 1 else words) if words else number


def whole(layer: str, name: str, size: Any, least: int = 1) -> int:
    """A size as an int.

    Raises:
        ValueError: not a whole number, or less than `least`.

    >>> whole("Linear", "in_features", np.int64(3))
    3
    """
    try:
        number = operator.index(size)
    except TypeError:
        number = least - 1
    if number < least:
        kind = "positive whole number" if least == 1 else f"whole number ≥ {least}"
        raise ValueError(f"{layer}: {name} must be a {kind}, got {size!r}")
    return number


def share(owner: str, name: str, given: Any) -> float:
    """A number between 0 and 1, such as a probability.

    Raises:
        ValueError: it is none.

    >>> share("Dropout", "p", 0.5)
    0.5
    """
    if not isinstance(given, int | float | np.number) or not 0 <= given <= 1:
        raise ValueError(f"{owner}: {name} must be between 0 and 1, got {given!r:.60}")
    return float(given)


def number(owner: str, name: str, given: Any, least: float = -math.inf) -> Any:
    """A finite number, as it was given.

    Raises:
        ValueError: it is none, or less than `least`.
    """
    if not isinstance(given, int | float | np.number) or not least <= given < np.inf or given == -np.inf:
        span = "" if least == -math.inf else f" ≥ {least:g}"
        raise ValueError(f"{owner}: {name} must be a finite number{span}, got {given!r:.60}")
    return given


def pair(layer: str, name: str, size: Any, least: int = 1) -> tuple[int, int]:
    """One size for height and width, or one for each.

    Raises:
        ValueError: neither a whole number nor two of them.

    >>> pair("Conv2d", "kernel_size", 3), pair("Conv2d", "padding", (0, 1), least=0)
    ((3, 3), (0, 1))
    """
    both = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(both) != 2:
        raise ValueError(f"{layer}: {name} must be one whole number or (height, width), got {size!r}")
    return whole(layer, name, both[0], least), whole(layer, name, both[1], least)


def float_type(layer: str, dtype: DTypeLike) -> np.dtype:
    """The dtype of a layer's parameters.

    Raises:
        TypeError: not a float type.

    >>> float_type("Linear", "float32")
    dtype('float32')
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"{layer}: dtype must be a float type such as np.float32, got {shown(dtype)}") from None
    if found.kind != "f":
        raise TypeError(f"{layer}: dtype must be a float type, got {found}")
    return found
