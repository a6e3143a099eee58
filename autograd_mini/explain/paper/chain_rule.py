"""Write the chain rule along the named Values between a loss and a weight: in symbols, formulas and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise, zip_longest
from typing import Any, NamedTuple

from autograd_mini.backprop import gradients
from autograd_mini.explain.formulas.expressions import Product
from autograd_mini.explain.formulas.notation import counted, name, number
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.explain.paper.chain import Condensed, Link
from autograd_mini.explain.paper.derivation import (
    STYLES,
    Derivation,
    Level,
    Line,
    Note,
    decimals,
    in_decimals,
    too_long,
    zero_counts,
)
from autograd_mini.explain.paper.walking import multiplied
from autograd_mini.rules import SUM
from autograd_mini.value import Value

#: So many products of a sum, and so many factors of a product, are written out.
MOST_TERMS, MOST_FACTORS = 6, 12


@dataclass(frozen=True)
class LeftOut:
    """Something that is said in words instead of written out."""

    words: str
    number: float
    """What it comes to."""


Factors = list[Link | LeftOut]
Sum = list[Factors]
Pair = tuple[Value, Value]


class _Factor(NamedTuple):
    written: str
    kind: str
    """"sum" wants brackets in a product, "negative" only if it does not come first."""


class Chain:
    """Writes the chain rule along the named Values on the way."""

    def __init__(self, condensed: Condensed, digits: int) -> None:
        self.graph, self.digits = condensed, digits
        self.notes: list[Note] = []
        self.too_long: list[Note] = []
        gates = list(pairwise(condensed.gates()))
        self.several = any(condensed.below[above] != [below] for above, below in gates)
        self.parts: list[Link | LeftOut | Sum] = []
        for part in _shortened(gates):
            if isinstance(part, tuple):
                self.parts.append(self.between(*part))
            else:
                (above, _), (_, below) = part[0], part[-1]
                self.parts.append(self.factors_left_out(len(part), gradients(above, [below], stop={below})[0]))

    def between(self, above: Value, below: Value) -> Link | Sum:
        """What stands between two gates: one factor, or the sum over all ways."""
        if self.graph.below[above] == [below]:
            return self.graph.link(above, below)
        ways = [list(pairwise(path)) for path in islice(self.graph.ways(above, below), MOST_TERMS)]
        terms = [self.product(path) for path in ways]
        more = self.graph.count(above, below) - len(ways)
        if more:
            listed = sum(self.along(path) for path in ways)  # of inf and −inf, fsum makes an error
            rest = gradients(above, [below], stop={below})[0] - listed
            self.note(f"{counted(more)} of {counted(more + len(ways))} products of a sum are not written out.")
            terms.append([LeftOut(f"{counted(more)} more products", rest)])
        return terms

    def product(self, path: list[Pair]) -> Factors:
        return [
            self.graph.link(*part) if isinstance(part, tuple) else self.factors_left_out(len(part), self.along(part))
            for part in _shortened(path)
        ]

    def along(self, path: Sequence[Pair]) -> float:
        return multiplied(self.graph.link(above, below).number for above, below in path)

    def factors_left_out(self, how_many: int, number: float) -> LeftOut:
        self.note(f"{how_many} factors of a product are not written out.")
        return LeftOut(f"{how_many} more factors", number)

    def note(self, sentence: str) -> None:
        self.notes.append(Note(rf"\text{{{sentence}}}", sentence))

    # -- lines ---------------------------------------------------------------------------------------

    def derivation(self, result: Any, level: Level) -> Derivation:
        kinds = ["chain", "local", "numbers"]
        if len(self.parts) == 1 and not self.several:  # one factor: the chain is the question, its number the result
            kinds = [] if self.is_too_long(self.parts[0]) else ["local"]
        products = list(self.products()) if len(kinds) > 1 else []
        # Without a product there is nothing that could not multiply out, and all digits are of use.
        self.in_decimals = bool(products) and in_decimals([result, *chain.from_iterable(products)], self.digits)
        lines = [Line(kind, *(self.line(kind, style) for style in STYLES)) for kind in kinds]
        lines.append(Line("result", *(self.number(result, style).written for style in STYLES)))
        lines = [line for line, below in zip_longest(lines, lines[1:]) if below is None or line.text != below.text]
        subjects = [self.quotient(self.graph.loss, self.graph.w, style) for style in STYLES]
        lines[0] = replace(lines[0], subject=subjects[1], subject_latex=subjects[0])
        zeros = [note for factors in products for note in zero_counts(factors)]
        return Derivation(lines, result, level, list(dict.fromkeys([*self.notes, *too_long(self.too_long), *zeros])))

    def is_too_long(self, part: Link | LeftOut | Sum) -> bool:
        if isinstance(part, Link) and part.expression is None:
            self.left_as_symbol(part)
            return True
        return False

    def products(self) -> Iterator[list[float]]:
        """The factors of every product that is written out."""
        along = []
        for part in self.parts:
            if isinstance(part, list):
                terms = [[factor.number for factor in factors] for factors in part]
                yield from terms
                along.append(sum(map(multiplied, terms)))
            else:
                along.append(part.number)
        yield along

    def number(self, data: Any, style: Style) -> Formula:
        return (decimals if self.in_decimals else number)(data, style, self.digits)

    def quotient(self, above: Value, below: Value, style: Style, d: str = "") -> str:
        """∂E/∂w; d where several ways lead from one to the other."""
        d = d or ("d" if self.several else "∂")
        over, under = (name(self.graph.names[v], style).written for v in (above, below))
        if style == "text":
            return f"{d}{over}/{d}{under}"
        d = r"\partial" if d == "∂" else r"\mathrm{d}"
        return rf"\frac{{{d} {over}}}{{{d} {under}}}"

    def line(self, kind: str, style: Style) -> str:
        return _product([self.part(part, kind, style) for part in self.parts], style)

    def part(self, part: Link | LeftOut | Sum, kind: str, style: Style) -> _Factor:
        if isinstance(part, list):
            terms = [_product([self.part(f, kind, style) for f in factors], style, True) for factors in part]
            return _Factor(_sum(terms), "sum")
        if kind == "numbers":
            return _Factor(self.number(part.number, style).written, "negative" if part.number < 0 else "atom")
        if isinstance(part, LeftOut):
            return _Factor(rf"[\text{{{part.words}}}]" if style == "latex" else f"[{part.words}]", "atom")
        return self.local(part, style) if kind == "local" else self.symbol(part, style)

    def symbol(self, link: Link, style: Style) -> _Factor:
        return _Factor(self.quotient(link.above, link.below, style, "∂"), "atom")

    def left_as_symbol(self, link: Link) -> None:
        self.too_long.append(Note(*(self.symbol(link, style).written for style in STYLES)))

    def local(self, link: Link, style: Style) -> _Factor:
        if link.expression is None:
            self.left_as_symbol(link)
            return self.symbol(link, style)
        if isinstance(link.expression, Product) and link.expression.is_number:  # as in the line of numbers
            return self.part(link, "numbers", style)
        written, precedence = link.expression.formula(style, self.digits, tight=True)
        negative = isinstance(link.expression, Product) and precedence == SUM
        return _Factor(written, "negative" if negative else "sum" if precedence == SUM else "atom")


def _shortened(pairs: list[Pair]) -> list[Pair | list[Pair]]:
    """A long chain with its middle as one list."""
    half = MOST_FACTORS // 2
    return list(pairs) if len(pairs) <= MOST_FACTORS else [*pairs[:half], pairs[half:-half], *pairs[-half:]]


def _product(factors: list[_Factor], style: Style, is_term: bool = False) -> str:
    """Factors with a dot between; a sum needs brackets, also where it is all there is of a term."""
    if len(factors) == 1 and not (is_term and factors[0].kind == "sum"):
        return factors[0].written
    bracketed = r"\left({}\right)" if style == "latex" else "({})"
    written = [
        bracketed.format(f.written) if f.kind == "sum" or (f.kind == "negative" and i) else f.written
        for i, f in enumerate(factors)
    ]
    return (r" \cdot " if style == "latex" else " · ").join(written)


def _sum(terms: list[str]) -> str:
    """Terms with their signs between; one that starts with a minus is a product whose first factor is negative."""
    written = terms[0]
    for term in terms[1:]:
        written += f" {term[0]} {term[1:]}" if term[0] in "−-" else f" + {term}"
    return written
