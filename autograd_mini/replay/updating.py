"""Record an optimizer's step: its own `update` runs on traced gradients, memory and options.

Many small parameters are updated as one array, where the rule works element by element: NumPy takes as long to begin
as it takes for hundreds of numbers.

>>> flat = joined(np.array([[1.0, 2.0]]), np.array([3.0]))
>>> flat, part(flat, 0, 2, (1, 2))
(array([1., 2., 3.]), array([[1., 2.]]))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextvars import copy_context
from itertools import accumulate
from typing import Any

import numpy as np

from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.replay.trace import CannotReplay, Trace, Var
from autograd_mini.replay.traced import Traced
from autograd_mini.value import Value

#: Larger arrays stay by themselves: to copy them together would cost more than it saves.
MOST = 4096

Updates = list[tuple[int, Value, Var, tuple[Var, ...]]]


def joined(*arrays: Any) -> np.ndarray:
    """All numbers one after the other, to be read."""
    try:
        return np.frombuffer(b"".join(arrays), arrays[0].dtype)  # in a quarter of the time of np.concatenate
    except (TypeError, BufferError):  # the axes of one lie in another order
        return np.concatenate([array.ravel() for array in arrays])


def part(flat: np.ndarray, start: int, stop: int, shape: tuple[int, ...]) -> np.ndarray:
    """Some of the numbers, in their shape; nobody else's, if each is asked for once."""
    return flat[start:stop].reshape(shape)


def recorded_updates(trace: Trace, optimizer: Optimizer, gradients: dict[int, Var]) -> Updates:
    """What a step makes of the parameters that have a gradient (by id): position, parameter, its new number, memory."""
    memory = [
        tuple(
            Traced(trace, trace.given("memory", number, i, k, label=optimizer.remembers[k]))
            for k, number in enumerate(_shaped(w, remembered, optimizer))
        )
        for i, (w, remembered) in enumerate(zip(optimizer.parameters, optimizer.memory, strict=True))
    ]
    options = [
        {
            name: Traced(trace, trace.given("option", float(number), k, name, label=name))
            for name, number in group.items()
            if name != "parameters"
        }
        for k, group in enumerate(optimizer.groups)
    ]
    before, found = optimizer.memory, []
    try:
        optimizer.memory = memory
        for k, together in _blocks(optimizer, gradients):
            change = copy_context().run(_changed, trace, optimizer, together, options[k], gradients)
            found += _named(trace, optimizer, together, change)
    finally:
        optimizer.memory = before
    return sorted(found, key=lambda update: update[0])


def _shaped(w: Value, remembered: tuple, optimizer: Optimizer) -> list[Any]:
    """The memory before the first step is one zero, later an array: the program takes it as it is later."""
    return [
        np.zeros(w.shape, w.dtype) if name != "steps" and w.shape and not np.ndim(number) else number
        for name, number in zip(optimizer.remembers, remembered, strict=True)
    ]


def _blocks(optimizer: Optimizer, gradients: dict[int, Var]) -> Iterator[tuple[int, list[int]]]:
    """Each group's number with the positions of parameters that are updated together."""
    many: dict[Any, list[int]] = {}
    i = 0
    for k, group in enumerate(optimizer.groups):
        for w in group["parameters"]:
            if id(w) in gradients:
                small = 0 < w.size <= MOST and w.ndim > 0 and getattr(optimizer.update, "elementwise", False)
                many.setdefault((k, w.dtype) if small else (k, i), []).append(i)
            i += 1
    return ((key[0], positions) for key, positions in many.items())


def _changed(
    trace: Trace, optimizer: Optimizer, together: Sequence[int], options: dict[str, Any], gradients: dict[int, Var]
) -> list[list[Any]]:
    """For each of the parameters what it becomes, and what is remembered of it."""
    values = [optimizer.parameters[i] for i in together]
    grads = [optimizer._gradient(w, i, Traced(trace, gradients[id(w)])) for i, w in zip(together, values, strict=True)]
    np.seterr(over="raise", divide="raise", invalid="raise")
    first, one = together[0], values[0]
    try:
        if len(together) == 1:
            _, _, remembered, after = optimizer._change(first, one, grads[0], options)
            return [[after, *remembered]]
        one = Value(0.0, one.name)  # stands for all of them
        one._data = _joined(trace, [w._data for w in values])
        own = optimizer.memory[first]
        memories = zip(optimizer.remembers, zip(*(optimizer.memory[i] for i in together), strict=True), strict=False)
        optimizer.memory[first] = tuple(_together(trace, name, numbers) for name, numbers in memories)
        _, _, remembered, after = optimizer._change(first, one, _joined(trace, grads), options)
        optimizer.memory[first] = own
    except FloatingPointError:
        raise CannotReplay from None
    ends = list(accumulate(w.size for w in values))
    return [
        [x if not np.ndim(x) else x.made(part, (x, end - w.size, end, w.shape)) for x in (after, *remembered)]
        for end, w in zip(ends, values, strict=True)
    ]


def _joined(trace: Trace, arrays: Sequence[Any]) -> Traced:
    vars_ = [x.symbol if type(x) is Traced else trace.given("constant", x) for x in arrays]
    return Traced(trace, trace.call(joined, tuple(vars_)))


def _together(trace: Trace, name: str, numbers: Sequence[Any]) -> Any:
    if name != "steps":
        return _joined(trace, numbers)
    for number in numbers[1:]:
        if number != numbers[0]:
            raise CannotReplay
    return numbers[0]


def _named(trace: Trace, optimizer: Optimizer, together: Sequence[int], changes: list[list[Any]]) -> Updates:
    found = []
    for i, change in zip(together, changes, strict=True):
        w = optimizer.parameters[i]
        vars_ = [x.symbol if type(x) is Traced else trace.given("constant", x) for x in change]
        for name, var in zip(("", *(f"{name}_" for name in optimizer.remembers)), vars_, strict=True):
            var.label = var.label or f"new_{name}{w.name or 'w'}"
        found.append((i, w, vars_[0], tuple(vars_[1:])))
    return found
