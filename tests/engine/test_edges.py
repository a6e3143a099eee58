"""Cases at the edge of the engine's promises, each once broken."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Local, Primitive, Pull, ShapeError, Value, grad, gradcheck, log_softmax, softmax, vjp


def test_an_index_array_may_be_reused_after_the_forward_pass() -> None:
    x, index = Value(np.arange(4.0)), np.array([0, 1])
    y = np.sum(x[index] * np.array([1.0, 10.0]))
    index[:] = [2, 3]
    y.backward()
    np.testing.assert_array_equal(x.grad, [1, 10, 0, 0])


def test_the_value_that_vjp_returns_is_the_caller_s() -> None:
    z, pull = vjp(np.exp, np.array([0.0, 1.0]))
    z *= 0
    np.testing.assert_allclose(pull(np.ones(2))[0], [1, math.e])


@pytest.mark.parametrize("numbers", [[1e-200, 1e-200], [1e200, 1e200]])
def test_a_product_beyond_the_range_of_floats_keeps_its_gradient(numbers: list) -> None:
    x = Value(numbers)
    with np.errstate(all="ignore"):
        np.prod(x).backward()
    np.testing.assert_array_equal(x.grad, numbers[::-1])


@pytest.mark.parametrize("cuts", [[3, 1], [1, 1, 4], [0, 9], 5])
def test_split_cuts_where_numpy_cuts(cuts: Any) -> None:
    data = np.arange(5.0)
    assert [p.data.tolist() for p in np.split(Value(data), cuts)] == [p.tolist() for p in np.split(data, cuts)]


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: np.tensordot(Value(np.ones((2, 1))), np.ones((3, 4)), 1),
        lambda: np.inner(Value(np.ones((2, 1))), np.ones((3, 4))),
        lambda: np.dot(Value(np.ones((2, 1))), np.ones((2, 3, 4))),
    ],
)
def test_an_axis_of_size_1_is_not_stretched_in_a_product(mistake: Callable) -> None:
    with pytest.raises(ShapeError, match=r"np.tensordot: axis -?1 of Value \(2, 1\) and axis -?\d of array .* differ"):
        mistake()


def test_indices_along_an_axis_have_all_axes() -> None:
    with pytest.raises(ShapeError, match=r"indices \(2,\) must have as many axes as M \(3, 4\)"):
        np.take_along_axis(Value(np.ones((3, 4)), name="M"), np.array([0, 1]), 1)


def test_variance_with_more_degrees_of_freedom_than_numbers() -> None:
    with np.errstate(all="ignore"):
        assert np.var(Value([1.0, 2.0]), ddof=3).data == np.inf
        assert np.std(Value([1.0, 2.0]), ddof=3).data == np.inf


def test_a_float_taken_while_differentiating_is_refused() -> None:
    with pytest.raises(TypeError, match=r"use NumPy's functions \(np.sin, not math.sin\), or item\(\)"):
        grad(lambda x: math.sin(x))(1.0)
    assert grad(lambda x: x * x.item())(3.0) == 3.0
    assert math.sin(Value(1.0)) == math.sin(1.0)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_elements_that_an_index_leaves_out_leak_nothing() -> None:
    x = Value([-1.0, 4.0])
    np.sqrt(x)[1].backward()
    np.testing.assert_array_equal(x.grad, [0, 0.25])


def test_gradients_share_no_memory_in_recorded_passes() -> None:
    x, y, upstream = Value(np.ones(2)), Value(np.ones(2)), Value(np.ones(2))
    (x + y).backward(upstream, create_graph=True)
    assert x.grad is not y.grad
    assert x.grad is not upstream
    assert not np.shares_memory(x.grad.data, y.grad.data)
    assert not np.shares_memory(x.grad.data, upstream.data)


def test_a_rule_that_returns_an_operand_does_not_lend_its_memory() -> None:
    first, second = Pull(lambda g, z, x, c: c if g == 1 else g * c), Pull(lambda g, z, x, c: x if g == 1 else g * x)
    dot = Primitive("dot1", lambda x, c: np.sum(x * c), first, second)
    half_square = Primitive("half_square", lambda x: np.sum(x * x) / 2, Pull(lambda g, z, x: x if g == 1 else g * x))
    for retain in (True, False):
        x, w, v = Value(np.ones((3, 2))), Value(np.ones((3, 2))), Value(np.ones((3, 2)))
        dot(x, w).backward(retain_grads=retain)
        assert not np.shares_memory(x.grad, w.data)
        assert not np.shares_memory(w.grad, x.data)
        half_square(v).backward(retain_grads=retain)
        assert not np.shares_memory(v.grad, v.data)


def test_empty_batches() -> None:
    x = Value(np.zeros((0, 3)))
    with np.errstate(all="ignore"):
        np.sum(np.mean(x, axis=1)).backward()
    assert x.grad.shape == (0, 3)


@pytest.mark.parametrize("f", [softmax, log_softmax])
def test_probabilities_of_no_classes_are_none_without_a_warning(f: Callable) -> None:
    x = Value(np.zeros((2, 0)))
    z = f(x)
    z.backward(np.zeros((2, 0)))
    assert z.shape == x.grad.shape == (2, 0)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3, 0), (0, 4)),
        ((0, 2, 3), (3, 4)),
        ((2, 2, 3), (3, 0)),
        ((2, 0, 0), (0, 0)),
        ((0, 3), (3, 2)),
        ((0,), (0, 2)),
    ],
    ids=str,
)
def test_products_of_nothing(left: tuple, right: tuple, create_graph: bool) -> None:
    x, y = Value(np.ones(left)), Value(np.ones(right))
    np.sum(x @ y).backward(create_graph=create_graph)
    for v in (x, y):
        np.testing.assert_array_equal(v.grad.data if create_graph else v.grad, np.zeros(v.shape))


def test_an_axis_may_be_a_numpy_integer() -> None:
    x = Value([0.0, 2.0])
    np.prod(x, axis=np.int64(0)).backward()
    np.testing.assert_array_equal(x.grad, [2, 0])
    assert np.swapaxes(Value(np.ones((2, 3))), np.int64(0), -1).shape == (3, 2)
    with pytest.raises(np.exceptions.AxisError, match="axis 5"):
        np.swapaxes(Value(np.ones((2, 3))), 0, 5)


@pytest.mark.parametrize(
    ("forward", "data"),
    [
        (lambda x: math.fsum(x), 3.0),
        (lambda x: bool(x.any()), 1.0),
        (lambda x: x > 1.5, np.array([0.0, 1.0])),
        (lambda x: x.astype(int), np.array([1.0, 2.0])),
    ],
    ids=["float", "bool", "array of bools", "array of ints"],
)
def test_a_row_may_answer_with_any_real_numbers(forward: Any, data: Any) -> None:
    z = Primitive("p", forward, Pull(lambda g, z, x: 0 * x))(Value([1.0, 2.0]))
    assert type(z.data) is type(data)
    assert z.dtype == float
    np.testing.assert_array_equal(z.data, data)


@pytest.mark.parametrize("operand", [2.0, np.ones(2)])
def test_a_row_with_too_few_rules_is_refused_at_once(operand: Any) -> None:
    row = Primitive("p", lambda x, y: x * y, Local(lambda z, x, y: y))
    with pytest.raises(TypeError, match="p: got 2 inputs, but has rules for 1"):
        row(Value(operand), Value(operand))


def test_a_user_s_selecting_row_with_a_pull_leaks_nothing() -> None:
    last = Primitive("last", lambda x: x[-1], Pull(lambda g, z, x: np.eye(x.size)[-1] * g), selects=True)
    assert gradcheck(last, np.array([1.0, 2.0])).ok
    x = Value([-1.0, 4.0])
    with np.errstate(all="ignore"):
        last(np.sqrt(x)).backward()
    np.testing.assert_array_equal(x.grad, [0, 0.25])
