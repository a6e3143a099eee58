"""The results as tables of words, for the terminal and for the report alike."""

from __future__ import annotations

from typing import NamedTuple

from autograd_mini.lecture.compare import LARGEST_DEPTH, LARGEST_WIDTH, TOLERANCE
from autograd_mini.lecture.digits import EPOCHS, SIZES
from autograd_mini.lecture.network import LEARNING_RATE
from autograd_mini.lecture.run import Lecture
from autograd_mini.lecture.worked_example import Row, Verdict
from autograd_mini.lecture.xor import PLATEAU

SOURCE = "J. Přikryl, Introduction to Neural Networks, lecture 9 of Mathematical Tools for ITS, CTU FTS, 2021"

REMARKS = {
    "s_G": "from 0.90 and 0.17: 1.166",
    "ŷ": "σ at the rounded 1.17",
    "ŷ′": "σ′ at the rounded 1.17",
    "δ_G": "(1 − 0.76) × 0.181",
    "h_D′": "σ′ at the score 2.2",
    "δ_D": "with the old w_GD, 4.5",
    "h_E′": "ERRATUM: that is σ′(0.90)",
    "δ_E": "ERRATUM: follows from 0.2055",
    "Δw_EA": "ERRATUM: follows from 0.2055",
}


class Table(NamedTuple):
    """A table of text; `marked` are the numbers of the lines to point out."""

    columns: list[str]
    lines: list[list[str]]
    numeric: set[int]
    """The columns that are aligned to the right."""
    marked: set[int] = frozenset()  # type: ignore[assignment]


def minus(number: str) -> str:
    """Write −1.6 with the sign that is as wide as a plus."""
    return number.replace("-", "−")


def number(x: float) -> str:
    """All digits of a float, so that nothing is hidden by rounding."""
    return minus(repr(x))


def small(x: float) -> str:
    return "0" if x == 0 else minus(f"{x:.1e}")


def example_table(lecture: Lecture) -> Table:
    rows = lecture.example.rows
    lines = [
        [
            row.name,
            row.formula,
            minus(row.printed or "—"),
            minus(str(row.rounded)),
            number(row.by_hand),
            number(row.autodiff),
            small(row.difference),
            _remark(row),
        ]
        for row in rows
    ]
    columns = ["", "formula", "printed", "rounded", "delta rule by hand", "autodiff", "differ.", ""]
    errata = {i for i, row in enumerate(rows) if row.verdict is Verdict.ERRATUM}
    return Table(columns, lines, {2, 3, 4, 5, 6}, errata)


def _remark(row: Row) -> str:
    if row.verdict is Verdict.OTHER_RATE:
        return f"printed for µ = {LEARNING_RATE:g}" + (" (erratum)" if row.name in REMARKS else "")
    return REMARKS.get(row.name, "")


def example_legend(lecture: Lecture) -> list[str]:
    example = lecture.example
    agreement = "it agrees with the print in every line not marked ERRATUM"
    if lecture.learning_rate != LEARNING_RATE:
        agreement += f" (the updates are printed for µ = {LEARNING_RATE:g} and not compared)"
    return [
        "printed: the lecture's number. rounded: computed with the lecture's own rounding, each step "
        f"from the rounded results before it; {agreement}. by hand: the delta rule in plain NumPy. "
        "autodiff: read off the recorded graph; δ = −∂E/∂s, Δw = −µ ∂E/∂w.",
        f"By hand and autodiff differ by {small(example.largest_difference)} at most. The update "
        f"with µ = {lecture.learning_rate:g} takes the error E from "
        f"{example.row('E').autodiff:.6f} to {example.error_after:.6f}.",
    ]


def comparison_table(lecture: Lecture) -> Table:
    lines = []
    for depth in sorted({result.depth for result in lecture.comparisons}):
        group = [result for result in lecture.comparisons if result.depth == depth]
        widths = [n for result in group for n in result.sizes]
        worst = max(result.worst for result in group)
        lines.append(
            [
                str(depth),
                str(len(group)),
                f"{min(widths)} … {max(widths)}",
                f"{sum(result.weights for result in group):,}".replace(",", " "),
                small(worst),
                "agrees" if worst <= TOLERANCE else "DIFFERS",
            ]
        )
    columns = ["layers", "networks", "units a layer", "weights", "largest rel. difference", ""]
    return Table(columns, lines, {0, 1, 2, 3, 4})


def comparison_legend() -> str:
    return (
        f"Networks of 1 to {LARGEST_DEPTH} dense layers, 1 to {LARGEST_WIDTH} units wide, random "
        "weights and activations (sigmoid, tanh, ReLU, linear), batches of 1 to 8 examples summed. "
        f"Compared is the update Δw of every weight; to agree, each must be within {minus(f'{TOLERANCE:g}')} of "
        "its own size."
    )


def xor_table(lecture: Lecture) -> Table:
    columns = ["A", "B", "h_D", "h_E", "ŷ", "class", "as printed", "ŷ of the worked network"]
    lines = [
        [
            *map(str, line.inputs),
            line.hidden_D,
            line.hidden_E,
            line.output,
            str(line.predicted),
            "yes" if line.agrees else "NO",
            f"{line.worked:.4f}",
        ]
        for line in lecture.table
    ]
    return Table(columns, lines, {0, 1, 2, 3, 4, 5, 7})


def xor_legend() -> str:
    return (
        "The lecture's table belongs to another network than its worked example: "
        "D = (3, 4, bias −2), E = (2, 3, bias −4), G = (5, −5, bias −2). Both compute XOR: "
        "D is OR, E is AND, G is D and not E."
    )


def training_table(lecture: Lecture) -> Table:
    columns = ["weights from", "optimizer", "settings", "all 4 right from epoch", "E at the end"]
    columns += [f"seeds right, of {len(lecture.surveys[0].solved_at)}", "median epoch"]
    lines = []
    for run, tried in zip(lecture.runs, lecture.surveys, strict=True):
        never = f"not in {run.recipe.epochs}"
        lines.append(
            [
                run.recipe.interval,
                run.recipe.optimizer,
                run.recipe.settings,
                never if run.solved_at is None else str(run.solved_at),
                f"{run.losses[-1]:.4f}" if run.losses[-1] > 5e-5 else f"{run.losses[-1]:.0e}",
                str(tried.solved),
                "—" if tried.median is None else f"{tried.median:g}",
            ]
        )
    return Table(columns, [[minus(cell) for cell in line] for line in lines], {3, 4, 5, 6})


def training_legend(lecture: Lecture) -> list[str]:
    seeds = len(lecture.surveys[0].solved_at)
    return [
        f"The 2-2-1 network of sigmoid units, the four examples' updates summed; seed {lecture.seed}, "
        f"and on the right the {seeds} seeds from {lecture.seed} on. Not every start leads to a "
        "solution: with two hidden units XOR has local optima, and the lecture names them.",
        f"{PLATEAU} is the lecture's picture of a bad initialisation. Every score is about 0, where "
        "the sigmoid is straight, so the hidden units are as good as linear, and E stays on a "
        "plateau at ½. Plain gradient descent does not leave it in the epochs given; a long memory "
        "(ρ = 0.99) carries momentum across; Adagrad's first step is ±µ however small the gradient.",
    ]


def linear_sentence(lecture: Lecture) -> str:
    linear = lecture.linear
    outputs = ", ".join(f"{x:.3f}" for x in linear.outputs)
    return (
        f"A linear model ends with f = {outputs} for the four inputs, which is the least-squares "
        f"answer: {linear.right} of 4 right ({linear.right / 4:.0%}). On the way it had "
        f"{linear.best_right} of 4 at best ({linear.best_right / 4:.0%}); no line separates more "
        "than three."
    )


def digits_sentence(lecture: Lecture) -> str:
    digits = lecture.digits
    shape = "-".join(map(str, SIZES))
    return (
        f"Handwritten digits, a {shape} network with softmax and one-hot targets, momentum: "
        f"{digits.accuracy:.1%} of {digits.held_out} held-out digits right after {EPOCHS} epochs on "
        f"{digits.training_examples}, in {digits.seconds:.1f} s."
    )


def confusion_table(lecture: Lecture) -> Table:
    columns = ["", *map(str, range(SIZES[-1]))]
    lines = [[str(k), *(str(n) if n else "·" for n in row)] for k, row in enumerate(lecture.digits.confusion.tolist())]
    return Table(columns, lines, set(range(SIZES[-1] + 1)))
