"""The lecture's 2-2-1 networks, recorded unit by unit under the lecture's names.

Inputs A and B, bias unit C, hidden units D and E, bias unit F, output unit G; `w_DA` is the weight
of the arrow from A to D, s the score of a unit and h = σ(s) its activation (lecture 9, "Example").
"""

from __future__ import annotations

from typing import NamedTuple

import autograd_mini as ag
from autograd_mini import optim

Weights = dict[str, float]

#: The worked example: weights by arrow (receiving unit first), one example, µ = 10.
WORKED: Weights = {
    "GD": 4.5, "GE": -5.2, "GF": -2.0,
    "DA": 3.7, "DB": 3.7, "DC": -1.5,
    "EA": 2.9, "EB": 2.9, "EC": -4.5,
}  # fmt: skip
INPUTS = (1.0, 0.0)
TARGET = 1.0
LEARNING_RATE = 10.0

#: The network behind the lecture's table of outputs, which is not the worked example's: its weights
#: follow from the table by inverting the sigmoid.
XOR_TABLE: Weights = {
    "GD": 5.0, "GE": -5.0, "GF": -2.0,
    "DA": 3.0, "DB": 4.0, "DC": -2.0,
    "EA": 2.0, "EB": 3.0, "EC": -4.0,
}  # fmt: skip


class Recording(NamedTuple):
    """One forward pass: every weight and every quantity of it as a Value."""

    w: dict[str, ag.Value]
    s: dict[str, ag.Value]
    h: dict[str, ag.Value]
    E: ag.Value

    @property
    def output(self) -> ag.Value:
        """ŷ = h_G."""
        return self.h["G"]


def record(weights: Weights, inputs: tuple[float, float], target: float) -> Recording:
    """Run the network forwards: s = Σ w h, h = σ(s), E = ½ (y − ŷ)².

    >>> run = record(WORKED, INPUTS, TARGET)
    >>> run.s["D"].data, round(run.output.data, 12)
    (2.2, 0.764519315871)
    """
    w = {arrow: ag.Value(number, name=f"w_{arrow}") for arrow, number in weights.items()}
    given = dict(zip("ABCF", (*inputs, 1.0, 1.0), strict=True))
    h = {unit: ag.Value(number, name=unit) for unit, number in given.items()}
    s: dict[str, ag.Value] = {}
    for unit, (j, k, bias) in {"D": [*"ABC"], "E": [*"ABC"], "G": [*"DEF"]}.items():
        s[unit] = w[unit + j] * h[j] + w[unit + k] * h[k] + w[unit + bias] * h[bias]
        s[unit].name = f"s_{unit}"
        h[unit] = ag.sigmoid(s[unit])
        h[unit].name = f"h_{unit}"
    h["G"].name = "ŷ"
    E = 0.5 * (ag.Value(target, name="y") - h["G"]) ** 2
    E.name = "E"
    return Recording(w, s, h, E)


def worked_step() -> tuple[ag.Value, optim.Optimizer]:
    """The worked example's error, and the optimizer whose step the lecture works out: Δw = µ δ h."""
    run = record(WORKED, INPUTS, TARGET)
    return run.E, optim.SGD(list(run.w.values()), LEARNING_RATE)
