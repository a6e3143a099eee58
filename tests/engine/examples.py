"""At least one example of every row of the engine's table, with an independent way to its value.

`EXAMPLES[name]` lists inputs, params and a `reference` that computes the value without the row's own
code: `math` element by element, or another NumPy call. All points lie away from kinks and poles, so
that finite differences are good there.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Two operands that broadcast in every way there is.
SHAPES = [
    ((), ()),
    ((3,), (3,)),
    ((3, 1), (1, 4)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((2, 3), (3,)),
    ((1,), (2, 1, 2)),
    ((1, 1), (2,)),
]


@dataclass(frozen=True)
class Example:
    """One call of a row: `row(*inputs, params=params)` should equal `reference(*inputs, *params)`."""

    reference: Callable[..., Any]
    inputs: tuple[Any, ...]
    params: tuple[Any, ...] = ()

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, np.shape(x))) or "scalar" for x in self.inputs)
        return shapes + "".join(f"_{p}" for p in self.params if not isinstance(p, np.ndarray))


def draw(shape: tuple[int, ...], low: float, high: float, seed: int = 0) -> Any:
    """Numbers between low and high; a Python float for shape ()."""
    numbers = np.random.default_rng(seed).uniform(low, high, shape)
    return numbers if shape else float(numbers)


def each(function: Callable[..., float]) -> Callable[..., Any]:
    """A function of Python floats, applied element by element."""
    return np.vectorize(function, otypes=[float])


def unary(function: Callable[[float], float], low: float = -2.0, high: float = 2.0) -> list[Example]:
    shapes = [(), (3,), (2, 3), (1, 1), (0,)]
    many = [Example(each(function), (draw(shape, low, high, seed),)) for seed, shape in enumerate(shapes)]
    return [*many, Example(each(function), (np.array(draw((), low, high, 7)),))]


def binary(
    function: Callable[[float, float], float],
    x: tuple[float, float] = (-2.0, 2.0),
    y: tuple[float, float] = (-2.0, 2.0),
    first_seed: int = 0,
) -> list[Example]:
    return [
        Example(each(function), (draw(left, *x, first_seed + seed), draw(right, *y, first_seed + 100 + seed)))
        for seed, (left, right) in enumerate(SHAPES)
    ]


def apart(function: Callable[[float, float], float]) -> list[Example]:
    """Operands on two grids that never meet: multiples of 1/2, and those plus 1/4."""
    return [
        Example(
            each(function),
            (np.round(draw(left, -6, 6, seed)) / 2, np.round(draw(right, -6, 6, 50 + seed)) / 2 + 0.25),
        )
        for seed, (left, right) in enumerate(SHAPES)
    ]


#: A cube of numbers that all differ by more than a finite-difference step, and some are negative.
CUBE = np.linspace(-1.15, 1.3, 12)[np.random.default_rng(1).permutation(12)].reshape(2, 3, 2)
MATRIX = np.linspace(0.3, 2.1, 6)[[3, 0, 5, 1, 4, 2]].reshape(2, 3)


def reduction(reference: Callable[..., Any]) -> list[Example]:
    params = [
        (CUBE, (None, False)),
        (CUBE, (None, True)),
        (CUBE, (1, False)),
        (CUBE, (-1, True)),
        (CUBE, ((0, 2), False)),
        (CUBE, ((-1, 0), True)),
        (CUBE, ((2, 1, 0), False)),
        (MATRIX, (0, True)),
        (MATRIX, (-2, False)),
        (MATRIX[:1], (0, False)),
        (MATRIX[:, :1], (1, False)),
        (1.7, (None, False)),
        (MATRIX[0], (0, False)),
    ]
    return [Example(reference, (x,), p) for x, p in params]


def total(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.add.reduce(np.asarray(x), axis=axis, keepdims=keepdims)


def count(x: Any, axis: Any, keepdims: bool) -> Any:
    return total(np.ones_like(x), axis, keepdims)


def one(reference: Callable[..., Any], *inputs: Any, params: tuple = ()) -> Example:
    return Example(reference, inputs, params)


A, B, C = draw((2, 3), -1, 1, 11), draw((3, 4), -1, 1, 12), draw((2, 2, 3), -1, 1, 13)
a, b, c = draw((3,), -1, 1, 14), draw((3,), -1, 1, 15), draw((4,), -1, 1, 16)
S, D = draw((3, 3), -1, 1, 17), draw((2, 3, 2), -1, 1, 18)


def sum_of_products(subscripts: str) -> Callable[..., Any]:
    """A matrix product, term by term."""
    return lambda x, y: np.einsum(subscripts, x, y)


def einsum_case(reference: Callable[..., Any], subscripts: str, *operands: Any) -> Example:
    return Example(lambda *args: reference(*args[:-1]), operands, (subscripts,))


def scattered(g: Any, shape: tuple[int, ...], index: Any) -> np.ndarray:
    """Element by element: whatever position an element of g came from, it is added there."""
    out = np.zeros(math.prod(shape))
    places = np.arange(math.prod(shape)).reshape(shape)[index]
    for place, number in zip(np.ravel(places), np.ravel(g), strict=True):
        out[place] += number
    return out.reshape(shape)


def picked(x: Any, index: Any) -> np.ndarray:
    return np.asarray(x)[index]


def by_permutations(x: np.ndarray) -> float:
    """The determinant by Leibniz's formula."""
    n = len(x)
    return sum(
        (-1) ** sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n)) * math.prod(x[i, p[i]] for i in range(n))
        for p in itertools.permutations(range(n))
    )


INDICES = [
    ((2, 3), 1),
    ((2, 3), -1),
    ((2, 3), (1, 2)),
    ((2, 3), (slice(None), slice(None, None, -1))),
    ((2, 3), (..., 0)),
    ((2, 3), (None, slice(0, 1))),
    ((2, 3), np.array([0, 0, 1])),
    ((2, 3), (np.array([0, 1, 0]), np.array([2, 2, 2]))),
    ((2, 3), (slice(None), [2, 0, 2])),
    ((2, 3), np.array([[True, False, True], [False, True, True]])),
    ((2, 3), (np.array([True, False]), slice(1, 3))),
    ((4,), slice(None, None, 2)),
    ((4,), np.array([[0, 3], [3, 3]])),
    ((2, 1, 2), (1, ..., None, np.array([1, 1]))),
    ((4,), slice(2, 2)),
]

PADDINGS = [((2, 3), ((1, 2), (0, 1))), ((3,), ((0, 0),)), ((2, 1, 2), ((1, 0), (0, 2), (2, 1)))]

EXAMPLES: dict[str, list[Example]] = {
    # -- elementwise: operators
    "add": binary(lambda x, y: x + y),
    "subtract": binary(lambda x, y: x - y),
    "multiply": binary(lambda x, y: x * y),
    "divide": binary(lambda x, y: x / y, y=(0.5, 2)) + binary(lambda x, y: x / y, y=(-2, -0.5))[:3],
    "negative": unary(lambda x: -x),
    "positive": unary(lambda x: x),
    "power": [
        *binary(lambda x, y: x**y, x=(0.3, 2)),
    ],
    "square": unary(lambda x: x * x),
    "sqrt": unary(math.sqrt, 0.2, 3),
    "cbrt": unary(lambda x: math.exp(math.log(x) / 3), 0.2, 3)
    + unary(lambda x: -math.exp(math.log(-x) / 3), -3, -0.2)[:2],
    "hypot": binary(lambda x, y: math.sqrt(x * x + y * y), x=(0.3, 2)),
    "reciprocal": unary(lambda x: 1 / x, 0.4, 2) + unary(lambda x: 1 / x, -2, -0.4)[:2],
    "floor_divide": binary(lambda x, y: math.floor(x / y), x=(-6, 6), y=(0.7, 2)),
    "remainder": [
        *binary(lambda x, y: x - y * math.floor(x / y), x=(-6, 6), y=(0.7, 2), first_seed=20),
        *binary(lambda x, y: x - y * math.floor(x / y), x=(-6, 6), y=(-2, -0.7), first_seed=40)[:4],
    ],
    # -- elementwise: steps and kinks
    "abs": unary(lambda x: x if x > 0 else -x),
    "sign": unary(lambda x: 1.0 if x > 0 else -1.0),
    "floor": unary(math.floor, 0.1, 0.9) + unary(math.floor, -1.9, -1.1),
    "ceil": unary(math.ceil, 0.1, 0.9) + unary(math.ceil, -1.9, -1.1),
    "rint": unary(round, 0.6, 1.4) + unary(round, -0.4, 0.4),
    "trunc": unary(math.trunc, 1.1, 1.9) + unary(math.trunc, -1.9, -1.1),
    "relu": unary(lambda x: x if x > 0 else 0.0),
    "maximum": apart(lambda x, y: x if x > y else y),
    "minimum": apart(lambda x, y: x if x < y else y),
    "clip": [
        one(each(lambda x, low, high: sorted((low, x, high))[1]), x, params=p)
        for x, p in [
            (0.3, (-1.0, 1.0)),
            (3.0, (-1.0, 1.0)),
            (-3.0, (-1, 1)),
            (MATRIX, (0.5, 1.5)),
            (CUBE, (-0.5, 0.5)),
            (MATRIX, (np.array([0.5, 1.0, 1.5]), 1.8)),
            (MATRIX, (np.array([[0.5], [1.0]]), np.array([1.2, 1.4, 1.6]))),
        ]
    ]
    + [
        one(lambda x, low, high: np.maximum(x, low), CUBE, params=(0.1, None)),
        one(lambda x, low, high: np.minimum(x, high), CUBE, params=(None, 0.1)),
    ],
    "where": [
        one(each(lambda x, y, condition: x if condition else y), *inputs, params=(condition,))
        for *inputs, condition in [
            (1.5, 2.5, True),
            (1.5, 2.5, False),
            (A, -A, A > 0),
            (A, 2.0, A > 0),
            (2.0, A, A < 0.5),
            (draw((3, 1), -1, 1), draw((1, 4), -1, 1), np.eye(3, 4) > 0),
            (a, A, np.array([[True], [False]])),
            (a, b, True),
            (1.0, a, False),
            (A, a, np.array([True, False, True])),
            (1.5, 2.5, np.array([True, False, True])),
        ]
    ],
    # -- elementwise: exponentials and logarithms
    "exp": unary(math.exp),
    "expm1": unary(math.expm1),
    "exp2": unary(lambda x: 2.0**x),
    "log": unary(math.log, 0.3, 3),
    "log1p": unary(math.log1p, -0.6, 2),
    "log2": unary(math.log2, 0.3, 3),
    "log10": unary(math.log10, 0.3, 3),
    "logaddexp": binary(lambda x, y: math.log(math.exp(x) + math.exp(y))),
    "sigmoid": unary(lambda x: 1 / (1 + math.exp(-x)), -4, 4),
    "softplus": unary(lambda x: math.log(1 + math.exp(x)), -4, 4),
    "erf": unary(math.erf),
    # -- elementwise: trigonometry
    "sin": unary(math.sin),
    "cos": unary(math.cos),
    "tan": unary(math.tan, -1.2, 1.2),
    "arcsin": unary(math.asin, -0.8, 0.8),
    "arccos": unary(math.acos, -0.8, 0.8),
    "arctan": unary(math.atan),
    "arctan2": binary(math.atan2, y=(0.4, 2)) + binary(math.atan2, x=(0.3, 2), y=(-2, -0.4))[:4],
    "sinh": unary(math.sinh),
    "cosh": unary(math.cosh),
    "tanh": unary(math.tanh),
    "arcsinh": unary(math.asinh),
    "arccosh": unary(math.acosh, 1.3, 3),
    "arctanh": unary(math.atanh, -0.8, 0.8),
    # -- reductions
    "sum": reduction(total),
    "mean": reduction(lambda *args: total(*args) / count(*args)),
    "prod": reduction(lambda x, axis, keepdims: np.multiply.reduce(np.asarray(x), axis=axis, keepdims=keepdims)),
    "max": reduction(lambda x, axis, keepdims: np.maximum.reduce(np.asarray(x), axis=axis, keepdims=keepdims)),
    "min": reduction(lambda x, axis, keepdims: -np.maximum.reduce(-np.asarray(x), axis=axis, keepdims=keepdims)),
    "logsumexp": reduction(lambda x, axis, keepdims: np.log(total(np.exp(x), axis, keepdims))),
    "norm": reduction(lambda x, axis, keepdims: total(np.asarray(x) ** 2, axis, keepdims) ** 0.5),
    "log_softmax": [
        one(lambda x, axis: x - np.log(total(np.exp(x), axis, True)), x, params=(axis,))
        for x, axis in [(CUBE, 0), (CUBE, -1), (CUBE, (0, 2)), (CUBE, None), (MATRIX[0], 0), (MATRIX[:1], 0)]
    ],
    "cumsum": [
        one(lambda x, axis: np.add.accumulate(x, axis), x, params=(axis,))
        for x, axis in [(CUBE, 0), (CUBE, 1), (CUBE, -1), (MATRIX[0], 0), (MATRIX[:1], 0)]
    ],
    # -- products
    "matmul": [
        one(sum_of_products("i,i->"), a, b),
        one(sum_of_products("ij,j->i"), A, a),
        one(sum_of_products("j,jk->k"), a, B),
        one(sum_of_products("ij,jk->ik"), A, B),
        one(sum_of_products("ij,jk->ik"), A[:1], B[:, :1]),
        one(sum_of_products("bij,j->bi"), C, a),
        one(sum_of_products("j,bjk->bk"), a, D),
        one(sum_of_products("bij,jk->bik"), C, B),
        one(sum_of_products("ij,bjk->bik"), A, D),
        one(sum_of_products("bij,bjk->bik"), C, D),
        one(sum_of_products("bij,bjk->bik"), C[:1], D),
        one(sum_of_products("abij,abjk->abik"), C[:, None], D[None]),
    ],
    "einsum": [
        einsum_case(lambda x, y: x @ y, "ij,jk->ik", A, B),
        einsum_case(lambda x, y: x @ y, "i,i->", a, b),
        einsum_case(lambda x, y: x[:, None] * y, "i,j->ij", a, c),
        einsum_case(lambda x: x.T, "ij->ji", A),
        einsum_case(np.sum, "ij->", A),
        einsum_case(lambda x: x.sum(0), "ij->j", A),
        einsum_case(np.trace, "ii->", S),
        einsum_case(np.diag, "ii->i", S),
        einsum_case(np.diag, "AA->A", S),
        einsum_case(lambda x, y: np.diag(x) * y, "ii,i->i", S, a),
        einsum_case(lambda x, y: x.sum() * y, "ij,k->k", A, c),
        einsum_case(lambda x, y, z: x @ y @ z, "i,ij,j->", a[:2], A, b),
        einsum_case(lambda x, y: np.stack([p @ q for p, q in zip(x, y, strict=True)]), "bij,bjk->bik", C, D),
        einsum_case(lambda x, y: (x * y).sum(1), "ij,ij->i", A, A + 1),
        einsum_case(lambda x: x * 1.0, "->", 1.5),
        einsum_case(lambda x, y: x * y, ",ij->ij", 1.5, A),
    ],
    "solve": [
        one(lambda x, y: np.linalg.inv(x) @ y, S + 2 * np.eye(3), D[0]),
        one(lambda x, y: np.linalg.inv(x) @ y, S - 2 * np.eye(3), D),
        one(lambda x, y: np.linalg.inv(x) @ y, np.stack([S, S.T]) + 2 * np.eye(3), S[:, :1]),
        one(lambda x, y: y / x, np.array([[2.0]]), np.array([[3.0, 4.0]])),
    ],
    "det": [
        one(by_permutations, S),
        one(by_permutations, S[:2, :2]),
        one(by_permutations, np.array([[1.0, 2.0], [2.0, 4.0]])),  # singular, with a slope
        one(by_permutations, np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])),
        one(lambda x: np.array([by_permutations(m) for m in x]), np.stack([S, np.ones((3, 3)), np.zeros((3, 3))])),
    ],
    # -- shaping
    "reshape": [
        one(lambda x, shape: np.array(np.ravel(x).tolist()).reshape(shape), x, params=(shape,))
        for x, shape in [(A, (3, 2)), (A, -1), (A, (1, -1, 1)), (CUBE, (4, 3)), (1.5, (1, 1)), (np.ones((1, 1)), ())]
    ],
    "transpose": [
        one(lambda x, axes: np.einsum(x, list(range(x.ndim)), list(axes)), x, params=(axes,))
        for x, axes in [(A, (1, 0)), (A, (0, 1)), (CUBE, (2, 0, 1)), (CUBE, (1, 2, 0)), (a, (0,))]
    ],
    "broadcast_to": [
        one(lambda x, shape: x + np.zeros(shape), x, params=(shape,))
        for x, shape in [(1.5, (2, 2)), (a, (2, 3)), (A[:, :1], (2, 3)), (A[:1], (2, 2, 3)), (A, (2, 3)), (a[:1], (3,))]
    ],
    "getitem": [one(picked, draw(shape, -1, 1, 3), params=(index,)) for shape, index in INDICES],
    "scatter": [
        one(scattered, draw(np.shape(np.zeros(shape)[index]), -1, 1, 4), params=(shape, index))
        for shape, index in INDICES
    ],
    "roll": [
        one(lambda x, shift, axis: np.asarray(np.roll(x.tolist(), shift, axis)), x, params=(shift, axis))
        for x, shift, axis in [
            (A, 1, None),
            (A, -2, 1),
            (A, 1, -2),
            (A, (1, 2), (0, 1)),
            (a, 5, 0),
            (CUBE, (1, -1), (2, -2)),
        ]
    ],
    "pad": [
        one(
            lambda x, width: scattered(
                x,
                tuple(n + p + q for n, (p, q) in zip(x.shape, width, strict=True)),
                tuple(slice(p, p + n) for n, (p, q) in zip(x.shape, width, strict=True)),
            ),
            draw(shape, -1, 1, 5),
            params=(width,),
        )
        for shape, width in PADDINGS
    ],
    "concatenate": [
        one(
            lambda *args: np.asarray(functools.reduce(operator.iadd, (x.tolist() for x in args[:-1]), [])),
            A,
            S,
            params=(0,),
        ),
        one(
            lambda *args: np.asarray(functools.reduce(operator.iadd, (x.T.tolist() for x in args[:-1]), [])).T,
            A,
            A[:, :1],
            A,
            params=(1,),
        ),
        one(
            lambda *args: np.asarray(functools.reduce(operator.iadd, (x.T.tolist() for x in args[:-1]), [])).T,
            A,
            A + 1,
            params=(-1,),
        ),
        one(
            lambda *args: np.asarray(functools.reduce(operator.iadd, (x.tolist() for x in args[:-1]), [])),
            a,
            b,
            c,
            params=(-1,),
        ),
        one(lambda *args: args[0], A, params=(1,)),
    ],
    "astype": [one(lambda x, dtype: np.array(x, dtype), x, params=(np.dtype(float),)) for x in (A, 1.5, a[:1])],
}
