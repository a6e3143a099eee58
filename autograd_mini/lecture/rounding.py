"""The worked example computed as the lecture's slides compute it: each result is rounded, and the
next one starts from what was printed.

The decimals kept for each quantity are all that is taken from the slides; the numbers are computed
in decimal arithmetic, where 0.0175 is exactly that. Derivatives are taken at the rounded scores:
that is what the slides' σ′(1.17) = 0.181 and σ′(2.2) = 0.0898 show.

    >>> from autograd_mini.lecture.network import INPUTS, TARGET, WORKED
    >>> slide = slide_numbers(WORKED, INPUTS, TARGET, 10.0)
    >>> print(slide["s_G"], slide["ŷ"], slide["δ_G"], slide["δ_D"])
    1.17 0.76 0.0434 0.0175
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from autograd_mini.lecture.network import Weights

HIDDEN_SCORE, SCORE, ACTIVATION, OUTPUT_SLOPE, HIDDEN_SLOPE, DELTA, UPDATE = 1, 2, 2, 3, 4, 4, 3


def sigmoid(s: Decimal) -> Decimal:
    return 1 / (1 + (-s).exp())


def sigmoid_slope(s: Decimal) -> Decimal:
    """σ′(s) = σ(s) (1 − σ(s))."""
    return sigmoid(s) * (1 - sigmoid(s))


def rounded(number: Decimal, decimals: int) -> Decimal:
    """Half away from zero, as one rounds by hand: 0.5 becomes 1, where Python's round gives 0.

    >>> print(rounded(Decimal("0.0625"), 3))
    0.063
    """
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0  # + 0 turns −0 into 0


def slide_numbers(
    weights: Weights,
    inputs: tuple[float, float],
    target: float,
    learning_rate: float,
    hidden_slope_E: Decimal | None = None,
) -> dict[str, Decimal]:
    """Every quantity of the example with the slides' rounding, by name.

    `hidden_slope_E` replaces h_E′: with the slide's own 0.2055 one sees where that number leads.
    """
    with localcontext(Context(prec=60)):
        w = {arrow: Decimal(repr(number)) for arrow, number in weights.items()}
        h = {"A": Decimal(inputs[0]), "B": Decimal(inputs[1]), "C": Decimal(1), "F": Decimal(1)}
        mu, q = Decimal(repr(learning_rate)), {}
        for i in "DE":
            q[f"s_{i}"] = rounded(sum((w[i + k] * h[k] for k in "ABC"), Decimal(0)), HIDDEN_SCORE)
            q[f"h_{i}"] = h[i] = rounded(sigmoid(q[f"s_{i}"]), ACTIVATION)
        q["s_G"] = rounded(sum((w["G" + k] * h[k] for k in "DEF"), Decimal(0)), SCORE)
        q["ŷ"] = rounded(sigmoid(q["s_G"]), ACTIVATION)
        q["E"] = (Decimal(target) - q["ŷ"]) ** 2 / 2

        q["ŷ′"] = rounded(sigmoid_slope(q["s_G"]), OUTPUT_SLOPE)
        q["δ_G"] = rounded((Decimal(target) - q["ŷ"]) * q["ŷ′"], DELTA)
        for i in "DE":
            q[f"h_{i}′"] = rounded(sigmoid_slope(q[f"s_{i}"]), HIDDEN_SLOPE)
        if hidden_slope_E is not None:
            q["h_E′"] = hidden_slope_E
        for i in "DE":  # with the old w_Gi: the update comes after the whole backward pass
            q[f"δ_{i}"] = rounded(w["G" + i] * q["δ_G"] * q[f"h_{i}′"], DELTA)
        for arrow in weights:
            q[f"Δw_{arrow}"] = rounded(mu * q[f"δ_{arrow[0]}"] * h[arrow[1]], UPDATE)
            q[f"new w_{arrow}"] = w[arrow] + q[f"Δw_{arrow}"]
    return q
