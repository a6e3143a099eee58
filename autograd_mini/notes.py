"""Note where Values came from: the module call that returned one, the line of your code that made one.

Nothing is noted on the way of an ordinary operation: a call of a module notes itself on its output
alone (the ages tell which other nodes it made), and lines of code only inside `record_sources`.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from autograd_mini.modes import Blocks, inside, listed
from autograd_mini.value import Value, recording_hooks
from autograd_mini.visible import visible


class Source(NamedTuple):
    """A line of code."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return visible(f"{self.file}:{self.line}: {self.text}" if self.text else f"{self.file}:{self.line}")


class Call(NamedTuple):
    """One call of a module: it made what is younger than `start`, up to the output that carries the note."""

    start: int
    module: Any
    """Kept alive, so that the graph of `nn.MLP(...)(x)` still knows its layers. (A module that keeps its own output
    makes a cycle with it: those two are freed by the collector.)"""


def calls_of(value: Value) -> list[Call]:
    """The module calls that returned this Value, the innermost first."""
    return [note for note in notes_of(value) if type(note) is Call]


def source_of(value: Value) -> Source | None:
    """The line of code that computed it, if that was recorded."""
    return next((note for note in notes_of(value) if type(note) is Source), None)


def notes_of(value: Value) -> tuple[Any, ...]:
    return getattr(value, "notes", ())  # the slot stays empty on nearly every node


def add_note(value: Value, note: Any) -> None:
    value.notes = (*notes_of(value), note)


def note_call(output: Any, start: int, module: Any) -> None:
    """Note on a module's output, or on all in it, that the call which began at age `start` made it."""
    if type(output) is Value:
        if output.age > start and output._x is not None:
            add_note(output, Call(start, module))
    elif isinstance(output, tuple | list):
        for item in output:
            note_call(item, start, module)
    elif isinstance(output, dict):
        note_call(list(output.values()), start, module)


#: The `record_sources` blocks that the running thread and task is inside of.
_blocks: Blocks = ContextVar("autograd_mini.sources_blocks", default=frozenset())


@contextmanager
def record_sources() -> Iterator[None]:
    """Note on every Value computed inside the block the line of your code that computed it.

    The setting belongs to the running thread and asyncio task. `ag.graph(v)` tells the line as `node.source`,
    pictures and traces show it. It costs about a microsecond per operation, so it is off by default.

    >>> import autograd_mini as ag
    >>> with ag.record_sources():
    ...     y = ag.Value(3.0) ** 2
    >>> ag.graph(y).output.source is None
    False
    """
    with inside(_blocks), listed(recording_hooks, _note_source):
        yield


def _note_source(node: Value, inputs: tuple) -> None:
    if not _blocks.get() or source_of(node) is not None:  # another thread's node; a block within a block
        return
    add_note(node, user_line())


def user_line() -> Source:
    """The line of the user's code that led to here."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    return Source(file, line, linecache.getline(file, line).strip())


def _is_ours(module: str) -> bool:
    package, _, rest = module.partition(".")
    # The lecture's networks are written as any user would write them.
    return package in ("autograd_mini", "numpy") and not rest.startswith("lecture")
