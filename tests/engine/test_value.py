"""A Value among Python's operators, NumPy's scalars and arrays, containers, copies and conversions."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import GraphError, ShapeError, Value, gradcheck, gradients
from autograd_mini.primitives import TABLE

X = np.array([[1.25, 2.5, 0.75], [3.0, 1.75, 2.25]])
OPERATORS: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
]
CONSTANTS = [
    2,
    2.5,
    True,
    np.float64(2.5),
    np.float32(2.5),
    np.int64(2),
    np.int8(3),
    np.bool_(True),
    np.array(2.5),
    np.array([0.5, 1.5, 2.5]),
    np.array([1, 2, 3]),
    np.array([1, 2, 3], np.int8),  # its logarithm in NumPy is a float16
    np.array([[0.5], [1.5]]),
    np.full((2, 3), 1.5),
    np.array([True] * 3),
    [0.5, 1.5, 2.5],
    (1, 2, 3),
    [[0.5], [1.5]],
]
with_constant = pytest.mark.parametrize(
    "constant", CONSTANTS, ids=lambda x: f"{type(x).__name__}-{x}".replace("\n", "")
)
with_operator = pytest.mark.parametrize("operation", OPERATORS, ids=lambda f: f.__name__)


# -- operators -------------------------------------------------------------------------------------


@with_operator
@with_constant
@pytest.mark.parametrize("data", [X, 1.75], ids=["array", "scalar"])
def test_operator_with_a_constant_on_either_side(operation: Callable, constant: Any, data: Any) -> None:
    number = np.asarray(constant, float)
    for swapped in (False, True):
        v = Value(data)
        z = operation(constant, v) if swapped else operation(v, constant)
        expected = operation(number, np.asarray(data)) if swapped else operation(np.asarray(data), number)
        assert type(z) is Value
        assert z.shape == expected.shape
        np.testing.assert_allclose(z.data, expected, rtol=1e-6 if isinstance(constant, np.float32) else 1e-15)
        assert [x is v for x in z.inputs][-1 if swapped else 0], "the operands keep their order"
        z.backward(np.ones(z.shape))
        assert np.shape(v.grad) == np.shape(data)
        assert type(v.grad) is (float if v.ndim == 0 else np.ndarray)


@with_operator
@with_constant
def test_operator_with_a_constant_has_right_derivatives(operation: Callable, constant: Any) -> None:
    if isinstance(constant, np.float32):
        constant = np.float32(2.5).astype(np.float64)  # differences need float64
    away_from_steps = X + 0.0625
    assert gradcheck(lambda v: operation(v, constant), away_from_steps, order=2, step=3e-5).ok
    assert gradcheck(lambda v: operation(constant, v), away_from_steps, order=2, step=3e-5).ok


@with_operator
def test_operator_of_two_values(operation: Callable) -> None:
    x, y = Value(X), Value(X[0] + 0.3)
    z = operation(x, y)
    assert z.inputs == (x, y) if z.size == 1 else all(p is q for p, q in zip(z.inputs, (x, y), strict=True))
    np.testing.assert_array_equal(z.data, operation(X, X[0] + 0.3))
    assert gradcheck(operation, X, X[0] + 0.3, order=2, step=3e-5).ok


@pytest.mark.parametrize(
    ("left", "right"),
    [(X, X.T), (X[0], X[1]), (X, X[0]), (X[0], X.T), (X[None], X.T), (X[0].tolist(), X.T), (X.tolist(), X[0])],
)
def test_matmul_with_arrays_and_lists_on_either_side(left: Any, right: Any) -> None:
    expected = np.asarray(left) @ np.asarray(right)
    for z in (Value(left) @ Value(right), Value(left) @ right, left @ Value(right)):
        assert type(z) is Value
        np.testing.assert_allclose(z.data, expected, rtol=1e-15)
    assert gradcheck(lambda x: x @ right, left, order=2).ok
    assert gradcheck(lambda y: left @ y, right, order=2).ok


def test_unary_operators() -> None:
    v = Value([-1.5, 2.0])
    for operation in (operator.neg, operator.pos, operator.abs):
        np.testing.assert_array_equal(operation(v).data, operation(v.data))
        assert operation(Value(-1.5)).data == operation(-1.5)
        assert gradcheck(operation, v.data, order=2).ok


def test_square_is_recorded_as_a_square() -> None:
    assert (Value(3.0) ** 2).op is TABLE["square"]
    assert (Value(3.0) ** 2).data == 9.0
    assert (Value(3.0) ** 3).op is TABLE["power"]


def kind_of(item: Any) -> str:
    """A test id without an address in memory: workers that run side by side must agree on it."""
    return f"{type(item).__name__} {np.asarray(item).dtype.char}"


@pytest.mark.parametrize(
    "other", ["a", None, object(), 1 + 2j, {}, np.array(["a"]), np.array([1j]), [None]], ids=kind_of
)
@with_operator
def test_operator_with_something_that_is_no_number(operation: Callable, other: Any) -> None:
    for v in (Value(1.0), Value(X)):
        with pytest.raises(TypeError):
            operation(v, other)
        if not isinstance(other, str) or operation is not operator.mod:  # "a" % v is string formatting
            with pytest.raises(TypeError):
                operation(other, v)


def test_string_formatting_still_works() -> None:
    assert "%.2f" % Value(1.5) == "1.50"  # noqa: UP031, the older way is what is tested


def test_divmod() -> None:
    for quotient, rest in (divmod(Value(7.0), 2), divmod(7, Value(2.0)), divmod(np.float64(7), Value(2.0))):
        assert type(quotient) is type(rest) is Value
        assert (quotient.data, rest.data) == (3.0, 1.0)


def test_three_argument_pow_is_refused() -> None:
    with pytest.raises(TypeError, match="pow"):
        pow(Value(3.0), 2, 5)


@pytest.mark.parametrize("operation", [operator.iadd, operator.isub, operator.imul, operator.itruediv])
def test_in_place_operators(operation: Callable) -> None:
    v = Value(X)
    z = operation(v, 2.0)  # rebinding: the old node stays
    assert type(z) is Value
    assert z is not v
    assert z.inputs[0] is v
    array = X.copy()
    with pytest.raises(TypeError, match="cannot write a Value into an array"):
        operation(array, v)
    np.testing.assert_array_equal(array, X)


def test_shape_errors_name_the_operands() -> None:
    w, h = Value(np.ones((5, 3)), name="W1"), Value(np.ones(4), name="h")
    with pytest.raises(ShapeError, match=r"W1 \(5, 3\) @ h \(4,\): inner sizes 3 and 4 differ"):
        w @ h
    with pytest.raises(ShapeError, match=r"did you mean W1\.T\?"):
        w @ np.ones(5)
    with pytest.raises(ShapeError, match=r"add: W1 \(5, 3\), h \(4,\)"):
        w + h
    with pytest.raises(ShapeError, match=r"batch sizes \(2,\) and \(3,\)"):
        Value(np.ones((2, 1, 4))) @ np.ones((3, 4, 1))
    with pytest.raises(ValueError, match="matmul"):
        Value(2.0) @ h


# -- comparison, truth, hashing --------------------------------------------------------------------


@pytest.mark.parametrize(
    "compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("other", [2.5, 2, np.float64(2.5), X, X[0].tolist(), np.float32(2.5)], ids=repr)
def test_comparison_gives_plain_booleans(compare: Callable, other: Any) -> None:
    for data in (X, 2.5):
        expected = compare(np.asarray(data), np.asarray(other))
        for found in (compare(Value(data), other), compare(Value(data), Value(other))):
            assert type(found) is not Value
            np.testing.assert_array_equal(found, expected)
        reflected = compare(other, Value(data))
        assert type(reflected) is not Value
        np.testing.assert_array_equal(reflected, compare(np.asarray(other), np.asarray(data)))
    assert type(Value(1.0) < 2.0) is bool


def test_equality_with_what_is_no_number() -> None:
    for v in (Value(1.0), Value(X)):
        for other in (None, "a", object(), {}):
            assert (v == other) is False
            assert (v != other) is True
            assert (other == v) is False
            assert (other != v) is True


def test_ordering_against_what_is_no_number_is_refused() -> None:
    for other in (None, "a", object()):
        with pytest.raises(TypeError):
            Value(1.0) < other  # noqa: B015


def test_values_are_dictionary_keys_by_identity() -> None:
    v, w = Value(X), Value(X)
    found = {v: 1, w: 2}
    assert found[v] == 1
    assert found[w] == 2
    assert len({v, w, v}) == 2
    assert hash(v) == hash(v)
    v.data = X + 1
    assert found[v] == 1


def test_membership() -> None:
    v = Value([1.0, 2.0, 3.0])
    assert 2.0 in v
    assert 5.0 not in v
    assert v in [v, None]
    assert Value(2.0) in v


def test_truth() -> None:
    assert Value(1.0)
    assert not Value(0.0)
    assert Value([[3.0]])
    assert not Value([0.0])
    for data in (X, np.zeros(0), [0.0, 0.0]):
        with pytest.raises(ValueError, match="ambiguous"):
            bool(Value(data))


# -- containers ------------------------------------------------------------------------------------


def test_len_and_iteration() -> None:
    v = Value(X)
    assert len(v) == 2
    assert [row.shape for row in v] == [(3,), (3,)]
    _, second = v
    np.testing.assert_array_equal(second.data, X[1])
    sum(np.sum(row * k) for k, row in enumerate(v, 1)).backward()
    np.testing.assert_array_equal(v.grad, [[1, 1, 1], [2, 2, 2]])
    assert len(Value(np.zeros((0, 3)))) == 0
    assert list(Value(np.zeros((0, 3)))) == []
    for ask in (len, iter, list):
        with pytest.raises(TypeError, match="single number"):
            ask(Value(1.0))
    with pytest.raises(TypeError):
        2.0 in Value(1.0)  # noqa: B015


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        np.int64(1),
        (0, 2),
        slice(None),
        slice(None, None, -1),
        (slice(None), 1),
        ...,
        (..., 0),
        None,
        (None, 0),
        (slice(0, 1), None, slice(1, 3)),
        [0, 0, 1],
        np.array([[0, 1], [1, 1]]),
        ([0, 1], [2, 2]),
        (slice(None), [0, 0, 2]),
        X > 2,
        (np.array([True, False]), 1),
        (slice(None), np.array([True, False, True])),
        (np.array([1, 0]), slice(1, None)),
        (np.array([0, 0]), None, slice(None)),
        (),
        True,
        [True, False],
        slice(1, 1),
        np.array([], int),
    ],
    ids=repr,
)
def test_indexing(index: Any) -> None:
    z = Value(X)[index]
    assert type(z) is Value
    np.testing.assert_array_equal(z.data, X[index])
    assert gradcheck(lambda v: v[index], X, order=2).ok
    v = Value(X)
    z = v[index]
    z.backward(np.ones(z.shape))
    counts = np.zeros_like(X)
    np.add.at(counts, index, 1)
    np.testing.assert_array_equal(v.grad, counts)


def test_indexing_errors() -> None:
    v = Value(X, name="v")
    for index in (5, (0, 3), -3, [0, 7]):
        with pytest.raises(IndexError, match="out of bounds"):
            v[index]
    with pytest.raises(IndexError):
        v[0, 0, 0]
    for index in (Value(1.0), (0, Value(1.0))):
        with pytest.raises(TypeError, match=r"use its \.data"):
            v[index]
    with pytest.raises((TypeError, IndexError), match=r"single number|scalar"):
        Value(1.0)[0]
    with pytest.raises(TypeError):
        v[0] = 1.0  # type: ignore[index]


def test_a_scalar_indexed_with_nothing_is_itself() -> None:
    x = Value(1.5)
    for index in ((), ...):
        z = x[index]
        assert z.data == 1.5
        assert gradients(z, [x]) == [1.0]


# -- conversions -----------------------------------------------------------------------------------


def test_float_int_item_round() -> None:
    for v in (Value(2.75), Value([[2.75]]), Value(np.float32(2.75))):
        assert float(v) == v.item() == 2.75
        assert type(v.item()) is float
        assert int(v) == 2
        assert type(int(v)) is int
        assert round(v) == 3
        assert round(v, 1) == 2.8
    for convert in (float, int, Value.item):
        with pytest.raises((ValueError, TypeError), match="one number"):
            convert(Value(X))


def test_numpy_and_tolist_cut_from_the_graph() -> None:
    v = Value(X)
    array = v.numpy()
    array[0, 0] = 99
    assert v.data[0, 0] == 1.25
    assert type(array) is np.ndarray
    assert v.tolist() == X.tolist()
    assert Value(1.5).tolist() == 1.5
    assert Value(1.5).numpy().shape == ()


def test_format_and_str() -> None:
    assert f"{Value(2.0):.3f}" == "2.000"
    assert f"{Value(2.0, name='x')}" == str(Value(2.0, name="x")) == "Value(2.0, name='x')"
    with pytest.raises(ValueError, match="one number"):
        f"{Value(X):.2f}"


def test_repr() -> None:
    x = Value(2.0, name="x")
    z = x * 3.0
    assert repr(z) == "Value(6.0, op=multiply)"
    z.backward()
    assert repr(x) == "Value(2.0, name='x', grad=3.0)"
    assert repr(Value([1.0, 2.0])) == "Value([1., 2.])"
    assert repr(Value(np.float32([1.0]))) == "Value([1.], dtype=float32)"
    assert repr(Value(np.float32(1.5))) == "Value(1.5, dtype=float32)"
    assert len(repr(Value(np.zeros(100_000)))) < 200


def test_silent_conversion_to_an_array_is_refused() -> None:
    v, s = Value(X), Value(1.0)
    array = np.zeros((2, 3))
    for call in (
        lambda: np.array(v),
        lambda: np.asarray(v),
        lambda: np.asarray([v, v]),
        lambda: np.array([s, s]),
        lambda: np.array([s, 1.0]),
        lambda: np.asarray(v, dtype=float),
        lambda: np.random.default_rng(0).permutation(v),
    ):
        with pytest.raises(TypeError, match=r"use \.data"):
            call()
    with pytest.raises(TypeError):
        array[0] = v[0]
    assert not array.any()


# -- what a Value is made of -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [3, True, np.int8(3), np.bool_(True), 3.0, np.float64(3), np.array(3), np.array(3.0)], ids=repr
)
def test_a_single_number_becomes_a_float(data: Any) -> None:
    v = Value(data)
    assert type(v.data) is float
    assert v.data == float(data)
    assert (v.shape, v.ndim, v.size, v.dtype) == ((), 0, 1, np.dtype(float))


@pytest.mark.parametrize(
    "data", [[1, 2], (True, False), np.arange(3), [[1.5], [2]], np.zeros((0, 2)), range(3)], ids=repr
)
def test_integers_become_float64(data: Any) -> None:
    v = Value(data)
    assert v.dtype == float
    np.testing.assert_array_equal(v.data, np.asarray(data, float))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_keep_their_precision(dtype: Any) -> None:
    v = Value(np.ones(2, dtype))
    assert (v * 2 + 1.5).dtype == dtype
    assert (np.tanh(v) / v).sum().dtype == dtype
    (v * v).sum().backward()
    assert v.grad.dtype == dtype


@pytest.mark.parametrize(
    "data",
    [1j, np.ones(2, complex), "a", ["a", "b"], None, object(), [None], np.array([object()]), {}, {1.0}],
    ids=kind_of,
)
def test_data_that_are_no_real_numbers(data: Any) -> None:
    with pytest.raises(TypeError, match="real numbers"):
        Value(data)


def test_other_bad_data() -> None:
    with pytest.raises(TypeError, match="already a Value"):
        Value(Value(1.0))
    with pytest.raises((ValueError, TypeError)):
        Value([[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Sub", (Value,), {})
    with pytest.raises(AttributeError):
        Value(1.0).colour = "red"  # type: ignore[attr-defined]


def test_the_numbers_are_copied() -> None:
    array = X.copy()
    v = Value(array)
    array[0, 0] = 99
    assert v.data[0, 0] == 1.25


def test_attributes_of_leaves_and_nodes() -> None:
    x = Value(X, name="x")
    z = x * 2.0
    assert x.is_leaf
    assert x.op is None
    assert x.inputs == ()
    assert x.params == ()
    assert x.grad is None
    assert x.name == "x"
    assert not z.is_leaf
    assert z.op is TABLE["multiply"]
    assert z.inputs[0] is x
    assert z.inputs[1] == 2.0
    assert z.name is None
    assert x.T.shape == (3, 2)
    assert x.age < z.age


def test_age_grows_along_the_graph() -> None:
    x = Value(1.5)
    y = np.exp(x) * x + np.sum(np.stack([x, x]))
    todo = [y]
    while todo:
        node = todo.pop()
        for child in node.inputs:
            if type(child) is Value:
                assert child.age < node.age
                todo.append(child)


# -- assigning data --------------------------------------------------------------------------------


def test_assigning_data() -> None:
    w = Value(X, name="w")
    w.data = X * 2
    np.testing.assert_array_equal(w.data, X * 2)
    w.data -= 1.0
    np.testing.assert_array_equal(w.data, X * 2 - 1)
    w.data = X.tolist()
    np.testing.assert_array_equal(w.data, X)
    s = Value(1.0)
    s.data = 3
    assert s.data == 3.0
    assert type(s.data) is float
    s.data += 1
    assert s.data == 4.0


def test_assigned_data_are_copied() -> None:
    w, new = Value(X), X.copy()
    w.data = new
    new[0, 0] = 99
    assert w.data[0, 0] == 1.25


def test_assigning_data_of_another_shape_or_kind() -> None:
    w = Value(X, name="w")
    for data in (X.T, X[0], 1.0, [X]):
        with pytest.raises(ValueError, match=r"w.*\(2, 3\)"):
            w.data = data
    with pytest.raises(TypeError, match="real numbers"):
        w.data = X * 1j
    np.testing.assert_array_equal(w.data, X)
    z = w * 2
    with pytest.raises(GraphError, match=r"multiply.*only a leaf"):
        z.data = X


@pytest.mark.parametrize("start", [X, 1.5], ids=["array", "scalar"])
@pytest.mark.parametrize("change", ["assign", "in place"])
def test_updating_after_recording_then_backward_names_the_parameter(start: Any, change: str) -> None:
    w = Value(start, name="W1")
    loss = np.sum(w * w)
    if change == "assign":
        w.data = np.asarray(start) + 1
    else:
        w.data -= 0.1
    with pytest.raises(GraphError, match="W1"):
        loss.backward()
    assert w.grad is None
    np.sum(w * w).backward()
    np.testing.assert_allclose(w.grad, 2 * np.asarray(w.data))


# -- copies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [X, 1.5, np.float32([1, 2])], ids=["array", "scalar", "float32"])
@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize(
    "twin_of", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))], ids=["copy", "deepcopy", "pickle"]
)
def test_copies_of_leaves_are_independent(data: Any, graded: bool, twin_of: Callable) -> None:
    v = Value(data, name="v")
    if graded:
        np.sum(v * v).backward()
    twin = twin_of(v)
    assert twin is not v
    assert type(twin) is Value
    assert twin.name == "v"
    assert twin.is_leaf
    assert twin.dtype == v.dtype
    np.testing.assert_array_equal(twin.data, v.data)
    np.testing.assert_equal(twin.grad, v.grad)
    if v.ndim:
        assert not np.shares_memory(twin.data, v.data)
        assert twin.grad is None or not np.shares_memory(twin.grad, v.grad)
    np.sum(twin * 3).backward()
    twin.data = twin.data * 0
    np.testing.assert_array_equal(v.data, np.asarray(data))
    np.testing.assert_equal(v.grad, 2 * v.data if graded else None)


def test_deepcopy_keeps_sharing() -> None:
    w = Value(X)
    first, second = copy.deepcopy([w, w])
    assert first is second
    assert first is not w


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, pickle.dumps], ids=["copy", "deepcopy", "pickle"])
def test_copies_of_recorded_nodes_are_refused(twin_of: Callable) -> None:
    z = Value(2.0) * 3.0
    with pytest.raises(GraphError, match="computed by multiply"):
        twin_of(z)


# -- methods ---------------------------------------------------------------------------------------

METHODS: list[tuple[Callable, Callable]] = [
    (lambda v: v.exp(), np.exp),
    (lambda v: v.log(), np.log),
    (lambda v: v.sqrt(), np.sqrt),
    (lambda v: v.square(), np.square),
    (lambda v: v.abs(), np.abs),
    (lambda v: v.sin(), np.sin),
    (lambda v: v.cos(), np.cos),
    (lambda v: v.tanh(), np.tanh),
    (lambda v: v.sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
    (lambda v: (v - 2).relu(), lambda x: np.maximum(x - 2, 0)),
    (lambda v: v.softplus(), lambda x: np.log1p(np.exp(x))),
    (lambda v: v.clip(1, 2), lambda x: np.clip(x, 1, 2)),
    (lambda v: v.clip(min=2), lambda x: np.maximum(x, 2)),
    (lambda v: v.sum(), np.sum),
    (lambda v: v.mean(), np.mean),
    (lambda v: v.prod(), np.prod),
    (lambda v: v.max(), np.max),
    (lambda v: v.min(), np.min),
    (lambda v: v.var(), np.var),
    (lambda v: v.std(), np.std),
    (lambda v: v.ravel(), np.ravel),
    (lambda v: v.flatten(), np.ravel),
    (lambda v: v.reshape(-1), np.ravel),
    (lambda v: v.squeeze(), np.squeeze),
    (lambda v: v.transpose(), np.transpose),
    (lambda v: v.T, np.transpose),
    (lambda v: v.repeat(2), lambda x: np.repeat(x, 2)),
]
ARRAY_METHODS: list[tuple[Callable, Callable]] = [
    (lambda v: v.sum(axis=0), lambda x: x.sum(axis=0)),
    (lambda v: v.mean(1, keepdims=True), lambda x: x.mean(1, keepdims=True)),
    (lambda v: v.prod((0, 1)), lambda x: x.prod((0, 1))),
    (lambda v: v.max(axis=-1), lambda x: x.max(axis=-1)),
    (lambda v: v.min(0, keepdims=True), lambda x: x.min(0, keepdims=True)),
    (lambda v: v.var(axis=0, ddof=1), lambda x: x.var(axis=0, ddof=1)),
    (lambda v: v.std(1, keepdims=True), lambda x: x.std(1, keepdims=True)),
    (lambda v: v.cumsum(), lambda x: x.cumsum()),
    (lambda v: v.cumsum(axis=1), lambda x: x.cumsum(axis=1)),
    (lambda v: v.dot([1.0, 2.0, 3.0]), lambda x: x.dot([1.0, 2.0, 3.0])),
    (lambda v: v.reshape(3, 2), lambda x: x.reshape(3, 2)),
    (lambda v: v.reshape((3, -1)), lambda x: x.reshape(3, -1)),
    (lambda v: v.transpose(1, 0), lambda x: x.T),
    (lambda v: v.transpose((1, 0)), lambda x: x.T),
    (lambda v: v.transpose([1, 0]), lambda x: x.T),
    (lambda v: v.swapaxes(0, 1), lambda x: x.T),
    (lambda v: v[None].squeeze(0), lambda x: x),
    (lambda v: v.repeat(2, axis=1), lambda x: x.repeat(2, axis=1)),
    (lambda v: v.take([0, 0], axis=1), lambda x: x.take([0, 0], axis=1)),
    (lambda v: v.trace(), lambda x: x.trace()),
    (lambda v: v.diagonal(1), lambda x: x.diagonal(1)),
    (lambda v: v.T.transpose(-1, 0), lambda x: x),
]


@pytest.mark.parametrize(("method", "reference"), METHODS + ARRAY_METHODS)
def test_methods_equal_functions(method: Callable, reference: Callable) -> None:
    for data in (X, 1.25) if (method, reference) in METHODS else (X,):
        z = method(Value(data))
        assert type(z) is Value
        np.testing.assert_allclose(z.data, reference(np.asarray(data)), rtol=1e-14)
        assert gradcheck(method, data, order=2, step=3e-5).ok


def test_astype() -> None:
    v = Value(X)
    z = v.astype(np.float32)
    assert z.dtype == np.float32
    np.sum(z * z).backward()
    assert v.grad.dtype == float
    np.testing.assert_allclose(v.grad, 2 * X, rtol=1e-6)
    s = Value(1.5).astype(np.float32)
    assert type(s.data) is np.float32
    assert type(s.astype(float).data) is float
    with pytest.raises(TypeError, match="holds floats"):
        v.astype(int)


def test_questions_about_positions() -> None:
    v = Value(X)
    assert v.argmax() == 3
    assert v.argmin() == 2
    np.testing.assert_array_equal(v.argmax(axis=0), X.argmax(axis=0))
    np.testing.assert_array_equal(v.argmin(1), X.argmin(1))


@pytest.mark.parametrize("where", [0, 1])
def test_lists_take_part_in_recorded_passes(where: int) -> None:
    """A list is a constant array, also when the backward pass is recorded."""
    for f in (
        lambda x: x * [0.5, 1.5] / [2.0, 3.0],
        lambda x: x ** [2, 3],
        lambda x: [2.0, 3.0] ** x,
        lambda x: [[1.0, 2.0], [3.0, 4.0]] @ (x * x),
        lambda x: (x * x) @ [[1.0, 2.0], [3.0, 4.0]],
        lambda x: np.concatenate([[1.0], x] if where else [x, [1.0]]) ** 3,
        lambda x: np.maximum(x, [0.1, 5.0]) ** 2,
        lambda x: np.einsum("i,i->", x * x, [1.0, 2.0]),
    ):
        assert gradcheck(f, np.array([0.7, 1.3]), order=2).ok
