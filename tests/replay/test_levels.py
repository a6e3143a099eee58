"""Long programs of numbers, written level by level on arrays, equal the engine."""

import math
import operator
import threading
from itertools import pairwise

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import optim
from autograd_mini.draws import drawn
from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.primitives import TABLE
from autograd_mini.primitives.elementwise import ELEMENTWISE
from autograd_mini.replay import levels, program
from autograd_mini.replay.levels import Levels
from autograd_mini.replay.trace import Trace
from autograd_mini.spelling import Names
from tests.engine.examples import EXAMPLES
from tests.replay.test_training import OPTIMIZERS
from tests.replay.twins import eager, equal, never, numbers, trained_alike


@pytest.fixture
def always(monkeypatch):
    """Also the shortest programs are written so, and those on tiny arrays are left on arrays."""
    monkeypatch.setattr(program, "MOST_CALLS", 0)
    monkeypatch.setattr(levels, "FEWEST", 1)
    monkeypatch.setattr(levels, "CALLS_A_GROUP", 0)


def count(step):
    return step.source.count("# level ")


def replayed(f, leaves, calls=((),) * 2, tolerance=1e-12, numba=False):
    """The compiled function, which is called as written only to be recorded, gives what f gives; returns it."""
    step = ag.compile(f, numba=numba)
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
        assert found == pytest.approx(E.data, rel=tolerance, abs=tolerance)
        scale = max([1.0, *(abs(leaf.grad) for leaf in leaves if leaf.grad is not None)])
        for grad, leaf in zip(grads, leaves, strict=True):
            assert type(grad) is type(leaf.grad)
            assert grad is None or grad == pytest.approx(leaf.grad, rel=tolerance, abs=tolerance * scale)
    return step


def same(f, leaves, calls=((),) * 2, tolerance=1e-12):
    """`replayed`, level by level."""
    step = replayed(f, leaves, calls, tolerance)
    assert count(step)
    return step


# -- networks --------------------------------------------------------------------------------------


def moons(samples, hidden, make_optimizer, activation=ag.Value.relu):
    """A net of scalar Values with a hinge loss and a penalty, over all samples in one graph."""

    def make():
        rng = np.random.default_rng(3)
        sizes = (2, hidden, hidden, 1)
        layers = [
            [[ag.Value(x) for x in rng.uniform(-1, 1, n + 1).tolist()] for _ in range(m)] for n, m in pairwise(sizes)
        ]
        weights = [w for layer in layers for unit in layer for w in unit]
        x, y = rng.normal(size=(samples, 2)).tolist(), rng.choice([-1.0, 1.0], samples).tolist()

        def f():
            total = 0.0
            for row, label in zip(x, y, strict=True):
                h = row
                for layer in layers:
                    sums = []
                    for unit in layer:
                        s = unit[-1]
                        for w, number in zip(unit, h, strict=False):
                            s = s + w * number
                        sums.append(s)
                    h = [activation(s) for s in sums] if len(sums) > 1 else sums
                total = total + (1.0 - label * h[0]).relu()
            penalty = 0.0
            for w in weights:
                penalty = penalty + w * w
            return total * (1.0 / samples) + 1e-4 * penalty

        return weights[0], make_optimizer(weights), f

    return make


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_a_net_of_scalar_values_is_trained_as_ever(optimizer, always):
    make = moons(5, 3, optimizer)
    step = trained_alike(make, [()] * 6, 1e-12)
    assert 0 < count(step) < 70


def test_a_net_large_enough_is_written_so_without_being_told():
    step = trained_alike(moons(12, 6, lambda w: optim.SGD(w, 0.01)), [()] * 4, 1e-12)
    assert 0 < count(step) < 40
    step = trained_alike(moons(1, 2, lambda w: optim.SGD(w, 0.01)), [()] * 2, 1e-12)
    assert count(step) == 0


@pytest.mark.parametrize("activation", [ag.Value.sigmoid, ag.Value.tanh])
def test_other_activations(activation, always):
    trained_alike(moons(5, 3, lambda w: optim.Momentum(w, 0.01), activation), [()] * 4, 1e-12)


def test_each_starts_every_step_from_the_last_one(always):
    def make():
        w = [ag.Value(0.3), ag.Value(-0.7), ag.Value(1.1)]
        f = lambda x, y: 0.5 * (y - np.tanh(w[0] * x + w[1]) * w[2]) ** 2  # noqa: E731
        return optim.Adam(w, 0.1), f

    (optimizer, f), (twin, g) = make(), make()
    step = ag.compile(f, optimizer=optimizer)
    calls = [(0.1 * i, math.sin(i)) for i in range(8)]
    step(*calls[0])
    assert count(step)
    step.f = never
    found = step.each(calls[1:])
    equal(found.tolist(), [eager(g, twin, args) for args in calls][1:])
    equal(numbers(optimizer), numbers(twin))
    equal([w.data for w in optimizer.parameters], [w.data for w in twin.parameters])


# -- all kinds of programs -------------------------------------------------------------------------

ONE_NUMBER = {row.name: [x for x in EXAMPLES[row.name] if all(np.size(i) for i in x.inputs)][:4] for row in ELEMENTWISE}


@pytest.mark.parametrize("name", ONE_NUMBER)
def test_every_elementwise_row_on_numbers(name, always):
    row = TABLE[name]
    leaves, calls = [], []
    for example in ONE_NUMBER[name]:
        given = np.broadcast_arrays(*example.inputs, *[p for p in example.params if p is not None])
        flat = [item.ravel().tolist() for item in given]
        for operands in list(zip(*flat, strict=True))[:5]:
            own = [ag.Value(float(x)) for x in operands[: len(example.inputs)]]
            rest = iter(operands[len(example.inputs) :])
            params = tuple([None if p is None else next(rest) for p in example.params])
            leaves += own
            calls.append((own, params))
    assert calls

    def f(scale):
        total = ag.Value(0.0)
        for i, (own, params) in enumerate(calls):
            total = total + math.cos(i) * row(*(scale * x for x in own), params=params)
        return total

    same(f, leaves, [(1.0,), (0.999,)])


def alone(kind, function, operands):
    """What a program of this one call computes, by its own lines, and what the recording computed."""
    trace = Trace()
    given = [trace.given("argument", x) for x in operands]
    var = trace.call(function, tuple(given))
    body = kind([var], [var], Names(), [var], [])
    for i, x in enumerate(given):
        body._texts[x] = f"x_{i}", 99
    lines = [line.replace("return", "raise") for line in body.lines([var], "return OTHERWISE")]
    space = body.known | {"np": np, "AS_WRITTEN": ArithmeticError, **{f"x_{i}": x.number for i, x in enumerate(given)}}
    exec("\n".join(lines), space)
    return space[body.name(var)], var.number


def operands_of(function, count):
    """Numbers that it can be called with."""
    truth = function is FLOAT_FUNCTIONS["where"] or function in (operator.and_, operator.or_, operator.not_)
    for row in ((1.5, 0.7, -2.0), (0.25, 1.0, 3.0), (1.0, 1.0, 0.5), (0.0, 1.5, 1.0), (-0.5, -2.0, -1.0)):
        given = tuple(n > 0.6 if truth and i != 2 else n for i, n in enumerate(row[:count]))
        try:
            function(*given)
        except (ArithmeticError, ValueError):
            continue
        yield given


def arity(function):
    if function is FLOAT_FUNCTIONS["where"]:
        return 3
    name = levels.UFUNCS.get(function, "positive")
    return getattr(np, name).nin


@pytest.mark.parametrize("function", levels.UFUNCS | levels.FORMS, ids=lambda f: f.__name__)
def test_every_function_that_has_a_form_of_its_own(function):
    tried = 0
    for operands in operands_of(function, arity(function)):
        found, expected = alone(Levels, function, operands)
        assert type(found) is type(expected)
        assert found == pytest.approx(expected, rel=1e-13)
        tried += 1
    assert tried


def test_random_numbers_are_drawn_one_after_the_other(always):
    def make():
        rng = np.random.default_rng(0)
        w = ag.Value(2.0)

        def f(x):
            noise = w * drawn(rng.normal, 0.0, 0.1)
            return (w * drawn(rng.normal, 0.0, 1.0) * x - np.tanh(noise)) * drawn(rng.random)

        return w, optim.SGD([w], 0.01), f

    step = trained_alike(make, [(float(x),) for x in range(5)])
    assert count(step)


def test_truths(always):
    w, v = ag.Value(2.0), ag.Value(-0.5)

    def f(x, y):
        a, b = np.greater(x, 1), np.isfinite(y) & np.less_equal(y, x)
        conditions = [
            a,
            ~a,
            np.logical_not(b),
            a & b,
            a | b,
            np.logical_xor(a, b),
            np.logical_and(x, b),
            np.logical_or(a, y),
        ]
        total = w * v
        for i, condition in enumerate(conditions):
            total = total + (i + 1) * np.where(condition, w * x, v * y)
        return total

    same(f, [w, v], [(2.0, 1.0), (0.5, 1.0), (0.5, 0.25), (3.0, 4.0), (0.0, 0.0), (0.0, -1.0)])


UNARY = [np.tanh, np.sin, np.cos, np.arctan, ag.Value.sigmoid, ag.Value.relu, np.negative, np.abs, np.positive]
BINARY = [np.add, np.add, np.add, np.subtract, np.multiply, np.multiply, np.maximum, np.minimum, np.hypot]
CONSTANTS = [0.0, -0.0, 1.0, -1.0, 0.5, 2, -0.3]


def random_program(seed):
    """Numbers computed from earlier ones, some from the last few, some from any; and the leaves."""
    rng = np.random.default_rng(seed)
    leaves = [ag.Value(x) for x in rng.uniform(-2, 2, 5).tolist()]
    steps = []
    for n in range(5, 80):
        i, j = (int(n - 1 - rng.integers(min(n, (3, 80)[rng.integers(2)]))) for _ in range(2))
        kind, bounded = rng.integers(4), rng.integers(2)
        if kind == 0:
            steps.append((UNARY[rng.integers(len(UNARY))], (i,), (), bounded))
        elif kind == 1:
            steps.append((BINARY[rng.integers(len(BINARY))], (i,), (CONSTANTS[rng.integers(len(CONSTANTS))],), bounded))
        else:
            steps.append((BINARY[rng.integers(len(BINARY))], (i, j), (), bounded))

    def f(x):
        known = [v * x for v in leaves]
        for function, places, constants, bounded in steps:
            found = function(*(known[i] for i in places), *constants)
            known.append(np.arctan(found) if bounded else found)
        return sum(known[5:], ag.Value(0.0))

    return f, leaves


@pytest.mark.parametrize("seed", range(30))
def test_a_random_program(seed, always):
    f, leaves = random_program(seed)
    same(f, leaves, [(1.0,), (1.01,), (0.98,)])


def test_a_deep_chain_stays_as_it_is():
    w, c = ag.Value(0.99999), ag.Value(0.001)

    def f():
        v = w * 1.0
        for _ in range(5000):
            v = v * w + c
        return v

    step = ag.compile(f)
    found = [step(), step(), f().data]
    assert found[0] == found[1] == found[2]
    assert count(step) == 0


def test_a_long_sum_is_one_level():
    leaves = [ag.Value(float(x)) for x in np.random.default_rng(0).normal(size=3)]
    factors = np.random.default_rng(1).normal(size=2000).tolist()

    def f():
        s = leaves[0]
        for i, x in enumerate(factors):
            s = s + leaves[i % 3] * x if i % 5 else leaves[i % 3] + s - x
        return s

    step = same(f, leaves)
    assert count(step) < 10


def test_thousands_of_leaves():
    leaves = [ag.Value(float(x)) for x in np.random.default_rng(0).normal(size=3500)]
    same(lambda x: sum((np.tanh(v * x) * v for v in leaves), ag.Value(0.0)), leaves, [(1.0,), (0.5,)])


def test_a_sum_keeps_its_order(always):
    """1e16 + 1 + … is not 1 + … + 1e16."""
    leaves = [ag.Value(x) for x in (1e16, 1.0, 1.0, -1e16, 3.0)]
    f = lambda: leaves[4] * 1.5 + (((leaves[0] + leaves[1]) + leaves[2]) + leaves[3]) - leaves[4]  # noqa: E731
    step = ag.compile(f)
    assert step() == step() == f().data == 1.5


def test_partial_sums_that_are_needed_themselves(always):
    leaves = [ag.Value(float(x)) for x in range(1, 9)]

    def f(x):
        total, means = leaves[0] * 0, ag.Value(0.0)
        for i, v in enumerate(leaves):
            total = total + v * x
            means = means + total * total * (1.0 / (i + 1))
        return means - (total - -leaves[2]) - (leaves[0] - leaves[1] * leaves[2])

    same(f, leaves, [(1.0,), (-0.7,)])


def test_shared_and_repeated_operands(always):
    x, y = ag.Value(1.5), ag.Value(-0.4)

    def f():
        a = x * y
        b = a + a
        c = b * b - a * a + (x + x) * -1.0
        d = (c + b) + (c + b)
        return d - (d - x) + -(a + y) + -(x * x) - (-(y * y)) + x - -y

    same(f, [x, y])


def test_constants_keep_their_signs_and_kinds(always):
    x = ag.Value(2.0)
    look = ag.compile(lambda: (x * 0.0, x * -0.0, x * 3, x + True, np.arctan2(x * 0.0, -0.0 - x)), backward=False)
    look()
    assert count(look)
    found = look()
    assert [math.copysign(1.0, z) for z in found[:2]] == [1.0, -1.0]
    assert found[2:4] == (6.0, 3.0)
    assert found[4] == pytest.approx(math.pi, rel=1e-15)
    assert set(map(type, found)) == {float}


# -- questions and failures ------------------------------------------------------------------------


def test_branches_are_taken_by_the_numbers_of_each_call(always):
    w = ag.Value(2.0)

    def f(x):
        z = w * x
        if z > 1:
            return z * z + np.log(z)
        return z - 3 if x < -1 else z * w

    step = ag.compile(f)
    calls = [(3.0,), (0.1,), (-2.0,), (5.0,), (-3.0,), (0.2,)]
    for args in calls:
        w.grad = None
        found, grad = step(*args), w.grad
        w.grad = None
        E = f(*args)
        E.backward()
        assert (found, grad) == (E.data, w.grad)
    assert len(step.programs) == 3
    assert all("# level" in program.source for program in step.programs)
    step.f = never
    for args in calls:
        step(*args)


@pytest.mark.parametrize(
    ("function", "bad", "warning"),
    [
        (np.exp, 1000.0, "overflow"),
        (np.log, -1.0, "invalid"),
        (np.log, 0.0, "divide"),
        (np.sqrt, -1.0, "invalid"),
        (lambda z: 1.0 / z, 0.0, "divide"),
        (lambda z: z * 1e300 * z, 1e10, None),
    ],
)
def test_what_is_not_finite_comes_out_as_the_engine_has_it(function, bad, warning, always):
    w = ag.Value(1.0)
    f = lambda x: function(w * x) + w  # noqa: E731
    step = ag.compile(f)
    step(2.0)
    for args in ((bad,), (3.0,)):
        w.grad = None
        with np.errstate(all="warn"):
            if args == (bad,) and warning:
                with pytest.warns(RuntimeWarning, match=warning):
                    found = step(*args)
            else:
                found = step(*args)
        grad, w.grad = w.grad, None
        with np.errstate(all="ignore"):
            E = f(*args)
            E.backward()
        np.testing.assert_allclose([found, grad], [E.data, w.grad], rtol=1e-12)
    assert len(step.programs) == 1


def test_nan_and_infinite_arguments(always):
    w = ag.Value(1.0)
    f = lambda x: w * x + w  # noqa: E731
    step = ag.compile(f, optimizer=optim.SGD([w], 0.1))
    step(2.0)
    before = w.data
    with pytest.raises(FloatingPointError, match="nan or inf"):
        step(math.nan)
    with pytest.raises(FloatingPointError, match="nan or inf"):
        step(math.inf)
    assert w.data == before
    w.grad = None
    assert step(2.0) == before * 3


# -- what is around --------------------------------------------------------------------------------


def test_numbers_picked_from_arrays(always):
    leaves = [ag.Value(float(x)) for x in (0.3, -0.6, 1.2)]

    def f(rows, scale):
        total = ag.Value(0.0)
        for row in rows:
            s = leaves[0]
            for w, x in zip(leaves[1:], row, strict=True):
                s = s + w * x
            total = total + np.tanh(s) * scale
        return total

    x = np.random.default_rng(0).normal(size=(6, 2))
    same(f, leaves, [(x, 1.0), (2 * x, -0.5)])


def test_a_program_with_arrays_in_the_middle_is_written_call_by_call(always):
    w = ag.Value(0.5)
    f = lambda x: np.sum(np.tanh(w * 2) * x) + w  # noqa: E731
    step = ag.compile(f)
    found = [step(np.ones(3)), step(np.ones(3))]
    assert found[0] == found[1] == f(np.ones(3)).data
    assert count(step) == 0


def test_an_array_made_of_a_number_is_no_number(always):
    w = ag.Value(0.5)
    f = lambda x: np.sum(np.broadcast_to(np.tanh(w * x), (3,))) * w  # noqa: E731
    step = ag.compile(f)
    found = [step(2.0), step(2.0)]
    assert found[0] == found[1] == f(2.0).data
    assert count(step) == 0
    look = ag.compile(lambda x: (w * x, np.ravel(x + 1)), backward=False)
    for _ in range(2):
        number, array = look(2.0)
        assert (number, array.tolist()) == (1.0, [3.0])
        look.f = never


def test_options_of_a_call_are_kept(always):
    w = ag.Value(0.5)
    same(lambda x: np.tanh(w * np.round(x, decimals=1)) * w, [w], [(1.26,), (-0.349,)])


def test_arguments_may_be_called_as_the_program_calls_its_own(always):
    w = ag.Value(0.5)
    f = lambda v, places, terms: w * v + np.tanh(places * w) * terms + w * terms  # noqa: E731
    same(f, [w], [(1.0, 2.0, 3.0), (3.0, 1.0, 2.0)])


def test_gradients_join_those_that_are_there(always):
    w = ag.Value(2.0)
    step = ag.compile(lambda x: w * x + w)
    for _ in range(3):
        step(3.0)
    assert w.grad == 12.0


def test_answers_that_are_no_floats(always):
    w = ag.Value(2.0)
    look = ag.compile(lambda x: {"more": w.data * x > 3, "number": w * x, "same": x}, backward=False)
    look(1.0)
    assert count(look)
    assert look(1.0) == {"more": False, "number": 2.0, "same": 1.0}
    assert [type(item) for item in look(2.0).values()] == [bool, float, float]
    assert look(2.0)["more"] is True


def test_threads_take_turns(always):
    leaves = [ag.Value(float(x)) for x in np.random.default_rng(0).normal(size=20)]
    look = ag.compile(lambda x: sum((np.tanh(v * x) for v in leaves), ag.Value(0.0)), backward=False)
    xs = [0.5, 1.0, 1.5, 2.0]
    expected = [look.f(x).data for x in xs]
    look(xs[0])
    assert count(look)
    wrong = []

    def work(i):
        for _ in range(200):
            if look(xs[i]) != pytest.approx(expected[i], rel=1e-12):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
