"""What all optimizers share: which parameters they take, and that a step is all or nothing."""

import copy
import pickle

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, nn, optim

ALL = [
    optim.SGD,
    optim.Momentum,
    optim.Nesterov,
    optim.Adagrad,
    optim.Adadelta,
    optim.RMSprop,
    optim.Adam,
    optim.AdamW,
]
every_optimizer = pytest.mark.parametrize("make", ALL, ids=lambda cls: cls.__name__)


def two():
    v, w = Value([1.0, 2.0], name="v"), Value(3.0, name="w")
    v.grad, w.grad = np.array([0.5, -1.0]), 2.0
    return v, w


def snapshot(optimizer):
    return copy.deepcopy(([p.data for p in optimizer.parameters], optimizer.memory))


def assert_unchanged(optimizer, before):
    for p, data in zip(optimizer.parameters, before[0], strict=True):
        np.testing.assert_array_equal(p.data, data)
    for now, then in zip(optimizer.memory, before[1], strict=True):
        for one, other in zip(now, then, strict=True):
            np.testing.assert_array_equal(one, other)


# -- which parameters ------------------------------------------------------------------------------


@every_optimizer
def test_takes_lists_and_iterators(make):
    v, w = two()
    for parameters in ([v, w], (v, w), iter([v, w]), {"v": v, "w": w}.values()):
        optimizer = make(parameters, 0.1)
        assert [p.name for p in optimizer.parameters] == ["v", "w"]
    assert len(make(nn.MLP([2, 2, 1]).parameters(), 0.1).parameters) == 4
    assert repr(optimizer) == f"{make.__name__}(2 parameters, learning_rate=0.1)"


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (lambda v, w: [], ValueError, r"SGD: no parameters to train"),
        (lambda v, w: iter(()), ValueError, r"an iterator can be used only once"),
        (lambda v, w: [v, w, v], ValueError, "v is given twice, at positions 0 and 2"),
        (lambda v, w: [Value(1.0)] * 2, ValueError, "parameter 1 is given twice"),
        (lambda v, w: [v, 3.0], TypeError, "parameter 1 must be a Value, got float 3.0"),
        (lambda v, w: {"v": v}, TypeError, "parameter 0 must be a Value, got str 'v'"),
        (lambda v, w: [v, v * w], TypeError, r"parameter 1 \(2,\) was computed by multiply.*pass the leaves"),
        (lambda v, w: v, TypeError, r"got one Value: write \[v\]"),
        (lambda v, w: Value(1.0), TypeError, r"got one Value: write \[w\]"),
        (lambda v, w: nn.Linear(1, 1), TypeError, r"got Linear: pass its .parameters\(\)"),
    ],
)
def test_refuses_other_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        optim.SGD(parameters(*two()), 0.1)


@every_optimizer
@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf, -np.inf, None, "fast", [0.1, 0.2]])
def test_refuses_other_learning_rates(make, rate):
    v, _ = two()
    with pytest.raises(ValueError, match=f"{make.__name__}: learning_rate must be a finite number ≥ 0, got"):
        make([v], rate)
    optimizer = make([v], 0.1)
    with pytest.raises(ValueError, match="learning_rate must be a finite number ≥ 0"):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.1


@every_optimizer
def test_learning_rate_zero_moves_nothing(make):
    v, w = two()
    make([v, w], 0).step()
    assert v.data.tolist() == [1.0, 2.0]
    assert w.data == 3.0


# -- a step ----------------------------------------------------------------------------------------


@every_optimizer
def test_parameters_without_gradient_stay_and_so_does_their_memory(make):
    v, w = two()
    optimizer = make([v, w], 0.1)
    optimizer.step()
    w_then, memory_then = w.data, optimizer.memory[1]
    w.grad = None
    optimizer.step()
    assert w.data == w_then
    assert optimizer.memory[1] == memory_then
    assert v.data[0] < 1.0


@every_optimizer
def test_nothing_to_do(make):
    w = Value(1.0)
    make([w], 0.1).step()
    assert w.data == 1.0


@every_optimizer
def test_zero_grad(make):
    v, w = two()
    make([v, w], 0.1).zero_grad()
    assert v.grad is None
    assert w.grad is None


@every_optimizer
def test_a_failing_rule_changes_nothing(make, monkeypatch):
    v, w = two()
    optimizer = make([v, w], 0.1)
    optimizer.step()
    before, rule = snapshot(optimizer), optimizer.update

    def interrupted(g, *memory, **options):
        if np.ndim(g) == 0:  # the second parameter
            raise KeyboardInterrupt
        return rule(g, *memory, **options)

    monkeypatch.setattr(optimizer, "update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    assert_unchanged(optimizer, before)


@every_optimizer
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gradients_that_are_not_finite(make, bad):
    v, w = two()
    optimizer = make([w, v], 0.1)
    optimizer.step()
    before = snapshot(optimizer)
    v.grad = np.array([1.0, bad])
    with pytest.raises(
        FloatingPointError, match="the gradient of v is nan or inf in 1 of 2 entries; no parameter was changed"
    ):
        optimizer.step()
    assert_unchanged(optimizer, before)


@every_optimizer
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 1), (2, 2)])
def test_gradients_of_another_shape(make, shape):
    v, w = two()
    optimizer = make([w, v], 0.1)
    before = snapshot(optimizer)
    v.grad = np.ones(shape)
    with pytest.raises(ShapeError) as caught:
        optimizer.step()
    assert f"the gradient of v has shape {shape}, expected the parameter's own, (2,)" in str(caught.value)
    assert_unchanged(optimizer, before)


def test_unnamed_parameters_are_counted():
    w = Value(1.0)
    w.grad = np.nan
    with pytest.raises(FloatingPointError, match="the gradient of parameter 0 is nan"):
        optim.SGD([w], 0.1).step()


@every_optimizer
def test_recorded_gradients(make):
    plain, recorded = Value([1.0, 2.0]), Value([1.0, 2.0])
    (plain**3).sum().backward()
    (recorded**3).sum().backward(create_graph=True)
    assert type(recorded.grad) is Value
    for w in (plain, recorded):
        optimizer = make([w], 0.1)
        optimizer.step()
        assert Value not in map(type, optimizer.memory[0])
    np.testing.assert_array_equal(plain.data, recorded.data)


@every_optimizer
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), np.float32(0.1)])
def test_dtypes_stay(make, rate):
    array, scalar = Value(np.float32([1, 2])), Value(np.float32(3))
    number = Value(3.0)
    array.grad, scalar.grad, number.grad = np.array([1.0, 2.0]), 1.0, np.float64(1.0)
    optimizer = make([array, scalar, number], rate)
    for _ in range(3):
        optimizer.step()
    assert array.dtype == scalar.dtype == np.float32
    assert scalar.shape == ()
    assert type(number.data) is float
    for w, remembered in zip(optimizer.parameters, optimizer.memory, strict=True):
        for name, numbers in zip(optimizer.remembers, remembered, strict=True):
            assert np.asarray(numbers).dtype == (float if name == "steps" else w.dtype), name


@every_optimizer
def test_gradients_and_old_numbers_are_not_written_to(make):
    v, w = two()
    gradient, data = v.grad, v.data
    optimizer = make([v, w], 0.1)
    optimizer.step()
    optimizer.step()
    assert gradient.tolist() == [0.5, -1.0]
    assert data.tolist() == [1.0, 2.0]


@every_optimizer
def test_a_step_makes_recorded_graphs_stale(make):
    _, w = two()
    E = w * w
    make([w], 0.1).step()
    with pytest.raises(RuntimeError, match="the data of w"):
        E.backward()


@every_optimizer
@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
def test_copies_continue_alike(make, twin_of):
    v, w = two()
    optimizer = make([v, w], 0.1)
    optimizer.step()
    twin = twin_of(optimizer)
    optimizer.step()
    assert twin.parameters[0].data is not v.data
    twin.step()
    for p, q in zip(optimizer.parameters, twin.parameters, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_a_rule_of_your_own():
    class Wrong(optim.Optimizer):
        def update(self, g, learning_rate):
            return (np.ones((2, 2)),)

    class Missing(optim.Optimizer):
        pass

    class Forgetful(optim.Optimizer):
        remembers = ("a", "b")

        def update(self, g, a, b, learning_rate):
            return g, a

    v, _ = two()
    with pytest.raises(
        ValueError, match=r"Forgetful: update gave 1 things to remember, `remembers` names 2: \('a', 'b'"
    ):
        Forgetful([v], 0.1).step()
    with pytest.raises(ShapeError, match=r"Wrong: the update of v has shape \(2, 2\)"):
        Wrong([v], 0.1).step()
    with pytest.raises(
        NotImplementedError, match=r"Missing has no rule: define `def update\(self, g, learning_rate\)`"
    ):
        Missing([v], 0.1).step()
    assert v.data.tolist() == [1.0, 2.0]
