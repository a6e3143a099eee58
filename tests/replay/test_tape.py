"""Long and deep programs of numbers, run from a table by numba, equal the engine."""

import math

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd_mini as ag
from autograd_mini import optim
from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.replay import levels
from autograd_mini.replay.tape import CODES, EXPRESSIONS
from tests.replay.test_levels import moons, random_program
from tests.replay.twins import eager, equal, never, numbers


@pytest.fixture
def always(monkeypatch):
    """Also short programs are run so, and none level by level."""
    monkeypatch.setattr(levels, "FEWEST", 1)
    monkeypatch.setattr(levels, "CALLS_A_GROUP", math.inf)


def same(f, leaves, calls):
    step = ag.compile(f, numba=True)
    for args in (calls[0], *calls):
        for leaf in leaves:
            leaf.grad = None
        found = step(*args)
        step.f = never
        grads = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        E = f(*args)
        E.backward()
        assert type(found) is float
        assert found == pytest.approx(E.data, rel=1e-12, abs=1e-12)
        equal(grads, [leaf.grad for leaf in leaves], 1e-11)
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
def test_every_function_of_the_table(function, always):
    """On numbers, also where the engine has no row for it."""
    from autograd_mini.replay.places import InPlaces
    from autograd_mini.replay.tape import Tape
    from autograd_mini.replay.trace import Trace
    from autograd_mini.spelling import Names

    text = EXPRESSIONS[function].replace("exp", "")
    count = 3 if "w" in text.replace("pow", "") else 2 if "y" in text.replace("copy", "") else 1
    for numbers_ in ((1.5, 0.7, -2.0), (0.25, 1.0, 3.0), (1.0, 1.0, 0.5), (0.0, 1.5, 1.0), (-0.5, 2.0, -1.0)):
        trace = Trace()
        given = [trace.given("argument", x) for x in numbers_[:count]]
        if function.__name__.startswith(("logical", "and", "or_", "not_")) or function is FLOAT_FUNCTIONS["where"]:
            given[0] = trace.given("argument", bool(numbers_[0] > 1))
        try:
            var = trace.call(function, tuple(given))
        except (ArithmeticError, ValueError, TypeError):
            continue
        var.part = "forward"
        body: InPlaces = Tape([var], [var], Names(), [var], [])
        for i, x in enumerate(given):
            body._texts[x] = f"x_{i}", 99
        space = body.known | {f"x_{i}": x.number for i, x in enumerate(given)}
        lines = [line.replace("return AS_WRITTEN", "raise ArithmeticError") for line in body.lines([var], "")]
        exec("\n".join(lines), space | body.known, space)
        found = space[body.name(var)]
        assert type(found) is type(var.number)
        assert found == pytest.approx(var.number, rel=1e-13)


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
    step = ag.compile(f, numba=True)
    step(1.0)
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert step(1000.0) == 1.0
