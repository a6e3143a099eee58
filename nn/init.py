"""Draw a layer's first weights: the lecture's three initialisations, and others that are in use.

Each takes the `shape` to draw, a generator `rng`, and the `layer`'s sizes (n_out, n_in). For
weights the shape is just that, so `layer` may be left out. A bias is the weight from a unit that is
always 1: it has another shape, and is drawn from the same interval or normal distribution as its
layer's other weights. n is the size of the previous layer, n′ that of the layer itself.

    >>> rng = np.random.default_rng(0)
    >>> weight = fan_in_uniform((3, 2), rng)
    >>> bias = fan_in_uniform((3,), rng, layer=(3, 2))
    >>> bool(abs(weight).max() <= 2**-0.5), bool(abs(bias).max() <= 2**-0.5)
    (True, True)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakSet

import numpy as np

Shape = tuple[int, ...]
Sizes = tuple[int, int]
Initialisation = Callable[[Shape, np.random.Generator, Sizes], np.ndarray]


def uniform(
    shape: Shape,
    rng: np.random.Generator | None = None,
    layer: Sizes | None = None,
    bound: float = 0.01,
) -> np.ndarray:
    """Uniform on [−bound, bound], whatever the layer's sizes (lecture 9: ±0.01).

    Raises:
        TypeError: rng is not a numpy.random.Generator.

    >>> uniform((1, 2), np.random.default_rng(0), bound=1.0).round(2)
    array([[ 0.27, -0.46]])
    """
    return generator(rng).uniform(-bound, bound, shape)


def fan_in_uniform(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """Uniform on ±1/√n, n = size of the previous layer: for shallow networks (lecture 9).

    Raises:
        ValueError: no layer sizes for a shape that is not (n_out, n_in).
        TypeError: rng is not a numpy.random.Generator.

    >>> fan_in_uniform((1, 4), np.random.default_rng(0)).round(2)
    array([[ 0.14, -0.23, -0.46, -0.48]])
    """
    _, n = _sizes(shape, layer)
    return uniform(shape, rng, bound=1 / np.sqrt(n))


def glorot_uniform(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """Uniform on ±√6/√(n_j + n_{j+1}), the sizes on both sides of the weights: for deep networks.

    It keeps the variances of activations and of gradients about equal from layer to layer (Glorot &
    Bengio, 2010, Understanding the difficulty of training deep feedforward neural networks, eq. 16;
    lecture 9).

    Raises:
        ValueError: no layer sizes for a shape that is not (n_out, n_in).
        TypeError: rng is not a numpy.random.Generator.

    >>> glorot_uniform((2, 4), np.random.default_rng(0)).max() <= 1
    np.True_
    """
    n_next, n = _sizes(shape, layer)
    return uniform(shape, rng, bound=np.sqrt(6) / np.sqrt(n + n_next))


def glorot_normal(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """Normal with mean 0 and variance 2/(n + n′), that of `glorot_uniform` (Glorot & Bengio, 2010, eq. 12).

    Raises:
        ValueError: no layer sizes for a shape that is not (n_out, n_in).
        TypeError: rng is not a numpy.random.Generator.

    >>> bool(abs(glorot_normal((300, 100), np.random.default_rng(0)).std() - 0.005**0.5) < 1e-3)
    True
    """
    n_next, n = _sizes(shape, layer)
    return generator(rng).normal(0, np.sqrt(2 / (n + n_next)), shape)


def he_uniform(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """Uniform on ±√(6/n), of variance 2/n: for ReLU, which passes on half of what it receives.

    He, Zhang, Ren & Sun, 2015, Delving deep into rectifiers, eq. 10.

    Raises:
        ValueError: no layer sizes for a shape that is not (n_out, n_in).
        TypeError: rng is not a numpy.random.Generator.

    >>> he_uniform((2, 6), np.random.default_rng(0)).max() <= 1
    np.True_
    """
    _, n = _sizes(shape, layer)
    return uniform(shape, rng, bound=np.sqrt(6 / n))


def he_normal(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """Normal with mean 0 and variance 2/n, for ReLU (He, Zhang, Ren & Sun, 2015, eq. 10).

    Raises:
        ValueError: no layer sizes for a shape that is not (n_out, n_in).
        TypeError: rng is not a numpy.random.Generator.

    >>> bool(abs(he_normal((300, 50), np.random.default_rng(0)).std() - 0.2) < 3e-3)
    True
    """
    _, n = _sizes(shape, layer)
    return generator(rng).normal(0, np.sqrt(2 / n), shape)


def orthogonal(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """Rows (or, if there are more of them than columns, columns) of length 1, at right angles to each other.

    W x is then as long as x, however many layers follow each other. Every such matrix is equally
    likely. More axes than two: the first against all others. A bias, of one axis, is 0.

    Source: Saxe, McClelland & Ganguli, 2014, Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks; the draw: Mezzadri, 2007, How to generate random matrices from the
    classical compact groups.

    Raises:
        TypeError: rng is not a numpy.random.Generator.

    >>> w = orthogonal((2, 3), np.random.default_rng(0))
    >>> np.allclose(w @ w.T, np.eye(2))
    True
    """
    rng = generator(rng)
    if len(shape) < 2:
        return np.zeros(shape)
    rows, columns = shape[0], int(np.prod(shape[1:]))
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    # QR leaves the sign of each column open, and LAPACK's choice depends on the numbers: not every
    # matrix would be equally likely.
    q = q * np.where(np.diag(r) < 0, -1, 1)
    return (q.T if rows < columns else q).reshape(shape)


def zeros(shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None) -> np.ndarray:
    """All 0. For weights of hidden layers it shows why one draws: equal units get equal gradients and stay twins.

    >>> zeros((1, 2))
    array([[0., 0.]])
    """
    return np.zeros(shape)


def constant(
    shape: Shape, rng: np.random.Generator | None = None, layer: Sizes | None = None, value: float = 1.0
) -> np.ndarray:
    """All `value`; as an `init` with another value than 1: `functools.partial(constant, value=0.5)`.

    >>> constant((1, 2), value=0.5)
    array([[0.5, 0.5]])
    """
    return np.full(shape, float(value))


BY_NAME: dict[str, Initialisation] = {
    "uniform": uniform,
    "fan_in_uniform": fan_in_uniform,
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "orthogonal": orthogonal,
    "zeros": zeros,
    "constant": constant,
}


def by_name(init: str | Initialisation) -> Initialisation:
    """The initialisation of that name; a function f(shape, rng, layer) of your own stays as it is.

    Raises:
        ValueError: an unknown name.

    >>> by_name("uniform") is uniform
    True
    """
    if callable(init):
        return init
    if init not in BY_NAME:
        known = ", ".join(BY_NAME)
        raise ValueError(f"init: unknown name {init!r}; known are {known}, or f(shape, rng, layer)")
    return BY_NAME[init]


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """The generator itself, or a fresh one, seeded by the operating system, for None.

    In a forked process (`os.fork`, workers of `multiprocessing`) a fresh one goes on with numbers of its own; a
    generator that you passed is yours, and repeats there what it draws here: pass each worker one of
    `rng.spawn(workers)`.

    Raises:
        TypeError: anything else, such as a bare seed: every layer would draw the same numbers.

    >>> generator(7)
    Traceback (most recent call last):
        ...
    TypeError: rng must be a numpy.random.Generator, got int 7: pass rng=np.random.default_rng(7)
    """
    if rng is None:
        return Fresh()
    if not isinstance(rng, np.random.Generator):
        seeded = isinstance(rng, int | np.integer)
        got, seed = (f"int {rng}", rng) if seeded else (type(rng).__name__, "seed")
        fix = f"pass rng=np.random.default_rng({seed})"
        raise TypeError(f"rng must be a numpy.random.Generator, got {got}: {fix}")
    return rng


class Fresh(np.random.Generator):
    """A generator that nobody passed; copies and pickles of it are such, too."""

    def __init__(self, bits: np.random.BitGenerator | None = None) -> None:
        super().__init__(bits or np.random.PCG64())
        _fresh.add(self)

    def __reduce__(self) -> tuple:
        return Fresh, (self.bit_generator,)


_fresh: WeakSet[Fresh] = WeakSet()


def _draw_anew() -> None:
    for rng in _fresh:
        rng.bit_generator.state = np.random.PCG64().state


if hasattr(os, "register_at_fork"):  # else processes are not forked
    os.register_at_fork(after_in_child=_draw_anew)


def _sizes(shape: Shape, layer: Sizes | None) -> Sizes:
    sizes = shape if layer is None else layer
    if len(sizes) != 2:
        raise ValueError(
            f"init: shape {shape} does not tell the layer's sizes; pass layer=(n_out, n_in), "
            "for a bias those of its weights"
        )
    return sizes[0], sizes[1]
