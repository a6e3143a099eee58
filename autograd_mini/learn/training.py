"""Train a model, one epoch at a time; the caller decides when it is enough.

>>> import itertools, numpy as np
>>> from autograd_mini import nn, optim
>>> from autograd_mini.learn.data import xor
>>> model = nn.MLP([2, 2, 1], "sigmoid", "sigmoid", rng=np.random.default_rng(0))
>>> training = epochs(model, nn.L2Loss(), optim.SGD(model.parameters(), 2.0), *xor())
>>> losses = list(itertools.islice(training, 100))
>>> losses[-1] < losses[0]
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_mini.learn.data import batches
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.value import Value


def epochs(
    model: Callable[[Any], Value],
    loss: Callable[[Value, Any], Value],
    optimizer: Optimizer,
    X: np.ndarray,
    y: np.ndarray,
    *,
    size: int | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[float]:
    """Train for ever; each epoch yields the mean of its batches' losses, taken before their updates.

    Args:
        model, loss: E = loss(model(x), y).
        optimizer: holds the model's parameters.
        X, y: the examples, a row each.
        size: examples in a batch, drawn in a new order every epoch; by default all of them at once.
        rng: draws that order; a fresh generator by default.
    """
    while True:
        losses = []
        for inputs, target in batches(X, y, size, shuffle=size is not None, rng=rng):
            optimizer.zero_grad()
            E = loss(model(inputs), target)
            E.backward(retain_grads=False)
            optimizer.step()
            losses.append(E.item())
        yield float(np.mean(losses))
