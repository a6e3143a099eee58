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


def nesterov(w, gradients, rates, rho):
    """As published: the gradient is taken at the point the roll leads to, w + ρ d; here seen from there."""
    roll = np.zeros_like(w)
    for g, mu in zip(gradients, rates, strict=True):
        start = w - rho * roll  # where the published rule stands
        roll = rho * roll - mu * g
        w = start + roll + rho * roll
        yield w


def adadelta(w, gradients, rates, rho, eps):
    squares, moves = np.zeros_like(w), np.zeros_like(w)
    for g, mu in zip(gradients, rates, strict=True):
        squares = rho * squares + (1 - rho) * g**2
        d = -((moves + eps) ** 0.5) / (squares + eps) ** 0.5 * g
        moves = rho * moves + (1 - rho) * d**2
        w = w + mu * d
        yield w


def rmsprop(w, gradients, rates, rho, eps):
    for n, mu in enumerate(rates):
        mean = sum((1 - rho) * rho ** (n - k) * gradients[k] ** 2 for k in range(n + 1))
        w = w - mu * gradients[n] / (mean**0.5 + eps)
        yield w


def adam(w, gradients, rates, beta1, beta2, eps, decay=0.0):
    """The means written out as sums, and divided by the sum of their weights."""
    for n, mu in enumerate(rates):
        weights1, weights2 = ([beta ** (n - k) for k in range(n + 1)] for beta in (beta1, beta2))
        mean = sum(c * g for c, g in zip(weights1, gradients, strict=False)) / sum(weights1)
        square = sum(c * g**2 for c, g in zip(weights2, gradients, strict=False)) / sum(weights2)
        w = w - mu * mean / (square**0.5 + eps) - mu * decay * w
        yield w


FORMULAS = {
    "SGD": (optim.SGD, {}, sgd),
    "Momentum": (optim.Momentum, {"momentum": 0.9}, lambda *a: momentum_of_the_lecture(*a, 0.9)),
    "Momentum ρ=0.5": (optim.Momentum, {"momentum": 0.5}, lambda *a: momentum_of_the_lecture(*a, 0.5)),
    "Momentum ρ=0": (optim.Momentum, {"momentum": 0}, sgd),
    "Adagrad": (optim.Adagrad, {}, lambda *a: adagrad(*a, 0.0)),
    "Adagrad ε": (optim.Adagrad, {"eps": 1e-3}, lambda *a: adagrad(*a, 1e-3)),
    "Nesterov": (optim.Nesterov, {"momentum": 0.9}, lambda *a: nesterov(*a, 0.9)),
    "Nesterov ρ=0": (optim.Nesterov, {"momentum": 0}, sgd),
    "Adadelta": (optim.Adadelta, {}, lambda *a: adadelta(*a, 0.9, 1e-6)),
    "Adadelta ρ=0.5": (optim.Adadelta, {"rho": 0.5, "eps": 1e-2}, lambda *a: adadelta(*a, 0.5, 1e-2)),
    "RMSprop": (optim.RMSprop, {}, lambda *a: rmsprop(*a, 0.99, 1e-8)),
    "RMSprop ρ=0.5": (optim.RMSprop, {"rho": 0.5, "eps": 1e-2}, lambda *a: rmsprop(*a, 0.5, 1e-2)),
    "Adam": (optim.Adam, {}, lambda *a: adam(*a, 0.9, 0.999, 1e-8)),
    "Adam β": (optim.Adam, {"beta1": 0.5, "beta2": 0.8, "eps": 1e-2}, lambda *a: adam(*a, 0.5, 0.8, 1e-2)),
    "AdamW": (optim.AdamW, {}, lambda *a: adam(*a, 0.9, 0.999, 1e-8, 0.01)),
    "AdamW λ": (optim.AdamW, {"weight_decay": 0.5}, lambda *a: adam(*a, 0.9, 0.999, 1e-8, 0.5)),
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
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


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
    size = [1e-17, 1e-3, 1.0, 1e18] if dtype is np.float32 else [1e-150, 1e-3, 1.0, 1e150]
    g = np.array([*size, 0.0, *(-x for x in size)], dtype=dtype)
    w = Value(np.zeros(9, dtype=dtype))
    w.grad = g
    optim.Adagrad([w], 0.25).step()
    assert w.data.tolist() == [-0.25] * 4 + [0.0] + [0.25] * 4


def test_adagrad_first_step_is_the_learning_rate_for_a_million_gradients():
    for dtype in (np.float64, np.float32):
        w = Value(np.zeros(1_000_000, dtype=dtype))
        w.grad = (RNG.normal(size=w.size) * 10.0 ** RNG.uniform(-12, 12, size=w.size)).astype(dtype)
        optim.Adagrad([w], 0.25).step()
        assert (np.abs(w.data) == 0.25).all()


@pytest.mark.parametrize("make", [optim.Adagrad, optim.RMSprop, optim.Adam, optim.AdamW])
def test_without_eps_nothing_over_nothing_is_no_step_and_tiny_gradients_never_a_long_one(make):
    w, v = Value([3.0, 3.0, 3.0]), Value(3.0)
    optimizer = make([w, v], 0.25, eps=0.0, weight_decay=0.0)
    for g in (0.0, 0.0, 1e-200, 5e-324):
        w.grad, v.grad = np.array([0.0, g, -g]), g
        optimizer.step()
    assert w.data[0] == 3.0
    np.testing.assert_allclose(w.data, 3.0, atol=1e-40)
    assert v.data == pytest.approx(3.0, abs=1e-40)


@pytest.mark.parametrize("make", [optim.Adagrad, optim.Adadelta, optim.RMSprop, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_square_that_overflows_is_an_error_and_nothing_changes(make, shape):
    w, v = Value(np.ones(shape), name="w"), Value(1.0, name="v")
    optimizer = make([v, w], 0.1)
    v.grad, w.grad = 1.0, np.full(shape, 1e200)[()]
    with pytest.raises(FloatingPointError, match=r"the update of w: overflow .*; no parameter was changed. .* 1e\+200"):
        optimizer.step()
    assert v.data == 1.0
    assert (w.data == np.ones(shape)).all()
    w.grad = w.grad / 1e200
    optimizer.step()
    assert np.isfinite(w.data).all()


@pytest.mark.parametrize("make", [optim.Adam, optim.AdamW])
def test_adams_first_step_is_the_learning_rate(make):
    w = Value(np.zeros(4))
    w.grad = np.array([1e-3, -1e-3, 1e6, -1e6])
    make([w], 0.25, eps=0.0).step()
    np.testing.assert_allclose(w.data, [-0.25, 0.25, -0.25, 0.25], rtol=1e-14)


def test_adam_counts_the_steps_of_each_parameter():
    early, late = Value(0.0), Value(0.0)
    optimizer = optim.Adam([early, late], 0.25, eps=0.0)
    for n in range(5):
        early.grad, late.grad = 1.0, 1.0 if n == 4 else None
        optimizer.step()
    assert late.data == pytest.approx(-0.25, rel=1e-14)  # its first step, as long as any first step


def test_adagrad_scalar_without_gradient_so_far():
    w = Value(1.0)
    optimizer = optim.Adagrad([w], 0.25)
    for g, expected in [(0.0, 1.0), (0.0, 1.0), (3.0, 0.75), (4.0, 0.55)]:
        w.grad = g
        optimizer.step()
        assert w.data == pytest.approx(expected, abs=1e-15)


UNIT = {"momentum": [optim.Momentum, optim.Nesterov], "rho": [optim.Adadelta, optim.RMSprop]}


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, np.inf, "much", None])
def test_ranges(bad):
    for name, makes in UNIT.items():
        for make in makes:
            with pytest.raises(ValueError, match=f"{make.__name__}: {name} must be between 0 and 1, got"):
                make([Value(1.0)], 0.1, **{name: bad})
    for name in ("beta1", "beta2"):
        with pytest.raises(ValueError, match=f"Adam: {name} must be between 0 and 0.9999999999999999, got"):
            optim.Adam([Value(1.0)], **{name: bad})
    with pytest.raises(ValueError, match="Adam: beta1 must be between"):
        optim.Adam([Value(1.0)], beta1=1.0)


# -- weight decay ----------------------------------------------------------------------------------

OPTIMIZERS = [
    optim.SGD,
    optim.Momentum,
    optim.Nesterov,
    optim.Adagrad,
    optim.Adadelta,
    optim.RMSprop,
    optim.Adam,
    optim.AdamW,
]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_weight_decay_shrinks_by_the_same_part_and_is_not_remembered(make):
    start = np.array([1.0, -2.0, 3.0])
    plain, decaying = Value(start), Value(start)
    one, other = make([plain], 0.1, weight_decay=0.0), make([decaying], 0.1, weight_decay=0.5)
    for g in gradients_of((3,)):
        before = plain.data, decaying.data
        plain.grad = decaying.grad = g
        one.step()
        other.step()
        moved = decaying.data - before[1] + 0.1 * 0.5 * before[1]
        np.testing.assert_allclose(moved, plain.data - before[0], rtol=0, atol=1e-14)
    for a, b in zip(one.memory[0], other.memory[0], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_weight_decay_range(make):
    with pytest.raises(ValueError, match=f"{make.__name__}: weight_decay must be a finite number ≥ 0, got -1"):
        make([Value(1.0)], 0.1, weight_decay=-1)


def test_sgd_with_decay_is_sgd_with_the_penalty():
    decaying, punished = Value([1.0, -2.0]), Value([1.0, -2.0])
    one, other = optim.SGD([decaying], 0.1, weight_decay=0.5), optim.SGD([punished], 0.1)
    for _ in range(5):
        for w, optimizer, penalty in ((decaying, one, 0.0), (punished, other, 0.5)):
            optimizer.zero_grad()
            E = (w**3).sum() + 0.5 * penalty * (w**2).sum()
            E.backward()
            optimizer.step()
    np.testing.assert_allclose(decaying.data, punished.data, rtol=1e-13)
