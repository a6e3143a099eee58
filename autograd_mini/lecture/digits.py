"""Handwritten digits: a 64-32-10 network with a softmax output, trained on real data.

Needs scikit-learn for the data and tqdm for the progress bar: `pip install 'autograd-mini[lecture]'`.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from itertools import islice

import numpy as np

from autograd_mini import nn, no_grad, optim
from autograd_mini.learn import digits, epochs, one_hot, train_test_split

SIZES = [64, 32, 10]
EPOCHS, BATCH, LEARNING_RATE, MOMENTUM = 30, 32, 0.5, 0.9


@dataclass(frozen=True)
class DigitsRun:
    """A trained classifier and how it got there."""

    losses: list[float]
    """The mean cross-entropy of each epoch's batches."""
    accuracies: list[float]
    """The share of the held-out digits that are right after each epoch."""
    confusion: np.ndarray
    """(10, 10): how many held-out digits of each class (row) were taken for which (column)."""
    training_examples: int
    seconds: float

    @property
    def accuracy(self) -> float:
        return self.accuracies[-1]

    @property
    def held_out(self) -> int:
        return int(self.confusion.sum())


def train_digits(seed: int, progress: bool = True) -> DigitsRun:
    """Train on three quarters of the digits, one-hot targets, and test on the rest.

    Args:
        seed: draws the split, the first weights and the batches.
        progress: show a bar on standard error.

    Raises:
        ModuleNotFoundError: scikit-learn or tqdm is not installed.
    """
    from tqdm import tqdm

    start = time.perf_counter()
    rng = np.random.default_rng(seed)
    data = digits()
    X, X_test, y, y_test = train_test_split(data.X, data.y, held_out=0.25, rng=rng)
    model = nn.MLP(SIZES, activation="sigmoid", init="glorot_uniform", rng=rng)
    optimizer = optim.Momentum(model.parameters(), LEARNING_RATE, momentum=MOMENTUM)
    training = epochs(model, nn.CrossEntropyLoss(), optimizer, X, one_hot(y, SIZES[-1]), size=BATCH, rng=rng)
    losses: list[float] = []
    accuracies: list[float] = []
    bar = tqdm(
        islice(training, EPOCHS),
        total=EPOCHS,
        desc="digits",
        unit="epoch",
        disable=not progress,
        # A log file gets the last line only.
        mininterval=0.1 if sys.stderr.isatty() else float("inf"),
    )
    with bar:
        for loss in bar:
            with no_grad():
                predicted = np.argmax(model(X_test).data, axis=1)
            losses.append(loss)
            accuracies.append(float(np.mean(predicted == y_test)))
            bar.set_postfix(loss=f"{loss:.4f}", right=f"{accuracies[-1]:.1%}", refresh=False)
    confusion = np.zeros((SIZES[-1], SIZES[-1]), dtype=int)
    np.add.at(confusion, (y_test, predicted), 1)
    return DigitsRun(losses, accuracies, confusion, len(X), time.perf_counter() - start)
