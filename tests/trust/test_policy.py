"""Every row of docs/edge-cases.md holds: on numbers, on arrays, in float32, recorded and forward."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value

PAGE = Path(__file__).parents[2] / "docs" / "edge-cases.md"
NAMES = {"ag": ag, "np": np, "abs": abs, "inf": np.inf, "nan": np.nan}


class Row(NamedTuple):
    computed: str
    at: str
    value: str
    gradient: str

    def __str__(self) -> str:
        return f"{self.computed} at {self.at}"

    @property
    def inputs(self) -> list[Any]:
        """The numbers after `x =` and `y =`."""
        return [eval(number, NAMES) for number in re.findall(r"[xy] = (\[.*?\]|[^,]+)", self.at)]

    @property
    def gradients(self) -> list[Any]:
        return list(eval(f"({self.gradient},)", NAMES))

    def function(self) -> Callable[..., Any]:
        return eval(f"lambda x, y=None: {self.computed}", NAMES)


def rows() -> list[Row]:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines()]
    return [Row(c[0].strip("`"), *c[1:4]) for c in cells if len(c) == 5 and c[0].startswith("`")]


ROWS = rows()
FINITE = [row for row in ROWS if "Error" not in row.value]
as_number = pytest.param(lambda x: x, 1e-13, id="as written")
as_float32 = pytest.param(lambda x: np.array(x, np.float32)[()], 1e-4, id="float32")


def same(found: Any, expected: Any, tolerance: float = 1e-14) -> None:
    """Equal, also where they are infinite, nan or −0."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=0 if tolerance < 1e-9 else 1e-30)
    zero = (found == 0) & (expected == 0)
    np.testing.assert_array_equal(np.signbit(found)[zero], np.signbit(expected)[zero])


def test_the_page_is_read_whole() -> None:
    assert len(ROWS) == PAGE.read_text().count("\n| `")
    assert len(ROWS) > 75
    assert len(set(ROWS)) == len(ROWS)


@pytest.mark.parametrize("row", [row for row in ROWS if "Error" in row.value], ids=str)
def test_errors(row: Row) -> None:
    with pytest.raises(getattr(ag, row.value)):
        row.function()(*map(Value, row.inputs))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, where the value is not finite
@pytest.mark.parametrize(("wrap", "tolerance"), [as_number, as_float32])
@pytest.mark.parametrize("row", FINITE, ids=str)
def test_rows(row: Row, wrap: Callable, tolerance: float) -> None:
    f, expected = row.function(), row.gradients
    values = [Value(wrap(x)) for x in row.inputs]
    z = f(*values)
    same(z.data, eval(row.value, NAMES), tolerance)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        z.backward()
    recorded = ag.gradients(z, values, create_graph=True)
    assert len(values) == len(expected)
    for v, again, slope in zip(values, recorded, expected, strict=True):
        same(v.grad, slope, tolerance)
        same(again.data, slope, tolerance)
        assert np.asarray(v.grad).dtype == v.dtype


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("row", [row for row in FINITE if "[" not in row.at], ids=str)
def test_arrays_agree_with_numbers(row: Row) -> None:
    """The same beside an ordinary element, so that no special case of a whole array can help."""
    numbers = [np.array([x, 0.5]) for x in row.inputs]
    values = [Value(x) for x in numbers]
    z = row.function()(*values)
    same(z.data[0], eval(row.value, NAMES))
    for found, slope in zip(ag.gradients(z, values, np.ones(2)), row.gradients, strict=True):
        same(found[0], slope)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("row", [row for row in FINITE if "[]" not in row.at], ids=str)
def test_forward_mode_agrees(row: Row) -> None:
    """Along one axis at a time, the forward derivative is that axis' slope; what is 0 on the way stays 0, not nan."""
    inputs = [np.asarray(x, float) for x in row.inputs]
    for i, slope in enumerate(row.gradients):
        for place in np.ndindex(np.shape(inputs[i])):
            tangents: list[Any] = [np.zeros_like(x) for x in inputs]
            tangents[i][place] = 1.0
            _, along = ag.jvp(row.function(), inputs, tangents)
            expected = np.asarray(slope, float)[place]
            assert along == pytest.approx(expected, rel=1e-12, nan_ok=True) or (np.isnan(expected) and along == 0), i
