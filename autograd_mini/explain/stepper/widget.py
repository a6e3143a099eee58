"""Share a stepper's position with Python: a widget whose `step` both sides may read and set."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from autograd_mini.explain.graph_data import import_extra

if TYPE_CHECKING:
    from autograd_mini.explain.stepper.stepper import Stepper


def widget(stepper: Stepper) -> Any:
    """The stepper as an `anywidget.AnyWidget`, which needs a running kernel.

    Its trait `step` is the number of steps taken, from 0 to `len(stepper)`: set it, and the page goes
    there; move in the page, and it changes; `observe` tells.

    Raises:
        ModuleNotFoundError: anywidget is not installed.

    >>> import autograd_mini as ag
    >>> from autograd_mini.explain.stepper.stepper import step_through
    >>> shown = widget(step_through(ag.Value(3.0, name="x") ** 2))
    >>> shown.step = 2
    >>> shown.step = 4
    Traceback (most recent call last):
        ...
    traitlets.traitlets.TraitError: step must lie between 0 and 2, the number of steps; got 4
    """
    return _widget_class()(page=stepper.html, last=len(stepper), step=stepper.told["at"])


@cache
def _widget_class() -> Any:
    import_extra("anywidget", "widget", "Stepper.widget()")  # which says what to install
    import anywidget
    import traitlets

    class StepperWidget(anywidget.AnyWidget):
        _esm = (files("autograd_mini.explain.stepper") / "page" / "widget.js").read_text("utf-8")
        page = traitlets.Unicode().tag(sync=True)
        last = traitlets.Int()
        step = traitlets.Int().tag(sync=True)

        @traitlets.validate("step")
        def _within(self, proposal: Any) -> int:
            if not 0 <= proposal["value"] <= self.last:
                raise traitlets.TraitError(
                    f"step must lie between 0 and {self.last}, the number of steps; got {proposal['value']}"
                )
            return int(proposal["value"])

    return StepperWidget
