"""`fit(compile=True)`: the same history and weights, and the same errors."""

import numpy as np
import pytest

from autograd_mini import nn, optim
from autograd_mini.learn import Diverged, fit
from tests.replay.twins import equal, numbers


def trained(compile, rate=0.05, schedule_every="epoch", **options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    y = (X.sum(axis=1) > 0).astype(int)
    net = nn.Sequential(
        nn.Linear(3, 8, bias=False, rng=rng),
        nn.BatchNorm1d(8),
        nn.Tanh(),
        nn.Dropout(0.2, rng=rng),
        nn.Linear(8, 2, rng=rng),
    )
    optimizer = optim.Adam(net.parameters(), rate)
    schedule = optim.ExponentialSchedule(optimizer, 0.9)
    history = fit(
        net, (X, y), nn.CrossEntropyLoss(), optimizer, 4, 16, (X, y), schedule,
        rng=np.random.default_rng(1), progress=False, compile=compile, schedule_every=schedule_every, **options,
    )  # fmt: skip
    return net, optimizer, history


@pytest.mark.parametrize("every", ["epoch", "batch"])
def test_history_and_weights_are_the_same(every):
    net, optimizer, history = trained(True, schedule_every=every)
    twin, twin_optimizer, expected = trained(False, schedule_every=every)
    equal(numbers(net, optimizer), numbers(twin, twin_optimizer))
    for name in ("loss", "validation_loss", "learning_rate"):
        equal(list(history[name]), list(expected[name]))


def test_divergence_is_told_as_ever():
    messages = []
    for compile in (True, False):
        net = nn.MLP([2, 3, 1], rng=np.random.default_rng(0))
        X = np.full((4, 2), 1e200)
        optimizer = optim.SGD(net.parameters(), 1e200)
        with pytest.raises(Diverged) as caught:
            fit(net, (X, np.zeros((4, 1))), nn.MSELoss(), optimizer, 3, progress=False, compile=compile)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_clipping_is_not_compiled():
    with pytest.raises(ValueError, match="compile=True takes whole steps"):
        trained(True, clip_norm=1.0)
