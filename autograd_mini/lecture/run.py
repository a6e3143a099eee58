"""Reproduce the whole lecture, part by part.

>>> lecture = Lecture(seed=1)
>>> round(lecture.example.row("δ_G").autodiff, 6), all(line.agrees for line in lecture.table)
(0.042393, True)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np

from autograd_mini.explain import draw
from autograd_mini.lecture import SEED
from autograd_mini.lecture.compare import TOLERANCE, Comparison, compare_random_networks
from autograd_mini.lecture.digits import SIZES, DigitsRun, train_digits
from autograd_mini.lecture.errata import Erratum, slide_erratum
from autograd_mini.lecture.network import LEARNING_RATE
from autograd_mini.lecture.worked_example import WorkedExample, worked_example
from autograd_mini.lecture.xor import (
    LinearModel,
    Run,
    Survey,
    TableLine,
    output_table,
    recipes,
    survey,
    train,
    train_linear,
)

T = TypeVar("T")

SURVEYED_SEEDS = 20

#: What the extra `lecture` installs, by import name.
EXTRA = {"sklearn": "scikit-learn", "tqdm": "tqdm", "matplotlib": "matplotlib"}


def missing_packages() -> list[str]:
    """The packages of the extra `lecture` that are not installed."""
    return [package for module, package in EXTRA.items() if find_spec(module) is None]


@dataclass(frozen=True)
class Lecture:
    """The lecture's results; each part is computed when it is first asked for.

    Args:
        seed: of the random networks and of all trainings; the survey takes the 20 seeds from it on.
        learning_rate: µ of the worked example; the trainings have their own.
        progress: show bars on standard error.
    """

    seed: int = SEED
    learning_rate: float = LEARNING_RATE
    progress: bool = False

    @cached_property
    def example(self) -> WorkedExample:
        return worked_example(self.learning_rate)

    @cached_property
    def erratum(self) -> Erratum:
        return slide_erratum()

    @cached_property
    def graph(self) -> str:
        """The worked example's graph with values and gradients, as SVG."""
        return draw(self.example.recording.E, direction="TB").svg()

    @cached_property
    def comparisons(self) -> list[Comparison]:
        return compare_random_networks(np.random.default_rng(self.seed))

    @cached_property
    def table(self) -> list[TableLine]:
        return output_table()

    @cached_property
    def linear(self) -> LinearModel:
        return train_linear(self.seed)

    @cached_property
    def runs(self) -> list[Run]:
        return [train(recipe, self.seed) for recipe in self._bar(recipes(), "XOR")]

    @cached_property
    def surveys(self) -> list[Survey]:
        seeds = range(self.seed, self.seed + SURVEYED_SEEDS)
        return [survey(recipe, seeds) for recipe in self._bar(recipes(), f"{len(seeds)} seeds")]

    @cached_property
    def digits(self) -> DigitsRun:
        return train_digits(self.seed, self.progress)

    def _bar(self, items: list[T], what: str) -> Iterable[T]:
        if not self.progress:
            return items
        from tqdm import tqdm

        return tqdm(items, desc=what, leave=False, disable=not sys.stderr.isatty())


def as_json(lecture: Lecture) -> dict[str, Any]:
    """Every result as plain data; numbers with the lecture's rounding are text, digit by digit."""
    example, erratum, digits = lecture.example, lecture.erratum, lecture.digits
    return {
        "seed": lecture.seed,
        "learning_rate": lecture.learning_rate,
        "worked_example": {
            "rows": [
                {
                    "name": row.name,
                    "formula": row.formula,
                    "printed": row.printed,
                    "rounded": str(row.rounded),
                    "by_hand": row.by_hand,
                    "autodiff": row.autodiff,
                    "difference": row.difference,
                    "verdict": row.verdict.value,
                }
                for row in example.rows
            ],
            "largest_difference": example.largest_difference,
            "error_before": example.row("E").autodiff,
            "error_after": example.error_after,
        },
        "erratum": {
            "printed": str(erratum.printed),
            "right": erratum.right,
            "right_rounded": str(erratum.right_on_slide),
            "explanation": erratum.sentences(),
        },
        "random_networks": {
            "tolerance": TOLERANCE,
            "networks": [
                {
                    "sizes": result.sizes,
                    "activations": result.activations,
                    "batch": result.batch,
                    "weights": result.weights,
                    "largest_relative_difference": result.worst,
                }
                for result in lecture.comparisons
            ],
        },
        "xor_table": [
            {
                "inputs": list(line.inputs),
                "h_D": line.exact[0],
                "h_E": line.exact[1],
                "output": line.exact[2],
                "class": line.predicted,
                "agrees_with_print": line.agrees,
                "worked_network_output": line.worked,
            }
            for line in lecture.table
        ],
        "linear_model": {
            "outputs": lecture.linear.outputs,
            "accuracy": lecture.linear.right / 4,
            "best_accuracy": lecture.linear.best_right / 4,
        },
        "xor_training": [
            {
                "initialisation": run.recipe.init,
                "optimizer": run.recipe.optimizer,
                "settings": run.recipe.settings,
                "epochs": run.recipe.epochs,
                "solved_at": run.solved_at,
                "right": run.right[-1],
                "loss": run.losses[-1],
                "seeds": len(tried.solved_at),
                "seeds_solved": tried.solved,
                "median_solved_at": tried.median,
            }
            for run, tried in zip(lecture.runs, lecture.surveys, strict=True)
        ],
        "digits": {
            "sizes": SIZES,
            "training_examples": digits.training_examples,
            "held_out_examples": digits.held_out,
            "accuracy": digits.accuracy,
            "losses": digits.losses,
            "accuracies": digits.accuracies,
            "confusion": digits.confusion.tolist(),
            "seconds": digits.seconds,
        },
    }
