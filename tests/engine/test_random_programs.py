"""Random programs with reused nodes: reverse mode, forward mode, scalars and differences must agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_mini import Value, jvp, sigmoid, softplus, steps, vjp

#: Smooth everywhere and bounded enough that 20 of them in a row stay moderate.
UNARY = [
    np.tanh,
    np.sin,
    np.cos,
    np.arctan,
    sigmoid,
    softplus,
    lambda x: np.log1p(x * x),
    lambda x: np.sqrt(1 + x * x),
    lambda x: np.exp(-x * x),
    lambda x: -x,
    lambda x: 1 / (1 + x**2),
    lambda x: np.arcsinh(x) * 0.5,
]
BINARY = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * np.tanh(y),
    lambda x, y: x / (2 + np.cos(y)),
    lambda x, y: np.logaddexp(x, y) - 1,
    lambda x, y: np.arctan2(x, 1 + y * y),
    lambda x, y: (1 + x * x) ** np.tanh(y),
    lambda x, y: 2 * x - 0.5 * y,
]
ARRAY = [
    lambda x: x - np.mean(x, axis=0),
    lambda x: x / (1 + np.linalg.norm(x)),
    lambda x: np.sum(x, axis=1, keepdims=True) + x,
    lambda x: x[::-1],
    lambda x: x[[0, 0]],
    lambda x: np.roll(x, 1, axis=1),
    lambda x: (x.T @ np.ones((2, 2))).T,
    lambda x: np.concatenate([x[:, 1:], x[:, :1]], axis=1),
    lambda x: np.cumsum(x, axis=1) / 3,
    lambda x: np.einsum("ij,kj->ik", x, x) @ x / (1 + np.sum(x * x)),
    lambda x: np.reshape(x.T, (2, 3)),
    lambda x: np.where(np.eye(2, 3) > 0, x, -x),
]


def program(seed: int, arrays: bool, length: int = 20) -> Any:
    """The same random program each time it is called, for any inputs."""

    def run(*inputs: Any) -> Any:
        random = np.random.default_rng(seed)
        nodes = list(inputs)
        for _ in range(length):
            kind = random.integers(5 if arrays else 3)
            recent = nodes[-6:]
            x, y = (recent[random.integers(len(recent))] for _ in range(2))
            if kind == 0:
                nodes.append(UNARY[random.integers(len(UNARY))](x))
            elif kind <= 2:
                nodes.append(BINARY[random.integers(len(BINARY))](x, y))
            else:
                nodes.append(ARRAY[random.integers(len(ARRAY))](x))
        return sum(nodes[len(inputs) :][-3:]) + nodes[-1] * nodes[0]

    return run


def numbers(seed: int, shape: tuple[int, ...]) -> list[Any]:
    random = np.random.default_rng(1000 + seed)
    return [random.normal(size=shape) if shape else float(random.normal()) for _ in range(3)]


def directional_difference(f: Any, primals: list, tangents: list, step: float = 1e-5) -> Any:
    """(f(x + h t) − f(x − h t)) / 2h, with the next term of its error cancelled."""

    def slope(h: float) -> Any:
        ends = [f(*(Value(x + sign * h * t) for x, t in zip(primals, tangents, strict=True))).data for sign in (1, -1)]
        return (ends[0] - ends[1]) / (2 * h)

    return (4 * slope(step) - slope(2 * step)) / 3


@pytest.mark.parametrize("shape", [(), (2, 3)], ids=["scalars", "arrays"])
@pytest.mark.parametrize("seed", range(100))
def test_reverse_forward_and_differences_agree(seed: int, shape: tuple[int, ...]) -> None:
    f = program(seed, arrays=bool(shape))
    primals, tangents = numbers(seed, shape), numbers(seed + 500, shape)
    _z, along = jvp(f, primals, tangents)
    numeric = directional_difference(f, primals, tangents)
    np.testing.assert_allclose(along, numeric, rtol=2e-7, atol=2e-7)
    u = np.random.default_rng(seed).normal(size=shape)
    back = vjp(f, *primals)[1](u)
    projected = sum(np.sum(g * t) for g, t in zip(back, tangents, strict=True))
    np.testing.assert_allclose(projected, np.sum(u * along), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(100))
def test_scalars_are_computed_as_arrays_are(seed: int) -> None:
    f = program(seed, arrays=False)
    primals = numbers(seed, ())
    scalars, arrays = [Value(x) for x in primals], [Value(np.array([x])) for x in primals]
    z, one = f(*scalars), f(*arrays)
    z.backward()
    one.backward(np.ones(1))
    assert z.data == pytest.approx(one.data[0], rel=1e-13)
    for x, v in zip(scalars, arrays, strict=True):
        if x.grad is None:  # not every input need be reached
            assert v.grad is None
        else:
            assert x.grad == pytest.approx(v.grad[0], rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_second_derivatives_of_random_programs(seed: int) -> None:
    """The recorded backward pass against differences of the plain one."""
    f = program(seed, arrays=True, length=10)
    primals, tangents = numbers(seed, (2, 3)), numbers(seed + 500, (2, 3))
    u = np.random.default_rng(seed).normal(size=(2, 3))

    def slopes(*xs: Any) -> Any:
        return sum(np.sum(g * k) for k, g in enumerate(vjp(f, *xs)[1](u), 1))

    _, along = jvp(slopes, primals, tangents)
    numeric = directional_difference(slopes, primals, tangents)
    np.testing.assert_allclose(along, numeric, rtol=1e-6, atol=1e-6)
    back = vjp(slopes, *primals)[1](1.0)
    projected = sum(np.sum(g * t) for g, t in zip(back, tangents, strict=True))
    np.testing.assert_allclose(projected, along, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("shape", [(), (2, 3)], ids=["scalars", "arrays"])
def test_steps_sum_to_the_gradients(seed: int, shape: tuple[int, ...]) -> None:
    leaves = [Value(x) for x in numbers(seed, shape)]
    z = np.sum(program(seed, arrays=bool(shape))(*leaves))
    story = steps(z)
    z.backward()
    for x in leaves:
        arrived = [s.contribution for s in story if s.input is x]
        if arrived:
            np.testing.assert_allclose(sum(arrived), x.grad, rtol=1e-12, atol=1e-14)
        else:
            assert x.grad is None
