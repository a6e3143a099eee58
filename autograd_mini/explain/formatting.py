"""Write numbers and labels for people: the one place where digits are cut and markup is defused."""

from __future__ import annotations

from typing import Any

import graphviz
import numpy as np

#: An array of at most this many entries is shown entry by entry.
SMALL = 9


def shown(number: Any, digits: int = 4) -> str:
    """A number in few characters; a small array's entries; a large array's shape and range.

    >>> shown(0.5), shown([1.0, 2.0]), shown(range(100))
    ('0.5', '[1 2]', '(100,) 0 … 99')
    """
    if type(number) is float:  # by far the most frequent
        return f"{number + 0:.{digits}g}".replace("-", "−")
    array = np.asarray(number) + 0  # a −0 is shown as 0
    if array.ndim == 0:
        return f"{array[()]:.{digits}g}".replace("-", "−")
    if array.size <= SMALL:
        text = np.array2string(array, formatter={"all": lambda x: f"{x:.{digits}g}"}, separator=" ")
        return text.replace("-", "−")
    return f"{array.shape} {shown(array.min(), digits)} … {shown(array.max(), digits)}"


def is_whole(given: Any, least: int) -> bool:
    """Whether it is a whole number of at least `least`; True and False are none."""
    return isinstance(given, int | np.integer) and not isinstance(given, bool) and bool(given >= least)


def check_digits(function: str, digits: Any) -> None:
    """Raises ValueError unless `digits` is a whole number from 1 on."""
    if not is_whole(digits, 1):
        raise ValueError(f"{function}: digits must be a whole number from 1 on, got {digits!r}")


def plain(grad: Any) -> Any:
    """The numbers of a gradient, which a recorded pass leaves as a Value."""
    return getattr(grad, "_data", grad)


def as_text(label: str) -> str:
    """A label that Graphviz takes literally: no escapes, no HTML, no character entities."""
    return graphviz.escape(label.replace("&", "&amp;"))
