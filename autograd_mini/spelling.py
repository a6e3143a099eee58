"""Write names and numbers as Python: any label as an identifier, any number as text that reads back exactly.

>>> names = Names()
>>> [names.new(wish) for wish in ("ŷ", "0.weight", "lambda", "a b", "a+b", "")]
['ŷ', 'weight_0', 'lambda_', 'a_b', 'a_b_2', 'v']
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import Any

import numpy as np

#: Words that a variable of a program must not take.
RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "math"})
LONGEST = 40


class Names:
    """Hands out identifiers, each once."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def new(self, wish: str) -> str:
        """An identifier that nothing else has, as near to the wish as can be."""
        stem = identifier(wish)
        name, count = stem, self._counts.get(stem, 1)
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}"
        self._counts[stem] = count
        self.taken.add(name)
        return name


def identifier(label: str) -> str:
    """A label as an identifier in the form in which Python itself stores it (NFKC).

    >>> identifier("__import__"), identifier("ｎｐ"), identifier("hidden.0.bias"), identifier("½ x")
    ('import_', 'np_', 'hidden_bias_0', 'v_1_2_x')
    """
    label = unicodedata.normalize("NFKC", label)
    parts = [re.sub(r"\W+", "_", part).strip("_") for part in label.split(".")]
    parts = sorted((part for part in parts if part), key=str.isdecimal)  # "0.weight" is weight_0
    name = "".join(c if f"v{c}".isidentifier() else "_" for c in "_".join(parts))
    name = unicodedata.normalize("NFKC", name[:LONGEST].strip("_")) or "v"
    if not name.isidentifier():
        name = f"v_{name}"
    if not name.isidentifier():  # what NFKC makes of a few rare letters
        name = "v"
    return f"{name}_" if name in RESERVED else name


def number_text(number: Any, in_rows: bool = False) -> str:
    """A number, or an array of numbers, as an expression that gives the same one, to the last bit.

    `in_rows` gives every row of an array a line of its own.

    >>> number_text(0.1), number_text(np.float32(0.1)), number_text(np.array([[True, False]]))
    ('0.1', 'np.float32(0.1)', 'np.array([[True, False]])')
    >>> number_text(np.array([1.0, np.inf])), number_text(np.zeros((2, 0)))
    ('np.array([1.0, np.inf])', 'np.zeros((2, 0))')
    """
    if isinstance(number, bool | int | float) and not isinstance(number, np.generic):
        return _special(repr(number))
    kind = np.dtype(number.dtype)
    known = kind in (float, int, bool)  # NumPy's choice, if it is told none
    if not number.ndim:
        made = _entries(number[()]) if known else f"np.{kind.name}({_entries(number[()])})"
        return f"np.array({made})" if isinstance(number, np.ndarray) else made
    dtype = "" if known else f", dtype=np.{kind.name}"
    if kind.kind == "f" and not np.any(number) and not np.any(np.signbit(number)):
        return f"np.zeros({number.shape}{dtype})"
    if not number.size:
        return f"np.zeros({number.shape}, dtype=np.{kind.name})"
    order = ', order="F"' if number.flags.f_contiguous and not number.flags.c_contiguous else ""
    entries = _rows(number, "") if in_rows else _entries(number)
    return f"np.array({entries}{dtype}{order})"


def _rows(array: Any, indent: str) -> str:
    if array.ndim < 2:
        return _entries(array)
    inner = f"{indent}    "
    rows = "".join(f"{inner}{_rows(row, inner)},\n" for row in array)
    return f"[\n{rows}{indent}]"


def _entries(number: Any) -> str:
    """The entries as nested lists; those of a short float type in as few digits as tell them apart."""
    if number.dtype.kind != "f" or number.dtype == float:
        return _special(repr(number.tolist()))
    if number.dtype.itemsize > 8:  # more digits than a Python float has: as text, which NumPy reads
        return str(np.array(number).astype(str).tolist()) if number.ndim else repr(str(number))
    if number.ndim:
        return f"[{', '.join(map(_entries, number))}]"
    short = str(number)
    return _special(short if type(number)(float(short)) == number else repr(float(number)))


def _special(text: str) -> str:
    return re.sub(r"\b(nan|inf)\b", r"np.\1", text)
