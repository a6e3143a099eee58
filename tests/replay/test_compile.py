"""What a program depends on is asked at every call, and what it cannot repeat is refused by name."""

import gc
import threading
import time
import tracemalloc

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.replay.twins import eager, equal, never, numbers


def same_as_written(f, leaves, calls, tolerance=0.0):
    """The compiled function gives what f gives, call by call; returns it."""
    step = ag.compile(f)
    for args in calls:
        for leaf in leaves:
            leaf.grad = None
        found, grads = step(*args), None
        grads = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        E = f(*args)
        E.backward()
        np.testing.assert_allclose(found, E.data, rtol=tolerance)
        equal(grads, [leaf.grad for leaf in leaves], tolerance)
    return step


RNG = np.random.default_rng()


# -- branches --------------------------------------------------------------------------------------


def test_a_branch_is_taken_by_the_numbers_of_each_call():
    w = ag.Value(2.0, name="w")

    def f(x):
        return w * x if w * x > 1 else w * w - x

    calls = [(3.0,), (-1.0,), (3.0,), (0.1,), (7.0,)]
    step = same_as_written(f, [w], calls)
    assert len(step.programs) == 2
    step.f = never
    assert step(3.0) == 6.0
    assert step(-3.0) == 7.0
    assert "if not multiply > 1: return OTHERWISE" in step.programs[0].source


def test_a_branch_on_arrays():
    w = ag.Value([1.0, 2.0], name="w")

    def f(x):
        return np.sum(w * x) if np.all(x > 0) else np.sum(w) * 3

    step = same_as_written(f, [w], [(np.array([1.0, s]),) for s in (1.0, -1.0, 2.0, -2.0)])
    assert len(step.programs) == 2


def test_more_programs_than_a_handful_are_run_as_written_with_a_warning():
    w = ag.Value(2.0)
    step = ag.compile(lambda x, n: w * x**n)
    for n in range(1, 9):
        step(3.0, n)
    with pytest.warns(RuntimeWarning, match="more than 8 programs"):
        assert step(3.0, 9) == 2 * 3.0**9
    assert step(3.0, 2) == 18.0


def test_arguments_fixed_and_free():
    w = ag.Value([1.0, 2.0], name="w")

    def f(batch, mode, scale=1.0):
        x, more = batch["x"], batch["more"]
        z = np.sum(w * x) * more[0] + more[1]
        return z * scale if mode == "scaled" else z

    x = np.array([1.0, 2.0])
    step = ag.compile(f)
    assert step({"x": x, "more": (2.0, 1.0)}, "plain") == 11.0
    assert step({"x": x, "more": (3.0, 1.0)}, "plain") == 16.0
    assert step({"x": x, "more": (3.0, 1.0)}, "scaled", 2.0) == 32.0
    assert len(step.programs) == 2
    assert step({"x": x.astype(np.float32), "more": (3.0, 1.0)}, "plain") == 16.0
    assert len(step.programs) == 3
    assert step({"x": x, "more": [3.0, 1.0]}, "plain") == 16.0
    assert len(step.programs) == 4


def test_a_value_as_an_argument_is_a_leaf():
    step = ag.compile(lambda v, w: np.sum(v * w))
    for _ in range(3):
        v, w = ag.Value([1.0, 2.0]), ag.Value([3.0, 4.0])
        assert step(v, w) == 11.0
        assert v.grad.tolist() == [3.0, 4.0]
        assert w.grad.tolist() == [1.0, 2.0]
    assert len(step.programs) == 1
    v = ag.Value([1.0, 2.0])
    assert step(v, v) == 5.0
    assert v.grad.tolist() == [2.0, 4.0]
    inner = ag.Value([1.0, 2.0])
    assert step(inner * 1, ag.Value([1.0, 1.0])) == 3.0
    assert inner.grad.tolist() == [1.0, 1.0]


# -- refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda w, x: w * float(x), ["the number (float) of x", "test_compile.py", "Compute with NumPy's functions"]),
        (lambda w, x: w * (w * x).item(), ["the number (float) of a result of mul", "float"]),
        (lambda w, x: w * int(x), ["the number (int) of x"]),
        (lambda w, x: w * x * RNG.normal(), ["a constant of multiply differs", "as arguments"]),
        (lambda w, x: w * x + time.perf_counter(), ["a constant of add differs"]),
    ],
)
def test_what_no_program_can_repeat_is_refused(f, says):
    w = ag.Value(2.0, name="w")
    step = ag.compile(lambda x: f(w, x))
    with pytest.raises(ag.CompileError) as caught:
        step(3.0)
    assert [part for part in says if part not in str(caught.value)] == [], str(caught.value)
    assert type(w.data) is float
    assert w.grad is None
    assert step.programs == []


def test_noise_on_an_array_is_refused_too():
    w = ag.Value([1.0, 2.0], name="w")
    step = ag.compile(lambda x: np.sum(w * (x + RNG.normal(size=2))))
    with pytest.raises(ag.CompileError, match="differs between two runs"):
        step(np.ones(2))


def test_a_module_that_keeps_what_it_computed_is_refused():
    class Keeping(nn.Module):
        def __init__(self):
            self.w = ag.Value([1.0, 2.0])

        def forward(self, x):
            self.last = self.w * x
            return np.sum(self.last)

    net = Keeping()
    step = ag.compile(lambda x: net(x))
    with pytest.raises(ag.CompileError, match="attribute 'last'"):
        step(np.ones(2))
    assert type(net.last.data) is np.ndarray


# -- what only the engine can do -------------------------------------------------------------------


def test_zero_times_infinity_is_zero_as_ever():
    w = ag.Value([1.0, 4.0], name="w")

    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(w * np.abs(x)), 0.0))

    step = ag.compile(f)
    step(np.array([1.0, 2.0]))
    with np.errstate(all="ignore"):
        w.grad = None
        found = step(np.array([0.0, 2.0]))
        grad, w.grad = w.grad, None
        E = f(np.array([0.0, 2.0]))
        E.backward()
    assert found == E.data
    np.testing.assert_array_equal(grad, w.grad)
    assert np.all(np.isfinite(grad))


def test_overflow_and_nan_come_out_as_the_engine_has_them():
    w = ag.Value([1.0, 2.0], name="w")
    f = lambda x: np.sum(np.exp(w * x))  # noqa: E731
    step = ag.compile(f)
    step(np.ones(2))
    w.grad = None
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert step(np.array([1.0, 1000.0])) == np.inf
    assert w.grad[1] == np.inf
    w.grad = None
    assert np.isnan(step(np.array([1.0, np.nan])))
    assert np.isnan(w.grad[1])


def test_numbers_that_math_refuses():
    w = ag.Value(2.0, name="w")
    f = lambda x: np.log(w * x) / np.sqrt(w)  # noqa: E731
    step = ag.compile(f)
    step(1.0)
    step(1.0)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert step(0.0) == -np.inf


@pytest.mark.parametrize("size", [2, 2000], ids=["on single numbers", "on arrays"])
def test_a_gradient_that_is_not_finite_stops_the_step_by_name(size):
    w = ag.Value(np.full(size, 2.0), name="w")
    step = ag.compile(lambda x: np.sum(np.sqrt(w) * x), optimizer=optim.Momentum([w], 0.1))
    x = np.ones(size)
    step(x)
    before = w.data.copy()
    x[1] = np.inf
    says = f"the gradient of w is nan or inf in 1 of {size}"
    with pytest.raises(FloatingPointError, match=says), np.errstate(all="ignore"):
        step(x)
    np.testing.assert_array_equal(w.data, before)
    assert ("tolist()" in step.source) == (size == 2)


def test_an_optimizer_of_ones_own_that_hides_infinities():
    class Signs(optim.Optimizer):
        def update(self, g, learning_rate):
            return (-learning_rate * np.sign(g),)

    w = ag.Value([1.0, 2.0], name="w")
    step = ag.compile(lambda x: np.sum(w * x), optimizer=Signs([w], 0.5))
    step(np.ones(2))
    assert w.data.tolist() == [0.5, 1.5]
    step(np.ones(2))
    with pytest.raises(FloatingPointError, match="the gradient of w is nan or inf"):
        step(np.array([1.0, np.inf]))
    assert w.data.tolist() == [0.0, 1.0]


def test_hooks_anomaly_and_sources_see_what_they_watch():
    w, seen = ag.Value(2.0, name="w"), []
    step = ag.compile(lambda x: w * x)
    step(3.0)
    with w.register_hook(seen.append):
        step(3.0)
    assert seen == [3.0]
    with ag.anomaly(), pytest.raises(ag.AnomalyError):
        ag.compile(lambda x: w / x)(0.0)
    with ag.no_grad(), pytest.raises(ag.GraphError, match="no_grad"):
        step(3.0)
    w.grad = None
    assert ag.grad(lambda v: v * v)(3.0) == 6.0
    assert step(3.0) == 6.0


def test_a_function_that_is_not_to_be_differentiated():
    with pytest.raises(ag.CompileError, match="must return the Value"):
        ag.compile(lambda x: x)(2.0)
    w = ag.Value([1.0, 2.0])
    with pytest.raises(ag.GraphError, match="starts from a scalar"):
        ag.compile(lambda: w * 2)()


# -- memory ----------------------------------------------------------------------------------------


def test_what_leaves_the_program_is_nobody_elses():
    net = nn.MLP([2, 3, 2], "tanh")
    optimizer = optim.Momentum(net.parameters(), 0.1)
    loss = nn.MSELoss()
    step = ag.compile(lambda x, y: loss(net(x), y), optimizer=optimizer)
    look = ag.compile(lambda x: net(x), backward=False)
    x, y = np.ones((3, 2)), np.zeros((3, 2))
    step(x, y), look(x)
    kept = []
    for _ in range(6):
        step(x, y)
        found = [look(x), *(w.data for w in net.parameters()), *(m for ms in optimizer.memory for m in ms)]
        kept += [(array, array.copy()) for array in found]
        for i, one in enumerate(found):
            assert one.flags.writeable
            assert not any(np.may_share_memory(one, other) for other in found[i + 1 :])
    for array, then in kept:
        np.testing.assert_array_equal(array, then)
    v = ag.Value([1.0, 2.0])
    w = ag.Value([3.0, 4.0])
    both = ag.compile(lambda: np.sum(v + w))
    both()
    v.grad = w.grad = None
    both()
    first = v.grad
    assert not np.may_share_memory(v.grad, w.grad)
    v.grad = w.grad = None
    first[:] = 7.0
    both()
    assert v.grad.tolist() == [1.0, 1.0]


def test_a_view_of_a_buffer_does_not_leave():
    w = ag.Value([[1.0, 2.0], [3.0, 4.0]])
    look = ag.compile(lambda x: np.tanh(w * x).T, backward=False)
    x = np.ones((2, 2))
    look(x)
    one = look(x)
    then = one.copy()
    look(2 * x)
    np.testing.assert_array_equal(one, then)


def test_many_calls_leave_nothing_behind():
    net = nn.MLP([2, 3, 2], "tanh")
    optimizer = optim.Adam(net.parameters(), 0.01)
    step = ag.compile(lambda x, y: np.sum((net(x) - y) ** 2), optimizer=optimizer)
    x, y = np.ones((3, 2)), np.zeros((3, 2))
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(300):
            step(x, y)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            step(x, y)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 2_000  # two bytes a call


def test_two_threads_take_turns():
    net = nn.MLP([2, 4, 2], "tanh")
    step = ag.compile(lambda x: net(x), backward=False)
    xs = [np.random.default_rng(i).normal(size=(5, 2)) for i in range(4)]
    with ag.no_grad():
        expected = [net(x).data for x in xs]
    step(xs[0])
    wrong = []

    def work(i):
        for _ in range(200):
            if not np.allclose(step(xs[i]), expected[i], rtol=1e-12, atol=1e-12):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_first_call_is_the_engines_own():
    make = lambda: [ag.Value([0.1, 0.2]), ag.Value(0.5)]  # noqa: E731
    one, two = make(), make()
    f = lambda w: lambda x: np.sum(np.tanh(w[0] * x)) * w[1]  # noqa: E731
    opt, twin = optim.Adam(one, 0.1), optim.Adam(two, 0.1)
    assert ag.compile(f(one), optimizer=opt)(np.ones(2)) == eager(f(two), twin, (np.ones(2),))
    equal(numbers(*one, opt), numbers(*two, twin), 0)


def test_an_overflow_that_leaves_no_trace_is_warned_of_as_ever():
    w = ag.Value([1.0, 2.0], name="w")
    step = ag.compile(lambda x: np.sum(1 / (1 + np.exp(-w * x))), backward=False)
    step(np.ones(2))
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert step(np.array([-1000.0, 0.0])) == 0.5


def test_a_buffer_is_not_used_again_while_a_view_looks_into_it():
    w = ag.Value([[1.0, 2.0], [3.0, 4.0]])

    def f(x):
        turned = np.tanh(w * x).T
        return np.sum(np.sin(np.exp(w + x)) * 0.1 * np.cos(x * w) * turned)

    look = ag.compile(f, backward=False)
    for s in (0.1, 0.2, 0.3):
        x = np.full((2, 2), s)
        np.testing.assert_allclose(look(x), f(x).data, rtol=1e-12)


def test_large_parameters_that_somebody_keeps_are_not_written_into():
    w = ag.Value(np.ones(10_000), name="w")
    step = ag.compile(lambda x: np.sum(w * x), optimizer=optim.Momentum([w], 0.1))
    x = np.arange(10_000.0)
    step(x)
    kept = []
    for i in range(8):
        step(x)
        array = w.data if i % 2 else w.data[:5]
        kept.append((array, array.copy()))
    for array, then in kept:
        np.testing.assert_array_equal(array, then)


def test_what_is_needed_later_is_not_written_over_by_what_leaves():
    w = ag.Value(np.arange(10_000.0), name="w")

    def f(x):
        product = w * x
        return product + 1, np.sum(product * x)

    look = ag.compile(f, backward=False)
    for s in (0.1, 0.2, 0.3):
        x = np.full(10_000, s)
        more, total = look(x)
        np.testing.assert_array_equal(more, w.data * x + 1)
        np.testing.assert_allclose(total, np.sum(w.data * x * x), rtol=1e-12)


def test_zero_is_not_minus_zero():
    w = ag.Value(np.linspace(-2.0, 1.0, 2000), name="w")
    look = ag.compile(lambda x: (np.maximum(w * x, 0), np.maximum(w * x, -0.0)), backward=False)
    for _ in range(2):
        plus, minus = look(1.0)
    assert not np.signbit(plus).any()
    assert np.signbit(minus).sum() == np.sum(w.data < 0)


def test_a_product_is_transposed_whose_factors_are_given():
    rng = np.random.default_rng(0)
    w = ag.Value(rng.normal(size=(30, 40)), name="w")
    f = lambda x: np.transpose(x @ w)  # noqa: E731
    look = ag.compile(f, backward=False)
    look(np.ones((20, 30)))
    look.f = never
    x = rng.normal(size=(20, 30))
    np.testing.assert_allclose(look(x), f(x).data, rtol=1e-12)
