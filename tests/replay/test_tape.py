"""Long and deep programs of numbers, run from a table by numba, equal the engine."""

import math

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd_mini as ag
from autograd_mini import optim
from autograd_mini.replay import levels
from autograd_mini.replay.tape import CODES, EXPRESSIONS, Tape
from tests.replay.test_levels import alone, moons, operands_of, random_program, replayed
from tests.replay.twins import eager, equal, never, numbers


@pytest.fixture
def always(monkeypatch):
    """Also short programs are run so, and none level by level."""
    monkeypatch.setattr(levels, "FEWEST", 1)
    monkeypatch.setattr(levels, "CALLS_A_GROUP", math.inf)


def same(f, leaves, calls):
    step = replayed(f, leaves, calls, 1e-11, numba=True)
    assert "run(v, " in step.source
    return step


@pytest.mark.parametrize("seed", range(10))
def test_a_random_program(seed, always):
    f, leaves = random_program(seed)
    same(f, leaves, [(1.0,), (1.01,), (0.98,)])


def test_a_net_is_trained_as_ever(always):
    make = moons(5, 3, lambda w: optim.Adam(w, 0.01), ag.Value.sigmoid)
    (model, optimizer, f), (twin, twin_optimizer, g) = make(), make()
    step = ag.compile(f, optimizer=optimizer, numba=True)
    for turn in range(5):
        assert step() == pytest.approx(eager(g, twin_optimizer, ()), rel=1e-12)
        equal(numbers(model, optimizer), numbers(twin, twin_optimizer))
        step.f = never if turn == 0 else step.f
    assert "run(v, " in step.source


def test_a_deep_chain():
    w, c = ag.Value(0.99999), ag.Value(0.001)

    def f(x):
        v = w * x
        for _ in range(3000):
            v = v * w + c
        return v

    same(f, [w, c], [(1.0,), (2.0,)])


@pytest.mark.parametrize("function", CODES, ids=lambda f: f.__name__)
def test_every_function_of_the_table(function):
    text = EXPRESSIONS[function].replace("exp", "").replace("pow", "").replace("copy", "")
    tried = 0
    for operands in operands_of(function, 3 if "w" in text else 2 if "y" in text else 1):
        found, expected = alone(Tape, function, operands)
        assert type(found) is type(expected)
        assert found == pytest.approx(expected, rel=1e-13)
        tried += 1
    assert tried


def test_branches_and_what_is_not_finite(always):
    w = ag.Value(2.0)

    def f(x):
        z = w * x
        return np.log(z) * w if z > 0.5 else 1.0 / z + np.exp(z * z * z)

    step = ag.compile(f, numba=True)
    for x in (3.0, -1.0, 2.0, -2.0, -20.0, 0.0, 1.0):
        w.grad = None
        with np.errstate(all="ignore"):
            found, grad = step(x), w.grad
            w.grad = None
            E = f(x)
            E.backward()
        np.testing.assert_allclose([found, grad], [E.data, w.grad], rtol=1e-13)
    assert len(step.programs) == 2


def test_a_hidden_infinity_is_left_to_the_engine(always):
    w = ag.Value(1.0)
    f = lambda x: 1.0 / (1.0 + np.exp(w * x)) + w  # noqa: E731
    step = ag.compile(f, numba=True, backward=False)
    step(1.0)
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert step(1000.0) == 1.0
    assert "run(v, " in step.source


def test_an_answer_is_asked_before_what_follows_is_found_not_to_be_finite(always):
    w = ag.Value(2.0)
    step = ag.compile(lambda x: 1.0 / (w * x) if w * x != 0 else w * 3.0, numba=True)
    assert [step(x) for x in (1.0, 0.0, 2.0, 0.0)] == [0.5, 6.0, 0.25, 6.0]
    assert len(step.programs) == 2


def test_functions_that_are_not_in_the_table(always):
    w = ag.Value(8.0)
    step = ag.compile(lambda x: np.cbrt(w) * x, numba=True)
    assert [step(x) for x in (1.0, 2.0)] == pytest.approx([2.0, 4.0], rel=1e-15)
    assert "run(v, " not in step.source
