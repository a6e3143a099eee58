"""What all plots share: where to draw, and colours that everybody can tell apart."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from autograd_mini.visible import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Okabe & Ito (2008), Color universal design: told apart with any colour vision.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442"]
#: So that classes differ without colours, too.
MARKERS = ["o", "^", "s", "D", "v", "P", "X", "*"]
#: From one extreme through a pale middle to the other; from low to high, by lightness as well.
DIVERGING, SEQUENTIAL = "PuOr_r", "cividis"


def canvas(ax: Axes | None, size: tuple[float, float] = (6.0, 4.0)) -> Axes:
    """The Axes to draw on: the given one, or the only one of a new figure, in inches.

    In a notebook or IPython the new figure is one of pyplot's, so that it is shown. Elsewhere it
    belongs to nobody but the Axes: a script that draws a thousand of them keeps none, and writes one
    with `ax.figure.savefig(path)`. For a window, make the Axes: `_, ax = plt.subplots()`.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError("plots need the package matplotlib: pip install 'autograd-mini[plot]'") from None
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from matplotlib import pyplot

        return pyplot.subplots(figsize=size, layout="constrained")[1]
    return Figure(figsize=size, layout="constrained").subplots()


def literal(name: str) -> str:
    """A name that matplotlib writes as it is.

    Between two dollar signs it would read mathematics, or fail to; a legend leaves out what begins with "_".

    >>> print(literal("$5 to $10"))
    \\$5 to \\$10
    """
    return " " * name.startswith("_") + visible(name).replace("$", r"\$")


def colour_of(i: int) -> str:
    """The colour of line or class i; they repeat after eight."""
    return COLOURS[i % len(COLOURS)]


def colour_bar(picture: Any, ax: Axes, label: str) -> None:
    """A scale beside the picture, in its figure."""
    figure = ax.get_figure()
    assert figure is not None
    figure.colorbar(picture, ax=ax, label=label, format="%.3g")
