"""Let numba compile the lines of a program of numbers: the calls as a function of its own, on floats alone.

What it cannot see, such as Values and the optimizer, stays outside: loaded before, changed afterwards.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from autograd_mini.replay.trace import CompileError

Section = tuple[str, list[str]]


def kernel_of(
    sections: Callable[[str], str],
    given: Sequence[str],
    states: Sequence[str],
    following: Sequence[str],
    arguments: Sequence[str],
    output: str,
) -> tuple[str, list[str]]:
    """The text of the loop over many samples, and what it is given besides them.

    `sections(missed)` are the lines of the calls, which leave by the line `missed`; `given` are names that they may
    mention, `states` those that `following` changes from one sample to the next.
    """
    left = f"return {', '.join(['False', *states])}"
    lines = as_numba_reads(sections(left))
    mentioned = [name for name in given if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", lines + "\n".join(following))]
    inputs = list(dict.fromkeys([*states, *mentioned]))
    text = [f"def kernel({', '.join(['samples', 'outputs', *inputs])}):", "    for turn in range(outputs.size):"]
    text += [f"        {name} = samples[turn, {k}]" for k, name in enumerate(arguments)]
    text += [lines, f"        outputs[turn] = {output}", *(f"        {line}" for line in following)]
    return "\n".join([*text, f"    return {', '.join(['True', *states])}\n"]), inputs


def as_numba_reads(text: str) -> str:
    """A name that is assigned in an expression is more than numba can read."""
    return re.sub(r"\(e := (math\.exp\([^()]*\))\) / \(1 \+ e\)", r"\1 / (1 + \1)", text)


def imported_numba() -> Any:
    """The package, which is an extra.

    Raises:
        CompileError: it is missing.
    """
    try:
        return importlib.import_module("numba")
    except ImportError:
        raise CompileError(
            "compile: numba=True needs numba, which is not installed: pip install autograd-mini[numba], or leave it out"
        ) from None


def machine_code(source: str, known: dict[str, Any]) -> Callable[..., Any]:
    """The kernel, compiled when it is first called.

    Raises:
        CompileError: numba is missing.
    """
    numba = imported_numba()
    space: dict[str, Any] = {"np": np, "math": math}
    for name, thing in known.items():
        if isinstance(thing, FunctionType):
            space[name] = numba.njit(FunctionType(thing.__code__, {"math": math, "np": np}, name))
        elif isinstance(thing, float):
            space[name] = thing
    exec(compile(source, "<ag.compile kernel>", "exec"), space)
    # As NumPy divides by zero: the result is then found not to be finite.
    return numba.njit(space["kernel"], error_model="numpy")
