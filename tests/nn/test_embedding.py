"""Embedding and Flatten."""

import numpy as np
import pytest

from autograd_mini import ShapeError, Value, gradcheck, nn
from autograd_mini.nn import functional as F

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("indices", [3, [1, 0, 1], [[1, 2], [2, 2]]])
def test_embedding_is_a_one_hot_product(indices):
    layer = nn.Embedding(4, 3)
    one_hot = np.eye(4)[np.asarray(indices)]
    z = layer(indices)
    np.testing.assert_array_equal(z.data, one_hot @ layer.weight.data)
    g = RNG.normal(size=z.shape)
    z.backward(g)
    expected = one_hot.reshape(-1, 4).T @ g.reshape(-1, 3)  # a word that stands twice sums both
    np.testing.assert_allclose(layer.weight.grad, expected, rtol=1e-14)
    assert layer.output_shape(np.shape(indices)) == z.shape


def test_embedding_derivatives():
    assert gradcheck(lambda w: F.embedding([[1, 0], [1, 1]], w) ** 3, RNG.normal(size=(3, 2)), order=2).ok


def test_rows_may_be_lists_of_whole_numbers():
    found = F.embedding([1, 1, 0], [[1, 2], [3, 4]])
    assert found.dtype == float
    np.testing.assert_array_equal(found, [[3, 4], [3, 4], [1, 2]])


def test_embedding_draws_standard_normal_numbers():
    drawn = nn.Embedding(200, 50, rng=np.random.default_rng(0)).weight.data
    assert abs(drawn.mean()) < 0.05
    assert abs(drawn.std() - 1) < 0.05
    layer = nn.Embedding(2, 3, dtype=np.float32)
    assert layer([0]).dtype == np.float32
    layer([0, 0]).sum().backward()
    assert layer.weight.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([0, 4], IndexError, r"embedding: indices\[1\] is 4; with 4 rows they must be 0 to 3"),
        ([[0, -1]], IndexError, r"embedding: indices\[0, 1\] is -1; with 4 rows"),
        (4, IndexError, r"embedding: indices is 4; with 4 rows"),
        ([0.0], TypeError, r"indices must be whole numbers, got float64; use indices.astype\(int\)"),
        (Value([0.0]), TypeError, "embedding: indices must be whole numbers, got float64"),
        (["a"], TypeError, "embedding: indices must be whole numbers, got <U1"),
    ],
)
def test_embedding_errors(indices, error, message):
    with pytest.raises(error, match=message):
        nn.Embedding(4, 3)(indices)
    with pytest.raises(ValueError, match="Embedding: num_embeddings must be a positive whole number, got 0"):
        nn.Embedding(0, 3)


@pytest.mark.parametrize(
    ("dims", "shape", "flat"),
    [
        ((), (2, 3, 4), (2, 12)),
        ((), (2, 3), (2, 3)),
        ((0,), (2, 3, 4), (24,)),
        ((0, 1), (2, 3, 4), (6, 4)),
        ((-2,), (2, 3, 4), (2, 12)),
        ((2, 3), (2, 1, 3, 4, 1), (2, 1, 12, 1)),
    ],
)
def test_flatten(dims, shape, flat):
    layer, x = nn.Flatten(*dims), RNG.normal(size=shape)
    np.testing.assert_array_equal(layer(x), x.reshape(flat))
    assert layer(Value(x)).shape == layer.output_shape(shape) == flat
    assert gradcheck(lambda v: layer(v) ** 2, x, order=1).ok


def test_flatten_of_words_and_misfits():
    assert nn.Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    assert nn.Flatten(0).output_shape(("batch", 2, 3)) == ("batch·6",)
    with pytest.raises(ShapeError, match=r"Flatten\(.*\) gets \(3,\): expected axes 1 to -1; there are 1, is"):
        nn.Flatten()(np.zeros(3))
