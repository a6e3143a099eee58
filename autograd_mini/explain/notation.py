"""Write a recorded computation as a formula: the graph as LaTeX."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.explain.draw import shown
from autograd_mini.rules import ATOM, POWER, Primitive
from autograd_mini.value import Value

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "lambda", "mu", "nu", "xi", "pi"),
    *("rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
)


def _escape(text: str) -> str:
    return re.sub(r"([#$%&_{}])", r"\\\1", text)


def latex(value: Value, *, digits: int = 4, limit: int = 4000) -> str:
    """The formula by which `value` was computed from named Values and numbers.

    A named Value stands for itself, so that naming the steps of a computation splits its formula.

    Args:
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
    formulas: dict[Value, tuple[str, int]] = {}
    for node in reversed(topological_order(value, check=False)):
        named = node.name is not None and node is not value
        if named or node.op is None or not node.inputs:
            formulas[node] = (symbol(node.name), ATOM) if node.name is not None else _number(node.data, digits)
            continue
        operands = [formulas[x] if type(x) is Value else _number(x, digits) for x in node.inputs]
        level = node.op.precedence
        texts = [
            rf"\left({text}\right)" if _needs_brackets(node.op, precedence, position) else text
            for position, (text, precedence) in enumerate(operands)
        ]
        template = ", ".join(["{}"] * len(texts)) if node.op.variadic else node.op.latex
        text = template.format(*texts, *(_parameter(p, digits) for p in node.params))
        formulas[node] = (rf"\operatorname{{{node.op.name}}}({text})" if node.op.variadic else text, level)
        if len(text) > limit:
            raise ValueError(f"latex: the formula is longer than {limit} characters; name some Values on the way")
    return formulas[value][0]


def _needs_brackets(op: Primitive, precedence: int, position: int) -> bool:
    if op.encloses:
        return False
    alone = len(op.rules) == 1 or op.precedence == POWER  # -(a + b), (a/b)²: nothing may follow on the same level
    return precedence < op.precedence or (precedence == op.precedence and (position > 0 or alone))


def _parameter(parameter: Any, digits: int) -> str:
    """An index, a shape, a condition or a bound, as it is written in Python."""
    if isinstance(parameter, slice):
        ends = ["" if end is None else str(end) for end in (parameter.start, parameter.stop, parameter.step)]
        return ":".join(ends[:2] if parameter.step is None else ends)
    if isinstance(parameter, tuple):
        return ", ".join(_parameter(part, digits) for part in parameter)
    if parameter is ...:
        return r"\dots"
    if parameter is None or isinstance(parameter, str | bool | np.bool_):
        return r"\text{" + _escape(str(parameter)) + "}"
    return _number(parameter, digits)[0]


def _number(number: Any, digits: int) -> tuple[str, int]:
    if np.ndim(number):
        return rf"\text{{{np.shape(number)}}}", ATOM
    text = shown(number, digits).replace("−", "-")
    mantissa, _, exponent = text.partition("e")
    text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else text
    return text, 1 if text.startswith("-") or exponent else ATOM


def symbol(name: str) -> str:
    """A Value's name as LaTeX: subscripts after `_`, Greek letters by name, text for anything else.

    >>> print(symbol("w_DA"), symbol("delta_1"), symbol("hidden.weight"))
    w_{DA} \\delta_{1} \\text{hidden.weight}
    """
    match = re.fullmatch(r"([^\W\d_]+)(?:_(\w+))?", name)
    if match and (len(match[1]) == 1 or match[1].lower() in _GREEK):
        letter = match[1] if len(match[1]) == 1 else "\\" + match[1]
        return letter + ("_{" + _escape(match[2]) + "}" if match[2] else "")
    plain = name.replace("\\", "\N{FULLWIDTH REVERSE SOLIDUS}").replace("\n", " ")
    return r"\text{" + _escape(plain) + "}"
