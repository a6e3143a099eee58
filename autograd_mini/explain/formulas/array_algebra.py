"""Simplify formulas of arrays: (Wᵀ)ᵀ = W, (A B)ᵀ = Bᵀ Aᵀ, columns made for a product and undone after it.

What is rewritten here has the same numbers in the same shape, so that it can be put in the other's place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_mini.explain.formulas.expressions import Expression, Function, product, split
from autograd_mini.explain.formulas.written_rows import OUTER
from autograd_mini.primitives import products, reductions, shaping
from autograd_mini.rules import Primitive, Pull

EACH = slice(None)
Shape = tuple[int, ...]


def array_function(
    op: Primitive, operands: Sequence[Expression], params: tuple, shape: Shape, before: Shape
) -> Expression:
    """An operation on arrays, simplified; `before` is the shape of its first operand, `shape` that of its result."""
    if op is not shaping.broadcast_to and is_multilinear(op):  # W @ (−2δ) = −2 (W @ δ)
        numbers, cores = zip(*(split(e) for e in operands), strict=True)
        return product([_rewritten(op, cores, params, shape, before)], math.prod(numbers))
    return _rewritten(op, operands, params, shape, before)


def is_multilinear(op: Primitive) -> bool:
    """Whether a number that multiplies an operand can as well multiply the result."""
    return op in (reductions.sum_, reductions.mean) or (
        all(isinstance(rule, Pull) and rule.push is None for rule in op.rules) and not op.jointly_linear
    )


def _rewritten(op: Primitive, operands: Sequence[Expression], params: tuple, shape: Shape, before: Shape) -> Expression:
    x, ndim = operands[0], len(shape)
    if op is shaping.transpose:
        return transposed(x, tuple(params[0]), ndim)
    if op is shaping.getitem and isinstance(x, Function) and x.op is products.matmul and _index(params[0]) == (..., 0):
        matrix, column = x.operands
        if _getitem(column) == (..., None) and column.operands[0].ndim == 1:  # type: ignore[attr-defined]
            # (W @ v[..., None])[..., 0]; of several vectors v, W @ v would be something else
            return Function(x.op, (matrix, column.operands[0]), (), ndim=ndim)  # type: ignore[attr-defined]
    if op is shaping.reshape and _keeps_axes(x) and shape == _without(before, x.params[0]):  # type: ignore[attr-defined]
        return Function(x.op, x.operands, (_plain_axis(x.params[0], len(before)), False), ndim=ndim)  # type: ignore[attr-defined]
    if op in (reductions.sum_, reductions.mean):
        params = (_plain_axis(params[0], len(before)), *params[1:])
    return Function(op, tuple(operands), params, ndim=ndim)


def transposed(x: Expression, axes: tuple[int, ...], ndim: int) -> Expression:
    """x with its axes in another order."""
    if axes == tuple(range(len(axes))):
        return x
    if isinstance(x, Function):
        if x.op is shaping.transpose:
            inner = tuple(x.params[0])
            return transposed(x.operands[0], tuple(inner[i] for i in axes), ndim)
        if x.op is products.matmul and ndim == 2 and all(e.ndim == 2 for e in x.operands):
            a, b = x.operands
            return Function(x.op, (transposed(b, (1, 0), 2), transposed(a, (1, 0), 2)), ndim=2)
        if x.op is OUTER:
            return Function(OUTER, x.operands[::-1], ndim=2)
    return Function(shaping.transpose, (x,), (axes,), ndim=ndim)


def outer_product(x: Expression, y: Expression) -> Expression | None:
    """a bᵀ, if the elementwise product of x and y is one."""
    (c, a), (d, b) = split(x), split(y)
    columns, rows = ((..., None), (EACH, None)), ((None, EACH), (..., None, EACH))
    left = a.operands[0] if _getitem(a) in columns and a.operands[0].ndim == 1 else None  # type: ignore[attr-defined]
    right = b.operands[0] if _getitem(b) in rows and b.operands[0].ndim == 1 else b if b.ndim == 1 else None  # type: ignore[attr-defined]
    if left is None or right is None:
        return None
    return product([Function(OUTER, (left, right), ndim=2)], c * d)


def _getitem(e: Expression) -> tuple | None:
    return _index(e.params[0]) if isinstance(e, Function) and e.op is shaping.getitem else None


def _index(index: Any) -> tuple:
    parts = index if isinstance(index, tuple) else (index,)
    return parts if not any(isinstance(p, np.ndarray | list) for p in parts) else ("array",)


def _keeps_axes(x: Expression) -> bool:
    return isinstance(x, Function) and x.op in (reductions.sum_, reductions.mean) and x.params[1]


def _without(shape: Shape, axis: Any) -> Shape:
    axes = range(len(shape)) if axis is None else [a % len(shape) for a in np.atleast_1d(axis)]
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def _plain_axis(axis: Any, ndim: int) -> Any:
    """None for all axes; a number for one."""
    axes = np.atleast_1d(range(ndim) if axis is None else axis)
    if len(axes) == ndim:
        return None
    return int(axes[0]) if len(axes) == 1 else tuple(axes.tolist())
