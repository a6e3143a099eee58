"""NumPy's linear algebra: equations, determinants, norms, powers of a matrix; products of vectors and of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from autograd_mini.dispatch.choosing import diagonal, trace
from autograd_mini.dispatch.products import outer, tensordot
from autograd_mini.dispatch.reductions import norm
from autograd_mini.dispatch.registry import Axis, implements, np
from autograd_mini.dispatch.shaping import matrix_transpose
from autograd_mini.primitives import products
from autograd_mini.value import FUNCTIONS, Value, apply

FUNCTIONS.update({np.linalg.matrix_transpose: matrix_transpose, np.linalg.tensordot: tensordot})


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Value:
    if np.ndim(b) == 1:
        return np.squeeze(solve(a, np.reshape(b, (-1, 1))), -1)
    return apply(products.solve, (a, b))


@implements(np.linalg.inv)
def inv(a: Any) -> Value:
    if a.ndim < 2:
        np.linalg.inv(a.data)  # raises NumPy's own message
    return solve(a, np.eye(a.shape[-1], dtype=a.dtype))


@implements(np.linalg.det)
def det(a: Any) -> Value:
    return apply(products.det, (a,))


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Value:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or n == 0:
        return a * 0 + np.linalg.matrix_power(a.data, n)  # a constant, or NumPy's own message
    return reduce(np.matmul, [a if n > 0 else inv(a)] * np.abs(n))


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Value:
    if len(arrays) < 2:
        raise ValueError(f"np.linalg.multi_dot: expected at least two arrays, got {len(arrays)}")
    return reduce(np.dot, arrays)


@implements(np.linalg.matmul)
def matmul(x1: Any, x2: Any) -> Value:
    return np.matmul(x1, x2)


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Value:
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Value:
    return np.dot(np.ravel(a), np.ravel(b))


@implements(np.linalg.outer)
def outer_of_vectors(x1: Any, x2: Any) -> Value:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"np.linalg.outer: expected two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}")
    return outer(x1, x2)


@implements(np.linalg.diagonal)
def diagonal_of_matrices(x: Any, *, offset: int = 0) -> Value:
    return diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def trace_of_matrices(x: Any, *, offset: int = 0) -> Value:
    return trace(x, offset, -2, -1)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Value:
    if ord != 2:
        if axis is not None:
            return norm(x, ord, axis, keepdims)
        flat = norm(np.ravel(x), ord)
        return np.reshape(flat, (1,) * x.ndim) if keepdims else flat
    return norm(x, None, axis, keepdims)


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Value:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            f"np.cross: expected vectors of 3 elements along the axes, got {a.shape[-1]} and {b.shape[-1]}"
        )
    product = np.roll(a, -1, -1) * np.roll(b, -2, -1) - np.roll(a, -2, -1) * np.roll(b, -1, -1)
    return np.moveaxis(product, -1, axisc)


@implements(np.linalg.cross)
def cross_of_vectors(x1: Any, x2: Any, *, axis: int = -1) -> Value:
    return cross(x1, x2, axis=axis)


@implements(np.kron)
def kron(a: Any, b: Any) -> Value:
    ndim = np.maximum(np.ndim(a), np.ndim(b))
    a, b = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (a, b))
    blocks = np.expand_dims(a, tuple(range(1, 2 * ndim, 2))) * np.expand_dims(b, tuple(range(0, 2 * ndim, 2)))
    return np.reshape(blocks, [n * m for n, m in zip(a.shape, b.shape, strict=True)])
