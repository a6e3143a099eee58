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
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.at_once import assign, at_once
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
    seen, order = {root}, [root]
    see, put = seen.add, order.append
    for node in order:  # the list grows on the way; found in this order, it is nearly sorted
        if stop and node in stop:
            continue
        age = node.age
        for x in node.inputs:
            if type(x) is Value:
                if x.age > age and check:
                    raise stale(x, node)
                if x not in seen:
                    see(x)
                    put(x)
    order.sort(key=attrgetter("age"), reverse=True)
    if not check:  # a leaf with new data is younger than the nodes that used it
        order.sort(key=lambda node: node.op is None)
    return order


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
        contribution = np.sum(contribution, axis=axes, keepdims=True)
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


def backpropagate(order: Sequence[Value], recorded: bool, retain: bool, watched: bool, alarm: _Alarm) -> Iterator[Step]:
    """The backward pass over `order`, whose first node has its gradient already.

    `recorded`: run the rules on the Values themselves, so that the pass is a graph too. `retain`:
    keep the gradients of nodes that are not leaves. `watched`: yield a `Step` for every edge;
    otherwise nothing is yielded and no step costs anything.
    """
    for node in order:
        if gradient_hooks and id(node) in gradient_hooks:
            node.grad = final_gradient(node, node.grad)
        upstream = node.grad
        op = node.op
        if op is None:
            continue
        inputs, partials = node.inputs, node.partials
        if partials is not None and not recorded:
            for position, (x, local) in enumerate(zip(inputs, partials)):  # noqa: B905, same length by construction
                if local is not None:
                    before = x.grad
                    contribution = upstream * local if upstream else 0.0  # 0 · ∞ = 0, see chain_rule
                    x.grad = contribution if before is None else before + contribution
                    if watched:
                        yield Step(node, position, x, upstream, local, contribution, before, x.grad, contribution)
        else:
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
                    local = rule.derivative(z, *numbers, *node.params)  # type: ignore[union-attr]
                    contribution = chain_rule(upstream, local, alarm)
                product = contribution
                contribution = fit(product, x._data)
                before = x.grad
                if before is not None:
                    x.grad = before + contribution
                elif recorded:
                    x.grad = +contribution if contribution is upstream else contribution
                else:
                    x.grad = owned(contribution, upstream, *numbers)
                if watched:
                    yield Step(node, position, x, upstream, local, contribution, before, x.grad, product)
        if not retain:
            node.grad = None


def owned(contribution: Any, *others: Any) -> Any:
    """A first contribution becomes the gradient itself, unless it is, or looks into, someone else's memory."""
    if type(contribution) is float:
        return contribution
    if contribution.base is not None:
        return contribution.copy()
    for other in others:
        if contribution is other:
            return contribution.copy()
    return contribution


def seed(root: Value, upstream: Any, recorded: bool = False, caller: str = "backward") -> Any:
    """The gradient to start from, checked; a Value for a recorded pass. Errors speak of the caller."""
    if type(root) is not Value:
        raise TypeError(f"{caller}: expected a Value, got {shown(root)}")
    if upstream is None and root.inputs and type(root._data) is float:
        return Value(1.0) if recorded else 1.0
    if root.op is not None and not root.inputs:
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


def _exhaust(order: Sequence[Value], recorded: bool, retain: bool, alarm: _Alarm) -> None:
    with alarm.listening():
        watchers = tuple(step_watchers)
        walk = backpropagate(order, recorded, retain, bool(watchers), alarm)
        for watch in watchers:
            walk = watch(walk)
        for _ in walk:
            pass


def _told(order: Sequence[Value], alarm: _Alarm) -> list[Step]:
    with alarm.listening():
        return list(backpropagate(order, False, True, True, alarm))


def _restoring(order: list[Value], before: list[Any]) -> Callable[[], Any]:
    return at_once(zip(repeat(assign), order, repeat("grad"), before, strict=False))


def backward(root: Value, upstream: Any = None, *, create_graph: bool = False, retain_grads: bool = True) -> None:
    """`Value.backward` as a function; see there."""
    start = seed(root, upstream, create_graph)
    order = topological_order(root)
    before = [node.grad for node in order]
    restore = _restoring(order, before)
    alarm = _Alarm()
    try:
        for node in order:
            if node.op is None and node.grad is not None:
                _check_kept(node)
            if node.op is not None or id(node) in gradient_hooks:
                node.grad = None
        root.grad = start if root.grad is None else root.grad + start
        copy_context().run(_exhaust, order, create_graph, retain_grads, alarm)
        if gradient_hooks:  # a leaf's hooks saw this pass's gradient alone; now it joins the earlier ones
            for node, grad in zip(order, before, strict=True):
                if node.op is None and grad is not None and id(node) in gradient_hooks:
                    node.grad = grad + node.grad
    except BaseException:
        restore()
        raise


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
    order = topological_order(output, stop)
    restore = _restoring(order, [node.grad for node in order])
    alarm = _Alarm()
    try:
        for node in order:
            node.grad = None
        output.grad = start
        walk = [node for node in order if node not in stop] if stop else order
        copy_context().run(_exhaust, walk, create_graph, True, alarm)
        reached = set(order)
        return [x.grad if x in reached else zero_like(x._data) for x in inputs]
    finally:
        restore()


def zero_like(data: Any) -> Any:
    return 0.0 if type(data) is float else np.zeros_like(data)


def steps(root: Value, upstream: Any = None) -> list[Step]:
    """The steps of one backward pass, one per edge, leaving every `.grad` as it was.

    Gradients start from nothing, also on leaves that hold one already: the story of one pass.
    """
    start = seed(root, upstream, caller="steps")
    order = topological_order(root)
    restore = _restoring(order, [node.grad for node in order])
    alarm = _Alarm()
    try:
        for node in order:
            node.grad = None
        root.grad = start
        return copy_context().run(_told, order, alarm)
    finally:
        restore()
