"""Read a saved optimizer or schedule strictly: all that does not fit is listed, before anything changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.numbers import as_array
from autograd_mini.optim.groups import number
from autograd_mini.value import Value


def summary_of(owner: str, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The part of an optimizer's state that its memory is not: its kind, and each group's size and options."""
    state: dict[str, Any] = {"optimizer": owner}
    for k, group in enumerate(groups):
        for name, item in group.items():
            state[f"group.{k}.{name}"] = len(item) if name == "parameters" else float(item)
    return state


def checked_state(
    owner: str,
    groups: Sequence[Mapping[str, Any]],
    parameters: Sequence[Value],
    remembers: Sequence[str],
    at_most: Mapping[str, float],
    state: Mapping[str, Any],
) -> tuple[list[dict[str, float]], list[tuple[Any, ...]]]:
    """The groups' options and the parameters' memory as the optimizer holds them.

    Raises:
        ValueError: what does not fit, entry by entry.
        TypeError: `state` is not a mapping.
    """
    expected = summary_of(owner, groups)
    memory = {f"memory.{i}.{name}": w for i, w in enumerate(parameters) for name in remembers}
    problems = differences(state, [*expected, *memory])
    loaded: dict[str, Any] = {}
    for entry in expected.keys() & state.keys():
        try:
            if entry == "optimizer" or entry.endswith(".parameters"):
                if type(expected[entry])(state[entry]) != expected[entry]:
                    raise ValueError(f"expected {expected[entry]}, got {state[entry]}")
            else:
                name = entry.split(".")[-1]
                loaded[entry] = number(owner, name, state[entry], at_most.get(name))
        except (TypeError, ValueError) as error:
            problems.append(f"{entry}: {error}")
    for entry in memory.keys() & state.keys():
        try:
            loaded[entry] = _remembered(memory[entry], entry.endswith(".steps"), state[entry])
        except (TypeError, ValueError) as error:
            problems.append(f"{entry}: {error}")
    refuse(owner, problems)
    options = [
        {name: loaded[f"group.{k}.{name}"] for name in group if name != "parameters"} for k, group in enumerate(groups)
    ]
    return options, [tuple(loaded[f"memory.{i}.{name}"] for name in remembers) for i in range(len(parameters))]


def differences(state: Any, expected: Sequence[str]) -> list[str]:
    """The entries that are missing from a state, or too many in it.

    Raises:
        TypeError: `state` is not a mapping.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"load_state_dict: expected names -> numbers, got {type(state).__name__}")
    known = set(expected)
    missing = [f"missing: {entry}" for entry in expected if entry not in state]
    return missing + [f"unexpected: {entry}" for entry in state if entry not in known]


def refuse(owner: str, problems: Sequence[str]) -> None:
    if problems:
        summary = f"load_state_dict: the state does not fit this {owner}; nothing was loaded"
        raise ValueError("\n  ".join([summary, *sorted(problems)]))


def _remembered(w: Value, is_count: bool, entry: Any) -> Any:
    """One remembered thing in the parameter's dtype, copied: of its shape, a count, or 0 before the first step."""
    numbers = as_array(entry)  # a CuPy array stays one
    if numbers.dtype.kind not in "fiu":
        raise TypeError(f"expected real numbers, got {numbers.dtype}")
    if not np.isfinite(numbers).all():
        raise ValueError("nan or inf")
    if numbers.shape == () and (is_count or not numbers):
        return float(numbers) if is_count else w.dtype.type(0)
    if is_count or numbers.shape != w.shape:
        raise ValueError(f"expected shape {() if is_count else w.shape}, got {numbers.shape}")
    return numbers.astype(w.dtype)[()]
