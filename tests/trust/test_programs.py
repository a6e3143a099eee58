"""Random programs over the whole table: differences, NumPy, PyTorch, forward mode and the written program agree.

`python -m tests.trust.test_programs 20000` runs so many new ones; the tests run the same few hundred each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.primitives import TABLE

torch = pytest.importorskip("torch")
from tests.trust.calls import QUICK  # noqa: E402
from tests.trust.programs import Program, by_numpy, by_torch, moved, numbers, output, programs, run, total  # noqa: E402
from tests.trust.torch_twins import TWINS  # noqa: E402


def flat(arrays: Sequence[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(x, float)) for x in arrays])


def close(found: Any, expected: Any, tolerance: float) -> None:
    """Relative to the largest number."""
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def same(found: Any, expected: Any) -> None:
    """To the last bit."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected, strict=True)


def along(f: Callable[[list[Any]], Any], inputs: list[Any], direction: list[Any], h: float = 4e-6) -> Any:
    """The derivative along the direction by central differences, the next term of their error cancelled."""

    def slope(h: float) -> Any:
        return (f(moved(inputs, direction, h)) - f(moved(inputs, direction, -h))) / (2 * h)

    return (4 * slope(h) - slope(2 * h)) / 3


def gradients_of(program: Program, inputs: list[Any]) -> np.ndarray:
    leaves = [Value(x) for x in inputs]
    return flat(ag.gradients(output(program, leaves), leaves))


def check(program: Program) -> None:
    inputs, t, u = numbers(program), numbers(program, 1), numbers(program, 2)
    leaves = [Value(x) for x in inputs]
    results = run(program, leaves)
    z = total(program, results)
    check_values(program, inputs, results)
    once = check_backward(z, leaves)
    check_written(z)

    def f(*xs: Any) -> Any:
        return output(program, xs)

    # Forward mode, differences of the numbers that NumPy computes.
    slope = once @ flat(t)
    close(ag.jvp(f, inputs, t)[1], slope, 1e-10)
    close(along(lambda xs: output(program, xs, by_numpy), inputs, t), slope, 1e-6)

    # The second order: forward over reverse, twice; the other ways round; differences of gradients.
    both = [flat(h if type(h) is tuple else [h]) for h in (ag.hvp(f, inputs, t), ag.hvp(f, inputs, u))]
    close(both[0] @ flat(u), both[1] @ flat(t), 1e-9)
    slopes = ag.gradients(z, leaves, create_graph=True)
    projection = sum(np.sum(s * d) for s, d in zip(slopes, t, strict=True))
    close(flat(ag.gradients(projection, leaves)), both[0], 1e-9)
    over_forward = ag.grad(lambda *xs: ag.jvp(f, xs, t)[1], tuple(range(len(inputs))))(*inputs)
    close(flat(over_forward), both[0], 1e-9)
    close(along(lambda xs: gradients_of(program, xs), inputs, t), both[0], 1e-5)

    check_torch(program, inputs, t, results, once, both[0])


def check_values(program: Program, inputs: list[Any], results: list[Any]) -> None:
    """The engine's results are NumPy's; `math`, which computes scalars, may differ in the last digit."""
    for found, expected in zip(results, run(program, inputs, by_numpy), strict=True):
        data = found.data if isinstance(found, Value) else found
        assert np.shape(data) == np.shape(expected)
        assert type(data) is type(expected)
        close(data, expected, 1e-12)


def check_backward(z: Value, leaves: list[Value]) -> np.ndarray:
    """The gradients: the sum of the steps, and, after a second pass on the same graph, the same added, to the bit."""
    story = ag.steps(z)
    for leaf in leaves:
        assert leaf.grad is None
    for passes in (1, 2):
        z.backward()
        for leaf in leaves:
            arrived = [s.contribution for s in story if s.input is leaf] * passes
            if not arrived:
                assert leaf.grad is None
            else:
                sums = arrived[0]
                for contribution in arrived[1:]:
                    sums = sums + contribution
                same(leaf.grad, sums)
        if passes == 1:
            once = [np.zeros(x.shape) if x.grad is None else np.array(x.grad) for x in leaves]
    for leaf, first in zip(leaves, once, strict=True):
        if leaf.grad is not None:
            np.testing.assert_allclose(leaf.grad, 2 * first, rtol=1e-13, atol=1e-12)
            leaf.grad = None
    return flat(once)


def check_written(z: Value) -> None:
    """The program that the graph is written as computes every number and every gradient to the bit."""
    written = ag.source(z)
    found = written.run()
    values = list(written.names)
    for v, gradient in zip(values, ag.gradients(z, values), strict=True):
        same(found[written.names[v]], v.data)
        same(found[written.gradient_names[v]], gradient)


def check_torch(program: Program, inputs: list, t: list, results: list, once: np.ndarray, bend: np.ndarray) -> None:
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    theirs = run(program, tensors, by_torch)
    for found, expected in zip(results, theirs, strict=True):
        close(found.data if isinstance(found, Value) else found, expected.numpy(force=True), 1e-10)
    slopes = torch.autograd.grad(total(program, theirs), tensors, create_graph=True, materialize_grads=True)
    close(once, flat([s.numpy(force=True) for s in slopes]), 1e-9)
    projection = sum((s * torch.tensor(d, dtype=torch.float64)).sum() for s, d in zip(slopes, t, strict=True))
    if projection.requires_grad:
        seconds = torch.autograd.grad(projection, tensors, materialize_grads=True)
        close(bend, flat([s.numpy(force=True) for s in seconds]), 1e-8)
    else:
        close(bend, 0, 1e-12)


def run_many(count: int, name: str, check: Callable[[Program], None], *precisions: str, **options: Any) -> None:
    settings(QUICK, max_examples=count, **options)(given(programs(name, precisions or ("float64",)))(check))()


@pytest.mark.parametrize("name", TWINS)
def test_programs(name: str) -> None:
    """An operation that has many forms is in many programs."""
    run_many(3 if name in TABLE and TABLE[name].elementwise else 8, name, check)


@pytest.mark.parametrize("name", TWINS)
def test_precisions(name: str) -> None:
    run_many(2, name, check_float32, "float32")
    run_many(2, name, check_mixed, "float32", "float64")


def check_float32(program: Program) -> None:
    """It stays float32, and is near float64's."""
    leaves = [Value(np.asarray(x, np.float32)[()]) for x in numbers(program)]
    results = run(program, leaves, precision="float32")
    assert all(x.dtype == np.float32 for x in results)
    z = total(program, results)
    z.backward()
    slopes = [np.zeros(x.shape, np.float32) if x.grad is None else x.grad for x in leaves]
    assert all(s.dtype == np.float32 for s in slopes)
    expected = gradients_of(program, [np.asarray(x.data, float)[()] for x in leaves])
    close(flat(slopes), expected, 1e-3)


def check_mixed(program: Program) -> None:
    """Every other input is float32: every result has NumPy's type, every gradient and tangent that of its number."""
    inputs = [np.asarray(x, f"f{4 + 4 * (k % 2)}")[()] for k, x in enumerate(numbers(program))]
    leaves = [Value(x) for x in inputs]
    results = run(program, leaves)
    plain = run(program, [x.data for x in leaves], by_numpy)
    assert [np.asarray(getattr(x, "data", x)).dtype for x in results] == [np.asarray(x).dtype for x in plain]
    z = total(program, results)
    check_written(z)
    for recorded in (False, True):
        slopes = ag.gradients(z, leaves, create_graph=recorded)
        assert [np.asarray(getattr(s, "data", s)).dtype for s in slopes] == [x.dtype for x in leaves]
    _, tangent = ag.jvp(lambda *xs: output(program, xs), inputs, numbers(program, 1))
    assert np.asarray(tangent).dtype == z.dtype


def test_programs_are_long_have_constants_and_use_their_nodes_again() -> None:
    drawn: list[Program] = []
    for name in ("add", "matmul", "sum"):
        run_many(10, name, lambda program: drawn.append(program))
    assert max(len(program) for program in drawn) > 20
    assert {"input", "constant", "add", "matmul", "sum"} < {i.name for program in drawn for i in program}
    uses = [[place for i in program for place in i.operands] for program in drawn]
    assert sum(len(places) > len(set(places)) for places in uses) > len(drawn) / 2


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    for k, name in enumerate(TWINS):
        run_many(count // len(TWINS) + (k < count % len(TWINS)), name, check, derandomize=False)
        print(f"{name}: no disagreement", flush=True)
    print(f"{count} random programs: no disagreement")
