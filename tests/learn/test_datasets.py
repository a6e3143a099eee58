"""Data sets: shapes, classes, what the description promises, and the same seed the same points."""

import numpy as np
import pytest

from autograd_mini.learn import (
    circles,
    diabetes,
    digits,
    iris,
    linear,
    logical_and,
    logical_or,
    moons,
    regression_curve,
    spirals,
    wine,
    xor,
)

DRAWN = [linear, circles, moons, spirals, regression_curve]


@pytest.mark.parametrize(
    ("make", "function"), [(xor, np.logical_xor), (logical_and, np.logical_and), (logical_or, np.logical_or)]
)
def test_a_logical_function_is_what_its_name_says(make, function):
    X, y = make()
    assert (X.shape, y.shape) == ((4, 2), (4, 1))
    assert np.array_equal(y.ravel().astype(bool), function(X[:, 0], X[:, 1]))
    assert len(np.unique(X, axis=0)) == 4


@pytest.mark.parametrize("make", DRAWN)
def test_the_seed_draws_the_points_and_the_parts_fit(make):
    data, again, other = (make(101, rng=np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(data.X, again.X)
    assert np.array_equal(data.y, again.y)
    assert not np.array_equal(data.X, other.X)
    assert data.X.shape == (101, len(data.feature_names))
    assert np.isfinite(data.X).all()
    assert data.description
    if data.task == "classification":
        counts = np.bincount(data.y)
        assert len(counts) == len(data.class_names)
        assert np.ptp(counts) <= 1
    else:
        assert data.y.shape == (101, 1)


def test_a_line_separates_the_linear_set():
    X, y = linear(500, margin=0.2, rng=np.random.default_rng(0))
    assert np.abs(X).max() <= 1
    direction = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)
    angles = np.arctan2(*direction[::-1]) + np.linspace(-0.5, 0.5, 201)
    gaps = [(X[y == 1] @ n).min() - (X[y == 0] @ n).max() for n in np.column_stack([np.cos(angles), np.sin(angles)])]
    assert max(gaps) >= 0.39  # 0.2 on either side


def test_shapes_without_noise():
    X, y = circles(50, noise=0.0, inner=0.25)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y, 0.25, 1.0))
    X, y = moons(50, noise=0.0)
    np.testing.assert_allclose(np.hypot(*X[y == 0].T), 1)
    np.testing.assert_allclose(np.hypot(*(X[y == 1] - [1.0, 0.5]).T), 1)
    assert X[y == 0][:, 1].min() >= 0
    assert X[y == 1][:, 1].max() <= 0.5
    X, y = spirals(60, classes=4, turns=1.0, noise=0.0)
    radius = np.hypot(*X.T)
    np.testing.assert_allclose(np.exp(1j * (np.arctan2(X[:, 1], X[:, 0]) - 2 * np.pi * (y / 4 + radius))), 1)
    X, y = regression_curve(50, noise=0.0)
    np.testing.assert_allclose(y, np.sin(np.pi * X) + X / 2)


@pytest.mark.parametrize("make", DRAWN)
def test_too_few_points(make):
    with pytest.raises(ValueError, match="at least 2 examples"):
        make(1)


@pytest.mark.parametrize(
    ("make", "options"),
    [(linear, {"margin": 0.6}), (circles, {"noise": -1}), (circles, {"inner": 1}), (spirals, {"classes": 1})],
)
def test_options_out_of_range(make, options):
    with pytest.raises(ValueError, match=r"expected|must lie"):
        make(**options)


@pytest.mark.parametrize(
    ("make", "shape", "classes"), [(iris, (150, 4), 3), (wine, (178, 13), 3), (digits, (1797, 64), 10)]
)
def test_real_classes(make, shape, classes):
    data = make()
    X, y = data
    assert X.shape == shape == (len(y), len(data.feature_names))
    assert sorted(set(y.tolist())) == list(range(classes))
    assert len(data.class_names) == classes
    assert (data[0] is X, data[1] is y) == (True, True)


def test_digits_lie_between_0_and_1():
    assert (digits().X.min(), digits().X.max()) == (0, 1)


def test_diabetes_is_a_regression():
    data = diabetes()
    assert (data.X.shape, data.y.shape, data.task) == ((442, 10), (442, 1), "regression")
    assert (data.y.min(), data.y.max()) == (25, 346)
