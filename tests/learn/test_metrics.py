"""Accuracy, confusion and R² against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics

from autograd_mini import Value
from autograd_mini.learn import accuracy, confusion_matrix, one_hot, r_squared


def test_classes_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    scores, right = rng.normal(size=(50, 4)), rng.integers(0, 4, 50)
    predicted = scores.argmax(axis=1)
    for prediction in (scores, predicted):
        for target in (right, one_hot(right, 4)):
            assert accuracy(prediction, target) == metrics.accuracy_score(right, predicted)
            assert np.array_equal(confusion_matrix(prediction, target), metrics.confusion_matrix(right, predicted))
    assert confusion_matrix(scores, right, 6).shape == (6, 6)


def test_one_column_is_compared_with_the_threshold():
    prediction, target = np.array([[0.6], [0.4], [0.9]]), np.array([[1.0], [1.0], [0.0]])
    assert accuracy(prediction, target) == pytest.approx(1 / 3)
    assert accuracy(prediction - 0.5, target, threshold=0.0) == pytest.approx(1 / 3)
    assert accuracy(prediction[:, 0], target[:, 0]) == pytest.approx(1 / 3)


def test_r_squared_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    target = rng.normal(5, 2, (30, 1))
    prediction = target + rng.normal(size=(30, 1))
    assert r_squared(prediction, target) == pytest.approx(metrics.r2_score(target, prediction), rel=1e-12)
    assert np.isnan(r_squared(np.ones(3), np.full(3, 2.0)))


@pytest.mark.parametrize(
    ("metric", "prediction", "target"),
    [
        (accuracy, np.ones((3, 2)), np.array([0, 1])),
        (accuracy, np.ones((3, 2, 2)), np.array([0, 1, 1])),
        (accuracy, np.ones((0, 2)), np.array([], dtype=int)),
        (confusion_matrix, np.array([0, 1]), np.array([0])),
        (r_squared, np.ones(3), np.ones((3, 1))),
        (r_squared, np.ones(0), np.ones(0)),
    ],
)
def test_shapes_that_do_not_fit(metric, prediction, target):
    with pytest.raises(ValueError, match="expected"):
        metric(prediction, target)


def test_a_class_beyond_the_count():
    with pytest.raises(ValueError, match=r"0 … 1, the largest is 2"):
        confusion_matrix(np.array([2]), np.array([0]), 2)


def test_a_model_s_output_need_not_be_unwrapped():
    output = Value(np.array([[0.9, 0.1], [0.4, 0.6]]))
    assert accuracy(output, np.array([0, 0])) == 0.5
    assert r_squared(Value(np.array([[1.0], [2.0]])), np.array([[1.0], [2.0]])) == 1.0
    np.testing.assert_array_equal(confusion_matrix(output, np.array([0, 0])), [[1, 1], [0, 0]])
