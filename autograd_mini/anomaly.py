"""Find where the first nan or inf came from, and which array was written into too early.

>>> import numpy as np, autograd_mini as ag
>>> x = ag.Value([4.0, 0.0], name="x")
>>> with ag.anomaly():  # doctest: +ELLIPSIS
...     y = np.sqrt(x)
...     np.sum(y).backward()
Traceback (most recent call last):
    ...
autograd_mini.errors.AnomalyError: backward through sqrt made the first inf: upstream 1.0 · local derivative inf, \
where x[1] = 0.0 (...)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.backprop import Step, step_watchers
from autograd_mini.errors import AnomalyError, GraphError, describe
from autograd_mini.modes import Blocks, inside, listed
from autograd_mini.notes import add_note, notes_of, record_sources, source_of
from autograd_mini.numbers import constant
from autograd_mini.value import Value, recording_hooks

#: The `anomaly` blocks that the running thread and task is inside of.
_blocks: Blocks = ContextVar("autograd_mini.anomaly_blocks", default=frozenset())


class Fingerprints(NamedTuple):
    """What the numbers of an operation's operands were when it was recorded."""

    of_inputs: tuple[int | None, ...]


@contextmanager
def anomaly() -> Iterator[None]:
    """Inside the block, raise at the first operation that makes a nan or inf, forward or backward.

    The error names the operation, its operands with their numbers at that place, and your line of
    code. A nan or inf that came in with the data is not an operation's doing and passes, so that a
    mask of −inf may be used. Backward passes inside the block also see writes into arrays that
    nothing else can see (`w.data[0] = 1`, a batch's buffer filled anew) between recording and
    `backward()`: the operands of each operation recorded in the block are compared with what they were.

    The setting belongs to the running thread and asyncio task. It makes every operation several
    times slower: a tool for the search, not for training.

    Raises:
        AnomalyError: (a FloatingPointError) an operation or its derivative made a nan or inf.
        GraphError: an operand's numbers changed before the backward pass needed them.

    >>> import autograd_mini as ag
    >>> x = ag.Value(0.0, name="x")
    >>> with ag.anomaly():  # doctest: +ELLIPSIS
    ...     y = 1 / x
    Traceback (most recent call last):
        ...
    autograd_mini.errors.AnomalyError: divide made the first inf of 1 and x = 0.0 (...)
    """
    watching = listed(recording_hooks, _watch_node), listed(step_watchers, _watch_steps)
    # An error instead of NumPy's warning.
    with inside(_blocks), record_sources(), np.errstate(all="ignore"), watching[0], watching[1]:
        yield


def _watch_node(node: Value, inputs: tuple) -> None:
    if not _blocks.get() or node.op is None:  # another thread's node
        return
    numbers = node._data
    what = _newly_made(numbers, *map(constant, inputs))
    if what:
        place = _first(what, numbers) if node.op.elementwise else None
        raise AnomalyError(f"{node.op.name} made the first {what} of {_shown(inputs, place)}{_line(node)}")
    if node.inputs:
        add_note(node, Fingerprints(tuple(map(_fingerprint, inputs))))


def _watch_steps(steps: Iterator[Step]) -> Iterator[Step]:
    blocks = _blocks.get()
    while True:
        # What a recorded pass computes on the way is judged by the step it leads to: an infinite local derivative
        # is harmless where the upstream is 0.
        try:
            _blocks.set(frozenset())
            step = next(steps, None)
        finally:
            _blocks.set(blocks)
        if step is None:
            return
        if blocks:
            _judge(step)
        yield step


def _judge(step: Step) -> None:
    node, op = step.node, step.node.op
    assert op is not None  # a step leads from an operation to its input
    for note in notes_of(node):
        if type(note) is Fingerprints:
            _compare(node, note)
    upstream, product = constant(step.upstream), constant(step.product)
    what = _newly_made(product, upstream)
    if what:
        place = _first(what, product)
        if step.local is None:
            how = f"where {_shown((step.input,), place)}"
        else:
            local = constant(step.local)
            how = f"upstream {_at(upstream, place)} · local derivative {_at(local, place)}, "
            how += f"where {_shown(node.inputs if op.elementwise else (step.input,), place)}"
        raise AnomalyError(f"backward through {op.name} made the first {what}: {how}{_line(node)}")
    what = _newly_made(constant(step.after), product, *([] if step.before is None else [constant(step.before)]))
    if what:
        raise AnomalyError(
            f"backward through {op.name} made the first {what}: what arrived at {describe(step.input)} adds up to it"
            f"{_line(node)}"
        )


def _newly_made(made: Any, *origins: Any) -> str:
    """'nan' or 'inf' where the numbers hold it and none of those they came from can be blamed, else ''."""
    if np.all(np.isfinite(made)):
        return ""
    if np.any(np.isnan(made)):
        return "" if any(np.any(np.isnan(x)) for x in origins) else "nan"
    return "inf" if all(np.all(np.isfinite(x)) for x in origins) else ""


def _first(what: str, numbers: Any) -> tuple[int, ...]:
    """The index of the first nan or inf."""
    return tuple(np.argwhere(np.isnan(numbers) if what == "nan" else np.isinf(numbers))[0].tolist())


def _at(numbers: Any, place: tuple[int, ...]) -> Any:
    """The number that stands at this place once broadcast."""
    own = place[len(place) - np.ndim(numbers) :]
    return np.asarray(numbers)[tuple(i if n > 1 else 0 for i, n in zip(own, np.shape(numbers), strict=True))].item()


def _shown(operands: tuple, place: tuple[int, ...] | None) -> str:
    """The operands with their numbers: at one place, or their range."""
    shown = []
    for x in operands:
        numbers, name = constant(x), getattr(x, "name", None)
        if np.ndim(numbers) and place is None:
            span = f" between {np.min(numbers)} and {np.max(numbers)}" if np.size(numbers) else ""
            shown.append(describe(x) + span)
        elif np.ndim(numbers):
            index = ", ".join(map(str, place[len(place) - np.ndim(numbers) :]))  # type: ignore[index, arg-type]
            shown.append(f"{name or 'array'}[{index}] = {_at(numbers, place)}")  # type: ignore[arg-type]
        else:
            shown.append(f"{name} = {numbers}" if name else str(numbers))
    return " and ".join(shown)


def _line(node: Value) -> str:
    return f" ({source_of(node)})"


def _fingerprint(x: Any) -> int | None:
    """None for a number, which cannot be written into."""
    numbers = constant(x)
    return hash((numbers.shape, numbers.tobytes())) if np.ndim(numbers) else None


def _compare(node: Value, then: Fingerprints) -> None:
    for x, fingerprint in zip(node.inputs, then.of_inputs, strict=True):
        if _fingerprint(x) != fingerprint:
            raise GraphError(
                f"the numbers of {describe(x)} were written into after {node.op.name} had used them{_line(node)}: "  # type: ignore[union-attr]
                "the gradient would mix old and new numbers. Call backward() first, or write into a copy"
            )
