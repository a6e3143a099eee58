"""What scalars compute with: every function on Python floats answers as NumPy's, at odd numbers too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import Local, Value
from autograd_mini.floats import FLOAT_FUNCTIONS
from autograd_mini.primitives import TABLE
from autograd_mini.value import apply1, apply2

from .examples import EXAMPLES

NUMBERS = [-math.inf, -1e308, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 2.5, 1e308, math.inf, math.nan]
UFUNCS = {name: getattr(np, name) for name in FLOAT_FUNCTIONS if isinstance(getattr(np, name), np.ufunc)}


@pytest.mark.parametrize("name", UFUNCS)
def test_a_function_on_floats_is_numpys(name: str) -> None:
    """Where it does not raise: then NumPy itself is asked (`value.apply1`)."""
    answered = 0
    for xs in itertools.product(NUMBERS, repeat=UFUNCS[name].nin):
        try:
            found = FLOAT_FUNCTIONS[name](*xs)
        except (ArithmeticError, ValueError):
            continue
        with np.errstate(all="ignore"):
            expected = UFUNCS[name](*map(np.float64, xs))
        np.testing.assert_allclose(found, expected, rtol=1e-15, err_msg=f"{name}{xs}")
        if found == 0 and name not in (
            "maximum",
            "minimum",
        ):  # of 0.0 and -0.0 NumPy's larger one depends on the machine
            assert math.copysign(1, found) == math.copysign(1, expected), f"{name}{xs}"
        answered += 1
    assert answered >= 5


def test_the_other_functions_on_floats() -> None:
    assert set(FLOAT_FUNCTIONS) - set(UFUNCS) == {"where", "all"}
    assert [FLOAT_FUNCTIONS["where"](c, 1.5, 2.5) for c in (True, False)] == [1.5, 2.5]
    assert [FLOAT_FUNCTIONS["all"](c) for c in (True, False)] == [True, False]


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
@pytest.mark.parametrize("whole", [2, 4])
def test_the_larger_of_a_value_and_a_whole_number_is_a_float(f: Callable[..., Any], whole: int) -> None:
    for z in (f(Value(3.0), whole), f(whole, Value(3.0))):
        assert type(z.data) is float
        assert z.data == f(3.0, whole)


#: The elementwise rows without params, each with a scalar example.
SCALAR = {
    name: next(e.inputs for e in EXAMPLES[name] if all(isinstance(x, float) for x in e.inputs))
    for name, row in TABLE.items()
    if row.elementwise and not EXAMPLES[name][0].params
}


def test_which_rows_have_no_form_on_floats() -> None:
    assert {name for name in SCALAR if TABLE[name].float_forward is None} == {"rint"}


@pytest.mark.parametrize("name", sorted(set(SCALAR) - {"rint"}))
def test_a_scalar_needs_no_numpy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row, inputs = TABLE[name], SCALAR[name]
    by_numpy = row(*[np.array([x]) for x in inputs])
    slopes = [float(np.ravel(r.derivative(by_numpy, *[np.array([x]) for x in inputs]))[0]) for r in row.rules]

    def refuse(*_: Any) -> None:
        raise AssertionError("NumPy was asked")

    monkeypatch.setattr(row, "forward", refuse)
    monkeypatch.setattr(row, "rules", tuple(Local(refuse) for _ in row.rules))
    short = apply1 if len(inputs) == 1 else apply2
    for apply in (row, lambda *xs: short(row, *xs)):
        z = apply(*map(Value, inputs))
        np.testing.assert_allclose(z.data, by_numpy[0], rtol=1e-14)
        np.testing.assert_allclose(z.partials, slopes, rtol=1e-14, atol=1e-300)
