"""Step through one pass of backpropagation in a notebook, or in a page that works anywhere.

>>> import autograd_mini as ag
>>> x, w = ag.Value(3.0, name="x"), ag.Value(2.0, name="w")
>>> stepper = step_through((w * x - 5) ** 2)
>>> stepper
<Stepper of square_1: 7 steps>
>>> stepper.html[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from html import escape
from importlib.resources import files
from json import dumps
from pathlib import Path
from typing import Any

from autograd_mini.explain.formatting import is_whole
from autograd_mini.explain.graph_data import check_value
from autograd_mini.explain.stepper import animate
from autograd_mini.explain.stepper.stills import still
from autograd_mini.explain.stepper.told import Told, story, touched
from autograd_mini.explain.story.trace import Trace, trace
from autograd_mini.optim import Optimizer
from autograd_mini.value import Value
from autograd_mini.visible import visible

#: What a page need not carry: the indentation of its script and styles, and comments on lines of their own.
_SPARED = re.compile(r"^\s+|^\s*//.*\n", re.MULTILINE)

#: The longest story that a browser turns over without delay.
MOST_STEPS = 2000


def step_through(
    loss: Value | Trace,
    optimizer: Optimizer | None = None,
    *,
    upstream: Any = None,
    digits: int = 4,
    stop_at: Iterable[Value | str] = (),
    fold: Iterable[str] = (),
    start: int = 0,
    direction: str = "LR",
    max_steps: int = MOST_STEPS,
) -> Stepper:
    """One pass of backpropagation to walk through: forwards, backwards, and the update of the weights.

    Args:
        loss: a scalar Value (or any, with `upstream`), or a `Trace`, whole or filtered.
        optimizer: tells what its next step would do with these gradients. Nothing is moved.
        upstream: ∂E/∂(loss) to start from, of the loss's shape.
        digits: significant digits of the numbers.
        stop_at: names of nodes, or Values, at which playing stops.
        fold: layers whose steps are passed over as one, by path ("hidden").
        start: how many steps have been taken at first.
        direction: the picture runs from left to right, "LR", or from top to bottom, "TB".
        max_steps: the longest story to show.

    Raises:
        TypeError: `loss` is neither a Value nor a Trace, or a Trace comes with what only a new one can use.
        ValueError: more steps than `max_steps`, no such `start` or `direction`.
        KeyError: no node or layer has that name.
        ModuleNotFoundError: latex2mathml is not installed.

    >>> import numpy as np
    >>> from autograd_mini import nn, optim
    >>> model = nn.MLP([2, 3, 1], "tanh")
    >>> E = nn.L2Loss()(model(np.ones((4, 2))), np.zeros((4, 1)))
    >>> E.name = "E"
    >>> step_through(E, optim.SGD(model.parameters(), learning_rate=0.1), fold=["0"])
    <Stepper of E: 31 steps>
    """
    told = _traced(loss, optimizer, upstream, digits)
    if len(told) > max_steps:
        raise ValueError(
            f"step_through: the trace has {len(told)} steps, more than max_steps={max_steps}: show a part of it "
            "(trace(loss).through(weight), .layer(path), .backward, [:100]) or raise max_steps"
        )
    if direction not in ("LR", "TB"):
        raise ValueError(f"step_through: direction must be 'LR' or 'TB', got {direction!r}")
    if not is_whole(start, 0) or start > len(told):
        raise ValueError(f"step_through: start must lie between 0 and the number of steps, {len(told)}; got {start}")
    return Stepper(told, stop_at=stop_at, fold=fold, start=start, direction=direction)


def _traced(loss: Value | Trace, optimizer: Optimizer | None, upstream: Any, digits: int) -> Trace:
    if not isinstance(loss, Trace):
        check_value("step_through", loss)
        return trace(loss, optimizer, upstream=upstream, digits=digits)
    if optimizer is not None or upstream is not None:
        raise TypeError(
            "step_through: this Trace is complete; give the optimizer or upstream to the call that makes it, "
            "trace(loss, optimizer)"
        )
    return loss


class Stepper:
    """A trace as a page with controls. As the last line of a notebook's cell it shows itself.

    The page needs no kernel, no network and no library; `save` writes it to a file that any browser opens.

    Attributes:
        trace: the steps, as they can be read in Python.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        stop_at: Iterable[Value | str] = (),
        fold: Iterable[str] = (),
        start: int = 0,
        direction: str = "LR",
    ) -> None:
        self.trace = trace
        self.told: Told = story(trace, direction)
        self.told["at"] = start
        self.told["stops"] = list(dict.fromkeys(self._places(stop_at)))
        self.told["fold"] = list(dict.fromkeys(self._folds(fold)))

    def _places(self, wanted: Iterable[Value | str]) -> Iterator[int]:
        places = {node.index: i for i, node in enumerate(touched(self.trace))}
        for which in [wanted] if isinstance(wanted, str | Value) else wanted:
            node = self.trace.graph.node(which)
            if node.index in places:  # a filtered trace may pass it by
                yield places[node.index]

    def _folds(self, wanted: Iterable[str]) -> Iterator[int]:
        for path in [wanted] if isinstance(wanted, str) else wanted:
            scope = self.trace.graph.scope(path)
            yield from (i for i, told in enumerate(self.told["scopes"]) if told["path"] == visible(scope.path))

    def __len__(self) -> int:
        """The number of steps."""
        return len(self.trace)

    def __repr__(self) -> str:
        return f"<Stepper of {visible(self.trace.graph.output.name)}: {len(self)} steps>"

    # -- as a page ---------------------------------------------------------------------------------

    @cached_property
    def html(self) -> str:
        """The page, complete in itself."""
        return page(self.told)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, whole or not at all.

        Raises:
            OSError: there is no such folder, no space, no permission.
        """
        target = Path(path)
        if not target.absolute().parent.is_dir():
            raise FileNotFoundError(f"save: there is no folder {str(target.parent)!r}; make it first")
        part = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
        try:
            part.write_text(self.html, encoding="utf-8")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def widget(self) -> Any:
        """The stepper as a widget whose `step` Python may read and set; see `autograd_mini.explain.stepper.widget`."""
        from autograd_mini.explain.stepper.widget import widget

        return widget(self)

    # -- as slides, see `autograd_mini.explain.stepper.animate` ----------------------------------------------

    def frames(
        self, folder: str | os.PathLike[str], format: str = "svg", steps: Iterable[int] | None = None
    ) -> list[Path]:
        """A still picture for every step, numbered: step-000.svg (or .png), step-001.svg …"""
        return animate.frames(self, folder, format, steps)

    def gif(
        self, path: str | os.PathLike[str], seconds_per_step: float = 1.0, steps: Iterable[int] | None = None
    ) -> Path:
        """The steps as an animated GIF."""
        return animate.gif(self, path, seconds_per_step, steps)

    def animated_svg(self, path: str | os.PathLike[str], seconds_per_step: float = 1.0) -> Path:
        """The steps as one SVG that moves by itself, without a script."""
        return animate.animated_svg(self, path, seconds_per_step)

    # -- shown in a notebook -------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        """The page in a frame; before it a picture, for places that show neither frames nor scripts."""
        svg = base64.b64encode(still(self.told, len(self), current=False).encode()).decode()
        title = escape(self.told["title"])
        hint = "Trust this notebook, or run the cell, to step through it."
        # Between single quotes the page's many double ones may stay as they are.
        srcdoc = self.html.replace("&", "&amp;").replace("'", "&#39;")
        return (
            f'<div><div data-instead><img alt="{title}: all gradients" style="max-width:100%;background:white" '
            f'src="data:image/svg+xml;base64,{svg}"><p>{hint}</p></div>'
            f'<iframe title="{title}" style="width:100%;height:900px;border:0;display:block" '
            f"srcdoc='{srcdoc}'></iframe></div>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        return {"text/plain": f"{self!r}\n{self.trace}", "text/html": self._repr_html_()}


def page(told: Told) -> str:
    """The stepper's page for a story."""
    parts = {"TITLE": escape(told["title"]), "STORY": as_script_data(told)}
    folder = files("autograd_mini.explain.stepper") / "page"
    for mark, name in {"STYLE": "stepper.css", "SCRIPT": "stepper.js"}.items():
        parts[mark] = _SPARED.sub("", (folder / name).read_text("utf-8"))
    template = (folder / "page.html").read_text("utf-8")
    # One pass: what is put in may itself contain a mark.
    return re.sub("@([A-Z]+)@", lambda found: parts[found[1]], template)


def as_script_data(told: Told) -> str:
    """JSON that no script element can end in the middle of: < and > are written as escapes.

    >>> as_script_data({"name": "</script>"})
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
