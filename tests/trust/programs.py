"""Random programs as plain data, over the whole table of operations, run by the engine or by PyTorch.

A program is a list of instructions, each an operation, the places of its operands and its parameters; places count the
inputs first, then the results so far. Programs are drawn so that every number stays moderate and away from kinks: an
instruction that would come too near to one, or does not fit its operands' shapes, is left out while it is drawn.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

import autograd_mini as ag
from tests.trust.torch_twins import DOMAINS, ELEMENTWISE, REDUCTIONS, SHAPING, Twin

SHAPES = [(), (3,), (1,), (2, 3), (2, 1), (1, 3), (2, 1, 3)]
TWINS: dict[str, Twin] = ELEMENTWISE | REDUCTIONS | SHAPING
#: Nearer to a kink than this, a finite difference would see both sides.
DISTANCE = 0.02


class Instruction(NamedTuple):
    name: str
    operands: tuple[int, ...]
    params: tuple[tuple[str, Any], ...] = ()


class Program(NamedTuple):
    shapes: tuple[tuple[int, ...], ...]
    instructions: tuple[Instruction, ...]
    seed: int

    def inputs(self, number: int = 0) -> list[Any]:
        """Numbers for the inputs; other ones for every number."""
        random = np.random.default_rng([self.seed, number])
        return [random.uniform(-2, 2, shape) if shape else float(random.uniform(-2, 2)) for shape in self.shapes]


def step(instruction: Instruction, results: list[Any], ours: bool) -> Any:
    twin = TWINS[instruction.name]
    operands = [DOMAINS[d](results[i]) for d, i in zip(twin.domains, instruction.operands, strict=True)]
    params = dict(instruction.params)
    return twin.ours(*operands, **params) if ours else twin.theirs(*operands, **params)


def run(program: Program, inputs: list[Any], ours: bool = True) -> list[Any]:
    """All results, one after the other."""
    results = list(inputs)
    for instruction in program.instructions:
        results.append(step(instruction, results, ours))
    return results


def output(program: Program, inputs: list[Any], ours: bool = True) -> Any:
    """One number that depends on the last results: Σ sin, so that it is bounded and its slopes are not constant."""
    library = np if ours else torch
    return sum(library.sin(x).sum() for x in run(program, inputs, ours)[-3:])


def fits(instruction: Instruction, results: list[Any]) -> Any:
    """The result on plain numbers, or None where the operands do not fit, or come too near to a kink."""
    twin = TWINS[instruction.name]
    operands = [DOMAINS[d](results[i]) for d, i in zip(twin.domains, instruction.operands, strict=True)]
    params = dict(instruction.params)
    try:
        if twin.kinks is not None and np.min(twin.kinks(*operands, **params), initial=1.0) < DISTANCE:
            return None
        z = ag.Value(np.array(0.0)) * 0 + twin.ours(*[ag.Value(x) for x in operands], **params)
    except (ValueError, IndexError):
        return None
    return z.data if np.size(z.data) <= 30 and np.max(np.abs(z.data), initial=0) < 50 else None


@st.composite
def programs(draw: Any, length: int = 20) -> Program:
    shapes = tuple(draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3)))
    program = Program(shapes, (), draw(st.integers(0, 10**6)))
    results, kept = program.inputs(), []
    for _ in range(draw(st.integers(1, length))):
        name = draw(st.sampled_from(sorted(TWINS)))
        places = st.integers(max(0, len(results) - 6), len(results) - 1)  # the recent ones: chains grow deep
        operands = tuple(draw(places) for _ in TWINS[name].domains)
        params: tuple[tuple[str, Any], ...] = ()
        if name in REDUCTIONS:
            ndim = np.ndim(results[operands[0]])
            one = st.integers(-ndim, ndim - 1) if ndim else st.none()
            several = st.lists(st.integers(0, max(ndim - 1, 0)), unique=True, min_size=1, max_size=max(ndim, 1))
            axis = draw(st.none() | one if name == "norm" or not ndim else st.none() | one | several.map(tuple))
            params = (("axis", axis), ("keepdims", draw(st.booleans())))
        instruction = Instruction(name, operands, params)
        z = fits(instruction, results)
        if z is not None:
            kept.append(instruction)
            results.append(z)
    return program._replace(instructions=tuple(kept))
