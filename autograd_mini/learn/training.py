"""Train a model, one epoch at a time, and use it; the caller decides when it is enough. `fit` does more.

>>> import itertools, numpy as np
>>> from autograd_mini import nn, optim
>>> from autograd_mini.learn import xor
>>> model = nn.MLP([2, 2, 1], "sigmoid", "sigmoid", rng=np.random.default_rng(0))
>>> training = epochs(model, nn.L2Loss(), optim.SGD(model.parameters(), 2.0), *xor())
>>> losses = list(itertools.islice(training, 100))
>>> losses[-1] < losses[0]
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.at_once import assign, at_once
from autograd_mini.learn.divergence import Diverged, bad_loss, bad_step
from autograd_mini.learn.preprocessing import batches
from autograd_mini.modes import no_grad
from autograd_mini.nn.module import Module
from autograd_mini.numbers import constant
from autograd_mini.optim.clipping import clip_by_norm
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.replay import compile as compiled
from autograd_mini.value import Value
from autograd_mini.visible import shown

Loss = Callable[[Value, Any], Value]


def epochs(
    model: Callable[[Any], Value],
    loss: Loss,
    optimizer: Optimizer,
    X: np.ndarray,
    y: np.ndarray,
    *,
    size: int | None = None,
    rng: np.random.Generator | None = None,
    clip_norm: float | None = None,
    after_step: Callable[[], None] | None = None,
    compile: bool = False,
) -> Iterator[float]:
    """Train for ever; each epoch yields the mean of its batches' losses, taken before their updates.

    Args:
        model, loss: E = loss(model(x), y).
        optimizer: holds the model's parameters.
        X, y: the examples, a row each.
        size: examples in a batch, drawn in a new order every epoch; by default all of them at once.
        rng: draws that order; a fresh generator by default.
        clip_norm: the longest gradient, as in `optim.clip_by_norm`; no limit by default.
        after_step: called after each update: a schedule's `step`.
        compile: record a step once and replay it, see `autograd_mini.compile`. Without `clip_norm`.

    Raises:
        Diverged: a loss or a gradient is not finite; the message names where it began.
    """
    if compile:
        yield from _compiled_epochs(model, loss, optimizer, X, y, size, rng, after_step)
    while True:
        losses = []
        for inputs, target in batches(X, y, size, shuffle=size is not None, rng=rng):
            optimizer.zero_grad()
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what matters is found below
                E = loss(model(inputs), target)
                value = E.item()
                if not math.isfinite(value):
                    raise bad_loss(model, inputs, value)
                E.backward(retain_grads=False)
            try:
                if clip_norm is not None:
                    clip_by_norm(optimizer.parameters, clip_norm)
                optimizer.step()
            except FloatingPointError as error:
                raise bad_step(model, error) from error
            if after_step:
                after_step()
            losses.append(value)
        yield float(np.mean(losses))


def _compiled_epochs(
    model: Callable[[Any], Value],
    loss: Loss,
    optimizer: Optimizer,
    X: np.ndarray,
    y: np.ndarray,
    size: int | None,
    rng: np.random.Generator | None,
    after_step: Callable[[], None] | None,
) -> Iterator[float]:
    def measured(inputs: Any, target: Any) -> Value:
        E = loss(model(inputs), target)
        if not np.isfinite(E):  # asked at every step, compiled or not
            raise bad_loss(model, inputs, E.item())
        return E

    step = compiled(measured, optimizer=optimizer)
    optimizer.zero_grad()
    while True:
        losses = []
        for inputs, target in batches(X, y, size, shuffle=size is not None, rng=rng):
            try:
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    losses.append(step(inputs, target))
            except Diverged:
                raise
            except FloatingPointError as error:
                raise bad_step(model, error) from error
            if after_step:
                after_step()
        yield float(np.mean(losses))


def predict(model: Module, X: np.ndarray, size: int = 1000) -> np.ndarray:
    """The model's outputs for all rows, as it is once trained: no dropout, nothing recorded.

    Args:
        X: (examples, …), at least one.
        size: how many rows at a time; it bounds the memory.

    Returns:
        An array (examples, …), the batches' outputs end to end.

    Raises:
        ValueError: no examples.

    >>> from autograd_mini import nn
    >>> predict(nn.Sequential(nn.Dropout(0.9), nn.Tanh()), np.zeros((3, 2))).shape
    (3, 2)
    """
    if not isinstance(model, Module):
        raise TypeError(f"predict: expected a Module, got {shown(model)}")
    if not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"predict: size must be a whole number, at least 1, got {size!r:.60}")
    if not getattr(X, "shape", ()):
        raise TypeError(f"predict: X must be an array with a row for each example, got {shown(X)}")
    if not len(X):
        raise ValueError(f"predict: expected at least one example, got X {np.shape(X)}")
    with evaluating(model), no_grad():
        parts = [model(X[start : start + size]) for start in range(0, len(X), size)]
    return np.concatenate([constant(part) for part in parts])


@contextmanager
def evaluating(model: Module, mode: bool = False) -> Iterator[None]:
    """Within, all layers behave as after `eval()`; then each as before."""
    restore = at_once([(assign, module, "training", module.training) for module in model.modules()])
    try:
        model.train(mode)
        yield
    finally:
        restore()
