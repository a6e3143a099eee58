"""Every operation of the table beside PyTorch's: on random shapes and layouts, and where numbers end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_mini as ag
from autograd_mini import Value, functions
from autograd_mini.primitives import TABLE
from tests.engine.examples import EXAMPLES

torch = pytest.importorskip("torch")
from tests.trust.calls import QUICK, in_precision, params, shapes  # noqa: E402
from tests.trust.torch_twins import TWINS, ours  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, where the value is not finite
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": lambda x: x,
    "transposed": lambda x: np.array(x.T, order="C").T,
    "every second": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "backwards": lambda x: np.array(x[::-1])[::-1] if x.ndim else x,
}
#: By how much numbers of a precision may differ, relative to the largest of them.
TOLERANCES = {"float64": 1e-11, "float32": 3e-5}


def test_every_operation_has_a_twin() -> None:
    own = {name for name, f in vars(functions).items() if getattr(f, "__module__", "") == functions.__name__}
    assert set(TWINS) == set(TABLE) | own - {"as_operand", "as_plain"}


@st.composite
def numbers(draw: Any, name: str, params: tuple, shapes: tuple, precision: str) -> list[np.ndarray]:
    """Operands in the operation's domain, at least a little away from kinks, in any layout."""
    twin, rng = TWINS[name], np.random.default_rng(draw(st.integers(0, 10**6)))
    layouts = [LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))] for _ in shapes]
    for _ in range(200):
        found = [np.asarray(twin.domain(i)(rng.uniform(-2, 2, s)), precision) for i, s in enumerate(shapes)]
        if twin.kinks is None or np.min(twin.kinks(*found, *params), initial=1.0) > 0.003:
            return [layout(x) for layout, x in zip(layouts, found, strict=True)]
    raise AssertionError("no numbers away from kinks")


def close(found: Any, expected: Any, tolerance: float) -> None:
    found, expected = np.asarray(found), expected.numpy(force=True)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * scale)


def random_like(x: Any, rng: np.random.Generator) -> Any:
    """As large as one, none nearly 0, of x's shape and precision."""
    drawn = rng.choice([-1.0, 1.0], size=x.shape) * rng.uniform(0.5, 2, size=x.shape)
    return np.asarray(drawn, x.dtype)[()]


def agree(name: str, params: tuple, operands: list[np.ndarray], leaves: list[int], tolerance: float) -> None:
    """Value, gradient, gradient of a projection of the gradient, and forward mode."""
    rng = np.random.default_rng(0)

    def call(*chosen: Any) -> Any:
        replaced = dict(zip(leaves, chosen, strict=True))
        return ours(name, *[replaced.get(i, x) for i, x in enumerate(operands)], params=params)

    values = [Value(operands[i]) for i in leaves]
    z = call(*values)
    g, directions = random_like(z, rng), [random_like(x, rng) for x in values]
    upstream = Value(g)
    slopes = ag.gradients(z, values, upstream, create_graph=True)
    projection = sum(np.sum(a * d) for a, d in zip(slopes, directions, strict=True))
    second = ag.gradients(projection, [*values, upstream])
    _, along = ag.jvp(call, [operands[i] for i in leaves], directions)

    tensors = [torch.tensor(np.array(x), requires_grad=i in leaves) for i, x in enumerate(operands)]
    chosen = [tensors[i] for i in leaves]
    t, h = TWINS[name].theirs(*tensors, *params), torch.tensor(g, requires_grad=True)
    expected = torch.autograd.grad(t, chosen, h, create_graph=True, materialize_grads=True)
    projected = sum((a * torch.tensor(d)).sum() for a, d in zip(expected, directions, strict=True))
    projected = projected + 0 * h.sum()
    bends = torch.autograd.grad(projected, [*chosen, h], materialize_grads=True)

    close(z.data, t, tolerance)
    for a, b in zip([*slopes, *second], [*expected, *bends], strict=True):
        close(a.data if isinstance(a, Value) else a, b, tolerance)
    close(along, bends[-1], tolerance)  # the slopes are linear in the upstream: its factor is J t


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("name", TWINS)
def test_random_calls(name: str, precision: str) -> None:
    row = TABLE.get(name)
    if precision == "float32" or (row and row.elementwise):
        count = 20
    else:  # these come in many forms, most of all where several operands have to fit
        count = 70 if row and (row.variadic or len(row.rules) > 1) else 50

    @settings(QUICK, max_examples=count)
    @given(st.data())
    def run(data: Any) -> None:
        drawn = data.draw(shapes(name), "shapes")
        given_params = in_precision(data.draw(params(name, drawn), "params"), precision)
        operands = data.draw(numbers(name, given_params, drawn, precision), "operands")
        leaves = data.draw(st.sets(st.sampled_from(range(len(drawn))), min_size=1).map(sorted), "leaves")
        casts = [p.name for p in given_params if isinstance(p, np.dtype)]
        tolerance = max(TOLERANCES[p] for p in (precision, *casts))
        agree(name, given_params, operands, leaves, tolerance)

    run()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_form(name: str) -> None:
    """What chance might leave out: the engine's examples have every form of every row."""
    for example in EXAMPLES[name]:
        operands = [np.asarray(x, float) for x in example.inputs]
        if name == "det" and np.any(np.linalg.matrix_rank(operands[0]) < operands[0].shape[-1] - 1):
            continue  # see below
        agree(name, example.params, operands, list(range(len(operands))), TOLERANCES["float64"])


def test_determinants_of_low_rank_have_second_slopes() -> None:
    """They are polynomials: central differences of their slopes, which are quadratic here, are exact."""
    x, d = np.stack([np.ones((3, 3)), np.zeros((3, 3))]), np.arange(1.0, 19.0).reshape(2, 3, 3) % 7
    slope = ag.grad(lambda x: np.sum(np.linalg.det(x)))
    found = ag.hvp(lambda x: np.sum(np.linalg.det(x)), (x,), (d,))
    np.testing.assert_allclose(found, (slope(x + d / 2) - slope(x - d / 2)), rtol=1e-11, atol=1e-11)
    t = torch.tensor(x, requires_grad=True)
    (first,) = torch.autograd.grad(torch.linalg.det(t).sum(), t, create_graph=True)
    (second,) = torch.autograd.grad((first * torch.tensor(d)).sum(), t)
    assert second.isnan().any()


# -- where numbers end -----------------------------------------------------------------------------

HUGE, TINY = {"float64": 1e200, "float32": 1e30}, {"float64": 1e-200, "float32": 1e-30}
ROOT = {"float64": 1e154, "float32": 1e19}
"""Beyond these the square is not a number of that precision, nor 1 over it."""


def points(precision: str) -> np.ndarray:
    huge, tiny = HUGE[precision], TINY[precision]
    ordinary = [0.5, -0.5, 1.0, -1.0, 1.5, 2.0, -3.0, 40.0, -40.0, 800.0, -800.0, 1e10]
    return np.array([0.0, -0.0, *ordinary, tiny, -tiny, huge, -huge, np.inf, -np.inf, np.nan], precision)


def vectors(precision: str) -> list[np.ndarray]:
    huge, tiny, inf = HUGE[precision], TINY[precision], np.inf
    finite = [[], [0], [1], [0, 0], [-0.0, 0, 0], [1, 1, 0], [1, 1, 1], [0, 2, 3], [0, 2, 0], [800, -800], [1000, 1000]]
    ends = [[huge, huge], [tiny, tiny], [huge, tiny], [inf, 0], [-inf, 0], [inf, 0, 2], [inf, inf], [-inf, -inf]]
    return [np.array(x, precision) for x in [*finite, *ends, [inf, -inf], [np.nan, 1]]]


def one_infinite(x: Any, y: Any) -> Any:
    return np.isinf(x) != np.isinf(y)


def limit(x: Any) -> float:
    return ROOT[x.dtype.name]


def flat(x: Any, y: Any) -> Any:
    """Where x ** 0 = 1 has a mixed slope, 1/x, that is seen beside the others."""
    return (y == 0) & ((x < 1 / np.finfo(x.dtype).eps) | np.isinf(x))


def beyond_range(x: Any) -> Any:
    return np.all(x != 0) and np.prod(x) in (0, np.inf, -np.inf)


def beside_infinite(x: Any) -> Any:
    return np.any(x == np.inf) and not np.all(x == np.inf)


INFINITE, OVERFLOW, ORIGIN, POWERS = "Slopes at ±∞", "Overflow on the way", "The origin", "Powers of 0 and to the 0"
LOGIT = "Beside an infinite logit"
#: (operation, what differs) -> the title under which docs/differences.md says why; and for which operands, no others.
DIFFERENCES: dict[tuple[str, str], tuple[str, Callable[..., Any]]] = {
    **{(name, "second"): (INFINITE, np.isinf) for name in ("arctan", "arcsinh", "arccosh", "arctanh", "erf")},
    ("cbrt", "slope"): ("The cube root", lambda x: x == 0),
    ("sign", "value"): ("The sign of nan", np.isnan),
    ("remainder", "value"): (OVERFLOW, lambda x, y: np.isfinite(x) & np.isinf(x / y) & (y != 0)),
    ("hypot", "slope"): (ORIGIN, lambda x, y: (x == 0) & (y == 0)),
    ("hypot", "second"): (ORIGIN, lambda x, y: (x == 0) & (y == 0) | one_infinite(x, y)),
    ("arctan2", "slope"): (
        OVERFLOW,
        lambda x, y: (
            (np.maximum(np.abs(x), np.abs(y)) > limit(x)) & np.isfinite(x) & np.isfinite(y)
            | (np.hypot(x, y) < 1 / limit(x)) & (np.hypot(x, y) > 0)
        ),
    ),
    ("arctan2", "second"): (ORIGIN, lambda x, y: (np.hypot(x, y) < 1 / limit(x)) | one_infinite(x, y)),
    ("logaddexp", "second"): (OVERFLOW, lambda x, y: np.abs(x - y) > np.log(np.finfo(x.dtype).max)),
    ("power", "second"): (POWERS, lambda x, y: flat(x, y) | (x == 0) & (y > 0) | (x == 1) & np.isinf(y)),
    ("prod", "slope"): (OVERFLOW, beyond_range),
    ("prod", "second"): (OVERFLOW, lambda x: beyond_range(x) or np.any(np.isinf(x))),
    ("norm", "slope"): (ORIGIN, lambda x: np.sum(x * x) == 0 and np.any(x != 0)),
    ("norm", "second"): (ORIGIN, lambda x: x.size and np.sum(x * x) == 0),
    ("softmax", "value"): (LOGIT, beside_infinite),
    ("log_softmax", "value"): (LOGIT, beside_infinite),
    ("log_softmax", "slope"): (LOGIT, beside_infinite),
}


def weights(z: Any) -> Any:
    """An upstream gradient: different numbers from 1 to 2, exact in every precision."""
    return (1 + np.arange(z.size) % 8 / 8).reshape(z.shape).astype(z.dtype)


def derivatives(name: str, operands: list[np.ndarray], params: tuple) -> dict[str, list[tuple[Any, Any]]]:
    """Ours and PyTorch's: the value, the slopes and the slopes of each slope."""
    values = [Value(x) for x in operands]
    z = ours(name, *values, params=params)
    upstream = weights(z)
    slopes = ag.gradients(z, values, upstream, create_graph=True)
    tensors = [torch.tensor(x, requires_grad=True) for x in operands]
    t = TWINS[name].theirs(*tensors, *params)
    options: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
    theirs = torch.autograd.grad(t, tensors, torch.tensor(upstream), create_graph=True, **options)
    second = []
    for a, b in zip(slopes, theirs, strict=True):
        expected: Any = [np.zeros_like(x) for x in operands]
        if b.requires_grad:
            expected = torch.autograd.grad(b.sum(), tensors, retain_graph=True, **options)
        second += list(zip(ag.gradients(np.sum(a), values), expected, strict=True))
    return {
        "value": [(z.data, t)],
        "slope": [(a.data, b) for a, b in zip(slopes, theirs, strict=True)],
        "second": second,
    }


def differing(name: str, what: str, pairs: list[tuple[Any, Any]]) -> Any:
    """Which elements differ in one of these, by more than rounding: small, or, where numbers cancel, not so small."""
    arrays = [(np.asarray(a), b.numpy(force=True) if isinstance(b, torch.Tensor) else b) for a, b in pairs]
    rtol = 1e-9 if arrays[0][1].dtype == np.float64 else 1e-4
    sizes = [np.where(np.isfinite(x), np.abs(x), 0) for pair in arrays for x in pair]
    cancel = what == "second" or "softmax" in name
    noise = 10 * np.finfo(arrays[0][1].dtype).eps * np.maximum(np.max(sizes, axis=0), float(cancel))
    return np.any([~np.isclose(a, b, rtol=rtol, atol=noise, equal_nan=True) for a, b in arrays], axis=0)


UNARY = [name for name in TWINS if name in TABLE and TABLE[name].elementwise and len(TABLE[name].rules) == 1]
BINARY = [name for name in TWINS if name in TABLE and TABLE[name].elementwise and len(TABLE[name].rules) == 2]
ALONG = ["sum", "mean", "prod", "max", "min", "logsumexp", "norm", "cumsum", "softmax", "log_softmax"]


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_elementwise_where_numbers_end(name: str, precision: str) -> None:
    x = points(precision)
    operands = [np.repeat(x, x.size), np.tile(x, x.size)] if name in BINARY else [x]
    given_params = {"clip": (-0.5, 1.0), "where": (operands[0] > 0,)}.get(name, ())
    usual = ~np.any(np.isnan(operands), axis=0)  # a slope at nan is not defined
    found = derivatives(name, operands, given_params)
    for what, pairs in found.items():
        differ = differing(name, what, pairs)
        title, where = DIFFERENCES.get((name, what), ("", lambda *xs: False))
        if what != "value":
            differ = differ & usual
        wrong = np.flatnonzero(differ != where(*operands) & (usual | (what == "value")))
        assert not wrong.size, (
            what,
            title,
            [([y[i] for y in operands], [(a[i], b[i]) for a, b in pairs]) for i in wrong],
        )

    slopes = [a for a, _ in found["slope"]]
    for position, slope in enumerate(slopes):
        directions = [np.full_like(y, i == position) for i, y in enumerate(operands)]
        _, forward = ag.jvp(lambda *xs: ours(name, *xs, params=given_params), operands, directions)
        np.testing.assert_allclose((forward * weights(forward))[usual], slope[usual], rtol=1e-6)
    for i, point in enumerate(zip(*operands, strict=True)):
        numbers = [Value(y) for y in point]
        z = ours(name, *numbers, params=tuple(np.asarray(p)[i] if np.ndim(p) else p for p in given_params))
        z.backward(np.asarray(weights(slopes[0])[i])[()])
        assert type(z.data) is (float if precision == "float64" else np.float32)
        np.testing.assert_allclose(z.data, found["value"][0][0][i], rtol=1e-13 if precision == "float64" else 1e-6)
        for v, slope in zip(numbers, slopes, strict=True):
            np.testing.assert_allclose(v.grad, slope[i], rtol=1e-13 if precision == "float64" else 1e-6)


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("name", ALONG)
def test_along_an_axis_where_numbers_end(name: str, precision: str) -> None:
    for x in vectors(precision):
        if name in ("max", "min") and not x.size:
            continue  # both refuse
        found = derivatives(name, [x], (0, False) if name not in ("cumsum", "softmax", "log_softmax") else (0,))
        for what, pairs in found.items():
            if np.isnan(x).any() and what != "value":
                continue
            title, where = DIFFERENCES.get((name, what), ("", lambda x: False))
            differ = np.any(differing(name, what, pairs))
            assert differ == bool(where(x)), (x, what, title, pairs)


def test_the_differences_are_documented() -> None:
    section = (Path(__file__).parents[2] / "docs" / "differences.md").read_text().split("## From PyTorch")[1]
    for title, _ in DIFFERENCES.values():
        assert f"- **{title}**" in section
