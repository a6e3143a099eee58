"""Write the delta rule's lines in the lecture's notation: as text, as LaTeX and with the numbers put in.

>>> δ, h = Symbol("δ_G", r"\\delta_G", 0.04), Symbol("h_D", "h_D", 0.9)
>>> line = Product([Symbol("µ", r"\\mu", 10.0), δ, h])
>>> print(text(line), "|", numbers(line), "|", latex(line))
µ δ_G h_D | 10 · 0.04 · 0.9 | \\mu \\, \\delta_G \\, h_D
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograd_mini.explain.formatting import shown
from autograd_mini.explain.formulas.notation import symbol
from autograd_mini.explain.units.units import Units

#: How many terms of a sum are written before it is cut short.
TERMS = 3


@dataclass(frozen=True)
class Symbol:
    """A quantity: how it is written and its number."""

    text: str
    latex: str
    number: float


@dataclass(frozen=True)
class Product:
    factors: list[Symbol | Sum | Product]


@dataclass(frozen=True)
class Sum:
    """Terms to be added, or with `minus` subtracted, of which some may be left out."""

    terms: list[Symbol | Sum | Product]
    minus: bool = False
    left_out: int = 0
    each: Product | Symbol | None = None
    """How any of the terms is written, if they differ by the example alone."""


Term = Symbol | Sum | Product


@dataclass(frozen=True)
class _Style:
    symbol: Callable[[Symbol], str]
    times: str
    minus: str
    brackets: tuple[str, str]
    dots: str
    sigma: str = ""
    """Written before the term that stands for all; empty where each is written."""


def _write(term: Term, style: _Style) -> str:
    if isinstance(term, Symbol):
        return style.symbol(term)
    if isinstance(term, Sum) and term.each is not None and style.sigma:
        return style.sigma + _write(term.each, style)
    terms = term.factors if isinstance(term, Product) else term.terms
    parts = [_write(t, style) for t in terms]
    for i, (t, part) in enumerate(zip(terms, parts, strict=True)):
        adds = isinstance(term, Product) and isinstance(t, Sum) and not (t.each and style.sigma)
        if adds or (i and part.startswith(style.minus)):
            parts[i] = part.join(style.brackets)
    if isinstance(term, Product):
        return style.times.join(parts)
    return f" {style.minus if term.minus else '+'} ".join(parts + [style.dots] * (term.left_out > 0))


_ROUND, _TALL = ("(", ")"), (r"\left(", r"\right)")


def text(term: Term) -> str:
    """The formula as plain text."""
    return _write(term, _Style(lambda s: s.text, " ", "−", _ROUND, "…", "Σ "))


def numbers(term: Term, digits: int = 4) -> str:
    """The formula with the numbers of its symbols."""
    return _write(term, _Style(lambda s: shown(s.number, digits), " · ", "−", _ROUND, "…"))


def latex(term: Term) -> str:
    """The formula as LaTeX."""
    return _write(term, _Style(lambda s: s.latex, r" \, ", "-", _TALL, r"\dots", r"\sum_n "))


def latex_numbers(term: Term, digits: int = 4) -> str:
    """The formula with its numbers, as LaTeX."""
    return _write(term, _Style(lambda s: latex_number(s.number, digits), r" \cdot ", "-", _TALL, r"\dots"))


def latex_number(number: float, digits: int = 4) -> str:
    """A number as LaTeX, rounded like every other."""
    mantissa, _, exponent = shown(number, digits).replace("−", "-").partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


# -- the lecture's symbols -------------------------------------------------------------------------


@dataclass(frozen=True)
class Writer:
    """The symbols of one network's units."""

    units: Units

    def activation(self, level: int, k: int, number: float, prime: bool = False) -> Symbol:
        """h_D, ŷ for the only output, x1; with `prime` its slope h_D′."""
        name, depth = self.units.names[level][k], len(self.units.layers)
        mark, tex_mark = ("′", "'") if prime else ("", "")
        if level == depth and len(self.units.names[depth]) == 1:
            return Symbol(f"ŷ{mark}", rf"\hat{{y}}{tex_mark}", number)
        if not self.units.own_name(level, k):
            return Symbol(f"{name}{mark}", f"{_made(name)}{tex_mark}", number)
        letter, tex = ("ŷ", r"\hat{y}") if level == depth else ("h", "h")
        return Symbol(f"{letter}_{one_line(name)}{mark}", f"{tex}_{{{symbol(name)}}}{tex_mark}", number)

    def target(self, k: int, number: float) -> Symbol:
        names, depth = self.units.names[-1], len(self.units.layers)
        if len(names) == 1:
            return Symbol("y", "y", number)
        if not self.units.own_name(depth, k):
            return Symbol(f"y{k + 1}", f"y_{{{k + 1}}}", number)
        return Symbol(f"y_{one_line(names[k])}", f"y_{{{symbol(names[k])}}}", number)

    def delta(self, level: int, k: int, number: float) -> Symbol:
        name = self.units.names[level][k]
        tex = symbol(name) if self.units.own_name(level, k) else _made(name)
        return Symbol(f"δ_{one_line(name)}", rf"\delta_{{{tex}}}", number)

    def weight(self, layer: int, j: int, k: int | None, number: float) -> Symbol:
        """w_GD: into unit j of the layer, from unit k before it or from its bias unit."""
        to = self._index(layer + 1, j)
        if k is None:
            bias = self.units.bias_names[layer]
            source = "0" if bias is None else symbol(bias)
            short = bias is not None and len(bias) == 1
        else:
            source = self._index(layer, k)
            short = len(self.units.names[layer][k]) == 1
        arrow = "" if short and len(self.units.names[layer + 1][j]) == 1 else r" \leftarrow "
        return Symbol(one_line(self.units.weight_name(layer, j, k)), f"w_{{{to}{arrow}{source}}}", number)

    def bias(self, layer: int) -> list[Symbol]:
        """The activation of a bias unit, 1, if it has a name."""
        name = self.units.bias_names[layer]
        return [] if name is None else [Symbol(f"h_{one_line(name)}", f"h_{{{symbol(name)}}}", 1.0)]

    def _index(self, level: int, k: int) -> str:
        name = self.units.names[level][k]
        return symbol(name) if self.units.own_name(level, k) else _made(name)


def _made(name: str) -> str:
    """A made-up name as LaTeX: x_{2}, h_{1,2}, \\hat{y}_{1}."""
    letter, index = name[0].replace("ŷ", r"\hat{y}"), name[1:].replace("_", ",")
    return f"{letter}_{{{index}}}"


def one_line(name: str) -> str:
    """A name in a table: whatever is in it, it takes one line.

    >>> one_line("a\\n b")
    'a b'
    """
    if name.isprintable() and " " not in name:
        return name
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def cut(terms: list[Term], each: Product | Symbol | None = None) -> Sum:
    """A sum of which only the first terms are written."""
    return Sum(terms[:TERMS], left_out=max(0, len(terms) - TERMS), each=each)
