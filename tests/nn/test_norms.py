"""LayerNorm and BatchNorm1d against the formulas written out, running statistics, state."""

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn
from autograd_mini.nn import functional as F

RNG = np.random.default_rng(5)


def naive(examples, eps=1e-5):
    """Each list of numbers on its own."""
    mean = sum(examples) / len(examples)
    variance = sum((e - mean) ** 2 for e in examples) / len(examples)
    return [(e - mean) / (variance + eps) ** 0.5 for e in examples]


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3)])
def test_layer_norm(shape):
    layer, x = nn.LayerNorm(3), RNG.normal(size=shape) * 5 + 2
    layer.load_state_dict({"weight": [1.0, 2.0, 3.0], "bias": [0.0, -1.0, 1.0]})
    expected = np.array([naive(row) for row in x.reshape(-1, 3).tolist()]) * [1, 2, 3] + [0, -1, 1]
    np.testing.assert_allclose(layer(x).data, expected.reshape(shape), rtol=1e-12, atol=1e-14)


def test_layer_norm_over_several_axes():
    x = RNG.normal(size=(2, 3, 4))
    layer = nn.LayerNorm((3, 4), eps=0.1, elementwise_affine=False)
    expected = [np.reshape(naive(example.ravel().tolist(), 0.1), (3, 4)) for example in x]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12, atol=1e-14)
    assert layer.parameters() == []
    assert [n for n, _ in nn.LayerNorm(3, bias=False).named_parameters()] == ["weight"]


def test_layer_norm_of_lists_and_of_a_matrix():
    x = [[1, 3], [10, 30]]
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(x, dtype=float)
    for given in (x, matrix):
        np.testing.assert_allclose(F.layer_norm(given, 2), [naive(row) for row in x], rtol=1e-12)


def test_layer_norm_derivatives():
    x, w, b = RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=3)
    assert gradcheck(lambda x, w, b: F.layer_norm(x, 3, w, b), x, w, b, order=2).ok


def test_layer_norm_errors():
    with pytest.raises(ShapeError, match=r"^LayerNorm\(\(3,\), .*\) gets \(2, 4\): expected .* \(3,\); .*\(\(4,\)\)"):
        nn.LayerNorm(3)(np.zeros((2, 4)))
    with pytest.raises(ShapeError, match=r"layer_norm: expected x \(..., 2, 3\), got \(3,\)"):
        F.layer_norm(np.zeros(3), (2, 3))
    with pytest.raises(ValueError, match="LayerNorm: normalized_shape must be a positive whole number, got 0"):
        nn.LayerNorm((3, 0))


@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 2)])
def test_batch_norm_in_training(shape):
    layer, x = nn.BatchNorm1d(3), RNG.normal(size=shape) * 5 + 2
    layer.load_state_dict(layer.state_dict() | {"weight": [1.0, 2.0, 3.0], "bias": [0.0, -1.0, 1.0]})
    columns = np.moveaxis(x, 1, 0).reshape(3, -1)
    expected = np.array([naive(column) for column in columns.tolist()])
    expected = expected * np.array([[1], [2], [3]]) + np.array([[0], [-1], [1]])
    got = np.moveaxis(layer(x).data, 1, 0).reshape(3, -1)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


def test_running_statistics_follow_and_are_used_after_eval():
    layer = nn.BatchNorm1d(2, momentum=0.3)
    mean, variance = np.zeros(2), np.ones(2)
    for _ in range(3):
        x = RNG.normal(size=(4, 2)) + np.array([1, 5])
        layer(x)
        mean = 0.7 * mean + 0.3 * x.sum(0) / 4
        variance = 0.7 * variance + 0.3 * ((x - x.sum(0) / 4) ** 2).sum(0) / 3  # n − 1
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-13)
    np.testing.assert_allclose(layer.running_var, variance, rtol=1e-13)
    assert layer.num_batches_tracked == 3
    layer.eval()
    x = RNG.normal(size=(1, 2))  # one example will do now
    np.testing.assert_allclose(layer(x).data, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-13)
    np.testing.assert_array_equal(layer.running_mean, layer.eval().running_mean)
    assert layer.num_batches_tracked == 3


def test_momentum_none_is_the_plain_average():
    layer, batches = nn.BatchNorm1d(2, momentum=None), RNG.normal(size=(5, 4, 2))
    for batch in batches:
        layer(batch)
    np.testing.assert_allclose(layer.running_mean, np.mean([b.mean(0) for b in batches], 0), rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, np.mean([b.var(0, ddof=1) for b in batches], 0), rtol=1e-12)


@pytest.mark.parametrize("shape", [(4, 2), (2, 2, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_derivatives(shape, training):
    layer = nn.BatchNorm1d(2).train(training)
    layer.running_mean[:] = 0.3

    def f(x, w, b):
        object.__setattr__(layer, "weight", w)
        object.__setattr__(layer, "bias", b)
        return layer(x)

    assert gradcheck(f, RNG.normal(size=shape), RNG.normal(size=2), RNG.normal(size=2), order=2).ok


def test_running_statistics_are_saved_but_not_trained(tmp_path):
    net, twin = (nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)) for _ in range(2))
    net(RNG.normal(size=(6, 3)))
    assert [n for n, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    np.savez(tmp_path / "net.npz", **net.state_dict())
    with np.load(tmp_path / "net.npz") as state:
        assert set(state) >= {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
        twin.load_state_dict(state)
    assert twin[1].num_batches_tracked == 1
    assert twin[1].num_batches_tracked.dtype == np.int64
    x = RNG.normal(size=(2, 3))
    np.testing.assert_array_equal(net.eval()(x).data, twin.eval()(x).data)
    assert twin[1].running_mean is not net[1].running_mean


def test_float32_stays():
    x = Value(RNG.normal(size=(4, 3)).astype(np.float32))
    for layer in (nn.LayerNorm(3, dtype=np.float32), nn.BatchNorm1d(3, dtype=np.float32)):
        z = layer(x)
        z.sum().backward()
        assert z.dtype == x.grad.dtype == layer.weight.grad.dtype == np.float32
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32
    assert layer.eval()(x).dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4,), r"BatchNorm1d\(num_features=3, .*\) gets \(4,\): expected \(batch, 3\) or \(batch, 3, length\)"),
        ((4, 2), r"gets \(4, 2\): expected 3 features; make it BatchNorm1d\(2\) or the layer before 3 wide"),
        ((1, 3), r"expected more than one example, .* use a larger batch, or .eval\(\)"),
        ((1, 3, 1), r"expected more than one example"),
    ],
)
def test_batch_norm_misfits(shape, message):
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ShapeError, match=message):
        layer(np.zeros(shape))
    assert layer.num_batches_tracked == 0


def test_batch_norm_wrong_arguments():
    with pytest.raises(ValueError, match="momentum, if not None, must be between 0 and 1, got 2"):
        nn.BatchNorm1d(3, momentum=2)
    with pytest.raises(ValueError, match="num_features must be a positive whole number, got 0"):
        nn.BatchNorm1d(0)
    assert nn.BatchNorm1d(3, affine=False).parameters() == []
    assert nn.BatchNorm1d(3, affine=False)(np.eye(3)).shape == (3, 3)


def test_running_statistics_keep_their_dtype():
    layer = nn.BatchNorm1d(3, dtype=np.float32)
    layer(np.eye(3))
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32
