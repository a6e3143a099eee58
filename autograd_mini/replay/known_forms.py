"""Operations that a program has a quicker form for than the engine, which must be safe from overflow before it knows.

A program whose numbers overflow is not carried through: the call is made as written. So here σ(x) is 1/(1 + e^−x).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.primitives import elementwise
from autograd_mini.replay.trace import Var
from autograd_mini.replay.traced import Traced

_forward, _float_forward = elementwise.sigmoid.forward, elementwise.sigmoid.float_forward


def sigmoid(x: Any) -> Any:
    """σ(x) as the engine computes it."""
    return _float_forward(x) if type(x) is float else _forward(x)  # type: ignore[misc]


def traced_sigmoid(x: Any) -> Any:
    """σ(x), which writes one call into the trace where x is traced."""
    return x.made(sigmoid, (x,)) if type(x) is Traced else _forward(x)


@contextmanager
def one_call_each() -> Iterator[None]:
    """Inside the block these operations are one call in a trace."""
    try:
        elementwise.sigmoid.forward = traced_sigmoid
        yield
    finally:
        elementwise.sigmoid.forward = _forward


def expanded(var: Var, insert: Any) -> tuple[Any, tuple]:
    """The last call, and by `insert(function, args)` those before it, for an array."""
    e = insert(np.exp, (insert(np.negative, var.args),))
    return np.divide, (1.0, insert(np.add, (e, 1.0)))
