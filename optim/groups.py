"""Say which parameters an optimizer trains, and with what numbers: a list, or groups with options of their own.

>>> w, b = Value([1.0, 2.0], name="w"), Value(0.0, name="b")
>>> defaults = {"learning_rate": 0.1, "weight_decay": 0.01}
>>> for group in groups_of("SGD", [{"parameters": [w]}, {"parameters": [b], "weight_decay": 0.0}], defaults, {}):
...     print([p.name for p in group["parameters"]], group["learning_rate"], group["weight_decay"])
['w'] 0.1 0.01
['b'] 0.1 0.0
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from autograd_mini.value import Value
from autograd_mini.visible import shown


def groups_of(
    owner: str, parameters: Any, defaults: Mapping[str, Any], at_most: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The parameters as a list of groups, each {"parameters": leaf Values, option: number, …}, all checked.

    Raises:
        ValueError: no parameters, one given twice, an option that is unknown or out of its range.
        TypeError: something that is not a leaf Value.
    """
    listed = _listed(owner, parameters)
    if any(isinstance(item, Mapping) for item in listed):
        groups = [_group(owner, i, item, defaults) for i, item in enumerate(listed)]
    else:
        groups = [{"parameters": leaves(owner, listed), **defaults}]
    for i, group in enumerate(groups):
        where = f"{owner}, group {i}" if len(groups) > 1 else owner
        group.update({name: number(where, name, group[name], at_most.get(name)) for name in defaults})
    _no_twins(owner, [w for group in groups for w in group["parameters"]])
    return groups


def leaves(owner: str, parameters: Any) -> list[Value]:
    """The parameters as a list of leaf Values, each once.

    Raises:
        ValueError: no parameters, or one given twice.
        TypeError: something that is not a leaf Value.
    """
    values = _listed(owner, parameters)
    if not values:
        raise ValueError(f"{owner}: no parameters to train (an iterator can be used only once)")
    for i, w in enumerate(values):
        if type(w) is not Value:
            raise TypeError(f"{owner}: parameter {i} must be a Value, got {shown(w)}")
        if w.op is not None:
            raise TypeError(
                f"{owner}: {name_of(w, i)} {w.shape} was computed by {w.op.name}, so it cannot "
                "be trained; pass the leaves it was made from, or Value(v.data)"
            )
    _no_twins(owner, values)
    return values


def number(owner: str, what: str, given: Any, most: float | None = None) -> float:
    """The option as a Python float: np.float64(0.1) times a float32 array would be float64.

    Raises:
        ValueError: not a number from 0 to `most`.
    """
    try:
        real = float(given)
    except (TypeError, ValueError):
        real = math.nan
    if not 0 <= real <= (math.inf if most is None else most) or math.isinf(real):
        span = "a finite number ≥ 0" if most is None else f"between 0 and {most}"
        raise ValueError(f"{owner}: {what} must be {span}, got {given!r}")
    return real


def name_of(w: Value, position: int) -> str:
    return w.name or f"parameter {position}"


def _listed(owner: str, parameters: Any) -> list[Any]:
    if type(parameters) is Value:
        raise TypeError(f"{owner}: expected a list of Values, got one Value: write [{parameters.name or 'w'}]")
    if hasattr(parameters, "parameters"):
        kind = type(parameters).__name__
        raise TypeError(f"{owner}: expected a list of Values, got {kind}: pass its .parameters()")
    if not isinstance(parameters, Iterable):
        hint = ": call it, model.parameters()" if callable(parameters) else ""
        raise TypeError(f"{owner}: expected a list of Values, got {type(parameters).__name__}{hint}")
    return list(parameters)


def _group(owner: str, i: int, given: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    where = f"{owner}, group {i}"
    if not isinstance(given, Mapping):
        raise TypeError(f"{where}: expected a group like the others, a dict with 'parameters', got {shown(given)}")
    if "parameters" not in given:
        raise ValueError(f"{where}: a group needs 'parameters', got {', '.join(map(str, given)) or 'an empty dict'}")
    unknown = [name for name in given if name != "parameters" and name not in defaults]
    if unknown:
        raise ValueError(f"{where}: unknown option {unknown[0]!r}; known are {', '.join(defaults)}")
    return {**defaults, **given, "parameters": leaves(where, given["parameters"])}


def _no_twins(owner: str, values: list[Value]) -> None:
    first: dict[int, int] = {}
    for i, w in enumerate(values):
        if id(w) in first:
            raise ValueError(
                f"{owner}: {name_of(w, i)} is given twice, at positions {first[id(w)]} and {i}: "
                "it would move twice per step"
            )
        first[id(w)] = i
