"""Ask whether a program fits a call: its arguments are of the recording's shapes and types, its leaves unwatched."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.hooks import gradient_hooks, hooks_of
from autograd_mini.replay.trace import CannotReplay, Var
from autograd_mini.value import Value


def argument_checks(body: Any, names: list[str], args: Any, missed: str) -> list[str]:
    """Lines that take the arguments apart into the recording's Vars, or leave by the line `missed`."""
    lines: list[str] = []

    def check(item: Any, text: str) -> None:
        if type(item) is Var:
            lines.extend(_of_var(body, item, text, missed))
        elif type(item) is tuple or type(item) is list:
            kind = type(item).__name__
            lines.append(f"if type({text}) is not {kind} or len({text}) != {len(item)}: {missed}")
            parts = [body.names.new(f"{text}_{i}") for i in range(len(item))]
            if parts:
                lines.append(f"{', '.join(parts)}{',' if len(parts) == 1 else ''} = {text}")
            for part, inner in zip(parts, item, strict=True):
                check(inner, part)
        elif type(item) is dict:
            keys = body.mention("keys", list(item))
            lines.append(f"if type({text}) is not dict or list({text}) != {keys}: {missed}")
            for i, (key, inner) in enumerate(item.items()):
                part = body.names.new(f"{text}_{key}")
                lines.append(f"{part} = {text}[{keys}[{i}]]")
                check(inner, part)
        elif item is None or item is True or item is False:
            lines.append(f"if {text} is not {item}: {missed}")
        else:
            fixed, same_ = body.mention(f"{text}_then", item), body.mention("same", same)
            lines.append(f"if {text} is not {fixed} and not {same_}({text}, {fixed}): {missed}")

    for name, item in zip(names, args, strict=True):
        check(item, name)
    return lines


def _of_var(body: Any, var: Var, text: str, missed: str) -> list[str]:
    number, lines = var.number, []
    if var.function == "value":
        if body.has(var):  # the same Value twice
            return [f"if {text} is not {body.name(var)}_value: {missed}"]
        lines.append(f"if type({text}) is not Value or {text}.op is not None: {missed}")
        lines.append(f"{text}_value, {text} = {text}, {text}._data")
    body._texts[var] = text, 99
    if type(number) is np.ndarray:
        kind = body.mention(f"{number.dtype.name}", number.dtype)
        found = f"type({text}) is not np.ndarray or {text}.shape != {number.shape} or {text}.dtype != {kind}"
        return [*lines, f"if {found}: {missed}"]
    if type(number) is float:
        other = f"if type({text}) is not np.float64: {missed}"
        return [*lines, f"if type({text}) is not float:", f"    {other}", f"    {text} = float({text})"]
    return [*lines, f"if type({text}) is not np.{number.dtype.name}: {missed}"]


def same(now: Any, then: Any) -> bool:
    """Is a fixed argument what it was in the recording?"""
    if type(now) is not type(then):
        return False
    try:
        return bool(now == then)
    except (TypeError, ValueError):
        return False


def hooked(*leaves: Value) -> bool:
    """Has one of them a hook on its gradient?"""
    return any(id(leaf) in gradient_hooks and hooks_of(leaf) for leaf in leaves)


def accumulated(leaf: Value, grad: Any) -> Any:
    """What the leaf's `.grad` becomes when this joins the gradient that is there.

    Raises:
        CannotReplay: that one is no plain number or array of its shape; the engine says more.
    """
    kept = leaf.grad
    if type(kept) is float and type(grad) is float:
        return kept + grad
    if type(kept) is np.ndarray and kept.shape == np.shape(grad) and kept.dtype == grad.dtype:
        return kept + grad
    raise CannotReplay
