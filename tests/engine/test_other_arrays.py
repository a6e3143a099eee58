"""The engine asks for NumPy's protocols, not for NumPy's arrays: an array type that implements them
(as CuPy's does, on a GPU) is recorded and differentiated, and stays what it is all the way.
"""

import numpy as np
import pytest

import autograd_mini as ag


class Elsewhere:
    """An array that lives elsewhere: NumPy reaches it only through its dispatch protocols."""

    def __init__(self, data):
        self.inside = np.asarray(data)

    shape = property(lambda self: self.inside.shape)
    ndim = property(lambda self: self.inside.ndim)
    size = property(lambda self: self.inside.size)
    dtype = property(lambda self: self.inside.dtype)
    T = property(lambda self: Elsewhere(self.inside.T))
    base = property(lambda self: self.inside.base)

    def __array__(self, *args, **kwargs):
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if not all(isinstance(x, Elsewhere | int | float | np.generic) for x in inputs):
            return NotImplemented  # a NumPy array does not mix with one that lives elsewhere
        return wrap(getattr(ufunc, method)(*map(unwrap, inputs), **kwargs))

    def __array_function__(self, func, types, args, kwargs):
        return wrap(func(*unwrap(args), **unwrap(kwargs)))

    def __getitem__(self, index):
        return wrap(self.inside[unwrap(index)])

    def __setitem__(self, index, item):
        self.inside[unwrap(index)] = unwrap(item)

    def __bool__(self):
        return bool(self.inside)

    def __float__(self):
        return float(self.inside)

    def copy(self):
        return Elsewhere(self.inside.copy())

    def astype(self, dtype):
        return Elsewhere(self.inside.astype(dtype))

    def __add__(self, other):
        return np.add(self, other)

    def __radd__(self, other):
        return np.add(other, self)

    def __sub__(self, other):
        return np.subtract(self, other)

    def __rsub__(self, other):
        return np.subtract(other, self)

    def __mul__(self, other):
        return np.multiply(self, other)

    def __rmul__(self, other):
        return np.multiply(other, self)

    def __truediv__(self, other):
        return np.divide(self, other)

    def __rtruediv__(self, other):
        return np.divide(other, self)

    def __matmul__(self, other):
        return np.matmul(self, other)

    def __neg__(self):
        return np.negative(self)

    def __ge__(self, other):
        return np.greater_equal(self, other)

    def __gt__(self, other):
        return np.greater(self, other)

    def __eq__(self, other):
        return np.equal(self, other)

    def __ne__(self, other):
        return np.not_equal(self, other)

    __hash__ = None


def wrap(result):
    return Elsewhere(result) if isinstance(result, np.ndarray | np.generic) else result


def unwrap(item):
    if isinstance(item, Elsewhere):
        return item.inside
    if isinstance(item, tuple | list):
        return type(item)(map(unwrap, item))
    return {k: unwrap(v) for k, v in item.items()} if isinstance(item, dict) else item


PROGRAMS = {
    "elementwise": lambda x, W: np.sum(np.tanh(x) * x + np.exp(-x) / (1 + x * x)),
    "network": lambda x, W: np.sum((W @ x).sigmoid() ** 2),
    "softmax": lambda x, W: -np.sum(ag.log_softmax(W @ x) * 0.25),
    "reductions": lambda x, W: np.max(W) * np.mean(W) + np.prod(x) + np.sum(W.T, axis=0)[1],
    "shaping": lambda x, W: np.sum(np.reshape(W, (6,))[1:4] * 2.0) + np.concatenate([x, x])[2],
    "broadcasting": lambda x, W: np.sum(W * x),
    "relu": lambda x, W: np.sum(np.maximum(W, 0.0)) + np.sum(x.relu()),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_an_array_that_only_speaks_the_protocols_is_differentiated(program, dtype):
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=3).astype(dtype), rng.normal(size=(2, 3)).astype(dtype)
    here = [ag.Value(x), ag.Value(W)]
    there = [ag.Value(Elsewhere(x)), ag.Value(Elsewhere(W))]
    program(*here).backward()
    program(*there).backward()
    for expected, found in zip(here, there, strict=True):
        assert type(found.data) is Elsewhere
        if expected.grad is not None:
            assert type(found.grad) is Elsewhere
            assert found.grad.dtype == dtype
            np.testing.assert_allclose(found.grad.inside, expected.grad, rtol=1e-6)
        else:
            assert found.grad is None


def as_matrix(numbers):
    with pytest.warns(PendingDeprecationWarning):
        return np.matrix(numbers)


@pytest.mark.parametrize("kind", ["matrix", "memmap", "series", "frame"])
def test_other_kinds_of_constants_are_read_as_numpys_arrays(kind, tmp_path):
    """np.matrix multiplies as matrices do, and a Series has no `base`: rules would be wrong, or fail, with these."""
    numbers = np.array([[1.0, 2.0], [3.0, 4.0]])
    if kind == "memmap":
        np.save(tmp_path / "a.npy", numbers)
    make = {
        "matrix": as_matrix,
        "memmap": lambda numbers: np.load(tmp_path / "a.npy", mmap_mode="r"),
        "series": lambda numbers: pytest.importorskip("pandas").Series(numbers[0]),
        "frame": lambda numbers: pytest.importorskip("pandas").DataFrame(numbers),
    }
    other = make[kind](numbers)
    plain = np.asarray(other)
    v = ag.Value(np.full(plain.shape, 0.5))
    np.sum(np.exp(v) * other).backward()
    assert type(v.grad) is np.ndarray
    np.testing.assert_array_equal(v.grad, np.exp(0.5) * plain)
    leaf = ag.Value(other)
    assert type(leaf.data) is np.ndarray
    np.sum(leaf * leaf).backward()
    np.testing.assert_array_equal(leaf.grad, 2 * plain)
