"""The quick forms of common operations give what the plain ones give: the same numbers, the same graph."""

import contextlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Value, nn
from autograd_mini.backprop import topological_order
from autograd_mini.nn import functional as F
from autograd_mini.nn.windows import copies, look
from autograd_mini.primitives import elementwise, shaping
from autograd_mini.primitives.reductions import share_of_ties

RNG = np.random.default_rng(0)


# -- a transposed matrix ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_a_transposed_matrix_lies_in_memory_as_the_matrix(dtype):
    """x.T @ g, transposed back, would lie column by column: every later step on it would jump through memory."""
    x, W = RNG.normal(size=(7, 5)).astype(dtype), Value(RNG.normal(size=(3, 5)).astype(dtype))
    g = RNG.normal(size=(7, 3)).astype(dtype)
    turned = W.T
    (x @ turned).backward(g)
    np.testing.assert_array_equal(turned.grad, x.T @ g)
    np.testing.assert_array_equal(W.grad, (x.T @ g).T)
    assert turned.grad.flags.f_contiguous
    assert W.grad.flags.c_contiguous
    assert not np.shares_memory(turned.grad, W.grad)


@pytest.mark.parametrize(
    ("x", "W"),
    [
        (np.ones((2, 3), np.float32), np.ones((4, 3))),  # mixed precisions
        (np.ones((2, 3)), np.ones((4, 3), np.float32)),
        (np.ones((2, 2, 3)), np.ones((4, 3))),  # a stack
        (np.ones((2, 2, 2, 3)), np.ones((4, 3, 2))),  # stacks of both, that broadcast
        (np.ones((0, 3)), np.ones((4, 3))),  # no examples
        (np.ones((2, 2, 3)), np.ones((0, 3))),  # no units
        (np.ones((1, 1)), np.ones((1, 1))),
    ],
)
def test_the_gradient_of_a_transposed_matrix_has_its_type_and_shape(x, W):
    w = Value(W)
    s = x @ w.T
    s.backward(np.full(s.shape, 2.0))
    assert w.grad.dtype == W.dtype
    used = s.size * x.shape[-1] / max(W.size, 1)  # each weight so many times
    np.testing.assert_array_equal(w.grad, np.full(W.shape, 2.0 * used))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_of_a_left_factor_lies_in_memory_as_it_does(dtype):
    """Made column by column by one operation, read so by the next."""
    y, g = RNG.normal(size=(5, 3)).astype(dtype), RNG.normal(size=(7, 3)).astype(dtype)
    left = Value(RNG.normal(size=(5, 7)).astype(dtype)).T
    (left @ Value(y)).backward(g)
    np.testing.assert_allclose(left.grad, g @ y.T, rtol=1e-6)
    assert left.grad.flags.f_contiguous
    row_by_row = Value(RNG.normal(size=(7, 5)).astype(dtype))
    (row_by_row @ Value(y)).backward(g)
    assert row_by_row.grad.flags.c_contiguous


def test_a_left_factor_column_by_column_beside_a_stack():
    x, y = Value(RNG.normal(size=(3, 2))).T, RNG.normal(size=(4, 3, 5))
    g = RNG.normal(size=(4, 2, 5))
    (x @ y).backward(g)
    np.testing.assert_allclose(x.grad, np.einsum("bik,bjk->ij", g, y), rtol=1e-12)


# -- layers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [1, 2, 5])
@pytest.mark.parametrize("recorded", [True, False])
def test_a_product_of_single_precision_is_made_turned_round_where_it_has_more_columns_than_rows(features, recorded):
    x, w, b = (RNG.normal(size=size).astype(np.float32) for size in ((3, features), (7, features), (7,)))
    layer = nn.Linear(features, 7, dtype=np.float32)
    layer.load_state_dict({"weight": w, "bias": b})
    with contextlib.nullcontext() if recorded else ag.no_grad():
        few, many = layer(x), layer(np.tile(x, (3, 1)))
    exact = x.astype(float) @ w.T.astype(float) + b
    np.testing.assert_allclose(few.data, exact, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(many.data, np.tile(exact, (3, 1)), rtol=1e-5, atol=1e-6)
    assert few.dtype == many.dtype == np.float32
    assert few.data.flags.f_contiguous
    assert many.data.flags.c_contiguous
    if recorded:
        g = RNG.normal(size=(3, 7)).astype(np.float32)
        few.backward(g)
        np.testing.assert_allclose(layer.weight.grad, g.T.astype(float) @ x, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.bias.grad, g.astype(float).sum(0), rtol=1e-5, atol=1e-6)
        assert layer.weight.grad.flags.c_contiguous


# -- indices ----------------------------------------------------------------------------------------


def added_one_by_one(shape, index, g):
    out = np.zeros(shape)
    np.add.at(out, index, g)
    return out


@pytest.mark.parametrize(
    "index",
    [
        [0, 2, 3],
        [-1, 3],  # twice the same place
        [0, 0, 2],
        [0, 2, 2],
        [2, 1, 0],
        [],
        (np.arange(3), np.array([1, 1, 1])),
        (np.array([1, 1, 1]), np.arange(3)),
        (np.array([0, 1, 0]), np.array([2, 2, 2])),
        (np.arange(3), np.array([[1], [1]])),  # broadcast: every place twice
        (np.array([0]), np.array([1, 1])),
        (slice(None), np.array([1, 1])),
        (np.array([0, 1], np.uint8), np.array([1, 1])),
        (2, np.array([0, 1])),
        np.array([[0, 1], [0, 1]]),
        np.array([True, False, True, True]),
        (np.array([False, True, True, False]), np.array([1, 1])),
    ],
    ids=repr,
)
def test_what_is_picked_goes_back_to_its_place(index):
    v = Value(RNG.normal(size=(4, 3)))
    picked = v[index]
    g = RNG.normal(size=picked.shape)
    picked.backward(g)
    plain = np.array(index, int) if isinstance(index, list) else index
    np.testing.assert_array_equal(v.grad, added_one_by_one((4, 3), plain, g))


def test_a_mask_beside_an_index_picks_twice():
    v = Value(np.ones((2, 3)))
    v[np.array([False, True]), np.array([0, 0])].backward(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(v.grad, [[0, 0, 0], [3, 0, 0]])


@settings(deadline=None)  # also on a busy machine
@given(st.lists(st.integers(-4, 3), max_size=5), st.lists(st.integers(-3, 2), max_size=5))
def test_any_pair_of_indices_goes_back_to_its_place(rows, columns):
    n = min(len(rows), len(columns))
    index = np.array(rows[:n], int), np.array(columns[:n], int)
    g = np.arange(1.0, n + 1)
    np.testing.assert_array_equal(shaping.put_back(g, (4, 3), index), added_one_by_one((4, 3), index, g))


# -- a pass of floats alone -------------------------------------------------------------------------


def random_scalars(seed):
    """A graph of floats with constants on both sides, unary and binary operations, 0 · ∞ and zeros on the way."""
    rng = np.random.default_rng(seed)
    leaves = [Value(float(x)) for x in rng.normal(size=4)]
    nodes = [*leaves, np.sqrt(leaves[0] * 0.0), leaves[1] * 0.0]
    for _ in range(40):
        x, y = (nodes[i] for i in rng.integers(0, len(nodes), 2))
        nodes.append(
            [x + y, x - 2.0, 3 * y, x * y, np.tanh(x), -y, np.maximum(x, y), x.sigmoid(), x * x][rng.integers(9)]
        )
    return leaves, nodes, sum(nodes[4:], Value(0.0) * 1.0)


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_pass_of_floats_alone_adds_what_the_steps_add(seed, retain):
    leaves, nodes, output = random_scalars(seed)
    told = {}
    for step in ag.steps(output):
        told[step.input] = step.after
    output.backward(retain_grads=retain)
    for node in nodes:
        expected = told.get(node) if retain or node.is_leaf else None
        assert repr(node.grad) == repr(expected)
    output.backward()
    used = [leaf for leaf in leaves if leaf in told]
    np.testing.assert_allclose([leaf.grad for leaf in used], [2 * told[leaf] for leaf in used], rtol=1e-12)


@pytest.mark.parametrize("who", ["a hook", "a watcher"])
def test_a_pass_of_floats_is_seen_by_whoever_listens(who):
    x = Value(3.0)
    y = x * x
    seen = []
    if who == "a hook":
        with y.register_hook(lambda grad: seen.append(grad) or 2 * grad):
            (y * 5.0).backward()
        assert (seen, x.grad) == ([5.0], 60.0)
    else:
        with ag.anomaly(), pytest.raises(FloatingPointError):
            (y * np.inf).backward()


# -- a layer ----------------------------------------------------------------------------------------


def described(z):
    return [
        (v.op and v.op.name, v.params, v.partials, v.shape, v.dtype, [type(x) is Value for x in v.inputs])
        for v in topological_order(z)
    ]


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3), (0, 3)])
@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_records_what_its_formula_records(shape, recorded, dtype):
    numbers = RNG.normal(size=shape).astype(dtype)
    W, b = RNG.normal(size=(4, 3)).astype(dtype), RNG.normal(size=4)
    results = []
    for formula in (F.linear, lambda x, W, b: x @ W.T + b):
        x = Value(numbers, "x") if recorded else numbers
        leaves = [Value(W, "W"), Value(b, "b")]
        z = formula(x, *leaves)
        z.backward(np.ones(z.shape))
        results.append((described(z), z.data, *(v.grad for v in leaves), x.grad if recorded else 0.0))
    (graph, *found), (expected_graph, *expected) = results
    assert graph == expected_graph
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.result_type(one) == np.result_type(other)


def test_a_layer_records_nothing_without_gradients_and_is_seen_by_whoever_listens():
    layer, x = nn.Linear(3, 2), RNG.normal(size=(4, 3))
    with ag.no_grad():
        z = layer(x)
    assert z.inputs == ()
    np.testing.assert_array_equal(z.data, layer(x).data)
    with ag.record_sources():
        z = layer(x)
    assert {node.source.file for node in ag.graph(z).nodes if node.op} == {__file__}


# -- softmax ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1), None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_is_its_formula(axis, dtype):
    numbers, g = RNG.normal(size=(2, 3, 4)).astype(dtype), RNG.normal(size=(2, 3, 4)).astype(dtype)

    def formula(x):
        shifted = x - np.max(x.data, axis=axis, keepdims=True)
        return shifted - ag.logsumexp(shifted, axis, keepdims=True)

    one, other = Value(numbers), Value(numbers)
    z, expected = ag.log_softmax(one, axis), formula(other)
    np.testing.assert_array_equal(z.data, expected.data)
    z.backward(g)
    expected.backward(g)
    assert one.grad.dtype == dtype
    np.testing.assert_allclose(one.grad, other.grad, rtol=0, atol=4 * np.finfo(dtype).eps)


def test_log_softmax_can_be_differentiated_twice_and_forwards():
    x, t = RNG.normal(size=(3,)), RNG.normal(size=(3,))
    p = np.exp(x) / np.sum(np.exp(x))
    hessian = -4 * (np.diag(p) - np.outer(p, p))  # of a sum with weights that add up to 4
    found = ag.hessian(lambda v: np.sum(ag.log_softmax(v) * np.array([1.0, 2.0, 1.0])))(x)
    np.testing.assert_allclose(found, hessian, atol=1e-14)
    _, tangent = ag.jvp(ag.log_softmax, (x,), (t,))
    np.testing.assert_allclose(tangent, t - np.sum(p * t), atol=1e-15)


# -- sigmoid ----------------------------------------------------------------------------------------


def test_sigmoid_of_a_number_is_that_of_an_array_to_about_the_last_bit():
    xs = np.concatenate(
        [
            np.random.default_rng(7).normal(size=500) * 3,
            [0.0, -0.0, 40.0, -40.0, 745.0, -745.0, -720.0, np.inf, -np.inf],
        ]
    )
    array = elementwise.stable_sigmoid(xs)
    numbers = [elementwise.sigmoid_of_number(float(x)) for x in xs]
    np.testing.assert_array_max_ulp(np.array(numbers), array, 2)  # NumPy's exp and math's may differ in the last bit
    assert np.isnan(elementwise.stable_sigmoid(np.array([np.nan])))[0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_sigmoid_keeps_its_digits_everywhere_and_warns_of_nothing(dtype):
    smallest = {np.float16: -17, np.float32: -103, np.float64: -745}[dtype]
    xs = np.linspace(smallest, -smallest, 4001).astype(dtype)
    with np.errstate(all="raise", under="ignore"):
        found = elementwise.stable_sigmoid(xs)
    assert found.dtype == dtype
    exact = xs.astype(np.longdouble)
    exact = np.exp(np.minimum(exact, 0)) / (1 + np.exp(-np.abs(exact)))
    off = np.abs(found.astype(np.longdouble) - exact) / np.spacing(exact.astype(dtype)).astype(np.longdouble)
    assert off.max() < 4


# -- windows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (3, 2)])
def test_windows_are_copied_pixel_by_pixel_in_the_order_of_the_picture(order, stride):
    x = RNG.normal(size=[(2, 3, 7, 5)[axis] for axis in order]).transpose(np.argsort(order))
    seen = copies(x, (3, 2), stride)
    np.testing.assert_array_equal(seen, look(x, (3, 2), stride))
    assert not np.shares_memory(seen, x)
    block = seen[1, 1]
    # In one piece, and its axes from the longest stride to the shortest are those of the picture.
    assert block.nbytes == sum((n - 1) * s for n, s in zip(block.shape, block.strides, strict=True)) + block.itemsize
    long_axes = [axis for axis in order if block.shape[axis] > 1]
    assert long_axes == sorted(long_axes, key=lambda axis: -block.strides[axis])


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_convolution_does_not_depend_on_the_order_in_memory(order):
    plain = RNG.normal(size=(2, 3, 6, 5))
    x = np.ascontiguousarray(plain.transpose(order)).transpose(np.argsort(order))
    w = RNG.normal(size=(4, 3, 2, 3))
    results = []
    for picture in (plain, x):
        leaves = Value(0.0), Value(w)
        leaves[0]._data = picture
        z = F.conv2d(*leaves, stride=(2, 1), padding=1)
        np.sum(z * z).backward()
        results.append((z.data, leaves[0].grad, leaves[1].grad))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# -- shares of ties ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shares_of_ties_are_computed_in_the_precision_of_the_numbers(dtype):
    v = Value(np.array([1, 1, 0, 1], dtype))
    np.max(v).backward()
    np.testing.assert_array_equal(v.grad, np.array([1, 1, 0, 1], dtype) / dtype(3))
    assert share_of_ties(np.max(v.data, keepdims=True), v.data, None).dtype == dtype


# -- classes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ignore_index", [-100, 1, 2, 7])
@pytest.mark.parametrize("kind", [int, np.uint8])
def test_classes_all_in_range_are_read_as_one_by_one(ignore_index, kind):
    logits, y = RNG.normal(size=(5, 3)), np.array([0, 2, 1, 2, 0], kind)
    log_p = ag.log_softmax(logits)
    each = [0.0 if y[i] == ignore_index else -log_p[i, y[i]] for i in range(5)]
    counted = np.array([y[i] != ignore_index for i in range(5)])
    found = F.cross_entropy(Value(logits), y, ignore_index=ignore_index, reduction="none")
    np.testing.assert_allclose(found.data, each, rtol=1e-15)
    weight = np.array([1.0, 2.0, 3.0])
    mean = F.cross_entropy(Value(logits), y, weight, ignore_index=ignore_index)
    np.testing.assert_allclose(mean.data, np.sum((weight[y] * each)[counted]) / np.sum(weight[y][counted]), rtol=1e-14)
