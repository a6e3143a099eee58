"""XOR: the lecture's table of outputs, a linear model that cannot, and networks that learn it.

>>> for line in output_table():
...     print(line.inputs, line.hidden_D, line.hidden_E, line.output, line.predicted)
(0, 0) 0.12 0.02 0.18 0
(0, 1) 0.88 0.27 0.74 1
(1, 0) 0.73 0.12 0.74 1
(1, 1) 0.99 0.73 0.33 0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from autograd_mini import Value, nn, no_grad, optim, sigmoid
from autograd_mini.learn import epochs, xor
from autograd_mini.lecture.network import WORKED, XOR_TABLE, record

# -- the table of outputs --------------------------------------------------------------------------

#: The lecture's table "Output for all binary inputs": h_D, h_E, ŷ and the class.
PRINTED_TABLE = {
    (0, 0): ("0.12", "0.02", "0.18", 0),
    (0, 1): ("0.88", "0.27", "0.74", 1),
    (1, 0): ("0.73", "0.12", "0.74", 1),
    (1, 1): ("0.99", "0.73", "0.33", 0),
}


@dataclass(frozen=True)
class TableLine:
    """One input of the table."""

    inputs: tuple[int, int]
    exact: tuple[float, float, float]
    """h_D, h_E and ŷ of the table's own network."""
    worked: float
    """ŷ of the worked example's network, which computes XOR too but is not the table's."""

    @property
    def hidden_D(self) -> str:
        return f"{self.exact[0]:.2f}"

    @property
    def hidden_E(self) -> str:
        return f"{self.exact[1]:.2f}"

    @property
    def output(self) -> str:
        return f"{self.exact[2]:.2f}"

    @property
    def predicted(self) -> int:
        return int(self.exact[2] > 0.5)

    @property
    def agrees(self) -> bool:
        """Is every digit the printed one?"""
        own = (self.hidden_D, self.hidden_E, self.output, self.predicted)
        return own == PRINTED_TABLE[self.inputs]


def output_table() -> list[TableLine]:
    """Both networks on all four inputs (lecture 9, "Output for all binary inputs")."""
    lines = []
    for inputs in PRINTED_TABLE:
        run = record(XOR_TABLE, inputs, 0.0)
        exact = (run.h["D"].item(), run.h["E"].item(), run.output.item())
        lines.append(TableLine(inputs, exact, record(WORKED, inputs, 0.0).output.item()))
    return lines


# -- training --------------------------------------------------------------------------------------


#: From ±0.01 every score is about 0, where the sigmoid is straight (σ″(0) = 0): the hidden units are
#: as good as linear, and a linear model cannot do XOR. That is the lecture's plateau of a bad
#: initialisation. Plain gradient descent needs longer than anybody waits (µ = 4, 20 seeds: the first
#: left the plateau after 93 000 epochs, 13 of them within 600 000); a long memory carries momentum
#: across, and Adagrad's first step is ±µ however small the gradient.
PLATEAU = "±0.01"
INTERVALS = {"fan_in_uniform": "±1/√n", "glorot_uniform": "±√6/√(n+n′)", "uniform": PLATEAU}


@dataclass(frozen=True)
class Recipe:
    """One initialisation with one optimizer."""

    init: str
    """Its name in `nn.init`."""
    optimizer: str
    settings: str
    make: Callable[[Sequence[Value]], optim.Optimizer]
    epochs: int
    """How long to train."""

    @property
    def interval(self) -> str:
        """What the first weights are drawn from, as the lecture writes it."""
        return INTERVALS[self.init]


def recipes() -> list[Recipe]:
    """The lecture's three initialisations, each with its three optimizers.

    The rates are those of a few tried that most seeds learn with.
    """
    found = []
    for init, interval in INTERVALS.items():
        mu, rho, duration = (5.0, 0.99, 4000) if interval == PLATEAU else (1.0, 0.9, 1500)
        momentum = partial(optim.Momentum, learning_rate=mu, momentum=rho)
        found += [
            Recipe(init, "SGD", "µ = 2", partial(optim.SGD, learning_rate=2.0), duration),
            Recipe(init, "momentum", f"µ = {mu:g}, ρ = {rho:g}", momentum, duration),
            Recipe(init, "Adagrad", "µ = 0.3", partial(optim.Adagrad, learning_rate=0.3), duration),
        ]
    return found


@dataclass(frozen=True)
class Run:
    """One network trained by a recipe."""

    recipe: Recipe
    losses: list[float]
    """E of each epoch, before its update."""
    right: list[int]
    """How many of the four are right after each epoch's update."""

    @property
    def solved_at(self) -> int | None:
        """The epoch from which on all four stay right; None if they are not at the end."""
        wrong = [epoch for epoch, right in enumerate(self.right, 1) if right < 4]
        last = wrong[-1] if wrong else 0
        return last + 1 if last < len(self.right) else None


def network(init: str, seed: int) -> nn.MLP:
    """The lecture's 2-2-1 network of sigmoid units, its first weights drawn from the seed."""
    rng = np.random.default_rng(seed)
    return nn.MLP([2, 2, 1], "sigmoid", "sigmoid", init=init, rng=rng)


def train(recipe: Recipe, seed: int) -> Run:
    """Train one network; every epoch updates once, with the four examples' updates summed."""
    model = network(recipe.init, seed)
    X, y = xor()
    run = Run(recipe, [], [])
    training = epochs(model, nn.L2Loss(), recipe.make(model.parameters()), X, y)
    for loss in islice(training, recipe.epochs):
        run.losses.append(loss)
        with no_grad():
            run.right.append(int(np.sum((model(X).data > 0.5) == (y > 0.5))))
    return run


class SideBySide(nn.Module):
    """Many 2-2-1 networks as one: their weights stacked, (networks, units, inputs).

    No number of one network meets a number of another, so a sum of their losses trains each as if it
    were alone, and all of them in little more than the time of one.
    """

    def __init__(self, networks: Sequence[nn.MLP]) -> None:
        states = [net.state_dict() for net in networks]
        self.W1, self.b1, self.W2, self.b2 = (
            Value(np.stack([state[name].reshape(shape) for state in states]))
            for name, shape in {
                "0.weight": (2, 2), "0.bias": (1, 2), "2.weight": (1, 2), "2.bias": (1, 1),
            }.items()
        )  # fmt: skip

    def forward(self, x: Any) -> Value:
        h = sigmoid(x @ np.swapaxes(self.W1, 1, 2) + self.b1)
        return sigmoid(h @ np.swapaxes(self.W2, 1, 2) + self.b2)


@dataclass(frozen=True)
class Survey:
    """One recipe tried with many seeds."""

    recipe: Recipe
    solved_at: list[int | None]
    """For every seed, as `Run.solved_at`."""

    @property
    def solved(self) -> int:
        return sum(epoch is not None for epoch in self.solved_at)

    @property
    def median(self) -> float | None:
        """The median of the epochs needed, over the seeds that got there."""
        needed = [epoch for epoch in self.solved_at if epoch is not None]
        return float(np.median(needed)) if needed else None


def survey(recipe: Recipe, seeds: Sequence[int]) -> Survey:
    """Train one network per seed, all of them together."""
    model = SideBySide([network(recipe.init, seed) for seed in seeds])
    X, y = xor()
    X, y = np.stack([X] * len(seeds)), np.stack([y] * len(seeds))
    last_wrong = np.zeros(len(seeds), dtype=int)
    training = epochs(model, nn.L2Loss(), recipe.make(model.parameters()), X, y)
    for epoch, _ in enumerate(islice(training, recipe.epochs), 1):
        with no_grad():
            wrong = np.any((model(X).data > 0.5) != (y > 0.5), axis=(1, 2))
        last_wrong[wrong] = epoch
    return Survey(recipe, [int(k) + 1 if k < recipe.epochs else None for k in last_wrong])


# -- the linear model ------------------------------------------------------------------------------


@dataclass(frozen=True)
class LinearModel:
    """f(x) = β_0 + Σ β_j x_j, trained on XOR."""

    outputs: list[float]
    """f of the four inputs after training: the least-squares answer is ½ for each of them."""
    right: int
    """How many of the four are right at the end; f ≥ ½ means class 1."""
    best_right: int
    """The most that were right after any epoch: no line separates more than three."""
    losses: list[float]


def train_linear(seed: int, learning_rate: float = 0.2, duration: int = 400) -> LinearModel:
    """Fit the linear model by gradient descent on the same loss (lecture 9, "Linear models cannot")."""
    model = nn.Linear(2, 1, rng=np.random.default_rng(seed))
    X, y = xor()
    training = epochs(model, nn.L2Loss(), optim.SGD(model.parameters(), learning_rate), X, y)
    losses, right = [], []
    for loss in islice(training, duration):
        losses.append(loss)
        with no_grad():
            outputs = model(X).data
        # Six decimals: once all are ½, the last bits must not decide the class.
        right.append(int(np.sum((outputs.round(6) >= 0.5) == (y > 0.5))))
    return LinearModel(outputs.ravel().tolist(), right[-1], max(right), losses)
