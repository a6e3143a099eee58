"""Ctrl-C anywhere in a compiled step: parameters and memory are as before it, or as after it."""

import sys

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.trust import interrupts

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the places are those of Python 3.11")


def arrays():
    rng = np.random.default_rng(0)
    layers = [nn.Linear(2, 3, rng=rng), nn.BatchNorm1d(3), nn.Dropout(0.5, rng=rng), nn.Linear(3, 1, rng=rng)]
    net, loss = nn.Sequential(*layers), nn.MSELoss()
    optimizer = optim.Adam(net.parameters(), 0.01)
    args = np.arange(8.0).reshape(4, 2), np.ones((4, 1))
    return net, optimizer, ag.compile(lambda x, y: loss(net(x), y), optimizer=optimizer), args


def tiny():
    """Arrays so small that their numbers are computed one by one, and left flat."""
    net, loss = nn.MLP([2, 2, 1], "sigmoid", rng=np.random.default_rng(0)), nn.MSELoss()
    optimizer = optim.Momentum(net.parameters(), 0.1)
    args = np.arange(4.0).reshape(2, 2), np.ones((2, 1))
    return net, optimizer, ag.compile(lambda x, y: loss(net(x), y), optimizer=optimizer), args


def scalars():
    class Line(nn.Module):
        def __init__(self):
            self.w, self.b = ag.Value(0.5), ag.Value(0.25)

    net = Line()
    optimizer = optim.Momentum(net.parameters(), 0.1)
    return net, optimizer, ag.compile(lambda x, y: (net.w * x + net.b - y) ** 2, optimizer=optimizer), (1.0, 2.0)


@pytest.fixture
def programs_count(monkeypatch):
    inner = interrupts._counts
    monkeypatch.setattr(interrupts, "_counts", lambda file: file.startswith("<ag.compile") or inner(file))


def state(net, optimizer):
    return interrupts.numbers_of(net, optimizer, *(p.grad for p in net.parameters()))


@pytest.mark.parametrize("many", [False, True], ids=["step", "each"])
@pytest.mark.parametrize("make", [arrays, tiny, scalars])
@pytest.mark.parametrize("replayed", [True, False], ids=["replay", "record"])
@pytest.mark.usefixtures("programs_count")
def test_an_interrupted_step_is_taken_whole_or_not_at_all(make, many, replayed):
    def begin():
        net, optimizer, step, args = make()
        if replayed:
            step(*args)
        samples = [args] * 3
        return net, optimizer, (lambda: step.each(samples)) if many else (lambda: step(*args))

    net, optimizer, run = begin()
    before = state(net, optimizer)
    count = interrupts.places(run, signals_only=True)
    after = state(net, optimizer)
    assert before != after
    assert count > 10
    # All is changed at the end: there every place of a replay; before it, and in a recording, here and there.
    places = [*range(0, count - 40, 1 + count // 40), *(range(max(0, count - 40), count) if replayed else ())]
    modes, seen = interrupts.modes_now(), set()
    for place in places:
        net, optimizer, run = begin()
        if not interrupts.interrupt(run, place, signals_only=True):
            assert not replayed  # a recording's sets have no fixed order
            continue
        now = state(net, optimizer)
        seen.add(now == after)
        if not replayed:  # the first call is the engine's own
            assert all(type(x) in (float, np.ndarray, np.int64) for x in net.state_dict().values())
            assert all(type(x) in (float, np.float64, np.ndarray) for m in optimizer.memory for x in m)
        else:
            assert now in (before, after), f"half a step at place {place}"
        assert interrupts.modes_now()[:4] == modes[:4]
    assert False in seen
