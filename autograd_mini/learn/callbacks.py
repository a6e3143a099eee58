"""Look at a training after each of its epochs, and end it: what `fit` takes as `callbacks`.

Any function of the `Training` will do:

>>> def report(training):
...     print(len(training.history), training.history.last)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_mini.learn.history import History
from autograd_mini.nn.module import Module
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.optim.schedules import Schedule


@dataclass
class Training:
    """A training under way: what a callback may look at, and change."""

    model: Module
    optimizer: Optimizer
    schedule: Schedule | None
    rng: np.random.Generator
    callbacks: list[Any]
    history: History = field(default_factory=History)

    def stop(self, reason: str) -> None:
        """End the training after this epoch; the reason is kept in the history."""
        self.history.stopped = reason


class Callback:
    """One that remembers, or does something at the end; a subclass defines what it needs of these."""

    def __call__(self, training: Training) -> None:
        """Called after each epoch, which is the last row of `training.history`."""

    def finish(self, training: Training) -> None:
        """Called once when training ends, also by Ctrl-C or an error."""

    def state_dict(self) -> dict[str, Any]:
        """Names -> numbers, arrays or texts to be kept in a checkpoint."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""


class EarlyStopping(Callback):
    """End the training when a column of the history has not become better for `patience` epochs.

    Args:
        patience: epochs without improvement that are borne, ≥ 1.
        monitor: the column; by default the validation loss, or the loss if there is none.
        largest: a larger number is better, as with an accuracy.
        least_change: only what is better by more than this counts, ≥ 0.

    Raises:
        ValueError: an argument out of range.
        KeyError: in training, no such column.
    """

    def __init__(
        self, patience: int = 10, monitor: str | None = None, largest: bool = False, least_change: float = 0.0
    ) -> None:
        real = isinstance(patience, int | np.integer) and isinstance(least_change, int | float | np.number)
        if not real or patience < 1 or not least_change >= 0:
            raise ValueError(f"EarlyStopping: expected patience ≥ 1, least_change ≥ 0; got {patience}, {least_change}")
        self.patience, self.monitor, self.largest, self.least_change = patience, monitor, largest, least_change

    def __call__(self, training: Training) -> None:
        # The history says it all, so a resumed training needs no other memory.
        column = self.monitor or default_monitor(training.history)
        sign = -1 if self.largest else 1
        best, waited = np.inf, 0
        for number in training.history[column]:
            better = sign * number < best - self.least_change
            best, waited = (sign * number, 0) if better else (best, waited + 1)
        if waited >= self.patience:
            training.stop(f"{column} has not improved for {waited} epochs")


class KeepBest(Callback):
    """When training ends, give the model the weights of its best epoch; also after Ctrl-C or divergence.

    Args:
        monitor: the column of the history that tells; by default the validation loss, or the loss if
            there is none (which is that before each epoch's updates).
        largest: a larger number is better, as with an accuracy.

    Raises:
        KeyError: in training, no such column.
    """

    def __init__(self, monitor: str | None = None, largest: bool = False) -> None:
        self.monitor, self.largest = monitor, largest
        self.best: dict[str, Any] = {}

    def __call__(self, training: Training) -> None:
        history = training.history
        if history.best_epoch(self.monitor or default_monitor(history), self.largest) == len(history):
            self.best = training.model.state_dict()

    def finish(self, training: Training) -> None:
        if self.best:
            training.model.load_state_dict(self.best)

    def state_dict(self) -> dict[str, Any]:
        return self.best

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best = dict(state)


def default_monitor(history: History) -> str:
    """The column that tells how good the model is.

    >>> default_monitor(History())
    'loss'
    """
    return "validation_loss" if "validation_loss" in history.columns else "loss"
