"""NumPy's functions on Values: every handled function in several argument forms, and clear refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from autograd_mini import MissingRuleError, Value, gradcheck, jvp, vjp
from autograd_mini.primitives import TABLE
from autograd_mini.value import FUNCTIONS, UFUNC_METHODS, UFUNCS

from .examples import CUBE, MATRIX, A, B, C, D, S, a, b, c

#: NumPy 2.1 named more arguments, 2.5 deprecated a function.
SINCE_2_1, SINCE_2_5 = (np.lib.NumpyVersion(np.__version__) >= version for version in ("2.1.0", "2.5.0"))


@dataclass(frozen=True)
class V:
    """Marks an argument that is a Value in the call."""

    number: Any


@dataclass(frozen=True)
class Form:
    """One way to call a function: its arguments, those to differentiate marked by `V`."""

    args: tuple
    kwargs: dict = field(default_factory=dict)

    def marked(self) -> list[Any]:
        found: list[Any] = []
        self.fill(lambda number: found.append(number))
        return found

    def fill(self, make: Callable[[Any], Any]) -> tuple[list, dict]:
        def walk(x: Any) -> Any:
            if isinstance(x, V):
                return make(x.number)
            return type(x)(walk(y) for y in x) if isinstance(x, list | tuple) else x

        return [walk(x) for x in self.args], {k: walk(x) for k, x in self.kwargs.items()}

    def call(self, function: Callable, make: Callable[[Any], Any]) -> Any:
        args, kwargs = self.fill(make)
        return function(*args, **kwargs)


def f(*args: Any, **kwargs: Any) -> Form:
    return Form(args, kwargs)


ROW = MATRIX[0]
REDUCTIONS = [
    f(V(MATRIX)),
    f(V(MATRIX), 0),
    f(V(MATRIX), axis=-1),
    f(V(CUBE), (0, 2)),
    f(V(CUBE), axis=1, keepdims=True),
    f(V(CUBE), keepdims=True),
    f(V(ROW)),
    f(V(1.5)),
    f(V(CUBE), axis=(-1, 0), keepdims=True),
]
UFUNC_REDUCTIONS = [
    f(V(MATRIX)),
    f(V(MATRIX), 1),
    f(V(CUBE), axis=(0, 1)),
    f(V(MATRIX), axis=0, keepdims=True),
    f(V(CUBE), axis=None),
]
JOINED = [f([V(MATRIX), V(A)]), f((V(MATRIX), A, V(MATRIX))), f([V(a), b, V(c)]), f([A.tolist(), V(MATRIX)])]
SPLIT = [f(V(CUBE[:, :, 0].T), 3), f(V(MATRIX), [1, 2], axis=1), f(V(MATRIX), 2, 0), f(V(c), [1, 1, 3]), f(V(c), 2, -1)]

#: Every function that gives Values.
FORMS: dict[Any, list[Form]] = {
    np.sum: REDUCTIONS,
    np.mean: REDUCTIONS,
    np.prod: REDUCTIONS,
    np.max: REDUCTIONS,
    np.min: REDUCTIONS,
    np.amax: REDUCTIONS[:3],
    np.amin: REDUCTIONS[:3],
    np.var: [
        *REDUCTIONS,
        f(V(MATRIX), ddof=1),
        f(V(CUBE), (0, 1), ddof=1),
        f(V(CUBE), axis=-1, ddof=0.5, keepdims=True),
    ],
    np.std: [*REDUCTIONS[:7], f(V(MATRIX), ddof=1), f(V(CUBE), (0, 1), ddof=1), f(V(CUBE), axis=1, ddof=2)],
    np.linalg.norm: [
        f(V(a)),
        f(V(MATRIX)),
        f(V(MATRIX), axis=0),
        f(V(MATRIX), axis=1, keepdims=True),
        f(V(a), 2),
        f(V(a), 1),
        f(V(MATRIX), ord=1, axis=1),
        f(V(MATRIX), 2, 0),
        f(V(CUBE), axis=(0, 1)),
        f(V(MATRIX), keepdims=True),
    ],
    np.cumsum: [f(V(CUBE)), f(V(CUBE), 1), f(V(MATRIX), axis=-1), f(V(a))],
    np.cumprod: [
        f(V(CUBE[0])),
        f(V(CUBE), 1),
        f(V(MATRIX), axis=-1),
        f(V(a)),
        f(V(a[:1])),
        f(V(np.array([0.0, 2.0, 0.0]))),
    ],
    np.where: [
        f(A > 0, V(A), V(MATRIX)),
        f(A > 0, V(A), 0.0),
        f(A > 0, 1, V(A)),
        f(True, V(1.5), V(2.5)),
        f(a > 0, V(1.5), V(A)),
        f(np.array([2, 0, -1]), V(a), V(b)),
        f([True, False, True], V(a), b),
        f(a > 0, V(1.5), V(2.5)),
        f(np.array([0.5, 0.0, 2.0]), V(a), 3.0),
    ],
    np.clip: [
        f(V(MATRIX), 0.5, 1.5),
        f(V(MATRIX), None, 1.0),
        f(V(MATRIX), 1.0, None),
        f(V(MATRIX), a_min=0.5, a_max=1.5),
        *([f(V(MATRIX), min=0.5, max=1.5)] if SINCE_2_1 else []),
        f(V(MATRIX), np.array([0.5, 0.6, 0.7]), 1.5),
        f(V(1.5), 0, 1),
        f(V(0.5), 0, 1),
        f(V(0.5), np.array([0.0, 1.0]), 3.0),
    ],
    np.take: [
        f(V(A), 1),
        f(V(A), [0, 0, 5]),
        f(V(A), [2, 0, 2], axis=1),
        f(V(A), 0, axis=0),
        f(V(CUBE), [[0, 1], [1, 1]], -2),
    ],
    np.take_along_axis: [
        f(V(MATRIX), np.argsort(MATRIX, 1), 1),
        f(V(MATRIX), np.array([[0, 1, 0]]), axis=0),
        f(V(CUBE), np.zeros((2, 3, 4), int), -1),
        f(V(MATRIX), np.array([5, 0]), axis=None),
    ],
    np.sort: [f(V(MATRIX)), f(V(MATRIX), 0), f(V(MATRIX), axis=None), f(V(CUBE), axis=1), f(V(a))],
    np.diagonal: [
        f(V(S)),
        f(V(MATRIX), 1),
        f(V(MATRIX), -1),
        f(V(CUBE), 0, 1, 2),
        f(V(CUBE), offset=1, axis1=2, axis2=0),
        f(V(S), 5),
    ],
    np.trace: [f(V(S)), f(V(MATRIX), 1), f(V(MATRIX), offset=-1), f(V(CUBE), 0, 0, 2)],
    np.diag: [f(V(a)), f(V(a), 1), f(V(a), k=-2), f(V(MATRIX)), f(V(MATRIX), 1)],
    np.tril: [f(V(S)), f(V(MATRIX), 1), f(V(CUBE), k=-1), f(V(a))],
    np.triu: [f(V(S)), f(V(MATRIX), 1), f(V(CUBE), k=-1), f(V(a))],
    np.diff: [f(V(a)), f(V(MATRIX), 1, 0), f(V(MATRIX), n=2), f(V(CUBE), axis=1), f(V(a), 0)],
    np.reshape: [
        f(V(A), (3, 2)),
        f(V(A), -1),
        f(V(1.5), (1, 1)),
        f(V(A), [6]),
        *([f(V(A), shape=(1, 6))] if SINCE_2_1 else []),
    ],
    np.ravel: [f(V(A)), f(V(1.5)), f(V(CUBE))],
    np.transpose: [f(V(A)), f(V(CUBE)), f(V(CUBE), (1, 2, 0)), f(V(CUBE), axes=[-1, 0, 1]), f(V(a))],
    np.swapaxes: [f(V(CUBE), 0, 2), f(V(CUBE), -1, -2), f(V(A), 0, 0)],
    np.matrix_transpose: [f(V(A)), f(V(CUBE))],
    np.moveaxis: [f(V(CUBE), 0, -1), f(V(CUBE), 2, 0), f(V(CUBE), (0, 1), (-1, 0)), f(V(CUBE), [2, 0], [0, 1])],
    np.squeeze: [f(V(A[None])), f(V(A[:, None]), 1), f(V(A[None, :, None]), axis=(0, -2)), f(V(np.ones((1, 1))))],
    np.expand_dims: [f(V(A), 0), f(V(A), axis=-1), f(V(a), (0, 2)), f(V(1.5), 0)],
    np.atleast_1d: [f(V(1.5)), f(V(a)), f(V(A))],
    np.broadcast_to: [f(V(1.5), (2, 2)), f(V(a), (2, 3)), f(V(A[:, :1]), shape=(2, 3)), f(V(a[:1]), 3)],
    np.concatenate: [
        *JOINED[:2],
        JOINED[2],
        JOINED[3],
        f([V(A), V(A[:, :1])], axis=1),
        f([V(A), V(c)], axis=None),
        f([V(A), A], -1),
    ],
    np.stack: [
        *JOINED[:2],
        f([V(1.5), V(2.5), 3.0]),
        f([V(A), MATRIX], 1),
        f([V(A), V(MATRIX)], axis=-1),
        f([V(A), A], axis=-2),
    ],
    np.vstack: [*JOINED[:2], f([V(a), V(b)]), f([V(a), A]), f([V(1.5), 2.5])],
    np.hstack: [*JOINED, f([V(1.5), V(a)]), f([V(A), V(A[:, :1])])],
    np.column_stack: [*JOINED[:2], f([V(a), V(b)]), f([V(a[:2]), A])],
    np.split: SPLIT,
    np.array_split: [*SPLIT, f(V(c), 3), f(V(MATRIX), 2, axis=1)],
    np.flip: [f(V(A)), f(V(A), 0), f(V(CUBE), axis=(0, -1)), f(V(a))],
    np.roll: [
        f(V(A), 1),
        f(V(A), -1, axis=0),
        f(V(A), (1, 2), (0, 1)),
        f(V(CUBE), 4, -1),
        f(V(A), [1, 2], [0, 1]),
        f(V(A), np.array([1, 2]), (0, 1)),
        f(V(A), 1, (0, 1)),
        f(V(A), (1, 2), 1),
    ],
    np.tile: [f(V(a), 2), f(V(A), (2, 1)), f(V(a), (2, 2)), f(V(A), [2]), f(V(1.5), 3), f(V(CUBE), (2, 1))],
    np.repeat: [f(V(A), 2), f(V(A), 2, axis=1), f(V(a), [0, 1, 3]), f(V(A), [2, 1], 0), f(V(1.5), 3)],
    np.pad: [
        f(V(A), 1),
        f(V(A), (1, 2)),
        f(V(A), ((1, 0), (0, 2))),
        f(V(A), 1, constant_values=3.0),
        f(V(A), 2, "edge"),
        f(V(a), 2, mode="reflect"),
        f(V(A), 1, mode="wrap"),
        f(V(a), (2, 1), "symmetric"),
        f(V(a), [1, 2]),
        f(V(A), 1, "constant", constant_values=((1, 2), (3, 4))),
    ],
    np.dot: [
        f(V(a), V(b)),
        f(V(A), V(a)),
        f(V(A), V(B)),
        f(V(1.5), V(A)),
        f(A, V(B)),
        f(V(A), 2.0),
        f(V(A), V(D)),
        f(V(C), V(a)),
        f(V(a), b.tolist()),
    ],
    np.inner: [f(V(a), V(b)), f(V(A), V(a)), f(V(A), V(C)), f(V(1.5), V(a)), f(a, V(A))],
    np.outer: [f(V(a), V(c)), f(V(A), V(a)), f(a, V(c)), f(V(1.5), V(a))],
    np.tensordot: [
        f(V(A), V(A)),
        f(V(A), V(B), 1),
        f(V(a), V(c), axes=0),
        f(V(C), V(D), ([2], [1])),
        f(V(C), V(D), ([0, 2], [0, 1])),
        f(V(C), B, (2, 0)),
        f(V(C), V(A), ((-1, 1), (-1, 0))),
        f(A, V(B), (-1, -2)),
    ],
    np.einsum: [
        f("ij,jk->ik", V(A), V(B)),
        f("ij,jk", V(A), B),
        f("ii", V(S)),
        f("ij->ji", V(A)),
        f("...ij,jk->...ik", V(C), V(B)),
        f("...ij,...jk", V(C), V(D)),
        f("i j , j -> i", V(A), V(a)),
        f("...,...", V(A), V(a)),
        f("i,i,i->i", V(a), V(b), a),
        f("ij,ij->ij", V(A[:1]), V(A)),
        f("i...->...", V(C)),
        f("ba", V(A)),
        f("ij,j", V(A), a.tolist()),
    ],
    np.copy: [f(V(A)), f(V(1.5))],
    np.round: [f(V(A)), f(V(A), 1), f(V(A), decimals=2), f(V(1.26), 1)],
    np.around: [f(V(A), 1)],
    np.fix: [] if SINCE_2_5 else [f(V(A * 3))],
    np.select: [
        f([A > 0.5, A > 0], [V(A), V(MATRIX)], 7.0),
        f([a > 0], [V(a)]),
        f([a > 0, a > -1], [V(a), 2.0], default=b),
    ],
    np.delete: [f(V(A), 0), f(V(A), [0, 2], axis=1), f(V(A), slice(0, 1), 0)],
    np.ediff1d: [f(V(A)), f(V(a))],
    np.atleast_2d: [f(V(1.5)), f(V(a)), f(V(A)), f(V(CUBE))],
    np.atleast_3d: [f(V(1.5)), f(V(a)), f(V(A)), f(V(CUBE))],
    np.dstack: [f([V(A), V(MATRIX)]), f([V(a), b]), f([V(CUBE), V(CUBE)])],
    np.append: [f(V(A), V(a)), f(V(A), MATRIX, 1), f(a, V(A), axis=None)],
    np.broadcast_arrays: [f(V(A), V(a)), f(V(1.5), V(A))],
    np.vsplit: [f(V(A), 2), f(V(CUBE), [1])],
    np.hsplit: [f(V(A), 3), f(V(c), [1, 3])],
    np.dsplit: [f(V(CUBE), 2)],
    np.fliplr: [f(V(A)), f(V(CUBE))],
    np.flipud: [f(V(A)), f(V(a))],
    np.rot90: [f(V(A)), f(V(A), 2), f(V(A), -1), f(V(A), 4), f(V(CUBE), 3, (1, 2)), f(V(CUBE), axes=(-1, 0))],
    np.ptp: REDUCTIONS,
    np.average: [
        *REDUCTIONS[:7],
        f(V(A), weights=V(MATRIX)),
        f(V(A), 1, V(b + 2)),
        f(MATRIX, axis=0, weights=V([1.0, 3.0])),
    ],
    np.median: [*REDUCTIONS, f(V(c)), f(V(CUBE), (0, 1))],
    np.nansum: [*REDUCTIONS[:7]],
    np.nanmean: [*REDUCTIONS[:7]],
    np.nan_to_num: [f(V(A)), f(V(1.5), nan=3.0)],
    np.trapezoid: [
        f(V(A)),
        f(V(A), dx=0.5),
        f(V(a), V(b)),
        f(V(A), V([1.0, 3.0]), axis=0),
        f(V(A), V(MATRIX)),
        f(A, V(a)),
    ],
    np.convolve: [f(V(a), V(c)), f(V(c), V(a), "same"), f(V(a), c, mode="valid"), f(c[:1], V(a))],
    np.linalg.solve: [f(V(S), V(a)), f(V(S), V(D[0])), f(S, V(D[0])), f(V(S), a), f(V(S), V(D))],
    np.linalg.inv: [f(V(S)), f(V(np.stack([S, S.T])))],
    np.linalg.det: [f(V(S)), f(V(np.stack([S, S.T]))), f(V(np.zeros((1, 1))))],
    np.linalg.matrix_power: [f(V(S), 3), f(V(S), -2), f(V(S), 0), f(V(S), 1)],
    np.linalg.multi_dot: [f([V(A), V(B), V(c)]), f([V(a), S, V(S), b]), f([A, V(B)])],
    np.linalg.matmul: [f(V(A), V(B)), f(V(C), D)],
    np.linalg.vecdot: [f(V(A), V(a)), f(V(A), MATRIX, axis=0)],
    np.linalg.outer: [f(V(a), V(c)), f(a, V(c))],
    np.linalg.diagonal: [f(V(S)), f(V(CUBE), offset=1)],
    np.linalg.trace: [f(V(S)), f(V(CUBE), offset=-1)],
    np.linalg.matrix_transpose: [f(V(A)), f(V(CUBE))],
    np.linalg.tensordot: [f(V(A), V(B), axes=1)],
    np.linalg.vector_norm: [
        f(V(A)),
        f(V(CUBE), axis=(0, 2), keepdims=True),
        f(V(A), ord=1),
        f(V(A), axis=1, ord=1),
        f(V(A), ord=1, keepdims=True),
    ],
    np.linalg.cross: [f(V(A), V(a)), f(V(A.T), b[:, None], axis=0)],
    np.cross: [
        f(V(A), V(a)),
        f(a, V(b)),
        f(V(A.T), V(b), 0, 0),
        f(V(A.T), V(A), axisa=0, axisc=0),
        f(V(S), V(S.T), axis=0),
    ],
    np.kron: [f(V(A), V(S)), f(V(a), V(A)), f(V(CUBE), a), f(V(1.5), V(a))],
    np.vdot: [f(V(A), V(MATRIX)), f(V(1.5), V(2.0)), f(a, V(b))],
}
#: Ufuncs that are written with rows of the table, not rows themselves.
COMPOSED: dict[Any, list[Form]] = {
    np.float_power: [f(V(MATRIX), 2), f(V(MATRIX), V(a))],
    np.deg2rad: [f(V(A)), f(V(1.5))],
    np.radians: [f(V(A))],
    np.rad2deg: [f(V(A))],
    np.degrees: [f(V(A))],
    np.heaviside: [f(V(A), 0.5), f(V(A), V(a)), f(np.array([0.0, 1.0]), V(1.5))],
    np.fmax: [f(V(A), V(a)), f(np.array([np.nan, -9.0, 9.0]), V(a))],
    np.fmin: [f(V(A), V(a)), f(V(A), 0.1)],
    np.divmod: [f(V(A), 0.3), f(7.0, V(1.5))],
    np.vecdot: [f(V(A), V(a)), f(V(C), V(A)), f(a, V(b))],
}
METHOD_FORMS: dict[tuple[Any, str], list[Form]] = {
    (np.add, "reduce"): UFUNC_REDUCTIONS,
    (np.multiply, "reduce"): UFUNC_REDUCTIONS,
    (np.maximum, "reduce"): UFUNC_REDUCTIONS,
    (np.minimum, "reduce"): UFUNC_REDUCTIONS,
    (np.logaddexp, "reduce"): [f(V(MATRIX)), f(V(MATRIX), 1)],
    (np.add, "accumulate"): [f(V(MATRIX)), f(V(MATRIX), 1), f(V(a), axis=0)],
    (np.multiply, "accumulate"): [f(V(MATRIX)), f(V(MATRIX), axis=1)],
    **{
        (ufunc, "outer"): [
            f(V(MATRIX[0]), V(c + 3)),
            f(a + 2, V(MATRIX + 1)),
            f(V(MATRIX), V(a + 3)),
            f(V(1.5), V(a + 4)),
        ]
        for ufunc, row in UFUNCS.items()
        if ufunc.nin == 2 and ufunc is not np.matmul and row in TABLE.values()
    },
}
#: Every function that answers a question about the numbers.
QUESTIONS: dict[Any, list[Form]] = {
    np.shape: [f(V(A)), f(V(1.5))],
    np.ndim: [f(V(A)), f(V(1.5))],
    np.size: [f(V(A)), f(V(A), 1)],
    np.zeros_like: [f(V(A)), f(V(A), dtype=int), f(V(A), shape=(2,))],
    np.ones_like: [f(V(A)), f(V(1.5))],
    np.full_like: [f(V(A), 7.0), f(V(A), [1, 2, 3], dtype=int)],
    np.empty_like: [],  # see below: its numbers are arbitrary
    np.argmax: [f(V(A)), f(V(A), 1), f(V(A), axis=0), f(V(A), axis=1, keepdims=True)],
    np.argmin: [f(V(A)), f(V(A), 1), f(V(A), axis=0)],
    np.argsort: [f(V(A)), f(V(A), axis=0), f(V(a), kind="stable")],
    np.allclose: [f(V(A), V(A)), f(V(A), A + 1e-3), f(A, V(A + 1e-3), atol=1e-2)],
    np.isclose: [f(V(A), A), f(V(A), A + 1e-3, atol=1e-2)],
    np.array_equal: [f(V(A), A), f(V(A), V(MATRIX)), f(A, V(A), equal_nan=True)],
    np.any: [f(V(A)), f(V(A), axis=0), f(V(np.zeros(2)))],
    np.all: [f(V(A)), f(V(A), axis=0, keepdims=True)],
    np.count_nonzero: [f(V(np.eye(2))), f(V(np.eye(2)), axis=0)],
    np.nonzero: [f(V(np.eye(2)))],
    np.searchsorted: [f(V(np.arange(4.0)), 1.5), f(np.arange(4.0), V(a)), f(V(np.arange(4.0)), 2.0, side="right")],
    np.array_repr: [f(V(A))],
    np.array_str: [f(V(A)), f(V(A), precision=2)],
    np.array2string: [f(V(A)), f(V(A), separator=", ")],
    np.result_type: [f(V(A)), f(V(np.float32(1)), np.float32)],
    np.iscomplexobj: [f(V(A))],
    np.isrealobj: [f(V(A))],
    np.argwhere: [f(V(np.eye(2)))],
    np.flatnonzero: [f(V(np.eye(2)))],
    np.argpartition: [f(V(A), 1), f(V(A), 1, axis=0)],
    np.isin: [f(V(A), V(A[0])), f(A, V(A[0]), invert=True)],
    np.isposinf: [f(V(A)), f(V(np.inf))],
    np.isneginf: [f(V(A)), f(V(-np.inf))],
    np.isreal: [f(V(A))],
    np.iscomplex: [f(V(A))],
    np.array_equiv: [f(V(A), A), f(V(a), V(A))],
    np.digitize: [f(V(A), [-0.5, 0.0, 0.5]), f(A, V([-0.5, 0.0]), right=True)],
    np.histogram: [f(V(A)), f(V(A), 3, (0, 1))],
    np.tril_indices_from: [f(V(A)), f(V(A), k=1)],
    np.triu_indices_from: [f(V(A)), f(V(A), k=1)],
    np.diag_indices_from: [f(V(S))],
    np.may_share_memory: [f(V(A), np.zeros(2))],
    np.shares_memory: [f(V(A), np.zeros(2))],
    np.broadcast_shapes: [],  # takes shapes, never a Value
    **{
        u: [f(V(A), V(MATRIX)), f(V(A), 0.1), f(a, V(A)), f(V(1.5), 1.5)]
        for u in (
            np.less,
            np.less_equal,
            np.greater,
            np.greater_equal,
            np.equal,
            np.not_equal,
            np.logical_and,
            np.logical_or,
            np.logical_xor,
        )
    },
    **{
        u: [f(V(A)), f(V(1.5)), f(V(np.array([np.inf, -np.inf, np.nan, -0.0])))]
        for u in (np.isfinite, np.isinf, np.isnan, np.signbit, np.logical_not)
    },
}


def label(function: Any) -> str:
    return function.__name__ if not isinstance(function, tuple) else f"{function[0].__name__}.{function[1]}"


def cases(table: dict[Any, list[Form]]) -> Any:
    rows = [
        pytest.param(getattr(*function) if isinstance(function, tuple) else function, form, id=f"{label(function)}-{i}")
        for function, forms in table.items()
        for i, form in enumerate(forms)
    ]
    return pytest.mark.parametrize(("function", "form"), rows)


def joined(z: Any) -> Any:
    """A function's result as one Value, also where it gives a list (np.split)."""
    return np.concatenate([np.ravel(part) for part in z]) if isinstance(z, list | tuple) else z


def has_float64_constant(x: Any, depth: int = 0) -> bool:
    """An array of float64, or a float in a list, which becomes one; a lone float adapts to its partner."""
    if isinstance(x, list | tuple):
        return any(has_float64_constant(y, depth + 1) for y in x)
    return (isinstance(x, float) and depth > 1) or (isinstance(x, np.ndarray) and x.dtype == float)


def test_every_handled_function_has_a_form() -> None:
    assert set(FORMS) | (set(QUESTIONS) - set(UFUNCS)) == set(FUNCTIONS)
    assert set(METHOD_FORMS) == set(UFUNC_METHODS)
    assert {u for u in QUESTIONS if u in UFUNCS} | set(COMPOSED) == {
        u for u, handler in UFUNCS.items() if handler not in TABLE.values()
    }
    assert all(forms for function, forms in FORMS.items() if not (SINCE_2_5 and function is np.fix))
    assert all(METHOD_FORMS.values())


@cases(FORMS | METHOD_FORMS | COMPOSED)
def test_value_is_that_of_numpy(function: Any, form: Form) -> None:
    expected = form.call(function, np.asarray)
    found = form.call(function, Value)
    parts = list(zip(found, expected, strict=True)) if isinstance(expected, list | tuple) else [(found, expected)]
    for z, reference in parts:
        assert type(z) is Value
        assert z.shape == np.shape(reference)
        np.testing.assert_allclose(z.data, reference, rtol=1e-13, atol=1e-14)


@cases(FORMS | METHOD_FORMS | COMPOSED)
def test_derivatives(function: Any, form: Form) -> None:
    def run(*xs: Value) -> Value:
        left = iter(xs)
        return joined(form.call(function, lambda _: next(left)))

    assert gradcheck(run, *form.marked(), order=2, step=3e-5).ok
    random = np.random.default_rng(0)
    tangents = [random.normal(size=np.shape(x)) for x in form.marked()]
    z, along = jvp(run, form.marked(), tangents)
    u = random.normal(size=np.shape(z))
    back = vjp(run, *form.marked())[1](u)
    np.testing.assert_allclose(
        np.sum(u * along), sum(np.sum(g * t) for g, t in zip(back, tangents, strict=True)), rtol=1e-11
    )


WITHOUT_FLOAT64 = {
    function: [form for form in forms if not has_float64_constant(form.fill(lambda x: 1)[0])]
    for function, forms in (FORMS | METHOD_FORMS | COMPOSED).items()
    if function is not np.float_power
}


@cases(WITHOUT_FLOAT64)
def test_float32_stays_float32(function: Any, form: Form) -> None:
    leaves: list[Value] = []

    def leaf(number: Any) -> Value:
        leaves.append(Value(np.float32(number)))
        return leaves[-1]

    z = joined(form.call(function, leaf))
    assert z.dtype == np.float32
    z.backward(np.ones(z.shape, z.dtype))
    for x in leaves:
        assert x.grad.dtype == np.float32
        assert x.grad.shape == x.shape


@cases(QUESTIONS)
def test_questions_give_plain_answers(function: Any, form: Form) -> None:
    expected = form.call(function, lambda x: Value(x).data)
    found = form.call(function, Value)
    assert type(found) is type(expected)
    np.testing.assert_equal(found, expected)


def test_empty_like() -> None:
    found = np.empty_like(Value(A))
    assert type(found) is np.ndarray
    assert found.shape == A.shape
    assert np.empty_like(Value(A), dtype=int).dtype == int


@pytest.mark.parametrize("ufunc", [u for u, row in UFUNCS.items() if row in TABLE.values()], ids=lambda u: u.__name__)
def test_ufuncs_record_their_row(ufunc: np.ufunc) -> None:
    inputs = [Value(np.full((2, 1), 1.25)), np.full((1, 2), 0.75)][: ufunc.nin]
    if ufunc in (np.arcsin, np.arccos, np.arctanh):
        inputs = [Value(np.full((2, 1), 0.25))]
    z = ufunc(*inputs)
    assert type(z) is Value
    assert z.op is UFUNCS[ufunc]
    assert z.inputs[0] is inputs[0]
    np.testing.assert_allclose(z.data, ufunc(*(x.data if type(x) is Value else x for x in inputs)))
    if ufunc.nin == 2:
        z = ufunc(inputs[1], inputs[0])  # the Value second
        assert type(z) is Value
        assert z.inputs[0] is inputs[1]
        assert z.inputs[1] is inputs[0]
        np.testing.assert_allclose(z.data, ufunc(inputs[1], inputs[0].data))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda v: np.sum(v, dtype=np.float32), "dtype"),
        (lambda v: np.sum(v, initial=1.0), "initial"),
        (lambda v: np.sum(v, where=np.ones((2, 3), bool)), "where"),
        (lambda v: np.mean(v, axis=0, dtype=float), "dtype"),
        (lambda v: np.max(v, initial=0.0), "initial"),
        (lambda v: np.sort(v, order="x"), "order"),
        (lambda v: np.take(v, [0], mode="clip"), "mode"),
        (lambda v: np.diff(v, prepend=0), "prepend"),
        (lambda v: np.concatenate([v, v], dtype=float), "dtype"),
        (lambda v: np.einsum("ij->ji", v, optimize=True), "optimize"),
        (lambda v: np.exp(v, where=np.ones((2, 3), bool)), "where"),
        (lambda v: np.add(v, 1, dtype=np.float32), "dtype"),
    ],
)
def test_unsupported_keyword_is_named(call: Callable, name: str) -> None:
    with pytest.raises(TypeError, match=rf"np\.\w+: {name}= is not supported"):
        call(Value(A))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda v: np.fft.fft(v), r"np\.fft\.fft"),
        (lambda v: np.linalg.svd(v), r"np\.linalg\.svd"),
        (lambda v: np.linalg.pinv(v), r"np\.linalg\.pinv"),
        (lambda v: np.copysign(v, 0.5), r"np\.copysign"),
        (lambda v: np.percentile(v, 5), r"np\.percentile"),
        (lambda v: np.interp(v, [0, 1], [0, 1]), r"np\.interp"),
        (lambda v: np.add.at(np.zeros(3), [0], v), r"np\.add\.at"),
        (lambda v: np.subtract.reduce(v), r"np\.subtract\.reduce"),
        (lambda v: np.add.reduceat(v, [0]), r"np\.add\.reduceat"),
        (lambda v: np.bitwise_and(v, 1), r"np\.bitwise_and"),
        (lambda v: np.modf(v), r"np\.modf"),
        (lambda v: np.fmod(v, v), r"np\.fmod"),
        (lambda v: np.unique(v), r"np\.unique"),
    ],
)
def test_function_without_rule_is_named_and_the_way_out_shown(call: Callable, name: str) -> None:
    with pytest.raises(MissingRuleError, match=name) as caught:
        call(Value(S))
    assert isinstance(caught.value, TypeError)
    assert ".data" in str(caught.value)
    assert "Primitive" in str(caught.value)


def test_out_is_refused() -> None:
    out = np.zeros((2, 3))
    for call in (lambda: np.exp(Value(A), out=out), lambda: np.add(out, Value(A), out=out)):
        with pytest.raises(TypeError, match="cannot write a Value into an array"):
            call()
    with pytest.raises(TypeError, match="out= is not supported"):
        np.sum(Value(A), axis=0, out=np.zeros(3))
    assert not out.any()


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda v: np.clip(A, v, 1), TypeError, "np.minimum and np.maximum"),
        (lambda v: np.linalg.norm(v[0], 3), TypeError, "ord=3"),
        (lambda v: np.linalg.norm(v, 3), ValueError, "Invalid norm order for matrices"),
        (lambda v: np.linalg.norm(v, "nuc"), TypeError, "ord='nuc'"),
        (lambda v: np.linalg.norm(v, 2), TypeError, "ord=2"),  # a matrix's 2-norm is its largest singular value
        (lambda v: np.linalg.norm(v, 1), TypeError, "ord=1"),
        (lambda v: np.pad(v, 1, mode="median"), TypeError, "mode 'median'"),
        (lambda v: np.stack([v, np.ones(2)]), ValueError, r"\(2, 3\), \(2,\)"),
        (lambda v: np.einsum("ij,jk", v), ValueError, "names 2 operands, got 1"),
        (lambda v: np.einsum(v, [0, 1]), TypeError, "subscripts must be a string"),
        (lambda v: np.sum(v, axis=5), ValueError, "axis 5 is out of bounds"),
        (lambda v: np.concatenate([v, np.ones(2)]), ValueError, "concatenate"),
        (lambda v: np.reshape(v, (4,)), ValueError, "reshape"),
        (lambda v: np.moveaxis(v, (0, 1), 0), ValueError, "source"),
        (lambda v: np.split(v, 4, axis=1), ValueError, "equal division"),
    ],
)
def test_errors_teach(call: Callable, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(Value(A))


def test_numpy_names_record_the_same_rows_as_methods() -> None:
    v = Value(A)
    for by_function, by_method in [
        (np.sum(v, axis=0), v.sum(0)),
        (np.mean(v, axis=1, keepdims=True), v.mean(1, keepdims=True)),
        (np.exp(v), v.exp()),
        (np.reshape(v, (3, 2)), v.reshape(3, 2)),
        (np.transpose(v), v.T),
    ]:
        assert by_function.op is by_method.op
        assert by_function.params == by_method.params
        np.testing.assert_array_equal(by_function.data, by_method.data)
