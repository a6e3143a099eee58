"""Be told of a gradient the moment it is final: hooks on Values, removable at any time."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.errors import ShapeError
from autograd_mini.numbers import as_type_of, constant

if TYPE_CHECKING:
    from autograd_mini.value import Value

Hook = Callable[..., Any]

#: id of a Value -> its hooks, in order of registration. Kept outside the Values, of which few have any.
gradient_hooks: dict[int, dict[int, Hook]] = {}


class Handle:
    """Takes a hook away again: by `remove()`, or at the end of a `with` block.

    >>> import autograd_mini as ag
    >>> w = ag.Value(3.0)
    >>> with w.register_hook(lambda grad: print("dE/dw =", grad)):
    ...     (w * w).backward()
    dE/dw = 6.0
    >>> (w * w).backward()
    """

    def __init__(self, hooks: dict[int, Hook], hook: Hook) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be a function, got {hook!r:.60}")
        self.hooks = hooks
        self.key = max(hooks, default=0) + 1
        hooks[self.key] = hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        self.hooks.pop(self.key, None)
        self.hooks = {}  # the key may be given to another hook

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_gradient_hook(value: Value, hook: Hook) -> Handle:
    """`Value.register_hook` as a function; see there."""
    key = id(value)
    if key not in gradient_hooks:
        gradient_hooks[key] = {}
        weakref.finalize(value, gradient_hooks.pop, key, None).atexit = False
    return Handle(gradient_hooks[key], hook)


def final_gradient(hooks: dict[int, Hook], grad: Any, data: Any) -> Any:
    """What the hooks make of a gradient: each may look at it, or replace it by returning another."""
    for hook in list(hooks.values()):  # a copy, for a hook may remove itself
        replaced = hook(grad)
        if replaced is not None:
            if np.shape(replaced) != np.shape(grad):
                raise ShapeError(f"a gradient hook returned shape {np.shape(replaced)}, expected {np.shape(grad)}")
            if hasattr(replaced, "_data"):  # a Value, in a recorded pass
                grad = replaced
            else:  # in the precision of the data, and in memory of its own
                grad = as_type_of(data, constant(replaced))
                grad = grad.copy() if grad is replaced and np.ndim(grad) else grad
    return grad
