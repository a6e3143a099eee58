"""A compiled function equals the engine, over the table of operations, NumPy's functions and random programs."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.primitives import TABLE
from tests.engine.examples import EXAMPLES


def calls():
    return [(name, example) for name, examples in EXAMPLES.items() for example in examples]


def close(found, expected, exact):
    assert np.shape(found) == np.shape(expected)
    assert type(found) is type(expected)
    if exact:
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def numbers_of(example, precision, times):
    """The example's inputs in that precision, moved a little, as a leaf's data would be by training."""
    return [
        np.asarray(x * times, precision)[()] if precision != "float64" or np.ndim(x) else float(x) * times
        for x in example.inputs
    ]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(("name", "example"), calls(), ids=lambda item: str(item))
def test_every_row_of_the_table_is_replayed(name, example, precision):
    row = TABLE[name]
    leaves = [ag.Value(x) for x in numbers_of(example, precision, 1.0)]
    z = row(*leaves, params=example.params)
    weights = np.cos(np.arange(1.0, z.size + 1)).reshape(z.shape).astype(z.dtype)

    def f():
        return np.sum(row(*leaves, params=example.params) * weights[()])

    step = ag.compile(f)
    for times in (1.0, 1.0, 1.01):
        for leaf, data in zip(leaves, numbers_of(example, precision, times), strict=True):
            leaf.data, leaf.grad = data, None
        found = step()
        grads = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        expected = f()
        expected.backward()
        tolerance = 1e-12 if precision == "float64" else 2e-5
        np.testing.assert_allclose(found, expected.data, rtol=tolerance, atol=tolerance)
        for leaf, grad in zip(leaves, grads, strict=True):
            assert type(grad) is type(leaf.grad)
            assert np.shape(grad) == np.shape(leaf.grad)
            np.testing.assert_allclose(grad, leaf.grad, rtol=tolerance, atol=tolerance)
    assert len(step.programs) == 1
