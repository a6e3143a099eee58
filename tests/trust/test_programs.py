"""Random programs over the whole table: differences, PyTorch, forward mode, second order and the written program agree.

`python -m tests.trust.test_programs 20000` runs so many new ones; the tests run the same few hundred each time.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.primitives import TABLE

torch = pytest.importorskip("torch")
from tests.trust.programs import REDUCTIONS, SHAPING, TWINS, Instruction, Program, fits, output, programs, run  # noqa: E402
from tests.trust.torch_twins import DOMAINS, rows_of  # noqa: E402

QUICK = settings(
    max_examples=250, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def plain(tensors: Any) -> np.ndarray:
    return flat([t.detach().numpy(force=True) for t in tensors])


def flat(arrays: list[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(getattr(a, "data", a), float)) for a in arrays])


def directions(program: Program, number: int) -> list[Any]:
    return [np.asarray(t, float) for t in program.inputs(number)]


def moved(inputs: list[Any], tangents: list[Any], h: float) -> list[Any]:
    return [np.asarray(x + h * t)[()] for x, t in zip(inputs, tangents, strict=True)]


def along(f: Any, inputs: list[Any], tangents: list[Any], h: float = 1e-4) -> Any:
    """The derivative of f along the tangents by central differences, the next term of its error cancelled."""

    def slope(h: float) -> Any:
        return (f(moved(inputs, tangents, h)) - f(moved(inputs, tangents, -h))) / (2 * h)

    return (4 * slope(h) - slope(2 * h)) / 3


def check(program: Program) -> None:
    inputs, t, u = program.inputs(), directions(program, 1), directions(program, 2)
    for direction in (t, u):  # so short that no kink is reached
        for d in direction:
            d /= 4
    leaves = [Value(x) for x in inputs]
    z = output(program, leaves)
    assert z.shape == ()

    def f(*xs: Any) -> Any:
        return output(program, list(xs))

    def number(xs: list[Any]) -> float:
        return float(output(program, [Value(x) for x in xs]).data)

    # reverse mode: twice on one graph adds the same again; the steps tell the same story
    z.backward()
    once = flat([0 * np.asarray(x) if v.grad is None else v.grad for x, v in zip(inputs, leaves, strict=True)])
    z.backward()
    twice = flat([0 * np.asarray(x) if v.grad is None else v.grad for x, v in zip(inputs, leaves, strict=True)])
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-13, atol=1e-15)
    told = {id(v): 0.0 for v in leaves}
    for s in ag.steps(z):
        if id(s.input) in told:
            told[id(s.input)] = told[id(s.input)] + s.contribution
    np.testing.assert_allclose(
        flat([told[id(v)] + 0 * np.asarray(v.data) for v in leaves]), once, rtol=1e-12, atol=1e-14
    )

    # finite differences and forward mode
    slope = once @ flat(t)
    size = max(1.0, float(np.max(np.abs(once), initial=0)))
    _, forward = ag.jvp(f, inputs, t)
    assert float(forward) == pytest.approx(slope, rel=1e-9, abs=1e-11 * size)
    assert along(number, inputs, t) == pytest.approx(slope, rel=1e-5, abs=1e-6 * size)

    # PyTorch, value and gradients
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    theirs = output(program, tensors, ours=False)
    assert float(z.data) == pytest.approx(theirs.item(), rel=1e-11, abs=1e-11)
    expected = torch.autograd.grad(theirs, tensors, create_graph=True, allow_unused=True, materialize_grads=True)
    np.testing.assert_allclose(once, plain(expected), rtol=1e-8, atol=1e-10 * size)

    # second order: a symmetric Hessian, PyTorch's, and that of the differences of gradients
    hessian_t, hessian_u = (flat(h if type(h) is tuple else [h]) for h in (ag.hvp(f, inputs, t), ag.hvp(f, inputs, u)))
    bend = hessian_t @ flat(u)
    scale = max(size, float(np.max(np.abs(hessian_t), initial=0)))
    assert hessian_u @ flat(t) == pytest.approx(bend, rel=1e-8, abs=1e-9 * scale)
    if any(g.requires_grad for g in expected):
        projected = sum((g * torch.tensor(d)).sum() for g, d in zip(expected, t, strict=True))
        seconds = torch.autograd.grad(projected, tensors, allow_unused=True, materialize_grads=True)
        np.testing.assert_allclose(hessian_t, plain(seconds), rtol=1e-6, atol=1e-8 * scale)


@seed(0)
@QUICK
@given(programs())
def test_programs(program: Program) -> None:
    check(program)


@seed(1)
@settings(QUICK, max_examples=60)
@given(programs())
def test_the_written_program_gives_the_same_bits(program: Program) -> None:
    leaves = [Value(x) for x in program.inputs()]
    z = output(program, leaves)
    written = ag.source(z)
    found = written.run()
    z.backward()
    np.testing.assert_array_equal(found[written.names[z]], z.data)
    for v in leaves:
        if v in written.gradient_names and v.grad is not None:
            np.testing.assert_array_equal(found[written.gradient_names[v]], v.grad)


@seed(2)
@settings(QUICK, max_examples=60)
@given(programs())
def test_float32_stays_float32(program: Program) -> None:
    program = program._replace(instructions=tuple(i for i in program.instructions if i.name != "astype"))
    try:
        exact = output(program, [Value(x) for x in program.inputs()])
    except (IndexError, ValueError):  # places moved when the casts went
        return
    leaves = [Value(np.asarray(x, np.float32)[()]) for x in program.inputs()]
    z = output(program, leaves)
    z.backward()
    assert z.dtype == np.float32
    for v in leaves:
        assert v.grad is None or np.asarray(v.grad).dtype == np.float32
    assert float(z.data) == pytest.approx(float(exact.data), abs=2e-2)


@pytest.mark.parametrize("name", sorted(TWINS))
def test_every_operation_alone(name: str) -> None:
    """Each at least once, whatever the draws above came across."""
    params = ((("axis", None), ("keepdims", False)),) if name in REDUCTIONS else ((),)
    instruction = Instruction(name, (0, 1)[: len(TWINS[name].domains)], *params)
    checked = 0
    for shape in [(), (3,), (2, 3)]:
        for number in range(20):
            program = Program((shape, shape), (instruction,), number)
            if fits(instruction, program.inputs()) is not None:
                check(program)
                checked += 1
                break
    assert checked >= 2


def test_the_operations_reach_every_row() -> None:
    reached: set[str] = set()
    for name, twin in TWINS.items():
        params = {"axis": None, "keepdims": False} if name in REDUCTIONS else {}
        operands = [Value(DOMAINS[d](np.array([0.3, 0.7, 1.1]) + i)) for i, d in enumerate(twin.domains)]
        reached |= rows_of(twin.ours(*operands, **params))
    assert set(TABLE) - reached == set()


def test_programs_are_long_and_reuse_their_nodes() -> None:
    lengths, operations, reused = [], set(), 0

    @seed(0)
    @QUICK
    @given(programs())
    def look(program: Program) -> None:
        nonlocal reused
        lengths.append(len(program.instructions))
        operations.update(i.name for i in program.instructions)
        operands = [place for i in program.instructions for place in i.operands]
        reused += len(operands) > len(set(operands))
        run(program, [Value(x) for x in program.inputs()])

    look()
    assert max(lengths) >= 15
    assert reused > 50
    assert len(operations) >= 0.9 * len(TWINS)
    assert set(SHAPING) & operations


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    settings(QUICK, max_examples=count, derandomize=False)(given(programs())(check))()
    print(f"{count} programs: no disagreement")
