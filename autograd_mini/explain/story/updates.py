"""Write what an optimizer does to a weight as a formula, by running its own rule on named numbers.

>>> from autograd_mini import Value, optim
>>> w = Value(2.0, name="w")
>>> optimizer = optim.Momentum([w], learning_rate=0.5, momentum=0.9)
>>> [update] = optimizer.preview({w: 3.0})
>>> for line in update_lines(optimizer, update, "w", "E"):
...     print(line.text)
Δw = −µ·g + ρ·previous = (−0.5)·3 + 0.9·0 = −1.5
g = ∂E/∂w = 3
previous: 0 → −1.5
w ← w + Δw = 2 + (−1.5) = 0.5
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.explain.formulas.algebra import simplify
from autograd_mini.explain.formulas.notation import formula, name, number
from autograd_mini.explain.formulas.templates import Style
from autograd_mini.explain.formulas.writing import Line, equation, in_brackets, line, partial
from autograd_mini.explain.story.steps import UpdateStep
from autograd_mini.modes import record_anyway
from autograd_mini.optim import Optimizer
from autograd_mini.optim.update import Update
from autograd_mini.value import Value

STYLES: tuple[Style, Style] = ("text", "latex")

#: What formulas call an optimizer's options; any other goes by its own name.
OPTION_SYMBOLS = {
    "learning_rate": "µ",
    "weight_decay": "λ",
    "momentum": "ρ",
    "rho": "ρ",
    "eps": "ε",
    "beta1": "β_1",
    "beta2": "β_2",
}


def update_lines(
    optimizer: Optimizer, update: Update | UpdateStep, own_name: str, output: str, digits: int = 4
) -> list[Line]:
    """Δw as formula, in numbers and as result; the memory before and after; the effective rate if not µ; the new w."""
    g = "g" if own_name != "g" else "g′"
    told = [_delta(optimizer, update, names) for names in ((own_name, g), (None, None))]
    # A rule that does not run on Values, or gives another number there, is told by its result alone.
    formulas = [v for v in told if v is not None and _agrees(v, update.delta)]
    if np.ndim(update.delta):  # in numbers it would be far too long; `Trace.element` tells one weight's
        formulas = formulas[:1]

    def written(data: Any, style: Style) -> str:
        return number(data, style, digits).written

    def change(style: Style) -> str:
        return ("Δ" if style == "text" else r"\Delta ") + name(own_name, style).written

    def delta(style: Style) -> str:
        symbols = [simplify(v).formula(style, digits).written for v in formulas[:1]]
        numbers = [formula(v, style, None, digits).written for v in formulas[1:]]
        return equation(change(style), *symbols, *numbers, written(update.delta, style))

    def gradient(style: Style) -> str:
        return equation(name(g, style).written, partial(output, own_name, style), written(update.gradient, style))

    def rate(style: Style) -> str:
        without = " without the decay" if np.any(update.decay) else ""
        left = f"effective rate{without}" if style == "text" else rf"\text{{effective rate{without}}}"
        sign = f"−{change(style)}/{g}" if style == "text" else f"-{change(style)}/{name(g, style).written}"
        return equation(left if without else f"{left} {sign}", written(update.rate, style))

    def move(style: Style) -> str:
        me, by = name(own_name, style).written, in_brackets(number(update.delta, style, digits), style)
        arrow = " ← " if style == "text" else r" \leftarrow "
        numbers = f"{written(update.before, style)} + {by}"
        return me + arrow + equation(f"{me} + {change(style)}", numbers, written(update.after, style))

    def told_as(what: str, old: Any, new: Any) -> Line:
        texts, latexs = ([written(n, style) for n in (old, new)] for style in STYLES)
        return Line(f"{what}: {texts[0]} → {texts[1]}", rf"\text{{{what}: }} {latexs[0]} \rightarrow {latexs[1]}")

    lines = [line(delta), line(gradient)]
    lines += [told_as(what, update.remembered[what], now) for what, now in update.memory.items()]
    if not np.all(np.isnan(update.rate) | np.isclose(update.rate, update.options["learning_rate"], rtol=1e-5, atol=0)):
        lines.append(line(rate))
    return [*lines, line(move)]


def _delta(optimizer: Optimizer, update: Update | UpdateStep, names: tuple[str | None, str | None]) -> Value | None:
    """Δw as a little graph over g, w, the memory and the options; None if the rule does not run on Values.

    `names` are those of w and g; without them all are told by their numbers.
    """
    own_name, g = names

    def twin(data: Any, name: str | None) -> Value:
        return Value(data, name if g is not None else None)

    options = {key: twin(n, OPTION_SYMBOLS.get(key, key)) for key, n in update.options.items()}
    shrink = options.pop("weight_decay")
    memory = [twin(n, what) for what, n in update.remembered.items()]
    try:
        with record_anyway(), np.errstate(all="ignore"):
            delta, *_ = optimizer.update(twin(update.gradient, g), *memory, **options)  # type: ignore[arg-type]
            if np.any(update.decay):
                delta = delta - options["learning_rate"] * shrink * twin(update.before, own_name)
    except (TypeError, ValueError, IndexError, AttributeError):
        return None
    return delta if type(delta) is Value else None


def _agrees(told: Value, delta: Any) -> bool:
    tolerance = 1e-4 if np.asarray(delta).dtype.itemsize < 8 else 1e-12
    return told.shape == np.shape(delta) and bool(np.allclose(told.data, delta, rtol=tolerance, atol=1e-300))
