"""Draw numbers against numbers: losses over epochs, activations with their derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini import nn
from autograd_mini.learn.plots.canvas import canvas, colour_of, literal
from autograd_mini.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Line styles, so that lines differ without colours, too.
_STYLES = ["-", "--", "-.", ":"]


def loss_curves(
    histories: Sequence[float] | Mapping[str, Sequence[float]], ax: Axes | None = None, *, log: bool = False
) -> Axes:
    """The loss after each epoch, one line a history.

    Args:
        histories: the loss E of epoch 1, 2, …; or several such, by name. nan and inf leave gaps.
        ax: where to draw; a new figure by default.
        log: a logarithmic axis of E, on which exponential decay is a straight line; E ≤ 0 is left out.

    Raises:
        ValueError: no history, or one that is not a row of numbers.
        ModuleNotFoundError: matplotlib is not installed.

    >>> ax = loss_curves({"SGD": [1.0, 0.5, 0.25], "momentum": [1.0, 0.3, 0.1]}, log=True)
    >>> ax.lines[0].get_ydata()
    array([1.  , 0.5 , 0.25])
    """
    named = dict(histories) if isinstance(histories, Mapping) else {"": histories}
    curves = {name: np.asarray(history, float) for name, history in named.items()}
    if not curves or any(curve.ndim != 1 or not curve.size for curve in curves.values()):
        raise ValueError("loss_curves: expected a loss per epoch, [0.9, 0.5, …], or a dict of such lists")
    ax = canvas(ax)
    for i, (name, curve) in enumerate(curves.items()):
        marker = "o" if len(curve) == 1 else None
        style = _STYLES[i % len(_STYLES)]
        ax.plot(
            np.arange(1, len(curve) + 1), curve, style, color=colour_of(i), marker=marker, label=literal(name) or None
        )
    if log:
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="loss E")
    ax.grid(alpha=0.3)
    if any(named):
        ax.legend()
    return ax


def activations(
    names: Sequence[str | nn.Module] = ("sigmoid", "tanh", "relu"),
    ax: Axes | None = None,
    *,
    limits: tuple[float, float] = (-4.0, 4.0),
) -> Axes:
    """Activation functions (solid) and their derivatives (dashed), these found by the engine.

    Args:
        names: of `nn.ACTIVATIONS`, or modules.
        ax: where to draw; a new figure by default.
        limits: of the score s.

    Raises:
        ValueError: an unknown name, or a function whose outputs depend on more than one input each.
        ModuleNotFoundError: matplotlib is not installed.

    >>> ax = activations(["relu"])
    >>> [line.get_label() for line in ax.lines], ax.lines[1].get_ydata()[[0, -1]]
    (['relu', 'relu′'], array([0., 1.]))
    """
    modules = {name if isinstance(name, str) else repr(name): nn.activations.by_name(name) for name in names}
    for name, module in modules.items():
        if isinstance(module, nn.Softmax):
            raise ValueError(f"activations: each output of {name} depends on all inputs, so it is no single curve")
    s = Value(np.linspace(*limits, 401), name="s")  # odd, so that 0 is among them
    ax = canvas(ax)
    for i, (name, module) in enumerate(modules.items()):
        h: Any = +module(s)
        s.grad = None
        h.backward(np.ones_like(h.data))
        ax.plot(s.data, h.data, color=colour_of(i), label=name)
        ax.plot(s.data, s.grad, "--", color=colour_of(i), label=f"{name}′")
    ax.set(xlabel="score s", ylabel="h(s), dh/ds")
    ax.grid(alpha=0.3)
    ax.legend()
    return ax
