"""Write an optimizer as its formula: `Optimizer` does everything else, and all or nothing.

Names as in the lecture: `w` a parameter, `g` its gradient ∂E/∂w, µ the learning rate, Δw (`delta`)
the update.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.numbers import constant
from autograd_mini.value import Value


class Optimizer:
    """w ← w + Δw for every parameter, where a subclass says in `update` what Δw is.

    Args:
        parameters: leaf Values, in a list or an iterator: `model.parameters()`.
        learning_rate: µ, a finite number ≥ 0; with 0 nothing moves.

    Attributes:
        parameters: the list of them.
        learning_rate: may be assigned between steps.
        memory: what `update` remembers of each parameter, in order; 0.0 before its first step.

    Raises:
        ValueError: no parameters, one given twice, a learning rate that is negative or not finite.
        TypeError: something that is not a leaf Value.

    >>> class SignDescent(Optimizer):
    ...     def update(self, g, memory):
    ...         return -self.learning_rate * np.sign(g), memory
    >>> w = Value(1.0)
    >>> (100 * w).backward()
    >>> SignDescent([w], learning_rate=0.25).step()
    >>> w.data
    0.75
    """

    def __init__(self, parameters: Iterable[Value], learning_rate: float) -> None:
        self.parameters = _leaves(type(self).__name__, parameters)
        self.learning_rate = learning_rate
        self.memory: list[Any] = [0.0] * len(self.parameters)

    @property
    def learning_rate(self) -> float:
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._learning_rate = self._number("learning_rate", rate)

    def update(self, g: Any, memory: Any) -> tuple[Any, Any]:
        """One parameter's update and new memory, (Δw, memory); every subclass defines its own.

        `g`: the gradient, an array or a number of the parameter's shape and dtype. Neither it nor
        `memory` may be written to.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no rule: define `def update(self, g, memory)` in its class"
        )

    def step(self) -> None:
        """Update all parameters that have a gradient; the others, and their memory, stay.

        All updates are computed before any is made, so that an error or an interrupt, wherever it
        comes, leaves parameters and memory as they were.

        Raises:
            ShapeError: a gradient or an update has another shape than its parameter.
            FloatingPointError: a gradient is not finite; the message names the parameter.
        """
        memory = self.memory.copy()
        changes = []
        for i, w in enumerate(self.parameters):
            if w.grad is not None:
                g = self._gradient(w, _name(w, i))
                delta, memory[i] = self.update(g, memory[i])
                delta = self._like(w, delta, f"update of {_name(w, i)}")
                changes.append((w, w.data, w.data + delta))
        try:
            for w, _, new in changes:
                w.data = new
            self.memory = memory
        except BaseException:  # Ctrl-C between two parameters
            for w, old, _ in changes:
                w.data = old
            raise

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward() starts afresh."""
        for w in self.parameters:
            w.grad = None

    def __repr__(self) -> str:
        count = len(self.parameters)
        return f"{type(self).__name__}({count} parameters, learning_rate={self.learning_rate})"

    def _gradient(self, w: Value, name: str) -> Any:
        # constant: the numbers alone, also of a gradient that create_graph has recorded
        g = self._like(w, constant(w.grad), f"gradient of {name}")
        finite = np.isfinite(g)
        if not finite.all():
            raise FloatingPointError(
                f"{type(self).__name__}: the gradient of {name} is nan or inf in {np.sum(~finite)} of {finite.size} "
                "entries; no parameter was changed. A smaller learning rate may help"
            )
        return g

    def _like(self, w: Value, numbers: Any, what: str) -> Any:
        """The numbers in the parameter's dtype, if they have its shape."""
        if np.shape(numbers) != w.shape:
            raise ShapeError(
                f"{type(self).__name__}: the {what} has shape {np.shape(numbers)}, "
                f"expected the parameter's own, {w.shape}"
            )
        if type(w.data) is float:
            return float(numbers)
        if hasattr(numbers, "astype"):
            return numbers.astype(w.dtype, copy=False)
        return w.dtype.type(numbers)

    def _number(self, what: str, number: Any, most: float = math.inf) -> float:
        # A Python float, because np.float64(0.1) times a float32 array would be float64.
        try:
            real = float(number)
        except (TypeError, ValueError):
            real = math.nan
        if not 0 <= real <= most or math.isinf(real):
            span = "a finite number ≥ 0" if math.isinf(most) else f"between 0 and {most:g}"
            raise ValueError(f"{type(self).__name__}: {what} must be {span}, got {number!r}")
        return real


def _name(w: Value, position: int) -> str:
    return w.name or f"parameter {position}"


def _leaves(optimizer: str, parameters: Any) -> list[Value]:
    """The parameters as a list, checked."""
    if type(parameters) is Value:
        one = parameters.name or "w"
        raise TypeError(f"{optimizer}: expected a list of Values, got one Value: write [{one}]")
    if hasattr(parameters, "parameters"):
        kind = type(parameters).__name__
        raise TypeError(f"{optimizer}: expected a list of Values, got {kind}: pass its .parameters()")
    leaves = list(parameters)
    if not leaves:
        raise ValueError(f"{optimizer}: no parameters to train (an iterator can be used only once)")
    first: dict[int, int] = {}
    for i, w in enumerate(leaves):
        if type(w) is not Value:
            raise TypeError(f"{optimizer}: parameter {i} must be a Value, got {w!r:.60}")
        if w.op is not None:
            raise TypeError(
                f"{optimizer}: {_name(w, i)} {w.shape} was computed by {w.op.name}, so it cannot "
                "be trained; pass the leaves it was made from, or Value(v.data)"
            )
        if id(w) in first:
            raise ValueError(
                f"{optimizer}: {_name(w, i)} is given twice, at positions {first[id(w)]} and {i}: "
                "it would move twice per step"
            )
        first[id(w)] = i
    return leaves
