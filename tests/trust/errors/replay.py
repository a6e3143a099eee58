"""The errors of `replay`: what a compiled function may not do, and what it leaves to the engine to refuse."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import CompileError, GraphError, ShapeError, Value, nn, optim
from tests.trust.errors.rows import row


def w() -> Value:
    return Value([1.0, 2.0], name="w")


class Keeper(nn.Module):
    """It keeps what it computed."""

    def __init__(self) -> None:
        self.w = w()

    def forward(self, x: Any) -> Any:
        self.last = self.w * x
        return np.sum(self.last)


def changing_its_mind(v: Value) -> Any:
    calls: list[int] = []

    def f(x: Any) -> Any:
        calls.append(1)
        return np.sum(v * x) if len(calls) == 1 else np.sum(np.exp(v * x))

    return ag.compile(f)(np.ones(2))


def counting(v: Value) -> Any:
    calls: list[int] = []

    def f(x: Any) -> Any:
        calls.append(1)
        return np.sum(v * x) * float(len(calls))

    return ag.compile(f)(np.ones(2))


def drawing_more_the_second_time(v: Value) -> Any:
    calls: list[int] = []

    def f(x: Any) -> Any:
        calls.append(1)
        rng = np.random.default_rng(0)
        for _ in calls:
            x = nn.functional.dropout(x, 0.5, rng=rng)
        return np.sum(v * x)

    return ag.compile(f)(np.ones(2))


def trained(v: Value, f: Any, *calls: Any, optimizer: Any = optim.SGD) -> None:
    step = ag.compile(lambda x: f(v, x), optimizer=optimizer([v], 0.1))
    with np.errstate(all="ignore"):
        for x in calls:
            step(x)


def with_parameters_of_different_age() -> None:
    v, u = w(), Value([0.5, 0.5], name="u")
    optimizer = optim.Adam([v, u], 0.1)
    v.grad = np.ones(2)
    optimizer.step()
    step = ag.compile(lambda x: np.sum(v * x + u * x), optimizer=optimizer)
    step(np.ones(2))
    step(np.full(2, np.inf))


def with_a_gradient_of_another_shape() -> None:
    v = w()
    step = ag.compile(lambda x: np.sum(v * x))
    step(np.ones(2))
    v.grad = np.ones(3)
    step(np.ones(2))


def with_a_hook() -> None:
    v = w()
    with v.register_hook(print):
        ag.compile(lambda x: v * x)(np.ones(2))


def without_numba() -> None:
    v = Value(2.0, name="v")
    step = ag.compile(lambda x: v * x, optimizer=optim.SGD([v], 0.1), numba=True)
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "numba"}
    sys.modules["numba"] = None  # type: ignore[assignment]
    try:
        step(1.0)
    finally:
        del sys.modules["numba"]
        sys.modules.update(before)


ROWS = [
    row("compile, what is called", TypeError, ["expected a function", "float 2.0", "f, not f(x)"], lambda: ag.compile(2.0)),
    row("compile, an optimizer without gradients", ValueError, ["an optimizer needs gradients", "backward=False"], lambda: ag.compile(w, optimizer=optim.SGD([w()], 0.1), backward=False)),
    row("compile, no numba", CompileError, ["numba=True needs numba", "pip install autograd-mini[numba]"], without_numba),
    row("compile, a number asked for", CompileError, ["the number (float) of x", "NumPy's functions", "as an int"], lambda v: ag.compile(lambda x: v * float(x))(2.0), w),
    row("compile, a list asked for", CompileError, ["tolist", "a result of multiply (2,)", "errors/replay.py"], lambda v: ag.compile(lambda x: v * (v * x).data.tolist())(2.0), w),
    row("compile, no Value returned", CompileError, ["must return the Value to differentiate", "float 2.0"], lambda: ag.compile(lambda x: x)(2.0)),
    row("compile, a module that keeps a Value", CompileError, ["Keeper", "'last'", "return it"], lambda: ag.compile(Keeper())(np.ones(2))),
    row("compile, other operations the second time", CompileError, ["3 Values in one run and 4 in the next", "must be an argument"], changing_its_mind, w),
    row("compile, a constant that changes", CompileError, ["a constant of multiply differs between two runs", "Pass random numbers, counters and times as arguments"], counting, w),
    row("compile, draws that change", CompileError, ["did not draw as many random numbers", "second time"], drawing_more_the_second_time, w),
    row("compile, a graph as an argument", GraphError, ["starts from a scalar"], lambda v: ag.compile(lambda x: x * 2)(v * 2), w),
    row("compile, a hook", GraphError, ["starts from a scalar"], with_a_hook),
    row("compile, a gradient of another shape", ShapeError, ["w.grad", "(3,)", "(2,)"], with_a_gradient_of_another_shape),
    row("compile, a gradient that is not finite", FloatingPointError, ["the gradient of w is nan or inf in 2 of 2"], lambda: trained(w(), lambda v, x: np.sum(v * x), np.inf)),
    row("compile, parameters that took more steps than others", FloatingPointError, ["the gradient of w is nan or inf in 2 of 2"], with_parameters_of_different_age),
    row("compile, a number that math refuses", FloatingPointError, ["the gradient of w is nan or inf"], lambda: trained(Value(2.0, name="w"), lambda v, x: np.log(x * v), 0.0)),
    row("compile, what has no form on single numbers", FloatingPointError, ["the gradient of w is nan or inf in 2 of 2"], lambda: trained(w(), lambda v, x: np.sum(np.einsum("i,i->i", v, v)) * x, 1.0, np.inf)),
    row("compile, an update that overflows", FloatingPointError, ["the update of w", "no parameter was changed"], lambda: trained(w(), lambda v, x: np.sum(v * x), 1e300, optimizer=optim.RMSprop)),
]  # fmt: skip
