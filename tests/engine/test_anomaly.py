"""`anomaly()`: the first nan or inf is found with its operation, operands and line; so is a write nobody else sees."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import AnomalyError, GraphError, Value
from autograd_mini.backprop import step_watchers
from autograd_mini.value import recording_hooks


def scalar() -> Value:
    return Value(0.0, name="x")


def row() -> Value:
    return Value([[1.0, -2.0, 0.0]], name="v")


def huge() -> Value:
    return Value(np.full((3, 2), 1e308), name="W")


#: What is computed -> what the error says, besides the line of code.
FORWARD: list[tuple[Callable[[], Any], str]] = [
    (lambda: np.log(scalar()), "log made the first inf of x = 0.0"),
    (lambda: np.log(-scalar() - 1), "log made the first nan of -1.0"),
    (lambda: 1 / scalar(), "divide made the first inf of 1 and x = 0.0"),
    (lambda: 2 / row(), "divide made the first inf of 2 and v[0, 2] = 0.0"),
    (lambda: np.log(row()), "log made the first nan of v[0, 1] = -2.0"),
    (lambda: row() * np.array([[1e308], [1e300]]) * 1e9, "multiply made the first inf of array[0, 0] = 1e+308 and"),
    (lambda: Value(np.float32(1e38), name="f") * 100, "multiply made the first inf of f ="),
    (lambda: np.sum(huge()), "sum made the first inf of W (3, 2) between 1e+308 and 1e+308"),
    (lambda: row() @ huge() @ huge().T, "matmul made the first nan of"),
    (lambda: np.clip(scalar(), -1, 1) / scalar(), "divide made the first nan of 0.0 and x = 0.0"),
]
BACKWARD: list[tuple[Callable[[], Value], str]] = [
    (
        lambda: np.sqrt(scalar()),
        "backward through sqrt made the first inf: upstream 1.0 · local derivative inf, where x = 0.0",
    ),
    (
        lambda: np.sum(3 * np.sqrt(row() ** 2)),
        "backward through sqrt made the first inf: upstream 3.0 · local derivative inf, where array[0, 2] = 0.0",
    ),
    (lambda: np.sum(np.where(row().data > 0, np.sqrt(row() ** 2), 0)), ""),  # 0 · ∞ up the branch not taken
    (
        lambda: np.sum((Value(np.ones((1, 2)) * 1e-250, name="u") * 1e250) @ np.full((2, 1), 1e200) * 1e-100),
        "backward through multiply made the first inf: upstream 1e+100 · local",
    ),
    (
        lambda: Value(1e-300, name="t") * 1e300 * 1e300 * 1e-200,
        "backward through multiply made the first inf: upstream",
    ),
    (
        lambda: sum_of_two_big_slopes(),
        "backward through multiply made the first inf: what arrived at s () adds up to it",
    ),
]


def sum_of_two_big_slopes() -> Value:
    s = Value(1e-100, name="s")
    return s * 1e308 + s * 1e308


@pytest.mark.parametrize(("compute", "message"), FORWARD, ids=[m for _, m in FORWARD])
def test_the_first_operation_forward_is_named(compute: Callable[[], Any], message: str) -> None:
    with pytest.raises(AnomalyError) as caught, ag.anomaly():
        compute()
    assert message in str(caught.value)
    assert __file__ in str(caught.value)
    assert "lambda" in str(caught.value)


@pytest.mark.parametrize(("compute", "message"), BACKWARD, ids=[m or "all finite" for _, m in BACKWARD])
@pytest.mark.parametrize("create_graph", [False, True])
def test_the_first_step_backward_is_named(compute: Callable[[], Value], message: str, create_graph: bool) -> None:
    with ag.anomaly():
        z = compute()
        if not message:
            z.backward(create_graph=create_graph)
            return
        with pytest.raises(AnomalyError) as caught:
            z.backward(create_graph=create_graph)
    assert message in str(caught.value)
    assert __file__ in str(caught.value)
    assert z.grad is None


def test_gradients_and_transforms_are_watched_too() -> None:
    with ag.anomaly():
        x = scalar()
        with pytest.raises(AnomalyError, match="backward through sqrt"):
            ag.gradients(np.sqrt(x), [x])
        with pytest.raises(AnomalyError, match="backward through sqrt"):
            ag.grad(np.sqrt)(0.0)


def test_what_came_in_with_the_data_passes() -> None:
    mask = np.array([0.0, -np.inf])
    with ag.anomaly():
        v = Value([1.0, 2.0])
        p = ag.softmax(v + mask)
        p[0].backward()
        np.mean(Value([np.nan, 1.0]) * 2).backward()
        with pytest.raises(AnomalyError, match="subtract made the first nan"):
            (v + mask) - (v + mask)
    np.testing.assert_array_equal(p.data, [1, 0])


def test_nothing_is_watched_outside_or_afterwards() -> None:
    with pytest.raises(AnomalyError), ag.anomaly():
        1 / scalar()
    assert not recording_hooks
    assert not step_watchers
    with pytest.warns(RuntimeWarning, match="divide by zero"):  # NumPy's own, as for arrays
        assert (1 / scalar()).data == np.inf


def test_inside_there_are_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(AnomalyError), ag.anomaly():
            1 / scalar()


def test_in_no_grad_operations_are_watched() -> None:
    with pytest.raises(AnomalyError, match=r"log made the first nan of v\[0, 1\] = -2.0"), ag.anomaly(), ag.no_grad():
        np.log(row())


def test_blocks_within_blocks_and_other_threads() -> None:
    other: list[Any] = []

    def compute_elsewhere() -> None:
        with np.errstate(all="ignore"):
            y = 1 / scalar()
            y.backward()
            other.append(y.data)

    with ag.anomaly():
        with ag.anomaly():
            pass
        thread = threading.Thread(target=compute_elsewhere)
        thread.start()
        thread.join()
        assert other == [np.inf]
        with pytest.raises(AnomalyError):
            1 / scalar()


def write_into_weight() -> Value:
    w = Value(np.ones((2, 3)), name="w")
    z = np.sum(w * w)
    w.data[1, 2] = 5
    return z


def write_into_batch() -> Value:
    batch = np.ones(3)
    z = np.sum(Value([1.0, 2.0, 3.0]) * batch)
    batch[:] = 2
    return z


def write_into_hidden() -> Value:
    h = np.tanh(Value([0.5, 1.0], name="v"))
    h.name = "h"
    z = np.sum(h * h)
    h.data[0] = 0
    return z


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (write_into_weight, r"w \(2, 3\) were written into after multiply had used them .*np.sum\(w \* w\)"),
        (write_into_batch, r"array \(3,\) were written into after multiply had used them"),
        (write_into_hidden, r"h \(2,\) were written into after multiply had used them"),
    ],
)
def test_writes_into_arrays_are_seen(compute: Callable[[], Value], message: str) -> None:
    with ag.anomaly():
        z = compute()
        with pytest.raises(GraphError, match=message):
            z.backward()
    assert z.grad is None
    compute().backward()  # in a normal run nobody looks


def test_fingerprints_do_not_disturb_a_right_run() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))

    def loss(w: Value) -> Value:
        return np.sum(np.tanh(np.concatenate([x @ w, (x @ w)[::-1]], axis=0)) ** 2)

    plain = ag.grad(loss)(w)
    with ag.anomaly():
        watched = ag.grad(loss)(w)
    np.testing.assert_array_equal(watched, plain)
