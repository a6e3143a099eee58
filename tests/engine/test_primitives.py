"""Every row of the table: its values, its first and second derivatives, its precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Along, Local, Value, gradcheck, jvp, vjp
from autograd_mini.primitives import TABLE
from autograd_mini.value import apply1, apply2

from .examples import EXAMPLES, Example

ELEMENTWISE = sorted(
    name for name, row in TABLE.items() if all(isinstance(r, Local) and not isinstance(r, Along) for r in row.rules)
)
every_example = pytest.mark.parametrize(
    ("name", "example"),
    [pytest.param(name, e, id=f"{name}-{e}") for name, examples in EXAMPLES.items() for e in examples],
)
every_scalar_example = pytest.mark.parametrize(
    ("name", "example"),
    [
        pytest.param(name, e, id=f"{name}-{i}")
        for name in ELEMENTWISE
        for i, e in enumerate(EXAMPLES.get(name, ()))
        if all(isinstance(x, float) for x in e.inputs) and not any(np.ndim(p) for p in e.params)
    ],
)


def call(name: str, example: Example, inputs: Any) -> Value:
    return TABLE[name](*inputs, params=example.params)


def gradients_of(z: Value, leaves: list[Value]) -> list[Any]:
    """dE/d(leaf) for E = Σ k z, with a different weight k on each element of z."""
    z.backward(np.linspace(1, 2, z.size).reshape(z.shape))
    return [x.grad for x in leaves]


def test_every_row_has_examples_and_every_example_a_row() -> None:
    assert set(EXAMPLES) == set(TABLE)
    assert all(EXAMPLES.values())


def test_every_elementwise_row_has_a_scalar_example() -> None:
    for name in ELEMENTWISE:
        assert any(all(isinstance(x, float) for x in e.inputs) for e in EXAMPLES[name]), name


def test_rows_are_named_by_their_key() -> None:
    assert [row.name for row in TABLE.values()] == list(TABLE)


@every_example
def test_value(name: str, example: Example) -> None:
    expected = np.asarray(example.reference(*example.inputs, *example.params))
    z = call(name, example, [Value(x) for x in example.inputs])
    assert type(z) is Value
    assert z.shape == expected.shape
    np.testing.assert_allclose(z.data, expected, rtol=1e-13, atol=1e-14)
    assert z.op is TABLE[name]
    assert z.params == example.params
    assert z.dtype == float
    assert type(z.data) is (np.ndarray if z.ndim else float)


@every_example
def test_on_plain_arrays_it_computes_and_records_nothing(name: str, example: Example) -> None:
    arrays = [np.asarray(x) for x in example.inputs]
    z = call(name, example, arrays)
    assert type(z) is not Value
    np.testing.assert_allclose(z, example.reference(*example.inputs, *example.params), rtol=1e-13, atol=1e-14)


@every_example
def test_first_and_second_derivatives(name: str, example: Example) -> None:
    report = gradcheck(lambda *xs: call(name, example, xs), *example.inputs, order=2, step=3e-5)
    assert report.ok
    assert report.checked > 0 or any(np.size(x) == 0 for x in (*example.inputs, call(name, example, example.inputs)))


@every_example
def test_reverse_mode_is_the_transpose_of_forward_mode(name: str, example: Example) -> None:
    """⟨u, J t⟩ = ⟨Jᵀu, t⟩: with forward mode certified by differences, so is reverse mode at any shape."""
    random = np.random.default_rng(0)
    primals = [np.asarray(x, float) for x in example.inputs]
    tangents = [random.normal(size=x.shape) for x in primals]
    z, along = jvp(lambda *xs: call(name, example, xs), primals, tangents)
    _, pull = vjp(lambda *xs: call(name, example, xs), *primals)
    u = random.normal(size=np.shape(z))
    assert np.shape(along) == np.shape(z)
    np.testing.assert_allclose(
        np.sum(u * along), sum(np.sum(g * t) for g, t in zip(pull(u), tangents, strict=True)), rtol=1e-12, atol=1e-12
    )


@every_example
def test_each_operand_alone_gets_the_same_gradient(name: str, example: Example) -> None:
    leaves = [Value(x) for x in example.inputs]
    together = gradients_of(call(name, example, leaves), leaves)
    for i, x in enumerate(example.inputs):
        alone = Value(x)
        operands = [*example.inputs[:i], alone, *example.inputs[i + 1 :]]
        z = call(name, example, operands)
        (gradient,) = gradients_of(z, [alone])
        np.testing.assert_allclose(gradient, together[i], rtol=1e-14, atol=1e-15)
        assert np.shape(gradient) == np.shape(x)


@every_example
def test_float32_stays_float32(name: str, example: Example) -> None:
    params = (
        (np.dtype(np.float32),)
        if name == "astype"
        else tuple(np.float32(p) if isinstance(p, np.ndarray) and p.dtype == float else p for p in example.params)
    )
    inputs = [np.float32(x) for x in example.inputs]
    leaves = [Value(x) for x in inputs]
    z = TABLE[name](*leaves, params=params)
    assert z.dtype == np.float32
    expected = example.reference(*(np.asarray(x, float) for x in inputs), *params)
    np.testing.assert_allclose(z.data, expected, rtol=2e-5, atol=1e-6)
    exact = [Value(x.astype(float)) for x in inputs]
    wide = gradients_of(call(name, example, exact), exact)
    for x, gradient, reference in zip(leaves, gradients_of(z, leaves), wide, strict=True):
        assert gradient.dtype == np.float32
        assert gradient.shape == x.shape
        np.testing.assert_allclose(gradient, reference, rtol=1e-4, atol=1e-4)


@every_scalar_example
@pytest.mark.parametrize("constant_at", [None, 0, 1])
def test_a_scalar_is_computed_as_an_array_is(name: str, example: Example, constant_at: int | None) -> None:
    """Both scalar paths (the operators' short one, and through NumPy) against a one-element array."""
    row = TABLE[name]
    if constant_at is not None and len(example.inputs) < 2:
        constant_at = None  # a single operand is never a constant

    def run(wrap: Any, apply: Any) -> tuple[float, list[float]]:
        operands = [x if i == constant_at else Value(wrap(x)) for i, x in enumerate(example.inputs)]
        z = apply(*operands)
        leaves = [x for x in operands if type(x) is Value]
        z.backward(wrap(1.5))
        return float(np.ravel(z.data)[0]), [float(np.ravel(x.grad)[0]) for x in leaves]

    expected = run(lambda x: np.array([x]), lambda *xs: row(*xs, params=example.params))
    paths = [lambda *xs: row(*xs, params=example.params)]
    if not example.params:
        paths.append(lambda *xs: apply1(row, *xs) if len(xs) == 1 else apply2(row, *xs))
    for path in paths:
        found = run(float, path)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-14, atol=1e-300)


@every_scalar_example
def test_a_scalar_node_holds_a_float_and_its_local_derivatives(name: str, example: Example) -> None:
    leaves = [Value(x) for x in example.inputs]
    z = call(name, example, leaves)
    assert type(z.data) is float
    assert z.partials is not None
    z.backward()
    assert [x.grad for x in leaves] == list(z.partials)
    assert all(type(x.grad) is float for x in leaves)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if not EXAMPLES[name][0].params])
def test_short_scalar_path_gives_floats(name: str) -> None:
    example = next(e for e in EXAMPLES[name] if all(isinstance(x, float) for x in e.inputs))
    leaves = [Value(x) for x in example.inputs]
    z = apply1(TABLE[name], *leaves) if len(leaves) == 1 else apply2(TABLE[name], *leaves)
    assert type(z.data) is float
    assert z.data == pytest.approx(float(example.reference(*example.inputs)), rel=1e-13)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.5, 2.5])
@pytest.mark.parametrize("base", [0.7, [0.4, 1.9]])
def test_power_with_constant_exponent(base: Any, exponent: float) -> None:
    x = Value(base)
    z = x**exponent
    np.testing.assert_allclose(z.data, np.asarray(base) ** float(exponent), rtol=1e-14)
    z.backward(np.ones(z.shape))
    np.testing.assert_allclose(x.grad, exponent * np.asarray(base) ** (exponent - 1.0), rtol=1e-14)
    assert gradcheck(lambda v: v**exponent, base, order=2, step=3e-5).ok


@pytest.mark.parametrize("exponent", [2, 3, 3.0, -1, 0])
def test_power_of_negative_base(exponent: float) -> None:
    assert gradcheck(lambda v: v**exponent, np.array([-1.5, -0.4]), order=2, step=3e-5).ok
    assert gradcheck(lambda v: v**exponent, -1.5, order=2, step=3e-5).ok


@pytest.mark.parametrize("rule", ["1 - z * z", None, 0.5])
def test_a_rule_is_a_function_or_a_whole_number(rule: Any) -> None:
    with pytest.raises(TypeError, match="a whole number"):
        Local(rule)


def test_an_operation_of_three_numbers():
    """A node has room for two operands and their slopes; of three the slopes are found by the backward pass."""
    row = ag.Primitive(
        "product_and_square",
        lambda x, y, w: x * y + w * w,
        Local(lambda z, x, y, w: y),
        Local(lambda z, x, y, w: x),
        Local(lambda z, x, y, w: 2 * w),
    )
    a, b, c = Value(2.0), Value(3.0), Value(-1.0)
    z = row(a, b, c)
    assert (z.data, z.inputs, z.partials) == (7.0, (a, b, c), None)
    (z * z + row(a, 2.0, a)).backward()
    assert [v.grad for v in (a, b, c)] == [48.0, 28.0, -28.0]
    assert {type(v.grad) for v in (a, b, c)} == {float}
    assert ag.jvp(lambda t: row(t, t, t), (2.0,), (1.0,)) == (8.0, 8.0)
    assert ag.grad(ag.grad(lambda t: row(t, t * t, t)))(2.0) == 14.0
    with ag.no_grad():
        assert row(a, b, c).inputs == ()
