"""Tell what is known after so many steps of a trace: which values are computed, which gradients have arrived.

>>> import autograd_mini as ag
>>> from autograd_mini.explain.story.trace import trace
>>> x = ag.Value(3.0, name="x")
>>> story = trace(x * x)
>>> [known(story, k).gradient(0) for k in range(4)]
[None, None, 3.0, 6.0]
>>> known(story, 2).arrived[0], awaited(story)[0]
(1, 2)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, TraceStep, UpdateStep
from autograd_mini.explain.story.trace import Trace


@dataclass(frozen=True)
class Known:
    """The state of a graph in the middle of a pass; nodes by their index, what is not there yet is None."""

    values: dict[int, Any]
    gradients: dict[int, Any]
    arrived: Counter[int]
    """How many contributions each gradient is made of by now."""

    def value(self, node: int) -> Any:
        return self.values.get(node)

    def gradient(self, node: int) -> Any:
        return self.gradients.get(node)


def known(trace: Trace, position: int) -> Known:
    """What is known after the first `position` steps."""
    computed = {step.node for step in trace if isinstance(step, ForwardStep)}
    values = {node.index: node.data for node in trace.graph.nodes if node.index not in computed}
    gradients: dict[int, Any] = {}
    arrived: Counter[int] = Counter()
    for step in trace.steps[:position]:
        if isinstance(step, ForwardStep):
            values[step.node] = step.result
        elif isinstance(step, UpdateStep):
            values[step.node] = step.after
        elif isinstance(step, BackwardStep | SumStep):
            if isinstance(step, BackwardStep):
                gradients[step.node] = step.upstream
            if arrives(step):
                gradients[step.input] = step.after
                arrived[step.input] += 1
    return Known(values, gradients, arrived)


def arrives(step: TraceStep) -> bool:
    """Whether the step adds to a gradient."""
    return isinstance(step, SumStep) or (isinstance(step, BackwardStep) and not step.sum_follows)


def awaited(trace: Trace) -> Counter[int]:
    """How many contributions the gradient of each node is made of in the end."""
    return Counter(step.target for step in trace if arrives(step))
