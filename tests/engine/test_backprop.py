"""The backward pass: what `.grad` holds afterwards, what is freed, what is refused, and its steps."""

from __future__ import annotations

import gc
import itertools
import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import (
    Along,
    GraphError,
    Local,
    Primitive,
    Pull,
    ShapeError,
    Value,
    gradcheck,
    gradients,
    jvp,
    no_grad,
    steps,
)
from autograd_mini.backprop import topological_order, unbroadcast

X = np.array([[1.25, 2.5, 0.75], [3.0, 1.75, 2.25]])


def every_node(root: Value) -> list[Value]:
    return topological_order(root)


# -- accumulation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [2.0, np.array([2.0, 2.0])], ids=["scalar", "array"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_second_pass_adds_the_same_again(data: Any, create_graph: bool) -> None:
    x = Value(data)
    square = x * x
    z = np.sum(square * 1.0)
    for expected in (4.0, 8.0, 12.0):
        z.backward(create_graph=create_graph)
        found = x.grad.data if create_graph else x.grad
        np.testing.assert_array_equal(found, np.full(x.shape, expected))
        inner = square.grad.data if create_graph else square.grad
        np.testing.assert_array_equal(inner, np.ones(x.shape))  # interior nodes start afresh


def test_leaves_accumulate_over_graphs_and_none_resets() -> None:
    x = Value(3.0)
    (x * 2).backward()
    (x * 5).backward()
    assert x.grad == 7.0
    x.grad = None
    (x * 5).backward()
    assert x.grad == 5.0


def test_backward_of_a_leaf() -> None:
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0
    x.backward(2.0)
    assert x.grad == 3.0


def test_reuse() -> None:
    x = Value(3.0)
    y = x * x  # both edges
    z = y + y * x - x  # x² + x³ − x
    z.backward()
    assert x.grad == 2 * 3 + 3 * 9 - 1
    assert y.grad == 1 + 3
    a = Value([1.0, 2.0])
    b = a + a
    (b * b).sum().backward()
    np.testing.assert_array_equal(a.grad, 8 * a.data)


def test_a_diamond_of_many_paths() -> None:
    x = Value(1.0)
    z = x
    for _ in range(60):
        z = z + z  # 2^60 paths, 60 nodes
    z.backward()
    assert x.grad == 2.0**60


def test_every_node_has_its_gradient() -> None:
    x, w = Value(X), Value(0.5)
    z = np.sum(np.tanh(x * w).T @ np.ones(2))
    z.backward()
    nodes = every_node(z)
    assert len(nodes) == 7
    for node in nodes:
        assert np.shape(node.grad) == node.shape
    assert z.grad == 1.0


#: Both operands' gradients are the same view of the upstream one.
flat_sum = Primitive(
    "flat_sum", lambda x, y: np.reshape(x + y, -1), *[Pull(lambda g, z, x, y: np.reshape(g, x.shape))] * 2
)
SHARING: dict[str, Callable[..., Any]] = {
    "a sum": lambda a, b: a + b,
    "a sum of transposed": lambda a, b: a.T + b.T,
    "a difference": lambda a, b: a - b,
    "transposed twice": lambda a, b: (a.T * 2).T + b,
    "a sum, transposed": lambda a, b: (a + b).T,
    "one leaf in many places": lambda a, b: a.T + (a + b).T + a.T,
    "reshaped": lambda a, b: a.reshape(-1) + b.reshape(-1),
    "products": lambda a, b: a.T @ b + a.T @ a,
    "broadcast": lambda a, b: a + b[0],
    "one view for both": flat_sum,
}


@pytest.mark.parametrize("name", SHARING)
@pytest.mark.parametrize("summed", [True, False], ids=["summed", "with an upstream"])
def test_gradients_are_in_memory_of_their_own_in_both_modes(name: str, summed: bool) -> None:
    found = []
    for retain in (True, False):
        a, b = Value(X), Value(X[::-1] + 1)
        z = SHARING[name](a, b)
        upstream = None if summed else np.arange(1.0, z.size + 1).reshape(z.shape)
        E = np.sum(z * z) if summed else z
        E.backward(upstream, retain_grads=retain)
        arrays = [v for v in (a.grad, b.grad, a.data, b.data, upstream) if v is not None]
        assert not any(np.shares_memory(p, q) for p, q in itertools.combinations(arrays, 2))
        assert a.grad.flags.writeable
        assert b.grad.flags.writeable
        found.append((a.grad, b.grad))
    np.testing.assert_array_equal(found[0], found[1])


def test_lean_mode_keeps_only_leaves() -> None:
    x, w = Value(X), Value(0.5)
    z = np.sum(np.tanh(x * w))
    z.backward(retain_grads=False)
    assert [node.grad is None for node in every_node(z)] == [not node.is_leaf for node in every_node(z)]
    lean = x.grad
    x.grad = None
    z.backward()
    np.testing.assert_array_equal(x.grad, lean)


# -- the upstream ----------------------------------------------------------------------------------


def test_explicit_upstream() -> None:
    x = Value(X)
    z = x * x
    upstream = np.arange(6.0).reshape(2, 3)
    z.backward(upstream)
    np.testing.assert_array_equal(x.grad, 2 * X * upstream)
    upstream[:] = 99
    np.testing.assert_array_equal(z.grad, np.arange(6.0).reshape(2, 3))
    y = Value(2.0)
    (y * y).backward(3)
    assert y.grad == 12.0
    x.grad = None
    (x * 1.0).backward(upstream.tolist())
    np.testing.assert_array_equal(x.grad, upstream)


def test_a_value_as_upstream_gives_plain_gradients() -> None:
    for f in (lambda x: x + 1.0, lambda x: x * x, lambda x: np.reshape(x, (3, 2)).T.reshape(2, 3)):
        x = Value(X)
        z = f(x)
        z.backward(Value(np.ones((2, 3))))
        assert type(x.grad) is np.ndarray
        assert x.grad.shape == X.shape


def test_what_cannot_be_differentiated() -> None:
    x = Value(X, name="x")
    with pytest.raises(GraphError, match=r"scalar.*\(2, 3\).*np\.ones"):
        (x * 2).backward()
    with pytest.raises(ShapeError, match=r"\(3,\), expected \(2, 3\)"):
        (x * 2).backward(np.ones(3))
    with pytest.raises(ShapeError, match=r"\(\), expected \(2, 3\)"):
        (x * 2).backward(1.0)
    with pytest.raises(ShapeError, match=r"\(1,\), expected \(\)"):
        np.sum(x).backward(np.ones(1))
    with no_grad():
        z = np.sum(x)
    for walk in (z.backward, lambda: gradients(z, [x]), lambda: list(steps(z))):
        with pytest.raises(GraphError, match="no_grad"):
            walk()
    with pytest.raises(TypeError):
        np.sum(x).backward(1j)
    assert x.grad is None


# -- errors leave everything as it was -------------------------------------------------------------


def explode(*_: Any) -> Any:
    raise ZeroDivisionError("rule")


@pytest.mark.parametrize("rule", [Local(explode), Pull(explode)], ids=["Local", "Pull"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_an_error_in_a_rule_leaves_every_grad_as_it_was(rule: Any, create_graph: bool) -> None:
    bomb = Primitive("bomb", lambda x: x * 1.0, rule)
    x = Value(X)
    early = bomb(x)
    late = early * 2 + x * 3
    z = np.sum(late * late)
    x.grad = start = np.full((2, 3), 5.0)
    late.grad = 7.0
    for walk in (lambda: z.backward(create_graph=create_graph), lambda: gradients(z, [x]), lambda: list(steps(z))):
        with pytest.raises(ZeroDivisionError, match="rule"):
            walk()
        assert x.grad is start
        assert late.grad == 7.0
        assert z.grad is None
        assert early.grad is None
        np.testing.assert_array_equal(x.grad, np.full((2, 3), 5.0))


# -- higher orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [1.5, np.array([1.5, -0.5])], ids=["scalar", "array"])
def test_third_derivative_of_a_fifth_power(data: Any) -> None:
    x = Value(data)
    z = x**5
    for order, expected in enumerate([5 * x.data**4, 20 * x.data**3, 60 * x.data**2, 120 * x.data], 1):
        x.grad = None
        np.sum(z).backward(create_graph=True)
        assert type(x.grad) is Value, order
        np.testing.assert_allclose(x.grad.data, expected, rtol=1e-14)
        z = x.grad


def test_create_graph_gives_values_everywhere() -> None:
    x, w = Value(X), Value(0.5)
    z = np.sum(np.sin(x * w))
    z.backward(create_graph=True)
    assert all(type(node.grad) is Value and node.grad.shape == node.shape for node in every_node(z))


def test_gradient_penalty() -> None:
    """A second derivative the way it is used: the gradient's size is part of the loss."""
    x, w = Value([1.0, 2.0]), Value([0.5, -0.3])
    (slope,) = gradients(np.sum(np.exp(w * x)), [x], create_graph=True)
    np.sum(slope * slope).backward()  # Σ w² e^(2wx)
    e = np.exp(2 * w.data * x.data)
    np.testing.assert_allclose(w.grad, 2 * w.data * e + 2 * w.data**2 * x.data * e, rtol=1e-14)


# -- memory ----------------------------------------------------------------------------------------


@pytest.fixture
def without_collector() -> Any:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("data", [1.5, X], ids=["scalar", "array"])
def test_a_dropped_graph_is_freed_at_once(data: Any) -> None:
    for differentiate in (
        lambda x, z: None,
        lambda x, z: z.backward(),
        lambda x, z: gradients(z, [x]),
        lambda x, z: list(steps(z)),
        lambda x, z: z.backward(retain_grads=False),
    ):
        x = Value(data)
        inner = np.tanh(x * x) + np.reshape(x, x.shape)
        z = np.sum(inner)
        differentiate(x, z)
        references = [weakref.ref(inner), weakref.ref(z)]
        del inner
        assert references[0]() is not None
        del z
        assert [r() for r in references] == [None, None]
        leaf = weakref.ref(x)
        x = None
        assert leaf() is None


@pytest.mark.usefixtures("without_collector")
def test_an_error_leaves_no_cycle_behind() -> None:
    x = Value(X)
    z = x * 2
    node = weakref.ref(z)
    with pytest.raises(GraphError):
        z.backward()
    del z
    assert node() is None


def test_a_leaf_does_not_hold_what_was_made_from_it() -> None:
    x = Value(X)
    nodes = [weakref.ref(np.exp(x)) for _ in range(3)]
    assert not any(node() for node in nodes)


BUFFER_GRAPHS: list[Callable[[Value, Value], Value]] = [
    lambda x, y: x + y,
    lambda x, y: (x + y) + (x - y),
    lambda x, y: np.reshape(x, (3, 2)).T.reshape(2, 3) + y,
    lambda x, y: np.sum(x) * y,
    lambda x, y: x.sum(axis=0) + y.mean(axis=0),
    lambda x, y: x[0] + y[:, 1:].sum() + x[:, ::-1][1],
    lambda x, y: np.broadcast_to(x, (4, 2, 3)) + np.broadcast_to(y, (4, 2, 3)),
    lambda x, y: np.concatenate([x, y, x], axis=1),
    lambda x, y: np.stack([x, y]) + np.flip(x),
    lambda x, y: +np.positive(x) + np.copy(y),
    lambda x, y: -np.negative(x) + y.astype(float),
    lambda x, y: np.where(X > 2, x, y) + np.maximum(x, y),
    lambda x, y: np.squeeze(x[None]) + np.expand_dims(y, 0)[0] + np.pad(x, 1)[1:-1, 1:-1],
    lambda x, y: x.T @ y + x.T @ x,
    lambda x, y: np.einsum("ij->ij", x) + np.einsum("ij->ji", y).T,
    lambda x, y: np.roll(x, 1) + np.cumsum(y, 0) + np.clip(x, -9, 9),
]


@pytest.mark.parametrize("graph", BUFFER_GRAPHS)
@pytest.mark.parametrize("passes", [1, 2])
def test_no_two_values_share_a_gradient(graph: Callable, passes: int) -> None:
    x, y = Value(X), Value(X[::-1] + 1)
    z = graph(x, y)
    upstream = np.ones(z.shape)
    for _ in range(passes):
        z.backward(upstream)
    nodes = every_node(z)
    buffers = (
        [node.grad for node in nodes] + [node.data for node in nodes if not node.is_leaf] + [x.data, y.data, upstream]
    )
    grads = [g for g in buffers[: len(nodes)] if isinstance(g, np.ndarray)]
    for grad in grads:
        assert grad.flags.writeable
        for other in buffers:
            assert other is grad or not np.shares_memory(grad, other)
    assert len({id(g) for g in grads}) == len(grads)


def test_a_gradient_can_be_changed_in_place_without_consequences() -> None:
    x = Value(X)
    y = x + 1.0
    z = y.reshape(6)
    z.backward(np.ones(6))
    x.grad *= 100
    np.testing.assert_array_equal(y.grad, np.ones((2, 3)))
    np.testing.assert_array_equal(z.grad, np.ones(6))
    np.testing.assert_array_equal(x.data, X)


def test_found_gradients_belong_to_the_caller() -> None:
    x, y = Value(X), Value(X)
    first, second = gradients(x + y, [x, y], np.ones((2, 3)))
    assert not np.shares_memory(first, second)


# -- depth -----------------------------------------------------------------------------------------


def test_a_chain_of_a_million_scalars() -> None:
    x = Value(1.0)
    z = x
    for _ in range(500_000):
        z = z * 1.000001 + 1e-9  # a million operations
    z.backward()
    assert x.grad == pytest.approx(1.000001**500_000, rel=1e-9)
    last = weakref.ref(z)
    del z  # freeing must not recurse either
    assert last() is None


def test_a_chain_of_ten_thousand_arrays() -> None:
    x = Value(np.ones(3))
    z = x
    for _ in range(5_000):
        z = z * 1.0001 + x
    np.sum(z).backward()
    powers = 1.0001 ** np.arange(5_001)
    np.testing.assert_allclose(x.grad, np.full(3, powers.sum()), rtol=1e-12)
    assert sum(1 for _ in steps(np.sum(z))) == 15_001


def test_a_wide_graph() -> None:
    x = Value(2.0)
    z = np.sum(np.stack([x * k for k in range(2_000)]))
    z.backward()
    assert x.grad == sum(range(2_000))


# -- kinds of numbers ------------------------------------------------------------------------------


def test_each_gradient_has_the_dtype_and_shape_of_its_input() -> None:
    scalar, single = Value(0.5, name="scalar"), Value(np.float32(1.5), name="single")
    wide, narrow = Value(X), Value(np.float32(X[0]))
    row = Value(X[:1])
    z = np.sum(np.tanh(scalar * wide + narrow * single) * row - narrow @ wide.T @ wide)
    for _ in range(2):  # also when added to
        z.backward()
        assert type(scalar.grad) is float
        assert type(single.grad) is np.float32
        assert narrow.grad.dtype == np.float32
        assert narrow.grad.shape == (3,)
        assert wide.grad.dtype == float
        assert wide.grad.shape == (2, 3)
        assert row.grad.dtype == float
        assert row.grad.shape == (1, 3)
    for node in every_node(z):
        assert np.shape(node.grad) == node.shape
        assert np.asarray(node.grad).dtype == node.dtype


def test_a_scalar_graph_has_float_gradients() -> None:
    x = Value(0.5)
    z = np.exp(x * 2) + np.float64(3) * x + np.maximum(x, 0) ** np.int64(3) - True * x
    z.backward()
    assert all(type(node.grad) is float and type(node.data) is float for node in every_node(z))
    assert x.grad == pytest.approx(2 * np.exp(1.0) + 3 + 0.75 - 1)


@pytest.mark.parametrize("data", [2.0, X])
def test_a_gradient_set_by_hand_must_fit_what_is_added(data: Any) -> None:
    x = Value(data, name="x")
    x.grad = np.ones((4, 1))
    with pytest.raises(ShapeError, match=r"adds to x.grad, which has shape \(4, 1\), expected .*: set x.grad = None"):
        np.sum(x * x).backward()
    x.grad = "a"
    with pytest.raises(TypeError, match=r"x.grad: expected real numbers .*; set x.grad = None"):
        np.sum(x * x).backward()
    x.grad = np.ones(np.shape(data), int)
    np.sum(x * x).backward()
    np.testing.assert_array_equal(x.grad, 2 * data + 1)


def test_the_gradient_of_a_float32_number_is_one_beside_float64() -> None:
    x = Value(np.float32(2))
    (x.astype(float) * 3.0).backward()
    assert (x.grad, type(x.grad)) == (3.0, np.float32)


# -- topological order -----------------------------------------------------------------------------


def test_topological_order_puts_every_node_before_its_inputs() -> None:
    x, y = Value(1.0), Value(2.0)
    z = (x * y + x) / (y - np.sin(x * y))
    order = topological_order(z)
    place = {node: i for i, node in enumerate(order)}
    assert order[0] is z
    assert len(place) == len(order)
    for node in order:
        assert all(place[node] < place[child] for child in node.inputs if type(child) is Value)


def test_the_order_is_that_of_ages_for_leaves_too() -> None:
    x = Value(2.0)
    y = x * x
    late = Value(3.0)
    z = y * late
    found = topological_order(z)
    assert all(one is other for one, other in zip(found, [z, late, y, x], strict=True))


def reachable(root: Value) -> set[Value]:
    found, waiting = {root}, [root]
    while waiting:
        new = {x for x in waiting.pop().inputs if type(x) is Value} - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize("gap", [0, 1, 70, 5_000])
@pytest.mark.parametrize("reach", [2, 40, 10_000], ids="inputs at most {} nodes back".format)
def test_the_order_is_that_of_ages_however_far_apart_they_are(gap: int, reach: int) -> None:
    rng = np.random.default_rng(gap + reach)
    nodes = [Value(1.0) * 1.0]
    for size in (1, 2, 62, 63, 64, 65, 300):  # windows begin with 64 places
        while len(nodes) < size:
            for _ in range(gap if len(nodes) % 30 == 7 else 0):
                Value(0.0)
            i, j = rng.integers(max(0, len(nodes) - reach), len(nodes), 2)
            nodes.append(nodes[i] * 0.5 + nodes[j] if len(nodes) % 2 else nodes[i] - nodes[j])
        expected = sorted(reachable(nodes[-1]), key=lambda node: -node.age)
        found = topological_order(nodes[-1])
        assert len(found) == len(expected)
        assert all(one is other for one, other in zip(found, expected, strict=True))


def test_many_old_nodes_wait_for_their_window() -> None:
    leaves = [Value(float(i)) for i in range(200)]
    early = [leaf * 2.0 for leaf in leaves]
    late = [leaf * 3.0 for leaf in leaves]
    joined = np.stack([*early, *late])
    joined.backward(np.ones(400))
    assert [leaf.grad for leaf in leaves] == [5.0] * 200
    ages = [node.age for node in topological_order(joined) if node.op]
    assert ages == sorted(ages, reverse=True)


def test_gradients_of_interior_nodes_and_of_strangers() -> None:
    x, stranger = Value(3.0), Value(X)
    y = x * x
    x.grad, stranger.grad = 42.0, X
    z = y * y
    found = gradients(z, [x, y, z, stranger])
    assert found[:3] == [108.0, 18.0, 1.0]
    np.testing.assert_array_equal(found[3], np.zeros((2, 3)))
    assert x.grad == 42.0
    assert y.grad is None
    assert z.grad is None


# -- steps -----------------------------------------------------------------------------------------

STEP_GRAPHS: list[tuple[Callable, tuple]] = [
    (lambda x, y: x * y + np.sin(x) * x, (1.5, -0.5)),
    (lambda x, y: np.sum(np.tanh(x @ y) ** 2), (X, X.T)),
    (lambda x, y: np.sum(x * y + x.mean(axis=0)), (X, 0.5)),
    (lambda x, y: np.max(x + y[:, None], axis=1).sum() + x[0, 1] * y[0], (X, np.array([0.3, 0.4]))),
    (lambda x, y: np.sum(np.concatenate([x, y, x]) ** 2), (X[0], X[1])),
    (lambda x, y: np.sum(x / y), (np.float32(X), np.float32(2.5))),
]


@pytest.mark.parametrize(("graph", "data"), STEP_GRAPHS)
def test_steps_tell_what_backward_does(graph: Callable, data: tuple) -> None:
    leaves = [Value(d) for d in data]
    z = graph(*leaves)
    story = list(steps(z))
    z.backward()
    for node in every_node(z):
        arrived = [s for s in story if s.input is node]
        if node is z:
            assert not arrived
            continue
        # the contributions sum to the gradient, and before/after tell how it grew
        np.testing.assert_allclose(sum(s.contribution for s in arrived), node.grad, rtol=1e-6)
        assert arrived[0].before is None
        for one, following in itertools.pairwise(arrived):
            np.testing.assert_array_equal(one.after, following.before)
        np.testing.assert_array_equal(arrived[-1].after, node.grad)
    edges = [(node, i) for node in every_node(z) for i, x in enumerate(node.inputs) if type(x) is Value]
    assert [(s.node, s.position) for s in story] == edges or {(id(s.node), s.position) for s in story} == {
        (id(node), i) for node, i in edges
    }
    for s in story:
        assert s.node.inputs[s.position] is s.input
        np.testing.assert_array_equal(s.upstream, s.node.grad)
        assert np.shape(s.contribution) == s.input.shape
        if s.local is not None and s.node.op.name not in ("sum", "mean", "max"):
            product = np.asarray(s.upstream) * s.local
            if product.shape == s.input.shape:
                np.testing.assert_allclose(s.contribution, product, rtol=1e-6)


def test_the_steps_of_a_product() -> None:
    x, w = Value(2.0, name="x"), Value(-3.0, name="w")
    z = w * x
    first, second = steps(z)
    assert (first.input, first.upstream, first.local, first.contribution, first.before, first.after) == (
        w,
        1.0,
        2.0,
        2.0,
        None,
        2.0,
    )
    assert (second.input is x, second.local, second.position) == (True, -3.0, 1)
    assert [s.contribution for s in steps(z, 10.0)] == [20.0, -30.0]


def test_steps_leave_every_grad_alone() -> None:
    x = Value(X)
    z = np.sum(np.tanh(x) * x)
    z.backward()
    before = {node: node.grad for node in every_node(z)}
    list(steps(z))
    assert all(node.grad is before[node] for node in before)
    for _ in steps(z):
        assert all(node.grad is before[node] for node in before)  # also while one looks at them


def test_looking_at_steps_and_going_backward_do_not_meet() -> None:
    x = Value(3.0)
    y = x * x
    z = y * y
    walk = iter(steps(z))
    next(walk)
    assert (x.grad, y.grad, z.grad) == (None, None, None)
    z.backward()
    assert (x.grad, y.grad) == (108.0, 18.0)
    assert list(walk)[-1].after == 108.0
    assert (x.grad, y.grad) == (108.0, 18.0)
    walk = iter(steps(z))
    next(walk)
    z.backward()
    del walk  # abandoned half-way
    assert x.grad == 216.0


def test_two_walks_side_by_side_are_independent() -> None:
    x = Value(3.0)
    z = x * x * x
    alone = [s.after for s in steps(z)]
    pairs = [(s.after, t.after) for s, t in zip(steps(z), steps(z), strict=True)]
    assert pairs == [(after, after) for after in alone]


def test_steps_records_are_not_changed_by_later_steps() -> None:
    x = Value(X)
    z = np.sum(x * x + x)
    story = []
    for s in steps(z):
        story.append(
            (s, np.copy(s.before) if s.before is not None else None, np.copy(s.after), np.copy(s.contribution))
        )
    for s, before, after, contribution in story:
        np.testing.assert_equal(s.before, before)
        np.testing.assert_array_equal(s.after, after)
        np.testing.assert_array_equal(s.contribution, contribution)


def test_changed_data_are_noticed_by_every_walk() -> None:
    w = Value(X, name="W")
    z = np.sum(w * w)
    w.data = X + 1
    for walk in (z.backward, lambda: gradients(z, [w]), lambda: list(steps(z)), lambda: topological_order(z)):
        with pytest.raises(GraphError, match="W"):
            walk()


def test_a_step_keeps_the_product_that_broadcasting_is_undone_on() -> None:
    a, b = Value(np.ones((4, 3)), name="a"), Value([1.0, 2.0, 3.0], name="b")
    to_a, to_b = steps(a * b, np.full((4, 3), 2.0))
    assert to_a.product is to_a.contribution
    assert to_b.product.shape == (4, 3)
    np.testing.assert_array_equal(to_b.product.sum(axis=0), to_b.contribution)
    [_, scalar] = steps(Value(2.0) * Value(3.0))
    assert scalar.product == scalar.contribution == 2.0


def test_the_order_of_what_was_recorded_can_be_had_although_data_changed() -> None:
    x, y = Value(2.0), Value(3.0)
    z = x * y + y  # the walk meets y first
    x.data = 5.0  # x is now younger than what was made from it
    with pytest.raises(GraphError, match="changed"):
        topological_order(z)
    order = topological_order(z, check=False)
    assert {id(node) for node in order} == {id(node) for node in (z, *z.inputs, x, y)}
    assert order[0] is z
    assert [id(node) for node in order[-2:]] == [id(x), id(y)]  # the youngest first, among leaves too


# -- the chain rule's own cases --------------------------------------------------------------------


def test_a_zero_beside_an_infinite_slope_is_a_number_in_the_precision_of_its_own() -> None:
    x = Value(np.float32(0))
    (np.sqrt(x) * 0.0).backward()
    assert (x.grad, type(x.grad)) == (0.0, np.float32)


def test_an_upstream_of_zero_stays_zero_beside_an_infinite_slope() -> None:
    """0 · ∞ is told by NumPy's flag alone: nothing here selects."""
    x = Value([0.0, 4.0])
    np.max(np.sqrt(x)).backward()
    np.testing.assert_array_equal(x.grad, [0, 0.25])
    x = Value([0.0, 0.0])
    np.sqrt(x).backward(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(x.grad, [0, np.inf])


def test_an_upstream_of_zero_stays_zero_where_the_slope_is_a_python_float() -> None:
    steep = Primitive("steep", lambda x, axis, keepdims: np.sum(x), Along(lambda z, x, axis, keepdims: math.inf))
    for upstream, expected in [(0.0, 0.0), (2.0, math.inf)]:
        x = Value(1.0)
        steep(x, params=(None, False)).backward(upstream)
        assert x.grad == expected


def test_a_nan_met_before_is_not_forgotten_at_the_next_selection() -> None:
    x, y = Value([-1.0, 4.0]), Value([3.0, 5.0, 7.0])
    with np.errstate(invalid="ignore"):
        root = np.sqrt(x)
    chosen = np.where(x.data > 0, root, y[:2])  # between the root and the choice lies a selection of good numbers
    chosen.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [0, 0.25])
    np.testing.assert_array_equal(y.grad, [1, 0, 0])


def test_a_reduction_may_have_more_params_than_its_axes() -> None:
    row = Primitive(
        "scaled_sum",
        lambda x, axis, keepdims, k: k * np.sum(x, axis=axis, keepdims=keepdims),
        Along(lambda z, x, axis, keepdims, k: k + 0 * x),
    )
    for keepdims in (False, True):
        f = lambda x, keep=keepdims: row(x, params=(1, keep, 3.0))  # noqa: E731
        assert gradcheck(lambda x, f=f: f(x) ** 2, X, order=2).ok
        np.testing.assert_array_equal(jvp(f, (X,), (X,))[1], f(X))


def test_a_pass_starts_in_the_root_s_precision_and_kind() -> None:
    x = Value(3.0)
    z = x * x
    z.backward(2)
    assert (z.grad, type(z.grad), x.grad) == (2.0, float, 12.0)
    single = Value(np.float32(3.0))
    z = single * single
    z.backward()
    assert type(z.grad) is type(single.grad) is np.float32
    for upstream in (np.ones(2), Value(np.ones(2))):
        y = Value([1.0, 2.0])
        (y + 1.0).backward(upstream, create_graph=True)
        assert type(y.grad) is Value


def test_the_way_out_is_shown_in_the_caller_s_own_words() -> None:
    z = Value(X) * 2.0
    with pytest.raises(GraphError, match=r"backward\(np\.ones\(\(2, 3\)\)\)"):
        z.backward()
    with pytest.raises(GraphError, match=r"steps\(…, upstream=np\.ones\(\(2, 3\)\)\)"):
        steps(z)


def test_a_recorded_pass_multiplies_by_no_constant() -> None:
    """Slopes of 1 and −1 need no product: the recorded graph stays as short as on paper."""
    for data in (2.0, X):
        x, y, z = Value(data), Value(data), Value(data)
        upstream = Value(np.ones(np.shape(data)))
        found = gradients(x - y + z * 3.0, [x, y, z], upstream, create_graph=True)
        assert [g.op.name for g in found] == ["positive", "negative", "multiply"]


def test_a_recorded_contribution_takes_its_input_s_precision_once() -> None:
    narrow, wide = Value(np.float32(X[0])), Value(X)
    for other in (wide, Value(np.float32(X))):
        (found,) = gradients(np.sum(narrow * other), [narrow], create_graph=True)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.data, X.sum(0))
        assert found.op.name == ("astype" if other is wide else "sum")


@pytest.mark.parametrize(
    ("wide", "shape"),
    [
        ((1, 4, 3), (1, 3)),
        ((2, 1, 3), (1, 3)),
        ((2, 4, 3), (4, 1)),
        ((4, 2, 4), (1, 4)),
        ((2, 4, 1), (1, 1)),
        ((3,), (1,)),
    ],
)
def test_unbroadcast_sums_over_every_copy(wide: tuple, shape: tuple) -> None:
    contribution = np.arange(float(np.prod(wide))).reshape(wide)
    x = np.zeros(shape)
    expected = np.zeros(shape)
    np.add.at(expected, tuple(np.broadcast_to(i, wide) for i in np.indices(shape)), contribution)
    np.testing.assert_array_equal(unbroadcast(contribution, x.shape), expected)
    np.testing.assert_array_equal(unbroadcast(Value(contribution), x.shape).data, expected)
