"""With numba: a step on tiny arrays as machine code."""

import warnings

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.replay.test_training import OPTIMIZERS, batches
from tests.replay.twins import eager, equal, never, numbers


def in_machine_code(step):
    return step.source.startswith("def kernel(")


def twins(optimizer, n=2):
    def make():
        net = nn.MLP([3, 2, 2], "tanh", "sigmoid", rng=np.random.default_rng(0))
        loss = nn.L2Loss()
        return net, OPTIMIZERS[optimizer](net.parameters()), lambda x, y: loss(net(x), y)

    model, opt, f = make()
    return model, opt, ag.compile(f, optimizer=opt, numba=True), make()


@pytest.mark.parametrize("optimizer", ["Momentum", "Adam", "groups"])
def test_a_step_in_machine_code_equals_the_engine(optimizer):
    model, opt, step, (twin, twin_opt, g) = twins(optimizer)
    calls = batches(6, n=2)
    calls[3] = tuple(np.asfortranarray(x) for x in calls[3])
    for i, args in enumerate(calls):
        assert step(*args) == pytest.approx(eager(g, twin_opt, args), rel=1e-12)
        equal(numbers(model, opt), numbers(twin, twin_opt))
        step.f = never
        if i == 4:
            model[0].bias.data[:] = twin[0].bias.data[:] = 0.5
    assert in_machine_code(step)
    equal(step.each(calls), [eager(g, twin_opt, args) for args in calls])
    equal(numbers(model, opt), numbers(twin, twin_opt))


def test_gradients_outputs_and_questions():
    w, v = ag.Value([1.0, 2.0], name="w"), ag.Value([[0.5]])

    def f(x, s):
        z = w * x + v
        return np.sum(np.where(z > 0.5, z * s, -z)) if np.all(x < 5.0) else np.sum(z)

    step = ag.compile(f, numba=True)
    for x, s in [([1.0, 2.0], 0.5), ([-1.0, 0.3], 0.25), ([9.0, 2.0], 2.0), ([2.0, 9.0], 1.0), ([0.1, 0.2], 3.0)]:
        w.grad = v.grad = None
        found, grads = step(np.array(x), s), [w.grad, v.grad]
        w.grad = v.grad = None
        E = f(np.array(x), s)
        E.backward()
        assert found == pytest.approx(E.data, rel=1e-12)
        equal(grads, [w.grad, v.grad])
        assert [type(g) for g in grads] == [np.ndarray] * 2
    assert len(step.programs) == 2
    assert in_machine_code(step)
    look = ag.compile(lambda x: (w * x, {"sum": np.sum(w * x)}, np.sum(x) > 1.0), numba=True, backward=False)
    look(np.ones(2))
    for x in ([1.0, 2.0], [0.1, 0.2]):
        array, named, truth = look(np.array(x))
        equal([array, named["sum"]], [w.data * x, np.sum(w.data * x)])
        assert (type(named["sum"]), type(truth)) == (float, bool)
        assert truth is (sum(x) > 1.0)
    assert in_machine_code(look)


HIDING = {
    "divided by it": lambda z: np.sum(1.0 / (1.0 + z * z)),
    "compared": lambda z: np.sum(np.where(np.log(z) > 1.0, z, 2.0 * z)),
    "saturated": lambda z: np.sum(np.tanh(np.exp(z))),
    "divided by zero": lambda z: np.sum(np.exp(-1.0 / (z - 0.5))),
}


@pytest.mark.parametrize("name", HIDING)
def test_what_is_not_finite_cannot_hide(name):
    w = ag.Value([1.0, 2.0], name="w")
    f = lambda x: HIDING[name](w * x)  # noqa: E731
    step = ag.compile(f, numba=True)
    with np.errstate(all="ignore"):
        step(np.ones(2))
    found = []
    for call in (step, f):
        for x in ([1.0, 0.5], [1e200, 1.0], [0.5, 1.0], [-1.0, 1.0], [np.nan, 1.0], [np.inf, 0.0]):
            w.grad = None
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                E = call(np.array(x))
                if type(E) is ag.Value:
                    E.backward()
                    E = E.data
            found.append((E, w.grad, sorted({str(c.message) for c in caught})))
    half = len(found) // 2
    for (one, grad, said), (other, expected, also) in zip(found[:half], found[half:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
        np.testing.assert_allclose(grad, expected, rtol=1e-12)
        assert said == also
    assert in_machine_code(step)


def test_what_numba_does_not_know_is_left_to_python():
    w = ag.Value([1.0, 2.0], name="w")
    for f in (lambda x: np.sum(np.cbrt(w * x)), lambda x: np.sum(np.exp2(w) * x)):
        step = ag.compile(f, numba=True)
        for _ in range(2):
            assert step(np.ones(2)) == pytest.approx(f(np.ones(2)).data, rel=1e-12)
        assert not in_machine_code(step)
        assert ".tolist()" in step.source


def test_what_leaves_is_nobody_elses():
    w = ag.Value([1.0, 2.0], name="w")
    step = ag.compile(lambda x: np.sum(w * x), numba=True, optimizer=optim.Momentum([w], 0.1))
    x, kept = np.array([1.0, 0.5]), []
    for _ in range(8):
        step(x)
        kept.append((w.data, w.data.copy()))
        kept = kept[-3:]
        for array, then in kept:
            np.testing.assert_array_equal(array, then)


def test_many_functions_in_one_kernel():
    w = ag.Value([0.3, 0.7], name="w")

    def f(x):
        z = w * x
        unary = np.exp(z) + np.log(z) + np.sqrt(z) + np.sin(z) * np.cos(z) + np.tanh(z) + np.arctan(z) + np.expm1(z)
        kinks = np.maximum(z, x) - np.minimum(z, 0.5) + np.abs(z - 0.5) + ag.relu(z - 0.4) + np.where(z > x, z, x)
        return np.sum(unary * kinks + ag.sigmoid(z) ** x + np.hypot(z, x) + np.log1p(z) / np.arcsin(z * 0.5))

    step = ag.compile(f, numba=True)
    for x in ([1.0, 0.5], [0.8, 1.2], [1.1, 0.6]):
        w.grad = None
        found, grad = step(np.array(x)), w.grad
        w.grad = None
        E = f(np.array(x))
        E.backward()
        assert found == pytest.approx(E.data, rel=1e-12)
        equal([grad], [w.grad])
    assert in_machine_code(step)
