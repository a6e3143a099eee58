"""See a recorded graph as plain data: nodes, edges, layers, ready to be drawn, stored or searched.

>>> import autograd_mini as ag
>>> a, b = ag.Value(2.0, name="a"), ag.Value(3.0, name="b")
>>> g = graph(a * b + 1)
>>> [(node.name, node.symbol, node.inputs) for node in g.nodes]
[('a', None, ()), ('b', None, ()), ('multiply_1', '×', (0, 1)), ('', None, ()), ('add_1', '+', (2, 3))]
>>> g.depth, len(g.leaves), len(g.constants), g.counts
(2, 2, 1, {'multiply': 1, 'add': 1})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.errors import GraphError
from autograd_mini.explain.formatting import plain
from autograd_mini.explain.scopes import Scope, assign_scopes
from autograd_mini.explain.stored import as_json, as_stored, from_stored
from autograd_mini.hooks import hooks_of
from autograd_mini.notes import Source, calls_of, source_of
from autograd_mini.value import Value
from autograd_mini.visible import visible

LEAF, CONSTANT, COMPUTED = "leaf", "constant", "computed"


@dataclass(slots=True, eq=False)
class Node:
    """One number or array of the graph."""

    index: int
    """Its place in `Graph.nodes`; every node stands behind its inputs."""
    kind: str
    """"leaf" (a Value that was given), "constant" (a plain operand) or "computed"."""
    name: str
    """The user's name or the parameter's, else one made from the operation; empty for a constant. Where two
    Values have the same name, the younger one is called "w (2)"."""
    named: bool
    """Whether the name is the Value's own."""
    op: str | None
    symbol: str | None
    params: tuple[str, ...]
    """The operation's parameters (an axis, an index), as Python writes them."""
    inputs: tuple[int, ...]
    """Its operands' indices, in order: x − x has the same one twice."""
    shape: tuple[int, ...]
    dtype: str
    data: Any
    grad: Any
    """dE/d(this), None where no backward pass has left one."""
    age: int | None
    scope: str | None = None
    """The path of the innermost module call that made it."""
    source: Source | None = None
    """The line of code that computed it, if `record_sources` was on."""
    value: Value | None = field(default=None, repr=False)
    """The Value itself; None for a constant, and in a copy."""

    def __reduce__(self) -> tuple:
        return Node, tuple(None if f.name == "value" else getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True)
class Edge:
    """An operand: `source` is input number `position` of `target`."""

    source: int
    target: int
    position: int


@dataclass(frozen=True, eq=False)
class Graph:
    """A recorded graph as plain data; a picture of the moment at which it was asked for."""

    nodes: list[Node]
    """Every node behind its inputs; the output is the last one."""
    scopes: list[Scope]
    """The module calls, each behind the one it happened in."""

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Graph) else NotImplemented

    __hash__ = object.__hash__

    @property
    def output(self) -> Node:
        return self.nodes[-1]

    @property
    def leaves(self) -> list[Node]:
        """The Values that were given."""
        return [node for node in self.nodes if node.kind == LEAF]

    @property
    def constants(self) -> list[Node]:
        return [node for node in self.nodes if node.kind == CONSTANT]

    @property
    def computed(self) -> list[Node]:
        return [node for node in self.nodes if node.kind == COMPUTED]

    @property
    def edges(self) -> Iterator[Edge]:
        """All operands, in the order in which they were used."""
        for node in self.nodes:
            for position, source in enumerate(node.inputs):
                yield Edge(source, node.index, position)

    @cached_property
    def depth(self) -> int:
        """The number of operations on the longest way from a leaf to the output."""
        depths: list[int] = []
        for node in self.nodes:
            depths.append(1 + max(depths[i] for i in node.inputs) if node.inputs else 0)
        return depths[-1]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each operation occurs."""
        return dict(Counter(node.op for node in self.nodes if node.op is not None and node.inputs))

    @cached_property
    def _by_value(self) -> dict[Value, Node]:
        return {node.value: node for node in self.nodes if node.value is not None}

    def node(self, which: Value | str | int) -> Node:
        """The node of a Value, of a name or of an index.

        Raises:
            KeyError: there is none such, or several have that name.
        """
        if isinstance(which, Value):
            if which in self._by_value:
                return self._by_value[which]
            raise KeyError(f"{which!r:.60} is not part of this graph")
        if isinstance(which, int) and not isinstance(which, bool):
            if -len(self.nodes) <= which < len(self.nodes):
                return self.nodes[which]
            raise KeyError(f"the graph has nodes 0 to {len(self.nodes) - 1}, not {which}")
        found = [node for node in self.nodes if which and which in (node.name, getattr(node.value, "name", None))]
        if len(found) == 1:
            return found[0]
        if found:
            indices = ", ".join(str(node.index) for node in found)
            raise KeyError(f"{len(found)} Values are called {which!r} (indices {indices}): say which by its index")
        near = get_close_matches(str(which), {node.name for node in self.nodes if node.name})
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise KeyError(f"no node is called {which!r}{hint}")

    def scope(self, path: str) -> Scope:
        """The module call of that path."""
        for scope in self.scopes:
            if scope.path == path:
                return scope
        known = ", ".join(repr(scope.path) for scope in self.scopes) or "none"
        raise KeyError(f"no layer is called {path!r}; there are: {known}")

    def within(self, path: str) -> list[Node]:
        """The nodes of a layer, those of layers inside it included; `path` of all its calls, or of one."""
        inside = {s.path for s in self.scopes if path in (s.path, s.module)}
        if not inside:
            self.scope(path)  # says which there are
        for scope in self.scopes:  # each behind its parent
            if scope.parent in inside:
                inside.add(scope.path)
        return [node for node in self.nodes if node.scope in inside]

    # -- other forms -------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The graph as dictionaries, lists, numbers and text; arrays as {"dtype", "shape", "entries"}."""
        nodes = [
            {
                "index": n.index,
                "kind": n.kind,
                "name": n.name,
                "named": n.named,
                "op": n.op,
                "symbol": n.symbol,
                "params": list(n.params),
                "inputs": list(n.inputs),
                "shape": list(n.shape),
                "dtype": n.dtype,
                "data": as_stored(n.data),
                "grad": as_stored(n.grad),
                "age": n.age,
                "scope": n.scope,
                "source": None if n.source is None else n.source._asdict(),
            }
            for n in self.nodes
        ]
        edges = [{"source": e.source, "target": e.target, "position": e.position} for e in self.edges]
        return {"nodes": nodes, "edges": edges, "scopes": [s.to_dict() for s in self.scopes], "depth": self.depth}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Graph:
        """The graph that `to_dict` described, without the live Values.

        >>> g = graph(Value(2.0, name="a") * 3)
        >>> Graph.from_dict(g.to_dict()).to_dict() == g.to_dict()
        True
        """
        nodes = []
        for stored in facts["nodes"]:
            fields = dict(stored)
            for name in ("params", "inputs", "shape"):
                fields[name] = tuple(stored[name])
            for name in ("data", "grad"):
                fields[name] = from_stored(stored[name])
            fields["source"] = None if stored["source"] is None else Source(**stored["source"])
            nodes.append(Node(**fields))
        return cls(nodes, [Scope(**scope) for scope in facts["scopes"]])

    def to_json(self, indent: int | None = None) -> str:
        """`to_dict` as JSON text; strictly so: nan and inf are text."""
        return as_json(self.to_dict(), indent)

    def to_networkx(self) -> Any:
        """A `networkx.MultiDiGraph` of the node indices, with the facts of `to_dict` as attributes.

        Raises:
            ModuleNotFoundError: networkx is not installed.

        >>> a = Value(2.0, name="a")
        >>> graph(a * a).to_networkx().number_of_edges()
        2
        """
        networkx = import_extra("networkx", "explain", "to_networkx")
        result = networkx.MultiDiGraph()
        facts = self.to_dict()
        result.add_nodes_from((node["index"], node) for node in facts["nodes"])
        for edge in facts["edges"]:
            result.add_edge(edge["source"], edge["target"], position=edge["position"])
        return result

    def __repr__(self) -> str:
        made = ", ".join(f"{count} {op}" for op, count in self.counts.items())
        return (
            f"<Graph of {visible(self.output.name) or 'a Value'}: {len(self.nodes)} nodes ({len(self.leaves)} leaves, "
            f"{len(self.constants)} constants; {made or 'no operations'}), depth {self.depth}>"
        )


def graph(value: Value) -> Graph:
    """The graph that `value` was computed by, as plain data.

    Args:
        value: a Value of any shape; also one whose parameters have changed since.

    Raises:
        TypeError: `value` is not a Value.

    >>> from autograd_mini import nn
    >>> g = graph(nn.MLP([2, 3, 1], "tanh")(np.ones((4, 2))))
    >>> [(scope.path, scope.kind) for scope in g.scopes]
    [('MLP', 'MLP'), ('0', 'Linear'), ('1', 'Tanh'), ('2', 'Linear')]
    >>> g.node("2.weight").scope, g.node("tanh_1").scope
    ('2', '1')
    """
    check_value("graph", value)
    return graph_of({v: v.inputs for v in reversed(topological_order(value, check=False))})


def graph_of(inputs: Mapping[Value, Sequence[Any]]) -> Graph:
    """The graph of these Values: each stands behind its inputs that are to be shown, the output last."""
    taken = {v.name for v in inputs if v.name}
    counter: Counter[str] = Counter()
    nodes: list[Node] = []
    index: dict[Value, int] = {}
    for v, operands in inputs.items():
        indices = []
        for x in operands:
            if type(x) is not Value:
                nodes.append(_constant(len(nodes), x))
            indices.append(index[x] if type(x) is Value else len(nodes) - 1)
        index[v] = len(nodes)
        nodes.append(_node(len(nodes), v, tuple(indices), taken, counter))
    return Graph(nodes, assign_scopes(nodes))


def _node(index: int, v: Value, inputs: tuple[int, ...], taken: set[str], counter: Counter[str]) -> Node:
    op = v.op
    is_loss = any(type(call.module).__name__.endswith("Loss") for call in calls_of(v))
    stem = "E" if is_loss else "value" if op is None else op.name
    return Node(
        index=index,
        kind=COMPUTED if op is not None else LEAF,
        name=_made_name(stem, taken, counter) if not v.name else _own_name(v.name, taken, counter),
        named=bool(v.name),
        op=None if op is None else op.name,
        symbol=None if op is None else op.symbol,
        params=tuple(map(repr, v.params)),
        inputs=inputs,
        shape=v.shape,
        dtype=str(v.dtype),
        data=v.data,
        grad=plain(v.grad),
        age=v.age,
        source=source_of(v),
        value=v,
    )


def _constant(index: int, x: Any) -> Node:
    array = np.asarray(x)
    return Node(index, CONSTANT, "", False, None, None, (), (), array.shape, str(array.dtype), x, None, None)


def _own_name(name: str, taken: set[str], counter: Counter[str]) -> str:
    """The name itself; "w (2)" if another Value was called so before."""
    counter["own name " + name] += 1
    count = counter["own name " + name]
    return name if count == 1 else _own_name(f"{name} ({count})", taken, counter)


def _made_name(stem: str, taken: set[str], counter: Counter[str]) -> str:
    """ "multiply_1", "multiply_2" …; what a loss module returned is "E", and only a second one "E_2"."""
    while True:
        counter[stem] += 1
        name = stem if stem == "E" and counter[stem] == 1 else f"{stem}_{counter[stem]}"
        if name not in taken:
            return name


def value_called(loss: Value, which: Value | str) -> Value:
    """The Value of the loss's graph that has the name; a Value is itself.

    Raises:
        KeyError: there is none such, several have that name, or it is a constant.
    """
    if not isinstance(which, str):
        return which
    value = graph(loss).node(which).value
    assert value is not None  # constants have no name
    return value


def check_value(function: str, value: Any) -> None:
    """Raises TypeError, saying what to pass, unless `value` is a Value."""
    if type(value) is not Value:
        raise TypeError(
            f"{function}: expected a Value, got {type(value).__name__}; a plain number or array has no graph. "
            "Pass what your computation returned, such as the loss"
        )


def refuse_hooks(function: str, values: Iterable[Value]) -> None:
    """Raises GraphError if a gradient hook is registered on one of the Values: what it does stands in no formula."""
    for value in values:
        if hooks_of(value):
            called = value.name or ("a Value" if value.op is None else f"a Value made by {value.op.name}")
            raise GraphError(
                f"{function}: a gradient hook on {called} changes gradients on the way, which no formula tells; "
                "remove() it first"
            )


def import_extra(module: str, extra: str, what: str) -> Any:
    """Import a package that an extra brings; its absence is an error that names the extra."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{what} needs the package {module}, which is not installed: pip install 'autograd-mini[{extra}]'"
        ) from error
