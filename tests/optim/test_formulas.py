"""Each optimizer against its published formula, written a second time in plain NumPy, step by step."""

import numpy as np
import pytest

from autograd_mini import Value, optim

STEPS = 12
RNG = np.random.default_rng(3)


def sgd(w, gradients, rates):
    for g, mu in zip(gradients, rates, strict=True):
        w = w - mu * g
        yield w


def momentum_of_the_lecture(w, gradients, rates, rho):
    previous = np.zeros_like(w)
    for g, mu in zip(gradients, rates, strict=True):
        change = -mu * g + rho * previous
        w, previous = w + change, change
        yield w


def momentum_of_pytorch(w, gradients, rates, rho):
    velocity = np.zeros_like(w)
    for g, mu in zip(gradients, rates, strict=True):
        velocity = rho * velocity + g
        w = w - mu * velocity
        yield w


def adagrad(w, gradients, rates, eps):
    """Number by number, with Python's own division, and no step where nothing but zeros was seen."""
    w, squares = w.copy(), np.zeros_like(w)
    for g, mu in zip(gradients, rates, strict=True):
        for i in np.ndindex(w.shape):
            squares[i] += g[i] ** 2
            divisor = float(squares[i]) ** 0.5 + eps
            if divisor:
                w[i] -= mu * g[i] / divisor
        yield w.copy()


FORMULAS = {
    "SGD": (optim.SGD, {}, sgd),
    "Momentum": (optim.Momentum, {"momentum": 0.9}, lambda *a: momentum_of_the_lecture(*a, 0.9)),
    "Momentum ρ=0.5": (optim.Momentum, {"momentum": 0.5}, lambda *a: momentum_of_the_lecture(*a, 0.5)),
    "Momentum ρ=0": (optim.Momentum, {"momentum": 0}, sgd),
    "Adagrad": (optim.Adagrad, {}, lambda *a: adagrad(*a, 0.0)),
    "Adagrad ε": (optim.Adagrad, {"eps": 1e-3}, lambda *a: adagrad(*a, 1e-3)),
}
SCHEDULES = {"constant": [0.1] * STEPS, "falling": [0.5 / (n + 1) for n in range(STEPS)]}


def gradients_of(shape, dtype=float):
    """Random gradients; the first two, and one entry for longer, are 0."""
    gradients = RNG.normal(size=(STEPS, *shape)).astype(dtype)
    gradients[:2] = 0
    if shape:
        gradients[:6, ..., 0] = 0
    return gradients


def run(optimizer, w, gradients, rates):
    for g, mu in zip(gradients, rates, strict=True):
        optimizer.learning_rate = mu
        w.grad = g if np.ndim(g) else g[()]
        optimizer.step()
        yield w.data


@pytest.mark.parametrize("rates", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("shape", [(), (3,), (4, 2)])
@pytest.mark.parametrize(("make", "options", "formula"), FORMULAS.values(), ids=FORMULAS)
def test_step_by_step(make, options, formula, shape, rates):
    start, gradients = RNG.normal(size=shape), gradients_of(shape)
    w = Value(start)
    optimizer = make([w], rates[0], **options)
    found, expected = run(optimizer, w, gradients, rates), formula(np.array(start), gradients, rates)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("make", "options", "formula"), FORMULAS.values(), ids=FORMULAS)
def test_step_by_step_in_float32(make, options, formula):
    start, gradients, rates = (
        RNG.normal(size=5).astype(np.float32),
        gradients_of((5,), np.float32),
        SCHEDULES["falling"],
    )
    w = Value(start)
    expected = formula(start.astype(float), gradients.astype(float), rates)
    for ours, theirs in zip(run(make([w], 0.1, **options), w, gradients, rates), expected, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=3e-6, atol=1e-6)


def test_momentum_and_pytorch_agree_while_the_rate_is_constant():
    start, gradients, w = np.array([1.0, -2.0]), gradients_of((2,)), Value([1.0, -2.0])
    rates = SCHEDULES["constant"]
    ours = list(run(optim.Momentum([w], 0.1), w, gradients, rates))
    np.testing.assert_allclose(ours, list(momentum_of_pytorch(start, gradients, rates, 0.9)), rtol=1e-13)


def test_momentum_and_pytorch_differ_under_a_schedule():
    start, gradients, w = np.array([1.0, -2.0]), gradients_of((2,)), Value([1.0, -2.0])
    rates = [0.1] * 6 + [0.01] * 6
    ours = np.array(list(run(optim.Momentum([w], 0.1), w, gradients, rates)))
    theirs = np.array(list(momentum_of_pytorch(start, gradients, rates, 0.9)))
    np.testing.assert_allclose(ours[:6], theirs[:6], rtol=1e-13)
    assert (np.abs(ours[6:] - theirs[6:]).max(axis=1) > 1e-3).all()


def test_momentum_keeps_the_step_under_way_when_the_rate_falls():
    w = Value(0.0)
    optimizer = optim.Momentum([w], 1.0, momentum=0.5)
    w.grad = -1.0
    optimizer.step()
    optimizer.learning_rate, w.grad = 0.0, 5.0
    optimizer.step()
    assert w.data == 1.5  # PyTorch's would stand still at 1.0


@pytest.mark.parametrize("rho", [-0.1, 1.1, np.nan, np.inf, "much"])
def test_momentum_range(rho):
    with pytest.raises(ValueError, match="Momentum: momentum must be between 0 and 1, got"):
        optim.Momentum([Value(1.0)], 0.1, rho)


@pytest.mark.parametrize("eps", [-1e-8, np.nan, np.inf])
def test_adagrad_eps_range(eps):
    with pytest.raises(ValueError, match="Adagrad: eps must be a finite number ≥ 0, got"):
        optim.Adagrad([Value(1.0)], 0.1, eps)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_adagrad_first_step_is_the_learning_rate_and_nothing_over_nothing_no_step(dtype):
    size = [1e-30, 1e-3, 1.0, 1e30] if dtype is np.float32 else [5e-324, 1e-200, 1.0, 1e200]
    g = np.array([*size, 0.0, *(-x for x in size)], dtype=dtype)
    w = Value(np.zeros(9, dtype=dtype))
    w.grad = g
    optim.Adagrad([w], 0.25).step()
    assert w.data.tolist() == [-0.25] * 4 + [0.0] + [0.25] * 4


def test_adagrad_scalar_without_gradient_so_far():
    w = Value(1.0)
    optimizer = optim.Adagrad([w], 0.25)
    for g, expected in [(0.0, 1.0), (0.0, 1.0), (3.0, 0.75), (4.0, 0.55)]:
        w.grad = g
        optimizer.step()
        assert w.data == pytest.approx(expected, abs=1e-15)
