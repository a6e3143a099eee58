"""At the edges of the numbers: no overflow, no nan from a branch not taken, chosen slopes at kinks and ties.

The suite runs with warnings as errors, so each test here also says that nothing warns, except where
the user's own expression overflows: there, and only around it, stands `np.errstate`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value, grad, gradcheck, gradients, hessian, jacobian, jvp

BIG = [
    ("scalar", 1000.0),
    ("array", np.array([1000.0])),
    ("float32", np.float32([200.0])),
    ("float32 scalar", np.float32(200)),
]
big = pytest.mark.parametrize("size", [b for _, b in BIG], ids=[name for name, _ in BIG])


def value_and_slope(f: Callable, x: Any) -> tuple[Any, Any]:
    """f and its derivative at x by reverse mode, after checking that forward mode agrees."""
    v = Value(x)
    z = f(v)
    z.backward(np.ones(z.shape, z.dtype))
    _, along = jvp(f, (x,), (np.ones_like(x),))
    if z.shape == v.shape:
        np.testing.assert_array_equal(along, v.grad)
    assert z.dtype == v.dtype
    return z.data, v.grad


def second(f: Callable, x: Any) -> Any:
    """The elementwise second derivative at x, from a recorded backward pass."""
    v = Value(x)
    (slope,) = gradients(np.sum(f(v)), [v], create_graph=True)
    if not isinstance(slope, Value):
        return slope * 0
    return gradients(np.sum(slope), [v])[0]


# -- sigmoid, softplus, softmax --------------------------------------------------------------------


@big
def test_sigmoid_far_out(size: Any) -> None:
    value, slope = value_and_slope(ag.sigmoid, size)
    np.testing.assert_array_equal(value, np.ones_like(size))
    np.testing.assert_array_equal(slope, np.zeros_like(size))
    value, slope = value_and_slope(ag.sigmoid, -size)
    np.testing.assert_allclose(value, np.zeros_like(size), atol=1e-80)
    np.testing.assert_allclose(slope, np.zeros_like(size), atol=1e-80)
    np.testing.assert_allclose(second(ag.sigmoid, size), np.zeros_like(size), atol=1e-80)
    np.testing.assert_allclose(second(ag.sigmoid, -size), np.zeros_like(size), atol=1e-80)


@pytest.mark.parametrize("x", [-40.0, np.array([-40.0])], ids=["scalar", "array"])
def test_sigmoid_keeps_its_digits(x: Any) -> None:
    value, slope = value_and_slope(ag.sigmoid, x)
    np.testing.assert_allclose(value, math.exp(-40) / (1 + math.exp(-40)), rtol=1e-14)
    np.testing.assert_allclose(slope, math.exp(-40), rtol=1e-14)


@big
def test_softplus_far_out(size: Any) -> None:
    value, slope = value_and_slope(ag.softplus, size)
    np.testing.assert_array_equal(value, size)
    np.testing.assert_array_equal(slope, np.ones_like(size))
    value, slope = value_and_slope(ag.softplus, -size)
    np.testing.assert_allclose(value, np.zeros_like(size), atol=1e-80)
    np.testing.assert_allclose(slope, np.zeros_like(size), atol=1e-80)
    for x in (size, -size):
        np.testing.assert_allclose(second(ag.softplus, x), np.zeros_like(size), atol=1e-80)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softmax_and_its_kin_far_out(dtype: Any) -> None:
    k = 1000 if dtype is np.float64 else 200
    x = np.array([[k, -k, 0], [k, k, -k], [-k, -k, -k]], dtype)
    expected = np.array([[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]])
    v = Value(x)
    p = ag.softmax(v)
    np.testing.assert_allclose(p.data, expected, rtol=1e-12 if dtype is np.float64 else 2e-5, atol=1e-30)
    p.backward(np.tile([1.0, 0.0, 0.0], (3, 1)))
    jacobians = expected[:, :, None] * (np.eye(3) - expected[:, None, :])
    np.testing.assert_allclose(v.grad, jacobians[:, 0], rtol=2e-5, atol=1e-6)
    assert p.dtype == v.grad.dtype == dtype
    total = Value(x)
    z = ag.logsumexp(total, axis=1)
    np.testing.assert_allclose(z.data, [k, k + np.log(2), -k + np.log(3)], rtol=1e-6)
    z.backward(np.ones(3))
    np.testing.assert_allclose(total.grad, expected, rtol=2e-5, atol=1e-30)
    logs = Value(x)
    z = ag.log_softmax(logs)
    np.testing.assert_allclose(z.data[0], [0, -2 * k, -k], rtol=1e-6)
    z.backward(np.tile([0.0, 1.0, 0.0], (3, 1)))
    np.testing.assert_allclose(logs.grad, np.array([0, 1, 0]) - expected, rtol=2e-5, atol=1e-6)
    assert np.isfinite(hessian(lambda u: np.sum(ag.log_softmax(u) * [0.0, 1.0, 0.0]))(x)).all()


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
def test_softmax_values_and_derivatives(axis: Any) -> None:
    x = np.linspace(-1, 1.5, 6).reshape(2, 3)
    e = np.exp(x)
    total = e.sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(ag.softmax(x, axis), e / total, rtol=1e-14)
    np.testing.assert_allclose(ag.log_softmax(x, axis), x - np.log(total), rtol=1e-13)
    for keepdims in (False, True):
        plain = np.log(e.sum(axis=axis, keepdims=keepdims))
        np.testing.assert_allclose(ag.logsumexp(x, axis, keepdims), plain, rtol=1e-14)
        assert gradcheck(lambda v, k=keepdims: ag.logsumexp(v, axis, k), x, order=2).ok
    assert gradcheck(lambda v: ag.softmax(v, axis), x, order=2).ok
    assert gradcheck(lambda v: ag.log_softmax(v, axis), x, order=2).ok


def test_log_softmax_keeps_its_digits_far_from_zero() -> None:
    found = ag.log_softmax(np.float32([10000, 10001]))
    np.testing.assert_allclose(found, [-math.log1p(math.e), -math.log1p(1 / math.e)], rtol=1e-6)


def test_logsumexp_of_scalars_and_infinities() -> None:
    v = Value(1000.0)
    z = ag.logsumexp(v)
    z.backward()
    assert (z.data, v.grad) == (1000.0, 1.0)
    v = Value([-np.inf, 0.0, 1.0])
    z = ag.logsumexp(v)
    z.backward()
    assert z.data == pytest.approx(math.log(1 + math.e))
    np.testing.assert_allclose(v.grad, [0, 1 / (1 + math.e), math.e / (1 + math.e)])
    assert ag.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert ag.logsumexp(np.array([np.inf, 1000.0])) == np.inf  # without a word about e^1000


def test_functions_on_plain_numbers_lists_and_arrays() -> None:
    for f, expected in [
        (ag.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
        (ag.relu, lambda x: max(x, 0.0)),
        (ag.softplus, lambda x: math.log1p(math.exp(x))),
        (ag.erf, math.erf),
    ]:
        assert type(f(0.7)) is float
        assert f(0.7) == pytest.approx(expected(0.7), rel=1e-14)
        assert type(f(1)) is float
        assert f(1) == pytest.approx(expected(1), rel=1e-14)
        assert type(f(np.array(0.7, np.float32))) is np.float32
        for x in ([0.7, -1.0], np.array([0.7, -1.0]), np.array([1, -1])):
            assert type(f(x)) is np.ndarray
            np.testing.assert_allclose(f(x), [expected(u) for u in x], rtol=1e-14)
        assert f(np.float32([0.7])).dtype == np.float32
        z = f(Value([0.7, -1.0]))
        assert type(z) is Value
        np.testing.assert_allclose(z.data, [expected(0.7), expected(-1.0)], rtol=1e-14)
    assert type(ag.softmax([1.0, 2.0])) is np.ndarray
    assert type(ag.logsumexp([1, 2])) is float


# -- the branch not taken --------------------------------------------------------------------------

BRANCHES: dict[str, tuple[Callable, Callable, Callable, Callable]] = {
    # name: condition, expression, its slope and its curvature where the condition holds
    "log": (lambda x: x > 0, np.log, lambda x: 1 / x, lambda x: -1 / x**2),
    "sqrt": (lambda x: x > 0, np.sqrt, lambda x: 0.5 / x**0.5, lambda x: -0.25 / x**1.5),
    "reciprocal": (lambda x: x > 0, lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3),
    "power": (lambda x: x > 0, lambda x: x**1.5, lambda x: 1.5 * x**0.5, lambda x: 0.75 / x**0.5),
    "x log x": (lambda x: x > 0, lambda x: x * np.log(x), lambda x: np.log(x) + 1, lambda x: 1 / x),
    "x sqrt x": (lambda x: x > 0, lambda x: x * np.sqrt(x), lambda x: 1.5 * x**0.5, lambda x: 0.75 / x**0.5),
    "log of log": (
        lambda x: x > 1,
        lambda x: np.log(np.log(x)),
        lambda x: 1 / (x * np.log(x)),
        lambda x: -(np.log(x) + 1) / (x * np.log(x)) ** 2,
    ),
    "exp": (lambda x: x < 500, lambda x: np.exp(x), np.exp, np.exp),
    "exp of exp": (
        lambda x: x < 2,
        lambda x: np.exp(np.exp(x)),
        lambda x: np.exp(x + np.exp(x)),
        lambda x: np.exp(x + np.exp(x)) * (1 + np.exp(x)),
    ),
    "arcsin": (lambda x: abs(x) < 1, np.arcsin, lambda x: (1 - x * x) ** -0.5, lambda x: x * (1 - x * x) ** -1.5),
    "tan sqrt": (
        lambda x: x > 0,
        lambda x: np.tanh(np.sqrt(x)),
        lambda x: 0.5 * x**-0.5 / np.cosh(x**0.5) ** 2,
        lambda x: -(0.25 * x**-1.5 + 0.5 / x * np.tanh(x**0.5)) / np.cosh(x**0.5) ** 2,
    ),
}
POINTS = [0.0, -1.0, 1000.0, 0.5, 1.0, 1.5, -1000.0]


def reverse(f: Callable, x: Any) -> Any:
    v = Value(x)
    z = f(v)
    z.backward(np.ones(z.shape))
    return v.grad


def forward(f: Callable, x: Any) -> Any:
    return jvp(f, (x,), (np.ones_like(x),))[1]


def recorded(f: Callable, x: Any) -> Any:
    v = Value(x)
    return gradients(f(v), [v], np.ones(v.shape), create_graph=True)[0].data


def reverse_over_reverse(f: Callable, x: Any) -> Any:
    v = Value(x)
    (slope,) = gradients(f(v), [v], np.ones(v.shape), create_graph=True)
    return gradients(slope, [v], np.ones(v.shape))[0]


def forward_over_reverse(f: Callable, x: Any) -> Any:
    return forward(lambda v: grad(lambda u: np.sum(f(u)))(v), x)


def forward_over_forward(f: Callable, x: Any) -> Any:
    return forward(lambda v: jvp(f, (v,), (np.ones_like(x),))[1], x)


@pytest.mark.parametrize("name", BRANCHES)
@pytest.mark.parametrize("kind", ["array", "scalars", "float32"])
@pytest.mark.parametrize(
    ("order", "derivative"),
    [
        (1, reverse),
        (1, forward),
        (1, recorded),
        (2, reverse_over_reverse),
        (2, forward_over_reverse),
        (2, forward_over_forward),
    ],
)
def test_where_never_leaks_from_the_branch_not_taken(name: str, kind: str, order: int, derivative: Callable) -> None:
    condition, f, *slopes = BRANCHES[name]

    def guarded(x: Any) -> Any:
        with np.errstate(all="ignore"):  # the user's own expression overflows on the way forward
            return np.where(condition(x.data), f(x), 0.0)

    data = {"array": [np.array(POINTS)], "float32": [np.float32(POINTS)], "scalars": POINTS}[kind]
    for x in data:
        exact = np.asarray(x, float)
        with np.errstate(all="ignore"):
            expected = np.where(condition(exact), slopes[order - 1](exact), 0.0)
        found = np.asarray(derivative(guarded, x))
        small = np.abs(expected) < 1e6  # elsewhere the function itself overflows in float32
        tolerance = {"rtol": 1e-4, "atol": 1e-6} if kind == "float32" else {"rtol": 1e-12, "atol": 1e-20}
        np.testing.assert_allclose(found[small], expected[small], **tolerance)


@pytest.mark.parametrize("branch", [0, 1])
def test_where_leaks_nothing_into_other_operands(branch: int) -> None:
    """A weight that only meets the bad element in the branch not taken gets a finite gradient."""
    x = np.array([0.0, -2.0, 4.0])
    w = Value(3.0)
    with np.errstate(all="ignore"):
        risky = np.sqrt(Value(x)) * w + np.log(Value(x))
    z = np.where(x > 0, risky, 0.0) if branch else np.where(x <= 0, 0.0, risky)
    np.sum(z).backward()
    assert w.grad == 2.0


@pytest.mark.parametrize("twice", [reverse_over_reverse, forward_over_reverse, forward_over_forward])
def test_an_infinite_neighbour_does_not_hide_a_second_derivative(twice: Callable) -> None:
    """Where the upstream gradient happens to be 0 (sqrt(x) = 1), its own derivative is not."""

    def f(x: Any) -> Any:
        return 0.5 * (np.sqrt(x) - 1) ** 2  # f″ = 1 / (4 x^1.5)

    alone = twice(f, np.array([1.0]))
    beside = twice(f, np.array([1.0, 0.0]))  # √′(0) = ∞
    np.testing.assert_allclose(alone, [0.25], rtol=1e-15)
    assert beside[0] == alone[0]


def test_a_real_nan_is_not_hidden() -> None:
    v = Value([-1.0, 4.0])
    with np.errstate(invalid="ignore"):
        z = np.sum(np.sqrt(v))
    z.backward()
    assert math.isnan(v.grad[0])
    assert v.grad[1] == 0.25
    s = Value(np.nan)
    (s * 2.0 * s).backward()
    assert math.isnan(s.grad)


def test_the_backward_pass_never_warns() -> None:
    for x in (0.0, np.array([0.0, 0.0])):
        v = Value(x)
        z = np.sum(np.sqrt(v) * 2.0)
        z.backward()
        np.testing.assert_array_equal(v.grad, np.full(v.shape, np.inf))
        v.grad = None
        z.backward(create_graph=True)
        np.testing.assert_array_equal(v.grad.data, np.full(v.shape, np.inf))


# -- chosen slopes ---------------------------------------------------------------------------------

KINKS: list[tuple[str, Callable, float, float, float]] = [
    ("abs", abs, 0.0, 0.0, 0.0),
    ("relu", ag.relu, 0.0, 0.0, 0.0),
    ("sqrt", np.sqrt, 0.0, 0.0, np.inf),
    ("square root as a power", lambda x: x**0.5, 0.0, 0.0, np.inf),
    ("sign", np.sign, 0.0, 0.0, 0.0),
    ("floor", np.floor, 2.0, 2.0, 0.0),
    ("maximum with a constant", lambda x: np.maximum(x, 0.0), 0.0, 0.0, 0.5),
    ("minimum with a constant", lambda x: np.minimum(0.0, x), 0.0, 0.0, 0.5),
    ("maximum with itself", lambda x: np.maximum(x, x), 3.0, 3.0, 1.0),
    ("clip at the lower bound", lambda x: np.clip(x, 0, 1), 0.0, 0.0, 1.0),
    ("clip at the upper bound", lambda x: np.clip(x, 0, 1), 1.0, 1.0, 1.0),
    ("x**0 at 0", lambda x: x**0, 0.0, 1.0, 0.0),
    ("x**0.0 at 0", lambda x: x**0.0, 0.0, 1.0, 0.0),
    ("x**0 elsewhere", lambda x: x**0, -2.0, 1.0, 0.0),
    ("x**1 at 0", lambda x: x**1, 0.0, 0.0, 1.0),
    ("x**2 at 0", lambda x: x**2, 0.0, 0.0, 0.0),
    ("x**3 at 0", lambda x: x**3, 0.0, 0.0, 0.0),
    ("0**x", lambda x: 0**x, 2.0, 0.0, 0.0),
    ("0.0**x", lambda x: 0.0**x, 0.5, 0.0, 0.0),
    ("0**x at 0", lambda x: 0.0**x, 0.0, 1.0, 0.0),
    ("x log1p", lambda x: x * np.log1p(x), 0.0, 0.0, 0.0),
]


@pytest.mark.parametrize("wrap", [float, lambda x: np.array([x, x]), np.float32], ids=["scalar", "array", "float32"])
@pytest.mark.parametrize(("f", "at", "value", "slope"), [k[1:] for k in KINKS], ids=[k[0] for k in KINKS])
def test_slopes_at_kinks(f: Callable, at: float, value: float, slope: float, wrap: Callable) -> None:
    x = wrap(at)
    z, found = value_and_slope(f, x)
    np.testing.assert_array_equal(z, np.full(np.shape(x), value))
    np.testing.assert_array_equal(found, np.full(np.shape(x), slope))
    (recorded,) = gradients(np.sum(f(v := Value(x))), [v], create_graph=True)
    np.testing.assert_array_equal(recorded.data, np.full(np.shape(x), slope))


@pytest.mark.parametrize("shape", [(), (2,)], ids=["scalar", "array"])
def test_zero_to_the_power_zero(shape: tuple) -> None:
    x, y = Value(np.zeros(shape)), Value(np.zeros(shape))
    z = x**y
    z.backward(np.ones(shape))
    for found, expected in [(z.data, 1.0), (x.grad, 0.0), (y.grad, 0.0)]:
        np.testing.assert_array_equal(found, np.full(shape, expected))
    mixed_x, mixed_y = Value([0.0, 0.0, 2.0, 3.0, -2.0]), Value([0.0, 3.0, 0.0, 2.0, 2.0])
    z = mixed_x**mixed_y
    z.backward(np.ones(5))
    np.testing.assert_array_equal(z.data, [1, 0, 1, 9, 4])
    np.testing.assert_array_equal(mixed_x.grad, [0, 0, 0, 6, -4])
    np.testing.assert_array_equal(mixed_y.grad[:4], [0, 0, np.log(2), 9 * np.log(3)])


def test_the_slope_in_x_of_x_to_the_power_zero_still_depends_on_the_power() -> None:
    """∂²(x^y)/∂x∂y is x^(y−1) (1 + y ln x): 1/x where y = 0."""
    x, y = Value([2.0, 4.0, 3.0]), Value([0.0, 0.0, 2.0])
    (slope,) = gradients(np.sum(x**y), [x], create_graph=True)
    (mixed,) = gradients(np.sum(slope), [y])
    np.testing.assert_allclose(mixed, [1 / 2, 1 / 4, 3 * (1 + 2 * np.log(3))], rtol=1e-15)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_zero_to_a_negative_power_falls_without_bound() -> None:
    y = Value([-1.0, 2.0])
    (np.zeros(2) ** y).backward(np.ones(2))
    np.testing.assert_array_equal(y.grad, [-np.inf, 0])


def test_angle_and_distance_at_the_origin_and_beside_it() -> None:
    a, b = np.array([0.0, 0.0, 3.0, 3.0]), np.array([0.0, 2.0, 0.0, 4.0])
    for f, expected_x, expected_y in [
        (np.arctan2, [0, 1 / 2, 0, 4 / 25], [0, 0, -1 / 3, -3 / 25]),
        (np.hypot, [0, 0, 1, 3 / 5], [0, 1, 0, 4 / 5]),
    ]:
        x, y = Value(a), Value(b)
        f(x, y).backward(np.ones(4))
        np.testing.assert_allclose(x.grad, expected_x, rtol=1e-15)
        np.testing.assert_allclose(y.grad, expected_y, rtol=1e-15)


@pytest.mark.parametrize("exponent", [0, 0.0, 1, 2, 3])
def test_second_derivative_of_a_power_at_zero(exponent: float) -> None:
    expected = {2: 2.0}.get(exponent, 0.0)
    for x in (0.0, np.array([0.0])):
        np.testing.assert_array_equal(second(lambda v: v**exponent, x), np.full(np.shape(x), expected))


def test_norm_and_std_at_their_tip() -> None:
    for f in (np.linalg.norm, np.std, lambda v: np.linalg.norm(v, axis=0), lambda v: np.std(v, axis=0)):
        v = Value([0.0, 0.0, 0.0])
        z = f(v)
        z.backward()
        assert z.data == 0.0
        np.testing.assert_array_equal(v.grad, np.zeros(3))
        np.testing.assert_array_equal(jvp(f, (np.zeros(3),), (np.ones(3),))[1], 0.0)
    v = Value([2.0, 2.0])
    np.std(v).backward()
    np.testing.assert_array_equal(v.grad, [0, 0])
    rows = Value([[0.0, 0.0], [3.0, 4.0]])
    np.sum(np.linalg.norm(rows, axis=1)).backward()
    np.testing.assert_allclose(rows.grad, [[0, 0], [0.6, 0.8]], rtol=1e-15)


@pytest.mark.parametrize("f", [np.max, np.min])
def test_ties_share_the_gradient(f: Callable) -> None:
    sign = 1 if f is np.max else -1
    v = Value(sign * np.array([3.0, 1.0, 3.0]))
    f(v).backward()
    np.testing.assert_array_equal(v.grad, [0.5, 0, 0.5])
    m = Value(sign * np.array([[3.0, 3.0, 3.0], [1.0, 2.0, 0.0]]))
    np.sum(f(m, axis=1)).backward()
    np.testing.assert_allclose(m.grad, [[1 / 3, 1 / 3, 1 / 3], [0, 1, 0]])
    np.testing.assert_array_equal(jvp(f, (v.data,), (np.array([1.0, 5.0, 2.0]),))[1], 1.5)


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
@pytest.mark.parametrize("data", [2.0, np.array([2.0, 2.0])], ids=["scalar", "array"])
def test_two_operands_that_tie_share_the_gradient(f: Callable, data: Any) -> None:
    x, y = Value(data), Value(data)
    f(x, y).backward(np.ones(x.shape))
    for v in (x, y):
        np.testing.assert_array_equal(v.grad, np.full(v.shape, 0.5))


# -- products with zeros ---------------------------------------------------------------------------


@pytest.mark.parametrize("zeros", [(), (1,), (0,), (0, 2), (1, 3), (0, 1, 2), (0, 1, 2, 3)])
@pytest.mark.parametrize("f", [np.prod, np.cumprod], ids=["prod", "cumprod"])
def test_product_with_zeros(zeros: tuple, f: Callable) -> None:
    x = np.array([1.5, -0.5, 2.0, 0.7])
    x[list(zeros)] = 0.0
    assert gradcheck(f, x, order=2, step=1e-4).ok
    if f is np.prod:
        expected = [math.prod(np.delete(x, i)) for i in range(4)]
        np.testing.assert_allclose(grad(np.prod)(x), expected, rtol=1e-14)
        curvature = [[0 if i == j else math.prod(np.delete(x, [i, j])) for j in range(4)] for i in range(4)]
        np.testing.assert_allclose(hessian(np.prod)(x), curvature, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (1, 0), (0, -1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_product_with_zeros_along_axes(axis: Any, keepdims: bool) -> None:
    x = np.array([[0.0, 2.0, 0.0], [1.5, 0.5, 0.0]])
    assert gradcheck(lambda v: np.prod(v, axis=axis, keepdims=keepdims), x, order=2, step=1e-4).ok
    cube = np.array([x, x + 1])
    assert gradcheck(lambda v: np.prod(v, axis=axis, keepdims=keepdims), cube, order=2, step=1e-4).ok


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_product_beyond_the_floats_hides_no_other() -> None:
    x = np.array([[1e200, 1e200], [1.0, 2.0]])
    np.testing.assert_array_equal(grad(lambda v: np.sum(np.prod(v, 1)))(x), [[1e200, 1e200], [2, 1]])


def test_product_of_a_scalar() -> None:
    for number in (0.0, 3.0):
        x = Value(number)
        np.prod(x).backward()
        assert x.grad == 1.0
        assert second(np.prod, number) == 0.0


# -- scalars answer as NumPy does ------------------------------------------------------------------

ODD: list[tuple[str, Callable, tuple, str]] = [
    ("log 0", np.log, (0.0,), "divide by zero"),
    ("log -1", np.log, (-1.0,), "invalid value"),
    ("1/0", lambda x: 1 / x, (0.0,), "divide by zero"),
    ("x/0", lambda x, y: x / y, (2.0, 0.0), "divide by zero"),
    ("0/0", lambda x, y: x / y, (0.0, 0.0), "invalid value"),
    ("overflow of exp", np.exp, (1000.0,), "overflow"),
    ("overflow of power", lambda x: x**2.0, (1e300,), "overflow"),
    ("overflow of sinh", np.sinh, (1000.0,), "overflow"),
    ("cube root of -8", lambda x: x ** (1 / 3), (-8.0,), "invalid value"),
    ("0**-1", lambda x: x**-1, (0.0,), "divide by zero"),
    ("sqrt -1", np.sqrt, (-1.0,), "invalid value"),
    ("arcsin 2", np.arcsin, (2.0,), "invalid value"),
    ("log1p -1", np.log1p, (-1.0,), "divide by zero"),
    ("arctanh 1", np.arctanh, (1.0,), "divide by zero"),
    ("remainder by 0", lambda x: x % 0, (2.0,), "invalid value"),
    ("floor division by 0", lambda x: x // 0, (2.0,), "divide by zero"),
]


@pytest.mark.parametrize(("f", "inputs", "warning"), [o[1:] for o in ODD], ids=[o[0] for o in ODD])
def test_a_scalar_warns_and_answers_as_numpy_does(f: Callable, inputs: tuple, warning: str) -> None:
    with pytest.warns(RuntimeWarning, match=warning):
        z = f(*(Value(x) for x in inputs))
    with np.errstate(all="ignore"):
        expected = f(*(np.float64(x) for x in inputs))
        quiet = [Value(x) for x in inputs]
        arrays = [Value(np.array([x])) for x in inputs]
        same, one = f(*quiet), f(*arrays)
    assert type(z) is Value
    assert type(z.data) is float
    np.testing.assert_equal(z.data, float(expected))
    np.testing.assert_equal(same.data, z.data)
    same.backward()
    one.backward(np.ones(1))
    for x, v in zip(quiet, arrays, strict=True):
        np.testing.assert_equal(x.grad, v.grad[0])  # with the slope that an array would get


@pytest.mark.parametrize("method", ["log", "exp", "sqrt"])
def test_methods_of_scalars_warn_as_functions_do(method: str) -> None:
    x, warning = {"log": (0.0, "divide"), "exp": (1000.0, "overflow"), "sqrt": (-1.0, "invalid")}[method]
    with pytest.warns(RuntimeWarning, match=warning):
        z = getattr(Value(x), method)()
    with np.errstate(all="ignore"):
        np.testing.assert_equal(z.data, float(getattr(np, method)(x)))


def test_scalars_with_infinities() -> None:
    inf = Value(np.inf)
    assert np.tanh(inf).data == 1.0
    assert np.exp(-inf).data == 0.0
    assert ag.sigmoid(inf).data == 1.0
    assert (inf * 2).data == np.inf
    assert (1 / inf).data == 0.0
    assert grad(np.tanh)(np.inf) == 0.0
    assert math.isnan((Value(np.nan) * 2).data)
    for f in (np.maximum, np.minimum):
        for x, y in [(np.nan, 1.0), (1.0, np.nan)]:
            assert math.isnan(f(Value(x), Value(y)).data)


def test_jacobian_through_saturated_units_is_zero_not_nan() -> None:
    x = np.array([-1000.0, 1000.0])
    for f in (np.tanh, ag.sigmoid, lambda v: ag.softplus(-v) * np.exp(-abs(v)), ag.relu):
        found = jacobian(f)(x)
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found, np.diag([0.0, 1.0]) if f is ag.relu else np.zeros((2, 2)))
