"""Be told of a gradient the moment it is final: hooks on Values, removable at any time."""

from __future__ import annotations

import weakref
from _thread import allocate_lock  # `threading` itself would be a part of what importing this package costs
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_mini.errors import ShapeError, describe
from autograd_mini.numbers import as_type_of, constant
from autograd_mini.visible import shown

if TYPE_CHECKING:
    from autograd_mini.value import Value

Hook = Callable[..., Any]


class Hooks(dict[object, Hook]):
    """The hooks of one Value, in order of registration."""

    __slots__ = ("__weakref__",)


#: id of a Value -> its hooks: a quick way to see that it has none, in every step of every pass. The Value owns them, so
#: that a hook that refers to its own Value is a cycle that the collector frees.
gradient_hooks: dict[int, weakref.ref[Hooks]] = {}
_registering = allocate_lock()  # two threads would give one Value two sets of hooks


class Handle:
    """Takes a hook away again: by `remove()`, or at the end of a `with` block.

    >>> import autograd_mini as ag
    >>> w = ag.Value(3.0)
    >>> with w.register_hook(lambda grad: print("dE/dw =", grad)):
    ...     (w * w).backward()
    dE/dw = 6.0
    >>> (w * w).backward()
    """

    def __init__(self, hooks: dict[object, Hook], hook: Hook) -> None:
        if not callable(hook):
            raise TypeError(f"a hook must be a function, got {shown(hook)}")
        self.hooks = hooks
        self.key = object()  # no other hook's, also where two threads or a copied module add some
        hooks[self.key] = hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        self.hooks.pop(self.key, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_gradient_hook(value: Value, hook: Hook) -> Handle:
    """`Value.register_hook` as a function; see there."""
    key = id(value)
    with _registering:
        known = hooks_of(value)
        hooks = Hooks() if known is None else known
        handle = Handle(hooks, hook)  # which raises before anything has changed
        if known is None:
            # First this: hooks that outlived their Value would be found by the next one in its place in memory.
            weakref.finalize(value, gradient_hooks.pop, key, None).atexit = False
            value.notes = (*getattr(value, "notes", ()), hooks)
            gradient_hooks[key] = weakref.ref(hooks)
    return handle


def hooks_of(value: Value) -> Hooks | None:
    """The Value's hooks, also if all were taken away again; None if it never had any."""
    known = gradient_hooks.get(id(value))
    return None if known is None else known()


def final_gradient(value: Value, grad: Any) -> Any:
    """What a Value's hooks make of its gradient: each may look at it, or replace it by returning another."""
    for hook in list((hooks_of(value) or {}).values()):  # a copy, for a hook may remove itself
        replaced = hook(grad)
        if replaced is not None:
            if np.shape(replaced) != np.shape(grad):
                raise ShapeError(
                    f"a gradient hook on {describe(value)} returned shape {np.shape(replaced)}, expected "
                    f"{np.shape(grad)}; to leave the gradient as it is, return None"
                )
            if hasattr(type(replaced), "_record"):  # a Value, in a recorded pass
                grad = replaced
            else:  # in the precision of the data, and in memory of its own
                try:
                    grad = as_type_of(value._data, constant(replaced))
                except TypeError as error:
                    raise TypeError(f"a gradient hook on {describe(value)} returned no gradient: {error}") from None
                grad = grad.copy() if grad is replaced and np.ndim(grad) else grad
    return grad
