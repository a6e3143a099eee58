"""Saving and loading: a resumed run is the same run, bit for bit; what does not fit changes nothing."""

import copy
import io
import pickle

import numpy as np
import pytest

from autograd_mini import Value, nn, optim

OPTIMIZERS = {
    "SGD": lambda ps: optim.SGD(ps, 0.1),
    "Momentum": lambda ps: optim.Momentum(ps, 0.1, 0.8),
    "Nesterov": lambda ps: optim.Nesterov(ps, 0.1, 0.8),
    "Adagrad": lambda ps: optim.Adagrad(ps, 0.1, weight_decay=0.01),
    "Adadelta": lambda ps: optim.Adadelta(ps),
    "RMSprop": lambda ps: optim.RMSprop(ps, 0.01),
    "Adam": lambda ps: optim.Adam(ps, 0.01),
    "AdamW": lambda ps: optim.AdamW(ps, 0.01),
    "groups": lambda ps: optim.Adam(
        [{"parameters": ps[:1], "learning_rate": 0.05}, {"parameters": ps[1:], "weight_decay": 0.1}], 0.01
    ),
}
SCHEDULES = {
    "constant": optim.ConstantSchedule,
    "step": lambda o: optim.StepSchedule(o, 3, 0.5),
    "exponential": lambda o: optim.ExponentialSchedule(o, 0.9),
    "1/t": lambda o: optim.InverseTimeSchedule(o, 0.1),
    "cosine": lambda o: optim.CosineSchedule(o, 18),
    "one cycle": lambda o: optim.OneCycleSchedule(o, 20),
    "plateau": lambda o: optim.ReduceOnPlateau(o, 0.5, patience=1, threshold=0.1),
    "warm cosine": lambda o: optim.WarmUp(optim.CosineSchedule(o, 12), 6),
    "warm plateau": lambda o: optim.WarmUp(optim.ReduceOnPlateau(o, 0.5, patience=1, threshold=0.1), 4),
    "warm all through": lambda o: optim.WarmUp(optim.CosineSchedule(o, 12), 15),
}


class Run:
    """A small training with a scalar parameter among the arrays; its data do not depend on when it starts."""

    def __init__(self, make, plan, dtype=float):
        self.net = nn.MLP([2, 3, 1], rng=np.random.default_rng(0), dtype=dtype)
        self.scale = Value(dtype(1.5))
        self.optimizer = make([*self.net.parameters(), self.scale])
        self.schedule = plan(self.optimizer)
        self.dtype, self.rates = dtype, []

    def train(self, steps):
        for n in steps:
            x = np.random.default_rng(n).normal(size=(4, 2)).astype(self.dtype)
            self.optimizer.zero_grad()
            E = nn.L2Loss()(self.net(x) * self.scale, np.sin(x[:, :1]))
            E.backward()
            if n % 5 == 0:
                self.scale.grad = None  # its own count of steps
            self.optimizer.step()
            self.schedule.step(*([E.item()] if "plateau" in repr(self.schedule.state_dict()).lower() else []))
            self.rates.append([group["learning_rate"] for group in self.optimizer.groups])

    def numbers(self):
        return [p.data for p in self.optimizer.parameters]


def through_a_file(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    with np.load(file) as loaded:
        return dict(loaded)


CARRIERS = {"as it is": lambda s: s, "pickle": lambda s: pickle.loads(pickle.dumps(s)), "npz": through_a_file}


@pytest.mark.parametrize("carry", CARRIERS.values(), ids=CARRIERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("make", "plan"),
    [(make, SCHEDULES["warm cosine"]) for make in OPTIMIZERS.values()]
    + [(OPTIMIZERS["groups"], plan) for plan in SCHEDULES.values()],
    ids=[*OPTIMIZERS, *SCHEDULES],
)
def test_ten_steps_and_ten_more_are_twenty(make, plan, dtype, carry):
    straight = Run(make, plan, dtype)
    straight.train(range(20))

    first = Run(make, plan, dtype)
    first.train(range(10))
    saved = [carry(part.state_dict()) for part in (first.net, first.optimizer, first.schedule)]
    scale = first.scale.data
    first.train(range(50, 60))  # what was saved must not move with it

    second = Run(make, plan, dtype)
    for part, state in zip((second.net, second.optimizer, second.schedule), saved, strict=True):
        part.load_state_dict(state)
    second.scale.data = scale
    second.train(range(10, 20))

    assert second.rates == straight.rates[10:]
    for ours, theirs in zip(second.numbers(), straight.numbers(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert np.asarray(ours).dtype == dtype


def test_it_would_not_be_the_same_without_the_state():
    for make in OPTIMIZERS.values():
        straight, second = Run(make, SCHEDULES["cosine"]), Run(make, SCHEDULES["cosine"])
        straight.train(range(10))
        for p, q in zip(second.optimizer.parameters, straight.optimizer.parameters, strict=True):
            p.data = q.data
        second.train(range(10, 20))
        straight.train(range(10, 20))
        assert any(np.any(p != q) for p, q in zip(second.numbers(), straight.numbers(), strict=True))


def test_a_state_that_was_loaded_is_not_shared():
    one, other = Run(OPTIMIZERS["Adam"], SCHEDULES["constant"]), Run(OPTIMIZERS["Adam"], SCHEDULES["constant"])
    one.train(range(3))
    state = one.optimizer.state_dict()
    other.optimizer.load_state_dict(state)
    state["memory.0.mean"][:] = 7.0
    for run in (one, other):
        assert not (run.optimizer.memory[0][0] == 7.0).any()


@pytest.mark.parametrize("plan", SCHEDULES.values(), ids=SCHEDULES)
def test_loading_a_schedule_sets_its_rates_whatever_they_were(plan):
    one, other = Run(OPTIMIZERS["groups"], plan), Run(OPTIMIZERS["groups"], plan)
    one.train(range(7))
    other.optimizer.learning_rate = 99.0
    other.schedule.load_state_dict(one.schedule.state_dict())
    assert [group["learning_rate"] for group in other.optimizer.groups] == one.rates[-1]
    assert other.schedule.state_dict() == one.schedule.state_dict()


def adam():
    w, v = Value([1.0, 2.0], name="w"), Value(3.0, name="v")
    optimizer = optim.Adam([w, v], 0.1)
    w.grad, v.grad = np.array([1.0, 1.0]), 1.0
    optimizer.step()
    return optimizer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"memory.0.mean": None}, "missing: memory.0.mean"),
        ({"group.0.eps": None}, "missing: group.0.eps"),
        ({"memory.2.mean": 0.0}, "unexpected: memory.2.mean"),
        ({"optimizer": "AdamW"}, "optimizer: expected Adam, got AdamW"),
        ({"group.0.parameters": 3}, "group.0.parameters: expected 2, got 3"),
        ({"group.0.beta1": 1.5}, "group.0.beta1: Adam: beta1 must be between 0 and"),
        ({"group.0.learning_rate": "fast"}, "group.0.learning_rate: Adam: learning_rate must be a finite number"),
        ({"memory.0.mean": np.ones(3)}, r"memory.0.mean: expected shape \(2,\), got \(3,\)"),
        ({"memory.0.mean": 3.0}, r"memory.0.mean: expected shape \(2,\), got \(\)"),
        ({"memory.1.mean": np.ones(1)}, r"memory.1.mean: expected shape \(\), got \(1,\)"),
        ({"memory.0.steps": np.ones(2)}, r"memory.0.steps: expected shape \(\), got \(2,\)"),
        ({"memory.0.mean": [np.nan, 1.0]}, "memory.0.mean: nan or inf"),
        ({"memory.0.mean": ["a", "b"]}, "memory.0.mean: expected real numbers, got <U1"),
    ],
)
def test_what_does_not_fit_is_listed_and_nothing_changes(change, message):
    optimizer, state = adam(), adam().state_dict()
    optimizer.learning_rate = 0.5
    before = copy.deepcopy((optimizer.memory, optimizer.groups[0]["learning_rate"]))
    for name, item in {**change, "memory.1.squares": np.zeros(9)}.items():
        state.pop(name, None)
        if item is not None:
            state[name] = item
    with pytest.raises(ValueError, match=message) as caught:
        optimizer.load_state_dict(state)
    assert "does not fit this Adam; nothing was loaded" in str(caught.value)
    assert "memory.1.squares: expected shape (), got (9,)" in str(caught.value)
    assert optimizer.groups[0]["learning_rate"] == before[1]
    for now, then in zip(optimizer.memory, before[0], strict=True):
        for one, other in zip(now, then, strict=True):
            np.testing.assert_array_equal(one, other)


def test_momentum_is_not_nesterov():
    w = [Value(1.0)]
    with pytest.raises(ValueError, match="optimizer: expected Nesterov, got Momentum"):
        optim.Nesterov(w, 0.1).load_state_dict(optim.Momentum(w, 0.1).state_dict())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": None}, "missing: n"),
        ({"n": -1}, "n: CosineSchedule: n must be a finite number ≥ 0"),
        ({"base.1": 0.1}, "unexpected: base.1"),
        ({"base.0": np.nan}, "base.0: CosineSchedule: base.0 must be"),
        ({"schedule": "StepSchedule"}, "schedule: expected CosineSchedule, got StepSchedule"),
    ],
)
def test_a_schedule_that_does_not_fit(change, message):
    optimizer = optim.SGD([Value(1.0)], 0.1)
    for schedule in (optim.CosineSchedule(optimizer, 10), optim.WarmUp(optim.CosineSchedule(optimizer, 10), 2)):
        inner = isinstance(schedule, optim.WarmUp)
        schedule.step()
        before = schedule.state_dict(), optimizer.learning_rate
        state = schedule.state_dict()
        for name, item in change.items():
            name = f"then.{name}" if inner else name
            state.pop(name, None)
            if item is not None:
                state[name] = item
        with pytest.raises(ValueError, match=message):
            schedule.load_state_dict(state)
        assert (schedule.state_dict(), optimizer.learning_rate) == before


@pytest.mark.parametrize("state", [None, 3, [1, 2]])
def test_no_mapping(state):
    optimizer = optim.SGD([Value(1.0)], 0.1)
    for part in (optimizer, optim.ConstantSchedule(optimizer)):
        with pytest.raises(TypeError, match="load_state_dict: expected names -> numbers, got"):
            part.load_state_dict(state)
