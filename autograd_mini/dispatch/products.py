"""NumPy's products of vectors, matrices and tensors: dot, outer, tensordot, einsum …"""

from __future__ import annotations

from typing import Any

from autograd_mini.dispatch.registry import implements, np
from autograd_mini.errors import ShapeError, describe
from autograd_mini.primitives import products
from autograd_mini.value import Value, apply


@implements(np.dot)
def dot(a: Any, b: Any) -> Value:
    if not np.ndim(a) or not np.ndim(b):
        return a * b
    return matmul(a, b) if np.ndim(b) <= 2 else tensordot(a, b, (-1, -2))


def matmul(a: Any, b: Any) -> Value:
    return apply(products.matmul, (a, b))


@implements(np.inner)
def inner(a: Any, b: Any) -> Value:
    return dot(a, b) if not np.ndim(a) or not np.ndim(b) else tensordot(a, b, (-1, -1))


@implements(np.outer)
def outer(a: Any, b: Any) -> Value:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Value:
    n, m = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        if axes > n or axes > m:
            raise IndexError(f"np.tensordot: axes={axes} are more than {describe(a)} and {describe(b)} both have")
        axes = (range(n - axes, n), range(axes))
    left, right = ([side] if isinstance(side, int) else list(side) for side in axes)
    first, second = list(products.LETTERS[:n]), list(products.LETTERS[n : n + m])
    if len({i % n for i in left}) < len(left) or len({j % m for j in right}) < len(right):
        raise ValueError(f"np.tensordot: axes={axes} names an axis twice")
    for i, j in zip(left, right, strict=True):
        if np.shape(a)[i] != np.shape(b)[j]:  # einsum would let an axis of size 1 pass
            raise ShapeError(f"np.tensordot: axis {i} of {describe(a)} and axis {j} of {describe(b)} differ in size")
        second[j] = first[i]
    shared = {first[i] for i in left}
    output = [letter for letter in first + second if letter not in shared]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(output)}", a, b)


@implements(np.einsum)
def einsum(subscripts: str, *operands: Any) -> Value:
    if not isinstance(subscripts, str):
        raise TypeError("np.einsum: on Values the subscripts must be a string, such as 'ij,jk->ik'")
    return apply(products.einsum, operands, (explicit_subscripts(subscripts, [np.ndim(x) for x in operands]),))


def explicit_subscripts(subscripts: str, ndims: list[int]) -> str:
    """Write an einsum's subscripts out in full: the arrow added, every `...` replaced by letters.

    >>> explicit_subscripts("...i,ij", [2, 2])
    'ai,ij->aj'
    """
    terms, arrow, output = subscripts.replace(" ", "").partition("->")
    letters = terms.split(",")
    if len(letters) != len(ndims):
        raise ValueError(f"np.einsum: {subscripts!r} names {len(letters)} operands, got {len(ndims)}")
    if not arrow:
        named = [letter for letter in "".join(letters) if letter not in ".,"]
        output = ("..." if "..." in terms else "") + "".join(sorted({c for c in named if named.count(c) == 1}))
    spare = [c for c in products.LETTERS if c not in subscripts]
    hidden = [
        ndim - len(term.replace("...", "")) if "..." in term else 0 for term, ndim in zip(letters, ndims, strict=True)
    ]
    if arrow and "..." not in output and any(hidden):
        raise ValueError(f"np.einsum: {subscripts!r} leaves no place in the result for the axes of '...': add it there")
    longest = "".join(spare[: sorted(hidden)[-1]])
    full = [term.replace("...", longest[len(longest) - n :]) for term, n in zip(letters, hidden, strict=True)]
    return f"{','.join(full)}->{output.replace('...', longest)}"
