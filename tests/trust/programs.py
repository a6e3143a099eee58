"""Random programs as plain data, over the whole table of operations, run by the engine, by NumPy or by PyTorch.

A program is a list of instructions: an operation, the places of its operands in the list, and its params. Inputs and
constants are instructions too, without operands. Programs are drawn so that numbers and slopes stay moderate and kinks
are far: an instruction that would bring a result out of these bounds is left out while it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st

from autograd_mini import Value
from autograd_mini.primitives import TABLE
from tests.trust.calls import Shape, in_precision, params, partner, sizes, together
from tests.trust.torch_twins import TWINS, like, ours

SHAPES: list[Shape] = [(), (3,), (2,), (1,), (2, 3), (3, 3), (2, 2), (2, 1), (1, 3), (2, 2, 2), (2, 1, 3), (1, 3, 3)]
#: Nearer to a kink than this, larger or steeper than that, and a program would test rounding.
DISTANCE, LARGEST, STEEPEST, MOST = 0.02, 20.0, 50.0, 40


class Instruction(NamedTuple):
    name: str
    """A row of the table, a function made of rows, "input" or "constant"."""
    operands: tuple[int, ...] = ()
    params: tuple[Any, ...] = ()
    """Those of the row; for an input or a constant its shape and seed."""


Program = tuple[Instruction, ...]


# -- running ---------------------------------------------------------------------------------------


def drawn(shape: Shape, *seeds: int) -> Any:
    numbers = np.random.default_rng(seeds).uniform(-2, 2, shape)
    return numbers if shape else float(numbers)


def numbers(program: Program, seed: int = 0) -> list[Any]:
    """Numbers for the inputs; with another seed other ones, as a direction to move in."""
    return [drawn(*i.params, seed) for i in program if i.name == "input"]


def plain(number: Any) -> Any:
    """A number as the engine holds it: no 0-d arrays, and a scalar of float64 is a Python float."""
    number = np.asarray(number)[()]
    return float(number) if isinstance(number, np.float64) else number


def by_numpy(name: str, operands: list[Any], params: tuple) -> Any:
    """The forward function alone, on numbers."""
    if sizes(name) != 2 or not TABLE[name].elementwise:  # a float beside an array adapts its precision
        operands = [np.asarray(x) for x in operands]
    return plain(ours(name, *operands, params=params))


def by_engine(name: str, operands: list[Any], params: tuple) -> Any:
    recorded = any(isinstance(x, Value) for x in operands)
    return ours(name, *operands, params=params) if recorded else by_numpy(name, operands, params)


def by_torch(name: str, operands: list[Any], params: tuple) -> Any:
    return TWINS[name].theirs(*operands, *params)


Runner = Callable[[str, list[Any], tuple], Any]


def run(program: Program, inputs: Sequence[Any], by: Runner = by_engine, precision: str = "float64") -> list[Any]:
    """All results, one after the other; constants and bounds in the precision given."""
    numbers_given, results = iter(inputs), []
    for name, operands, given_params in program:
        if name == "input":
            results.append(next(numbers_given))
        elif name == "constant":
            constant = plain(np.asarray(drawn(*given_params), precision))
            results.append(torch.tensor(constant, dtype=torch.float64) if by is by_torch else constant)
        else:
            results.append(
                by(name, brought(name, [results[place] for place in operands]), in_precision(given_params, precision))
            )
    return results


def brought(name: str, operands: list[Any]) -> list[Any]:
    """The operands, in their operation's domains."""
    return [TWINS[name].domain(k)(x) for k, x in enumerate(operands)]


def total(program: Program, results: list[Any]) -> Any:
    """One number that depends on every result, with another weight for each element, and with a curvature."""
    used = {place for i in program for place in i.operands}
    library = torch if any(isinstance(x, torch.Tensor) for x in results) else np
    parts = []
    for place, x in enumerate(results):
        if place not in used:
            weights = 1 + np.cos(1.0 + np.arange(np.size(x) if library is np else x.numel()))
            parts.append((library.sin(x) * like(x, weights.reshape(np.shape(x)))).sum())
    return reduce(add, parts)


def output(program: Program, inputs: Sequence[Any], by: Runner = by_engine) -> Any:
    return total(program, run(program, inputs, by))


# -- drawing ---------------------------------------------------------------------------------------


def moved(inputs: Sequence[Any], direction: Sequence[Any], h: float) -> list[Any]:
    return [x + h * t for x, t in zip(inputs, direction, strict=True)]


class Draft:
    """A program on its way: its instructions, and their results at the inputs and a little beside."""

    STEP = 1e-6

    def __init__(self) -> None:
        self.program: list[Instruction] = []
        self.here: list[Any] = []
        self.beside: list[Any] = []

    def add(self, instruction: Instruction) -> None:
        """Unless it would leave the bounds."""
        name, operands, params = instruction
        if name in ("input", "constant"):
            here = drawn(*params, 0) if name == "input" else drawn(*params)
            beside = here + (self.STEP * drawn(*params, 1) if name == "input" else 0)
        else:
            there = brought(name, [self.here[place] for place in operands])
            kinks = TWINS[name].kinks
            if kinks is not None and np.min(kinks(*map(np.asarray, there), *params), initial=1.0) < DISTANCE:
                return
            if name == "astype":  # rounding would hide the slope
                here, beside = there[0], self.beside[operands[0]]
            else:
                here = by_numpy(name, there, params)
                beside = by_numpy(name, brought(name, [self.beside[place] for place in operands]), params)
        if not 0 < np.size(here) <= MOST or np.ndim(here) > 4 or np.max(np.abs(here)) > LARGEST:
            return
        if np.max(np.abs(beside - here)) <= STEEPEST * self.STEP:
            self.program.append(instruction)
            self.here.append(here)
            self.beside.append(beside)


@st.composite
def programs(draw: Any, often: str, precisions: tuple[str, ...] = ("float64",), length: int = 20) -> Program:
    """Up to so many operations, with many of one name; casts are to these precisions."""
    draft = Draft()
    seeds = st.integers(0, 1000)
    for shape in draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3)):
        draft.add(Instruction("input", (), (shape, draw(seeds))))
    for turn in range(length):
        # The first, "", is what a shrinking program turns into.
        name = draw(st.sampled_from(["", often] if turn % 4 == 1 else ["", *TWINS]))
        if not name:
            continue
        count, operands = sizes(name) or draw(st.integers(1, 3)), ()
        while len(operands) < count:
            found = tuple(np.shape(draft.here[place]) for place in operands)
            recent = range(len(draft.program) - 1, max(-1, len(draft.program) - 9), -1)  # chains grow deep
            fitting = [place for place in recent if together(name, (*found, np.shape(draft.here[place])))]
            place = draw(st.sampled_from([*fitting, *([None] if found else [])])) if fitting or found else None
            if place is None and not found:
                break
            if place is None:
                draft.add(Instruction("constant", (), (draw(partner(name, found)), draw(seeds))))
                place = len(draft.program) - 1
            operands = (*operands, place)
        else:
            shapes = tuple(np.shape(draft.here[place]) for place in operands)
            chosen = (np.dtype(draw(st.sampled_from(precisions))),) if name == "astype" else draw(params(name, shapes))
            draft.add(Instruction(name, operands, chosen))
    return tuple(draft.program)
