"""Splits, standardisation, one-hot and batches."""

import numpy as np
import pytest

from autograd_mini.learn import Standardizer, batches, one_hot, train_test_split, xor


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
    with pytest.raises(ValueError, match="size must be a whole number, at least 1, got 0"):
        next(batches(X, y, 0))
    with pytest.raises(ValueError, match="X has 4 examples, y has 3"):
        next(batches(X, y[:3]))
    with pytest.raises(ValueError, match="X has 4 examples, y has 3"):
        train_test_split(X, y[:3])


def test_standardised_columns_have_mean_0_and_deviation_1_and_come_back():
    X = np.random.default_rng(0).normal(50, 9, (40, 3)) * [1, 1e-9, 1e9]
    standardize = Standardizer.fit(X)
    Z = standardize(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(standardize.inverse(Z), X, rtol=1e-12)
    np.testing.assert_array_equal(standardize(X[:2] + 1), (X[:2] + 1 - X.mean(axis=0)) / X.std(axis=0))


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e300, -7.0])
def test_a_constant_column_becomes_0(constant):
    X = np.column_stack([np.arange(3.0), np.full(3, constant)])
    with np.errstate(over="ignore"):  # the sum of three 1e300 is fine; their squares are not taken
        Z = Standardizer.fit(X)(X)
    assert Z[:, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("X", [np.ones(3), np.ones((0, 2)), [[1.0, np.nan], [2.0, 3.0]], [[1.0], [np.inf]]])
def test_what_cannot_be_standardised(X):
    with pytest.raises(ValueError, match=r"Standardizer: (expected X|X\[)"):
        Standardizer.fit(X)


def test_another_number_of_columns_is_refused():
    standardize = Standardizer.fit(np.eye(3))
    for wrong in (np.ones((2, 1)), np.ones((3, 2)), np.ones(4)):
        with pytest.raises(ValueError, match=r"expected \(\.\.\., 3\)"):
            standardize(wrong)
        with pytest.raises(ValueError, match=r"expected \(\.\.\., 3\)"):
            standardize.inverse(wrong)
