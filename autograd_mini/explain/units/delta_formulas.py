"""Write the delta rule's lines in the lecture's notation: as text, as LaTeX and with the numbers put in.

>>> δ, h = Symbol("δ_G", r"\\delta_G", 0.04), Symbol("h_D", "h_D", 0.9)
>>> line = Product([Symbol("µ", r"\\mu", 10.0), δ, h])
>>> print(text(line), "|", numbers(line), "|", latex(line))
µ δ_G h_D | 10 · 0.04 · 0.9 | \\mu \\, \\delta_G \\, h_D
"""

from __future__ import annotations

from dataclasses import dataclass

from autograd_mini.explain.formulas.notation import number, symbol
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.explain.formulas.writing import in_brackets
from autograd_mini.explain.units.unit_names import one_line
from autograd_mini.explain.units.units import Units
from autograd_mini.rules import ATOM, PRODUCT, SUM

#: How many terms of a sum are written before it is cut short.
TERMS = 3

MINUS = {"text": "−", "latex": "-"}
DOTS = {"text": "…", "latex": r"\dots"}
#: Before the term that stands for all.
SIGMA = {"text": "Σ ", "latex": r"\sum_n "}
#: Between symbols (True) and between numbers.
TIMES = {
    ("text", True): " ",
    ("text", False): " · ",
    ("latex", True): r" \, ",
    ("latex", False): r" \cdot ",
}


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


def text(term: Term) -> str:
    """The formula as plain text."""
    return _written(term, "text").written


def numbers(term: Term, digits: int = 4) -> str:
    """The formula with the numbers of its symbols."""
    return _written(term, "text", digits).written


def latex(term: Term) -> str:
    """The formula as LaTeX."""
    return _written(term, "latex").written


def latex_numbers(term: Term, digits: int = 4) -> str:
    """The formula with its numbers, as LaTeX."""
    return _written(term, "latex", digits).written


def _written(term: Term, style: Style, digits: int | None = None) -> Formula:
    """With symbols, or if `digits` are given, with numbers."""
    if isinstance(term, Symbol):
        symbols = Formula(term.text if style == "text" else term.latex, ATOM)
        return symbols if digits is None else number(term.number, style, digits)
    if isinstance(term, Sum) and term.each is not None and digits is None:
        return Formula(SIGMA[style] + _written(term.each, style).written, PRODUCT)
    if isinstance(term, Sum):
        parts = [_written(part, style, digits) for part in term.terms]
        first, *more = parts
        written = [first.written, *(in_brackets(part, style) for part in more), *[DOTS[style]] * (term.left_out > 0)]
        return Formula(f" {MINUS[style] if term.minus else '+'} ".join(written), SUM)
    parts = [_written(part, style, digits) for part in term.factors]
    first, *more = parts
    negative = first.precedence == SUM and not isinstance(term.factors[0], Sum)  # at the front it needs no brackets
    written = [first.written if negative else in_brackets(first, style), *(in_brackets(part, style) for part in more)]
    return Formula(TIMES[style, digits is None].join(written), SUM if negative else PRODUCT)


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
        return Symbol(f"{letter}_{one_line(name)}{mark}", f"{tex}_{{{_tex(name)}}}{tex_mark}", number)

    def target(self, k: int, number: float) -> Symbol:
        names, depth = self.units.names[-1], len(self.units.layers)
        if len(names) == 1:
            return Symbol("y", "y", number)
        if not self.units.own_name(depth, k):
            return Symbol(f"y{k + 1}", f"y_{{{k + 1}}}", number)
        return Symbol(f"y_{one_line(names[k])}", f"y_{{{_tex(names[k])}}}", number)

    def delta(self, level: int, k: int, number: float) -> Symbol:
        name = self.units.names[level][k]
        tex = _tex(name) if self.units.own_name(level, k) else _made(name)
        return Symbol(f"δ_{one_line(name)}", rf"\delta_{{{tex}}}", number)

    def weight(self, layer: int, j: int, k: int | None, number: float) -> Symbol:
        """w_GD: into unit j of the layer, from unit k before it or from its bias unit."""
        to = self._index(layer + 1, j)
        if k is None:
            bias = self.units.bias_names[layer]
            source = "0" if bias is None else _tex(bias)
            short = bias is not None and len(bias) == 1
        else:
            source = self._index(layer, k)
            short = len(self.units.names[layer][k]) == 1
        arrow = "" if short and len(self.units.names[layer + 1][j]) == 1 else r" \leftarrow "
        return Symbol(one_line(self.units.weight_name(layer, j, k)), f"w_{{{to}{arrow}{source}}}", number)

    def bias(self, layer: int) -> list[Symbol]:
        """The activation of a bias unit, 1, if it has a name."""
        name = self.units.bias_names[layer]
        return [] if name is None else [Symbol(f"h_{one_line(name)}", f"h_{{{_tex(name)}}}", 1.0)]

    def _index(self, level: int, k: int) -> str:
        name = self.units.names[level][k]
        return _tex(name) if self.units.own_name(level, k) else _made(name)


def _tex(name: str) -> str:
    return symbol(one_line(name))


def _made(name: str) -> str:
    """A made-up name as LaTeX: x_{2}, h_{1,2}, \\hat{y}_{1}."""
    letter, index = name[0].replace("ŷ", r"\hat{y}"), name[1:].replace("_", ",")
    return f"{letter}_{{{index}}}"


def cut(terms: list[Term], each: Product | Symbol | None = None) -> Sum:
    """A sum of which only the first terms are written."""
    return Sum(terms[:TERMS], left_out=max(0, len(terms) - TERMS), each=each)
