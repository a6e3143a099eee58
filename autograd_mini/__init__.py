"""Automatic differentiation whose every number can be opened and explained.

>>> import autograd_mini as ag
>>> x, w = ag.Value(2.0, name="x"), ag.Value(-3.0, name="w")
>>> E = (w * x + 10) ** 2
>>> E.backward()
>>> w.grad
16.0
"""

from typing import TYPE_CHECKING

from autograd_mini import dispatch as _dispatch  # noqa: F401  (teaches NumPy's functions to work on Values)
from autograd_mini.anomaly import anomaly
from autograd_mini.backprop import Step, gradients, steps
from autograd_mini.errors import AnomalyError, GraphError, MissingRuleError, ShapeError
from autograd_mini.functions import erf, log_softmax, logsumexp, relu, sigmoid, softmax, softplus
from autograd_mini.gradcheck import GradcheckError, GradcheckReport, gradcheck
from autograd_mini.modes import no_grad
from autograd_mini.notes import record_sources
from autograd_mini.rules import Along, Local, Primitive, Pull
from autograd_mini.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd_mini.value import Value

if TYPE_CHECKING:  # so that editors know them; see __getattr__
    from autograd_mini import explain, learn, lecture, nn, optim, replay  # noqa: F401, rooms
    from autograd_mini.explain import (
        delta_rule,
        derive,
        draw,
        draw_network,
        graph,
        latex,
        paths,
        source,
        step_in_terminal,
        step_through,
        trace,
    )
    from autograd_mini.replay import CompileError, compile


_ROOMS = {"explain", "learn", "lecture", "nn", "optim", "replay"}
_PICTURES = {
    *("delta_rule", "derive", "draw", "draw_network", "graph", "latex"),
    *("paths", "source", "step_in_terminal", "step_through", "trace"),
}
_COMPILING = {"CompileError", "compile"}


def __getattr__(name: str) -> object:
    # Rooms and pictures are loaded when first asked for: `import autograd_mini` costs NumPy and little more.
    from importlib import import_module

    if name in _ROOMS:
        return import_module(f"autograd_mini.{name}")
    if name in _PICTURES:
        return getattr(import_module("autograd_mini.explain"), name)
    if name in _COMPILING:
        return getattr(import_module("autograd_mini.replay"), name)
    raise AttributeError(f"module 'autograd_mini' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_PICTURES, *_COMPILING})


__version__ = "0.1.0"

__all__ = [
    "Along",
    "AnomalyError",
    "CompileError",
    "GradcheckError",
    "GradcheckReport",
    "GraphError",
    "Local",
    "MissingRuleError",
    "Primitive",
    "Pull",
    "ShapeError",
    "Step",
    "Value",
    "anomaly",
    "compile",
    "delta_rule",
    "derive",
    "draw",
    "draw_network",
    "erf",
    "grad",
    "gradcheck",
    "gradients",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "latex",
    "log_softmax",
    "logsumexp",
    "no_grad",
    "paths",
    "record_sources",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "source",
    "step_in_terminal",
    "step_through",
    "steps",
    "trace",
    "value_and_grad",
    "vjp",
]
