"""Data sets, splits and batches."""

import numpy as np
import pytest

from autograd_mini.learn import batches, digits, one_hot, train_test_split, xor


def test_xor_is_the_exclusive_or():
    X, y = xor()
    assert X.shape == (4, 2)
    assert y.shape == (4, 1)
    assert np.array_equal(y.ravel().astype(bool), np.logical_xor(X[:, 0], X[:, 1]))
    assert len(np.unique(X, axis=0)) == 4


def test_digits():
    X, y = digits()
    assert X.shape == (1797, 64)
    assert (X.min(), X.max()) == (0, 1)
    assert sorted(set(y.tolist())) == list(range(10))


def test_one_hot():
    codes = one_hot(np.array([3, 0, 3]), 5)
    assert codes.shape == (3, 5)
    assert codes.argmax(axis=1).tolist() == [3, 0, 3]
    assert codes.sum() == 3
    assert one_hot(np.array([], dtype=int), 2).shape == (0, 2)


@pytest.mark.parametrize(
    ("classes", "count", "message"),
    [
        ([0.0, 1.0], None, "whole numbers"),
        ([[0, 1]], None, "whole numbers"),
        ([0, -1], None, r"0 … 0, got -1 … 0"),
        ([0, 3], 3, r"0 … 2, got 0 … 3"),
    ],
)
def test_one_hot_of_no_classes(classes, count, message):
    with pytest.raises(ValueError, match=message):
        one_hot(np.array(classes), count)


def test_split_holds_out_its_share_and_keeps_pairs_together():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    X_train, X_test, y_train, y_test = train_test_split(X, y, 0.25, np.random.default_rng(0))
    assert (len(X_train), len(X_test)) == (7, 3)
    assert sorted([*y_train, *y_test]) == list(range(10))
    assert np.array_equal(X_train, X[y_train])
    assert np.array_equal(X_test, X[y_test])
    assert y_test.tolist() != [0, 1, 2]
    again = train_test_split(X, y, 0.25, np.random.default_rng(0))
    assert np.array_equal(again[3], y_test)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5])
def test_split_into_nothing(share):
    with pytest.raises(ValueError, match="one part empty"):
        train_test_split(*xor(), held_out=share)


def test_batches_cover_every_example_once():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    found = list(batches(X, y, 4))
    assert [len(inputs) for inputs, _ in found] == [4, 4, 2]
    assert np.array_equal(np.concatenate([target for _, target in found]), y)
    assert [len(inputs) for inputs, _ in batches(X, y)] == [10]


def test_batches_shuffle_pairs_with_the_generator():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    orders = []
    rng = np.random.default_rng(0)
    for _ in range(2):
        found = list(batches(X, y, 4, shuffle=True, rng=rng))
        order = np.concatenate([target for _, target in found])
        assert np.array_equal(np.concatenate([inputs for inputs, _ in found]), X[order])
        assert sorted(order) == list(range(10))
        orders.append(order.tolist())
    assert orders[0] != orders[1]
    again = [target for _, target in batches(X, y, 4, shuffle=True, rng=np.random.default_rng(0))]
    assert np.concatenate(again).tolist() == orders[0]
    assert np.array_equal(y, np.arange(10))


def test_batches_that_cannot_be():
    X, y = xor()
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        next(batches(X, y, 0))
    with pytest.raises(ValueError, match="X has 4 examples, y has 3"):
        next(batches(X, y[:3]))
    with pytest.raises(ValueError, match="X has 4 examples, y has 3"):
        train_test_split(X, y[:3])
