"""Look into a network while it runs: functions called before or after a module's `forward`."""

from __future__ import annotations

from typing import Any

from autograd_mini.hooks import Hook


def call(module: Any, before: dict[object, Hook], after: dict[object, Hook], args: tuple, kwargs: dict) -> Any:
    """`module.forward(*args, **kwargs)` with the hooks of both sides around it, in order of registration."""
    for hook in list(before.values()):  # a copy, for a hook may remove itself
        replaced = hook(module, args)
        if replaced is not None:
            args = replaced if isinstance(replaced, tuple) else (replaced,)
    output = module.forward(*args, **kwargs)
    for hook in list(after.values()):
        replaced = hook(module, args, output)
        if replaced is not None:
            output = replaced
    return output
