"""The loop over epochs."""

from itertools import islice

import numpy as np
import pytest

from autograd_mini import nn, optim
from autograd_mini.learn import epochs, xor


def model():
    return nn.Linear(2, 1, rng=np.random.default_rng(0))


def test_a_full_batch_epoch_is_one_step_of_the_optimizer():
    X, y = xor()
    trained, expected = model(), model()
    for loss in islice(epochs(trained, nn.L2Loss(), optim.SGD(trained.parameters(), 0.1), X, y), 3):
        residual = X @ expected.weight.data.T + expected.bias.data - y
        assert loss == pytest.approx(0.5 * np.sum(residual**2), rel=1e-14)
        expected.weight.data = expected.weight.data - 0.1 * residual.T @ X
        expected.bias.data = expected.bias.data - 0.1 * residual.sum(axis=0)
        np.testing.assert_allclose(trained.weight.data, expected.weight.data, rtol=1e-12)
        np.testing.assert_allclose(trained.bias.data, expected.bias.data, rtol=1e-12)


def test_batches_are_drawn_anew_every_epoch_and_their_losses_averaged():
    X, _ = xor()
    seen = []

    def watch(prediction, target):
        seen.append(target.ravel().tolist())
        return nn.L2Loss()(prediction, target)

    net = model()
    rng = np.random.default_rng(0)
    training = epochs(net, watch, optim.SGD(net.parameters(), 0.0), X, np.arange(4.0)[:, None], size=3, rng=rng)
    losses = list(islice(training, 8))
    assert [len(batch) for batch in seen] == [3, 1] * 8
    orders = [tuple(a + b) for a, b in zip(seen[::2], seen[1::2], strict=True)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len(set(orders)) > 1
    squares = 0.5 * (net(X).data.ravel() - np.arange(4)) ** 2
    assert losses == pytest.approx([squares.sum() / 2] * 8)  # two batches, nothing learned at µ = 0


def test_the_same_generator_gives_the_same_training():
    X, y = xor()
    runs = []
    for _ in range(2):
        net = model()
        optimizer = optim.Momentum(net.parameters(), 0.1, momentum=0.9)
        rng = np.random.default_rng(3)
        runs.append(list(islice(epochs(net, nn.L2Loss(), optimizer, X, y, size=1, rng=rng), 5)))
    assert runs[0] == runs[1]
