"""Compiled training steps equal the engine's: optimizers, schedules, precisions, random layers, running statistics."""

import math

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.replay.twins import eager, equal, never, numbers, trained_alike

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "SGD decay": lambda p: optim.SGD(p, 0.1, weight_decay=0.01),
    "Momentum": lambda p: optim.Momentum(p, 0.1, 0.9),
    "Nesterov": lambda p: optim.Nesterov(p, 0.1, 0.9, weight_decay=0.1),
    "Adagrad": lambda p: optim.Adagrad(p, 0.1),
    "Adagrad eps": lambda p: optim.Adagrad(p, 0.1, eps=1e-3),
    "RMSprop": lambda p: optim.RMSprop(p, 0.01),
    "RMSprop no eps": lambda p: optim.RMSprop(p, 0.01, eps=0.0),
    "Adadelta": lambda p: optim.Adadelta(p),
    "Adam": lambda p: optim.Adam(p, 0.01),
    "Adam no eps": lambda p: optim.Adam(p, 0.01, eps=0.0),
    "AdamW": lambda p: optim.AdamW(p, 0.01),
    "groups": lambda p: optim.Momentum(
        [{"parameters": p[:1], "learning_rate": 0.3}, {"parameters": p[1:], "momentum": 0.0}], 0.1
    ),
}


def batches(count=6, dtype=float, n=5):
    rng = np.random.default_rng(7)
    return [(rng.normal(size=(n, 3)).astype(dtype), rng.uniform(size=(n, 2)).astype(dtype)) for _ in range(count)]


def network(make_optimizer, dtype=float):
    def make():
        rng = np.random.default_rng(0)
        net = nn.MLP([3, 4, 2], "tanh", "sigmoid", rng=rng, dtype=dtype)
        loss = nn.L2Loss()
        return net, make_optimizer(net.parameters()), lambda x, y: loss(net(x), y)

    return make


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_every_optimizer_moves_arrays_as_ever(optimizer, dtype):
    tolerance = 1e-12 if dtype is np.float64 else 2e-5
    trained_alike(network(optimizer, dtype), batches(dtype=dtype), tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_every_optimizer_moves_large_arrays_into_new_ones(optimizer, dtype):
    """Arrays of a size that are written into again once nobody has them, and begun there before they are done."""
    kept = []

    def make():
        rng = np.random.default_rng(0)
        w, v = (ag.Value(rng.normal(size=size).astype(dtype), name=name) for name, size in (("w", 20_000), ("v", 3)))
        return w, optimizer([w, v]), lambda x, y: np.sum(np.tanh(w * x) * v[0] * y)

    def between(w, opt):
        kept.extend((array, array.copy()) for array in (w.data, *(m for m in opt.memory[0] if np.ndim(m))))

    rng = np.random.default_rng(1)
    xs = [rng.normal(size=20_000).astype(dtype) for _ in range(6)]
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    trained_alike(make, [(x, dtype(0.5)) for x in xs], tolerance, between)
    for array, then in kept:
        np.testing.assert_array_equal(array, then)


def scalars(make_optimizer):
    def make():
        w = [ag.Value(0.3), ag.Value(-0.7, name="b"), ag.Value(1.1)]
        f = lambda x, y: 0.5 * (y - np.tanh(w[0] * x + w[1]) * w[2]) ** 2  # noqa: E731
        return w[0], make_optimizer(w), f

    return make


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_every_optimizer_moves_numbers_bit_for_bit(optimizer):
    calls = [(0.1 * i, math.sin(i)) for i in range(8)]
    trained_alike(scalars(optimizer), calls, tolerance=0)
    _, opt, f = scalars(optimizer)()
    _, twin_optimizer, g = scalars(optimizer)()
    compiled = ag.compile(f, optimizer=opt)
    found = compiled.each(calls)
    assert found.tolist() == [eager(g, twin_optimizer, args) for args in calls]
    equal(numbers(opt), numbers(twin_optimizer), 0)
    assert [w.data for w in opt.parameters] == [w.data for w in twin_optimizer.parameters]


def test_each_runs_in_one_loop():
    _, optimizer, f = scalars(OPTIMIZERS["Momentum"])()
    step = ag.compile(f, optimizer=optimizer)
    calls = [(0.1 * i, math.sin(i)) for i in range(8)]
    step(*calls[0])
    step.f = never
    assert len(step.each(calls)) == 8
    assert len(step.each(np.array(calls))) == 8
    assert step.each([]).shape == (0,)


def test_each_loops_over_batches_of_arrays():
    make = network(OPTIMIZERS["Adam"])
    model, optimizer, f = make()
    twin, twin_optimizer, g = make()
    step = ag.compile(f, optimizer=optimizer)
    found = step.each(batches(7))
    equal(found.tolist(), [eager(g, twin_optimizer, args) for args in batches(7)])
    equal(numbers(model, optimizer), numbers(twin, twin_optimizer))


def test_a_schedule_changes_the_rate_of_the_next_step():
    make = network(OPTIMIZERS["Momentum"])
    schedules = {}

    def between(model, optimizer):
        schedule = schedules.setdefault(id(optimizer), optim.ExponentialSchedule(optimizer, 0.5))
        schedule.step()

    trained_alike(make, batches(), between=between)


def test_an_option_out_of_its_range_is_refused_as_ever():
    model, optimizer, f = network(OPTIMIZERS["Momentum"])()
    step = ag.compile(f, optimizer=optimizer)
    (x, y), before = batches()[0], numbers(model)
    step(x, y)
    optimizer.groups[0]["momentum"] = 1.5
    before = numbers(model, optimizer)
    with pytest.raises(ValueError, match="momentum must be between 0 and 1"):
        step(x, y)
    equal(numbers(optimizer)[-1:], before[-1:], 0)
    optimizer.groups[0]["momentum"] = 0.9
    step(x, y)


def dropout_net():
    rng = np.random.default_rng(3)
    net = nn.Sequential(nn.Linear(3, 8, rng=rng), nn.Dropout(0.5, rng=rng), nn.Linear(8, 2, rng=rng))
    loss = nn.MSELoss()
    return net, optim.SGD(net.parameters(), 0.1), lambda x, y: loss(net(x), y)


def test_a_random_layer_draws_anew_and_the_same_numbers_as_the_engine():
    step = trained_alike(dropout_net, [batches()[0]] * 6)
    assert len(step.programs) == 1
    x, y = batches()[0]
    assert step(x, y) != step(x, y)


def test_what_was_drawn_in_vain_is_drawn_again_by_the_engine():
    """The program has drawn before it finds an overflow: the engine then has to draw the same."""
    _, optimizer, f = dropout_net()
    _, twin_optimizer, g = dropout_net()
    step = ag.compile(f, optimizer=optimizer)
    x, y = batches()[0]
    assert step(x, y) == pytest.approx(eager(g, twin_optimizer, (x, y)), rel=1e-12)
    with np.errstate(all="ignore"):
        for function in (lambda: step(x * 1e200, y), lambda: eager(g, twin_optimizer, (x * 1e200, y))):
            with pytest.raises(FloatingPointError):
                function()
    for optim_ in (optimizer, twin_optimizer):
        optim_.zero_grad()
    assert step(x, y) == pytest.approx(eager(g, twin_optimizer, (x, y)), rel=1e-12)


def test_batch_norm_follows_the_batches_and_is_switched():
    def make():
        rng = np.random.default_rng(3)
        net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.BatchNorm1d(4), nn.Linear(4, 2, rng=rng))
        loss = nn.MSELoss()
        return net, optim.Momentum(net.parameters(), 0.1), lambda x, y: loss(net(x), y)

    step = trained_alike(make, batches())
    assert len(step.programs) == 1
    turns = iter(range(100))

    def switch(model, optimizer):
        model.train(next(turns) // 2 % 2 == 0)

    step = trained_alike(make, batches(8), between=switch, recordings=3)
    assert len(step.programs) == 2


def test_frozen_layers_and_their_gradients():
    def make():
        rng = np.random.default_rng(3)
        net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))
        net[0].freeze()
        loss = nn.MSELoss()
        return net, optim.SGD(net.parameters(), 0.1), lambda x, y: loss(net(x), y)

    model, optimizer, f = make()
    twin, twin_optimizer, g = make()
    step = ag.compile(f, optimizer=optimizer)
    for args in batches():
        step(*args)
        eager(g, twin_optimizer, args)
        equal([model[0].weight.grad, model[0].bias.grad], [twin[0].weight.grad, twin[0].bias.grad])
    equal(numbers(model), numbers(twin))


def test_classes_embeddings_and_convolutions():
    rng = np.random.default_rng(5)

    def make():
        rng = np.random.default_rng(3)
        layers = [nn.Conv2d(1, 2, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3, rng=rng)]
        net = nn.Sequential(*layers)
        loss = nn.CrossEntropyLoss()
        return net, optim.Adam(net.parameters(), 0.01), lambda x, y: loss(net(x), y)

    step = trained_alike(make, [(rng.normal(size=(4, 1, 6, 6)), rng.integers(3, size=4)) for _ in range(4)])
    # The engine's own functions, which lay pixels as NumPy's loops are long; the patches serve forwards and backwards.
    assert [step.source.count(f" = {name}(") for name in ("patches", "copies", "sum_back")] == [1, 1, 1]

    def embedded():
        rng = np.random.default_rng(3)
        table, out = nn.Embedding(5, 4, rng=rng), nn.Linear(4, 3, rng=rng)
        net, loss = nn.Sequential(table, out), nn.CrossEntropyLoss()
        return net, optim.Adam(net.parameters(), 0.01), lambda x, y: loss(net(x), y)

    trained_alike(embedded, [(rng.integers(5, size=6), rng.integers(3, size=6)) for _ in range(4)])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pictures_lie_in_memory_as_the_engines_do(dtype):
    rng = np.random.default_rng(5)

    def make():
        rng = np.random.default_rng(3)
        layers = [nn.Conv2d(1, 2, 3, rng=rng, dtype=dtype), nn.ReLU(), nn.AvgPool2d(2)]
        layers += [nn.Conv2d(2, 3, 2, rng=rng, dtype=dtype), nn.Tanh(), nn.Flatten()]
        net = nn.Sequential(*layers, nn.Linear(27, 3, rng=rng, dtype=dtype))
        loss = nn.MSELoss()
        return net, optim.Momentum(net.parameters(), 0.05), lambda x, y: loss(net(x), y)

    calls = [(rng.normal(size=(5, 1, 10, 10)).astype(dtype), rng.normal(size=(5, 3)).astype(dtype)) for _ in range(4)]
    step = trained_alike(make, calls, 1e-12 if dtype is np.float64 else 1e-5)
    engines = make()[0][:2](calls[0][0]).data
    assert engines.strides[0] == engines.itemsize  # the examples side by side
    known = [thing for thing in step.programs[0].known.values() if type(thing) is np.ndarray]
    arrays = [array for array in known if array.shape == engines.shape]
    assert {array.strides for array in arrays} == {engines.strides, np.greater(engines, 0).strides}
    assert len(arrays) >= 3  # what is added to the bias, its slope, the zeros of relu


def test_data_assigned_between_calls_is_seen():
    w, v = ag.Value([1.0, 2.0], name="w"), ag.Value(3.0)
    step = ag.compile(lambda x: np.sum(w * x) * v)
    step(np.array([1.0, 1.0]))
    w.data, v.data = [5.0, 6.0], 2.0
    w.grad = v.grad = None
    assert step(np.array([1.0, 1.0])) == 22.0
    assert w.grad.tolist() == [2.0, 2.0]
    assert v.grad == 11.0


def test_gradients_join_those_that_are_there():
    w = ag.Value([1.0, 2.0])
    step = ag.compile(lambda x: np.sum(w * x))
    for _ in range(3):
        step(np.array([1.0, 10.0]))
    assert w.grad.tolist() == [3.0, 30.0]


def test_inference_alone():
    net = nn.MLP([3, 4, 2])
    step = ag.compile(lambda x: (net(x), {"twice": 2 * net(x)}), backward=False)
    x = np.ones((2, 3))
    step(x)
    step.f = never
    with ag.no_grad():
        one, two = step(x)
        np.testing.assert_allclose(one, net(x).data)
        np.testing.assert_allclose(two["twice"], 2 * net(x).data)
    assert net[0].weight.grad is None
