"""A batch that a program holds turned round gives what the engine's rows give."""

from itertools import pairwise

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from tests.replay.twins import never, trained_alike

N, SIZES, CLASSES = 9, [5, 8, 8, 4], 4


def layer(rng, fan_in, out, dtype):
    return nn.Linear(fan_in, out, rng=rng, dtype=dtype)


def sequential(*between):
    """Linear layers with others between them."""

    def net(rng, dtype):
        layers = []
        for fan_in, out in pairwise(SIZES):
            layers += [layer(rng, fan_in, out, dtype), *(make(out, rng, dtype) for make in between)]
        return nn.Sequential(*layers[: len(layers) - len(between)])

    return net


class Mixed(nn.Module):
    """Rows beside what could be columns: a skip connection from the input, a gate, means over examples and features."""

    def __init__(self, rng, dtype):
        self.a, self.b = layer(rng, 5, 5, dtype), layer(rng, 5, 5, dtype)
        self.out = layer(rng, 5, 4, dtype)
        self.scale = ag.Value(rng.normal(size=(1, 5)).astype(dtype))
        self.table = ag.Value(rng.normal(size=(N, 5)).astype(dtype))
        self.fixed = rng.normal(size=(N, 5)).astype(dtype)
        self.each = rng.normal(size=(N, 1)).astype(dtype)

    def forward(self, x):
        h = np.tanh(self.a(x)) + x
        h = h * nn.functional.sigmoid(self.b(h)) * self.scale + self.table
        h = h - np.mean(h, axis=1, keepdims=True)
        h = np.where(h > 0, h * self.fixed, 0.1 * h + self.each)
        return self.out(h - np.mean(h, axis=0)) * np.max(h, axis=1, keepdims=True)


NETS = {
    "relu": sequential(lambda *_: nn.ReLU()),
    "tanh": sequential(lambda *_: nn.Tanh()),
    "sigmoid": sequential(lambda *_: nn.Sigmoid()),
    "gelu": sequential(lambda *_: nn.GELU()),
    "dropout": sequential(lambda *_: nn.ReLU(), lambda out, rng, dtype: nn.Dropout(0.3, rng=rng)),
    "batch norm": sequential(lambda out, rng, dtype: nn.BatchNorm1d(out, dtype=dtype), lambda *_: nn.ReLU()),
    "layer norm": sequential(lambda out, rng, dtype: nn.LayerNorm(out, dtype=dtype), lambda *_: nn.Tanh()),
    "softmax": sequential(lambda *_: nn.Softmax(1)),
    "mixed": Mixed,
}
LOSSES = {
    "classes": (nn.CrossEntropyLoss, lambda rng, dtype: rng.integers(CLASSES, size=N)),
    "numbers": (nn.MSELoss, lambda rng, dtype: rng.normal(size=(N, CLASSES)).astype(dtype)),
    "each": (lambda: lambda p, y: np.mean(np.sum((p - y) ** 2, axis=1)), lambda rng, dtype: dtype(0.5)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("net", NETS)
def test_networks_learn_alike(net, loss, dtype):
    make_loss, targets = LOSSES[loss]

    def make():
        rng = np.random.default_rng(4)
        model, error = NETS[net](rng, dtype), make_loss()
        return model, optim.Momentum(model.parameters(), 0.05), lambda x, y: error(model(x), y)

    rng = np.random.default_rng(1)
    calls = [(rng.normal(size=(N, 5)).astype(dtype), targets(rng, dtype)) for _ in range(4)]
    step = trained_alike(make, calls, 1e-11 if dtype is np.float64 else 1e-4)
    assert len(step.programs) == 1


def program(dtype, sizes=(5, 8, 4)):
    rng = np.random.default_rng(4)
    model, loss = nn.MLP(list(sizes), "relu", rng=rng, dtype=dtype), nn.CrossEntropyLoss()
    step = ag.compile(lambda x, y: loss(model(x), y), optimizer=optim.SGD(model.parameters(), 0.1))
    step(rng.normal(size=(N, 5)).astype(dtype), rng.integers(sizes[-1], size=N))
    return step.source


def test_what_is_turned_round():
    """All of float32; of float64 the short rows that are reduced. No array is copied for it."""
    assert "transpose = x.T\n    matmul = np.dot(weight_0, transpose," in program(np.float32)
    assert "np.maximum.reduce(add_2, 0, keepdims=True" in program(np.float32)
    assert "matmul = np.dot(x, transpose," in program(np.float64)
    assert "np.maximum.reduce(add_2, 0, keepdims=True" in program(np.float64)
    assert "np.maximum.reduce(add_2, 1, keepdims=True" in program(np.float64, (5, 8, 70))
    assert "one_hot.take(y, 1)" in program(np.float32)
    assert " = log_softmax[y, constant]" in program(np.float32, (5, 8, 70))
    assert "mean = np.vdot(d_log_softmax, log_softmax)\n" in program(np.float32)
    assert "[y, constant] = " in program(np.float32, (5, 8, 70))  # too many classes for a table


def test_results_are_rows():
    w = ag.Value(np.arange(6.0, dtype=np.float32).reshape(2, 3), name="w")
    x, table = np.ones((4, 3), np.float32), np.arange(8.0, dtype=np.float32).reshape(4, 2)
    for f in (
        lambda x: np.maximum(x @ w.T, 0),
        lambda x: np.transpose(np.maximum(x @ w.T, 0)),
        lambda x: (x @ w.T) @ w,
        lambda x: np.sum(x @ w.T, axis=1),
        lambda x: np.sum(np.maximum(x @ w.T, 1), axis=0),
        lambda x: np.max(np.maximum(x @ w.T, 1), axis=1, keepdims=True),
        lambda x: (x @ w.T)[np.arange(4), np.array([0, 1, 1, 0])],
        lambda x: (x @ w.T)[[0, 1]],
        lambda x: (x @ w.T)[:, 1],
        lambda x: np.reshape(x @ w.T, -1),
        lambda x: np.concatenate([x @ w.T, x], axis=1),
        lambda x: np.tanh(x @ w.T) @ np.array([1.0, 2.0], np.float32),
        lambda x: (x @ w.T) * table + [1, 2],
        lambda x: [np.sum((x @ w.T) ** 2), np.vdot(x @ w.T, x @ w.T)],
        lambda x: np.sum(np.tanh(x @ w.T)),
        lambda x: np.vdot(x @ w.T, np.tanh(x @ w.T)),
        lambda x: np.vdot(x @ w.T, table),
        lambda x: np.sum((x @ w.T) * table * [1, 2] + (3, 4)),
        lambda x: np.sum(np.where(x @ w.T > table, x @ w.T, [[1.0, 2.0]])),
        lambda x: np.sum(np.exp(0.1 * (x @ w.T)) @ table.T),
        lambda x: np.cumsum(x @ w.T, axis=1),
    ):
        look = ag.compile(f, backward=False)
        look(x)
        look.f = never
        found, expected = look(x + 1), f(x + 1)
        for one, other in zip(*(item if type(item) is list else [item] for item in (found, expected)), strict=True):
            assert type(one) is type(other.data)
            assert np.shape(one) == other.shape
            np.testing.assert_allclose(one, other.data, rtol=1e-6)
