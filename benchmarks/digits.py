"""Handwritten digits: how accurate a dense and a convolutional network become, and how long they train.

    python -m benchmarks.digits [SEED …]

A quarter of the 1797 digits (8 × 8 pixels) is held out. Needs scikit-learn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from autograd_mini import nn, optim
from autograd_mini.learn import accuracy, digits, fit, predict, train_test_split
from benchmarks.interleaved import versions


def dense(rng: np.random.Generator) -> nn.Module:
    """64-64-10."""
    return nn.MLP([64, 64, 10], "gelu", rng=rng)


def convolutional(rng: np.random.Generator) -> nn.Module:
    """16 patterns of 3 × 3, pooled to 4 × 4, then dense: 2730 weights."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, init="he_uniform", rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10, rng=rng),
    )


def train(make: Callable[[np.random.Generator], nn.Module], seed: int, epochs: int = 30) -> tuple[float, float]:
    """The accuracy on the digits held out, and the seconds that training took."""
    rng = np.random.default_rng(seed)
    data = digits()
    pictures = data.X if make is dense else data.X.reshape(-1, 1, 8, 8)
    X, X_test, y, y_test = train_test_split(pictures, data.y, 0.25, rng)
    model = make(rng)
    optimizer = optim.AdamW(model.parameters(), learning_rate=0.005, weight_decay=0.1)
    schedule = optim.CosineSchedule(optimizer, steps=epochs)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    start = time.perf_counter()
    fit(model, (X, y), loss, optimizer, epochs, 32, schedule=schedule, rng=rng, progress=False)
    seconds = time.perf_counter() - start
    return accuracy(predict(model, X_test), y_test), seconds


if __name__ == "__main__":
    print(versions())
    for make in (dense, convolutional):
        for seed in map(int, sys.argv[1:] or ["0", "1", "2", "3", "4"]):
            right, seconds = train(make, seed)
            print(f"{make.__name__:<13}  seed {seed}: {right:.2%} right, {seconds:.1f} s")
