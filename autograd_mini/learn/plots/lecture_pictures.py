"""The lecture's pictures of descents that go wrong, each from a real run on a real surface of two weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini import nn, optim
from autograd_mini.learn.plots.surfaces import descend, loss_surface

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WEIGHTS = ("0.weight", (0, 0)), ("0.bias", 0)
_LINE = ([-1.0, 0.0, 2.0], [-1.0, 1.0, 5.0])  # y = 2x + 1
_STEP = ([-2.0, -1.0, 1.0, 2.0], [0.0, 0.0, 1.0, 1.0])
#: One example that contradicts its neighbours gives a single sigmoid unit a second valley (that one
#: unit has many: Auer, Herbster & Warmuth, 1996, Exponentially many local minima for single neurons).
_ODD_ONE_OUT = ([-2.1, 0.2, 1.0, 2.3, 3.0], [0.1, 0.8, 0.1, 0.8, 0.9])


@dataclass(frozen=True)
class Descent:
    """Plain gradient descent of a model of one input, w x + b, with or without a sigmoid behind it."""

    title: str
    examples: tuple[list[float], list[float]]
    activation: str
    start: tuple[float, float]
    """The first w and b."""
    learning_rate: float
    steps: int
    limits: tuple[tuple[float, float], tuple[float, float]]
    """Of w and of b in the picture."""

    def model(self) -> nn.Sequential:
        """The model at the start."""
        w, b = self.start
        model = nn.Sequential(nn.Linear(1, 1), nn.activations.by_name(self.activation))
        model.load_state_dict({"0.weight": [[w]], "0.bias": [b]})
        return model

    def loss(self, model: Any) -> Any:
        """E = ½ Σ (y − ŷ)² over the examples."""
        x, y = (np.array(numbers)[:, None] for numbers in self.examples)
        return nn.L2Loss()(model(x), y)

    def run(self) -> np.ndarray:
        """(steps + 1, 3): w, b and E at the start and after each step.

        >>> run = descents()[0].run()
        >>> bool(run[-1, 2] < run[0, 2])
        True
        """
        model = self.model()
        optimizer = optim.SGD(model.parameters(), self.learning_rate)
        return descend(model, self.loss, optimizer, *WEIGHTS, steps=self.steps)


def descents() -> list[Descent]:
    """Too high a rate twice, a bad initialisation, a local optimum (lecture 9, "Problems with gradient descent").

    On the line's surface, a parabola, E curves by at most λ = 5.30: rates up to 1/λ = 0.19 go
    straight, from there to 2/λ = 0.38 each step leaps over the valley, and beyond they climb.
    """
    return [
        Descent("rate too high: overshooting, µ = 0.35", _LINE, "linear", (-1.5, 3.5), 0.35, 30, ((-3, 7), (-4, 6))),
        Descent("rate too high: divergence, µ = 0.4", _LINE, "linear", (1.3, 1.3), 0.4, 22, ((-3, 7), (-4, 6))),
        Descent("bad initialisation: a plateau", _STEP, "sigmoid", (-6.0, 1.0), 1.0, 60, ((-9, 9), (-9, 9))),
        Descent("a local optimum", _ODD_ONE_OUT, "sigmoid", (-4.0, 5.0), 2.0, 500, ((-8, 6), (-5, 7))),
    ]


def lecture_pictures(axes: Sequence[Axes] | None = None, *, resolution: int = 60) -> list[Axes]:
    """Draw the four `descents`: E over w and b, and the way that gradient descent took.

    Args:
        axes: four to draw on; four new figures by default.
        resolution: points along each axis of the surfaces.

    Raises:
        ValueError: another number of axes than four.
        ModuleNotFoundError: matplotlib is not installed.

    >>> [ax.get_title() for ax in lecture_pictures(resolution=5)][-1]
    'a local optimum'
    """
    found = descents()
    places: Sequence[Axes | None] = [None] * len(found) if axes is None else list(np.ravel(np.asarray(axes, object)))
    if len(places) != len(found):
        raise ValueError(f"lecture_pictures: {len(found)} pictures, but {len(places)} axes")
    drawn = []
    for descent, place in zip(found, places, strict=True):
        ax = loss_surface(
            descent.model(),
            descent.loss,
            *WEIGHTS,
            place,
            path=descent.run(),
            limits=descent.limits,
            resolution=resolution,
        )
        ax.set(title=descent.title, xlabel="weight w", ylabel="bias b")
        drawn.append(ax)
    return drawn
