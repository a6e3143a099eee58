"""Write a recorded computation as a formula, as LaTeX or as plain text.

>>> import autograd_mini as ag
>>> y, ŷ = Value(1.0, name="y"), Value(0.25, name="ŷ")
>>> print(text(0.5 * (y - ŷ) ** 2))
0.5·(y − ŷ)²
>>> print(latex(0.5 * (y - ŷ) ** 2))
0.5 \\, {\\left(y - \\hat{y}\\right)}^2
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import SMALL, shown
from autograd_mini.explain.formulas.symbols import symbol
from autograd_mini.explain.formulas.templates import Formula, Style, fill_latex, fill_text, written_params
from autograd_mini.rules import ATOM, PRODUCT, SUM, Primitive
from autograd_mini.value import Value
from autograd_mini.visible import visible

__all__ = ["Formula", "counted", "latex", "name", "number", "operation", "symbol", "text"]

Names = Mapping[Value, str]

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def latex(value: Any, *, names: Names | None = None, digits: int = 4, limit: int = 4000) -> str:
    """The formula by which `value` was computed from named Values and numbers, as LaTeX.

    A named Value stands for itself, so that naming the steps of a computation splits its formula.

    Args:
        value: a Value; a plain number or array is written as such.
        names: names for Values that have none, or other ones than they have.
        digits: significant digits of numbers without a name.
        limit: the longest formula, in characters.

    Raises:
        ValueError: a longer formula; name some of the Values on the way.

    >>> x, w, b = Value(2.0, name="x"), Value(3.0, name="w_1"), Value(1.0, name="b")
    >>> print(latex((w * x + b).sigmoid()))
    \\sigma(w_{1} \\, x + b)
    >>> print(latex(w * (x - b) ** 2))
    w_{1} \\, {\\left(x - b\\right)}^2
    """
    return formula(value, "latex", names, digits, limit).written


def text(value: Any, *, names: Names | None = None, digits: int = 4, limit: int = 4000) -> str:
    """The same formula as plain text; the arguments are those of `latex`.

    >>> x, W = Value([2.0, 1.0], name="x"), Value([[3.0, 0.0], [1.0, 1.0]], name="W")
    >>> print(text(np.sum(np.sqrt(W.T @ x) ** 2, axis=0) / 2))
    Σ(√(Wᵀ @ x)², axis=0)/2
    >>> s = W @ x
    >>> print(text(-s * 1e-7, names={s: "s"}))
    (−s)·(1·10⁻⁷)
    """
    return formula(value, "text", names, digits, limit).written


def formula(value: Any, style: Style, names: Names | None = None, digits: int = 4, limit: int = 4000) -> Formula:
    """What `latex` and `text` write, with how tightly it binds."""
    if type(value) is not Value:
        return number(value, style, digits)
    names = names or {}
    formulas: dict[Value, Formula] = {}
    for node in until_named(value, names):
        own_name = name_of(node, names)
        if node.op is None or not node.inputs or (node is not value and own_name is not None):
            formulas[node] = number(node.data, style, digits) if own_name is None else name(own_name, style)
            continue
        operands = [formulas[x] if type(x) is Value else number(x, style, digits) for x in node.inputs]
        formulas[node] = operation(node.op, operands, node.params, style, digits)
        if len(formulas[node].written) > limit:
            raise ValueError(f"{style}: the formula is longer than {limit} characters; name some Values on the way")
    return formulas[value]


def name_of(node: Value, names: Names) -> str | None:
    """The name given in `names`, or else its own; an empty one is none."""
    return names.get(node) or node.name or None


def until_named(value: Value, names: Names) -> list[Value]:
    """The Values that the formula of `value` is made of, each behind its inputs."""
    seen, stack = {value}, [value]
    while stack:
        node = stack.pop()
        if node is not value and name_of(node, names) is not None:
            continue
        new = {x for x in node.inputs if type(x) is Value} - seen
        seen |= new
        stack.extend(new)
    # A leaf whose data were replaced is younger than what it was used for.
    return sorted(seen, key=lambda node: (node.op is not None, node.age))


def operation(
    op: Primitive, operands: Sequence[Formula], params: tuple = (), style: Style = "text", digits: int = 4
) -> Formula:
    """One operation on operands that are written already, from its row; brackets where they are needed.

    >>> from autograd_mini.primitives import TABLE
    >>> operands = [name("w", "text"), number(-2.0, "text")]
    >>> operation(TABLE["multiply"], operands).written, operation(TABLE["sigmoid"], operands[:1]).written
    ('w·(−2)', 'σ(w)')
    """
    plain_params = written_params(op, params, len(operands), lambda p: _parameter(p, style, digits))
    return (fill_latex if style == "latex" else fill_text)(op, operands, plain_params)


def name(own_name: str, style: Style = "text") -> Formula:
    """A name, which needs no brackets anywhere."""
    return Formula(symbol(own_name) if style == "latex" else visible(" ".join(own_name.split())) or "·", ATOM)


def number(data: Any, style: Style = "text", digits: int = 4) -> Formula:
    """A number or an array as `shown` cuts it; a power of ten is written as such.

    >>> number(-1.5e-7).written, number(-1.5e-7, "latex").written, number([1.0, 2.0]).written
    ('−1.5·10⁻⁷', '-1.5 \\\\cdot 10^{-7}', '[1 2]')
    """
    if np.ndim(data):
        return Formula(_array(data, style, digits), ATOM)
    mantissa, _, exponent = shown(data, digits).replace("−", "-").partition("e")
    level = SUM if mantissa.startswith("-") else PRODUCT if exponent else ATOM
    if style == "latex":
        mantissa = mantissa.replace("inf", r"\infty").replace("nan", r"\text{nan}")
    else:
        mantissa = mantissa.replace("-", "−")
    return Formula(mantissa + times_power_of_ten(int(exponent), style) if exponent else mantissa, level)


def times_power_of_ten(exponent: int, style: Style) -> str:
    """What follows 1.5 in 1.5·10⁻⁷."""
    if style == "latex":
        return rf" \cdot 10^{{{exponent}}}"
    return "·10" + str(exponent).translate(_SUPERSCRIPTS)


def counted(n: int, style: Style = "text") -> str:
    """A whole number: all its digits, or if there are many, its size.

    >>> counted(40000), counted(2**1000)
    ('40 000', '1.072·10³⁰¹')
    """
    if n < 10**15:
        return f"{n:,}".replace(",", r"\," if style == "latex" else " ")
    exponent = math.floor(math.log10(n))
    return f"{10 ** (math.log10(n) - exponent):.3f}" + times_power_of_ten(exponent, style)


def _array(data: Any, style: Style, digits: int) -> str:
    array = np.asarray(data)
    entries = " ".join(shown(array, digits).split()).replace("[ ", "[")
    if style == "text":
        return entries
    if array.ndim <= 2 and array.size and entries.startswith("["):  # `shown` lists the entries
        rows = [" & ".join(number(x, style, digits).written for x in row) for row in np.atleast_2d(array)]
        return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"
    return r"\text{" + entries + "}"


def _parameter(parameter: Any, style: Style, digits: int) -> str:
    """An index, an axis, a shape, a condition or a bound, as it is written in Python."""
    if isinstance(parameter, slice):
        ends = ["" if end is None else str(end) for end in (parameter.start, parameter.stop, parameter.step)]
        written = ":".join(ends[:2] if parameter.step in (None, 1) else ends)
        return written if style == "latex" else written.replace("-", "−")
    if isinstance(parameter, tuple):
        parts = [_nested(part, style, digits) for part in parameter]
        return f"{parts[0]}," if len(parts) == 1 else ", ".join(parts)
    if parameter is ...:
        return r"\dots" if style == "latex" else "…"
    if isinstance(parameter, np.ndarray) and parameter.dtype.kind in "biu" and parameter.size <= SMALL:
        return str(parameter.tolist()) if style == "latex" else str(parameter.tolist()).replace("-", "−")
    if isinstance(parameter, str):
        parameter = repr(parameter)
    if parameter is None or isinstance(parameter, str | bool | np.bool_ | np.dtype):
        return symbol(str(parameter), word=False) if style == "latex" else str(parameter)
    return number(parameter, style, digits).written


def _nested(part: Any, style: Style, digits: int) -> str:
    inside = _parameter(part, style, digits)
    return f"({inside})" if isinstance(part, tuple) else inside
