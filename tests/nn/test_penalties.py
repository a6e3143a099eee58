"""Penalties on weights, and the limit on a unit's incoming weights."""

import math

import numpy as np
import pytest

from autograd_mini import Value, gradcheck, nn, optim
from autograd_mini.nn import penalties

RNG = np.random.default_rng(9)
SUMS = {penalties.l1: lambda w: abs(w), penalties.l2: lambda w: 0.5 * w * w}
SLOPES = {penalties.l1: np.sign, penalties.l2: lambda w: w}
both = pytest.mark.parametrize("penalty", SUMS, ids=lambda p: p.__name__)


def net():
    return nn.MLP([3, 4, 2], rng=np.random.default_rng(1))


@both
def test_value_and_gradient_leave_out_biases(penalty):
    model = net()
    weights = [p for p in model.parameters() if p.ndim == 2]
    total = math.fsum(SUMS[penalty](float(w)) for p in weights for w in p.data.ravel())
    for parameters in (model, model.parameters(), iter(model.parameters()), weights):
        for p in model.parameters():
            p.grad = None
        E = penalty(parameters, 0.3)
        assert E.item() == pytest.approx(0.3 * total, rel=1e-13)
        E.backward()
        for p in model.parameters():
            if p.ndim == 2:
                np.testing.assert_allclose(p.grad, 0.3 * SLOPES[penalty](p.data), rtol=1e-13)
            else:
                assert p.grad is None


@both
def test_with_biases(penalty):
    model = net()
    total = math.fsum(SUMS[penalty](float(w)) for p in model.parameters() for w in p.data.ravel())
    assert penalty(model, 0.3, biases=True).item() == pytest.approx(0.3 * total, rel=1e-13)
    bias = model.parameters()[1]
    assert penalty([bias], 2.0, biases=True).item() == pytest.approx(
        2 * math.fsum(SUMS[penalty](float(b)) for b in bias.data)
    )


@both
def test_gradcheck_scalars_float32_and_zero(penalty):
    assert gradcheck(lambda w: penalty([w], 0.7), RNG.normal(size=(3, 2)), order=2).ok
    w = Value(-2.0)
    assert penalty([w], 0.5).item() == 1.0
    assert type(penalty([w], 0.5).data) is float
    assert penalty([Value(np.float32([1, 2]))], 0.5).dtype == np.float32
    zero = Value([0.0])
    penalty([zero], 3.0).backward()
    assert zero.grad.tolist() == [0.0]
    assert penalty([w], 0).item() == 0.0


def test_it_can_be_added_to_a_loss():
    layer = nn.Linear(2, 1, rng=np.random.default_rng(0))
    loss = nn.L2Loss()(layer([1.0, 2.0]), [1.0]) + penalties.l2(layer, 0.1) + penalties.l1(layer, 0.1)
    loss.backward()
    optim.SGD(layer.parameters(), 0.1).step()


@pytest.mark.parametrize("function", [penalties.l1, penalties.l2, penalties.max_norm], ids=lambda f: f.__name__)
def test_refused(function):
    name, w, bias = function.__name__, Value([[1.0]], name="w"), Value([1.0], name="0.bias")
    for parameters, error, message in (
        ([], ValueError, f"{name}: no parameters: the list is empty"),
        ([bias], ValueError, f"{name}: no parameters: all of them are biases; pass biases=True"),
        ([w, w], ValueError, f"{name}: a parameter is given twice"),
        ([w, 3.0], TypeError, f"{name}: parameter 1 must be a Value, got float 3.0"),
        (w, TypeError, rf"{name}: expected a model or a list.*, got one Value: write \[w\]"),
    ):
        with pytest.raises(error, match=message):
            function(parameters, 1.0)
    for number in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"{name}: .* must be a finite number ≥ 0, got"):
            function([w], number)


# -- max-norm --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 2), (5, 2, 2, 2)])
def test_rows_are_shortened_and_short_ones_left_exactly(shape, dtype):
    start = (RNG.normal(size=shape) * RNG.uniform(0.1, 3, size=(5,) + (1,) * (len(shape) - 1))).astype(dtype)
    norms = np.array([math.sqrt(math.fsum(float(x) ** 2 for x in row.ravel())) for row in start])
    limit = float(np.median(norms)) * 1.01
    w = Value(start)
    assert penalties.max_norm([w], limit) == 2
    assert w.dtype == dtype
    for row, before, norm in zip(w.data, start, norms, strict=True):
        if norm <= limit:
            np.testing.assert_array_equal(row, before)
        else:
            np.testing.assert_allclose(row, before * limit / norm, rtol=1e-6 if dtype is np.float32 else 1e-14)
            assert np.linalg.norm(row.ravel()) == pytest.approx(limit, rel=1e-6)


def test_only_weights_with_rows_are_limited():
    model = net()
    for p in model.parameters():
        p.data = np.full(p.shape, 10.0)
    assert penalties.max_norm(model, 1.0) == 6
    for p in model.parameters():
        assert (p.data == 10.0).all() == (p.ndim == 1)
    with pytest.raises(ValueError, match="max_norm: none of the parameters has units with incoming weights"):
        penalties.max_norm([Value([1.0, 2.0])], 1.0)


def test_zero_limit_zero_weights_and_extreme_ones():
    w = Value([[0.0, 0.0], [3e200, 4e200], [3e-200, 4e-200]])
    assert penalties.max_norm([w], 1.0) == 1
    np.testing.assert_allclose(w.data, [[0, 0], [0.6, 0.8], [3e-200, 4e-200]], rtol=1e-12)
    assert penalties.max_norm([w], 0.0) == 2
    assert not w.data.any()


def test_weights_that_are_not_finite_change_nothing():
    a, b = Value([[9.0]]), Value([[np.nan]], name="b")
    with pytest.raises(ValueError, match=r"max_norm: b \(1, 1\) holds nan or inf; nothing was changed"):
        penalties.max_norm([a, b], 1.0)
    assert a.data.tolist() == [[9.0]]


def test_nothing_to_shorten_leaves_graphs_fresh():
    w = Value([[0.1, 0.1]])
    E = (w * w).sum()
    assert penalties.max_norm([w], 1.0) == 0
    E.backward()
