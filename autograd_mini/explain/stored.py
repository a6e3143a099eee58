"""Turn numbers and arrays into JSON's types and back, without losing a digit, a dtype or a nan."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np


def as_stored(number: Any) -> Any:
    """A float as it is, nan and ±inf as text, an array or NumPy scalar with its dtype and shape.

    >>> as_stored(0.5), as_stored(float("inf")), as_stored(np.float32([1, 2]))
    (0.5, 'inf', {'dtype': 'float32', 'shape': [2], 'entries': [1.0, 2.0]})
    """
    if number is None or type(number) in (bool, int):
        return number
    if type(number) is float:
        return number if math.isfinite(number) else repr(number)
    array = np.asarray(number)
    entries = [as_stored(entry) for entry in array.ravel().tolist()]
    return {"dtype": str(array.dtype), "shape": list(array.shape), "entries": entries}


def from_stored(stored: Any) -> Any:
    """What `as_stored` was given.

    >>> from_stored(as_stored(np.array([[1.0, np.nan]])))
    array([[ 1., nan]])
    """
    if isinstance(stored, str):
        return float(stored)
    if isinstance(stored, dict):
        entries = [from_stored(entry) for entry in stored["entries"]]
        return np.array(entries, dtype=stored["dtype"]).reshape(stored["shape"])[()]
    return stored


def as_json(facts: Any, indent: int | None = None) -> str:
    """Strict JSON in which letters stay letters; half of a pair, which no file can hold, is an escape.

    >>> as_json({"name": "ŷ\\ud800"})
    '{"name": "ŷ\\\\ud800"}'
    """
    text = json.dumps(facts, indent=indent, allow_nan=False, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
