"""Gradient clipping by value and by norm."""

import math

import numpy as np
import pytest

from autograd_mini import Value, optim

RNG = np.random.default_rng(5)


def parameters():
    values = [Value(RNG.normal(size=(3, 2)), name="a"), Value(1.0, name="b"), Value(np.float32([1, 2])), Value(0.0)]
    values[0].grad, values[1].grad = RNG.normal(size=(3, 2)), -2.5
    values[2].grad = RNG.normal(size=2).astype(np.float32)
    return values  # the last has no gradient


def all_of(values):
    return np.concatenate([np.ravel(p.grad) for p in values if p.grad is not None])


def test_by_value():
    values = parameters()
    before = all_of(values)
    assert optim.clip_by_value(values, 0.5) is None
    np.testing.assert_array_equal(all_of(values), np.clip(before, -0.5, 0.5))
    assert (type(values[1].grad), values[2].grad.dtype, values[3].grad) == (float, np.float32, None)


@pytest.mark.parametrize("max_norm", [0.0, 0.1, 1.0, 1e9])
def test_by_norm(max_norm):
    values = parameters()
    before = all_of(values)
    length = math.sqrt(math.fsum(float(g) ** 2 for g in before))
    assert optim.clip_by_norm(values, max_norm) == pytest.approx(length, rel=1e-7)
    expected = before * max_norm / length if length > max_norm else before
    np.testing.assert_allclose(all_of(values), expected, rtol=1e-6)
    assert (type(values[1].grad), values[2].grad.dtype, values[3].grad) == (float, np.float32, None)


def test_what_is_short_enough_is_left_exactly_as_it_is():
    values = parameters()
    before = [p.grad for p in values]
    optim.clip_by_norm(values, 1e3)
    assert all(p.grad is g for p, g in zip(values, before, strict=True))


@pytest.mark.parametrize("size", [1e-200, 1e200, 5e-324])
def test_no_square_overflows_or_vanishes(size):
    w = Value([0.0, 0.0])
    w.grad = np.array([3.0, -4.0]) * size
    assert optim.clip_by_norm([w], 1.0) == pytest.approx(5 * size, rel=1e-12)


def test_without_gradients():
    assert optim.clip_by_norm([Value(1.0)], 1.0) == 0.0
    w = Value([1.0])
    w.grad = np.zeros(1)
    assert optim.clip_by_norm([w], 0.0) == 0.0
    assert w.grad.tolist() == [0.0]


def test_gradients_are_replaced_and_not_written_to():
    w = Value([1.0, 1.0])
    for clip in (optim.clip_by_norm, optim.clip_by_value):
        w.grad = shared = np.array([3.0, 4.0])
        clip([w], 1.0)
        assert shared.tolist() == [3.0, 4.0]
        assert (w.grad != shared).all()


def test_recorded_gradients():
    for clip in (optim.clip_by_norm, optim.clip_by_value):
        w = Value([3.0, 4.0])
        (w**2).sum().backward(create_graph=True)
        clip([w], 1.0)
        assert type(w.grad) is np.ndarray


@pytest.mark.parametrize("clip", [optim.clip_by_norm, optim.clip_by_value])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_errors(clip, bad):
    name = clip.__name__
    a, b = Value([1.0], name="a"), Value([2.0], name="b")
    a.grad, b.grad = np.array([5.0]), np.array([bad])
    with pytest.raises(FloatingPointError, match=f"{name}: the gradient of b is nan or inf.*no gradient was changed"):
        clip([a, b], 1.0)
    assert a.grad.tolist() == [5.0]
    for limit in (-1.0, bad, "much"):
        with pytest.raises(ValueError, match=f"{name}: .* must be a finite number ≥ 0"):
            clip([a], limit)
    with pytest.raises(ValueError, match=f"{name}: no parameters"):
        clip([], 1.0)
    with pytest.raises(ValueError, match=f"{name}: a is given twice"):
        clip([a, a], 1.0)
    with pytest.raises(TypeError, match=f"{name}: .* got one Value"):
        clip(a, 1.0)
