"""NumPy's functions and methods of Values, compiled and as written, in every form that the engine's own tests call."""

import warnings

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.numbers import constant
from tests.trust.numpy_calls import CALLS, CONSTANTS, OPERANDS


def parts(found):
    """The Values in what a call returned."""
    found = found if isinstance(found, tuple | list) else [found]
    return [x for x in found if type(x) is ag.Value]


def values():
    return {name: ag.Value(x, name=name) for name, x in OPERANDS.items() if name != "j"}


def summed(call, given):
    found = parts(eval(call, dict(CONSTANTS, **given)))
    total = 0.0
    for x in found:
        total = np.sum(x * np.cos(1.0 + np.arange(x.size)).reshape(x.shape)) + total
    return total


@pytest.mark.parametrize("start", range(0, len(CALLS), 200))
def test_calls_are_replayed(start):
    wrong = []
    for call in CALLS[start : start + 200]:
        try:
            replayed(call)
        except Exception as error:
            wrong.append(f"{call}: {type(error).__name__} {error}"[:300])
    assert wrong == []


def replayed(call):
    given = values()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            expected = summed(call, given)
            if type(expected) is not ag.Value:
                return  # a question, or no Value in it
            expected.backward()
        except Exception as error:
            with pytest.raises(type(error)):
                ag.compile(lambda: summed(call, given))()
            return
        grads = {name: v.grad for name, v in given.items()}
        step = ag.compile(lambda: summed(call, given))
        for _ in range(2):
            for v in given.values():
                v.grad = None
            found = step()
            tolerance = 1e-4 if "f" in call or "h" in call else 1e-12
            np.testing.assert_allclose(found, constant(expected), rtol=tolerance, atol=tolerance)
            for name, v in given.items():
                assert (v.grad is None) == (grads[name] is None)
                if v.grad is not None:
                    assert np.shape(v.grad) == np.shape(grads[name])
                    np.testing.assert_allclose(v.grad, grads[name], rtol=tolerance, atol=tolerance)
