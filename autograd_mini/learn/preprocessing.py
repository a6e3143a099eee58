"""Prepare examples for training: split, standardise, one-hot, cut into batches; an example is a row.

>>> X, y = np.arange(8.0).reshape(4, 2), np.arange(4)
>>> for inputs, target in batches(X, y, size=3):
...     print(inputs.shape, target)
(3, 2) [0 1 2]
(1, 2) [3]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autograd_mini.nn.init import generator
from autograd_mini.visible import shown


def one_hot(classes: np.ndarray, count: int | None = None) -> np.ndarray:
    """One column a class, 1 in the right one: (examples,) -> (examples, count).

    Args:
        classes: whole numbers from 0.
        count: how many classes there are; by default the largest one tells.

    Raises:
        ValueError: a class that is negative, not whole or not below `count`.

    >>> one_hot(np.array([2, 0]))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    classes = np.asarray(classes)
    if classes.dtype.kind not in "iu" or classes.ndim != 1:
        raise ValueError(f"one_hot: expected whole numbers (examples,), got {classes.dtype} {classes.shape}")
    largest = int(classes.max(initial=-1))
    count = largest + 1 if count is None else count
    if classes.min(initial=0) < 0 or largest >= count:
        raise ValueError(f"one_hot: classes must lie in 0 … {count - 1}, got {classes.min()} … {largest}")
    return np.eye(count)[classes]


def train_test_split(
    X: np.ndarray, y: np.ndarray, held_out: float = 0.25, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Shuffle the examples and hold some out: X_train, X_test, y_train, y_test.

    Args:
        held_out: the share of the examples to hold out, between 0 and 1 (rounded up).
        rng: draws the order; a fresh generator by default.

    Raises:
        ValueError: X and y differ in length, or one of the parts would be empty.

    >>> X_train, X_test, _, _ = train_test_split(np.eye(4), np.arange(4), rng=np.random.default_rng(0))
    >>> len(X_train), len(X_test)
    (3, 1)
    """
    same_length("train_test_split", X, y)
    share = held_out if isinstance(held_out, int | float | np.number) and np.isfinite(held_out) else 0.0
    test = int(np.ceil(share * len(X)))
    if not 0 < test < len(X):
        raise ValueError(f"train_test_split: held_out={held_out} of {len(X)} examples leaves one part empty")
    order = generator(rng).permutation(len(X))
    return X[order[test:]], X[order[:test]], y[order[test:]], y[order[:test]]


@dataclass(frozen=True, eq=False)
class Standardizer:
    """Columns to mean 0 and standard deviation 1: z = (x − mean)/scale.

    Fit it on the training examples only and apply it to all others: what is held out must not tell
    anything beforehand. A column that is constant there gets the scale 1, so it becomes 0.

    >>> standardize = Standardizer.fit(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> standardize(np.array([[3.0, 7.0], [5.0, 8.0]]))
    array([[1., 0.],
           [3., 1.]])
    >>> standardize.inverse([[1.0, 0.0]])
    array([[3., 7.]])
    """

    mean: np.ndarray
    """Of each column: (features,)."""
    scale: np.ndarray
    """The standard deviation (of the examples, ÷ n) of each column, or 1: (features,)."""

    @classmethod
    def fit(cls, X: np.ndarray) -> Standardizer:
        """Measure the columns of X (examples, features).

        Raises:
            ValueError: X has another shape, no rows, or is not finite.
        """
        X = np.asarray(X)
        if X.ndim != 2 or not len(X):
            raise ValueError(f"Standardizer: expected X (examples, features) with at least one row, got {X.shape}")
        if not np.isfinite(X).all():
            row, column = np.argwhere(~np.isfinite(X))[0].tolist()
            raise ValueError(f"Standardizer: X[{row}, {column}] is {X[row, column]}; remove or fill such cells first")
        # Three times 0.1 has a mean beside 0.1 and a deviation of 1e-17, which is not 0.
        constant = X.max(axis=0) == X.min(axis=0)
        return cls(np.where(constant, X[0], X.mean(axis=0)), np.where(constant, 1.0, X.std(axis=0)))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """z of the rows: (..., features) -> (..., features).

        Raises:
            ValueError: another number of features.
        """
        return (self._checked(X) - self.mean) / self.scale

    def inverse(self, Z: np.ndarray) -> np.ndarray:
        """x of the rows: (..., features) -> (..., features).

        Raises:
            ValueError: another number of features.
        """
        return self._checked(Z) * self.scale + self.mean

    def _checked(self, X: np.ndarray) -> np.ndarray:
        X = np.asarray(X)
        if X.shape[-1:] != self.mean.shape:  # else (n, 1) would broadcast
            raise ValueError(f"Standardizer: expected (..., {len(self.mean)}) as it was fitted on, got {X.shape}")
        return X


def batches(
    X: np.ndarray,
    y: np.ndarray,
    size: int | None = None,
    *,
    shuffle: bool = False,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut the examples into batches of `size` rows; the last one may be smaller.

    Args:
        size: examples in a batch; all of them by default.
        shuffle: take them in a random order, drawn by `rng` (a fresh generator by default).

    Raises:
        ValueError: X and y differ in length, or a size below 1.
    """
    same_length("batches", X, y)
    if size is not None and (not isinstance(size, int | np.integer) or size < 1):
        raise ValueError(f"batches: size must be a whole number, at least 1, got {size!r:.60}")
    size = size or max(len(X), 1)
    if shuffle:
        order = generator(rng).permutation(len(X))
        X, y = X[order], y[order]
    for start in range(0, len(X), size):
        yield X[start : start + size], y[start : start + size]


def same_length(function: str, X: np.ndarray, y: np.ndarray) -> None:
    """Raise a ValueError if the examples and their targets are not as many."""
    for name, given in (("X", X), ("y", y)):
        if not getattr(given, "shape", ()):  # rows cannot be picked from a list
            raise TypeError(f"{function}: {name} must be an array with a row for each example, got {shown(given)}")
    if len(X) != len(y):
        raise ValueError(f"{function}: X has {len(X)} examples, y has {len(y)}")
