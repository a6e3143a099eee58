"""Tell what is known after so many steps of a trace: which values are computed, which gradients have arrived.

>>> import autograd_mini as ag
>>> from autograd_mini.explain.story.trace import trace
>>> x = ag.Value(3.0, name="x")
>>> story = trace(x * x)
>>> [known(story, k).gradients for k in range(4)]
[[None, None], [None, None], [3.0, 1.0], [6.0, 1.0]]
>>> known(story, 2).arrived[0], awaited(story)[0]
(1, 2)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, TraceStep, UpdateStep
from autograd_mini.explain.story.trace import Trace

VALUE, GRADIENT, ARRIVAL, UPDATE = "value", "gradient", "arrival", "update"


class Change(NamedTuple):
    """One number that becomes known.

    A value; a gradient that a step takes as given; a gradient to which a contribution has just been added; or
    an updated value.
    """

    what: str
    node: int
    number: Any


class Known:
    """The state of a graph in the middle of a pass; node by node, None for what is not there yet.

    Args:
        given: the values that no step computes.
        changes: in order.
    """

    def __init__(self, given: Sequence[Any], changes: Iterable[Change]) -> None:
        self.values = list(given)
        self.gradients: list[Any] = [None] * len(given)
        self.arrived = [0] * len(given)
        """How many contributions each gradient is made of by now."""
        self.updated: list[Any] = [None] * len(given)
        """What an optimizer has put in the place of the value."""
        for what, node, number in changes:
            kept = self.values if what == VALUE else self.updated if what == UPDATE else self.gradients
            kept[node] = number
            self.arrived[node] += what == ARRIVAL


def known(trace: Trace, position: int) -> Known:
    """What is known after the first `position` steps; nodes by their index in the trace's graph."""
    computed = {step.node for step in trace if isinstance(step, ForwardStep)}
    given = [None if node.index in computed else node.data for node in trace.graph.nodes]
    return Known(given, (change for step in trace.steps[:position] for change in changes(step)))


def changes(step: TraceStep) -> list[Change]:
    """What a step makes known."""
    if isinstance(step, ForwardStep):
        return [Change(VALUE, step.node, step.result)]
    if isinstance(step, UpdateStep):
        return [Change(UPDATE, step.node, step.after)]
    found = [Change(GRADIENT, step.node, step.upstream)] if isinstance(step, BackwardStep) else []
    if isinstance(step, BackwardStep | SumStep) and arrives(step):
        found.append(Change(ARRIVAL, step.input, step.after))
    return found


def arrives(step: TraceStep) -> bool:
    """Whether the step adds to a gradient."""
    return isinstance(step, SumStep) or (isinstance(step, BackwardStep) and not step.sum_follows)


def awaited(trace: Trace) -> Counter[int]:
    """How many contributions the gradient of each node is made of in the end."""
    return Counter(step.target for step in trace if arrives(step))
