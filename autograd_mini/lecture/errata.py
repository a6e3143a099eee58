"""The one wrong number on the lecture's slides, where it leads, and what it seems to be.

h_E′ is printed as 0.2055. Everything said about it here is computed: the right number in three
ways, the two numbers that follow from it, and which derivative is 0.2055 to every printed digit.

    >>> erratum = slide_erratum()
    >>> print(erratum.right_on_slide, erratum.right_from_activation, round(erratum.right, 6))
    0.1398 0.1411 0.139764
    >>> print(erratum.followed["δ_E"], erratum.followed["Δw_EA"], erratum.slope_at_h_D)
    -0.0464 -0.464 0.2055
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from autograd_mini.explain.units.hand import SIGMOID
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED
from autograd_mini.lecture.rounding import HIDDEN_SLOPE, rounded, sigmoid_slope, slide_numbers
from autograd_mini.lecture.worked_example import PRINTED


@dataclass(frozen=True)
class Erratum:
    """The printed h_E′ and the numbers it can be checked against."""

    printed: Decimal
    right: float
    """σ′(s_E), exact in float64."""
    right_on_slide: Decimal
    """σ′(s_E) to the slide's four digits."""
    right_from_activation: Decimal
    """h_E (1 − h_E) from the rounded h_E = 0.17."""
    would_need_h_E: tuple[float, float]
    """The two activations whose h (1 − h) is the printed number."""
    slope_at_h_D: Decimal
    """σ′(0.90), the derivative taken at D's activation, to four digits."""
    followed: dict[str, Decimal]
    """δ_E and Δw_EA in the slide's arithmetic with the printed h_E′ put in."""
    corrected: dict[str, Decimal]
    """The same two with the right h_E′."""

    def sentences(self) -> list[str]:
        """The case, a sentence each."""
        low, high = self.would_need_h_E
        on_slide, followed = self.corrected, self.followed
        sentences = [
            f"h_E′ is printed as {self.printed}; the right number is {self.right_on_slide} (exactly {self.right!r}).",
            f"Why: σ′(s) = h (1 − h), and h_E = {PRINTED['h_E']} gives {self.right_from_activation}. "
            f"{self.printed} would need h_E = {low:.3f} or {high:.3f}.",
            f"What {self.printed} is, to every digit: σ′({PRINTED['h_D']}), the derivative of the "
            "sigmoid at D's activation h_D, where E's score s_E = "
            f"{PRINTED['s_E']} belongs. (The slide does not show its working.)",
            f"What follows from it: δ_E is printed as {PRINTED['δ_E']} and Δw_EA as "
            f"{PRINTED['Δw_EA']}; they are {on_slide['δ_E']} and {on_slide['Δw_EA']} (µ = 10). With "
            f"{self.printed} put in, the slide's arithmetic gives {followed['δ_E']} and "
            f"{followed['Δw_EA']}, so these two carry no error of their own.",
            "The other printed numbers are right: rounding on the slide explains every digit of them.",
        ]
        return [sentence.replace("-", "−") for sentence in sentences]  # no hyphens, only minus signs


def slide_erratum() -> Erratum:
    """Compute the case against 0.2055 (lecture 9, "Hidden layer updates", node E)."""
    printed = Decimal(PRINTED["h_E′"] or 0)
    right = slide_numbers(WORKED, INPUTS, TARGET, LEARNING_RATE)
    wrong = slide_numbers(WORKED, INPUTS, TARGET, LEARNING_RATE, hidden_slope_E=printed)
    h_E = right["h_E"]
    root = float((1 - 4 * printed).sqrt())  # h (1 − h) = p has the solutions (1 ± √(1 − 4p)) / 2
    followers = ("δ_E", "Δw_EA")
    return Erratum(
        printed=printed,
        right=float(SIGMOID.slope(np.array(float(right["s_E"])))),
        right_on_slide=right["h_E′"],
        right_from_activation=rounded(h_E * (1 - h_E), HIDDEN_SLOPE),
        would_need_h_E=((1 - root) / 2, (1 + root) / 2),
        slope_at_h_D=rounded(sigmoid_slope(right["h_D"]), HIDDEN_SLOPE),
        followed={name: wrong[name] for name in followers},
        corrected={name: right[name] for name in followers},
    )
