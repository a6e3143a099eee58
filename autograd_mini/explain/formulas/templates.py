"""Fill in an operation's notation: the template in its row gives the LaTeX formula, and the text too.

A row says `latex=r"\\frac{{{0}}}{{{1}}}"`. For LaTeX the operands are put in. For text the template is
read as LaTeX once, and becomes pieces such as `[operand 0, "/", operand 1]`, each operand with how
tightly it must bind to go without brackets. So no notation is written down twice.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from autograd_mini.rules import ATOM, POWER, PRODUCT, SUM, Primitive

Style = Literal["latex", "text"]


class Formula(NamedTuple):
    """A written formula, and how tightly it binds: the precedence of its outermost operation."""

    written: str
    precedence: int


class Slot(NamedTuple):
    """The place of an operand (or a parameter) in a text template."""

    place: int
    needs: int
    """Operands that bind less tightly are put in brackets."""


# -- parameters ----------------------------------------------------------------------------------------


def written_params(
    op: Primitive, params: tuple, operand_count: int, write: Callable[[Any], str]
) -> tuple[list[str], list[str]]:
    """The parameters: those that the row's template has a place for, and all others as `axis=1`.

    A parameter that is None or False changes nothing and is left out.
    """
    if not params:
        return [], []
    placed = 0 if op.variadic else max([-1, *_places(op.latex)]) + 1 - operand_count
    if placed > 0:
        return [write(p) for p in params], []
    names = [] if op.variadic else list(inspect.signature(op.forward).parameters)[operand_count:]
    extra = []
    for i, parameter in enumerate(params):
        if parameter is None or parameter is False or _is_plain_transpose(op, parameter):
            continue
        written = f"({write(parameter)})" if isinstance(parameter, tuple) else write(parameter)
        extra.append(f"{names[i]}={written}" if i < len(names) else written)
    return [], extra


def _is_plain_transpose(op: Primitive, axes: Any) -> bool:
    return op.name == "transpose" and tuple(axes) == tuple(range(len(axes)))[::-1]


def _places(template: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"(?<!{)(?:{{)*{(\d+)}", template)]


# -- LaTeX ---------------------------------------------------------------------------------------------


def fill_latex(op: Primitive, operands: Sequence[Formula], params: tuple[list[str], list[str]]) -> Formula:
    placed, extra = params
    if op.variadic or (extra and not op.latex.endswith(")")):
        inside = ", ".join([o.written for o in operands] + [_upright(e) for e in extra])
        return Formula(rf"\operatorname{{{_command(op.name)}}}({inside})", ATOM)
    texts = [
        rf"\left({o.written}\right)" if _needs_brackets(op, o.precedence, position) else o.written
        for position, o in enumerate(operands)
    ]
    template = op.latex
    if any(text[:1].isdigit() for text in texts[1:]):  # a space between numbers is no product
        template = template.replace(r"\,", r"\cdot")
    text = template.format(*texts, *placed)
    if extra:
        text = text[:-1] + ", " + ", ".join(_upright(e) for e in extra) + ")"
    return Formula(text, op.precedence)


def _upright(extra: str) -> str:
    keyword, equals, written = extra.partition("=")
    return rf"\text{{{keyword.replace('_', ' ')}}}{equals}{written}" if keyword.isidentifier() else extra


def _command(name: str) -> str:
    return name.replace("_", r"\_")


def _needs_brackets(op: Primitive, precedence: int, position: int) -> bool:
    if op.encloses:
        return False
    alone = len(op.rules) == 1 or op.precedence == POWER  # -(a + b), (a/b)²: nothing may follow on the same level
    return precedence < op.precedence or (precedence == op.precedence and (position > 0 or alone))


# -- text ----------------------------------------------------------------------------------------------


def fill_text(op: Primitive, operands: Sequence[Formula], params: tuple[list[str], list[str]]) -> Formula:
    placed, extra = params
    pieces, level = text_template(op)
    if op.variadic or (extra and pieces[-1] != ")"):
        inside = ", ".join([o.written for o in operands] + extra)
        return Formula(f"{op.name}({inside})", ATOM)
    slots = [*operands, *(Formula(p, ATOM) for p in placed)]
    text = "".join(piece if isinstance(piece, str) else _bracketed(slots[piece.place], piece.needs) for piece in pieces)
    if extra:
        text = f"{text[:-1]}, {', '.join(extra)})"
    return Formula(text, level)


def _bracketed(operand: Formula, needs: int) -> str:
    return f"({operand.written})" if operand.precedence < needs else operand.written


Pieces = list[str | Slot]

_OPENING = {"(": ")", "[": "]", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil", "|": "|", r"\|": r"\|"}
_READ = {
    **{r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\|": "‖"},
    **{r"\sigma": "σ", r"\sum": "Σ", r"\prod": "Π", "-": "−", r"\cdot": "·", r"\ast": "∗", r"\bmod": "mod"},
    **{r"\odot": "⊙", r"\times": "×"},
}
_RAISED = str.maketrans("0123456789T", "⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_INFIX = (r"\,", r"\cdot", r"\ast", r"\bmod", r"\times", r"\odot")


@lru_cache(maxsize=256)  # of a row that is dropped, the closures go too, in time
def text_template(op: Primitive) -> tuple[Pieces, int]:
    """A row's LaTeX template as text: pieces with slots for the operands, and how tightly it binds.

    >>> from autograd_mini.primitives import TABLE
    >>> text_template(TABLE["divide"])
    ([Slot(place=0, needs=2), '/', Slot(place=1, needs=3)], 2)
    """
    places = range(max([0, *_places(op.latex)]) + 1)
    filled = op.latex.format(*(chr(0xE000 + i) for i in places))
    tokens = re.findall(r"\\[A-Za-z]+|\\.|\S", filled, re.DOTALL)
    pieces, level = _Reader(tokens, op.symbol).sequence(None)
    return pieces, min(level, op.precedence)


class _Reader:
    """Reads the LaTeX of a row's template; what it does not know stands as it is."""

    def __init__(self, tokens: list[str], symbol: str) -> None:
        self.tokens = tokens
        self.position = 0
        # The sign between factors is left out in LaTeX; the row's symbol tells it.
        self.sign = "·" if symbol == "×" or symbol[:1].isalpha() else f" {symbol} " if symbol.strip() else " "

    def next(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1]

    def sequence(self, closing: str | None) -> tuple[Pieces, int]:
        """Everything up to `closing`, and how tightly it binds."""
        items: list[tuple[str, Pieces, int]] = []  # the kind, the pieces, how tightly they bind
        while self.position < len(self.tokens):
            token = self.next()
            if token == closing:
                break
            if token in (r"\left", r"\right"):
                continue
            if token in ("^", "_"):
                items.append(self.raised(items.pop()) if token == "^" else self.lowered(items.pop()))
            else:
                items.append(self.item(token))
        return _joined(items, self.sign)

    def item(self, token: str) -> tuple[str, Pieces, int]:
        if token == "{":
            return "operand", *self.sequence("}")
        if token == r"\frac":
            over, under = self.argument(), self.argument()
            return "operand", [*_needing(over, PRODUCT), "/", *_needing(under, POWER)], PRODUCT
        if token == r"\sqrt":
            return "operand", ["√(", *self.argument()[0], ")"], ATOM
        if token in (r"\operatorname", r"\mathrm", r"\text"):
            return "word", ["".join(map(str, self.argument()[0]))], ATOM
        if token in _OPENING:
            closing = _OPENING[token]
            inside, _ = self.sequence(closing)
            return "brackets", [_READ.get(token, token), *inside, _READ.get(closing, closing)], ATOM
        if token in _INFIX or token in "+-,":
            return token, [_READ.get(token, token)], ATOM
        if "\ue000" <= token <= "\uf8ff":
            return "operand", [Slot(ord(token) - 0xE000, 0)], 0
        kind = "number" if token.isdigit() else "letter" if token.isalpha() else "word"
        return kind, [_READ.get(token, token.lstrip("\\"))], ATOM

    def argument(self) -> tuple[Pieces, int]:
        token = self.next()
        return self.sequence("}") if token == "{" else self.item(token)[1:]

    def raised(self, base: tuple[str, Pieces, int]) -> tuple[str, Pieces, int]:
        exponent = self.argument()
        below = _needing(base[1:], ATOM)
        if len(exponent[0]) == 1 and isinstance(exponent[0][0], str) and len(exponent[0][0]) == 1:
            return "operand", [*below, exponent[0][0].translate(_RAISED)], POWER
        return "operand", [*below, "^", *_needing(exponent, ATOM)], POWER

    def lowered(self, base: tuple[str, Pieces, int]) -> tuple[str, Pieces, int]:
        index = "".join(map(str, self.argument()[0]))
        return base[0], [*base[1], index.translate(_LOWERED) if index.isdigit() else f"_{index}"], base[2]


def _needing(read: tuple[Pieces, int], needs: int) -> Pieces:
    """Pieces for a place where what binds less tightly than `needs` wants brackets."""
    pieces, level = read
    if len(pieces) == 1 and isinstance(pieces[0], Slot):
        return [Slot(pieces[0].place, max(needs, pieces[0].needs))]
    return ["(", *pieces, ")"] if level < needs else pieces


def _joined(items: list[tuple[str, Pieces, int]], sign: str) -> tuple[Pieces, int]:
    kinds = [kind for kind, _, _ in items]
    has_sum, has_product = any(k in "+-" for k in kinds), any(k in _INFIX for k in kinds)
    if len(items) == 1:
        return items[0][1], items[0][2] or ATOM
    pieces: Pieces = []
    for i, (kind, own, level) in enumerate(items):
        before = kinds[i - 1] if i else ""
        if kind == "," or (kind in "+-" and i):
            pieces.append(f" {own[0]} " if kind != "," else ", ")
        elif kind in _INFIX:
            pieces.append(sign if kind == r"\," else f" {own[0]} ")
        elif kind == "operand":
            if kinds[i + 1 : i + 2] == ["brackets"] or before == "brackets":  # x[0]
                needs = ATOM
            elif has_product:
                needs = POWER if i else PRODUCT
            elif has_sum:
                needs = PRODUCT if i else SUM
            else:
                needs = 0 if "," in kinds else POWER if before in ("word", "letter") else 0
            pieces += [" "] if before == "word" else []
            pieces += _needing((own, level or ATOM), needs)
        else:
            pieces += [" ", *own] if before == "word" and kind == "word" else own
    words_alone = "word" in kinds and "brackets" not in kinds  # ln Σ e^x binds no tighter than a sum
    return pieces, SUM if has_sum or words_alone else PRODUCT if has_product else POWER if "operand" in kinds else ATOM
