"""Matrix products: `matmul` for stacks of matrices and vectors, `einsum` for everything else; equations, determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.rules import PRODUCT, Primitive, Pull

#: What einsum may name axes by.
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def transpose(x: Any) -> Any:
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def product_like(x: Any, left: Any, right: Any) -> Any:
    """left @ right, in memory as `x` is: the gradient of W.T lies column by column, so that W's lies row by row as W."""
    if type(x) is np.ndarray and x.ndim == 2 and x.flags.fnc:
        return np.matmul(left, right, out=np.empty_like(x))
    return left @ right


def matmul_left(g: Any, z: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:  # z_i = Σ_j x_ij y_j, or the inner product when x is a vector too
        return g * y if x.ndim == 1 else g[..., None] * y
    if x.ndim == 1:  # z_k = Σ_j x_j y_jk
        return np.matmul(y, g[..., None])[..., 0]
    return product_like(x, g, transpose(y)) if y.ndim == 2 else g @ transpose(y)


def matmul_right(g: Any, z: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return g * x if y.ndim == 1 else x[:, None] * g[..., None, :]
    if y.ndim == 1:
        return np.matmul(transpose(x), g[..., None])[..., 0]
    if y.ndim == 2 and x.ndim > 2 and y.size:  # one product for the whole batch, instead of a stack to be summed
        return product_like(y, np.reshape(x, (-1, x.shape[-1])).T, np.reshape(g, (-1, g.shape[-1])))
    return product_like(y, transpose(x), g)


def einsum_pull(g: Any, z: Any, position: int, inputs: tuple, subscripts: str) -> Any:
    """∂E/∂(one operand): the same sum with `g` in that operand's place.

    `ij,jk->ik` gives for the first operand `ik,jk->ij`. Two cases need care: a letter that only this
    operand has was summed away, so its gradient repeats along it; a letter it has twice took a
    diagonal, so its gradient lives on that diagonal.
    """
    terms, output = subscripts.split("->")
    letters = terms.split(",")
    wanted, x = letters[position], inputs[position]
    others = [(term, y) for i, (term, y) in enumerate(zip(letters, inputs, strict=True)) if i != position]
    known = output + "".join(term for term, _ in others)

    spare = iter(sorted(set(LETTERS) - set(subscripts)))
    target, extra = "", []
    for letter, size in zip(wanted, x.shape, strict=True):
        if letter in target:  # a diagonal
            twin = next(spare)
            extra.append((letter + twin, np.eye(size)))
            letter = twin
        elif letter not in known:  # summed away
            extra.append((letter, np.ones(size)))
        target += letter
    sources = [(output, g), *others, *extra]
    return np.einsum(f"{','.join(term for term, _ in sources)}->{target}", *(y for _, y in sources))


def cofactors(x: Any, z: Any) -> Any:
    """∂(det x)/∂x_ij, one matrix of them per matrix of `x`; `z` are the determinants."""
    try:
        return np.expand_dims(z, (-2, -1)) * transpose(np.linalg.inv(x))
    except np.linalg.LinAlgError:  # singular, its slope is not: the determinants without row i and column j
        n = x.shape[-1]
        others = np.array([[k for k in range(n) if k != i] for i in range(n)], int).reshape(n, n - 1)
        signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
        return np.linalg.det(x[..., others[:, None, :, None], others[:, None, :]]) * signs.astype(x.dtype)


# fmt: off
matmul = Primitive("matmul", np.matmul, Pull(matmul_left), Pull(matmul_right), symbol="@", latex=r"{0} \, {1}", precedence=PRODUCT)
einsum = Primitive("einsum", lambda *args: np.einsum(args[-1], *args[:-1]), Pull(einsum_pull), variadic=True)
# Neither is linear in its matrix: their tangents have rules of their own.
solve  = Primitive("solve",  np.linalg.solve,
                   Pull(lambda g, z, x, y: -np.linalg.solve(transpose(x), g) @ transpose(z),
                        lambda t, z, x, y: -np.linalg.solve(x, t @ z)),
                   Pull(lambda g, z, x, y: np.linalg.solve(transpose(x), g)))
det    = Primitive("det",    np.linalg.det,
                   Pull(lambda g, z, x: np.expand_dims(g, (-2, -1)) * cofactors(x, z),
                        lambda t, z, x: np.sum(t * cofactors(x, z), axis=(-2, -1))),  latex=r"\det({0})")
# fmt: on

PRODUCTS = (matmul, einsum, solve, det)
