"""Read one pass of backpropagation as a numbered story: forwards, backwards, and the update of the weights.

>>> import autograd_mini as ag
>>> x, w = ag.Value(3.0, name="x"), ag.Value(2.0, name="w")
>>> s = w * x - 5
>>> s.name = "s"
>>> E = s**2
>>> E.name = "E"
>>> print(trace(E))
forward
   1  multiply_1 = w·x = 2·3 = 6
   2  s = multiply_1 − 5 = 6 − 5 = 1
   3  E = s² = 1² = 1
backward, from ∂E/∂E = 1
   4  ∂E/∂s = ∂E/∂E · ∂E/∂s = 1 · 2 = 2
        ∂E/∂s = 2·s = 2·1 = 2
   5  ∂E/∂multiply_1 = ∂E/∂s · ∂s/∂multiply_1 = 2 · 1 = 2
   6  ∂E/∂w = ∂E/∂multiply_1 · ∂multiply_1/∂w = 2 · 3 = 6
        ∂multiply_1/∂w = x = 3
   7  ∂E/∂x = ∂E/∂multiply_1 · ∂multiply_1/∂x = 2 · 2 = 4
        ∂multiply_1/∂x = w = 2
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, overload

from autograd_mini import backprop
from autograd_mini.explain.formatting import check_digits, shown
from autograd_mini.explain.formulas.notation import name, number
from autograd_mini.explain.graph_data import Graph, Node, check_value, graph, import_extra, refuse_hooks
from autograd_mini.explain.stored import as_json, as_stored, from_stored
from autograd_mini.explain.story.element import Element, element_story
from autograd_mini.explain.story.steps import BackwardStep, ForwardStep, SumStep, TraceStep, UpdateStep, step_from_dict
from autograd_mini.explain.story.tracing import tell
from autograd_mini.optim import Optimizer
from autograd_mini.value import Value
from autograd_mini.visible import visible

COLUMNS = (
    "number",
    "phase",
    "layer",
    "node",
    "input",
    "upstream",
    "local",
    "contribution",
    "before",
    "after",
    "formula",
)


class Trace(Sequence[TraceStep]):
    """The steps of one pass, in order: index it, slice it, filter it, print it, store it.

    Attributes:
        graph: the graph as data; each node's `grad` is that of this pass.
        steps: the records, see `autograd_mini.explain.story.steps`.
        upstream: ∂E/∂E, from which the backward part starts.
        digits: significant digits in the formulas; the records hold all of them.
        optimizer: the one whose updates are told, if any.
    """

    def __init__(
        self,
        graph: Graph,
        steps: Sequence[TraceStep],
        upstream: Any,
        digits: int = 4,
        optimizer: Optimizer | None = None,
    ) -> None:
        self.optimizer = optimizer
        self.graph = graph
        self.steps = tuple(steps)
        self.upstream = upstream
        self.digits = digits

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, index: int) -> TraceStep: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> TraceStep | Trace:
        if isinstance(index, slice):
            return self._with(self.steps[index])
        return self.steps[index]

    def __iter__(self) -> Iterator[TraceStep]:
        return iter(self.steps)

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Trace) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def _with(self, steps: Sequence[TraceStep]) -> Trace:
        return Trace(self.graph, steps, self.upstream, self.digits, self.optimizer)

    # -- filters: each gives a shorter Trace, whose steps keep their numbers -----------------------

    def where(self, wanted: Callable[[TraceStep], bool]) -> Trace:
        """The steps for which `wanted(step)` is true."""
        return self._with([step for step in self.steps if wanted(step)])

    @property
    def forward(self) -> Trace:
        return self.where(lambda step: isinstance(step, ForwardStep))

    @property
    def backward(self) -> Trace:
        """The backward steps, the sums over copies among them."""
        return self.where(lambda step: isinstance(step, BackwardStep | SumStep))

    @property
    def updates(self) -> Trace:
        return self.where(lambda step: isinstance(step, UpdateStep))

    def through(self, which: Value | str | int) -> Trace:
        """The steps on the ways between a node and the output: all that its gradient is made of.

        Args:
            which: a Value, a name, or an index of `graph.nodes`.

        Raises:
            KeyError: it is not in the graph, or the name is not unique.
        """
        start = self.graph.node(which).index
        reached = {start}
        for node in self.graph.nodes[start + 1 :]:
            if reached.intersection(node.inputs):
                reached.add(node.index)
        return self.where(
            lambda step: step.node in reached and (step.target in reached) and (step.node != start or not _backs(step))
        )

    def layer(self, path: str) -> Trace:
        """The steps of one layer: of the nodes it computed, and the updates of its parameters.

        Raises:
            KeyError: there is no such layer; the message says which there are.
        """
        inside = {node.index for node in self.graph.within(path)}
        return self.where(lambda step: step.node in inside)

    def element(self, which: Value | str | int, index: int | tuple[int, ...]) -> Element:
        """The scalar story of one entry of an array: what it was used for, and where its gradient came from.

        Args:
            which: a Value, a name, or an index of `graph.nodes`.
            index: the entry's place, such as (0, 1); negative numbers count from the end.

        Raises:
            KeyError: the node is not in the graph.
            IndexError: it has no such entry.
            ValueError: the trace was read from JSON: entries are followed in the live graph.

        >>> import numpy as np
        >>> W = Value([[1.0, 2.0], [3.0, 4.0]], name="W")
        >>> E = np.sum((W @ np.array([5.0, 6.0])) ** 2)
        >>> print(trace(E).element(W, (0, 1)))
        W[0, 1] = 2
        used in
          matmul_1[0] = 17, with slope 6
        ∂sum_1/∂W[0, 1] = 34·6 = 204
        """
        return element_story(self, self.graph.node(which), index)

    # -- other forms -------------------------------------------------------------------------------

    def __str__(self) -> str:
        lines, phase = [], None
        for step in self.steps:
            group = "backward" if isinstance(step, SumStep) else step.phase
            if group != phase:
                phase = group
                lines.append(self.heading(step))
            lines.append(str(step))
        return "\n".join(lines)

    def heading(self, step: TraceStep) -> str:
        """What stands above the first step of its kind."""
        if isinstance(step, UpdateStep):
            return f"update by {step.rule}: " + ", ".join(f"{k} {shown(v)}" for k, v in step.options.items() if v)
        if isinstance(step, ForwardStep):
            return "forward"
        me = name(self.graph.output.name).written
        return f"backward, from ∂{me}/∂{me} = {number(self.upstream, 'text', self.digits).written}"

    def __repr__(self) -> str:
        return f"<Trace of {visible(self.graph.output.name)}: {len(self)} steps>"

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per step, with the keys of `COLUMNS`; what a step does not have is None."""
        return [self._row(step) for step in self.steps]

    def _row(self, step: TraceStep) -> dict[str, Any]:
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {"number": step.number, "phase": step.phase, "layer": step.layer, "formula": step.text}
        row["node"] = self.graph.nodes[step.node].name
        if isinstance(step, ForwardStep):
            row["after"] = step.result
        elif isinstance(step, UpdateStep):
            row |= {"upstream": step.gradient, "contribution": step.delta, "before": step.before, "after": step.after}
        elif isinstance(step, BackwardStep | SumStep):
            row |= {key: getattr(step, key, None) for key in ("upstream", "local", "contribution", "before", "after")}
            row["input"] = self.graph.nodes[step.input].name
        return row

    def to_dataframe(self) -> Any:
        """The steps as a `pandas.DataFrame`, one row each.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        pandas = import_extra("pandas", "explain", "to_dataframe")
        return pandas.DataFrame([list(row.values()) for row in self.rows()], columns=list(COLUMNS)).set_index("number")

    @property
    def latex(self) -> str:
        """All steps as one LaTeX block, a line each."""
        rows = (rf"\text{{{step.number}}} & \quad {line.latex}" for step in self.steps for line in step.lines)
        return r"\begin{array}{rl} " + r" \\ ".join(rows) + r" \end{array}"

    def to_html(self) -> str:
        """The steps as an HTML table."""
        head = "".join(f"<th>{title}</th>" for title in ("", "layer", "step"))
        body, phase = [], None
        for step in self.steps:
            group = "backward" if isinstance(step, SumStep) else step.phase
            if group != phase:
                phase = group
                body.append(f'<tr><th colspan="3" style="text-align:left">{escape(self.heading(step))}</th></tr>')
            lines = "<br>".join(escape(line.text) for line in step.lines)
            cells = f"<td>{step.number}</td><td>{escape(step.layer or '')}</td>"
            body.append(f'<tr>{cells}<td style="text-align:left">{lines}</td></tr>')
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_dict(self) -> dict[str, Any]:
        """The trace as dictionaries, lists, numbers and text."""
        return {
            "graph": self.graph.to_dict(),
            "upstream": as_stored(self.upstream),
            "digits": self.digits,
            "steps": [step.to_dict() for step in self.steps],
        }

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text; strictly so: nan and inf are text."""
        return as_json(self.to_dict(), indent)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """The trace that `to_json` wrote; equal to it, but without the live Values.

        Raises:
            ValueError: another text.

        >>> story = trace(Value(3.0, name="x") ** 2)
        >>> Trace.from_json(story.to_json()) == story
        True
        """
        try:
            facts = json.loads(text)
            steps = [step_from_dict(step) for step in facts["steps"]]
            return cls(Graph.from_dict(facts["graph"]), steps, from_stored(facts["upstream"]), facts["digits"])
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            why = f"{error} is missing" if isinstance(error, KeyError) else error
            raise ValueError(f"Trace.from_json: expected the text that Trace.to_json wrote: {why}") from error


def _backs(step: TraceStep) -> bool:
    return isinstance(step, BackwardStep | SumStep)


def trace(loss: Value, optimizer: Optimizer | None = None, *, upstream: Any = None, digits: int = 4) -> Trace:
    """The numbered story of one pass: every operation, every edge of the backward pass, every update.

    Args:
        loss: a scalar Value; or any Value, with `upstream`.
        optimizer: tells what its next step would do with the gradients of this pass. Nothing is moved.
        upstream: ∂E/∂(loss) to start from, of the loss's shape.
        digits: significant digits in the formulas.

    The pass starts from nothing, and every `.grad`, parameter and memory is as it was afterwards.

    Raises:
        TypeError: `loss` is not a Value, `optimizer` not an Optimizer.
        GraphError: the loss is not a scalar and no upstream is given; it has no graph; a parameter
            changed after it was recorded; a gradient hook, whose effect stands in no formula.
        ShapeError: an upstream of another shape.
        ValueError: `digits` is not a whole number from 1 on.

    >>> from autograd_mini import optim
    >>> w = Value(3.0, name="w")
    >>> story = trace(w * w, optim.SGD([w], learning_rate=0.5))
    >>> print(story.updates)
    update by SGD: learning_rate 0.5
       4  Δw = −µ·g = (−0.5)·6 = −3
            g = ∂multiply_1/∂w = 6
            w ← w + Δw = 3 + (−3) = 0
    >>> print(w.data, w.grad)
    3.0 None
    """
    check_value("trace", loss)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"trace: expected an optimizer such as optim.SGD, got {type(optimizer).__name__}")
    check_digits("trace", digits)
    start = backprop.seed(loss, upstream, caller="trace")
    refuse_hooks("trace", backprop.topological_order(loss))
    records = backprop.steps(loss, upstream)
    gradients: dict[Value, Any] = {loss: start}
    gradients |= {record.input: record.after for record in records}
    story = graph(loss)
    for node in story.nodes:
        node.grad = _gradient(node, gradients)
    updates = []
    if optimizer is not None:
        updates = optimizer.preview({w: gradients[w] for w in optimizer.parameters if w in gradients})
    return Trace(story, tell(story, records, optimizer, updates, digits), start, digits, optimizer)


def _gradient(node: Node, gradients: dict[Value, Any]) -> Any:
    return None if node.value is None else gradients.get(node.value)
