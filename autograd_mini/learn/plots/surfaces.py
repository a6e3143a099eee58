"""Draw the loss as a landscape over two weights, and the way an optimizer takes through it.

>>> from autograd_mini import nn, optim
>>> model = nn.Linear(1, 1)
>>> model.load_state_dict({"weight": [[3.0]], "bias": [2.0]})
>>> def loss(model):
...     return nn.L2Loss()(model(np.array([[1.0], [2.0]])), np.array([[1.0], [2.0]]))
>>> weights = ("weight", (0, 0)), ("bias", 0)
>>> path = descend(model, loss, optim.SGD(model.parameters(), 0.1), *weights, steps=100)
>>> path.shape, path[0], bool(path[-1, 2] < 0.1)
((101, 3), array([ 3.,  2., 26.]), True)
>>> ax = loss_surface(model, loss, *weights, path=path, resolution=10)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.learn.plots.canvas import canvas, colour_bar, literal
from autograd_mini.modes import no_grad
from autograd_mini.nn.module import Module
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: One weight: its parameter's path in the model, and its place there.
Weight = tuple[str, int | tuple[int, ...]]
Loss = Callable[[Any], Any]


def descend(
    model: Module, loss: Loss, optimizer: Optimizer, first: Weight, second: Weight, *, steps: int = 50
) -> np.ndarray:
    """Train two weights alone, all others held still, so that the way lies on one surface.

    Args:
        model: is changed: the two weights end where the optimizer took them.
        loss: loss(model) -> E, a scalar Value.
        optimizer: holds both weights' parameters; it sees gradients of 0 for the other weights
            (and should have no weight decay, which would move them).
        first, second: (path of the parameter, index), such as ("0.weight", (2, 1)).
        steps: updates; fewer if the numbers run out of range, which ends the way.

    Returns:
        (steps + 1, 3): the first weight, the second and E before the first update and after each.

    Raises:
        ValueError: no such parameter or weight.
        RuntimeError: another weight moved.
    """
    a, b = _parameter(model, first), _parameter(model, second)
    others = {id(p): _without(p, [w[1] for w, q in ((first, a), (second, b)) if q is p]) for p in optimizer.parameters}
    before = [p.data * others[id(p)] for p in optimizer.parameters]
    path = []
    for step in range(steps + 1):
        optimizer.zero_grad()
        with np.errstate(over="ignore", invalid="ignore"):  # a way that diverges is one to be seen
            E = loss(model)
            E.backward(retain_grads=False)
        path.append((_get(a, first), _get(b, second), E.item()))
        gradients = [p.grad for p in optimizer.parameters if p.grad is not None]
        if step == steps or not all(np.all(np.isfinite(g)) for g in gradients):
            break
        for p in optimizer.parameters:
            if p.grad is not None:
                p.grad = p.grad - p.grad * others[id(p)]
        try:
            optimizer.step()
        except FloatingPointError:  # the update overflows
            break
    after = [p.data * others[id(p)] for p in optimizer.parameters]
    if not all(np.array_equal(x, y) for x, y in zip(before, after, strict=True)):
        raise RuntimeError("descend: other weights than the two moved: use an optimizer without weight decay")
    return np.array(path)


def loss_surface(
    model: Module,
    loss: Loss,
    first: Weight,
    second: Weight,
    ax: Axes | None = None,
    *,
    path: np.ndarray | None = None,
    limits: tuple[tuple[float, float], tuple[float, float]] | None = None,
    resolution: int = 60,
    levels: int = 20,
) -> Axes:
    """E over two weights of a model as contour lines, low to high from dark to light, and a path on it.

    The levels lie closer where E is low. The model's weights are set for each point and put back, so
    graphs recorded before are stale afterwards.

    Args:
        model: any; its other weights stay what they are.
        loss: loss(model) -> E, a number or a scalar Value.
        first, second: the weights along x and y: (path of the parameter, index).
        ax: where to draw; a new figure by default.
        path: (steps, 2) or (steps, 3): where an optimizer has been, as `descend` records it; drawn with
            a ring at the start and a star at the end. What leaves the limits is cut off.
        limits: ((left, right), (bottom, top)); by default what the path needs, or 3 on each side.
        resolution: points along each axis.
        levels: contour lines.

    Raises:
        ValueError: no such parameter or weight, a path of another shape, a loss that is finite nowhere.
        ModuleNotFoundError: matplotlib is not installed.
    """
    a, b = _parameter(model, first), _parameter(model, second)
    path = None if path is None else np.asarray(path, float)
    if path is not None and (path.ndim != 2 or path.shape[1] not in (2, 3) or not len(path)):
        raise ValueError(f"loss_surface: expected a path (steps, 2) or (steps, 3), got {path.shape}")
    here = np.array([[_get(a, first), _get(b, second)]])
    (left, right), (bottom, top) = limits or _around(here if path is None else path[:, :2])
    across, up = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    E = surface(model, loss, first, second, across, up)
    if not np.isfinite(E).any():
        raise ValueError("loss_surface: E is nan or inf at every point")
    ax = canvas(ax, (6.0, 4.5))
    low, high = np.nanmin(E[np.isfinite(E)]), np.nanmax(E[np.isfinite(E)])
    heights = low + max(high - low, 1e-12) * np.linspace(0, 1, levels + 1) ** 2
    colour_bar(ax.contourf(across, up, E, levels=heights, cmap="cividis"), ax, "loss E")
    ax.contour(across, up, E, levels=heights[1:-1], colors="white", linewidths=0.4, alpha=0.6)
    if path is not None:
        ax.plot(path[:, 0], path[:, 1], ".-", color="#FF7F2A", markersize=5, linewidth=1.2, label="path", zorder=3)
        ends: Any = {"markeredgecolor": "white", "linestyle": "none", "zorder": 4}
        ax.plot(*path[0, :2], "o", color="#FF7F2A", markersize=8, label="start", **ends)
        ax.plot(*path[-1, :2], "*", color="#FF7F2A", markersize=14, label=f"after {len(path) - 1} steps", **ends)
        ax.legend(fontsize="small")
    ax.set(xlabel=_label(first), ylabel=_label(second), xlim=(left, right), ylim=(bottom, top))
    return ax


def surface(model: Module, loss: Loss, first: Weight, second: Weight, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """E at every point of a grid of two weights: (up, across); the model is left as it was.

    >>> from autograd_mini import nn
    >>> model = nn.Linear(2, 1, bias=False)
    >>> weights = ("weight", (0, 0)), ("weight", (0, 1))
    >>> surface(model, lambda m: m(np.array([1.0, 10.0])), *weights, np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    array([[ 1.,  2.],
           [11., 12.]])
    """
    a, b = _parameter(model, first), _parameter(model, second)
    saved = [(p, np.copy(p.data)[()]) for p in (a, b)]
    E = np.empty((len(up), len(across)))
    try:
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            for i, v in enumerate(up):
                _set(b, second, v)
                for k, u in enumerate(across):
                    _set(a, first, u)
                    found = loss(model)
                    E[i, k] = found.item() if isinstance(found, Value) else np.asarray(found).item()
    finally:
        for p, numbers in saved:
            p.data = numbers
    return E


def _parameter(model: Module, weight: Weight) -> Value:
    path, index = weight
    parameters = dict(model.named_parameters(include_frozen=True))
    if path not in parameters:
        raise ValueError(f"no parameter {path!r}; there are {', '.join(map(repr, parameters))}")
    with suppress(IndexError):
        if np.ndim(np.asarray(parameters[path].data)[index]) == 0:
            return parameters[path]
    raise ValueError(f"{path}{_places(index)} is not one weight of {path} {parameters[path].shape}")


def _get(p: Value, weight: Weight) -> float:
    return float(np.asarray(p.data)[weight[1]])


def _set(p: Value, weight: Weight, number: float) -> None:
    numbers = np.array(p.data)
    numbers[weight[1]] = number
    p.data = numbers[()]


def _without(p: Value, indices: list[Any]) -> np.ndarray:
    """1.0 for each weight of the parameter, 0.0 for those at the indices."""
    ones = np.ones(p.shape)
    for index in indices:
        ones[index] = 0.0
    return ones


def _around(points: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits that show all finite points, and something around them."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise ValueError("loss_surface: the path has no finite point; pass limits")
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.maximum(0.25 * (high - low), 0.25 * np.max(high - low)) if np.any(high > low) else np.full(2, 3.0)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return (left, right), (bottom, top)


def _places(index: Any) -> str:
    return f"[{', '.join(map(str, index if isinstance(index, tuple) else (index,)))}]"


def _label(weight: Weight) -> str:
    return f"weight {literal(weight[0])}{_places(weight[1])}"
