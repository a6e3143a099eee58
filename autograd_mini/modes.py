"""Switch recording off for a stretch of code, in this thread and task only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: How many `no_grad` blocks the running thread and task is inside of; 0 means: record. A count, not a
#: flag to be put back: two generators may enter and leave their blocks in any order.
no_grad_depth: ContextVar[int] = ContextVar("autograd_mini.no_grad_depth", default=0)

#: True while a transform (`grad` and its kin) runs the user's function: a transform called in there must
#: record its result, because the one around it will differentiate that. Smallest case: grad(grad(f)).
inside_transform: ContextVar[bool] = ContextVar("autograd_mini.inside_transform", default=False)


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute with Values without recording; also usable as a decorator.

    The setting belongs to the running thread and asyncio task, and is restored on every way out.

    >>> import autograd_mini as ag
    >>> w = ag.Value(3.0, name="w")
    >>> with ag.no_grad():
    ...     z = w * w
    >>> z.inputs
    ()
    """
    no_grad_depth.set(no_grad_depth.get() + 1)
    try:
        yield
    finally:
        no_grad_depth.set(max(0, no_grad_depth.get() - 1))


@contextmanager
def record_anyway() -> Iterator[None]:
    """Record, even inside `no_grad`: what the transforms do with the function they differentiate."""
    depth = no_grad_depth.get()
    no_grad_depth.set(0)
    try:
        yield
    finally:
        no_grad_depth.set(depth)
