"""List the implementations: where each is written, and what it needs."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.problems import Problem, Run


class Implementation(NamedTuple):
    module: str
    package: str = "numpy"
    """What has to be installed."""
    about: str = ""


#: In the tables' order. "ours" is what all are compared with.
IMPLEMENTATIONS: dict[str, Implementation] = {
    "ours": Implementation("ours", about="this library, eager"),
    "ours optim.SGD": Implementation("ours", about="the same with an optimizer instead of a written-out update"),
    "ours compiled": Implementation("ours_compiled", about="`ag.compile`"),
    "ours compiled numba": Implementation("ours_compiled", "numba", "`ag.compile(…, numba=True)`"),
    "ours compiled each": Implementation("ours_compiled", about="`ag.compile`, the samples looped inside `step.each`"),
    "ours compiled numba each": Implementation("ours_compiled", "numba", "both"),
    "floats": Implementation("floats", about="plain Python floats, derivatives by hand"),
    "naive": Implementation("numpy_naive", about="NumPy as a textbook writes it, derivatives by hand"),
    "tuned": Implementation("numpy_tuned", about="NumPy, preallocated and in place, derivatives by hand"),
    "numba": Implementation("numba_peer", "numba", "straight-line code by hand, called once a step"),
    "numba looped": Implementation("numba_peer", "numba", "the same, the steps looped inside"),
    "micrograd": Implementation("micrograd_peer", "micrograd"),
    "autograd": Implementation("autograd_peer", "autograd", "HIPS autograd"),
    "mygrad": Implementation("mygrad_peer", "mygrad"),
    "dezero": Implementation("dezero_peer", "dezero"),
    "tinygrad": Implementation("tinygrad_peer", "tinygrad", "with TinyJit"),
    "torch": Implementation("torch_peer", "torch", "PyTorch, eager"),
    "jax": Implementation("jax_peer", "jax", "the whole step under jit"),
}


class Unavailable(Exception):
    """An implementation cannot do this here; the text says why, to be printed in its place."""


def build(name: str, problem: Problem) -> Run:
    """Set the problem up.

    Raises:
        Unavailable: its package is missing, or it has no form of this problem.
    """
    where = IMPLEMENTATIONS[name]
    if importlib.util.find_spec(where.package) is None:
        raise Unavailable("not installed")
    builders: dict[str, Callable[[Problem], Run]]
    builders = importlib.import_module(f"benchmarks.{where.module}").BUILDERS[name]
    if problem.kind not in builders:
        raise Unavailable("not written")
    return builders[problem.kind](problem)
