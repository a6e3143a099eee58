"""Differentiate a recorded graph in reverse: the chain rule, once, for training and for explaining.

    >>> import autograd_mini as ag
    >>> x = ag.Value(3.0, name="x")
    >>> for step in steps(x * x):
    ...     print(f"{step.upstream} · {step.local} = {step.contribution}, so far {step.after}")
    1.0 · 3.0 = 3.0, so far 3.0
    1.0 · 3.0 = 3.0, so far 6.0

The graph is walked from the youngest node to the oldest. A node is always younger than its inputs,
so when its turn comes all contributions to its gradient have arrived; no recursion is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextvars import copy_context
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.at_once import assign, at_once
from autograd_mini.collector import rest_for
from autograd_mini.errors import GraphError, ShapeError
from autograd_mini.hooks import final_gradient, gradient_hooks
from autograd_mini.numbers import as_type_of, constant, with_shapes
from autograd_mini.rules import Along, Pull, restore_axes
from autograd_mini.value import Value
from autograd_mini.visible import shown


class Step(NamedTuple):
    """One edge of the backward pass: upstream × local = contribution, added to the input's gradient."""

    node: Value
    """The node whose gradient is passed on."""
    position: int
    """Which of its inputs receives: `node.inputs[position]`."""
    input: Value
    """The receiving input."""
    upstream: Any
    """dE/d(node), complete by now."""
    local: Any
    """d(node)/d(input), one number per element; None where a Pull rule works without it."""
    contribution: Any
    """What this edge adds to dE/d(input), in the input's shape."""
    before: Any
    """The input's gradient before this step; None if nothing had arrived."""
    after: Any
    """The input's gradient after this step."""
    product: Any
    """The contribution before it took the input's shape: where the input was broadcast, its copies' parts are
    still apart."""


#: Each is given the steps of every backward pass and passes them on, while there are any (see `anomaly`).
step_watchers: list[Callable[[Iterator[Step]], Iterator[Step]]] = []


_age = attrgetter("age")
#: 0, 1, 2, …: for counting in a zip, which costs less than enumerate.
POSITIONS = range(1_000_000)


def topological_order(root: Value, stop: Set[Value] = frozenset(), check: bool = True) -> list[Value]:
    """All Values that `root` was made from, itself first, each before its inputs.

    Values in `stop` are treated as leaves.

    Raises:
        GraphError: a leaf's data changed after the graph was recorded (if `check`; a picture of what
            was recorded may still be wanted then).

    >>> a = Value(1.0)
    >>> b = a + a
    >>> [node is b for node in topological_order(b)]
    [True, False]
    """
    nodes, leaves = reached(root, stop, check)
    if not check:  # a leaf with new data is younger than the nodes that used it
        return nodes + sorted(leaves, key=_age, reverse=True)
    return sorted(nodes + leaves, key=_age, reverse=True)


def reached(root: Value, stop: Set[Value] = frozenset(), check: bool = True) -> tuple[list[Value], list[Value]]:
    """The computed Values that `root` was made from, youngest first, and the leaves; see `topological_order`.

    No sorting: ages are serial numbers, so a node's age is its place in a window of places, and a walk along the
    window meets each node before its inputs. What is older than the window waits for the next one; windows grow with
    what was found, so that old nodes far away cost no more than near ones.
    """
    if root.op is None or root in stop:
        return [], [root]
    nodes: list[Value] = []
    leaves: dict[Value, bool] = {}
    older = {root}
    while older:
        youngest = max(map(_age, older))
        size = 64 + 2 * len(nodes)
        window: list[Value | None] = [None] * size
        waiting, older = older, set()
        for x in waiting:
            place = youngest - x.age
            if place < size:
                window[place] = x
            else:
                older.add(x)
        for node in window:
            if node is None:
                continue
            nodes.append(node)
            one, two = node._x, node._y  # node.inputs, in half the time
            for x in (one, two) if two is not None else one if type(one) is tuple else (one,):
                if type(x) is Value:
                    if x.op is None or (stop and x in stop):
                        if x.age > node.age and check:
                            raise stale(x, node)
                        leaves[x] = True
                    else:
                        place = youngest - x.age
                        if place < size:
                            window[place] = x
                        else:
                            older.add(x)
    return nodes, list(leaves)


def stale(x: Value, node: Value) -> GraphError:
    return GraphError(
        f"the data of {x.name or 'a Value'} {x.shape} changed after {node.op.name if node.op else 'a node'} had used "
        "them: the gradient would mix old and new numbers. Call backward() before updating, or compute again"
    )


class _Alarm:
    """Says when a product may have to be looked at.

    It hears NumPy's 'invalid value' (0·∞) for free: the processor raises that flag anyway. A nan made
    earlier is silent; `careful` is set when an operation that selects was given one.
    """

    __slots__ = ("careful", "rang")

    def __init__(self) -> None:
        self.rang = self.careful = False

    def __call__(self, kind: str, flag: int) -> None:
        self.rang = True

    def listening(self) -> np.errstate:
        # In a copied context: this is Python code that Ctrl-C may break off, and then nobody would switch it off.
        return np.errstate(all="ignore", invalid="call", call=self)


def chain_rule(upstream: Any, local: Any, alarm: _Alarm) -> Any:
    """upstream × local, element by element. Where the upstream is 0, so is the product.

    That matters when a local derivative is infinite: `np.where(x > 0, np.log(x), 0)` at x = 0 sends 0
    up the branch not taken, and 0 · ∞ would make its gradient nan.
    """
    if type(local) is int:  # a constant rule: most often 1 or -1, where multiplying would only cost time
        return upstream if local == 1 else -upstream if local == -1 else upstream * local
    product = upstream * local
    if alarm.rang or alarm.careful or type(product) is Value or type(product) is float:
        alarm.rang = False
        bad = np.logical_not(np.isfinite(product))
        if np.any(bad):  # only there: in a recorded pass, a 0 elsewhere has derivatives of its own
            product = np.where(bad & np.equal(upstream, 0), 0.0, product)
    return product


def fit(contribution: Any, x: Any) -> Any:
    """Bring a contribution to the shape and precision of the input `x` that it belongs to."""
    if type(x) is float:
        if type(contribution) is float:
            return contribution
        shape: tuple[int, ...] = ()
    else:
        shape = x.shape
        if type(contribution) is not float and contribution.shape == shape != () and contribution.dtype is x.dtype:
            return contribution
        if type(contribution) is float and type(x) is np.ndarray:  # the gradient of a sum over all
            filled = np.empty_like(x)
            filled.fill(contribution)
            return filled
    if np.shape(contribution) != shape:
        contribution = unbroadcast(contribution, shape)
    if type(contribution) is Value:
        dtype = float if type(x) is float else x.dtype
        return contribution if contribution.dtype == dtype else contribution.astype(dtype)
    contribution = as_type_of(x, contribution)
    return contribution if shape or type(x) is float else contribution[()]  # no 0-d arrays


def unbroadcast(contribution: Any, shape: tuple[int, ...]) -> Any:
    """An input that was broadcast (used many times) sums what comes from its copies; a contribution
    smaller than its input (from a sum) repeats.

    >>> unbroadcast(np.ones((4, 3)), (3,)), unbroadcast(np.ones((4, 3)), (4, 1)).shape
    (array([4., 4., 4.]), (4, 1))
    """
    axes = broadcast_axes(np.shape(contribution), shape)
    if axes:
        keep = axes[-1] >= np.ndim(contribution) - len(shape)
        # np.sum, without its questions
        axis = axes if len(axes) > 1 else axes[0]
        contribution = np.add.reduce(contribution, axis=axis, keepdims=keep)  # type: ignore[call-overload]
        if keep:
            contribution = np.reshape(contribution, contribution.shape[np.ndim(contribution) - len(shape) :])
    if np.shape(contribution) == shape:
        return contribution
    if type(contribution) is Value:
        return np.broadcast_to(contribution, shape)
    repeated = np.empty_like(contribution, shape=shape)  # quicker than np.broadcast_to, which would be read-only
    repeated[...] = contribution
    return repeated


def broadcast_axes(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of `wide` along which broadcasting made copies of an array of `shape`.

    >>> broadcast_axes((4, 3), (3,)), broadcast_axes((4, 3), (4, 1))
    ((0,), (1,))
    """
    extra = len(wide) - len(shape)
    if extra < 0:
        return ()
    return (*range(extra), *[i + extra for i, n in enumerate(shape) if n == 1 != wide[i + extra]])


def backpropagate(
    nodes: Sequence[Value], leaves: Sequence[Value], recorded: bool, retain: bool, watched: bool, alarm: _Alarm
) -> Iterator[Step]:
    """The backward pass over `nodes`, each before its inputs, the first with its gradient already; then leaves' hooks.

    `recorded`: run the rules on the Values themselves, so that the pass is a graph too. `retain`:
    keep the gradients of nodes that are not leaves. `watched`: yield a `Step` for every edge;
    otherwise nothing is yielded and no step costs anything.
    """
    shared: set[int] = set()  # ids of nodes whose gradient has its memory from another's
    for node in nodes:
        if gradient_hooks and id(node) in gradient_hooks:
            node.grad = final_gradient(node, node.grad)
        upstream = node.grad
        inputs, dx, dy = node.inputs, node._dx, node._dy
        if not (dx is None and dy is None) and not recorded:
            for x, local, position in zip(inputs, (dx, dy), POSITIONS):  # noqa: B905, dy is None beside a single x
                if local is not None:
                    before = x.grad
                    contribution = upstream * local if upstream else 0.0  # 0 · ∞ = 0, see chain_rule
                    x.grad = contribution if before is None else before + contribution
                    if watched:
                        yield Step(node, position, x, upstream, local, contribution, before, x.grad, contribution)
        else:
            op: Any = node.op
            numbers = inputs if recorded else [x._data if type(x) is Value else x for x in inputs]
            if not op.elementwise and not recorded:
                numbers = with_shapes(numbers)
            if op.selects and not recorded and not alarm.careful:
                alarm.careful = not all(np.all(np.isfinite(n)) for n in numbers)
            z = node if recorded else node._data
            for position, x in enumerate(inputs):
                if type(x) is not Value:
                    continue
                rule = op.rules[0 if op.variadic else position]
                local = None
                if type(rule) is Pull:
                    if op.variadic:
                        contribution = rule.pull(upstream, z, position, numbers, *node.params)
                    else:
                        contribution = rule.pull(upstream, z, *numbers, *node.params)
                elif type(rule) is Along:
                    wide = restore_axes(z, *node.params[:2])
                    local = rule.derivative(wide, *numbers, *node.params)
                    contribution = chain_rule(restore_axes(upstream, *node.params[:2]), local, alarm)
                else:
                    local = rule.derivative(z, *numbers, *node.params)
                    contribution = chain_rule(upstream, local, alarm)
                product = contribution
                contribution = fit(product, x._data)
                before = x.grad
                if before is not None:
                    x.grad = before + contribution
                elif recorded:
                    x.grad = +contribution if contribution is upstream else contribution
                elif is_own(contribution, upstream, *numbers):
                    x.grad = contribution
                elif retain or gradient_hooks:
                    x.grad = contribution.copy()
                elif x.op is not None:  # read once and forgotten
                    x.grad = contribution
                    shared.add(id(x))
                else:
                    taken = len(inputs) == 1 and contribution.base is upstream and id(node) not in shared
                    x.grad = contribution if taken else contribution.copy()
                if watched:
                    yield Step(node, position, x, upstream, local, contribution, before, x.grad, product)
        if not retain:
            node.grad = None
    if gradient_hooks:
        for leaf in leaves:
            if id(leaf) in gradient_hooks:
                leaf.grad = final_gradient(leaf, leaf.grad)


def _backpropagate_floats(nodes: Sequence[Value], retain: bool) -> None:
    """`backpropagate` where all are floats with their local derivatives, and nobody looks on: in half the time."""
    for node in nodes:
        upstream, dx, dy = node.grad, node._dx, node._dy
        if dx is not None:
            x = node._x
            before, contribution = x.grad, upstream * dx if upstream else 0.0
            x.grad = contribution if before is None else before + contribution
        if dy is not None:
            y = node._y
            before, contribution = y.grad, upstream * dy if upstream else 0.0
            y.grad = contribution if before is None else before + contribution
        if not retain:
            node.grad = None


def is_own(contribution: Any, *others: Any) -> bool:
    """Whether a contribution is, and looks into, nobody else's memory: then it can be the gradient itself."""
    if type(contribution) is float:
        return True
    if contribution.base is not None:
        return False
    for other in others:  # noqa: SIM110, quicker than all(...)
        if contribution is other:
            return False
    return True


def seed(root: Value, upstream: Any, recorded: bool = False, caller: str = "backward") -> Any:
    """The gradient to start from, checked; a Value for a recorded pass. Errors speak of the caller."""
    if type(root) is not Value:
        raise TypeError(f"{caller}: expected a Value, got {shown(root)}")
    if upstream is None and root._x is not None and type(root._data) is float:
        return Value(1.0) if recorded else 1.0
    if root.op is not None and root._x is None:
        raise GraphError(
            f"{caller}(): {root.name or 'this Value'} was computed by {root.op.name} inside no_grad(), so it has no "
            "graph; compute it outside"
        )
    if upstream is None:
        if root.ndim:
            argument = "" if caller == "backward" else "…, upstream="
            raise GraphError(
                f"{caller}() starts from a scalar, {root.name or 'this Value'} has shape {root.shape}: reduce it first "
                f"(.sum(), .mean()) or pass the upstream gradient, {caller}({argument}np.ones({root.shape}))"
            )
        upstream = 1.0
    if np.shape(upstream if type(upstream) is Value else constant(upstream)) != root.shape:
        raise ShapeError(
            f"{caller}(): upstream has shape {np.shape(upstream)}, expected {root.shape}, that of the output"
        )
    if type(upstream) is Value and recorded:
        return upstream
    number = constant(upstream)
    # full_like: where the data live, on a GPU too
    start = float(number) if type(root._data) is float else np.full_like(root._data, number)[()]
    return Value(start) if recorded else start


class _Pass:
    """One backward pass: the graph in order, and the gradients that were there before it."""

    __slots__ = ("before", "hooked", "kept", "leaves", "nodes")

    def __init__(self, root: Value, stop: Set[Value] = frozenset()) -> None:
        self.nodes, self.leaves = reached(root, stop)
        self.hooked = [leaf for leaf in self.leaves if leaf not in stop] if stop else self.leaves
        self.before = [node.grad for node in self.nodes]
        self.kept = [leaf.grad for leaf in self.leaves]

    def run(self, recorded: bool = False, retain: bool = True) -> None:
        """Add up the gradients in the Values' `.grad`."""
        plain = not (recorded or step_watchers or gradient_hooks)
        if plain and None not in [node._dx if node._dy is None else node._dy for node in self.nodes]:
            _backpropagate_floats(self.nodes, retain)
        else:
            # In a copied context: NumPy's settings are switched by Python code that Ctrl-C may break off.
            copy_context().run(self._listening, recorded, retain)

    def _listening(self, recorded: bool, retain: bool) -> None:
        alarm = _Alarm()
        with alarm.listening():
            watchers = tuple(step_watchers)
            walk = backpropagate(self.nodes, self.hooked, recorded, retain, bool(watchers), alarm)
            for watch in watchers:
                walk = watch(walk)
            for _ in walk:
                pass

    def told(self) -> list[Step]:
        alarm = _Alarm()
        with alarm.listening():
            return list(backpropagate(self.nodes, self.hooked, False, True, True, alarm))

    def clear(self) -> None:
        for value in self.nodes:
            value.grad = None
        for value in self.leaves:
            value.grad = None

    def restoring(self) -> Callable[[], Any]:
        """What puts all gradients back that were there before, at once, when it is called."""
        values, grads = chain(self.nodes, self.leaves), chain(self.before, self.kept)
        return at_once(zip(repeat(assign), values, repeat("grad"), grads, strict=False))


def backward(root: Value, upstream: Any = None, create_graph: bool = False, retain_grads: bool = True) -> None:
    """`Value.backward` as a function; see there."""
    start = seed(root, upstream, create_graph)
    this = _Pass(root)
    for leaf, grad in zip(this.leaves, this.kept, strict=True):
        if grad is not None:
            _check_kept(leaf)
    try:
        for node in this.nodes:
            node.grad = None
        for leaf in this.leaves:
            if gradient_hooks and id(leaf) in gradient_hooks:
                leaf.grad = None
        root.grad = start if root.grad is None else root.grad + start
        this.run(create_graph, retain_grads)
        if gradient_hooks:  # a leaf's hooks saw this pass's gradient alone; now it joins the earlier ones
            for leaf, grad in zip(this.leaves, this.kept, strict=True):
                if grad is not None and id(leaf) in gradient_hooks:
                    leaf.grad = grad + leaf.grad
    except BaseException:
        this.restoring()()
        raise
    rest_for(len(this.nodes))


def _check_kept(leaf: Value) -> None:
    """The gradient that a leaf keeps and adds to may have been set by hand: another shape would broadcast silently."""
    grad = leaf.grad
    if type(grad) is float and type(leaf._data) is float:
        return
    name = leaf.name or "a leaf"
    try:
        shape = np.shape(grad if type(grad) is Value else constant(grad))
    except (TypeError, ValueError) as error:
        raise type(error)(f"backward(): {name}.grad: {error}; set {name}.grad = None") from None
    if shape != leaf.shape:
        raise ShapeError(
            f"backward() adds to {name}.grad, which has shape {shape}, expected {leaf.shape}, that of its data: set "
            f"{name}.grad = None first"
        )


def gradients(
    output: Value,
    inputs: Sequence[Value],
    upstream: Any = None,
    *,
    create_graph: bool = False,
    stop: Set[Value] = frozenset(),
) -> list[Any]:
    """dE/d(each input) as a list, leaving every `.grad` as it was.

    `inputs` may be any nodes, not only leaves. An input that the output does not depend on has
    gradient 0. From the nodes in `stop` the walk goes no further back.

    >>> x = Value(3.0)
    >>> y = x * x
    >>> gradients(y * y, [x, y])
    [108.0, 18.0]
    >>> x.grad is None
    True
    """
    if isinstance(inputs, Value):
        raise TypeError(f"gradients: expected a list of inputs, got one Value: write [{inputs.name or 'x'}]")
    if not isinstance(inputs, Iterable):
        raise TypeError(f"gradients: expected a list of inputs, got {shown(inputs)}")
    for i, x in enumerate(inputs):
        if type(x) is not Value:
            raise TypeError(f"gradients: input {i} must be a Value, got {shown(x)}")
    start = seed(output, upstream, create_graph, "gradients")
    this = _Pass(output, stop)
    restore = this.restoring()
    try:
        this.clear()
        output.grad = start
        this.run(create_graph)
        found = {*this.nodes, *this.leaves}
        return [x.grad if x in found else zero_like(x._data) for x in inputs]
    finally:
        restore()


def zero_like(data: Any) -> Any:
    return 0.0 if type(data) is float else np.zeros_like(data)


def steps(root: Value, upstream: Any = None) -> list[Step]:
    """The steps of one backward pass, one per edge, leaving every `.grad` as it was.

    Gradients start from nothing, also on leaves that hold one already: the story of one pass.
    """
    start = seed(root, upstream, caller="steps")
    this = _Pass(root)
    restore = this.restoring()
    try:
        this.clear()
        root.grad = start
        return copy_context().run(this.told)
    finally:
        restore()


Value._differentiate = backward
