"""Data sets to train on, split and cut into batches; an example is a row.

>>> X, y = xor()
>>> for inputs, target in batches(X, y, size=3):
...     print(inputs.shape, target.ravel())
(3, 2) [0. 1. 1.]
(1, 2) [0.]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def xor() -> tuple[np.ndarray, np.ndarray]:
    """The four inputs and the exclusive or of each: X (4, 2), y (4, 1).

    >>> xor()[1].ravel()
    array([0., 1., 1., 0.])
    """
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return X, np.array([[0.0], [1.0], [1.0], [0.0]])


def digits() -> tuple[np.ndarray, np.ndarray]:
    """1797 handwritten digits of 8 × 8 pixels: X (1797, 64) in [0, 1], the digits y (1797,).

    The set comes with scikit-learn (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
    Digits, UCI Machine Learning Repository, 1998); nothing is downloaded.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / 16, y


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

    >>> X_train, X_test, _, _ = train_test_split(*xor(), rng=np.random.default_rng(0))
    >>> len(X_train), len(X_test)
    (3, 1)
    """
    _same_length("train_test_split", X, y)
    test = int(np.ceil(held_out * len(X)))
    if not 0 < test < len(X):
        raise ValueError(f"train_test_split: held_out={held_out} of {len(X)} examples leaves one part empty")
    order = (rng or np.random.default_rng()).permutation(len(X))
    return X[order[test:]], X[order[:test]], y[order[test:]], y[order[:test]]


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
    _same_length("batches", X, y)
    if size is not None and size < 1:
        raise ValueError(f"batches: size must be at least 1, got {size}")
    size = size or max(len(X), 1)
    if shuffle:
        order = (rng or np.random.default_rng()).permutation(len(X))
        X, y = X[order], y[order]
    for start in range(0, len(X), size):
        yield X[start : start + size], y[start : start + size]


def _same_length(function: str, X: np.ndarray, y: np.ndarray) -> None:
    if len(X) != len(y):
        raise ValueError(f"{function}: X has {len(X)} examples, y has {len(y)}")
