"""Hold a derivation: lines of LaTeX and of text that end in a number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from autograd_mini.explain.formulas.notation import number
from autograd_mini.explain.formulas.templates import Formula, Style
from autograd_mini.explain.stored import as_stored
from autograd_mini.rules import ATOM, SUM

Level = Literal["operation", "unit", "matrix"]
STYLES: tuple[Style, Style] = ("latex", "text")


@dataclass(frozen=True)
class Line:
    """One line of a derivation: what stands on the right of an equals sign."""

    kind: str
    """"chain" (symbols), "local" (formulas), "numbers" or "result"; of a matrix derivation also "delta", "update"."""
    latex: str
    text: str
    subject: str = ""
    """What stands on the left, as text; empty where it is that of the line above."""
    subject_latex: str = ""


class Note(NamedTuple):
    """A sentence."""

    latex: str
    text: str


def too_long(derivatives: Iterable[Note]) -> list[Note]:
    """Says, once, which derivatives are left as symbols.

    >>> too_long([Note(r"\\partial a", "∂a"), Note(r"\\partial b", "∂b")])[0].text
    'The formulas of ∂a, ∂b are too long to be read; name some of the Values on their way.'
    """
    symbols = list(dict.fromkeys(derivatives))
    if not symbols:
        return []
    start, end = "The formula of", "is too long to be read; name some of the Values on its way."
    if len(symbols) > 1:
        start, end = "The formulas of", "are too long to be read; name some of the Values on their way."
    latex, text = (", ".join(written) for written in zip(*symbols, strict=True))
    return [Note(rf"\text{{{start} }} {latex} \text{{ {end}}}", f"{start} {text} {end}")]


def zero_counts(factors: Sequence[float]) -> list[Note]:
    """Says that a product stays 0 from a 0 on, whatever follows, if something follows that is no finite number.

    >>> [note.text for note in zero_counts([2.0, 0.0, math.inf])], zero_counts([math.inf, 2.0])
    (['0 · ∞ counts as 0, as in backpropagation: nothing arrives there.'], [])
    """
    zero = next((i for i, f in enumerate(factors) if f == 0), len(factors))
    if not all(map(math.isfinite, factors[:zero])):
        return []  # it is nan from here on
    other = next((f for f in factors[zero:] if not math.isfinite(f)), None)
    if other is None:
        return []
    latex, text = (r"\text{nan}", "nan") if math.isnan(other) else (r"\infty", "∞")
    said = "as in backpropagation: nothing arrives there."
    return [Note(rf"0 \cdot {latex} \text{{ counts as 0, {said}}}", f"0 · {text} counts as 0, {said}")]


@dataclass(frozen=True, eq=False)
class Derivation:
    """The gradient of one weight, derived: print it, or let a notebook show it.

    Attributes:
        lines: the lines, each with `.kind`, `.latex` and `.text`.
        result: the gradient, as the engine computes it.
        level: "operation", "unit" or "matrix".
        notes: sentences on what the lines leave out or stand for.
    """

    lines: list[Line]
    result: Any
    level: str
    notes: list[Note] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """What is derived, as text: "∂E/∂w"."""
        own = [line.subject for line in self.lines if line.kind in ("chain", "local", "result")]
        return next(filter(None, own))

    @property
    def text(self) -> str:
        """The lines below each other, aligned at the equals signs."""
        width = max(len(line.subject) for line in self.lines)
        equations = [f"{line.subject:<{width}} = {line.text}" for line in self.lines]
        return "\n".join([*equations, *(note.text for note in self.notes)])

    @property
    def equation(self) -> str:
        """The lines as one: "∂E/∂w = … = … = −0.0382"."""
        return "".join(
            (f"; {line.subject}" if i and line.subject else line.subject) + f" = {line.text}"
            for i, line in enumerate(self.lines)
        )

    @property
    def latex(self) -> str:
        """One aligned block."""
        rows = [f"{line.subject_latex} &= {line.latex}" for line in self.lines]
        rows += [f"& {note.latex}" for note in self.notes]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Derivation) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def to_dict(self) -> dict[str, Any]:
        """The derivation as text and numbers, ready for JSON."""
        return {
            "level": self.level,
            "lines": [vars(line) for line in self.lines],
            "notes": [note._asdict() for note in self.notes],
            "result": as_stored(self.result),
        }


def in_decimals(numbers: Iterable[Any], digits: int) -> bool:
    """Whether `digits` decimals are enough for all of them, so that what is printed multiplies out.

    >>> in_decimals([0.2355, 0.18, 0.0382], 4), in_decimals([6.0, 0.0044], 4), in_decimals([0.25], 1)
    (True, False, False)
    """
    smallest = max(0.01, 10.0 ** (2 - digits))
    return all(np.ndim(x) or x == 0 or abs(x) >= smallest for x in numbers)


def decimals(data: Any, style: Style, digits: int) -> Formula:
    """A number with `digits` decimals, as the lecture writes them; what would lose by it is written by `number`.

    >>> [decimals(x, "text", 4).written for x in (0.18003, -0.03817, 1.0, 4.5, 0.00012345, 1e-9, 12345.678)]
    ['0.1800', '−0.0382', '1', '4.5', '0.0001234', '1·10⁻⁹', '1.235·10⁴']
    """
    if np.ndim(data) == 0 and 10.0 ** (1 - digits) <= abs(data) < 1000 and round(float(data), digits) != data:
        written = f"{data:.{digits}f}"
        return Formula(written if style == "latex" else written.replace("-", "−"), SUM if data < 0 else ATOM)
    return number(data, style, digits)
