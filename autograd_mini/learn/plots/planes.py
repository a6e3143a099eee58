"""Draw what a model with two inputs does with each point of their plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.learn.plots.canvas import DIVERGING, MARKERS, SEQUENTIAL, canvas, colour_bar, colour_of, literal
from autograd_mini.modes import no_grad
from autograd_mini.nn.module import Module
from autograd_mini.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Limits = tuple[tuple[float, float], tuple[float, float]]


def decision_boundary(
    model: Module,
    X: np.ndarray,
    y: np.ndarray,
    ax: Axes | None = None,
    *,
    threshold: float = 0.5,
    limits: Limits | None = None,
    resolution: int = 200,
) -> Axes:
    """Which class the model gives to each point of the plane, the boundaries between, and the examples.

    A model with one output: shaded by it, the boundary where it crosses the threshold. With several:
    the colour of the largest one's class.

    Args:
        model: (batch, 2) -> (batch, 1), (batch,) or (batch, classes); evaluated as `eval()` sets it.
        X: (examples, 2).
        y: the classes as whole numbers, (examples,) or (examples, 1).
        ax: where to draw; a new figure by default.
        threshold: 0.5 for probabilities, 0 for logits.
        limits: ((left, right), (bottom, top)); by default what the examples need.
        resolution: points along each axis.

    Raises:
        ValueError: X or y of another shape, classes that are not whole numbers from 0.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from autograd_mini import nn
    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> ax = decision_boundary(nn.MLP([2, 2, 1], "sigmoid", "sigmoid"), X, y, resolution=20)
    >>> [points.get_label() for points in ax.collections[-2:]]
    ['class 0', 'class 1']
    """
    X, classes = _examples(X, y)
    points, grid = _plane(limits or _limits(X), resolution)
    outputs = _evaluate(model, points)
    ax = canvas(ax, (5.5, 4.5))
    if outputs.shape[1] == 1:
        surface = outputs[:, 0].reshape(grid[0].shape)
        reach = max(np.max(np.abs(surface - threshold)), 0.5)
        levels = threshold + reach * np.linspace(-1, 1, 21)
        colour_bar(ax.contourf(*grid, surface, levels=levels, cmap=DIVERGING, alpha=0.6), ax, "output ŷ")
        if surface.min() < threshold < surface.max():
            ax.contour(*grid, surface, levels=[threshold], colors="black", linewidths=1.5)
    else:
        winner = np.argmax(outputs, axis=1).reshape(grid[0].shape)
        colours = [colour_of(k) for k in range(outputs.shape[1])]
        ax.contourf(*grid, winner, levels=np.arange(len(colours) + 1) - 0.5, colors=colours, alpha=0.25)
        for k in range(len(colours) - 1):
            if winner.min() <= k < winner.max():
                ax.contour(*grid, winner > k, levels=[0.5], colors="black", linewidths=0.8)
    _scatter(ax, X, classes, outputs.shape[1])
    return ax


def hidden_units(
    model: Module,
    layer: str,
    X: np.ndarray | None = None,
    y: np.ndarray | None = None,
    ax: Axes | None = None,
    *,
    unit: int | None = None,
    limits: Limits | None = None,
    resolution: int = 200,
) -> Axes:
    """What hidden units compute over the input plane.

    All units of a layer: for each the line where it is halfway between the least and the most it
    gives in this part of the plane, with short ticks on the side where it is more. Or one unit: its
    output at each point.

    Args:
        model: takes (batch, 2).
        layer: the module whose outputs are looked at, by path: "1" in an MLP is its first activation.
        X, y: examples to draw, as in `decision_boundary`; y may be left out.
        ax: where to draw; a new figure by default.
        unit: which one alone, from 0; all by default.
        limits, resolution: as in `decision_boundary`; by default the unit square and a margin.

    Raises:
        ValueError: no such layer or unit, or a layer that is not reached or gives no (batch, units).
        ModuleNotFoundError: matplotlib is not installed.

    >>> from autograd_mini import nn
    >>> ax = hidden_units(nn.MLP([2, 3, 1], "sigmoid"), "1", resolution=20)
    >>> ax.get_title()
    'units of layer 1'
    """
    examples = None if X is None else _examples(X, np.zeros(len(X), int) if y is None else y)
    square = np.array([[0.0, 0.0], [1.0, 1.0]])
    points, grid = _plane(limits or _limits(square if examples is None else examples[0]), resolution)
    outputs = _outputs_of(model, layer, points)
    if unit is not None and not 0 <= unit < outputs.shape[1]:
        raise ValueError(f"hidden_units: layer {layer!r} has the units 0 … {outputs.shape[1] - 1}, not {unit}")
    ax = canvas(ax, (5.5, 4.5))
    if unit is not None:
        surface = outputs[:, unit].reshape(grid[0].shape)
        colour_bar(ax.pcolormesh(*grid, surface, cmap=SEQUENTIAL, shading="nearest"), ax, f"output h of unit {unit}")
        ax.set_title(f"unit {unit} of layer {layer}")
    else:
        for k in range(outputs.shape[1]):
            _half_line(ax, grid, outputs[:, k].reshape(grid[0].shape), k)
        ax.set_title(f"units of layer {literal(layer)}")
    if examples is not None:
        _scatter(ax, *examples, 1, legend=False)
    ax.set(xlabel="x₁", ylabel="x₂", xlim=grid[0][0, [0, -1]], ylim=grid[1][[0, -1], 0])
    if unit is None:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def _half_line(ax: Axes, grid: tuple[np.ndarray, np.ndarray], surface: np.ndarray, k: int) -> None:
    from matplotlib.patheffects import withTickedStroke

    colour, low, high = colour_of(k), surface.min(), surface.max()
    name = f"unit {k}" if high > low else f"unit {k}: {low:.3g} everywhere"
    ax.plot([], [], color=colour, label=name)
    if high > low:
        # Lines run with the larger numbers on their left, and the ticks point there.
        ticks: list[Any] = [withTickedStroke(spacing=10, angle=90, length=0.7)]
        ax.contour(*grid, surface, levels=[(low + high) / 2], colors=[colour], linewidths=1.5).set_path_effects(ticks)


def _outputs_of(model: Module, layer: str, points: np.ndarray) -> np.ndarray:
    modules = dict(model.named_modules())
    if not isinstance(layer, str) or layer not in modules:
        known = ", ".join(repr(path) for path in modules if path)
        raise ValueError(f"hidden_units: no layer {layer!r}; there are {known or 'none'}")
    seen: list[np.ndarray] = []
    with modules[layer].register_forward_hook(lambda module, args, output: seen.append(_numbers(output))):
        _evaluate(model, points)
    if not seen or seen[0].ndim != 2:
        why = f"it gives {seen[0].shape}" if seen else "the model does not call it"
        raise ValueError(f"hidden_units: layer {layer!r} must give (batch, units): {why}")
    return seen[0]


def _evaluate(model: Module, points: np.ndarray) -> np.ndarray:
    """The outputs as (points, outputs), with dropout and the like switched off meanwhile."""
    switches = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with no_grad():
            outputs = _numbers(model(points))
    finally:
        for module, training in switches:
            module.training = training
    return outputs.reshape(len(points), -1)


def _numbers(output: Any) -> np.ndarray:
    return np.asarray(output.data if isinstance(output, Value) else output)


def _examples(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.asarray(X, float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ValueError(f"expected examples X (examples, 2), two inputs to a plane, got {X.shape}")
    classes = y.reshape(-1)
    if classes.shape != (len(X),) or not np.all(classes == np.floor(classes)) or classes.min() < 0:
        raise ValueError(f"expected a whole number y ≥ 0 for each of the {len(X)} examples, got y {y.shape}")
    return X, classes.astype(int)


def _limits(X: np.ndarray) -> Limits:
    low, high = X.min(axis=0), X.max(axis=0)
    margin = np.where(high > low, 0.15 * (high - low), 1.0)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return (left, right), (bottom, top)


def _plane(limits: Limits, resolution: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Its points as (points, 2), and as two grids (resolution, resolution)."""
    across, up = np.meshgrid(*(np.linspace(*ends, resolution) for ends in limits))
    return np.stack([across.ravel(), up.ravel()], axis=1), (across, up)


def _scatter(ax: Axes, X: np.ndarray, classes: np.ndarray, outputs: int, legend: bool = True) -> None:
    found: Sequence[int] = np.unique(classes).tolist()
    for k in found:
        # With one output, class 0 lies on the violet side and class 1 on the orange one.
        colour = ["#3b1f70", "#a63d00"][k] if outputs == 1 and max(found) < 2 else colour_of(k)
        chosen = X[classes == k]
        marker = MARKERS[k % len(MARKERS)]
        ax.scatter(
            chosen[:, 0],
            chosen[:, 1],
            color=colour,
            marker=marker,
            s=45,
            edgecolors="white",
            label=f"class {k}",
            zorder=3,
        )
    ax.set(xlabel="x₁", ylabel="x₂")
    if legend:
        ax.legend()
