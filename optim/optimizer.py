"""Write an optimizer as its formula: `Optimizer` does everything else, and all or nothing.

Names as in the lecture: `w` a parameter, `g` its gradient ∂E/∂w, µ the learning rate, Δw (`delta`)
the update.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from autograd_mini.at_once import assign, at_once, new_data
from autograd_mini.errors import ShapeError
from autograd_mini.numbers import constant
from autograd_mini.optim.groups import groups_of, name_of, number
from autograd_mini.optim.state import checked_state, summary_of
from autograd_mini.value import Value
from autograd_mini.visible import shown

Parameters = Iterable[Value] | Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Update:
    """What one step did to one parameter; arrays of its shape, or numbers."""

    parameter: Value
    before: Any
    """w before the step."""
    gradient: Any
    """g = ∂E/∂w."""
    delta: Any
    """Δw, the decay included: before + delta, rounded once, is exactly `after`."""
    decay: Any
    """The part of Δw that shrinks the weight, −µ λ w; 0.0 without weight decay."""
    memory: dict[str, Any]
    """What the optimizer remembers of the parameter after the step, by name."""
    after: Any
    """w after the step."""
    remembered: dict[str, Any]
    """What it remembered before the step, by name."""
    options: dict[str, float]
    """The options of the parameter's group at that step, by name."""

    @property
    def rate(self) -> Any:
        """The effective learning rate: the µ with which plain descent, −µ g, would have made this step.

        Element by element, without the decay; nan where g = 0. With momentum it exceeds µ while steps
        add up, and is negative where the memory outweighs the gradient.
        """
        g = np.where(self.gradient == 0, np.nan, self.gradient)
        return (-(self.delta - self.decay) / g)[()]


class Optimizer:
    """w ← w + Δw for every parameter, where a subclass says in `update` what Δw is.

    Args:
        parameters: leaf Values, in a list or an iterator: `model.parameters()`. Or a list of groups,
            each a dict {"parameters": leaf Values} with options of its own beside them, such as
            "learning_rate"; the options it does not name are those given to the optimizer.
        learning_rate: µ, a finite number ≥ 0; with 0 nothing moves.
        weight_decay: λ ≥ 0: every step also shrinks each weight by µ λ w. The decay is decoupled: it
            does not pass through the optimizer's memory, as the gradient of a penalty would
            (Loshchilov & Hutter, 2019, Decoupled weight decay regularization).
        options: what else the subclass's `update` takes, by name.

    Attributes:
        parameters: the list of them all.
        groups: the list of groups; their options may be assigned between steps.
        memory: what `update` remembers of each parameter, in order: a tuple of numbers or arrays,
            named by the class's `remembers`; 0 before its first step.
        explain: False at first; while True, `last_update` can tell what each step did.

    Raises:
        ValueError: no parameters, one given twice, an option that is unknown or out of its range.
        TypeError: something that is not a leaf Value.

    >>> class SignDescent(Optimizer):
    ...     def update(self, g, learning_rate):
    ...         return (-learning_rate * np.sign(g),)
    >>> w = Value(1.0)
    >>> (100 * w).backward()
    >>> SignDescent([w], learning_rate=0.25).step()
    >>> w.data
    0.75
    """

    #: The names of what `update` remembers of a parameter: each has the parameter's shape, except one
    #: called "steps", a plain count.
    remembers: tuple[str, ...] = ()
    #: The largest value of each option that has one; the smallest is 0.
    at_most: dict[str, float] = {}  # noqa: RUF012, read only

    explain: bool = False

    def __init__(
        self, parameters: Parameters, learning_rate: float, weight_decay: float = 0.0, **options: float
    ) -> None:
        defaults = {"learning_rate": learning_rate, **options, "weight_decay": weight_decay}
        self.groups = groups_of(type(self).__name__, parameters, defaults, self.at_most)
        self.parameters: list[Value] = [w for group in self.groups for w in group["parameters"]]
        # Zeros of the parameter's precision: np.sqrt of a Python 0.0 would turn float32 into float64.
        self.memory: list[tuple[Any, ...]] = [
            tuple(0.0 if name == "steps" else w.dtype.type(0) for name in self.remembers) for w in self.parameters
        ]
        self._updates: dict[int, Update] = {}

    @property
    def learning_rate(self) -> float:
        """µ of all parameters; assign it between steps, for all groups or in `groups[i]` for one.

        Raises:
            ValueError: on reading, the groups' rates differ; on writing, not a finite number ≥ 0.
        """
        rates = {group["learning_rate"] for group in self.groups}
        if len(rates) > 1:
            raise ValueError(
                f"{type(self).__name__}: the groups' learning rates differ; read groups[i]['learning_rate']"
            )
        return float(rates.pop())

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        real = number(type(self).__name__, "learning_rate", rate)
        for group in self.groups:
            group["learning_rate"] = real

    def update(self, g: Any, *memory: Any, **options: float) -> tuple[Any, ...]:
        """One parameter's update and what to remember of it, (Δw, *memory); every subclass defines its own.

        `g`: the gradient, an array or a number of the parameter's shape and dtype. Neither it nor the
        memory may be written to. The options, `learning_rate` among them, come by name.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no rule: define `def update(self, g, learning_rate)` in its class"
        )

    def step(self) -> None:
        """Update all parameters that have a gradient; the others, and their memory, stay.

        All updates are computed before any is made, and then made at once: after an error or an
        interrupt, wherever it comes, parameters and memory are as they were, or as after the step.

        Raises:
            ShapeError: a gradient or an update has another shape than its parameter.
            FloatingPointError: a gradient is not finite, or an update overflows; the message names
                the parameter.
            ValueError: an option assigned since the last step is out of its range.
        """
        memory, changes, updates = self.memory.copy(), [], {}
        for i, w, options, g, (delta, decay, memory[i], after) in self._changes([w.grad for w in self.parameters]):
            changes.append((w, after))
            if self.explain:
                updates[i] = self._told(i, w, options, g, delta, decay, memory[i], after)
        remembering = (assign, self, "memory", memory), (assign, self, "_updates", updates)
        at_once(chain(new_data(changes), remembering))()

    def preview(self, gradients: Mapping[Value, Any]) -> list[Update]:
        """What `step()` would do if the parameters had these gradients; nothing is changed.

        Args:
            gradients: a number or array of the parameter's shape by parameter; those without one are
                left out.

        Raises:
            ValueError: a gradient is given for what is none of the parameters.
            the errors of `step`.

        >>> from autograd_mini import optim
        >>> w = Value(2.0, name="w")
        >>> [update] = optim.SGD([w], learning_rate=0.5).preview({w: 3.0})
        >>> print(update.before, update.delta, update.after, w.data)
        2.0 -1.5 0.5 2.0
        """
        if not isinstance(gradients, Mapping):
            raise TypeError(f"{type(self).__name__}: preview: expected parameters -> gradients, got {shown(gradients)}")
        own = set(self.parameters)
        for w in gradients:
            if w not in own:
                raise ValueError(f"{type(self).__name__}: preview: {w!r:.60} is not one of its parameters")
        found = self._changes([gradients.get(w) for w in self.parameters])
        return [self._told(i, w, options, g, *change) for i, w, options, g, change in found]

    def last_update(self, parameter: Value) -> Update:
        """What the last step did to a parameter, to be printed or checked by hand.

        Raises:
            ValueError: the optimizer was not asked to remember it (`explain = True` before the step),
                the parameter is not one of its own or had no gradient.

        >>> from autograd_mini import optim
        >>> w = Value(2.0, name="w")
        >>> optimizer = optim.Momentum([w], learning_rate=0.25, momentum=0.5, weight_decay=0.5)
        >>> optimizer.explain = True
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> last = optimizer.last_update(w)
        >>> print(f"Δw = {last.delta}, of which decay {last.decay}; {last.before} -> {last.after}")
        Δw = -1.25, of which decay -0.25; 2.0 -> 0.75
        """
        for i, w in enumerate(self.parameters):
            if w is parameter:
                if i in self._updates:
                    return self._updates[i]
                why = "had no gradient in the last step" if self._updates else "has no update on record"
                raise ValueError(
                    f"{type(self).__name__}: {name_of(w, i)} {why}; set `optimizer.explain = True` before step()"
                )
        raise ValueError(f"{type(self).__name__}: {parameter!r:.60} is not one of its parameters")

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward() starts afresh."""
        at_once([(assign, w, "grad", None) for w in self.parameters])()

    # -- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Copies of all that a later step depends on, besides the parameters: names -> numbers, arrays, a text.

        It can be saved with `np.savez(file, **state)`, and `np.load(file)` can be loaded.

        >>> from autograd_mini import optim
        >>> optim.Momentum([Value(0.0)], learning_rate=0.1).state_dict()
        {'optimizer': 'Momentum', 'group.0.parameters': 1, 'group.0.learning_rate': 0.1, 'group.0.momentum': 0.9, \
'group.0.weight_decay': 0.0, 'memory.0.previous': 0.0}
        """
        state = summary_of(type(self).__name__, self.groups)
        for i, remembered in enumerate(self.memory):
            for name, numbers in zip(self.remembers, remembered, strict=True):
                state[f"memory.{i}.{name}"] = numbers.copy() if np.ndim(numbers) else float(numbers)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the options and the memory of an optimizer of the same kind and the same parameters.

        With the parameters loaded too (`model.load_state_dict`), training goes on bit for bit.

        Raises:
            ValueError: another kind of optimizer, entries that are missing, unexpected, of another
                shape or not finite. The message lists all of them, and nothing has changed.
            TypeError: `state` is not a mapping.
        """
        owner = type(self).__name__
        options, memory = checked_state(owner, self.groups, self.parameters, self.remembers, self.at_most, state)
        calls = [(dict.update, group, loaded) for group, loaded in zip(self.groups, options, strict=True)]
        at_once([*calls, (assign, self, "memory", memory), (assign, self, "_updates", {})])()

    def __repr__(self) -> str:
        rates = list(dict.fromkeys(group["learning_rate"] for group in self.groups))
        count, rate = len(self.parameters), rates[0] if len(rates) == 1 else rates
        return f"{type(self).__name__}({count} parameters, learning_rate={rate})"

    # -- one parameter -----------------------------------------------------------------------------

    def _in_order(self) -> Iterator[tuple[int, Value, dict[str, float]]]:
        """Each parameter with its position and its group's options, checked: they may have been assigned."""
        i, owner = 0, type(self).__name__
        for group in self.groups:
            options = {k: number(owner, k, v, self.at_most.get(k)) for k, v in group.items() if k != "parameters"}
            for w in group["parameters"]:
                yield i, w, options
                i += 1

    def _changes(self, gradients: list[Any]) -> list[tuple[int, Value, dict[str, float], Any, tuple]]:
        """For each parameter that has a gradient: its position, options, gradient, and `_change`."""
        # In a copied context, for Ctrl-C may break off np.errstate, which would then stay switched on.
        return copy_context().run(list, self._each_change(gradients))

    def _each_change(self, gradients: list[Any]) -> Iterator[tuple[int, Value, dict[str, float], Any, tuple]]:
        for i, w, options in self._in_order():
            if gradients[i] is None:
                continue
            g = self._gradient(w, i, gradients[i])
            try:
                # A square that overflows would make every later step 0; NumPy's default is a warning.
                with np.errstate(over="raise", divide="raise", invalid="raise"):
                    change = self._change(i, w, g, options)
            except FloatingPointError as error:
                raise FloatingPointError(
                    f"{type(self).__name__}: the update of {name_of(w, i)}: {error}; no parameter was changed. "
                    f"Its largest gradient is {np.max(np.abs(g)):.3g}: clip it, or scale the loss"
                ) from None
            yield i, w, options, g, change

    def _told(
        self, i: int, w: Value, options: dict[str, float], g: Any, delta: Any, decay: Any, memory: tuple, after: Any
    ) -> Update:
        now, before = (dict(zip(self.remembers, m, strict=True)) for m in (memory, self.memory[i]))
        after = after.copy() if np.ndim(after) else after  # the array itself becomes the weight
        return Update(w, w.data, np.array(g)[()], delta, decay, now, after, before, options)

    def _change(self, i: int, w: Value, g: Any, options: dict[str, float]) -> tuple[Any, Any, tuple[Any, ...], Any]:
        """Δw, its decay part, the new memory and the new weight."""
        options = options.copy()
        shrink = options["learning_rate"] * options.pop("weight_decay")
        delta, *remembered = self.update(g, *self.memory[i], **options)
        delta = self._like(w, i, delta, "update")
        decay = -shrink * w.data if shrink else 0.0
        delta = delta + decay if shrink else delta
        if len(remembered) != len(self.remembers):
            raise ValueError(
                f"{type(self).__name__}: update gave {len(remembered)} things to remember, "
                f"`remembers` names {len(self.remembers)}: {self.remembers}"
            )
        after = w.data + delta
        return delta, decay, tuple(remembered), float(after) if type(w.data) is float else after

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
