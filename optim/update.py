"""Tell what one step of an optimizer did to one parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.value import Value


@dataclass(frozen=True)
class Update:
    """What one step did to one parameter; arrays of its shape, or numbers."""

    parameter: Value
    before: Any
    """w before the step."""
    gradient: Any
    """g = ∂E/∂w."""
    delta: Any
    """Δw, the decay included: before + delta, rounded once, is exactly `after`."""
    decay: Any
    """The part of Δw that shrinks the weight, −µ λ w; 0.0 without weight decay."""
    memory: dict[str, Any]
    """What the optimizer remembers of the parameter after the step, by name."""
    after: Any
    """w after the step."""
    remembered: dict[str, Any]
    """What it remembered before the step, by name."""
    options: dict[str, float]
    """The options of the parameter's group at that step, by name."""

    @property
    def rate(self) -> Any:
        """The effective learning rate: the µ with which plain descent, −µ g, would have made this step.

        Element by element, without the decay; nan where g = 0. With momentum it exceeds µ while steps
        add up, and is negative where the memory outweighs the gradient.
        """
        g = np.where(self.gradient == 0, np.nan, self.gradient)
        return (-(self.delta - self.decay) / g)[()]
