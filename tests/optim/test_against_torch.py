"""Forty steps beside PyTorch: the same to 1e-10 where the definitions coincide, and where they do not, how they differ.

A small network of tanh units is trained twice from the same weights on the same batches, each time
with its own library's gradients, clipping, optimizer and schedule.
"""

import numpy as np
import pytest

from autograd_mini import Value, optim

torch = pytest.importorskip("torch")

STEPS = 40
SHAPES = [(5, 3), (5,), (2, 5), (2,), ()]


def batch(n):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(6, 3))
    return x, np.sin(x[:, :2]) + 0.1 * rng.normal(size=(6, 2))


def start():
    rng = np.random.default_rng(77)
    return [0.5 * rng.normal(size=shape) for shape in SHAPES]


def predict(x, w1, b1, w2, b2, scale, tanh):
    return (tanh(x @ w1.T + b1) @ w2.T + b2) * (1 + scale)


def ours(make, plan=None, clip=None):
    parameters = [Value(w) for w in start()]
    optimizer = make(parameters)
    schedule = plan(optimizer) if plan else None
    path = []
    for n in range(STEPS):
        x, y = batch(n)
        optimizer.zero_grad()
        E = np.mean((predict(x, *parameters, np.tanh) - y) ** 2)
        E.backward()
        if clip:
            clip(parameters)
        optimizer.step()
        if schedule:
            schedule.step(*([E.item()] if isinstance(schedule, optim.ReduceOnPlateau) else []))
        path.append(np.concatenate([np.ravel(p.data) for p in parameters]))
    return np.array(path)


def theirs(make, plan=None, clip=None):
    parameters = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in start()]
    optimizer = make(parameters)
    schedule = plan(optimizer) if plan else None
    path = []
    for n in range(STEPS):
        x, y = map(torch.tensor, batch(n))
        optimizer.zero_grad()
        E = ((predict(x, *parameters, torch.tanh) - y) ** 2).mean()
        E.backward()
        if clip:
            clip(parameters)
        optimizer.step()
        if schedule:
            plateau = isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau)
            schedule.step(*([E.item()] if plateau else []))
        path.append(np.concatenate([p.detach().numpy().ravel() for p in parameters]))
    return np.array(path)


def agree(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)
    assert np.abs(a[-1] - a[0]).max() > 1e-3  # it did move


SAME = {
    "SGD": (lambda ps: optim.SGD(ps, 0.1), lambda ps: torch.optim.SGD(ps, lr=0.1)),
    "SGD with decay": (
        lambda ps: optim.SGD(ps, 0.1, weight_decay=0.05),
        lambda ps: torch.optim.SGD(ps, lr=0.1, weight_decay=0.05),
    ),
    "Momentum": (lambda ps: optim.Momentum(ps, 0.1, 0.9), lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9)),
    "Nesterov": (
        lambda ps: optim.Nesterov(ps, 0.1, 0.9),
        lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "Adagrad ε": (lambda ps: optim.Adagrad(ps, 0.1, eps=1e-10), lambda ps: torch.optim.Adagrad(ps, lr=0.1)),
    "Adadelta": (lambda ps: optim.Adadelta(ps), lambda ps: torch.optim.Adadelta(ps)),
    "Adadelta options": (
        lambda ps: optim.Adadelta(ps, 0.5, rho=0.8, eps=1e-3),
        lambda ps: torch.optim.Adadelta(ps, lr=0.5, rho=0.8, eps=1e-3),
    ),
    "RMSprop": (lambda ps: optim.RMSprop(ps, 0.01), lambda ps: torch.optim.RMSprop(ps, lr=0.01)),
    "RMSprop options": (
        lambda ps: optim.RMSprop(ps, 0.01, rho=0.8, eps=1e-3),
        lambda ps: torch.optim.RMSprop(ps, lr=0.01, alpha=0.8, eps=1e-3),
    ),
    "Adam": (lambda ps: optim.Adam(ps), lambda ps: torch.optim.Adam(ps)),
    "Adam options": (
        lambda ps: optim.Adam(ps, 0.01, beta1=0.8, beta2=0.95, eps=1e-3),
        lambda ps: torch.optim.Adam(ps, lr=0.01, betas=(0.8, 0.95), eps=1e-3),
    ),
    "Adam with decoupled decay": (
        lambda ps: optim.Adam(ps, 0.01, weight_decay=0.1),
        lambda ps: torch.optim.Adam(ps, lr=0.01, weight_decay=0.1, decoupled_weight_decay=True),
    ),
    "AdamW": (lambda ps: optim.AdamW(ps, 0.01), lambda ps: torch.optim.AdamW(ps, lr=0.01)),
    "AdamW options": (
        lambda ps: optim.AdamW(ps, 0.01, weight_decay=0.2),
        lambda ps: torch.optim.AdamW(ps, lr=0.01, weight_decay=0.2),
    ),
    "groups": (
        lambda ps: optim.AdamW(
            [{"parameters": ps[::2], "learning_rate": 0.02}, {"parameters": ps[1::2], "weight_decay": 0.0}], 0.01
        ),
        lambda ps: torch.optim.AdamW(
            [{"params": ps[::2], "lr": 0.02}, {"params": ps[1::2], "weight_decay": 0.0}], lr=0.01
        ),
    ),
}


@pytest.mark.parametrize(("make", "torch_make"), SAME.values(), ids=SAME)
def test_the_same_path(make, torch_make):
    agree(ours(make), theirs(torch_make))


schedulers = torch.optim.lr_scheduler


def torch_warm_up(optimizer, then, steps):
    warm = schedulers.LinearLR(optimizer, start_factor=1 / (steps + 1), end_factor=1.0, total_iters=steps)
    return schedulers.SequentialLR(optimizer, [warm, then(optimizer)], milestones=[steps])


PLANS = {
    "constant": (optim.ConstantSchedule, lambda o: schedulers.ConstantLR(o, factor=1.0)),
    "step": (lambda o: optim.StepSchedule(o, 7, 0.5), lambda o: schedulers.StepLR(o, 7, gamma=0.5)),
    "exponential": (lambda o: optim.ExponentialSchedule(o, 0.9), lambda o: schedulers.ExponentialLR(o, 0.9)),
    "1/t": (
        lambda o: optim.InverseTimeSchedule(o, 0.1),
        lambda o: schedulers.LambdaLR(o, lambda n: 1 / (1 + 0.1 * n)),
    ),
    "cosine": (
        lambda o: optim.CosineSchedule(o, STEPS, end=0.1),
        lambda o: schedulers.CosineAnnealingLR(o, STEPS, eta_min=0.01 * 0.1),
    ),
    "one cycle": (
        lambda o: optim.OneCycleSchedule(o, STEPS + 1),
        lambda o: schedulers.OneCycleLR(o, max_lr=0.01, total_steps=STEPS + 1, cycle_momentum=False),
    ),
    "one cycle options": (
        lambda o: optim.OneCycleSchedule(o, STEPS + 1, rise=0.5, start=0.5, end=0.125),
        lambda o: schedulers.OneCycleLR(
            o, 0.01, total_steps=STEPS + 1, cycle_momentum=False, pct_start=0.5, div_factor=2, final_div_factor=4
        ),
    ),
    "warm-up": (
        lambda o: optim.WarmUp(optim.ExponentialSchedule(o, 0.95), 10),
        lambda o: torch_warm_up(o, lambda o: schedulers.ExponentialLR(o, 0.95), 10),
    ),
    "plateau": (
        lambda o: optim.ReduceOnPlateau(o, 0.7, patience=1, threshold=0.01),
        lambda o: schedulers.ReduceLROnPlateau(o, factor=0.7, patience=1, threshold=0.01, eps=0),
    ),
}


@pytest.mark.filterwarnings("ignore:.*epoch parameter.*:UserWarning")
@pytest.mark.parametrize(("plan", "torch_plan"), PLANS.values(), ids=PLANS)
def test_the_same_path_under_a_schedule(plan, torch_plan):
    rates, torch_rates = [], []

    def watched(make_plan, seen, rate_of):
        def build(optimizer):
            schedule = make_plan(optimizer)
            step = schedule.step

            def watched_step(*args):
                seen.append(rate_of(optimizer))
                step(*args)

            schedule.step = watched_step
            return schedule

        return build

    a = ours(lambda ps: optim.Adam(ps, 0.01), watched(plan, rates, lambda o: o.learning_rate))
    b = theirs(
        lambda ps: torch.optim.Adam(ps, lr=0.01), watched(torch_plan, torch_rates, lambda o: o.param_groups[0]["lr"])
    )
    np.testing.assert_allclose(rates, torch_rates, rtol=1e-10, atol=1e-15)
    assert len(set(rates)) > 1 or plan is optim.ConstantSchedule
    agree(a, b)


def test_the_same_path_with_clipped_values():
    agree(
        ours(lambda ps: optim.SGD(ps, 0.1), clip=lambda ps: optim.clip_by_value(ps, 0.02)),
        theirs(lambda ps: torch.optim.SGD(ps, lr=0.1), clip=lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.02)),
    )


def test_clipped_norms_differ_by_pytorchs_millionth():
    def clip(parameters):
        norm = torch.nn.utils.clip_grad_norm_(parameters, 0.1)
        for p in parameters:  # undo max_norm/(‖g‖ + 1e-6)
            p.grad *= ((norm + 1e-6) / norm) if norm + 1e-6 > 0.1 else 1.0

    mine = ours(lambda ps: optim.SGD(ps, 0.1), clip=lambda ps: optim.clip_by_norm(ps, 0.1))
    agree(mine, theirs(lambda ps: torch.optim.SGD(ps, lr=0.1), clip=clip))
    plain = theirs(lambda ps: torch.optim.SGD(ps, lr=0.1), clip=lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.1))
    assert 1e-8 < np.abs(mine - plain).max() < 1e-5


# -- where the definitions differ ------------------------------------------------------------------


@pytest.mark.parametrize("make", [optim.Momentum, optim.Nesterov])
def test_momentum_under_a_schedule(make):
    """The lecture's memory holds µ: when µ is cut to a tenth the roll goes on; PyTorch's is cut with it."""
    nesterov = make is optim.Nesterov
    mine = ours(lambda ps: make(ps, 0.1, 0.9), lambda o: optim.StepSchedule(o, 20, 0.1))
    other = theirs(
        lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=nesterov), lambda o: schedulers.StepLR(o, 20, 0.1)
    )
    agree(mine[:20], other[:20])
    assert np.abs(mine[20] - other[20]).max() > 1e-3
    rolled, cut = mine[20] - mine[19], other[20] - other[19]
    assert np.linalg.norm(rolled) > 5 * np.linalg.norm(cut)


def test_adagrad_of_the_lecture_has_no_eps_and_starts_from_nothing():
    lecture = ours(lambda ps: optim.Adagrad(ps, 0.1))
    plain = theirs(lambda ps: torch.optim.Adagrad(ps, lr=0.1))
    assert 0 < np.abs(lecture - plain).max() < 1e-6  # ε = 1e-10 beside gradients of 1e-3
    filled = theirs(lambda ps: torch.optim.Adagrad(ps, lr=0.1, initial_accumulator_value=1.0))
    first = np.concatenate([np.ravel(w) for w in start()])
    np.testing.assert_allclose(np.abs(lecture[0] - first), 0.1, rtol=1e-12)
    assert np.abs(filled[0] - first).max() < 0.099


@pytest.mark.parametrize(
    ("make", "torch_make"),
    [
        (optim.Momentum, lambda ps: torch.optim.SGD(ps, lr=0.01, momentum=0.9, weight_decay=0.1)),
        (optim.Adam, lambda ps: torch.optim.Adam(ps, lr=0.01, weight_decay=0.1)),
        (optim.RMSprop, lambda ps: torch.optim.RMSprop(ps, lr=0.01, weight_decay=0.1)),
    ],
)
def test_decay_is_decoupled_where_pytorch_adds_it_to_the_gradient(make, torch_make):
    mine, other = ours(lambda ps: make(ps, 0.01, weight_decay=0.1)), theirs(torch_make)
    assert np.abs(mine - other).max() > 1e-3
