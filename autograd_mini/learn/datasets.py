"""Small data sets to learn with: two inputs to look at, or real measurements; an example is a row.

>>> data = xor()
>>> data
Dataset(XOR: X (4, 2), y (4, 1))
>>> X, y = data
>>> y.ravel()
array([0., 1., 1., 0.])

Classes are whole numbers y (examples,), as `nn.CrossEntropyLoss` takes them; numbers to predict are a
column y (examples, 1), as a network with one output gives them. The four logical functions are such
columns too. Whatever is drawn comes from the `rng` that is passed, a fresh generator by default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.nn.init import generator
from autograd_mini.visible import visible


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples and what is known about them; unpacks as `X, y`."""

    name: str
    X: np.ndarray
    """The inputs: (examples, features)."""
    y: np.ndarray
    """The targets: classes (examples,) from 0, or numbers (examples, 1)."""
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    """By class; empty where y is a number to predict."""
    description: str = ""
    target_name: str = "y"

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "classification" if self.class_names else "regression"

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.X, self.y))

    def __getitem__(self, index: int) -> np.ndarray:
        return (self.X, self.y)[index]

    def __repr__(self) -> str:
        return f"Dataset({visible(self.name)}: X {self.X.shape}, y {self.y.shape})"


# -- the four inputs of a logical function ---------------------------------------------------------


def xor() -> Dataset:
    """The exclusive or, which no linear model can do: X (4, 2), y (4, 1).

    Source: lecture 9, "Linear models cannot".
    """
    return _logical("XOR", [0, 1, 1, 0], "1 where exactly one input is; no line separates the classes.")


def logical_and() -> Dataset:
    """1 where both inputs are: X (4, 2), y (4, 1).

    >>> logical_and().y.ravel()
    array([0., 0., 0., 1.])
    """
    return _logical("AND", [0, 0, 0, 1], "1 where both inputs are; a line separates the classes.")


def logical_or() -> Dataset:
    """1 where an input is: X (4, 2), y (4, 1).

    >>> logical_or().y.ravel()
    array([0., 1., 1., 1.])
    """
    return _logical("OR", [0, 1, 1, 1], "1 where at least one input is; a line separates the classes.")


def _logical(name: str, outputs: Sequence[int], description: str) -> Dataset:
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return Dataset(name, X, np.array(outputs, dtype=float)[:, None], ("x1", "x2"), ("0", "1"), description)


# -- drawn at random -------------------------------------------------------------------------------


def linear(count: int = 200, margin: float = 0.1, rng: np.random.Generator | None = None) -> Dataset:
    """Two classes on the two sides of a random line through the square [−1, 1]²: X (count, 2), y (count,).

    Args:
        count: examples, at least 2.
        margin: no point lies nearer to the line than this, 0 to 0.5.

    Raises:
        ValueError: a count or a margin out of range.

    >>> X, y = linear(100, rng=np.random.default_rng(0))
    >>> X.shape, np.unique(y)
    ((100, 2), array([0, 1]))
    """
    rng = _drawing("linear", count, rng)
    if not 0 <= margin <= 0.5:
        raise ValueError(f"linear: margin must lie in 0 … 0.5, got {margin}")
    angle = rng.uniform(0, 2 * np.pi)
    normal = np.array([np.cos(angle), np.sin(angle)])
    y = _halves(count)
    X = np.empty((count, 2))
    missing = np.ones(count, dtype=bool)
    while missing.any():  # the square is at least a third full: a few rounds
        X[missing] = rng.uniform(-1, 1, (missing.sum(), 2))
        missing = (2 * y - 1) * (X @ normal) <= margin
    return Dataset("linear", X, y, ("x1", "x2"), ("0", "1"), "Two classes that a line separates.")


def circles(
    count: int = 200, noise: float = 0.05, inner: float = 0.5, rng: np.random.Generator | None = None
) -> Dataset:
    """A circle of radius 1 (class 0) around one of radius `inner` (class 1): X (count, 2), y (count,).

    Args:
        count: examples, at least 2.
        noise: the standard deviation of what is added to both coordinates, ≥ 0.
        inner: between 0 and 1.

    Raises:
        ValueError: an argument out of range.

    >>> X, y = circles(100, noise=0.0)
    >>> bool(np.allclose(np.hypot(*X[y == 1].T), 0.5))
    True
    """
    rng = _drawing("circles", count, rng, noise)
    if not 0 < inner < 1:
        raise ValueError(f"circles: inner must lie between 0 and 1, got {inner}")
    y = _halves(count)
    angle = rng.uniform(0, 2 * np.pi, count)
    X = np.where(y, inner, 1.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    X += rng.normal(0, noise, X.shape)
    return Dataset("circles", X, y, ("x1", "x2"), ("outer", "inner"), "Two circles, one around the other.")


def moons(count: int = 200, noise: float = 0.1, rng: np.random.Generator | None = None) -> Dataset:
    """Two half circles of radius 1 that reach into each other: X (count, 2), y (count,).

    Args:
        count: examples, at least 2.
        noise: the standard deviation of what is added to both coordinates, ≥ 0.

    Raises:
        ValueError: an argument out of range.

    >>> moons(100)
    Dataset(moons: X (100, 2), y (100,))
    """
    rng = _drawing("moons", count, rng, noise)
    y = _halves(count)
    angle = rng.uniform(0, np.pi, count)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.where(y[:, None], [1.0, 0.5] - upper, upper) + rng.normal(0, noise, (count, 2))
    return Dataset("moons", X, y, ("x1", "x2"), ("upper", "lower"), "Two half circles that reach into each other.")


def spirals(
    count: int = 300, classes: int = 3, turns: float = 0.75, noise: float = 0.03, rng: np.random.Generator | None = None
) -> Dataset:
    """Arms of a spiral, one a class, that wind outward to radius 1: X (count, 2), y (count,).

    Args:
        count: examples, at least as many as classes.
        classes: arms, at least 2.
        turns: how often each arm winds around the middle, ≥ 0.
        noise: the standard deviation of what is added to both coordinates, ≥ 0.

    Raises:
        ValueError: an argument out of range.

    >>> spirals(90).class_names
    ('0', '1', '2')
    """
    rng = _drawing("spirals", count, rng, noise)
    if not 2 <= classes <= count or turns < 0:
        raise ValueError(f"spirals: expected 2 … {count} classes and turns ≥ 0, got {classes} and {turns}")
    y = np.arange(count) % classes
    radius = rng.uniform(0.05, 1, count)
    angle = 2 * np.pi * (y / classes + turns * radius)
    X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(0, noise, (count, 2))
    names = tuple(map(str, range(classes)))
    return Dataset("spirals", X, y, ("x1", "x2"), names, f"{classes} arms of a spiral, wound into each other.")


def regression_curve(count: int = 100, noise: float = 0.1, rng: np.random.Generator | None = None) -> Dataset:
    """y = sin(πx) + x/2 + noise for x in [−1, 1]: X (count, 1), y (count, 1).

    Args:
        count: examples, at least 2.
        noise: the standard deviation of what is added to y, ≥ 0.

    Raises:
        ValueError: an argument out of range.

    >>> regression_curve(50).task
    'regression'
    """
    rng = _drawing("regression_curve", count, rng, noise)
    X = np.sort(rng.uniform(-1, 1, (count, 1)), axis=0)
    y = np.sin(np.pi * X) + X / 2 + rng.normal(0, noise, X.shape)
    return Dataset("regression curve", X, y, ("x",), description="y = sin(πx) + x/2 with noise.")


def _drawing(owner: str, count: int, rng: np.random.Generator | None, noise: float = 0.0) -> np.random.Generator:
    real = isinstance(count, int | np.integer) and isinstance(noise, int | float | np.number)
    if not real or count < 2 or not 0 <= noise < np.inf:
        raise ValueError(f"{owner}: expected at least 2 examples and noise ≥ 0, got {count!r:.40} and {noise!r:.40}")
    return generator(rng)


def _halves(count: int) -> np.ndarray:
    return np.arange(count) % 2


# -- real data, from scikit-learn ------------------------------------------------------------------


def iris() -> Dataset:
    """150 irises of three species by the sizes of their leaves: X (150, 4) in cm, y (150,).

    The set comes with scikit-learn (R. A. Fisher, The use of multiple measurements in taxonomic
    problems, Annals of Eugenics 7, 1936); nothing is downloaded.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.

    >>> iris().class_names
    ('setosa', 'versicolor', 'virginica')
    """
    return _from_sklearn("iris", "species", "Irises of three species by the sizes of their leaves, in cm.")


def wine() -> Dataset:
    """178 wines of three growers by 13 chemical measurements of very different sizes: X (178, 13), y (178,).

    The set comes with scikit-learn (M. Forina et al., PARVUS, UCI Machine Learning Repository,
    1991); nothing is downloaded.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    return _from_sklearn("wine", "grower", "Italian wines of three growers by their chemistry; standardise it.")


def digits() -> Dataset:
    """1797 handwritten digits of 8 × 8 pixels: X (1797, 64) in [0, 1], the digits y (1797,).

    The set comes with scikit-learn (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
    Digits, UCI Machine Learning Repository, 1998); nothing is downloaded.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    return _from_sklearn("digits", "digit", "Handwritten digits of 8 × 8 pixels between 0 and 1.", largest=16.0)


def diabetes() -> Dataset:
    """442 patients, ten measurements each, and how their diabetes went on: X (442, 10), y (442, 1) from 25 to 346.

    The columns have mean 0 and length 1, so each entry is about 0.05; standardise both X and y. The
    set comes with scikit-learn (B. Efron et al., Least angle regression, Annals of Statistics 32,
    2004); nothing is downloaded.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    return _from_sklearn("diabetes", "progression", "Progression of diabetes in a year by ten measurements.")


def _from_sklearn(name: str, target: str, description: str, largest: float = 1.0) -> Dataset:
    from sklearn import datasets

    found: Any = getattr(datasets, f"load_{name}")()
    y = found.target
    classes = tuple(str(c) for c in found.target_names) if "target_names" in found else ()
    features = tuple(str(feature) for feature in found.feature_names)
    return Dataset(name, found.data / largest, y if classes else y[:, None], features, classes, description, target)
