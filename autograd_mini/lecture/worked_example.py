"""The worked example line by line: what the lecture prints beside three ways to compute it.

>>> table = worked_example()
>>> row = table.row("δ_G")
>>> row.printed, str(row.rounded), round(row.by_hand, 6), row.difference <= 1e-15
('0.0434', '0.0434', 0.042393, True)
>>> [row.name for row in table.rows if row.verdict is Verdict.ERRATUM]
['h_E′', 'δ_E', 'Δw_EA']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import numpy as np

from autograd_mini import optim, steps
from autograd_mini.explain.units.hand import SIGMOID, Layer, delta_rule
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED, Recording, record
from autograd_mini.lecture.rounding import slide_numbers

#: What the slides print, digit by digit, in their order; None where they leave a quantity out.
PRINTED: dict[str, str | None] = {
    "s_D": "2.2", "h_D": "0.90", "s_E": "-1.6", "h_E": "0.17", "s_G": "1.17", "ŷ": "0.76", "E": None,
    "ŷ′": "0.181", "δ_G": "0.0434",
    "Δw_GD": "0.391", "Δw_GE": "0.074", "Δw_GF": "0.434",
    "new w_GD": "4.891", "new w_GE": "-5.126", "new w_GF": "-1.566",
    "h_D′": "0.0898", "δ_D": "0.0175", "Δw_DA": "0.175", "Δw_DB": "0", "Δw_DC": "0.175",
    "new w_DA": None, "new w_DB": None, "new w_DC": None,
    "h_E′": "0.2055", "δ_E": "-0.0464", "Δw_EA": "-0.464", "Δw_EB": None, "Δw_EC": None,
    "new w_EA": None, "new w_EB": None, "new w_EC": None,
}  # fmt: skip

FORMULAS = {
    "s_D": "Σ w h", "s_E": "Σ w h", "s_G": "Σ w h",
    "h_D": "σ(s_D)", "h_E": "σ(s_E)", "ŷ": "σ(s_G)", "E": "½ (y − ŷ)²",
    "ŷ′": "ŷ (1 − ŷ)", "h_D′": "h_D (1 − h_D)", "h_E′": "h_E (1 − h_E)",
    "δ_G": "(y − ŷ) ŷ′", "δ_D": "w_GD δ_G h_D′", "δ_E": "w_GE δ_G h_E′",
}  # fmt: skip


class Verdict(Enum):
    """How the printed number compares with the slides' own arithmetic."""

    AGREES = "agrees"
    ERRATUM = "erratum"
    NOT_PRINTED = "not printed"
    OTHER_RATE = "printed for µ = 10"


@dataclass(frozen=True)
class Row:
    """One quantity of the example."""

    name: str
    formula: str
    printed: str | None
    rounded: Decimal
    """Computed with the lecture's own rounding."""
    by_hand: float
    """The delta rule in plain NumPy."""
    autodiff: float
    """Read off the recorded graph and its gradients."""
    verdict: Verdict

    @property
    def difference(self) -> float:
        """|by hand − automatic differentiation|."""
        return abs(self.by_hand - self.autodiff)


@dataclass(frozen=True)
class WorkedExample:
    """The table, and the graph it was read from, with its gradients."""

    rows: list[Row]
    learning_rate: float
    recording: Recording
    error_after: float
    """E of the same example after the update."""

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    @property
    def largest_difference(self) -> float:
        return max(row.difference for row in self.rows)


def worked_example(learning_rate: float = LEARNING_RATE) -> WorkedExample:
    """One forward pass, one backward pass, one update of the lecture's network (lecture 9, "Our example")."""
    hand = by_hand(learning_rate)
    recording, automatic = by_autodiff(learning_rate)
    slide = slide_numbers(WORKED, INPUTS, TARGET, learning_rate)
    rows = [
        Row(
            name,
            FORMULAS.get(name) or _update_formula(name),
            printed,
            slide[name],
            hand[name],
            automatic[name],
            _verdict(name, printed, slide, learning_rate),
        )
        for name, printed in PRINTED.items()
    ]
    updated = {arrow: automatic[f"new w_{arrow}"] for arrow in WORKED}
    error_after = record(updated, INPUTS, TARGET).E.item()
    return WorkedExample(rows, learning_rate, recording, error_after)


def by_hand(learning_rate: float) -> dict[str, float]:
    """Every quantity from the matrix form of the delta rule, engine unused."""
    w = WORKED
    W = [
        np.array([[w["DA"], w["DB"]], [w["EA"], w["EB"]]]),
        np.array([[w["GD"], w["GE"]]]),
    ]
    b = [np.array([w["DC"], w["EC"]]), np.array([w["GF"]])]
    layers = [Layer(weights, bias, SIGMOID) for weights, bias in zip(W, b, strict=True)]
    rule = delta_rule(layers, np.array(INPUTS)[:, None], np.array([[TARGET]]), learning_rate)

    q = {"ŷ": rule.output[0, 0], "ŷ′": rule.slopes[1][0, 0]}
    q["E"] = 0.5 * (TARGET - q["ŷ"]) ** 2
    q["s_G"], q["δ_G"] = rule.scores[1][0, 0], rule.deltas[1][0, 0]
    for i, unit in enumerate("DE"):
        q[f"s_{unit}"], q[f"h_{unit}"] = rule.scores[0][i, 0], rule.activations[1][i, 0]
        q[f"h_{unit}′"], q[f"δ_{unit}"] = rule.slopes[0][i, 0], rule.deltas[0][i, 0]
    for units, before, bias_unit, ΔW, Δb in zip(
        ["DE", "G"], ["AB", "DE"], "CF", rule.weights, rule.biases, strict=True
    ):
        for j, unit in enumerate(units):
            for k, source in enumerate(before):
                q[f"Δw_{unit}{source}"] = ΔW[j, k]
            q[f"Δw_{unit}{bias_unit}"] = Δb[j]
    for arrow, number in w.items():
        q[f"new w_{arrow}"] = number + q[f"Δw_{arrow}"]
    return {name: float(number) + 0.0 for name, number in q.items()}  # + 0.0 turns −0 into 0


def by_autodiff(learning_rate: float) -> tuple[Recording, dict[str, float]]:
    """Every quantity read off the recorded graph: data, gradients, local derivatives of its steps.

    The lecture's δ is −dE/ds and its Δw is −µ dE/dw; the new weights are what SGD leaves.
    """
    run = record(WORKED, INPUTS, TARGET)
    local = {step.node: step.local for step in steps(run.E)}  # one-input nodes have one step
    run.E.backward()

    q = {"ŷ": run.output.item(), "ŷ′": local[run.output], "E": run.E.item()}
    for unit in "DEG":
        q[f"s_{unit}"], q[f"δ_{unit}"] = run.s[unit].item(), -run.s[unit].grad
    for unit in "DE":
        q[f"h_{unit}"], q[f"h_{unit}′"] = run.h[unit].item(), local[run.h[unit]]
    for arrow, w in run.w.items():
        q[f"Δw_{arrow}"] = -learning_rate * w.grad

    # On a copy: the picture of the graph shall show the numbers its gradients belong to.
    after = record(WORKED, INPUTS, TARGET)
    after.E.backward()
    optim.SGD(list(after.w.values()), learning_rate).step()
    for arrow, w in after.w.items():
        q[f"new w_{arrow}"] = w.item()
    return run, {name: float(number) + 0.0 for name, number in q.items()}


def _update_formula(name: str) -> str:
    unit, source = name[-2], name[-1]
    if name.startswith("new"):
        return f"w_{unit}{source} + Δw_{unit}{source}"
    return f"µ δ_{unit} h_{source}"


def _verdict(name: str, printed: str | None, slide: Mapping[str, Decimal], learning_rate: float) -> Verdict:
    if printed is None:
        return Verdict.NOT_PRINTED
    if "w_" in name and learning_rate != LEARNING_RATE:
        return Verdict.OTHER_RATE
    return Verdict.AGREES if Decimal(printed) == slide[name] else Verdict.ERRATUM
