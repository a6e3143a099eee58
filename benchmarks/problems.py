"""Say what is to be computed: data, starting weights and settings of each task, the same for every implementation.

A `Problem` is made from a task's name and a fixed seed, in each process anew. An implementation makes a `Run` of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np


@dataclass
class Problem:
    """One task's numbers. Weights are W₁ (out, in), b₁ (out,), W₂, …; in scalar tasks one flat array."""

    kind: str
    """The computation: each implementation has one builder for each kind that it can do."""
    weights: list[np.ndarray]
    x: np.ndarray
    y: np.ndarray
    rate: float = 0.1
    sizes: tuple[int, ...] = ()
    activation: str = "relu"
    loss: str = "cross-entropy"
    """"cross-entropy" (mean over the batch), or "squares": ½ Σ (y − ŷ)² behind a sigmoid output."""
    optimizer: str = "momentum"
    momentum: float = 0.9
    nodes: int = 0
    """Of a chain: how many operations."""

    @property
    def dtype(self) -> np.dtype:
        return self.x.dtype


class Run(NamedTuple):
    """A task as one implementation set it up."""

    steps: Callable[[int], Any]
    """Take so many training steps; the last one's loss."""
    weights: Callable[[], list[Any]]
    """The weights as they are now, shaped as in the problem."""
    parts: dict[str, float] | None = None
    """Seconds of the last step's parts, where a task asks for them."""


def samples(p: Problem) -> list[tuple[float, float, float]]:
    """The scalar network's examples as floats."""
    return [(*row, y) for row, y in zip(p.x.tolist(), p.y.tolist(), strict=True)]


def scalar_net() -> Problem:
    """2-2-1 with sigmoids; XOR's four examples one after the other. w₁₁ w₁₂ b₁, w₂₁ w₂₂ b₂, v₁ v₂ c."""
    rng = np.random.default_rng(1)
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    return Problem("scalar net", [rng.normal(size=9)], x, np.array([0.0, 1.0, 1.0, 0.0]), rate=0.5)


def scalar_moons() -> Problem:
    """2-16-16-1 with relus on two half circles; each unit's weights, then its bias; labels −1 and 1.

    The rate is tiny: once it is learnt, an example costs those who skip zeros nothing.
    """
    rng = np.random.default_rng(2)
    angle = rng.uniform(0, np.pi, 100)
    label = np.repeat([-1.0, 1.0], 50)
    x = np.stack([np.cos(angle) * -label + (label > 0), np.sin(angle) * -label + 0.5 * (label > 0)], axis=1)
    x += rng.normal(scale=0.1, size=x.shape)
    weights = [rng.uniform(-1, 1, size=(n, m + 1)) / np.sqrt(m) for m, n in pairwise((2, 16, 16, 1))]
    return Problem("scalar moons", [np.concatenate([w.ravel() for w in weights])], x, label, rate=1e-7)


def xor_batch() -> Problem:
    problem = dense((2, 2, 1), 4, float, "sigmoid", loss="squares", rate=0.5)
    net = scalar_net()
    return replace(problem, x=net.x, y=net.y[:, None])


def dense(
    sizes: tuple[int, ...], batch: int, dtype: Any = np.float32, activation: str = "relu", **more: Any
) -> Problem:
    """A dense network on random data with random classes: how long it takes does not depend on them."""
    rng = np.random.default_rng(3)
    number = np.float32 if dtype is np.float32 else np.float64
    weights: list[np.ndarray] = []
    for m, n in pairwise(sizes):
        scale = number(np.sqrt((2 if activation == "relu" else 1) / m))
        weight = rng.standard_normal((n, m), dtype=number)
        weight *= scale
        weights += [weight, np.zeros(n, number)]
    x = rng.standard_normal((batch, sizes[0]), dtype=number)
    more = {"rate": 0.01, **more}
    return Problem("dense", weights, x, rng.integers(sizes[-1], size=batch), sizes=sizes, activation=activation, **more)


def convolutions(batch: int = 32) -> Problem:
    """LeNet-like: 5×5 to 6, pool 2, 5×5 to 16, pool 2, 256-120-84-10, relu, cross-entropy, momentum."""
    rng = np.random.default_rng(4)
    weights: list[np.ndarray] = []
    for shape in ((6, 1, 5, 5), (16, 6, 5, 5), (120, 256), (84, 120), (10, 84)):
        scale = np.float32(np.sqrt(2 / np.prod(shape[1:])))
        weights += [scale * rng.standard_normal(shape, dtype=np.float32), np.zeros(shape[0], np.float32)]
    x = rng.standard_normal((batch, 1, 28, 28), dtype=np.float32)
    return Problem("convolutions", weights, x, rng.integers(10, size=batch), rate=0.01)


def inference(sizes: tuple[int, ...], batch: int, dtype: Any, activation: str) -> Problem:
    return replace(dense(sizes, batch, dtype, activation), kind="inference")


def chain(nodes: int) -> Problem:
    """v ← w·v and v ← v + c in turn, from v = x; weights are x and w."""
    return Problem("chain", [np.array([1.0, 0.999999])], np.array([1e-6]), np.array([]), nodes=nodes)


#: The problem of each task, and of each curve of `scaling` by its argument.
PROBLEMS: dict[str, Callable[..., Problem]] = {
    "T1": scalar_net,
    "T2": scalar_moons,
    "T3": xor_batch,
    "T4": lambda: dense((64, 32, 10), 32, float, "sigmoid", optimizer="adagrad", rate=0.01),
    "T5": lambda: dense((784, 200, 200, 10), 128),
    "T5 float64": lambda: dense((784, 200, 200, 10), 128, float),
    "T6": lambda: dense((1024, 2048, 2048, 10), 512),
    "T8": convolutions,
    "nodes": chain,
    "width": lambda width: dense((width, width, 10), 32, optimizer="sgd"),
    "batch": lambda batch: dense((64, 32, 10), batch, optimizer="sgd"),
    "small T8": lambda: convolutions(batch=2),
    "warm-up T10": lambda: dense((1024, 2048, 10), 512),
    "inference, batch 32": lambda: inference((64, 32, 10), 32, float, "sigmoid"),
    "inference, batch 128": lambda: inference((784, 200, 200, 10), 128, np.float32, "relu"),
}


def problem(name: str) -> Problem:
    """The problem of a name such as "T4" or "nodes:1000"."""
    what, _, argument = name.partition(":")
    return PROBLEMS[what](int(argument)) if argument else PROBLEMS[what]()
