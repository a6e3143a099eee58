"""Tell which module call made which node of a graph, from the ages of the nodes alone.

A call notes on its output the age at which it began (see `notes`). What is younger than that and not
younger than the output was made by the call; calls nest, so the shortest such span is the innermost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from autograd_mini.notes import Call, calls_of
from autograd_mini.value import Value

if TYPE_CHECKING:
    from autograd_mini.explain.graph_data import Node


@dataclass(frozen=True)
class Scope:
    """One call of a module."""

    path: str
    """Names the call: "hidden", and "hidden (2)" for a second call of the same module."""
    module: str
    """The module's path below the outermost one, or its class if it is that itself. Of a second model whose modules
    would have the same paths, "Sequential_2" and "Sequential_2.0"."""
    call: int
    """1 for the first call, 2 for the second …"""
    kind: str
    """The module's class."""
    parent: str | None
    """The path of the call in which this one happened."""

    @property
    def label(self) -> str:
        """What a picture writes above the group: "hidden: Linear"."""
        return self.path if self.module == self.kind else f"{self.path}: {self.kind}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Span:
    start: int
    end: int
    call: Call
    parent: _Span | None

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else 1 + self.parent.depth


def assign_scopes(nodes: list[Node]) -> list[Scope]:
    """Set every node's `scope`; returns the scopes, each behind the one it lies in.

    A parameter belongs to the innermost module that owns it, a constant to the node that uses it.
    """
    spans = _nested(nodes)
    scopes = _named(spans)
    owners = _owners(spans)
    starts = [span.start for span in spans]
    for node in nodes:
        if node.age is not None and node.inputs:
            span = _innermost(spans, starts, node.age)
            node.scope = None if span is None else scopes[span].path
            for i in node.inputs:
                if nodes[i].age is None:
                    nodes[i].scope = node.scope
        elif node.value in owners:
            node.scope = scopes[owners[node.value]].path
    return list(scopes.values())


def _nested(nodes: list[Node]) -> list[_Span]:
    """The calls by their start, each told in which other it lies."""
    ends: dict[int, tuple[int, Call]] = {}  # by the start: a call with two results ends with the younger one
    for node in nodes:
        if node.value is not None and node.age is not None:
            for call in calls_of(node.value):
                ends[call.start] = (node.age, call)
    spans: list[_Span] = []
    for start, (end, call) in sorted(ends.items()):
        outer = spans[-1] if spans else None
        while outer is not None and outer.end < end:
            outer = outer.parent
        spans.append(_Span(start, end, call, outer))
    return spans


def _owners(spans: list[_Span]) -> dict[Value, _Span]:
    """The innermost module that owns a parameter, in the first of its calls."""
    owners: dict[Value, _Span] = {}
    for span in sorted(spans, key=lambda span: -span.depth):  # sorting keeps the order of calls
        for parameter in span.call.module.parameters(include_frozen=True):
            owners.setdefault(parameter, span)
    return owners


def _innermost(spans: list[_Span], starts: list[int], age: int) -> _Span | None:
    i = bisect_right(starts, age) - 1
    span = spans[i] if i >= 0 else None
    while span is not None and span.end < age:
        span = span.parent
    return span


def _named(spans: list[_Span]) -> dict[_Span, Scope]:
    scopes: dict[_Span, Scope] = {}
    calls: Counter[int] = Counter()
    paths: dict[int, str] = {}  # of each module, by its id; every path is given once
    for span in spans:
        module = span.call.module
        if id(module) not in paths:
            root = span
            while root.parent is not None:
                root = root.parent
            _give_paths(root.call.module, paths)
        path = paths.get(id(module)) or _unused(type(module).__name__, paths)  # one made on the way has no path
        paths[id(module)] = path
        calls[id(module)] += 1
        number = calls[id(module)]
        scopes[span] = Scope(
            path=path if number == 1 else f"{path} ({number})",
            module=path,
            call=number,
            kind=type(module).__name__,
            parent=None if span.parent is None else scopes[span.parent].path,
        )
    return scopes


def _give_paths(outermost: Any, paths: dict[int, str]) -> None:
    """A path for each module inside: below the outermost one, or from its class on where that is taken."""
    whole = _unused(type(outermost).__name__, paths)
    taken = set(paths.values())
    for path, module in outermost.named_modules():
        own = whole if not path else path if path not in taken else f"{whole}.{path}"
        paths.setdefault(id(module), own)


def _unused(name: str, paths: dict[int, str]) -> str:
    taken = set(paths.values())
    return next(n for n in chain([name], (f"{name}_{i}" for i in count(2))) if n not in taken)
