import gc
import itertools
from typing import Any

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, grad, steps
from autograd_mini.hooks import gradient_hooks


def test_a_hook_sees_the_gradient_once_and_complete() -> None:
    x, seen = Value(np.array([1.0, 2.0])), []
    h = x * x
    h.register_hook(lambda grad: seen.append(("h", grad.copy())))
    x.register_hook(lambda grad: seen.append(("x", grad.copy())))
    (np.sum(h) + np.sum(3.0 * h)).backward()
    assert [name for name, _ in seen] == ["h", "x"]
    np.testing.assert_array_equal(seen[0][1], [4, 4])
    np.testing.assert_array_equal(seen[1][1], [8, 16])


@pytest.mark.parametrize("data", [2.0, np.array([2.0, 3.0])])
def test_what_a_hook_returns_is_kept_and_passed_on(data: Any) -> None:
    x = Value(data)
    h = x * 3.0
    h.register_hook(lambda grad: 10 * grad)
    np.sum(h).backward()
    np.testing.assert_array_equal(h.grad, 10.0 + 0 * data)
    np.testing.assert_array_equal(x.grad, 30.0 + 0 * data)
    assert type(x.grad) is type(x.data)


def test_hooks_run_in_order_and_can_be_removed() -> None:
    x, order = Value(2.0), []
    first = x.register_hook(lambda grad: order.append("first"))
    with x.register_hook(lambda grad: order.append("second")):
        (x * x).backward()
    first.remove()
    first.remove()
    (x * x).backward()
    assert order == ["first", "second"]


def test_a_hook_that_removes_itself() -> None:
    x, seen = Value(2.0), []

    def once(grad: float) -> None:
        seen.append(grad)
        handle.remove()

    handle = x.register_hook(once)
    (x * x).backward()
    (x * x).backward()
    assert seen == [4.0]


def test_an_error_in_a_hook_leaves_every_gradient_as_it_was() -> None:
    x, y = Value(np.ones(2)), Value(1.0)
    x.grad, y.grad = np.array([5.0, 6.0]), 7.0
    h = x * y
    x.register_hook(lambda grad: np.ones(3))
    with pytest.raises(ShapeError, match=r"hook on Value \(2,\) returned shape \(3,\), expected \(2,\)"):
        np.sum(h).backward()
    np.testing.assert_array_equal(x.grad, [5, 6])
    assert (y.grad, h.grad) == (7.0, None)


def test_hooks_take_part_in_recorded_passes_and_in_the_story_of_the_steps() -> None:
    x = Value(2.0)
    h = x * x
    h.register_hook(lambda grad: 2 * grad)
    z = h * 1.0
    z.backward(create_graph=True)
    assert x.grad.item() == 8.0
    x.grad.backward()  # x.grad is 2 · 2x now and adds d(4x)/dx = 4 to itself's leaf
    assert [step.contribution for step in steps(h * 1.0)][-2:] == [4.0, 4.0]


def test_hooks_go_with_their_value() -> None:
    x = Value(1.0)
    key = id(x)
    x.register_hook(print)
    assert key in gradient_hooks
    del x
    gc.collect()
    assert key not in gradient_hooks


def test_a_hook_must_be_a_function() -> None:
    with pytest.raises(TypeError, match="a hook must be a function, got int 3"):
        Value(1.0).register_hook(3)


def test_a_leaf_s_hook_sees_one_pass_s_gradient_alone() -> None:
    x = Value(3.0)
    x.register_hook(lambda grad: 0.5 * grad)
    y = x * x
    y.backward()
    y.backward()
    assert x.grad == 6.0  # 3 + 3


def test_a_leaf_without_a_hook_adds_up_beside_one_that_has_one() -> None:
    x, w = Value(3.0), Value(np.ones(2))
    x.register_hook(lambda grad: None)
    for _ in range(2):
        np.sum(x * w).backward()
    assert x.grad == 4.0
    np.testing.assert_array_equal(w.grad, [6, 6])


@pytest.mark.parametrize("retain", [True, False])
def test_what_a_hook_keeps_is_in_memory_of_its_own(retain: bool) -> None:
    x, w, kept = Value(np.ones(2)), Value(np.ones(2)), []
    h = x * 2.0
    for v in (x, w, h):
        v.register_hook(kept.append)
    z = h + w  # both get the upstream gradient itself
    z.register_hook(kept.append)
    z.backward(np.ones(2), retain_grads=retain)
    assert len(kept) == 4
    assert not any(np.shares_memory(p, q) for p, q in itertools.combinations(kept, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_a_hook_returns_takes_the_precision_of_the_data_and_memory_of_its_own(dtype: Any) -> None:
    x, buffer = Value(np.ones(2, dtype)), np.full(2, 7.0, dtype)
    x.register_hook(lambda grad: [1.0, 2.0])
    x.register_hook(lambda grad: grad * np.float64(2))
    np.sum(x).backward()
    assert x.grad.dtype == dtype
    np.testing.assert_array_equal(x.grad, [2, 4])
    y = Value(np.ones(2, dtype))
    y.register_hook(lambda grad: buffer)
    np.sum(y).backward()
    assert not np.shares_memory(y.grad, buffer)


def test_a_hook_that_a_function_puts_on_its_own_argument_changes_no_gradient_of_it() -> None:
    seen = []

    def f(x: Value) -> Value:
        x.register_hook(lambda g: (seen.append(g), 100 * g)[1])
        return x * x

    assert grad(f)(3.0) == 6.0
    assert not seen
