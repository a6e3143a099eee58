"""Parameters and memory that stay one array from call to call are still everybody's own."""

import threading

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.replay.flat import Parts
from tests.replay.twins import eager, equal, never, numbers

SIZES = {"on numbers": 2, "on arrays": 60}
OPTIMIZERS = {
    "Momentum": lambda p: optim.Momentum(p, 0.1, 0.9),
    "Adam": lambda p: optim.Adam(p, 0.01),
    "groups": lambda p: optim.Momentum(
        [{"parameters": p[:2], "learning_rate": 0.3}, {"parameters": p[2:], "momentum": 0.5}], 0.1
    ),
}


class Twins:
    """A compiled training and one as written, step by step."""

    def __init__(self, optimizer, size, large=0):
        self.x, self.y = np.linspace(-1.0, 1.0, 2 * size).reshape(size, 2), np.ones((size, 2))
        self.sides = []
        for _ in range(2):
            net = nn.MLP([2, 3, 2], "tanh", rng=np.random.default_rng(0))
            extra = [ag.Value(np.linspace(0.1, 0.2, large), name="large")] if large else []
            loss = nn.MSELoss()

            def f(x, y, net=net, extra=extra, loss=loss):
                E = loss(net(x), y)
                return E + 1e-3 * np.sum(extra[0] ** 2) * x[0, 0] if extra else E

            self.sides.append((net, OPTIMIZERS[optimizer]([*net.parameters(), *extra]), f))
        self.net, self.optimizer, f = self.sides[0]
        self.compiled = ag.compile(f, optimizer=self.optimizer)
        self.step()
        self.compiled.f = never

    def step(self, times=1):
        for _ in range(times):
            found = self.compiled(self.x, self.y)
            _, optimizer, f = self.sides[1]
            expected = eager(f, optimizer, (self.x, self.y))
            np.testing.assert_allclose(found, expected, rtol=1e-11)
            self.compare()

    def compare(self):
        one, other = self.sides
        equal(numbers(one[0], one[1]), numbers(other[0], other[1]), 1e-11)
        equal([w.data for w in one[1].parameters], [w.data for w in other[1].parameters], 1e-11)

    def both(self, change):
        for net, optimizer, _ in self.sides:
            change(net, optimizer)


@pytest.fixture(params=SIZES)
def size(request):
    return SIZES[request.param]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_they_stay_one_array(optimizer, size):
    twins = Twins(optimizer, size)
    assert "parts.now" in twins.compiled.source
    assert "held.blocks is blocks" in twins.compiled.source
    assert ("np.dot" in twins.compiled.source) == (size > 2)
    twins.step(5)


CHANGES = {
    "data replaced": lambda net, optimizer: setattr(net[0].weight, "data", np.full((3, 2), 0.25)),
    "the last one's replaced": lambda net, optimizer: setattr(net[2].bias, "data", np.array([0.25, -0.5])),
    "data written into": lambda net, optimizer: net[2].bias.data.__setitem__(0, 0.75),
    "a part of it written into": lambda net, optimizer: net[0].weight.data[1:].__imul__(0.5),
    "all loaded": lambda net, optimizer: net.load_state_dict({k: 0.5 * x for k, x in net.state_dict().items()}),
    "memory loaded": lambda net, optimizer: optimizer.load_state_dict(
        {
            k: 0.5 * np.asarray(x) if k.startswith("memory") and "steps" not in k else x
            for k, x in optimizer.state_dict().items()
        }
    ),
    "memory written into": lambda net, optimizer: optimizer.memory[0][0].__imul__(0.5),
    "memory replaced": lambda net, optimizer: setattr(
        optimizer, "memory", [tuple(0.5 * x if np.ndim(x) else x for x in m) for m in optimizer.memory]
    ),
    "two that share": lambda net, optimizer: [setattr(w, "data", BOTH) for w in (net[0].bias, net[2].weight)],
    "a step as written": lambda net, optimizer: (
        [setattr(w, "grad", np.ones(w.shape)) for w in optimizer.parameters],
        optimizer.step(),
        optimizer.zero_grad(),
    ),
    "another order in memory": lambda net, optimizer: setattr(
        net[0].weight, "data", np.asfortranarray(net[0].weight.data)
    ),
}
BOTH = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "two that share"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_changed_between_calls_is_seen(name, optimizer, size):
    twins = Twins(optimizer, size)
    for _ in range(3):
        twins.both(CHANGES[name])
        twins.compare()
        twins.step(2)


def test_parameters_that_were_given_one_array_are_apart_after_a_step(size):
    array = np.array([0.1, 0.2, 0.3])
    one, other = ag.Value(np.ones(3)), ag.Value(np.zeros(3))
    step = ag.compile(lambda x: np.sum(one * x) + np.sum(other**2), optimizer=optim.SGD([one, other], 0.5))
    x = np.ones((size, 3))
    step(x)
    one._data = other._data = array
    step.f = never
    step(x)
    np.testing.assert_allclose(one.data, array - 0.5 * size)
    np.testing.assert_allclose(other.data, 0.0, atol=1e-15)
    assert not np.may_share_memory(one.data, other.data)
    np.testing.assert_array_equal(array, [0.1, 0.2, 0.3])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_somebody_holds_keeps_its_numbers(optimizer, size):
    twins = Twins(optimizer, size)
    kept = []
    rng = np.random.default_rng(0)
    for _ in range(40):
        twins.step()
        arrays = [w.data for w in twins.net.parameters()]
        arrays += [x for remembered in twins.optimizer.memory for x in remembered if np.ndim(x)]
        assert all(array.flags.writeable for array in arrays)
        for i, one in enumerate(arrays):
            assert not any(np.may_share_memory(one, other) for other in arrays[i + 1 :])
        array = arrays[rng.integers(len(arrays))]
        array = [array, array[:1], memoryview(array), array.T][rng.integers(4)]
        kept.append((array, np.array(array)))
        del arrays, array, one
        if len(kept) > 5:
            kept.pop(rng.integers(len(kept)))
        for array, then in kept:
            np.testing.assert_array_equal(np.array(array), then)
        del array


def test_arrays_are_used_again(size):
    twins = Twins("Momentum", size)
    seen = set()
    for _ in range(20):
        twins.compiled(twins.x, twins.y)
        seen.add(id(twins.net[0].weight.data))
    assert len(seen) == 2


def test_a_call_that_fails_changes_nothing(size):
    twins = Twins("Momentum", size)
    twins.step(2)
    arrays = [*(w.data for w in twins.net.parameters()), *(m for (m,) in twins.optimizer.memory)]
    then = [np.copy(x) for x in arrays]
    twins.compiled.f = twins.sides[0][2]
    for _ in range(3):
        with pytest.raises(FloatingPointError), np.errstate(all="ignore"):
            twins.compiled(twins.x * np.inf, twins.y)
        twins.optimizer.zero_grad()
    twins.compiled.f = never
    equal(arrays, then, 0)
    twins.compare()
    twins.step(3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_large_parameters_beside_small_ones_and_idle_ones(optimizer, size):
    twins = Twins(optimizer, size, large=5000)
    assert "parts.now" in twins.compiled.source
    twins.step(4)
    twins.both(CHANGES["data replaced"])
    twins.step(2)


def test_a_parameter_without_a_gradient_stays(size):
    w, v, idle = ag.Value(np.ones(3)), ag.Value(np.ones(3)), ag.Value(np.ones(2))
    optimizer = optim.Momentum([w, idle, v], 0.1)
    step = ag.compile(lambda x: np.sum(w * x) + np.sum(v * x), optimizer=optimizer)
    for _ in range(4):
        step(np.ones((size, 3)))
        assert idle.data.tolist() == [1.0, 1.0]
        assert [np.shape(m) for (m,) in optimizer.memory] == [(3,), (), (3,)]
    assert "held.blocks is blocks" in step.source


def test_programs_of_one_function_share_them(size):
    twins = Twins("Momentum", size)
    x, y = twins.x, twins.y
    twins.compiled.f = twins.sides[0][2]
    for rows in (1, size, 1, size, 1):
        twins.x, twins.y = x[:rows], y[:rows]
        twins.step()
    twins.compiled.f = never
    before = twins.compiled.shared.get((np.dtype(float), 0, 1, 2, 3), None).now
    twins.step()
    assert twins.compiled.shared.get((np.dtype(float), 0, 1, 2, 3), None).now is not before
    assert len(twins.compiled.programs) == 2
    assert len(twins.compiled.shared.things) == 2


def test_each_and_single_calls_in_turns(size):
    twins = Twins("Adam", size)
    _, optimizer, f = twins.sides[1]
    for _ in range(3):
        found = twins.compiled.each([(twins.x, twins.y)] * 4)
        equal(found, [eager(f, optimizer, (twins.x, twins.y)) for _ in range(4)], 1e-11)
        twins.compare()
        twins.step(2)


def test_two_that_ask_before_one_has_taken_hold_are_given_different_arrays():
    parts = Parts([(2,), (1,)], np.dtype(float))
    first = parts()
    parts.made.append(first)
    one, other = parts(), parts()
    assert one is first
    assert other is not first


def test_somebody_who_keeps_everything_does_not_make_it_grow():
    parts, kept = Parts([(2,), (1,)], np.dtype(float)), []
    for _ in range(20):
        arrays = parts()
        kept.append(arrays[1])
        parts.made.append(arrays)
        assert len(parts.made) <= 3
    assert len({id(array) for array in kept}) == 20


def test_threads_that_step_and_look():
    """What one reads, another must not write into, however the calls meet: on numbers they need not take turns."""
    w = ag.Value(np.zeros(3), name="w")
    b = ag.Value(np.zeros(3), name="b")
    step = ag.compile(lambda x: np.sum(w * x) + np.sum(b * x), optimizer=optim.SGD([w, b], 1.0))
    x = np.ones((2, 3))
    step(x)
    step.f = never
    wrong = []

    def work():
        for _ in range(300):
            step(x)
            one = w.data
            then = one.copy()
            if len(set(then.tolist())) != 1:
                wrong.append(then)
            step(x)
            if not np.array_equal(one, then):
                wrong.append((one, then))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
