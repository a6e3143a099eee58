"""Programs on tiny arrays are written on single numbers, and give what the engine gives."""

import warnings

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.replay.test_compile import same_as_written
from tests.replay.test_training import OPTIMIZERS, batches
from tests.replay.twins import eager, equal, numbers, on_single_numbers, trained_alike


def tiny_network(make_optimizer):
    def make():
        rng = np.random.default_rng(0)
        net = nn.MLP([3, 2, 2], "tanh", "sigmoid", rng=rng)
        loss = nn.L2Loss()
        return net, make_optimizer(net.parameters()), lambda x, y: loss(net(x), y)

    return make


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_every_optimizer_moves_tiny_arrays_as_ever(optimizer):
    step = trained_alike(tiny_network(optimizer), batches(n=2))
    assert on_single_numbers(step)


def test_a_larger_program_stays_on_arrays():
    step = trained_alike(tiny_network(OPTIMIZERS["SGD"]), batches(n=200))
    assert not on_single_numbers(step)
    assert "np.dot" in step.source


def test_each_loops_over_tiny_batches():
    make = tiny_network(OPTIMIZERS["Adam"])
    (model, optimizer, f), (twin, twin_optimizer, g) = make(), make()
    step = ag.compile(f, optimizer=optimizer)
    calls = batches(7, n=2)
    found = [step(*calls[0]), *step.each(calls[1:])]
    equal(found, [eager(g, twin_optimizer, args) for args in calls])
    equal(numbers(model, optimizer), numbers(twin, twin_optimizer))
    assert on_single_numbers(step)


MOVED = {
    "transpose": lambda w, x: np.transpose(w) @ x + x.T @ w,
    "reshape": lambda w, x: w.reshape(3, 2) * x.reshape(3, 2),
    "getitem": lambda w, x: w[::-1, 1:] * x[:, [2, 0]] + w[1, 2],
    "broadcast": lambda w, x: w[:, :1] * x + w[0],
    "concatenate": lambda w, x: np.concatenate([w * x, np.ones((1, 3)), w], axis=0),
    "pad": lambda w, x: np.pad(w * x, 1),
    "roll": lambda w, x: np.roll(w, 1, axis=1) * x,
    "where": lambda w, x: np.where(x > 0.0, w * x, -w),
    "mask": lambda w, x: np.where(np.array([True, False, True]), w * x, w),
    "maximum": lambda w, x: np.maximum(w, x) - np.minimum(w, 0.5) + np.clip(x * w, -0.5, 0.5),
    "max": lambda w, x: np.max(w * x, axis=1) + np.min(w * x),
    "all": lambda w, x: w * x if np.all(np.abs(x) < 10.0) and not np.any(x > 100.0) else w,
    "products": lambda w, x: np.matmul(np.stack([w, x]), np.stack([x.T, w.T])),
    "vectors": lambda w, x: (w[0] @ x[0]) * (w @ x[1]) + x[1] @ w.T,
    "sums": lambda w, x: np.mean(w * x, axis=0) / np.sum(x * x) + np.cumsum(w, axis=1) * np.prod(w) + np.cumsum(w)[3],
    "powers": lambda w, x: (w * w + 1.0) ** x + np.square(x) ** 3 + np.power(2.0, w),
    "softmax": lambda w, x: ag.log_softmax(w * x, axis=1),
    "mean pad": lambda w, x: w * np.pad(x, 1, mode="mean")[1:-1, 1:-1],
    "einsum": lambda w, x: np.einsum("ij,kj->ik", w, x),
    "rint": lambda w, x: w * np.rint(x * 3.0),
}


@pytest.mark.parametrize("name", MOVED)
def test_what_moves_numbers_and_what_computes_with_them(name):
    rng = np.random.default_rng(1)
    w = ag.Value(rng.normal(size=(2, 3)), name="w")
    weights = np.cos(np.arange(100.0))

    def f(x):
        z = MOVED[name](w, x)
        return np.sum(z * weights[: z.size].reshape(z.shape))

    calls = [(rng.normal(size=(2, 3)),) for _ in range(3)]
    calls.append((np.asfortranarray(calls[0][0]),))
    step = same_as_written(f, [w], calls, 1e-12)
    assert on_single_numbers(step) == (name not in ("einsum", "rint", "mean pad"))  # which have no form on numbers


# -- what only the engine can do -------------------------------------------------------------------


def as_the_engine(f, leaves, args):
    """The compiled function, recorded before, gives the engine's numbers and warnings, also infinite ones."""
    step = ag.compile(f)
    step(*[np.ones(np.shape(x)) for x in args])
    assert on_single_numbers(step)
    found = []
    for call in (step, step.f):
        for leaf in leaves:
            leaf.grad = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            E = call(*args)
            if type(E) is ag.Value:
                E.backward()
                E = E.data
        found.append((E, [leaf.grad for leaf in leaves], sorted({str(w.message) for w in caught})))
    (one, grads, said), (other, expected, also) = found
    np.testing.assert_allclose(one, other, rtol=1e-12)
    for grad, right in zip(grads, expected, strict=True):
        assert type(grad) is type(right)
        np.testing.assert_allclose(grad, right, rtol=1e-12)
    assert said == also


HIDING = {
    "divided by it": lambda z: np.sum(1.0 / (1.0 + z * z)),
    "compared": lambda z: np.sum(np.where(z * 1e200 > 1.0, 1.0, 2.0) + z),
    "larger": lambda z: np.sum(np.minimum(z * 1e200, 3.0)),
    "exponent": lambda z: np.sum(np.exp(-z * z)),
    "saturated": lambda z: np.sum(np.tanh(z * 1e200)),
    "relu of nan": lambda z: np.sum(ag.relu(z * 1e200 - z * z)),
    "not seen": lambda z: np.max(z) + np.min(z * z),
}


@pytest.mark.parametrize("number", [1e200, -1e200, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", HIDING)
def test_what_is_not_finite_cannot_hide(name, number):
    w = ag.Value([1.0, 2.0], name="w")
    as_the_engine(lambda x: HIDING[name](w * x), [w], (np.array([number, 0.5]),))


@pytest.mark.parametrize("number", [1e200, np.inf, np.nan])
@pytest.mark.parametrize("name", HIDING)
def test_parameters_that_are_not_finite(name, number):
    w = ag.Value([1.0, 2.0], name="w")
    step = ag.compile(lambda x: HIDING[name](w * x))
    twin = ag.Value([number, 2.0])
    step(np.ones(2))
    w.data, w.grad = [number, 2.0], None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, E = step(np.ones(2)), HIDING[name](twin * np.ones(2))
        E.backward()
    np.testing.assert_allclose(found, E.data)
    np.testing.assert_allclose(w.grad, twin.grad)


def test_a_gradient_alone_that_is_not_finite():
    w = ag.Value([1e-300, 2.0], name="w")
    step = ag.compile(lambda x: np.sum(w * x * np.array([1e300, 1.0])), optimizer=optim.SGD([w], 0.0))
    step(np.ones(2))
    before = w.data.copy()
    with pytest.raises(FloatingPointError, match="the gradient of w is nan or inf in 1 of 2"):
        step(np.array([1e200, 1.0]))
    np.testing.assert_array_equal(w.data, before)
    assert on_single_numbers(step)


def test_an_infinity_in_the_middle_of_many_samples():
    w, twin = ag.Value([1.0, 2.0], name="w"), ag.Value([1.0, 2.0])
    step = ag.compile(lambda x: np.sum(np.minimum(w * x * 1e200, w)), optimizer=optim.SGD([w], 0.1))
    step(np.ones(2))
    optimizer = optim.SGD([twin], 0.1)
    f = lambda x: np.sum(np.minimum(twin * x * 1e200, twin))  # noqa: E731
    eager(f, optimizer, (np.ones(2),))
    samples = [(np.ones(2),), (np.array([1e200, 1.0]),), (np.ones(2),)]
    with pytest.warns(RuntimeWarning, match="overflow"):
        found = step.each(samples)
    with np.errstate(all="ignore"):
        equal(found, [eager(f, optimizer, sample) for sample in samples])
    equal([w.data], [twin.data])


def test_zero_times_infinity_is_zero_as_ever():
    w = ag.Value([1.0, 4.0], name="w")
    as_the_engine(lambda x: np.sum(np.where(x > 0, np.sqrt(w * np.abs(x)), 0.0)), [w], (np.array([0.0, 2.0]),))


OTHERS = {
    "float32": lambda w, x: np.sum(w.astype(np.float32) * x.astype(np.float32)),
    "whole numbers": lambda w, x: np.sum(w[(x > 0).astype(int)]),
    "a mask": lambda w, x: np.sum(w[x > 0]),
    "a count": lambda w, x: np.sum(w) * np.sum(x > 0),
    "sorted": lambda w, x: np.sum(w * np.sort(x)),
    "drawn": lambda w, x: np.sum(ag.nn.Dropout(0.5, rng=np.random.default_rng(0))(w) * x),
    "nothing": lambda w, x: np.sum(w[:0]) + np.sum(w * x),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_no_form_on_single_numbers_stays_on_arrays(name):
    w = ag.Value([1.0, 2.0, 3.0], name="w")
    calls = [(np.array([0.5, -1.0, s]),) for s in (2.0, 3.0)]
    step = same_as_written(lambda x: OTHERS[name](w, x), [w], calls, 1e-6)
    assert not on_single_numbers(step)


# -- memory ----------------------------------------------------------------------------------------


def test_what_leaves_is_nobody_elses():
    v, w = ag.Value([1.0, 2.0]), ag.Value([3.0, 4.0])
    step = ag.compile(lambda x: np.sum((v + w) * x))
    look = ag.compile(lambda x: (v * x, v * x, v.data, np.ones(2)), backward=False)
    x = np.array([5.0, 6.0])
    kept = []
    for _ in range(3):
        v.grad = w.grad = None
        step(x), look(x)
        one, two, three, _ = found = look(x)
        for array in (v.grad, w.grad, one, two):
            assert array.flags.writeable
            kept.append((array, array.copy()))
        assert not np.may_share_memory(v.grad, w.grad)
        assert not np.may_share_memory(one, two)
        assert [type(part) for part in found] == [np.ndarray] * 4
        np.testing.assert_array_equal(three, v.data)
        v.grad[:] = one[:] = 7.0
        kept[-4], kept[-2] = (v.grad, v.grad.copy()), (one, one.copy())
    for array, then in kept:
        np.testing.assert_array_equal(array, then)
    assert on_single_numbers(step)
    assert on_single_numbers(look)
