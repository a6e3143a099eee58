"""Draw what a network holds, and how it confuses classes: heat maps and histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.learn.plots.canvas import DIVERGING, canvas, colour_bar, colour_of, literal
from autograd_mini.nn.module import Module
from autograd_mini.value import Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def heat_map(parameter: Value, ax: Axes | None = None, *, gradient: bool = False) -> Axes:
    """A layer's weights, or their gradients, as colours: a row a unit, a column an input.

    Args:
        parameter: such as `model[0].weight`. One of more than two axes is flattened behind the
            first; one of fewer is a single row.
        ax: where to draw; a new figure by default.
        gradient: draw ∂E/∂w instead of w.

    Raises:
        ValueError: no gradient yet, or nothing to draw.
        ModuleNotFoundError: matplotlib is not installed.

    >>> ax = heat_map(Value([[1.0, -2.0, 0.5]], name="0.weight"))
    >>> ax.get_title(), ax.images[0].get_array().shape, ax.images[0].get_clim()
    ('0.weight (1, 3)', (1, 3), (-2.0, 2.0))
    """
    numbers = np.atleast_2d(_numbers(parameter, gradient, "heat_map"))
    numbers = numbers.reshape(len(numbers), -1)
    ax = canvas(ax, (5.5, 4.0))
    from matplotlib.ticker import MaxNLocator

    finite = np.abs(numbers[np.isfinite(numbers)])
    reach = float(finite.max(initial=0.0)) or 1.0  # 0 is pale, whatever the numbers
    picture = ax.imshow(numbers, cmap=DIVERGING, vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
    colour_bar(picture, ax, "∂E/∂w" if gradient else "w")
    name = f"gradient of {parameter.name or 'weights'}" if gradient else parameter.name or "weights"
    ax.set(title=f"{literal(name)} {parameter.shape}", xlabel="input", ylabel="unit")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator("auto", integer=True))
    return ax


def histograms(model: Module, ax: Axes | None = None, *, gradients: bool = False, bins: int = 25) -> Axes:
    """How the weights, or their gradients, of each layer are distributed: one outline a parameter.

    Args:
        model: its weights are drawn, frozen ones too; parameters of one axis, such as biases, have too
            few numbers for a distribution and are drawn only if there are no others.
        ax: where to draw; a new figure by default.
        gradients: draw ∂E/∂w instead of w.
        bins: of equal width, the same for all parameters.

    Raises:
        ValueError: a parameter without a gradient, or nothing to draw.
        ModuleNotFoundError: matplotlib is not installed.

    >>> from autograd_mini import nn
    >>> ax = histograms(nn.MLP([2, 8, 8]))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0.weight', '2.weight']
    """
    parameters = dict(model.named_parameters(include_frozen=True))
    parameters = {name: p for name, p in parameters.items() if p.ndim > 1} or parameters
    numbers_of = {name: _numbers(p, gradients, "histograms") for name, p in parameters.items()}
    layers = {name: n[np.isfinite(n)] for name, n in numbers_of.items() if np.isfinite(n).any()}
    if not layers:
        raise ValueError("histograms: the model has no finite parameter")
    edges = np.histogram_bin_edges(np.concatenate(list(layers.values())), bins)
    ax = canvas(ax)
    for i, (name, numbers) in enumerate(layers.items()):
        shares = np.histogram(numbers, edges)[0] / numbers.size
        ax.stairs(shares, edges, color=colour_of(i), linewidth=1.5, label=literal(name), fill=False)
        ax.stairs(shares, edges, color=colour_of(i), alpha=0.1, fill=True)
    ax.set(xlabel="∂E/∂w" if gradients else "w", ylabel="share of the layer's numbers")
    ax.legend()
    return ax


def confusion_matrix(counts: Any, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """How many examples of each class (row) were taken for which class (column).

    A cell's colour is its share of the row, so that rare classes are as visible as frequent ones.

    Args:
        counts: (classes, classes), whole numbers.
        labels: names of the classes; 0, 1, … by default.
        ax: where to draw; a new figure by default.

    Raises:
        ValueError: not a square of whole numbers from 0, or another number of labels.
        ModuleNotFoundError: matplotlib is not installed.

    >>> ax = confusion_matrix([[9, 1], [3, 7]], ["cat", "dog"])
    >>> ax.images[0].get_array().data, [text.get_text() for text in ax.texts]
    (array([[0.9, 0.1],
           [0.3, 0.7]]), ['9', '1', '3', '7'])
    """
    counts = np.asarray(counts)
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] > 0
    if not square or counts.dtype.kind not in "iu" or counts.min() < 0:
        raise ValueError(f"confusion_matrix: expected counts (classes, classes), got {counts.dtype} {counts.shape}")
    names = [str(i) for i in range(len(counts))] if labels is None else [literal(label) for label in labels]
    if len(names) != len(counts):
        raise ValueError(f"confusion_matrix: {len(counts)} classes, but {len(names)} labels")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(3.0 + 0.35 * len(names), 12.0)
    ax = canvas(ax, (side + 1.0, side))
    colour_bar(ax.imshow(shares, cmap="Blues", vmin=0, vmax=1), ax, "share of the true class")
    for (i, k), count in np.ndenumerate(counts):
        if count:
            ax.text(k, i, str(count), ha="center", va="center", color="white" if shares[i, k] > 0.5 else "black")
    positions = range(len(names))
    ax.set_xticks(positions, names, rotation=90 if max(map(len, names)) > 3 else 0)
    ax.set_yticks(positions, names)
    ax.set(xlabel="predicted class", ylabel="true class")
    return ax


def _numbers(parameter: Value, gradient: bool, function: str) -> np.ndarray:
    name = parameter.name or "the parameter"
    if gradient and parameter.grad is None:
        raise ValueError(f"{function}: {name} has no gradient yet; call backward() first")
    numbers = parameter.grad if gradient else parameter.data
    numbers = np.asarray(numbers.data if isinstance(numbers, Value) else numbers)
    if not numbers.size:
        raise ValueError(f"{function}: {name} {numbers.shape} has no numbers")
    return numbers
