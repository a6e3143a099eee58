"""The records of a trace: plain data, each with the lines that tell it as text and as LaTeX.

Names: E the output, z the node that a step works from, x the input that it reaches.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from autograd_mini.explain.formulas.writing import Line
from autograd_mini.explain.stored import as_stored, from_stored


@dataclass(frozen=True)
class TraceStep:
    """What all steps have. Nodes are told by their index in the trace's graph."""

    phase: ClassVar[str] = ""

    number: int
    """Counted from 1 through the whole story."""
    layer: str | None
    """The path of the layer (see `Scope`) that the step belongs to."""
    node: int
    """The node that the step computes, passes a gradient on from, or updates."""
    lines: tuple[Line, ...]

    @property
    def target(self) -> int:
        """The node that the step changes: the one that is computed or updated, or the input that receives."""
        return self.node

    @property
    def text(self) -> str:
        """The step on one line."""
        return "; ".join(line.text for line in self.lines)

    @property
    def latex(self) -> str:
        """The step's lines as one LaTeX block."""
        rows = r" \\ ".join(line.latex for line in self.lines)
        return rows if len(self.lines) == 1 else rf"\begin{{gathered}} {rows} \end{{gathered}}"

    def to_dict(self) -> dict[str, Any]:
        """The step as dictionaries, lists, numbers and text."""
        facts: dict[str, Any] = {"phase": self.phase}
        for f in fields(self):
            item = getattr(self, f.name)
            if f.name in _AS_IT_IS:
                facts[f.name] = item
            elif f.name == "lines":
                facts[f.name] = [list(line) for line in item]
            elif isinstance(item, dict):
                facts[f.name] = {key: as_stored(number) for key, number in item.items()}
            elif isinstance(item, tuple):
                facts[f.name] = list(item)
            else:
                facts[f.name] = as_stored(item)
        return facts

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __str__(self) -> str:
        first, *more = [line.text for line in self.lines]
        return "\n".join([f"{self.number:>4}  {first}", *[f"        {line}" for line in more]])


#: Fields that hold names or indices and are stored unchanged.
_AS_IT_IS = frozenset({"number", "layer", "node", "input", "position", "rule", "sum_follows"})


@dataclass(frozen=True)
class ForwardStep(TraceStep):
    """An operation computes its node."""

    phase = "forward"

    result: Any


@dataclass(frozen=True)
class BackwardStep(TraceStep):
    """One edge of the backward pass: upstream × local = product, which adds to ∂E/∂x."""

    phase = "backward"

    input: int
    """The operand x that receives."""
    position: int
    """Which operand of z it is."""
    upstream: Any
    """∂E/∂z, complete by now."""
    local: Any
    """∂z/∂x, one number per element; None where a Pull rule works without it."""
    product: Any
    """What the rule gives, upstream × local: before broadcasting is undone, and before what came from a sum is given
    to each of its terms."""
    sum_follows: bool
    """Whether x was broadcast, so that a `SumStep` brings the product to its shape."""
    contribution: Any
    """What is added to ∂E/∂x; None if a sum follows."""
    before: Any
    """∂E/∂x before the step; None if nothing had arrived."""
    after: Any
    """∂E/∂x after the step."""

    @property
    def target(self) -> int:
        return self.input


@dataclass(frozen=True)
class SumStep(TraceStep):
    """Broadcasting copied x along `axes`; its gradient is the sum over the copies."""

    phase = "sum"

    input: int
    position: int
    axes: tuple[int, ...]
    product: Any
    contribution: Any
    before: Any
    after: Any

    @property
    def target(self) -> int:
        return self.input


@dataclass(frozen=True)
class UpdateStep(TraceStep):
    """An optimizer moves one parameter."""

    phase = "update"

    rule: str
    """The optimizer's class."""
    gradient: Any
    decay: Any
    """The part of Δw that shrinks the weight, −µ λ w."""
    options: dict[str, float]
    """The learning rate and its like."""
    remembered: dict[str, Any]
    """The optimizer's memory of the parameter before the step."""
    memory: dict[str, Any]
    """The same after the step."""
    rate: Any
    """The effective learning rate: the µ with which plain descent would have made this step."""
    delta: Any
    before: Any
    after: Any


PHASES: dict[str, type[TraceStep]] = {kind.phase: kind for kind in (ForwardStep, BackwardStep, SumStep, UpdateStep)}


def step_from_dict(facts: dict[str, Any]) -> TraceStep:
    """The step that `to_dict` described."""
    kind = PHASES[facts["phase"]]
    read: dict[str, Any] = {}
    for f in fields(kind):
        item = facts[f.name]
        if f.name in _AS_IT_IS:
            read[f.name] = item
        elif f.name == "lines":
            read[f.name] = tuple(Line(*line) for line in item)
        elif f.name == "axes":
            read[f.name] = tuple(item)
        elif f.name in ("options", "remembered", "memory"):
            read[f.name] = {key: from_stored(number) for key, number in item.items()}
        else:
            read[f.name] = from_stored(item)
    return kind(**read)
