"""Schedules against their formulas, written a second time."""

import math

import numpy as np
import pytest

from autograd_mini import Value, optim


def sgd(*rates):
    return optim.SGD([{"parameters": [Value(1.0)], "learning_rate": rate} for rate in rates], 1.0)


def rates_of(schedule, optimizer, steps):
    rates = [[group["learning_rate"] for group in optimizer.groups]]
    for _ in range(steps):
        schedule.step()
        rates.append([group["learning_rate"] for group in optimizer.groups])
    return np.array(rates)


PLANS = {
    "constant": (optim.ConstantSchedule, lambda n: 1.0),
    "step": (
        lambda o: optim.StepSchedule(o, every=4, factor=0.5),
        lambda n: [1, 0.5, 0.25, 0.125, 0.0625, 0.03125][n // 4],
    ),
    "exponential": (lambda o: optim.ExponentialSchedule(o, 0.8), lambda n: math.prod([0.8] * n)),
    "1/t": (lambda o: optim.InverseTimeSchedule(o, 0.25), lambda n: 4 / (4 + n)),
    "cosine": (
        lambda o: optim.CosineSchedule(o, 10, end=0.1),
        lambda n: 0.1 + 0.9 * math.cos(math.pi * n / 20) ** 2 if n < 10 else 0.1,
    ),
    "warm-up": (
        lambda o: optim.WarmUp(optim.ExponentialSchedule(o, 0.8), 4),
        lambda n: [0.2, 0.4, 0.6, 0.8][n] if n < 4 else 0.8 ** (n - 4),
    ),
    "warm-up twice": (
        lambda o: optim.WarmUp(optim.WarmUp(optim.ConstantSchedule(o), 1), 1),
        lambda n: [0.25, 0.5][n] if n < 2 else 1.0,
    ),
}


@pytest.mark.parametrize(("make", "formula"), PLANS.values(), ids=PLANS)
def test_formula(make, formula):
    optimizer = sgd(0.5, 2.0)
    schedule = make(optimizer)
    found = rates_of(schedule, optimizer, 20)
    expected = [[formula(n) * base for base in (0.5, 2.0)] for n in range(21)]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-17)
    np.testing.assert_allclose(
        [schedule.factor(n) for n in range(21)], np.divide(expected, [0.5, 2.0])[:, 0], rtol=1e-13
    )
    assert schedule.n == 20


def test_one_cycle():
    optimizer = sgd(2.0)
    schedule = optim.OneCycleSchedule(optimizer, steps=11, rise=5 / 11, start=0.25, end=0.5)
    rates = rates_of(schedule, optimizer, 14)[:, 0]
    assert rates[[0, 2, 4, 7, 10, 11, 14]] == pytest.approx([0.5, 1.25, 2.0, 1.5, 1.0, 1.0, 1.0])
    assert (np.diff(rates[:5]) > 0).all()
    assert (np.diff(rates[4:11]) < 0).all()


def test_plateau_step_by_step():
    optimizer = sgd(1.0, 4.0)
    schedule = optim.ReduceOnPlateau(optimizer, by=0.5, patience=2, threshold=0.1, lowest=0.2)
    #         best  better  too little  worse  third: halved  again from 0  ...  halved       ...   at the lowest
    losses = [10.0, 8.0, 7.5, 9.0, 8.0, 8.0, 8.0, 8.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0]
    factors = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2]
    for loss, factor in zip(losses, factors, strict=True):
        schedule.step(loss)
        assert [group["learning_rate"] for group in optimizer.groups] == [factor, 4 * factor]
    with pytest.raises(ValueError, match="expected the loss as a finite number, got nan"):
        schedule.step(math.nan)


def test_plateau_of_negative_losses():
    schedule = optim.ReduceOnPlateau(sgd(1.0), patience=0, threshold=0.1)
    for loss, scale in ((-10.0, 1.0), (-12.0, 1.0), (-12.5, 0.1)):
        schedule.step(loss)
        assert schedule.scale == scale


def test_warm_up_then_plateau():
    optimizer = sgd(1.0)
    schedule = optim.WarmUp(optim.ReduceOnPlateau(optimizer, by=0.5, patience=0), 2)
    rates = [optimizer.learning_rate]
    for _ in range(5):
        schedule.step(3.0)
        rates.append(optimizer.learning_rate)
    assert rates == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0, 0.5, 0.25])


def test_a_rate_set_by_hand_lasts_until_the_next_step():
    optimizer = sgd(1.0)
    schedule = optim.ExponentialSchedule(optimizer, 0.5)
    optimizer.learning_rate = 7.0
    schedule.step()
    assert optimizer.learning_rate == 0.5


def test_repr():
    assert repr(optim.ConstantSchedule(sgd(0.5))) == "ConstantSchedule(n=0, SGD(1 parameters, learning_rate=0.5))"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: optim.StepSchedule(o, 0), ValueError, "StepSchedule: every must be a whole number ≥ 1, got 0"),
        (lambda o: optim.StepSchedule(o, 2.5), ValueError, "every must be a whole number"),
        (lambda o: optim.StepSchedule(o, True), ValueError, "every must be a whole number"),
        (lambda o: optim.StepSchedule(o, 2, -1), ValueError, "StepSchedule: factor must be a finite number ≥ 0"),
        (lambda o: optim.ExponentialSchedule(o, math.nan), ValueError, "ExponentialSchedule: factor must be"),
        (lambda o: optim.InverseTimeSchedule(o, -1), ValueError, "InverseTimeSchedule: decay must be"),
        (lambda o: optim.CosineSchedule(o, "10"), ValueError, "CosineSchedule: steps must be a whole number"),
        (lambda o: optim.CosineSchedule(o, 10, -1), ValueError, "CosineSchedule: end must be"),
        (lambda o: optim.OneCycleSchedule(o, 10, 1.5), ValueError, "OneCycleSchedule: rise must be between 0 and 1"),
        (
            lambda o: optim.OneCycleSchedule(o, 3),
            ValueError,
            "OneCycleSchedule: 3 steps, 0.3 of them rising, leave none",
        ),
        (lambda o: optim.OneCycleSchedule(o, 10, 1), ValueError, "leave none to rise or to fall"),
        (lambda o: optim.ReduceOnPlateau(o, by=2), ValueError, "ReduceOnPlateau: by must be between 0 and 1"),
        (lambda o: optim.ReduceOnPlateau(o, patience=-1), ValueError, "ReduceOnPlateau: patience must be"),
        (lambda o: optim.WarmUp(o, 3), TypeError, "WarmUp: expected a schedule to go on with, got SGD"),
        (lambda o: optim.WarmUp(optim.ConstantSchedule(o), 0), ValueError, "WarmUp: steps must be a whole number"),
        (lambda o: optim.ConstantSchedule(0.1), TypeError, "ConstantSchedule: expected an optimizer, got float 0.1"),
        (lambda o: optim.Schedule(o), NotImplementedError, "Schedule has no factor: define `def factor"),
    ],
)
def test_refused(make, error, message):
    optimizer = sgd(1.0)
    with pytest.raises(error, match=message):
        make(optimizer)
    assert optimizer.learning_rate == 1.0
