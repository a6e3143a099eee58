"""Note where Values came from: the module call that returned one, the line of your code that made one.

Nothing is noted on the way of an ordinary operation: a call of a module notes itself on its output
alone (the ages tell which other nodes it made), and lines of code only inside `record_sources`.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from autograd_mini.value import Value, recording_hooks


class Source(NamedTuple):
    """A line of code."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.text else f"{self.file}:{self.line}"


class Call(NamedTuple):
    """One call of a module: it made what is younger than `start`, up to the output that carries the note."""

    start: int
    module: Any
    """Kept alive, so that the graph of `nn.MLP(...)(x)` still knows its layers. (A module that keeps its own output
    makes a cycle with it: those two are freed by the collector.)"""


def calls_of(value: Value) -> list[Call]:
    """The module calls that returned this Value, the innermost first."""
    return [note for note in _notes(value) if type(note) is Call]


def source_of(value: Value) -> Source | None:
    """The line of code that computed it, if that was recorded."""
    return next((note for note in _notes(value) if type(note) is Source), None)


def _notes(value: Value) -> tuple[Any, ...]:
    return getattr(value, "notes", ())  # the slot stays empty on nearly every node


def _note(value: Value, note: Any) -> None:
    value.notes = (*_notes(value), note)


def note_call(output: Any, start: int, module: Any) -> None:
    """Note on a module's output (a Value, or a tuple of them) that the call which began at age `start` made it."""
    if type(output) is Value:
        if output.age > start and output.inputs:
            _note(output, Call(start, module))
    elif type(output) is tuple:
        for item in output:
            note_call(item, start, module)


@contextmanager
def record_sources() -> Iterator[None]:
    """Note on every Value computed inside the block the line of your code that computed it.

    `ag.graph(v)` tells it as `node.source`, pictures and traces show it. It costs about a microsecond
    per operation, so it is off by default.

    >>> import autograd_mini as ag
    >>> with ag.record_sources():
    ...     y = ag.Value(3.0) ** 2
    >>> ag.graph(y).output.source is None
    False
    """
    recording_hooks.append(_note_source)
    try:
        yield
    finally:
        recording_hooks.remove(_note_source)


def _note_source(node: Value) -> None:
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    _note(node, Source(file, line, linecache.getline(file, line).strip()))


def _is_ours(module: str) -> bool:
    package, _, rest = module.partition(".")
    # The lecture's networks are written as any user would write them.
    return package in ("autograd_mini", "numpy") and not rest.startswith("lecture")
