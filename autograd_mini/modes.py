"""Switch recording off for a stretch of code, in this thread and task only."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import _GeneratorContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

Blocks = ContextVar[frozenset[object]]
#: The `no_grad` blocks that the running thread and task is inside of; none means: record. Not a flag to be put
#: back: two generators may enter and leave their blocks in any order, and another task may close them.
no_grad_blocks: Blocks = ContextVar("autograd_mini.no_grad_blocks", default=frozenset())

#: True while a transform (`grad` and its kin) runs the user's function: a transform called in there must
#: record its result, because the one around it will differentiate that. Smallest case: grad(grad(f)).
inside_transform: ContextVar[bool] = ContextVar("autograd_mini.inside_transform", default=False)


class _Block:
    """One `with` block; it lives as long as any thread or task is inside."""

    __slots__ = ("__weakref__",)


#: References to the blocks of all threads and tasks that live: none, and nobody needs to be asked whether he is inside.
open_blocks: set[weakref.ref[_Block]] = set()


@contextmanager
def inside(blocks: Blocks) -> Iterator[None]:
    """One more block in there, until the end of this one; also usable as a decorator."""
    block = _Block()
    open_blocks.add(weakref.ref(block, open_blocks.discard))
    try:
        blocks.set(blocks.get() | {block})
        yield
    finally:
        try:
            blocks.set(blocks.get() - {block})
        finally:  # once more, which does no harm, for Ctrl-C may have come in between
            blocks.set(blocks.get() - {block})


def no_grad() -> _GeneratorContextManager[None]:
    """Compute with Values without recording; also usable as a decorator.

    The setting belongs to the running thread and asyncio task, and is restored on every way out.

    >>> import autograd_mini as ag
    >>> w = ag.Value(3.0, name="w")
    >>> with ag.no_grad():
    ...     z = w * w
    >>> z.inputs
    ()
    """
    return inside(no_grad_blocks)


@contextmanager
def listed(hooks: list[Any], hook: Callable) -> Iterator[None]:
    """The hook among the hooks, until the end of the block."""
    own = partial(hook)  # this block's alone, so that no other block's is taken away
    try:
        hooks.append(own)
        yield
    finally:
        if own in hooks:
            hooks.remove(own)


@contextmanager
def record_anyway() -> Iterator[None]:
    """Record, even inside `no_grad`: what the transforms do with the function they differentiate."""
    before = no_grad_blocks.get()
    try:
        no_grad_blocks.set(frozenset())
        yield
    finally:
        no_grad_blocks.set(before)
