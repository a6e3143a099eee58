"""Say in one number how good predictions are: accuracy, R²; or in a table: the confusion matrix.

All take plain arrays, the prediction first.
"""

from __future__ import annotations

import numpy as np

from autograd_mini.numbers import constant
from autograd_mini.value import Value


def classes_of(output: np.ndarray | Value, threshold: float = 0.5) -> np.ndarray:
    """The class each row stands for: (examples, classes) -> the largest entry's; (examples, 1) -> is it above?

    Args:
        output: scores, logits or probabilities, or one-hot targets; also classes (examples,) themselves.
        threshold: of a single column: 0.5 for probabilities, 0 for logits.

    >>> classes_of(np.array([[0.1, 0.7, 0.2]])), classes_of(np.array([[0.9], [0.2]]))
    (array([1]), array([1, 0]))
    """
    output = np.asarray(constant(output))
    if output.ndim == 1 and output.dtype.kind in "iu":
        return output
    if output.ndim == 2 and output.shape[1] > 1:
        return np.argmax(output, axis=1)
    if output.ndim == 1 or (output.ndim == 2 and output.shape[1] == 1):
        return (output.reshape(len(output)) > threshold).astype(int)
    raise ValueError(f"classes_of: expected (examples, classes), (examples, 1) or (examples,), got {output.shape}")


def accuracy(prediction: np.ndarray | Value, target: np.ndarray, threshold: float = 0.5) -> float:
    """The share of the examples, 0 to 1, whose predicted class is the right one.

    Args:
        prediction: (examples, classes), or one column of numbers for two classes.
        target: classes (examples,), or of the prediction's shape: one-hot, or a column of 0 and 1.
        threshold: of a single column: 0.5 for probabilities, 0 for logits.

    Raises:
        ValueError: other shapes, or not as many, or none.

    >>> accuracy(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 0]))
    0.5
    """
    predicted, right = classes_of(prediction, threshold), classes_of(target)
    _as_many("accuracy", predicted, right)
    return float(np.mean(predicted == right))


def confusion_matrix(prediction: np.ndarray | Value, target: np.ndarray, count: int | None = None) -> np.ndarray:
    """How many examples of each class (row) were taken for which (column): (count, count).

    Args:
        prediction, target: as in `accuracy`.
        count: how many classes there are; by default the largest one tells.

    Raises:
        ValueError: other shapes, or not as many; a class that is not below `count`.

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]))
    array([[1, 1],
           [0, 1]])
    """
    predicted, right = classes_of(prediction), classes_of(target)
    _as_many("confusion_matrix", predicted, right)
    largest = int(max(predicted.max(), right.max()))
    count = largest + 1 if count is None else count
    if largest >= count or min(predicted.min(), right.min()) < 0:
        raise ValueError(f"confusion_matrix: classes must lie in 0 … {count - 1}, the largest is {largest}")
    table = np.zeros((count, count), dtype=int)
    np.add.at(table, (right, predicted), 1)
    return table


def r_squared(prediction: np.ndarray | Value, target: np.ndarray) -> float:
    """The share of the target's variance that is explained: R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)².

    1 is perfect, 0 as good as the mean, below 0 worse; nan where the target does not vary.

    Raises:
        ValueError: the shapes differ. They are never broadcast: (n,) against (n, 1) would make n²
            differences.

    >>> r_squared(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    prediction, target = np.asarray(constant(prediction)), np.asarray(constant(target))
    if prediction.shape != target.shape or not target.size:
        raise ValueError(f"r_squared: expected numbers of one shape, got {prediction.shape} and {target.shape}")
    spread = np.sum((target - target.mean(axis=0)) ** 2)
    return float(1 - np.sum((target - prediction) ** 2) / spread) if spread else float("nan")


def _as_many(owner: str, predicted: np.ndarray, right: np.ndarray) -> None:
    if len(predicted) != len(right) or not len(right):
        raise ValueError(f"{owner}: expected as many predictions as targets, got {len(predicted)} and {len(right)}")
