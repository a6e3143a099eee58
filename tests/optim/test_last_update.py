"""An optimizer that explains itself: what its last step did to each parameter."""

import numpy as np
import pytest

from autograd_mini import Value, optim

EVERY = [
    optim.SGD,
    optim.Momentum,
    optim.Nesterov,
    optim.Adagrad,
    optim.Adadelta,
    optim.RMSprop,
    optim.Adam,
    optim.AdamW,
]
RNG = np.random.default_rng(8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("decay", [0.0, 0.25])
@pytest.mark.parametrize("make", EVERY)
def test_before_plus_delta_is_exactly_after(make, decay, dtype):
    w, v = Value(RNG.normal(size=(3, 2)).astype(dtype), name="w"), Value(dtype(0.5), name="v")
    optimizer = make([w, v], 0.1, weight_decay=decay)
    optimizer.explain = True
    for _ in range(5):
        before = [w.data, v.data]
        w.grad, v.grad = RNG.normal(size=(3, 2)).astype(dtype), dtype(RNG.normal())
        optimizer.step()
        for p, old, remembered in zip((w, v), before, optimizer.memory, strict=True):
            last = optimizer.last_update(p)
            assert last.parameter is p
            np.testing.assert_array_equal(last.before, old)
            np.testing.assert_array_equal(last.gradient, p.grad)
            np.testing.assert_array_equal(last.before + last.delta, p.data)
            np.testing.assert_array_equal(last.after, p.data)
            np.testing.assert_allclose(last.decay, -0.1 * decay * old, rtol=1e-6)
            assert list(last.memory) == list(optimizer.remembers)
            for one, other in zip(last.memory.values(), remembered, strict=True):
                np.testing.assert_array_equal(one, other)
            tolerance = 1e-5 if dtype is np.float32 else 1e-12
            np.testing.assert_allclose(
                last.delta, -last.rate * last.gradient + last.decay, rtol=tolerance, atol=tolerance
            )


def test_the_effective_rate():
    w = Value([1.0, 1.0, 1.0])
    sgd, adagrad = optim.SGD([w], 0.5, weight_decay=0.25), optim.Adagrad([w], 0.5)
    for optimizer, expected in ((sgd, [0.5, 0.5, np.nan]), (adagrad, [0.25, 0.125, np.nan])):
        optimizer.explain = True
        w.grad = np.array([2.0, -4.0, 0.0])
        optimizer.step()
        np.testing.assert_array_equal(optimizer.last_update(w).rate, expected)


def test_the_story_stays_when_gradient_or_weight_change_later():
    w = Value([1.0, 2.0])
    optimizer = optim.SGD([w], 0.5)
    optimizer.explain = True
    w.grad = np.array([2.0, 4.0])
    optimizer.step()
    w.grad *= 100
    w.data = [7.0, 7.0]
    last = optimizer.last_update(w)
    assert (last.gradient.tolist(), last.delta.tolist(), last.after.tolist()) == ([2.0, 4.0], [-1.0, -2.0], [0.0, 0.0])


def test_what_cannot_be_told():
    w, v = Value(1.0, name="w"), Value(2.0, name="v")
    optimizer = optim.SGD([w, v], 0.5)
    w.grad = 1.0
    optimizer.step()
    with pytest.raises(ValueError, match=r"SGD: w has no update on record; set `optimizer\.explain"):
        optimizer.last_update(w)
    optimizer.explain = True
    optimizer.step()
    assert optimizer.last_update(w).delta == -0.5
    with pytest.raises(ValueError, match="SGD: v had no gradient in the last step"):
        optimizer.last_update(v)
    with pytest.raises(ValueError, match=r"SGD: Value\(3.0\) is not one of its parameters"):
        optimizer.last_update(Value(3.0))
    w.grad = np.nan
    with pytest.raises(FloatingPointError):
        optimizer.step()
    assert optimizer.last_update(w).delta == -0.5  # of the last step there was


@pytest.mark.parametrize("make", EVERY)
def test_a_preview_is_the_next_step_and_changes_nothing(make):
    w, v, idle = Value(RNG.normal(size=(3, 2)), name="w"), Value(0.5, name="v"), Value(1.0, name="idle")
    optimizer = make([w, v, idle], 0.1, weight_decay=0.25)
    optimizer.explain = True
    for _ in range(3):
        w.grad, v.grad = RNG.normal(size=(3, 2)), float(RNG.normal())
        state, data = optimizer.state_dict(), [w.data, v.data]
        told = optimizer.preview({w: w.grad, v: v.grad})
        np.testing.assert_equal(optimizer.state_dict(), state)
        assert w.data is data[0]
        assert v.data is data[1]
        assert [update.parameter for update in told] == [w, v]
        optimizer.step()
        for update in told:
            last = optimizer.last_update(update.parameter)
            for what in ("before", "gradient", "delta", "decay", "after"):
                np.testing.assert_array_equal(getattr(update, what), getattr(last, what))
            np.testing.assert_equal(update.memory, last.memory)
            np.testing.assert_equal(update.remembered, last.remembered)
            assert update.options == last.options
            assert update.options["learning_rate"] == 0.1


def test_a_preview_checks_what_a_step_checks():
    w = Value([1.0, 2.0], name="w")
    optimizer = optim.SGD([w], 0.1)
    with pytest.raises(ValueError, match=r"the gradient of w has shape \(3,\)"):
        optimizer.preview({w: np.ones(3)})
    with pytest.raises(FloatingPointError, match="the gradient of w is nan or inf"):
        optimizer.preview({w: np.array([np.nan, 1.0])})
