"""Derive the gradient of one weight with the chain rule, line by line as on paper.

>>> from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
>>> run = record(WORKED, INPUTS, TARGET)
>>> print(derive(run.E, run.w["GD"]))
∂E/∂w_GD = ∂E/∂ŷ · ∂ŷ/∂s_G · ∂s_G/∂w_GD
         = −(y − ŷ) · ŷ(1 − ŷ) · h_D
         = −0.2355 · 0.1800 · 0.9002
         = −0.0382
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, NamedTuple

from autograd_mini.backprop import gradients
from autograd_mini.explain.formulas.expressions import Product
from autograd_mini.explain.formulas.notation import counted, name
from autograd_mini.explain.formulas.templates import Style
from autograd_mini.explain.graph_data import check_value, graph, value_called
from autograd_mini.explain.paper.chain import Condensed, Link, value_names, way
from autograd_mini.explain.paper.constants import name_constants
from autograd_mini.explain.paper.derivation import STYLES, Derivation, Level, Line, Note, decimals, too_long
from autograd_mini.explain.paper.entries import entry_graph
from autograd_mini.explain.paper.layer_names import layer_names
from autograd_mini.explain.paper.matrix import matrix_derivation
from autograd_mini.rules import SUM
from autograd_mini.value import Value

#: So many products of a sum, and so many factors of a product, are written out.
MOST_TERMS, MOST_FACTORS = 6, 12


def derive(
    loss: Value,
    w: Value | str,
    *,
    element: int | tuple[int, ...] | None = None,
    level: Level = "unit",
    digits: int = 4,
) -> Derivation:
    """The chain rule for one weight: in symbols, with the local derivatives, in numbers, and the result.

        ∂E/∂w = ∂E/∂ŷ · ∂ŷ/∂s · ∂s/∂w

    Each local derivative is what the operations' own rules give when they run on named Values, so it
    cannot disagree with the computation. Where several ways lead from w to the loss, their products
    are added; what all ways share stays a factor.

    Args:
        loss: a Value with one number.
        w: what it was computed from, as a rule a weight: a Value, or its name.
        element: which entry of an array w to derive, as a scalar: `derive(E, W, element=(1, 0))`.
        level: "unit" has one factor between Values that have names; "operation" one for every operation;
            "matrix" derives a whole array, with δ = −∂E/∂s of every layer and ΔW = µ δ hᵀ. Where named
            Values are arrays, "unit" without `element` is "matrix" too.
        digits: decimals of the numbers (significant digits of very small and large ones).

    Raises:
        TypeError: not Values.
        KeyError: no Value has that name, or several have.
        GraphError: the loss is not a scalar, was not computed from w, or is w; a leaf's data changed since.
        ValueError: another level; `element` in a computation too large to be taken apart.
        IndexError: no such entry.

    >>> x = Value(0.5, name="x")
    >>> a = x.sin()
    >>> a.name = "a"
    >>> print(derive(a * x, x).equation)
    dE/dx = ∂E/∂x + ∂E/∂a · ∂a/∂x = a + x · cos(x) = 0.4794 + 0.5 · 0.8776 = 0.9182
    >>> W, h = Value([[1.0, 2.0]], name="W"), Value([3.0, 4.0], name="h")
    >>> s = W @ h
    >>> s.name = "s"
    >>> print(derive((s**2).sum(), W, element=(0, 1)).equation)
    ∂E/∂W[0, 1] = ∂E/∂s[0] · ∂s[0]/∂W[0, 1] = 2·s[0] · h[1] = 22 · 4 = 88
    """
    if level not in ("operation", "unit", "matrix"):
        raise ValueError(f"derive: level must be 'operation', 'unit' or 'matrix', got {level!r}")
    check_value("derive", loss)
    w = value_called(loss, w)
    between = way("derive", loss, w)
    [result] = gradients(loss, [w])
    if element is not None:
        return _derive_entry(between, element, level, digits, result)
    names = value_names(loss, w, generated=level == "operation")
    arrays = [v for v in between if v.ndim and v in names]
    if level == "operation" and arrays:
        raise ValueError(
            f"derive: level='operation' is for single numbers, {names[arrays[-1]]} has shape {arrays[-1].shape}: "
            "choose an entry with element=, or level='matrix'"
        )
    if level == "matrix" or arrays:
        return matrix_derivation(loss, w, between, digits)
    return _Chain(Condensed(loss, w, between, names), digits).derivation(result, level)


def _derive_entry(between: list[Value], element: Any, level: Level, digits: int, gradient: Any) -> Derivation:
    if level == "matrix":
        raise ValueError("derive: level='matrix' derives the whole of an array; leave out element, or the level")
    loss, w = between[0], between[-1]
    names = value_names(loss, w, generated=level == "operation")
    names |= {v: own for v, own in layer_names(graph(loss)).items() if v not in names}
    between, names, _ = name_constants(between, names)
    apart, entry, entry_names = entry_graph(between[0], w, element, names)
    chain = _Chain(Condensed(apart, entry, way("derive", apart, entry), entry_names), digits)
    return chain.derivation(gradient[element], level)


# -- the parts of the chain ------------------------------------------------------------------------------


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


class _Chain:
    """Writes the chain rule along the named Values on the way."""

    def __init__(self, condensed: Condensed, digits: int) -> None:
        self.graph, self.digits = condensed, digits
        self.notes: list[Note] = []
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
            listed = math.fsum(self.multiplied(path) for path in ways)
            rest = gradients(above, [below], stop={below})[0] - listed
            self.note(f"{counted(more)} of {counted(more + len(ways))} products of a sum are not written out.")
            terms.append([LeftOut(f"{counted(more)} more products", rest)])
        return terms

    def product(self, path: list[Pair]) -> Factors:
        return [
            self.graph.link(*part)
            if isinstance(part, tuple)
            else self.factors_left_out(len(part), self.multiplied(part))
            for part in _shortened(path)
        ]

    def multiplied(self, path: Sequence[Pair]) -> float:
        return math.prod(self.graph.link(above, below).number for above, below in path)

    def factors_left_out(self, how_many: int, number: float) -> LeftOut:
        self.note(f"{how_many} factors of a product are not written out.")
        return LeftOut(f"{how_many} more factors", number)

    def note(self, sentence: str) -> None:
        self.notes.append(Note(rf"\text{{{sentence}}}", sentence))

    # -- lines ---------------------------------------------------------------------------------------

    def derivation(self, result: Any, level: str) -> Derivation:
        kinds = ["chain", "local", "numbers"]
        if len(self.parts) == 1 and not self.several:  # one factor: the chain is the question, its number the result
            kinds = ["local"]
        subjects = [self.quotient(self.graph.loss, self.graph.w, style) for style in STYLES]
        lines = [Line(kind, *(self.line(kind, style) for style in STYLES)) for kind in kinds]
        lines.append(Line("result", *(decimals(result, style, self.digits).written for style in STYLES)))
        lines[0] = Line(lines[0].kind, lines[0].latex, lines[0].text, subjects[1], subjects[0])
        return Derivation(lines, result, level, list(dict.fromkeys(self.notes)))

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
            written = decimals(part.number, style, self.digits)
            return _Factor(written.written, "negative" if part.number < 0 else "atom")
        if isinstance(part, LeftOut):
            return _Factor(rf"[\text{{{part.words}}}]" if style == "latex" else f"[{part.words}]", "atom")
        return self.local(part, style) if kind == "local" else self.symbol(part, style)

    def symbol(self, link: Link, style: Style) -> _Factor:
        return _Factor(self.quotient(link.above, link.below, style, "∂"), "atom")

    def local(self, link: Link, style: Style) -> _Factor:
        if link.expression is None:
            self.notes.append(too_long(*(self.symbol(link, s).written for s in STYLES)))
            return self.symbol(link, style)
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
