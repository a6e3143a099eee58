"""Write an optimizer as its formula: `Optimizer` does everything else, and all or nothing.

Names as in the lecture: `w` a parameter, `g` its gradient ∂E/∂w, µ the learning rate, Δw (`delta`)
the update.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import Context, copy_context
from itertools import repeat
from operator import is_
from typing import Any

import numpy as np

from autograd_mini.at_once import assign, at_once, exhaust, setting, setting_data
from autograd_mini.optim.blocks import Block, Held, blocks_of, joined_memory
from autograd_mini.optim.groups import groups_of, name_of, number
from autograd_mini.optim.rule import Change, Memory, Rule
from autograd_mini.optim.state import checked_state, summary_of
from autograd_mini.optim.update import Update
from autograd_mini.value import Value
from autograd_mini.visible import shown

Parameters = Iterable[Value] | Iterable[dict[str, Any]]

#: A square that overflows would make every later step 0; NumPy's default is a warning.
SETTINGS: dict[str, Any] = {"over": "raise", "divide": "raise", "invalid": "raise", "under": "ignore"}
#: Settings belong to a context: a copy of this one is entered in a twentieth of the time of np.errstate.
_with_settings = Context()
_with_settings.run(np.seterr, **SETTINGS)


class Optimizer(Rule):
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

    explain: bool = False

    def _memory_apart(self) -> list[Memory]:
        held = self._memory
        return held.apart(self.remembers) if type(held) is Held else held

    memory = property(_memory_apart, Rule._memory.__set__)  # type: ignore[misc]

    def __init__(
        self, parameters: Parameters, learning_rate: float, weight_decay: float = 0.0, **options: float
    ) -> None:
        defaults = {"learning_rate": learning_rate, **options, "weight_decay": weight_decay}
        self.groups = groups_of(type(self).__name__, parameters, defaults, self.at_most)
        self.parameters: list[Value] = [w for group in self.groups for w in group["parameters"]]
        # Zeros of the parameter's precision: np.sqrt of a Python 0.0 would turn float32 into float64.
        self.memory = [
            tuple(0.0 if name == "steps" else w.dtype.type(0) for name in self.remembers) for w in self.parameters
        ]
        self._updates: dict[int, Update] = {}
        self._arranged: tuple[list[Block], list[Value]] | None = None
        self._checked: list[tuple[list[Any], tuple]] = [([], ())] * len(self.groups)

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
        changes = None if self.explain else self._in_blocks()
        exhaust(*(self._one_by_one() if changes is None else changes))

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
        return [self._told(w, options, g, memory, change) for _, w, options, g, memory, change in found]

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
        exhaust(setting(self.parameters, "grad", repeat(None)))

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

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "memory": self.memory, "_arranged": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, item in state.items():
            assign(self, name, item)

    def __repr__(self) -> str:
        rates = list(dict.fromkeys(group["learning_rate"] for group in self.groups))
        count, rate = len(self.parameters), rates[0] if len(rates) == 1 else rates
        return f"{type(self).__name__}({count} parameters, learning_rate={rate})"

    def _options(self, k: int) -> tuple[dict[str, float], float, dict[str, float]]:
        """The options of the k-th group, checked, for they may have been assigned: `update`'s, µ λ, and all."""
        group, (known, options) = self.groups[k], self._checked[k]
        if len(group) != len(known) or not all(map(is_, group.values(), known)):
            owner = type(self).__name__
            every = {k: number(owner, k, n, self.at_most.get(k)) for k, n in group.items() if k != "parameters"}
            own = every.copy()
            options = own, own["learning_rate"] * own.pop("weight_decay"), every
            # Floats alone are known again: an array of one number, say, may change in place.
            self._checked[k] = [every.get(name, n) for name, n in group.items()], options
        return options

    # -- a step: iterators which change the parameters and the optimizer, when they are exhausted -----

    def _in_blocks(self) -> list[Iterator[Any]] | None:
        """The step for many parameters at once; None where they must be looked at one by one."""
        if not getattr(self.update, "elementwise", False):
            return None
        changes = None
        held = self._memory
        # Memory given apart, by a step that was explained or by load_state_dict, may have other counts of steps.
        if self._arranged is not None and (
            not self.remembers or (type(held) is Held and held.blocks is self._arranged[0])
        ):
            changes = _with_settings.copy().run(self._changes_of, *self._arranged)
        if changes is None:  # perhaps something has a gradient now that had none, or the other way round
            self._arranged = blocks_of(self.groups, self.remembers, self.memory)
            if self._arranged is not None:
                changes = _with_settings.copy().run(self._changes_of, *self._arranged)
        return changes

    def _changes_of(self, blocks: list[Block], idle: list[Value]) -> list[Iterator[Any]] | None:
        for w in idle:
            if w.grad is not None:
                return None
        held = self._memory if type(self._memory) is Held and self._memory.blocks is blocks else None
        memory = self.memory if held is None else held.others
        checked = [self._options(k) for k in range(len(self.groups))]
        changes: list[Iterator[Any]] = []
        flat = []
        for k, block in enumerate(blocks):
            options, shrink, _ = checked[block.group]
            before = joined_memory(block, self.remembers, memory) if held is None else held.flat[k]
            try:
                change = block.change(self.update, before, options, shrink)
            except FloatingPointError:
                return None
            if change is None:
                return None
            changes += setting_data(block.values, change[0])
            flat.append(change[1])
        if self.remembers:
            changes.append(map(assign, [self], ["_memory"], [Held(blocks, flat, memory)]))
        if self._updates:
            changes.append(map(assign, [self], ["_updates"], [{}]))
        return changes

    def _one_by_one(self) -> list[Iterator[Any]]:
        values, numbers, memory, updates = [], [], self.memory.copy(), {}
        for i, w, options, g, before, change in self._changes([w.grad for w in self.parameters]):
            values.append(w)
            numbers.append(change.after)
            memory[i] = change.memory
            if self.explain:
                updates[i] = self._told(w, options, g, before, change)
        own = map(assign, [self, self], ["memory", "_updates"], [memory, updates])
        return [*setting_data(values, numbers), own]

    def _in_order(self) -> Iterator[tuple[int, Value, dict[str, float]]]:
        """Each parameter with its position and its group's options."""
        i = 0
        for k, group in enumerate(self.groups):
            options = self._options(k)[2].copy()
            for w in group["parameters"]:
                yield i, w, options
                i += 1

    def _changes(self, gradients: list[Any]) -> list[tuple[int, Value, dict[str, float], Any, Memory, Change]]:
        """For each parameter that has a gradient: its position, options, gradient, memory, and what a step changes."""
        memory = self.memory
        given = [
            (i, w, options, self._gradient(w, i, gradients[i]), memory[i])
            for i, w, options in self._in_order()
            if gradients[i] is not None
        ]
        # In a copied context, for Ctrl-C may break off np.errstate, which would then stay switched on.
        return copy_context().run(list, self._each_change(given))

    def _each_change(self, given: list[tuple]) -> Iterator[tuple]:
        np.seterr(**SETTINGS)
        for i, w, options, g, memory in given:
            try:
                change = self._change(i, w, g, options, memory)
            except FloatingPointError as error:
                raise FloatingPointError(
                    f"{type(self).__name__}: the update of {name_of(w, i)}: {error}; no parameter was changed. "
                    f"Its largest gradient is {np.max(np.abs(g)):.3g}: clip it, or scale the loss"
                ) from None
            yield i, w, options, g, memory, change

    def _told(self, w: Value, options: dict[str, float], g: Any, memory: Memory, change: Change) -> Update:
        now, before = (dict(zip(self.remembers, m, strict=True)) for m in (change.memory, memory))
        after = change.after.copy() if np.ndim(change.after) else change.after  # the array itself becomes the weight
        return Update(w, w.data, np.array(g)[()], change.delta, change.decay, now, after, before, options)
