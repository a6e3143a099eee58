"""Update one parameter by an optimizer's formula, with everything checked that its author need not think of."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.numbers import constant
from autograd_mini.optim.groups import name_of
from autograd_mini.value import Value

#: What an optimizer remembers of one parameter.
Memory = tuple[Any, ...]


class Change(NamedTuple):
    """What a step does to one parameter."""

    delta: Any
    """Δw, the decay included."""
    decay: Any
    """Its part that shrinks the weight."""
    memory: Memory
    """What is to be remembered."""
    after: Any
    """The new weight."""


class Rule:
    """The part of an optimizer that sees one parameter at a time; a subclass's `update` is its formula."""

    #: The names of what `update` remembers of a parameter: each has the parameter's shape, except one
    #: called "steps", a plain count.
    remembers: tuple[str, ...] = ()
    #: The largest value of each option that has one; the smallest is 0.
    at_most: dict[str, float] = {}  # noqa: RUF012, read only

    __slots__ = ("_memory",)  # a slot is set by C alone, also when `memory` is assigned
    _memory: Any
    memory: Any

    def update(self, g: Any, *memory: Any, **options: float) -> tuple[Any, ...]:
        """One parameter's update and what to remember of it, (Δw, *memory); every subclass defines its own.

        `g`: the gradient, an array or a number of the parameter's shape and dtype. Neither it nor the
        memory may be written to. The options, `learning_rate` among them, come by name.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no rule: define `def update(self, g, learning_rate)` in its class"
        )

    def _change(self, i: int, w: Value, g: Any, options: dict[str, float], memory: Memory | None = None) -> Change:
        options = options.copy()
        shrink = options["learning_rate"] * options.pop("weight_decay")
        delta, *remembered = self.update(g, *(self.memory[i] if memory is None else memory), **options)
        delta = self._like(w, i, delta, "update")
        decay = -shrink * w.data if shrink else 0.0
        delta = delta + decay if shrink else delta
        if len(remembered) != len(self.remembers):
            raise ValueError(
                f"{type(self).__name__}: update gave {len(remembered)} things to remember, "
                f"`remembers` names {len(self.remembers)}: {self.remembers}"
            )
        after = w.data + delta
        return Change(delta, decay, tuple(remembered), float(after) if type(w.data) is float else after)

    def _gradient(self, w: Value, i: int, grad: Any) -> Any:
        # constant: the numbers alone, also of a gradient that create_graph has recorded
        try:
            numbers = constant(grad)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{type(self).__name__}: the gradient of {name_of(w, i)}: {error}") from None
        g = self._like(w, i, numbers, "gradient")
        if not (math.isfinite(g) if type(g) is np.float64 else np.isfinite(g).all()):
            finite = np.isfinite(g)
            raise FloatingPointError(
                f"{type(self).__name__}: the gradient of {name_of(w, i)} is nan or inf in {np.sum(~finite)} of "
                f"{finite.size} entries; no parameter was changed. A smaller learning rate may help"
            )
        return g

    def _like(self, w: Value, i: int, numbers: Any, what: str) -> Any:
        """The numbers in the parameter's dtype, if they have its shape."""
        data = w.data
        if type(data) is float and type(numbers) in (float, np.float64):
            return np.float64(numbers)  # not a Python float, whose overflow would be silent
        if np.shape(numbers) != w.shape:
            raise ShapeError(
                f"{type(self).__name__}: the {what} of {name_of(w, i)} has shape {np.shape(numbers)}, "
                f"expected the parameter's own, {w.shape}"
            )
        if hasattr(numbers, "astype"):
            return numbers.astype(w.dtype, copy=False)[()]
        return w.dtype.type(numbers)
