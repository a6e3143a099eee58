"""Put written formulas together: equations, products, derivatives, each as text and as LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.explain.formatting import SMALL
from autograd_mini.explain.formulas.notation import name, number
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.rules import ATOM, SUM


class Line(NamedTuple):
    """One line, written twice from the same numbers."""

    text: str
    latex: str


def line(write: Callable[[Style], str]) -> Line:
    """What `write` gives in both styles.

    >>> line(lambda style: equation(name("h_D", style).written, number(0.25, style).written))
    Line(text='h_D = 0.25', latex='h_{D} = 0.25')
    """
    return Line(write("text"), write("latex"))


def equation(*parts: str) -> str:
    """a = b = c, where a part that repeats the one before is left out."""
    kept = [part for i, part in enumerate(parts) if i == 0 or part != parts[i - 1]]
    return " = ".join(kept)


def partial(of: str, by: str, style: Style) -> str:
    """∂E/∂w."""
    if style == "text":
        return f"∂{name(of).written}/∂{name(by).written}"
    return rf"\frac{{\partial {name(of, style).written}}}{{\partial {name(by, style).written}}}"


def times(left: Formula, right: Formula, style: Style, by_element: bool) -> str:
    """A product of numbers, or of arrays element by element."""
    sign = {"text": "⊙" if by_element else "·", "latex": r"\odot" if by_element else r"\cdot"}[style]
    return f"{left.written} {sign} {in_brackets(right, style)}"


def in_brackets(right: Formula, style: Style) -> str:
    """The right operand of a product or a sum: a negative number in brackets."""
    if right.precedence > SUM:
        return right.written
    return f"({right.written})" if style == "text" else rf"\left({right.written}\right)"


def any_large(*data: Any) -> bool:
    """Whether an array among them is too large for its entries to be written."""
    return any(np.size(x) > SMALL for x in data)


def shape_of(data: Any, style: Style) -> Formula:
    """What stands for an array in a formula that would be too long with its entries; a number is itself."""
    if not np.ndim(data):
        return number(data, style)
    return Formula(str(np.shape(data)) if style == "text" else rf"\text{{{np.shape(data)}}}", ATOM)


def repeated(data: Any, shape: tuple[int, ...], style: Style) -> str:
    """Says that every entry of `shape` receives the number: the backward step of a sum."""
    if np.size(data) == math.prod(shape):
        return ""
    what = f", for each entry of {shape}"
    return what if style == "text" else rf"\text{{{what}}}"
