"""Recognise the lecture's loss in a graph, E = ½ Σ (y − ŷ)², with any factor and any way to sum."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd_mini.explain.units.weighted_sums import is_hidden
from autograd_mini.numbers import constant
from autograd_mini.primitives import elementwise, reductions
from autograd_mini.value import Value


class Squared(NamedTuple):
    """One addend of the loss: factor · Σ (y − ŷ)²."""

    prediction: Value
    target: Any
    factor: float


def squared_errors(loss: Value) -> list[Squared] | None:
    """What the loss adds up, if it is all squared errors of predictions; else None.

    >>> import autograd_mini as ag
    >>> w = ag.Value(2.0, name="w")
    >>> [part.factor for part in squared_errors(0.5 * (1.0 - w * 3.0) ** 2)]
    [0.5]
    """
    found: list[Squared] = []
    stack = [(loss, 1.0)]
    while stack:
        node, factor = stack.pop()
        inner = _inside(node, factor)
        if inner is None:
            part = _squared(node, factor)
            if part is None:
                return None
            found.append(part)
        else:
            stack += inner
    return found


def _inside(node: Value, factor: float) -> list[tuple[Value, float]] | None:
    """What a sum, a mean or a multiple is made of, each with its factor; None for anything else."""
    op, inputs = node.op, node.inputs
    if op is elementwise.add and all(type(x) is Value for x in inputs):
        return [(x, factor) for x in reversed(inputs)]
    if op is elementwise.add and any(type(x) is not Value and np.all(x == 0) for x in inputs):  # Python's sum()
        return [(x, factor) for x in inputs if type(x) is Value]
    if op is elementwise.positive or op is reductions.sum_:
        return [(inputs[0], factor)]
    if op is reductions.mean:
        return [(inputs[0], factor * node.size / max(inputs[0].size, 1))]
    if op is elementwise.multiply or op is elementwise.divide:
        left, right = inputs
        if type(left) is Value and type(right) is not Value and np.ndim(right) == 0:
            return [(left, factor * right if op is elementwise.multiply else factor / right)]
        if op is elementwise.multiply and type(right) is Value and type(left) is not Value and np.ndim(left) == 0:
            return [(right, factor * left)]
    return None


def _squared(node: Value, factor: float) -> Squared | None:
    """factor · d² with d = y − ŷ or ŷ − y."""
    op, inputs = node.op, node.inputs
    square = (
        op is elementwise.square
        or (op is elementwise.power and type(inputs[1]) is not Value and np.all(inputs[1] == 2))
        or (op is elementwise.multiply and inputs[0] is inputs[1])
    )
    if not square or not inputs:
        return None
    d = inputs[0]
    if type(d) is not Value or d.op is not elementwise.subtract or not d.inputs:
        return None
    hidden = [is_hidden(x) for x in d.inputs]
    if hidden[0] == hidden[1]:
        return None
    prediction, target = d.inputs if hidden[0] else d.inputs[::-1]
    if d.shape != prediction.shape or np.shape(constant(target)) not in ((), d.shape):
        return None
    return Squared(prediction, target, factor)
