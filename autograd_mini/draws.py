"""Draw random numbers so that a compiled step can draw anew: layers that are random as they run draw here."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

#: What draws in the generator's place while a step is recorded: `watch(bound method, args)`.
watching_draws: ContextVar[Callable[[Callable[..., Any], tuple], Any] | None] = ContextVar(
    "autograd_mini.watching_draws", default=None
)


def drawn(draw: Callable[..., Any], *args: Any) -> Any:
    """`draw(*args)`, where `draw` is a method of a numpy.random.Generator.

    >>> import numpy as np
    >>> drawn(np.random.default_rng(0).random, (2,)).round(2)
    array([0.64, 0.27])
    """
    watch = watching_draws.get()
    return draw(*args) if watch is None else watch(draw, args)
