"""Expressions that are simplified as they are made: numbers, names, functions, products and sums.

>>> x = Name("x", 1)
>>> print(product([x, product([x], 3.0)], -1.0).text(), "  ", total([x, Product(1.0), x]).text())
−3·x²    2·x + 1

Making a product multiplies its numbers and joins equal factors to powers; making a sum adds terms that
differ by a number only. Both keep the order in which things were written. What is not certain to hold for every
number is left alone: x/x stays, since x may be 0; x/x² becomes 1/x, where neither is a number if x is 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograd_mini.explain.formulas.notation import name, number, operation
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.explain.formulas.written_rows import HADAMARD, JUXTAPOSED, MATRIX_PRODUCTS
from autograd_mini.primitives import elementwise, products
from autograd_mini.rules import POWER, PRODUCT, SUM, Primitive


class Expression:
    """A simplified formula."""

    ndim: int = 0
    """Of the numbers it stands for."""

    @cached_property
    def size(self) -> int:
        """How many names, numbers and functions it is written with."""
        return 1

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        """The formula and how tightly it binds; `tight` leaves out signs, as the lecture does: ŷ(1 − ŷ), W h."""
        kind = type(self).__name__
        raise NotImplementedError(f"{kind} has no formula: define `def formula(self, style)` in its class")

    def text(self, digits: int = 4, tight: bool = False) -> str:
        return self.formula("text", digits, tight).written

    def latex(self, digits: int = 4) -> str:
        return self.formula("latex", digits).written


@dataclass(frozen=True)
class Name(Expression):
    """A named Value."""

    written: str
    key: int
    """Two Values of one name are not the same."""
    ndim: int = field(default=0, compare=False)

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        return name(self.written, style)


@dataclass(frozen=True)
class Array(Expression):
    """A constant array."""

    data: Any = field(compare=False)
    key: int

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return int(np.ndim(self.data))

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        return number(self.data, style, digits)


@dataclass(frozen=True)
class Function(Expression):
    """Any other operation, on simplified operands."""

    op: Primitive
    operands: tuple[Expression, ...]
    params: tuple = field(compare=False, default=())
    ndim: int = field(default=0, compare=False)
    key: str = field(init=False)
    """The params, comparable."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", _params_key(self.params))

    @cached_property
    def size(self) -> int:
        return 1 + sum(e.size for e in self.operands)

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        operands = [o.formula(style, digits, tight) for o in self.operands]
        if self.op in MATRIX_PRODUCTS:  # (a ⊙ b) cᵀ and (2 a) bᵀ, not a ⊙ b cᵀ
            operands = [
                Formula(f.written, SUM if isinstance(o, Product) else f.precedence)
                for o, f in zip(self.operands, operands, strict=True)
            ]
        row = JUXTAPOSED if tight and self.op is products.matmul else self.op
        return operation(row, operands, self.params, style, digits)


@dataclass(frozen=True)
class Power(Expression):
    """A factor of a product: base to a fixed positive exponent."""

    base: Expression
    exponent: float

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return self.base.ndim

    @cached_property
    def size(self) -> int:
        return self.base.size + (self.exponent != 1)

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        base = self.base.formula(style, digits, tight)
        if self.exponent == 1:
            return base
        if self.exponent == 2:
            return operation(elementwise.square, [base], (), style)
        return operation(elementwise.power, [base, number(self.exponent, style, digits)], (), style)


@dataclass(frozen=True)
class Product(Expression):
    """coefficient · over / under, with factors in the order in which they were written; a number has none."""

    coefficient: float
    over: tuple[Power, ...] = ()
    under: tuple[Power, ...] = ()

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return max([0, *(p.ndim for p in (*self.over, *self.under))])

    @property
    def is_number(self) -> bool:
        return not self.over and not self.under

    @cached_property
    def size(self) -> int:
        return max(1, (abs(self.coefficient) != 1) + sum(p.size for p in (*self.over, *self.under)))

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        if self.is_number:
            return number(self.coefficient, style, digits)
        if self.coefficient < 0:
            positive = Product(-self.coefficient, self.over, self.under).formula(style, digits, tight)
            return operation(elementwise.negative, [positive], (), style)
        factors: list[tuple[Power | None, Formula]] = [(p, p.formula(style, digits, tight)) for p in self.over]
        if self.coefficient != 1 or not factors:
            factors.insert(0, (None, number(self.coefficient, style, digits)))
        (left, upper), *others = factors
        for p, factor in others:
            upper = _times(left, upper, p, factor, style, tight)  # type: ignore[arg-type]
            left = p
        if not self.under:
            return upper
        lower = Product(1.0, self.under).formula(style, digits, tight)
        return operation(elementwise.divide, [upper, lower], (), style)


@dataclass(frozen=True)
class Sum(Expression):
    """Terms in the order in which they were written, at least two."""

    terms: tuple[Expression, ...]

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return max(t.ndim for t in self.terms)

    @cached_property
    def size(self) -> int:
        return sum(t.size for t in self.terms)

    def formula(self, style: Style, digits: int = 4, tight: bool = False) -> Formula:
        result = self.terms[0].formula(style, digits, tight)
        for term in self.terms[1:]:
            minus = isinstance(term, Product) and term.coefficient < 0
            shown = product([term], -1.0) if minus else term
            row = elementwise.subtract if minus else elementwise.add
            result = operation(row, [result, shown.formula(style, digits, tight)], (), style)
        return result


def _times(left: Power | None, upper: Formula, right: Power, factor: Formula, style: Style, tight: bool) -> Formula:
    """upper · factor, where `left` is the last factor of upper (None: a number)."""
    if left is not None and left.ndim and right.ndim:
        return operation(HADAMARD, [upper, factor], (), style)
    if tight and right.ndim and not isinstance(right.base, Name | Sum):  # µ δ hᵀ, where µ (δ hᵀ) is the same
        level = POWER if factor.precedence == PRODUCT else factor.precedence
        return operation(JUXTAPOSED, [upper, Formula(factor.written, level)], (), style)
    both = operation(elementwise.multiply, [upper, factor], (), style)
    if tight and style == "text" and right.exponent == 1 and isinstance(right.base, Sum):
        bare = left is None or _is_complement(left, right.base)
        return Formula(f"{upper.written}({factor.written})", both.precedence) if bare else both
    return both


def _is_complement(x: Power, e: Sum) -> bool:
    """Whether e is 1 − x, so that x(1 − x) may be written: any other x(…) looks like a function."""
    return isinstance(x.base, Name) and e.terms == (Product(1.0), Product(-1.0, (x,)))


# -- making simplified expressions ---------------------------------------------------------------------


def product(factors: Iterable[Expression], coefficient: float = 1.0, under: Iterable[Expression] = ()) -> Expression:
    """coefficient · the factors / those under the line: numbers multiplied, equal factors joined."""
    over: list[Power] = []
    low: list[Power] = []
    for e in factors:
        part = _as_product(e)
        coefficient *= part.coefficient
        _join(over, part.over)
        _join(low, part.under)
    for e in under:
        part = _as_product(e)
        if part.coefficient == 0:
            low.append(Power(part, 1.0))  # 1/0 stays as it is
            continue
        coefficient /= part.coefficient
        _join(low, part.over)
        _join(over, part.under)
    if coefficient == 0:
        return Product(0.0)
    _cancel(over, low)
    if coefficient == 1 and len(over) == 1 and over[0].exponent == 1 and not low:
        return over[0].base
    return Product(coefficient, tuple(over), tuple(low))


def _as_product(e: Expression) -> Product:
    return e if isinstance(e, Product) else Product(1.0, (e if isinstance(e, Power) else Power(e, 1.0),))


def _join(place: list[Power], powers: Iterable[Power]) -> None:
    for p in powers:
        for i, other in enumerate(place):
            # x^0.5 · x^0.5 is not x for every x: only whole exponents are added.
            if other.base == p.base and other.exponent.is_integer() and p.exponent.is_integer():
                place[i] = Power(p.base, other.exponent + p.exponent)
                break
        else:
            place.append(p)


def _cancel(over: list[Power], low: list[Power]) -> None:
    """x/x³ = 1/x²: only where some of it stays below, so that it is undefined for the same x as before."""
    for p in list(over):
        for i, q in enumerate(low):
            if p.base == q.base and p.exponent < q.exponent and p.exponent.is_integer() and q.exponent.is_integer():
                low[i] = Power(q.base, q.exponent - p.exponent)
                over.remove(p)
                break


def total(terms: Iterable[Expression]) -> Expression:
    """The sum: terms that differ by a number only are added, what cancels goes."""
    coefficients: dict[Expression, float] = {}
    for term in _flat(terms):
        factor, rest = split(term)
        coefficients[rest] = coefficients.get(rest, 0.0) + factor
    kept = [product([rest], c) for rest, c in coefficients.items() if c != 0]
    if not kept:
        return Product(0.0)
    return kept[0] if len(kept) == 1 else Sum(tuple(kept))


def _flat(terms: Iterable[Expression]) -> list[Expression]:
    return [t for term in terms for t in (term.terms if isinstance(term, Sum) else (term,))]


def split(term: Expression) -> tuple[float, Expression]:
    """A term as number times the rest; the rest of a plain number is 1."""
    if isinstance(term, Product):
        return term.coefficient, product([Product(1.0, term.over, term.under)])
    return 1.0, term


def power(base: Expression, exponent: float) -> Expression:
    """base to a fixed exponent."""
    if exponent == 0:
        return Product(1.0)
    if exponent < 0:
        return product([], 1.0, [power(base, -exponent)])
    whole = float(exponent).is_integer()
    if not whole or not isinstance(base, Product):
        return product([Power(base, float(exponent))])
    if len(base.over) <= 1 and len(base.under) <= 1:  # (2x/y)² = 4x²/y²
        over, under = ([Power(p.base, p.exponent * exponent) for p in ps] for ps in (base.over, base.under))
        if all(p.exponent.is_integer() for p in (*base.over, *base.under)):
            return product(over, _raised(base.coefficient, exponent), under)
    alone = Product(1.0, base.over, base.under)
    return product([Power(alone, float(exponent))], _raised(base.coefficient, exponent))


def _raised(number: float, exponent: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.power(number, exponent))  # Python's own ** raises an error where this gives inf


def _params_key(params: Any) -> str:
    if isinstance(params, tuple):
        return f"({', '.join(map(_params_key, params))})"
    return f"array{params.shape}{params.tobytes()!r}" if isinstance(params, np.ndarray) else repr(params)
