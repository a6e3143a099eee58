"""Explain a training that ran into nan or inf: where it began, and what usually helps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from autograd_mini.modes import no_grad
from autograd_mini.nn.module import Module
from autograd_mini.numbers import constant

REMEDIES = (
    "Usual remedies: a lower learning rate; clipped gradients (clip_norm=1.0); standardised inputs and targets "
    "(Standardizer); another initialisation (init='glorot_uniform', or 'he_uniform' for relu); "
    "a loss that takes logits instead of a logarithm of probabilities"
)


class Diverged(FloatingPointError):
    """The loss or a gradient was not finite. The weights are those before the failing step.

    Attributes:
        history: the epochs before, where `fit` trained.
    """

    history: Any = None


def bad_loss(model: Any, inputs: Any, loss: float) -> Diverged:
    """The error for a loss that is not finite; names the first layer that went bad."""
    where = first_bad(model, inputs) if isinstance(model, Module) else "the model is no Module to look into"
    return Diverged(f"the loss is {loss}: {where}. {REMEDIES}")


def bad_step(model: Any, error: FloatingPointError) -> Diverged:
    """The error for a gradient or an update that is not finite, while the loss still is."""
    named = model.named_parameters() if isinstance(model, Module) else []
    bad = [path for path, p in named if p.grad is not None and not _finite(p.grad)]
    # A gradient travels from the last layer to the first.
    where = f"the loss is finite, its gradient is not; on its way back it went bad at {bad[-1]}. " if bad else ""
    return Diverged(f"{where}{error}. {REMEDIES}")


def first_bad(model: Module, inputs: Any) -> str:
    """A clause about the first layer that makes nan or inf of these inputs; the model stays as it is.

    >>> from autograd_mini import nn
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.Tanh())
    >>> first_bad(net, np.array([[np.nan]]))
    'the inputs hold nan or inf'
    """
    if not _finite(inputs):
        return "the inputs hold nan or inf"
    for path, p in model.named_parameters(include_frozen=True):
        if not _finite(p.data):
            return f"the weights {path} hold nan or inf"
    found: list[str] = []

    def look(path: str) -> Callable[[Module, tuple, Any], None]:
        def hook(module: Module, args: tuple, output: Any) -> None:
            if not _finite(output):
                largest = max((_largest(x) for x in (*args, *module.parameters(include_frozen=True))), default=0.0)
                found.append(
                    f"layer '{path}: {module!r}' is the first whose output is nan or inf; "
                    f"the largest number that went into it was {largest:.3g}"
                )

        return hook

    buffers = {path: np.copy(numbers) for path, numbers in model.named_buffers()}
    with ExitStack() as stack, no_grad(), np.errstate(all="ignore"):
        for path, module in model.named_modules():
            if not module.children():
                stack.enter_context(module.register_forward_hook(look(path)))
        output = model(inputs)
    parameters = {path: p.data for path, p in model.named_parameters(include_frozen=True)}
    model.load_state_dict({**parameters, **buffers})  # running statistics have seen this batch twice
    if found:
        return found[0]
    return f"every layer's output is finite, at the end at most {_largest(output):.3g}; the loss itself overflowed"


def _finite(x: Any) -> bool:
    numbers = np.asarray(constant(x))
    return numbers.dtype.kind != "f" or bool(np.isfinite(numbers).all())


def _largest(x: Any) -> float:
    return float(np.max(np.abs(np.asarray(constant(x))), initial=0.0))
