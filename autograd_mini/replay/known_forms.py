"""Operations that stand as one call in a program: as the engine computes them, or in a quicker form.

The engine must be safe from overflow before it knows. A program whose numbers overflow is not carried through: the call
is made as written. So here σ(x) is 1/(1 + e^−x). Windows over a picture are copied by the engine's own functions, which
lay the pixels so that NumPy's loops are long; on arrays that are traced they could not see how these lie in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.nn import conv, windows
from autograd_mini.primitives import elementwise
from autograd_mini.replay.trace import Var
from autograd_mini.replay.traced import Traced

_forward, _float_forward = elementwise.sigmoid.forward, elementwise.sigmoid.float_forward


def sigmoid(x: Any) -> Any:
    """σ(x) as the engine computes it."""
    return _float_forward(x) if type(x) is float else _forward(x)  # type: ignore[misc]


def _one_call(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, *args: Any) -> Any:
        return x.made(function, (x, *args)) if type(x) is Traced else function(x, *args)

    return call


#: Where the engine looks for each, and under which name.
_PLACES: list[tuple[Any, str, Callable[..., Any]]] = [
    (elementwise.sigmoid, "forward", sigmoid),
    (windows.windows, "forward", windows.copies),
    (windows.fold, "forward", windows.sum_back),
    (conv, "patches", conv.patches),
]


@contextmanager
def one_call_each() -> Iterator[None]:
    """Inside the block these operations are one call in a trace."""
    before = [getattr(owner, name) for owner, name, _ in _PLACES]
    try:
        for owner, name, function in _PLACES:
            setattr(owner, name, _one_call(function))
        yield
    finally:
        for (owner, name, _), function in zip(_PLACES, before, strict=True):
            setattr(owner, name, function)


def expanded(var: Var, insert: Any) -> tuple[Any, tuple]:
    """The last call, and by `insert(function, args)` those before it, for an array."""
    (x,) = var.args
    parts = x.args if x.function is np.add else ()
    if len(parts) == 2 and all(type(part) is Var and np.size(part.number) for part in parts):
        s, b = sorted(parts, key=lambda part: -np.size(part.number))
        if np.size(b.number) < np.size(s.number):  # −(s + b) = −b − s, which is less to negate
            return _from_negative(insert(np.subtract, (insert(np.negative, (b,)), s)), insert)
    return _from_negative(insert(np.negative, (x,)), insert)


def _from_negative(x: Var, insert: Any) -> tuple[Any, tuple]:
    return np.divide, (1.0, insert(np.add, (insert(np.exp, (x,)), 1.0)))
