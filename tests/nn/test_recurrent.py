"""RNNCell and GRUCell against their formulas, unit by unit."""

import math

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn
from autograd_mini.nn import init

RNG = np.random.default_rng(9)


def sigmoid(s):
    return 1 / (1 + math.exp(-s))


def weighted(W, b, row, x):
    return b[row] + sum(w * v for w, v in zip(W[row], x, strict=True))


def naive_rnn(W, U, b, c, x, h, bend=math.tanh):
    return [bend(weighted(W, b, i, x) + weighted(U, c, i, h)) for i in range(len(h))]


def naive_gru(W, U, b, c, x, h):
    k, new = len(h), []
    for i in range(k):
        r = sigmoid(weighted(W, b, i, x) + weighted(U, c, i, h))
        z = sigmoid(weighted(W, b, k + i, x) + weighted(U, c, k + i, h))
        n = math.tanh(weighted(W, b, 2 * k + i, x) + r * weighted(U, c, 2 * k + i, h))
        new.append((1 - z) * n + z * h[i])
    return new


@pytest.mark.parametrize(("cls", "naive"), [(nn.RNNCell, naive_rnn), (nn.GRUCell, naive_gru)])
@pytest.mark.parametrize("bias", [True, False])
def test_cells_compute_the_formula(cls, naive, bias):
    cell = cls(2, 3, bias=bias, rng=RNG)
    rows = 3 * cell.gates
    names = ["weight_ih", "weight_hh"] + ["bias_ih", "bias_hh"] * bias
    assert {n: p.shape for n, p in cell.named_parameters()} == dict(
        zip(names, [(rows, 2), (rows, 3), (rows,), (rows,)], strict=False)
    )
    W, U, *biases = (p.data for p in cell.parameters())
    b, c = biases or (np.zeros(rows),) * 2
    x, h = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 3))
    expected = [naive(W, U, b, c, *pair) for pair in zip(x, h, strict=True)]
    np.testing.assert_allclose(cell(x, h).data, expected, rtol=1e-12)
    np.testing.assert_allclose(cell(x[0], h[0]).data, expected[0], rtol=1e-12)
    np.testing.assert_allclose(cell(x[0]).data, naive(W, U, b, c, x[0], np.zeros(3)), rtol=1e-12)


def test_rnn_with_relu():
    cell = nn.RNNCell(2, 3, nonlinearity="relu", rng=RNG)
    x, h = RNG.normal(size=2), RNG.normal(size=3)
    expected = naive_rnn(*(p.data for p in cell.parameters()), x, h, bend=lambda s: max(s, 0.0))
    np.testing.assert_allclose(cell(x, h).data, expected, rtol=1e-12, atol=1e-15)
    with pytest.raises(ValueError, match="RNNCell: nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        nn.RNNCell(1, 1, nonlinearity="sigmoid")


@pytest.mark.parametrize("cls", [nn.RNNCell, nn.GRUCell])
def test_derivatives_through_time(cls):
    cell = cls(2, 2)
    rows = 2 * cell.gates

    def f(x, W, U, b, c):
        for name, value in (("weight_ih", W), ("weight_hh", U), ("bias_ih", b), ("bias_hh", c)):
            object.__setattr__(cell, name, value)
        return cell(x[1], cell(x[0])).sum()

    args = [RNG.normal(size=s) for s in [(2, 1, 2), (rows, 2), (rows, 2), (rows,), (rows,)]]
    assert gradcheck(f, *args, order=2).ok


@pytest.mark.parametrize("cls", [nn.RNNCell, nn.GRUCell])
def test_float32_stays(cls):
    cell = cls(2, 3, dtype=np.float32)
    x = Value(np.ones((4, 2), dtype=np.float32))
    h = cell(x, cell(x))
    h.sum().backward()
    assert h.dtype == x.grad.dtype == np.float32
    assert all(p.grad.dtype == np.float32 for p in cell.parameters())


def test_all_are_drawn_on_one_interval():
    for p in nn.GRUCell(300, 25, rng=np.random.default_rng(0)).parameters():
        assert 0.95 / 5 < np.abs(p.data).max() <= 1 / 5


@pytest.mark.parametrize("name", list(init.BY_NAME))
def test_every_initialisation_draws_for_every_layer(name):
    for layer in (nn.GRUCell(2, 3, init=name), nn.Conv2d(1, 2, 3, init=name), nn.Embedding(4, 3, init=name)):
        assert all(np.isfinite(p.data).all() for p in layer.parameters())


def test_misfits():
    with pytest.raises(ShapeError, match=r"^GRUCell\(input_size=2, .*\) gets \(4, 3\): expected 2 features; make it "):
        nn.GRUCell(2, 3)(np.zeros((4, 3)))
    with pytest.raises(ShapeError, match=r"gets h \(3,\): with x \(4, 2\) expected h \(4, 3\)"):
        nn.RNNCell(2, 3)(np.zeros((4, 2)), np.zeros(3))
    with pytest.raises(ValueError, match="GRUCell: hidden_size must be a positive whole number, got 0"):
        nn.GRUCell(1, 0)
