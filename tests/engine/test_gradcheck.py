"""gradcheck reports the worst entry and catches wrong rules; one's own Primitive is treated like the table's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_mini import (
    Along,
    GradcheckError,
    GraphError,
    Local,
    Primitive,
    Pull,
    Value,
    grad,
    gradcheck,
    hessian,
    jvp,
    no_grad,
    steps,
)

X = np.array([0.7, 1.3, -0.4])


# -- the report ------------------------------------------------------------------------------------


def test_a_right_derivative_passes() -> None:
    report = gradcheck(lambda x, y: np.sin(x) * y, X, 2.0, order=2)
    assert report.ok
    assert report.worst <= report.tolerance == 1e-6
    assert report.checked == 2 * (9 + 3) + (27 + 9) + (9 + 3)


def test_the_worst_entry_is_reported() -> None:
    def f(x: Any) -> Any:  # the third element's slope is 10 x instead of 20 x
        return np.stack([x[0] ** 2, x[1] ** 2, 10 * x[2] * x.data[2]])

    report = gradcheck(f, X, order=1, raises=False)
    assert not report.ok
    assert (report.order, report.argument, report.position) == (1, 0, (2, 2))
    assert report.automatic == pytest.approx(-4.0)
    assert report.numeric == pytest.approx(-8.0)
    assert report.worst == pytest.approx(0.5)
    for part in ("order 1", "argument 0", "position (2, 2)", "automatic -4", "numeric -8", "0.5"):
        assert part in str(report)
    with pytest.raises(GradcheckError, match=r"argument 0, position \(2, 2\): automatic -4, numeric -8"):
        gradcheck(f, X, order=1)
    assert issubclass(GradcheckError, AssertionError)


def test_the_argument_is_reported() -> None:
    report = gradcheck(lambda x, y: x * y * y.data, 2.0, 3.0, order=1, raises=False)
    assert report.argument == 1
    assert not report.ok


def test_tolerance_and_step_are_used() -> None:
    def almost(x: Any) -> Any:
        return x * x + 1e-4 * x.data

    assert not gradcheck(almost, 1.0, order=1, raises=False).ok
    assert gradcheck(almost, 1.0, order=1, tolerance=1e-3).ok
    assert not gradcheck(np.exp, 1.0, order=1, step=0.1, raises=False).ok  # too coarse a difference


def test_nan_agrees_with_nothing() -> None:
    bad = Primitive("bad", lambda x: x * 2.0, Local(lambda z, x: x * np.nan))
    assert not gradcheck(bad, 1.0, order=1, raises=False).ok
    assert not gradcheck(bad, X, order=1, raises=False).ok


def test_bad_calls() -> None:
    with pytest.raises(ValueError, match="order must be 1 or 2, got 3"):
        gradcheck(np.sin, 1.0, order=3)
    with pytest.raises(TypeError, match="at least one input"):
        gradcheck(np.sin)


def test_a_function_that_changes_its_mind() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(GraphError, match="different results"):
        gradcheck(lambda x: x * random.normal(), 1.0)


def test_inputs_are_not_changed() -> None:
    x = X.copy()
    gradcheck(np.sin, x, order=2)
    np.testing.assert_array_equal(x, X)
    v = Value(X)
    v.grad = np.ones(3)
    assert gradcheck(np.sin, v).ok
    np.testing.assert_array_equal(v.grad, np.ones(3))


def test_empty_inputs() -> None:
    assert gradcheck(np.sin, np.zeros(0), order=2).checked == 0


# -- wrong rules are caught ------------------------------------------------------------------------

WRONG: dict[str, tuple[Primitive, tuple]] = {
    "sign": (Primitive("w", np.cos, Local(lambda z, x: np.sin(x))), (X,)),
    "factor": (Primitive("w", lambda x: x * x, Local(lambda z, x: x)), (X,)),
    "scalar factor": (Primitive("w", lambda x: x * x, Local(lambda z, x: x)), (1.5,)),
    "operands swapped": (
        Primitive("w", lambda x, y: x * x * y, Local(lambda z, x, y: x * x), Local(lambda z, x, y: 2 * x * y)),
        (X, X + 1),
    ),
    "second operand": (Primitive("w", np.subtract, Local(1), Local(1)), (X, X)),
    "pull not transposed": (
        Primitive("w", np.matmul, Pull(lambda g, z, x, y: g @ y), Pull(lambda g, z, x, y: np.swapaxes(x, -1, -2) @ g)),
        (np.arange(4.0).reshape(2, 2), np.array([[1.0, 2.0], [5.0, 3.0]])),
    ),
    "mean without its count": (
        Primitive("w", lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims), Along(1)),
        (X,),
    ),
    "pull of a growing operation": (
        Primitive("w", lambda x: np.broadcast_to(x, (3,)), Pull(lambda g, z, x: 5 * np.sum(g))),
        (2.0,),
    ),
    "pull of a repetition": (Primitive("w", lambda x: np.concatenate([x, x]), Pull(lambda g, z, x: g[:3])), (X,)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_caught(name: str) -> None:
    row, inputs = WRONG[name]
    params = (None, False) if any(isinstance(rule, Along) for rule in row.rules) else ()
    report = gradcheck(lambda *xs: row(*xs, params=params), *inputs, order=1, raises=False)
    assert not report.ok
    assert report.order == 1


@pytest.mark.parametrize("at", [X, 0.7], ids=["array", "scalar"])
def test_a_wrong_second_derivative_is_caught_at_order_2(at: Any) -> None:
    # Right at first order; the rule's own derivative is cut off by `.data`.
    def slope(z: Any, x: Any) -> Any:
        return np.cos(x.data if type(x) is Value else x)

    row = Primitive("w", np.sin, Local(slope))
    assert gradcheck(row, at, order=1).ok
    report = gradcheck(row, at, order=2, raises=False)
    assert not report.ok
    assert report.order == 2
    with pytest.raises(GradcheckError, match="order 2"):
        gradcheck(row, at, order=2)


# -- one's own row ---------------------------------------------------------------------------------

cube = Primitive("cube", lambda x: x**3, Local(lambda z, x: 3 * x**2), latex="{0}^3")


@pytest.mark.parametrize("at", [X, 1.5, np.array([[2.0]])], ids=["array", "scalar", "matrix"])
def test_ones_own_row_is_certified(at: Any) -> None:
    assert gradcheck(cube, at, order=2).ok
    assert gradcheck(lambda x: cube(cube(x) * 0.5 + x), at, order=2).ok


def test_ones_own_row_records_and_is_named() -> None:
    x = Value(2.0, name="x")
    z = cube(x)
    assert z.op is cube
    assert z.inputs == (x,)
    assert z.data == 8.0
    assert "op=cube" in repr(z)
    z.backward()
    assert x.grad == 12.0
    assert type(x.grad) is float
    assert [s.local for s in steps(z)] == [12.0]
    with no_grad():
        assert cube(x).inputs == ()
    assert repr(cube) == "<Primitive cube>"
    assert cube(Value(np.float32(X))).dtype == np.float32


def test_ones_own_row_among_operators() -> None:
    x = Value(X)
    np.sum((2 * cube(x) - 1) / cube(x + 1)).backward()
    expected = (6 * X**2 * (X + 1) ** 3 - (2 * X**3 - 1) * 3 * (X + 1) ** 2) / (X + 1) ** 6
    np.testing.assert_allclose(x.grad, expected, rtol=1e-13)
    assert grad(grad(cube))(2.0) == 12.0
    np.testing.assert_allclose(hessian(lambda v: np.sum(cube(v)))(X), np.diag(6 * X))
    assert jvp(cube, (2.0,), (0.5,)) == (8.0, 6.0)


def test_ones_own_row_on_plain_numbers() -> None:
    assert cube(2.0) == 8.0
    assert type(cube(2.0)) is float
    np.testing.assert_array_equal(cube(X), X**3)
    assert type(cube(X)) is np.ndarray


@pytest.mark.parametrize("at", [X, 1.5], ids=["array", "scalar"])
def test_rules_are_called_on_plain_numbers_at_first_order_and_on_values_when_recorded(at: Any) -> None:
    seen: list[set] = []

    def slope(z: Any, x: Any) -> Any:
        seen.append({type(z), type(x)})
        return 3 * x**2

    row = Primitive("watched", lambda x: x**3, Local(slope))
    x = Value(at)
    np.sum(row(x)).backward()
    assert seen
    assert all(Value not in kinds for kinds in seen)
    seen.clear()
    np.sum(row(x)).backward(create_graph=True)
    assert {Value} in seen


@pytest.mark.parametrize("at", [X, 3.0], ids=["array", "scalar"])
def test_ones_own_pull(at: Any) -> None:
    twice = Primitive("twice", lambda x: x * 2, Pull(lambda g, z, x: 2 * g))
    assert gradcheck(twice, at, order=2).ok
    assert gradcheck(lambda x: twice(x) * twice(x * x), at, order=2).ok


def test_ones_own_row_with_two_operands_and_params() -> None:
    blend = Primitive(
        "blend",
        lambda x, y, share: share * x + (1 - share) * y,
        Local(lambda z, x, y, share: share),
        Local(lambda z, x, y, share: 1 - share),
    )
    assert gradcheck(lambda x, y: blend(x, y, params=(0.25,)) ** 2, X, X[:1] + 1, order=2).ok
    assert gradcheck(lambda x: blend(x, 3.0, params=(0.25,)) ** 2, 1.5, order=2).ok
    assert gradcheck(lambda y: blend([1.0, 2.0, 3.0], y, params=(0.25,)) ** 2, X, order=2).ok
    x = Value(X)
    z = blend(x, 2.0, params=(0.25,))
    assert z.params == (0.25,)


def test_a_row_without_rules_is_refused() -> None:
    with pytest.raises(TypeError, match=r"nothing.*rule per input"):
        Primitive("nothing", np.sin)
    with pytest.raises(TypeError, match="rule per input"):
        Primitive("plain function", np.sin, np.cos)  # type: ignore[arg-type]
