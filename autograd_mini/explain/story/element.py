"""Follow one entry of an array through a trace: what it was used for, and where its gradient came from.

The slopes between entries are the engine's own: forward mode along one entry tells how every entry of
a result depends on it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.explain.formulas.notation import number
from autograd_mini.explain.graph_data import Node
from autograd_mini.explain.story.steps import BackwardStep, UpdateStep
from autograd_mini.explain.story.updates import update_lines
from autograd_mini.transforms import jvp
from autograd_mini.visible import visible

if TYPE_CHECKING:
    from autograd_mini.explain.story.trace import Trace

#: How many uses of an entry are told one by one.
LISTED = 8


@dataclass(frozen=True)
class Use:
    """An entry of a result that the followed entry has an influence on."""

    name: str
    """The result's entry, such as "matmul_1[0]"."""
    value: Any
    slope: Any
    """∂(the result's entry)/∂(the followed one)."""
    upstream: Any
    """∂E/∂(the result's entry)."""

    @property
    def contribution(self) -> Any:
        return self.upstream * self.slope


@dataclass(frozen=True)
class Element:
    """The scalar story of one entry; `print` it, or read its numbers."""

    name: str
    value: Any
    gradient: Any
    """∂E/∂(this entry), the engine's; None if no gradient reaches it."""
    uses: list[Use]
    moved: Element | None
    """The story goes on there, if all that happened to the entry is that it was moved (transposed, picked)."""
    update: UpdateStep | None
    """The optimizer's step for this one weight."""
    output: str
    digits: int

    def lines(self) -> Iterator[str]:
        """The story, line by line."""
        name = visible(self.name)
        yield f"{name} = {self._shown(self.value)}"
        if self.moved is not None:
            yield f"moved to {visible(self.moved.name)}, which tells its story:"
            yield from (f"  {line}" for line in self.moved.lines())
        elif self.uses:
            yield "used in"
            for use in self.uses[:LISTED]:
                yield f"  {visible(use.name)} = {self._shown(use.value)}, with slope {self._shown(use.slope)}"
            if len(self.uses) > LISTED:
                yield f"  … and {len(self.uses) - LISTED} more"
        yield f"∂{visible(self.output)}/∂{name} = {self._sum()}"
        if self.update is not None:
            yield from (line.text for line in self.update.lines)

    def _sum(self) -> str:
        """Σ upstream · slope = gradient."""
        if self.gradient is None:
            return "not yet"
        factors = [(self._shown(use.upstream), _bracketed(self._shown(use.slope))) for use in self.uses]
        terms = [f"{_bracketed(u) if i else u}·{slope}" for i, (u, slope) in enumerate(factors)]
        if len(terms) > LISTED:
            rest = sum(use.contribution for use in self.uses[LISTED:])
            terms = [*terms[:LISTED], f"{self._shown(rest)} [{len(terms) - LISTED} more]"]
        total = self._shown(self.gradient)
        return f"{' + '.join(terms)} = {total}" if terms else total

    def _shown(self, x: Any) -> str:
        return number(x, "text", self.digits).written

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _bracketed(written: str) -> str:
    return f"({written})" if written.startswith("−") else written


def element_story(trace: Trace, node: Node, index: int | tuple[int, ...]) -> Element:
    """The story of `node`'s entry at `index`; see `Trace.element`."""
    if node.value is None:
        raise ValueError(
            "element: an entry is followed in the live graph, and this node has none (a constant, or a trace read "
            "from JSON)"
        )
    place = _place(node, index)
    edges = [step for step in trace.steps if isinstance(step, BackwardStep) and step.input == node.index]
    uses: list[Use] = []
    moved = None
    for step in edges:
        z = trace.graph.nodes[step.node]
        found = _slopes(trace, z, step, place)
        uses += [
            Use(_entry(z.name, k), np.asarray(z.data)[k], slope, np.asarray(step.upstream)[k]) for k, slope in found
        ]
        if len(edges) == 1 and len(found) == 1 and z.op in _MOVES:
            moved = element_story(trace, z, found[0][0])
    return Element(
        name=_entry(node.name, place),
        value=np.asarray(node.data)[place],
        gradient=None if node.grad is None else np.asarray(node.grad)[place],
        uses=uses,
        moved=moved,
        update=_update(trace, node, place),
        output=trace.graph.output.name,
        digits=trace.digits,
    )


#: Operations that only move entries about.
_MOVES = frozenset({"reshape", "transpose", "getitem", "scatter", "roll", "pad", "concatenate", "positive", "astype"})


def _slopes(trace: Trace, z: Node, step: BackwardStep, place: tuple[int, ...]) -> list[tuple[tuple[int, ...], Any]]:
    """(place, slope) of every entry of z that depends on the followed one."""
    value = z.value
    assert value is not None
    assert value.op is not None
    inputs = [trace.graph.nodes[i].data for i in z.inputs]
    x = inputs[step.position]
    unit = np.zeros(np.shape(x), np.asarray(x).dtype)
    unit[place] = 1

    def operation(entry: Any) -> Any:
        operands = [entry if i == step.position else other for i, other in enumerate(inputs)]
        return value.op(*operands, params=value.params)  # type: ignore[misc]

    with np.errstate(all="ignore"):
        slopes = np.asarray(jvp(operation, (x,), (unit[()],))[1])
    return [(tuple(map(int, k)), slopes[tuple(k)]) for k in np.argwhere(slopes != 0)]


def _update(trace: Trace, node: Node, place: tuple[int, ...]) -> UpdateStep | None:
    """The node's update, cut down to one entry and told in numbers."""
    step = next((s for s in trace.steps if isinstance(s, UpdateStep) and s.node == node.index), None)
    if step is None or trace.optimizer is None:
        return step

    def entry(data: Any) -> Any:
        return data[place] if np.ndim(data) and np.shape(data) == node.shape else data

    facts = {what: entry(getattr(step, what)) for what in ("gradient", "decay", "rate", "delta", "before", "after")}
    facts |= {what: {k: entry(n) for k, n in getattr(step, what).items()} for what in ("remembered", "memory")}
    one = replace(step, **facts)
    return replace(
        one,
        lines=tuple(
            update_lines(trace.optimizer, one, _entry(node.name, place), trace.graph.output.name, trace.digits)
        ),
    )


def _place(node: Node, index: int | tuple[int, ...]) -> tuple[int, ...]:
    """The index as one non-negative number per axis."""
    parts = index if isinstance(index, tuple) else (index,)
    try:
        numbers = [operator.index(part) for part in parts]
    except TypeError:
        raise IndexError(
            f"element: {node.name} {node.shape}: expected a whole number per axis, got {index!r}"
        ) from None
    if not node.shape and numbers:
        raise IndexError(f"element: {node.name} is a single number, whose index is (); got {index!r}")
    if len(numbers) != len(node.shape) or not all(-n <= i < n for i, n in zip(numbers, node.shape, strict=True)):
        raise IndexError(
            f"element: {node.name} {node.shape} has no entry {index!r}: give {len(node.shape)} whole numbers within "
            "its shape"
        )
    return tuple(i % n for i, n in zip(numbers, node.shape, strict=True))


def _entry(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, place))}]" if place else name
