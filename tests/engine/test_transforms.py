"""grad, vjp, jvp, jacobian, hessian and hvp against results derived by hand, nested in every way."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_mini import (
    Along,
    GraphError,
    Primitive,
    Pull,
    ShapeError,
    Value,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    sigmoid,
    value_and_grad,
    vjp,
)

X = np.array([1.25, 2.5, 0.75])
M = np.array([[1.0, 2.0, -0.5], [0.5, -1.0, 3.0]])


# -- by hand ---------------------------------------------------------------------------------------


def test_grad_of_a_number_and_of_an_array() -> None:
    assert grad(lambda x: x**3)(2.0) == 12.0
    assert type(grad(lambda x: x**3)(2)) is float
    np.testing.assert_allclose(grad(lambda x: np.sum(np.sin(x)))(X), np.cos(X), rtol=1e-15)
    found = grad(lambda x: np.sum(x * x))(np.float32(X))
    assert found.dtype == np.float32


def test_value_and_grad() -> None:
    value, (dx, dy) = value_and_grad(lambda x, y: x * y + y)(2.0, 5.0)
    assert (value, dx, dy) == (15.0, 5.0, 3.0)
    value, slope = value_and_grad(lambda x: np.sum(x * x))(X)
    assert value == np.sum(X * X)
    assert type(value) is float
    np.testing.assert_array_equal(slope, 2 * X)


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (None, (5.0 * 7.0, 14.0, 10.0)),
        (0, 35.0),
        (1, 14.0),
        (-1, 10.0),
        ((0, 2), (35.0, 10.0)),
        ((2, 0), (10.0, 35.0)),
        ([-2], (14.0,)),
        ((), ()),
    ],
)
def test_argnums(argnums: Any, expected: Any) -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return x * y * z

    assert grad(f, argnums)(2.0, 5.0, 7.0) == expected
    assert value_and_grad(f, argnums)(2.0, 5.0, 7.0) == (70.0, expected)
    found = jacobian(f, argnums)(2.0, 5.0, 7.0)
    assert found == expected


def test_arguments_that_are_not_differentiated_stay_what_they_are() -> None:
    def f(x: Any, scale: Any, options: Any) -> Any:
        assert options == {"twice": True}
        assert type(scale) is np.ndarray
        return np.sum(x * scale) * (2 if options["twice"] else 1)

    np.testing.assert_array_equal(grad(f, 0)(X, np.arange(3.0), {"twice": True}), [0, 2, 4])


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_argnums_out_of_range(transform: Callable) -> None:
    for argnums in (2, -3, (0, 2)):
        with pytest.raises(ValueError, match=r"argnums=.* 2 positional arguments"):
            transform(lambda x, y: x * y, argnums)(1.0, 2.0)
    with pytest.raises(ValueError, match="twice"):
        transform(lambda x, y: x * y, (0, -2))(1.0, 2.0)
    with pytest.raises(TypeError, match="without positional arguments"):
        transform(lambda: Value(1.0))()


def test_jacobian_by_hand() -> None:
    def polar(p: Any) -> Any:
        return np.stack([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])])

    r, t = 2.0, 0.7
    expected = [[np.cos(t), -r * np.sin(t)], [np.sin(t), r * np.cos(t)]]
    np.testing.assert_allclose(jacobian(polar)(np.array([r, t])), expected, rtol=1e-15)


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (3, 2), (1, 3), (3, 1), (3, 3)])
def test_jacobian_of_a_linear_map_by_rows_or_by_columns(rows: int, columns: int) -> None:
    w = np.arange(1.0, rows * columns + 1).reshape(rows, columns)
    x = np.linspace(0.5, 1, columns)
    np.testing.assert_array_equal(jacobian(lambda v: w @ v)(x), w)
    np.testing.assert_allclose(jacobian(lambda v: np.tanh(w @ v))(x), (1 - np.tanh(w @ x) ** 2)[:, None] * w)
    blocks = jacobian(lambda a, v: a @ v)(w, x)
    assert blocks[0].shape == (rows, rows, columns)
    assert blocks[1].shape == (rows, columns)
    np.testing.assert_array_equal(blocks[0], np.einsum("ik,j->ikj", np.eye(rows), x))
    np.testing.assert_array_equal(blocks[1], w)


@pytest.mark.parametrize(
    ("rows", "columns", "mode", "passes"),
    [
        (2, 3, "auto", ["reverse"] * 2),
        (3, 2, "auto", ["forward"] * 2),
        (2, 2, "auto", ["reverse"] * 2),
        (3, 2, "reverse", ["reverse"] * 3),
        (2, 3, "forward", ["forward"] * 3),
    ],
)
def test_jacobian_takes_the_fewest_passes_or_the_mode_asked_for(
    rows: int, columns: int, mode: str, passes: list[str]
) -> None:
    taken: list[str] = []

    def told(way: str, g: Any) -> Any:
        taken.append(way)
        return g

    same = Primitive(
        "same", lambda x: x + 0, Pull(lambda g, z, x: told("reverse", g), lambda t, z, x: told("forward", t))
    )
    w = np.arange(1.0, rows * columns + 1).reshape(rows, columns)
    np.testing.assert_array_equal(jacobian(lambda v: w @ same(v), mode=mode)(np.ones(columns)), w)
    assert taken == passes


def test_jacobian_shapes() -> None:
    for out, into in itertools.product([(), (2,), (1, 3), (0,)], repeat=2):
        found = jacobian(lambda x, out=out: np.broadcast_to(np.sum(x * x), out))(np.ones(into))
        assert np.shape(found) == out + into
        np.testing.assert_array_equal(found, np.full(out + into, 2.0))
    for mode in ("reverse", "forward"):
        slope = jacobian(lambda x: x * x, mode=mode)(3.0)
        assert (slope, type(slope)) == (6.0, float)


def test_hessian_by_hand() -> None:
    def rosenbrock(p: Any) -> Any:
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    x, y = 0.5, -0.3
    expected = [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200]]
    np.testing.assert_allclose(hessian(rosenbrock)(np.array([x, y])), expected, rtol=1e-14)
    np.testing.assert_allclose(
        grad(rosenbrock)(np.array([x, y])), [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
    )
    assert hessian(lambda x: x**3)(2.0) == 12.0


def test_hessian_blocks() -> None:
    def f(x: Any, a: Any) -> Any:
        return np.sum(x**2 * a) + a[0] * a[1]

    x, a = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    blocks = hessian(f)(x, a)
    np.testing.assert_array_equal(blocks[0][0], np.diag(2 * a))
    np.testing.assert_array_equal(blocks[0][1], np.diag(2 * x))
    np.testing.assert_array_equal(blocks[1][0], np.diag(2 * x))
    np.testing.assert_array_equal(blocks[1][1], [[0, 1], [1, 0]])
    np.testing.assert_array_equal(hessian(f, 1)(x, a), [[0, 1], [1, 0]])
    assert len(hessian(f, (1,))(x, a)) == 1


def test_hessian_is_symmetric_and_hvp_multiplies_by_it() -> None:
    def f(w: Any) -> Any:
        return np.sum(np.tanh(w @ w.T) ** 2) + np.sum(np.exp(0.1 * w)) * np.sum(w)

    full = hessian(f)(M).reshape(6, 6)
    np.testing.assert_allclose(full, full.T, rtol=1e-12, atol=1e-13)
    direction = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(hvp(f, (M,), (direction,)).ravel(), full @ direction.ravel(), rtol=1e-12)


def test_hvp_of_several_arguments() -> None:
    found = hvp(lambda x, y: x * x * y, (3.0, 5.0), (1.0, 10.0))
    assert found == (2 * 5 * 1 + 2 * 3 * 10, 2 * 3 * 1 + 0)


def test_vjp_and_jvp_by_hand() -> None:
    z, pull = vjp(lambda x, y: x * y, X, 2.0)
    np.testing.assert_array_equal(z, 2 * X)
    for _ in range(2):  # it can be pulled again
        dx, dy = pull(np.array([1.0, 10.0, 100.0]))
        np.testing.assert_array_equal(dx, [2, 20, 200])
        assert dy == X @ [1, 10, 100]
        assert type(dy) is float
    z, t = jvp(lambda x, y: x * y, (X, 2.0), (np.ones(3), 3.0))
    np.testing.assert_array_equal(z, 2 * X)
    np.testing.assert_array_equal(t, 2 + 3 * X)
    assert jvp(lambda x: x * x, (3,), (1,)) == (9.0, 6.0)
    assert type(jvp(lambda x: x * x, (3,), (1,))[1]) is float


def test_results_belong_to_the_caller() -> None:
    tangent, x = np.ones(3), X.copy()
    for f in (lambda v: v, lambda v: np.reshape(v, 3), lambda v: v + np.zeros(3), lambda v: np.broadcast_to(v, (3,))):
        z, t = jvp(f, (x,), (tangent,))
        z, t = np.array(z) if not isinstance(z, np.ndarray) else z, t
        assert t.flags.writeable
        assert not np.shares_memory(t, tangent)
        assert not np.shares_memory(z, x)
    _, t = jvp(lambda v: v + np.zeros(3), (1.0,), (1.0,))
    assert t.flags.writeable
    upstream = np.ones(3)
    (g,) = vjp(lambda v: +v, x)[1](upstream)
    assert not np.shares_memory(g, upstream)


FUNCTIONS: list[tuple[Callable, tuple]] = [
    (lambda x, w: np.tanh(w @ x) * np.sum(x), (X, M)),
    (lambda x, w: sigmoid(w).sum(axis=0) / (1 + x * x), (X, M)),
    (lambda x, w: np.concatenate([x, w[0] * x])[::-1] ** 2, (X, M)),
    (lambda x, w: np.max(w * x, axis=1, keepdims=True) - np.linalg.norm(x), (X, M)),
    (lambda x, w: np.einsum("ij,kj,j->ik", w, w, x), (X, M)),
    (lambda x, w: np.cumsum(np.sort(x * w, axis=1), axis=0)[..., None] @ x[None], (X, M)),
    (lambda x, w: np.prod(x) * np.std(w, axis=0) + np.pad(x, 2)[2:-2], (X, M)),
    (lambda x, w: np.exp(np.logaddexp(x, w)) + np.roll(w.T, 1).T + np.where(w > 0, x, w * x), (X, M)),
]


@pytest.mark.parametrize(("f", "primals"), FUNCTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_forward_and_reverse_mode_agree(f: Callable, primals: tuple, seed: int) -> None:
    """⟨u, J t⟩ = ⟨Jᵀ u, t⟩ for random u and t."""
    random = np.random.default_rng(seed)
    tangents = tuple(random.normal(size=np.shape(x)) for x in primals)
    z, along = jvp(f, primals, tangents)
    same, pull = vjp(f, *primals)
    np.testing.assert_array_equal(z, same)
    u = random.normal(size=z.shape)
    back = pull(u)
    np.testing.assert_allclose(
        np.sum(u * along), sum(np.sum(g * t) for g, t in zip(back, tangents, strict=True)), rtol=1e-12
    )


# -- nested ----------------------------------------------------------------------------------------


def test_derivatives_of_derivatives() -> None:
    f: Callable = lambda x: x**5  # noqa: E731
    for factor, power in [(5, 4), (20, 3), (60, 2), (120, 1)]:
        f = grad(f)
        assert f(2.0) == factor * 2.0**power
    assert grad(grad(np.sin))(0.5) == pytest.approx(-np.sin(0.5), rel=1e-15)
    assert jacobian(jacobian(jacobian(np.exp)))(0.5) == pytest.approx(np.exp(0.5), rel=1e-15)


def test_perturbations_are_not_confused() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * x * y * y)(2.0))(3.0) == 2 * 3 * 2 * 2
    assert grad(lambda x: x * grad(lambda x: x * x)(x))(3.0) == 12.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 4 * 3  # 2xy at y = x


def test_forward_perturbations_are_not_confused() -> None:
    def d(f: Callable) -> Callable:
        return lambda x: jvp(f, (x,), (1.0,))[1]

    assert d(lambda x: x * d(lambda y: x + y)(1.0))(1.0) == 1.0
    assert d(lambda x: x * d(lambda y: x * y)(1.0))(3.0) == 6.0
    assert d(d(d(lambda x: x**5)))(2.0) == 60 * 4.0
    assert grad(d(lambda x: x**4))(2.0) == d(grad(lambda x: x**4))(2.0) == 48.0
    assert grad(lambda x: x * d(lambda y: x * y * y)(x))(3.0) == 6 * 9.0
    assert d(lambda x: x * grad(lambda y: x * y * y)(x))(3.0) == 6 * 9.0


def test_a_tangent_that_is_differentiated() -> None:
    assert grad(lambda t: jvp(lambda x: x**3, (2.0,), (t,))[1])(5.0) == 12.0
    assert jvp(lambda t: jvp(lambda x: x**3, (2.0,), (t * t,))[1], (5.0,), (1.0,)) == (300.0, 120.0)


def test_nested_with_vjp() -> None:
    def f(x: Any) -> Any:
        z, pull = vjp(lambda y: np.sin(y) * x, x)
        return z + pull(1.0)[0]

    x = 0.7  # z + slope = x sin x + x cos x
    assert grad(f)(x) == pytest.approx(np.sin(x) + x * np.cos(x) + np.cos(x) - x * np.sin(x), rel=1e-14)
    _, pull = vjp(lambda y: y * y, 3.0)
    assert grad(lambda u: pull(u)[0] * u)(2.0) == 2 * 6.0 * 2.0


def test_values_in_values_out() -> None:
    x = Value(3.0)
    slope = grad(lambda y: y**3)(x)
    assert type(slope) is Value
    assert slope.data == 27.0
    slope.backward()
    assert x.grad == 18.0
    w = Value(M)
    value, (slope,) = value_and_grad(lambda v: np.sum(v**3), (0,))(w)
    assert type(value) is Value
    assert type(slope) is Value
    np.sum(slope * slope).backward()
    np.testing.assert_allclose(w.grad, 36 * M**3, rtol=1e-14)
    t = Value(2.0)
    _, along = jvp(lambda y: y**3, (3.0,), (t,))
    along.backward()
    assert along.data == 54.0
    assert t.grad == 27.0


def test_a_closure_value_can_be_differentiated_through() -> None:
    a = Value(2.0)
    slope = grad(lambda x: a * x * x)(Value(3.0))
    slope.backward()
    assert a.grad == 6.0


def test_the_same_value_twice() -> None:
    v = Value(3.0)
    dx, dy = grad(lambda x, y: x * x * y)(v, v)
    assert (dx.data, dy.data) == (18.0, 9.0)
    (dx + dy).backward()
    assert v.grad == 2 * 3 + 2 * 3 + 2 * 3  # d/dv (2xy + x²) at x = y = v


# -- constants, side effects, errors ---------------------------------------------------------------


@pytest.mark.parametrize("constant", [5.0, 5, np.float64(5), Value(5.0), True], ids=repr)
def test_a_constant_function_has_derivative_zero(constant: Any) -> None:
    assert grad(lambda x: constant)(2.0) == 0.0
    np.testing.assert_array_equal(grad(lambda x: constant)(X), np.zeros(3))
    assert value_and_grad(lambda x, y: y * 2)(3.0, 4.0) == (8.0, (0.0, 2.0))
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    np.testing.assert_array_equal(jvp(lambda x: np.ones(2), (X,), (X,))[1], np.zeros(2))
    np.testing.assert_array_equal(vjp(lambda x: np.ones(2), X)[1](np.ones(2))[0], np.zeros(3))
    assert grad(grad(lambda x: 3 * x))(2.0) == 0.0
    np.testing.assert_array_equal(hessian(lambda x: np.sum(x))(X), np.zeros((3, 3)))


def test_the_identity() -> None:
    assert grad(lambda x: x)(2.0) == 1.0
    np.testing.assert_array_equal(jacobian(lambda x: x)(X), np.eye(3))
    assert jvp(lambda x: x, (2.0,), (5.0,)) == (2.0, 5.0)


def test_no_grad_field_is_disturbed() -> None:
    w, v = Value(X), Value(2.0)
    np.sum(w * w).backward()
    kept, inner = w.grad, w * v
    v.grad = 42.0
    inner.grad = 43.0

    def f(x: Any) -> Any:
        return np.sum(x * w * inner) * v

    for call in (
        lambda: grad(f)(X),
        lambda: grad(f)(w),
        lambda: grad(lambda a, b: np.sum(a * b))(w, w),
        lambda: jacobian(lambda x: x * w)(X),
        lambda: hessian(f)(X),
        lambda: jvp(f, (w,), (X,)),
        lambda: vjp(f, w)[1](1.0),
        lambda: hvp(f, (X,), (X,)),
    ):
        call()
        assert w.grad is kept
        assert v.grad == 42.0
        assert inner.grad == 43.0


def test_arguments_are_not_changed() -> None:
    x, kept = X.copy(), X.copy()
    grad(lambda v: np.sum(v**3))(x)
    jvp(lambda v: v**3, (x,), (x,))
    hessian(lambda v: np.sum(v**3))(x)
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("bad", [(1.0, 2.0), [1.0], None, {"loss": 1.0}], ids=repr)
@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_the_function_must_return_one_value(transform: Callable, bad: Any) -> None:
    hint = r"; is its `return` missing\?" if bad is None else ""
    with pytest.raises(TypeError, match=f"must return one Value, got {type(bad).__name__}{hint}$"):
        transform(lambda x: bad)(1.0)


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_what_is_no_function_is_named(transform: Callable) -> None:
    with pytest.raises(TypeError, match=r"expected a function, got Value.*; pass the function itself, f, not f\(x\)"):
        transform(Value(1.0))(1.0)
    with pytest.raises(TypeError, match=r"expected a function, got float 1\.0$"):
        transform(1.0)(1.0)


def test_other_errors() -> None:
    with pytest.raises(TypeError, match="must return one Value"):
        vjp(lambda x: (x, x), 1.0)
    with pytest.raises(TypeError, match="must return one Value"):
        jvp(lambda x: None, (1.0,), (1.0,))
    with pytest.raises(GraphError, match=r"scalar, got shape \(3,\)"):
        grad(lambda x: x * x)(X)
    with pytest.raises(ShapeError, match=r"tangent 1 has shape \(2,\), its argument has \(3,\)"):
        jvp(lambda x, y: x * y, (X, X), (X, np.ones(2)))
    with pytest.raises(ValueError, match="got 2 primals, 1 tangents"):
        jvp(lambda x, y: x * y, (X, X), (X,))
    with pytest.raises(ShapeError, match=r"upstream has shape \(\), expected \(3,\)"):
        vjp(lambda x: x * x, X)[1](1.0)
    with pytest.raises(TypeError, match="real numbers"):
        grad(lambda x: x * x)("a")


def test_an_error_in_the_function_leaves_the_mode_as_it_was() -> None:
    def broken(x: Any) -> Any:
        raise KeyError("inside")

    for call in (lambda: grad(broken)(1.0), lambda: jvp(broken, (1.0,), (1.0,)), lambda: grad(grad(broken))(1.0)):
        with pytest.raises(KeyError):
            call()
    assert type(grad(lambda x: x * x)(2.0)) is float  # not nested: a plain number


@pytest.mark.parametrize("index", [(), None, ..., np.array(True)], ids=repr)
def test_a_scalar_can_be_indexed_twice_differentiated(index):
    assert hessian(lambda x: np.sum(x[index] ** 3))(2.0) == 12.0


# -- Values among the arguments --------------------------------------------------------------------


def test_one_value_among_the_arguments_is_enough_to_record() -> None:
    f = lambda x, y: x * x * y  # noqa: E731
    v = Value(2.0)
    assert all(type(g) is Value for g in grad(f)(v, 3.0))
    assert all(type(g) is Value for g in grad(f)(2.0, Value(3.0)))
    assert [type(part) for part in jvp(f, (2.0, 3.0), (Value(1.0), 0.0))] == [Value, Value]
    assert type(vjp(f, 2.0, 3.0)[1](v)[0]) is Value
    assert all(type(g) is float for g in vjp(f, 2.0, 3.0)[1](1.0))


@pytest.mark.parametrize(
    "transform",
    [
        lambda f, v: grad(f)(v),
        lambda f, v: vjp(f, v)[1](1.0)[0],
        lambda f, v: jvp(f, (v,), (1.0,))[1],
        lambda f, v: jacobian(f, mode="reverse")(v),
        lambda f, v: jacobian(f, mode="forward")(v),
    ],
)
def test_a_transform_looks_no_further_back_than_its_arguments(transform: Callable) -> None:
    leaf = Value(2.0)
    v = leaf * 3.0
    leaf.data = 7.0  # v's own graph is out of date: of no importance here
    assert transform(lambda x: x * x, v).data == 12.0
    slope = transform(lambda x: x, v)  # the argument itself is where the walk begins and ends
    assert (slope.data if type(slope) is Value else slope) == 1.0


def test_what_is_joined_without_a_tangent_stands_still() -> None:
    still = Value([5.0, 7.0])
    z, along = jvp(lambda v: np.concatenate([v, still, [3.0]]), (np.array([1.0]),), (np.array([2.0]),))
    np.testing.assert_array_equal(z, [1, 5, 7, 3])
    np.testing.assert_array_equal(along, [2, 0, 0, 0])


@pytest.mark.parametrize("transform", [jvp, hvp])
def test_arguments_that_are_no_tuple_are_named(transform: Callable) -> None:
    for name, primals, tangents in (("primals", 1.0, (1.0,)), ("tangents", (1.0,), 1.0)):
        with pytest.raises(TypeError, match=rf"{transform.__name__}: {name} must be a tuple .*, got float"):
            transform(np.sin, primals, tangents)


@pytest.mark.parametrize("at", [0.0, np.array([0.0, 4.0])], ids=["scalar", "array"])
def test_what_does_not_move_has_no_tangent_where_the_slope_is_infinite(at: Any) -> None:
    z, along = jvp(np.sqrt, (at,), (at,))
    np.testing.assert_array_equal([z, along], [np.sqrt(at), 0.25 * at])


def test_vjp_leaves_the_sign_of_0() -> None:
    for x in (0.0, np.zeros(2)):
        z, _ = vjp(lambda x: -x, x)
        assert np.signbit(z).all()


def test_the_tangent_of_a_scalar_can_be_indexed() -> None:
    z, along = jvp(lambda v: v[None], (2.0,), (3.0,))
    np.testing.assert_array_equal([z, along], [[2], [3]])


@pytest.mark.parametrize("f", [lambda x: np.maximum(x, 0), np.max, lambda x: np.sum(np.where(x > 0, x, 0))])
@pytest.mark.parametrize("at", [np.float32(2), np.float32(X)], ids=["scalar", "array"])
def test_a_tangent_has_the_precision_of_its_number(f: Callable, at: Any) -> None:
    z, along = jvp(f, (at,), (at,))
    assert along.dtype == z.dtype == np.float32


def test_a_recorded_gradient_has_the_precision_of_its_number() -> None:
    x = Value(2.0)
    (slope,) = gradients(x.astype(np.float32), [x], create_graph=True)
    assert slope.dtype == float


def test_a_tangent_must_be_a_real_number() -> None:
    with pytest.raises(TypeError, match="expected real numbers"):
        jvp(np.sin, (1.0,), (1j,))


@pytest.mark.parametrize("at", [2.0, np.array([1.0, 2.0])], ids=["scalar", "array"])
def test_a_rule_may_ask_for_the_shape_of_what_it_reduces(at: Any) -> None:
    row = Primitive(
        "total", lambda x, axis, keepdims: np.sum(x, axis=axis), Along(lambda z, x, axis, keepdims: np.ones(x.shape))
    )
    f = lambda x: row(x, params=(None, False))  # noqa: E731
    assert jvp(f, (at,), (at,)) == (np.sum(at), np.sum(at))
    np.testing.assert_array_equal(grad(f)(at), np.ones(np.shape(at)))
