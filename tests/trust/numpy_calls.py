"""Calls of NumPy's functions and of arrays' methods, in every form of their arguments that comes to mind.

Each is code in which single letters stand for the arrays of `OPERANDS`, which may be Values.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

random = np.random.default_rng(5)


def apart(*shape: int) -> np.ndarray:
    """Numbers in (0.1, 0.9) that differ by much more than a finite difference."""
    n = int(np.prod(shape))
    return (0.1 + 0.8 * (random.permutation(n) + random.uniform(0.2, 0.8, n)) / max(n, 1)).reshape(shape)


#: The names that may be Values in a call.
OPERANDS: dict[str, Any] = {
    "s": np.float64(0.53),  # a number
    "r": np.float64(0.31),
    "v": apart(3),
    "w": apart(3),
    "c": apart(4),
    "m": apart(2, 3),
    "n": apart(2, 3),
    "q": apart(3, 3) + 2 * np.eye(3),
    "t": apart(2, 3, 4),
    "o": apart(1, 3, 1),
    "z": np.zeros(0),
    "z2": np.zeros((0, 3)),
    "g": np.array([0.2, np.nan, 0.7]),  # a gap
    "f": np.float32(apart(2, 3)),
    "h": np.float32(0.4),
    "j": np.array([1, 2, 3]),  # whole numbers; in `DIFFERENCES` alone
}
#: Plain arrays of every memory layout, and of integers and booleans.
CONSTANTS: dict[str, Any] = {
    "np": np,
    "fortran": np.asfortranarray(apart(2, 3)),
    "strided": apart(4, 6)[::2, ::2],
    "backwards": apart(2, 3)[::-1, ::-1],
    "turned": apart(3, 2).T,
    "row": [0.25, 0.5, 0.75],
    "ints": np.array([1, 2, 3]),
    "small": np.array([1, 2, 3], np.int8),
    "flags": np.array([True, False, True]),
}


def calls(function: str, *arguments: str) -> list[str]:
    return [f"{function}({each})" for each in arguments]


def of_each(functions: str, *arguments: str) -> list[str]:
    return [call for name in functions.split() for call in calls(f"np.{name}", *arguments)]


# fmt: off
UNARY = ("m", "s", "t", "o", "z", "z2", "f", "h", "g")
BINARY = ("m, n", "m, v", "v, m", "s, m", "m, s", "s, r", "o, t", "m, 0.75", "0.75, m", "s, 2", "m, ints", "ints, m", "small, v",
          "row, m", "m, row", "v, flags", "z, s", "z2, v", "m, fortran", "strided, m", "m, backwards", "turned, m", "f, 0.5", "2, f",
          "f, n", "h, f", "h, 0.5", "f, ints", "g, v", "m, c", "m, z", "q, t")
REDUCED = ("m", "s", "v", "o", "z", "t, 0", "t, 1", "t, -1", "t, (0, 2)", "t, axis=(-1, 0)", "t, axis=None", "t, axis=()", "z2, 0", "z2, axis=1",
           "t, axis=1, keepdims=True", "t, keepdims=True", "m, (0,), keepdims=True", "s, keepdims=True", "f", "f, 0", "h",
           "m, 2", "m, -3", "m, (0, 0)", "m, (0, -2)", "m, 1.0", "m, 'x'", "s, 0", "m, axis=np.int64(1)", "m, axis=(0, 5)", "g")
ALONG = ("m", "v", "s", "z", "t, 0", "t, 1", "t, axis=-1", "t, axis=None", "z2, 0", "f, 1", "m, 2", "m, axis=-3", "m, (0, 1)", "o, 1", "m, 1.0")
JOINED = ("[m, n]", "(m, fortran, n)", "[v, w, row]", "[m, turned]", "[s, r]", "[m, v]", "[f, f]", "[f, m]", "[z2, m]", "[m]", "[v, ints]", "[t, t]")
SPLIT = ("t, 2", "t, 3", "m, 2", "m, [1]", "m, [1, 1]", "v, 3", "c, [1, 3]", "m, [5]", "m, 5", "s, 1", "z2, 1")

CALLS: list[str] = [
    *of_each("negative positive exp expm1 exp2 log log1p log2 log10 sqrt cbrt square reciprocal absolute fabs sign floor ceil rint trunc sin cos tan"
             " arcsin arccos arctan sinh cosh tanh arcsinh arctanh deg2rad rad2deg degrees radians conjugate isfinite isinf isnan signbit logical_not"
             " fix round around isposinf isneginf isreal iscomplex nan_to_num", *UNARY),
    *calls("np.arccosh", "m + 2", "s + 1", "z", "f + 1"),
    *of_each("add subtract multiply divide true_divide power pow float_power floor_divide remainder mod divmod maximum minimum fmax fmin hypot"
             " arctan2 logaddexp heaviside less less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor", *BINARY),
    *of_each("heaviside", "m - m, n", "0, s"), *of_each("floor_divide remainder divmod", "m, 0", "-m, 0.3", "s, -0.2", "s, 0"),
    *calls("np.matmul", "m, q", "q, v", "v, q", "v, w", "t, c", "q, t", "m, m", "s, m", "m, 2.0", "m, row", "fortran, q", "m, ints", "z2, q", "f, row",
           "f, v", "t, t", "o, o"),
    *calls("np.vecdot", "m, n", "m, v", "v, row", "t, c", "m, c", "s, v", "s, r", "f, f", "z2, v", "o, o", "v, ints", "m, np.ones(1)"),
    # -- reductions
    *of_each("sum mean prod max min amax amin ptp var std median nansum nanmean any all count_nonzero", *REDUCED), *calls("np.average", *(a for a in REDUCED if a != "z2, axis=1")),
    *of_each("var std", "m, ddof=1", "t, 0, ddof=0.5", "v, ddof=3", "v, ddof=5"),
    *calls("np.median", "c", "t, (0, 1)", "t, (2, 0), keepdims=True", "q, 1"), *of_each("nansum nanmean", "g, 0", "g[1:2]"),
    *calls("np.average", "m, weights=n", "m, 1, v", "m, axis=0, weights=[1, 3]", "m, weights=v", "v, weights=[1, -1, 0]", "fortran, 1, w", "m, 1, c",
           "m, axis=-1, weights=v, keepdims=True", "f, 1, [1, 2, 3]"),
    *of_each("cumsum cumprod argmax argmin", *ALONG), *of_each("sort argsort", *ALONG), *of_each("argmax argmin", "m, keepdims=True", "m, 1, keepdims=True"),
    *calls("np.trapezoid", "m", "v", "m, dx=0.5", "m, v", "m, n", "m, axis=0", "m, [0, 3], axis=0", "s", "m, c", "z", "m, axis=2", "row, v", "m, axis=-2"),
    *calls("np.convolve", "v, c", "c, v", "v, c, 'same'", "c, v, mode='valid'", "m, v", "v, z", "v, row", "s, v", "v, s", "v, w, 'no'", "ints, v", "f[0], f[1]"),
    *calls("np.add.reduce", *REDUCED[3:]), *calls("np.multiply.reduce", *REDUCED[3:]), *calls("np.maximum.reduce", "m", "t, 1", "z", "t, (0, 2)", "m, 5", "t, keepdims=True"),
    *calls("np.minimum.reduce", "m", "t, 1", "z", "t, axis=None", "m, -5", "f"), *calls("np.logaddexp.reduce", "m", "t, 1", "z", "f, 1", "m, 3"),
    *calls("np.add.accumulate", "m", "t, 1", "z", "f", "m, -1", "m, 2"), *calls("np.multiply.accumulate", "m", "t, 1", "z", "f", "m, -1", "m, 2"),
    *[call for u in ("add", "subtract", "multiply", "divide", "power", "floor_divide", "remainder", "maximum", "minimum", "hypot", "arctan2", "logaddexp")
      for call in calls(f"np.{u}.outer", "m, v", "v, m", "s, m", "m, 2", "s, r", "row, v", "v, ints", "z, v", "f, 2", "fortran, v")],
    # -- choosing
    *calls("np.where", "m > 0.5, m, n", "v > 0.5, m, 0", "True, s, r", "m, m, 1.0", "flags, v, row", "ints - 2, v, w", "flags, f, 0.5", "m > 0.5, m, v",
           "m > 0.5, m, c", "m > 0.5", "v > 0.3, v", "m", "row, v, 2", "False, z, z", "flags, f, v"),
    *calls("np.clip", "m, 0.3, 0.6", "m, None, 0.6", "m, 0.3, None", "m, a_min=0.3, a_max=0.6", "m, min=0.3", "m, max=0.6", "m, min=0.3, max=0.6", "m",
           "m, None, None", "m, 0.3", "m, 0.3, max=1", "m, 0.3, 0.6, min=0.1", "m, 0.3, 0.6, max=None", "m, a_min=0.3", "m, a_max=0.3", "s, 0.6, 0.9", "s, 0, 0.1",
           "s, row, 0.9", "m, row, 0.9", "m, [0.1, 0.2], 0.9", "f, 0, 1", "f, 0.3, np.float64(0.4)", "m, 0.9, 0.1", "m, ints, 4", "z, 0, 1", "m, turned, 0.8"),
    *calls("np.take", "m, 1", "m, [0, 5]", "m, [2, 0, 2], 1", "t, [[0, 1], [1, 0]], -2", "m, 9", "m, 1, 5", "s, 0", "m, -1", "m, [], 0", "m, [0, -3], axis=-1", "m, ints"),
    *calls("np.take_along_axis", "m, np.argsort(m, 1), 1", "m, np.array([[0, 1, 0]]), 0", "m, np.array([5, 0]), None", "m, np.array([0]), 0", "m, np.array([[9]]), 1",
           "m, np.array([[0]]), 4", "t, np.zeros((2, 3, 1), int), -1", "t, np.zeros((1, 3, 4), int), axis=0", "m, np.array([[0.5]]), 1", "m, np.array([[0], [1]]), axis=-1"),
    *calls("np.diagonal", "q", "m, 1", "m, -1", "t, 0, 1, 2", "t, offset=1, axis1=2, axis2=0", "q, 5", "q, -7", "v", "q, 0, 0, 0", "t, 0, 0, 5", "z2"),
    *calls("np.trace", "q", "m, 1", "t", "t, 0, 1, 2", "q, 5", "v", "q, 0, 1, 1", "f", "z2"), *calls("np.diag", "v", "v, 1", "v, -2", "q", "m, 1", "t", "s", "z", "f", "v, k=2"),
    *of_each("tril triu", "q", "m, 1", "t, k=-1", "q, -5", "v", "f", "z2", "s"), *calls("np.diff", "v", "m", "m, 1, 0", "m, n=2", "t, axis=1", "v, 0", "v, -1", "s", "m, 1, 5", "z", "v, 5", "f"),
    *of_each("round around", "m, 1", "m, decimals=2", "s, 1", "m * 1000, -2", "f, 1"),
    *calls("np.select", "[m > 0.7, m > 0.4], [m, n], 7.0", "[v > 0.5], [v]", "[flags], [v, w]", "[flags, ~flags], [v, 2.0]", "[m > 0.5], [v]", "[flags], [f[0]], 2"),
    *calls("np.delete", "m, 0", "m, 1, 0", "m, [0, 2], axis=1", "m, slice(0, 1), 0", "m, 9, 0", "m, 0, 5", "v, [True, False, True]", "v, []", "t, -1, -1", "f, 0, 1"),
    *calls("np.ediff1d", "v", "m", "s", "z", "f"),
    # -- shaping
    *calls("np.reshape", "m, (3, 2)", "m, -1", "m, (-1, 2)", "m, (4, 2)", "m, (-1, -1)", "s, (1, 1)", "s, ()", "z, (0, 3)", "m, 6", "m, [6]", "m, shape=(1, 6)", "m, (5, -1)", "t, (2, -1)", "m, 2.5"),
    *calls("np.ravel", "m", "s", "z", "t", "f"), *calls("np.transpose", "m", "t", "t, (1, 2, 0)", "t, axes=[-1, 0, 1]", "v", "s", "t, (0, 1)", "t, (0, 0, 1)", "t, (0, 1, 5)", "m, None", "z2"),
    *calls("np.permute_dims", "t", "t, (2, 0, 1)", "m, (0, 0)"), *calls("np.swapaxes", "t, 0, 2", "t, -1, -2", "m, 0, 0", "m, 0, 3", "s, 0, 0"),
    *calls("np.matrix_transpose", "m", "t", "v", "s", "z2"), *calls("np.linalg.matrix_transpose", "m", "t", "v"),
    *calls("np.moveaxis", "t, 0, -1", "t, (0, 1), (-1, 0)", "t, [2, 0], [0, 1]", "t, 0, 5", "t, (0, 0), (0, 1)", "t, (0, 1), 0", "m, 5, 0", "s, 0, 0"),
    *calls("np.squeeze", "o", "o, 0", "o, axis=(0, 2)", "o, 1", "o, -1", "m", "s", "o, 7", "o, (0, 0)", "z2", "m[:1, :1]"),
    *calls("np.expand_dims", "m, 0", "m, axis=-1", "v, (0, 2)", "s, 0", "m, 5", "m, (0, 0)", "z, 1", "m, -4"),
    *of_each("atleast_1d atleast_2d atleast_3d", "s", "v", "m", "t", "z", "f", "s, v", "v, ints"),
    *calls("np.broadcast_to", "s, (2, 2)", "v, (2, 3)", "o, (2, 3, 4)", "v, (3, 2)", "m, 3", "v, 3", "m, shape=(1, 2, 3)", "z, (0,)", "v[:1], 0"),
    *calls("np.broadcast_arrays", "m, n", "m, v", "v, m", "s, m", "m, c", "o, t", "m"),
    *calls("np.concatenate", *JOINED, "[m, n], 1", "[m, n], axis=-1", "[m, v], axis=None", "[m, n], 5", "[m, n], -3", "[t, t], axis=2", "m", "[m, m[:, :1]], 1", "[z, v]", "[s, v], None"),
    *calls("np.stack", *JOINED, "[m, n], 1", "[m, n], axis=-1", "[m, n], 3", "[m, n], -4", "m", "[v, c]"),
    *calls("np.vstack", *JOINED, "[v, m]", "[v, c]", "m"), *calls("np.hstack", *JOINED, "[s, v]", "[m, m[:, :1]]", "m", "[z, v]"), *calls("np.dstack", *JOINED, "[v, c]", "[m, v]", "m"),
    *calls("np.column_stack", *JOINED, "[v, m.T]", "[v, q]", "[v, c]", "m"), *calls("np.append", "m, v", "m, n, 1", "m, n, axis=0", "v, 0.5", "ints, v", "m, v, 0", "s, s", "m, n, 5"),
    *of_each("split array_split", *SPLIT, "m, 3, 1", "m, 2, axis=1", "t, [1, 2], -1", "m, 2, 5", "m, 0", "m, -1", "c, [3, 1]"), *of_each("vsplit hsplit dsplit", *SPLIT),
    *calls("np.flip", "m", "m, 0", "t, axis=(0, -1)", "v", "s", "m, 5", "m, (0, 0)", "z2, 1", "m, ()"), *calls("np.fliplr", "m", "t", "v"), *calls("np.flipud", "m", "v", "s"),
    *calls("np.rot90", "m", "m, 2", "m, -1", "m, 4", "t, 3, (1, 2)", "t, axes=(-1, 0)", "m, 1, (0, 0)", "m, 1, (0, -2)", "v", "m, 1, (0, 5)", "m, 1, (0, 1, 2)", "z2, 3", "m, k=7"),
    *calls("np.roll", "m, 1", "m, -1, axis=0", "m, (1, 2), (0, 1)", "t, 4, -1", "m, [1, 2], [0, 1]", "m, 1, (0, 1)", "m, (1, 2), 1", "m, 1, 5", "s, 1", "z, 1", "m, (1, 2), (0, 1, 1)", "m, (1, 1), (0, 0)"),
    *calls("np.tile", "v, 2", "m, (2, 1)", "v, (2, 2)", "m, [2]", "s, 3", "t, (2, 1)", "m, 0", "m, -1", "z, 2", "s, ()", "m, (2, 1, 1)"),
    *calls("np.repeat", "m, 2", "m, 2, axis=1", "v, [0, 1, 3]", "m, [2, 1], 0", "s, 3", "m, [1, 2], 1", "m, -1", "m, 2, 5", "z, 2", "m, 0", "v, 1.5"),
    *calls("np.pad", "m, 1", "m, (1, 2)", "m, ((1, 0), (0, 2))", "m, 1, constant_values=3.0", "m, 2, 'edge'", "v, 2, mode='reflect'", "m, 1, mode='wrap'", "v, (2, 1), 'symmetric'",
           "m, 1, 'constant', constant_values=((1, 2), (3, 4))", "m, -1", "m, (1, 2, 3)", "s, 1", "m, 1.5", "f, 1", "z, 1", "m, 1, 'none'", "m, 0", "v, 7, 'reflect'", "v, 7, 'wrap'", "f, 1, constant_values=0.1"),
    *calls("np.copy", "m", "s", "z", "f"),
    # -- products and linear algebra
    *calls("np.dot", "v, w", "m, v", "m, q", "s, m", "m, 2.0", "m, row", "t, c", "q, t", "m, n", "v, c", "m, ints", "fortran, v", "f, row", "z, z", "s, r", "z2, v", "2, v", "v, row"),
    *calls("np.inner", "v, w", "m, v", "m, n", "s, v", "v, 2", "t, c", "m, c", "row, m", "f, f", "s, r", "z, z"), *calls("np.outer", "v, c", "m, v", "row, c", "s, v", "v, 2", "f, [1, 2]", "z, v", "s, r"),
    *calls("np.vdot", "m, n", "v, row", "s, r", "m, v", "m, fortran", "z, z", "f, f"), *calls("np.kron", "m, q", "v, m", "t, v", "s, v", "v, 2", "row, m", "s, r", "z, v", "f, [1, 2]", "o, t"),
    *calls("np.cross", "m, v", "v, w", "row, v", "q, q.T, axis=0", "m.T, v, 0, 0", "m.T, m, axisa=0, axisc=0", "v, c", "v, s", "m, m.T", "f, f", "q, v, 5", "t, t, axis=1"),
    *calls("np.tensordot", "m, n", "m, q, 1", "v, c, axes=0", "t, t, ([2], [2])", "t, m, ([0, 1], [0, 1])", "t, q, (1, 0)", "t, m, ((-2, 0), (-1, 0))", "m, n, 1", "m, n, 3", "m, q, ([1], [0, 1])",
           "m, n, ([5], [0])", "m, v, (1, 0)", "s, r, 0", "m, [[1.0, 2, 3]], ([1], [1])", "m, n[:, :1], ([1], [1])", "s, v", "z2, z2", "m, n, ([0, 0], [0, 0])"),
    *calls("np.linalg.tensordot", "m, n", "m, q, axes=1", "m, n, axes=1"),
    *calls("np.einsum", "'ij,jk->ik', m, q", "'ij,jk', m, q", "'ii', q", "'ii->i', q", "'ij->ji', m", "'...ij,jk->...ik', q, q", "'...i,...i', m, v", "' i j , j -> i ', m, v", "'...,...', m, v", "'i...->...', t",
           "'ba', m", "'ij,j', m, row", "'ij->', m", "'...i->i', m", "'...i->i', v", "'...->', m", "'ij', v", "'ij,jk', m, n", "'i', m", "'ij->ik', m", "'ij->ii', m", "'', s", "',', s, r", "'ij,jk', m", "'ij,jk->ik', m, q, q",
           "'i1', m", "'ij->iji', m", "'i->i->i', v", "'ij,ij->ij', m[:1], m", "'i,i', v, c", "'...ij->...ji', t", "'...ij->ij...', t", "'i..', v", "'ij...,jk...->ik...', t, q", "'iij->j', q", "'i,j', z, v", "'ij', f"),
    *calls("np.linalg.norm", "v", "m", "m, axis=0", "m, axis=1, keepdims=True", "v, 2", "v, 1", "m, ord=1, axis=1", "m, 2, 0", "t, axis=(0, 1)", "m, keepdims=True", "s", "z", "f", "m, axis=5", "m, axis=(0, 0)", "t",
           "t, axis=(0, 1, 2)", "m, None, 1", "v, 'fro'", "t, 1"),
    *calls("np.linalg.vector_norm", "m", "t, axis=(0, 2), keepdims=True", "m, ord=1", "m, axis=1, ord=1", "m, ord=1, keepdims=True", "s", "v", "m, axis=5", "z", "f"),
    *calls("np.linalg.solve", "q, v", "q, m.T", "q, q", "q, row", "q, t", "m, v", "q, c", "np.ones((3, 3)), v", "v, v", "q, ints", "q.astype('f'), h * np.ones(3, 'f')", "z2.T @ z2, v", "np.zeros((0, 0)), z"),
    *of_each("linalg.inv linalg.det", "q", "m", "v", "s", "t", "q[None]", "q - q", "f[:, :2]", "q[:0, :0]", "q[:1, :1]", "q[None] * np.ones((2, 1, 1))"),
    *calls("np.linalg.matrix_power", "q, 3", "q, 0", "q, -2", "q, 1", "m, 2", "q, 1.5", "v, 2", "f[:, :2], 2", "q[None], 2", "q, np.int64(2)"),
    *calls("np.linalg.multi_dot", "[m, q, v]", "[v, q, w]", "[v, q]", "[m, m]", "[m]", "[m, q, row]", "[t, c]", "[s, m]"),
    *calls("np.linalg.matmul", "m, q", "q, v", "m, m", "s, m"), *calls("np.linalg.vecdot", "m, n", "m, v", "m, n, axis=0", "m, c", "s, v", "m, n, axis=5"),
    *calls("np.linalg.outer", "v, c", "row, v", "m, v", "s, v"), *calls("np.linalg.cross", "m, v", "v, c", "q, q.T, axis=0", "v, s"),
    *calls("np.linalg.diagonal", "q", "t", "t, offset=1", "v"), *calls("np.linalg.trace", "q", "t", "t, offset=-1", "v"),
    # -- questions
    *of_each("shape ndim size zeros_like ones_like argwhere flatnonzero nonzero array_repr array_str array2string iscomplexobj isrealobj result_type", "m", "s", "t", "z", "f"),
    *calls("np.size", "m, 1", "t, 0", "m, 5"), *calls("np.zeros_like", "m, dtype=int", "m, shape=(2,)"), *calls("np.full_like", "m, 7.0", "m, row", "f, 2", "m, [1, 2]", "s, 3"), *calls("np.empty_like", "z", "z2"),
    *calls("np.result_type", "m, np.float32", "f, 1.0", "f, m", "h, np.int64"), *calls("np.array2string", "m, precision=2", "m, separator=', '"), *calls("np.array_str", "m, precision=2"),
    *of_each("allclose isclose array_equal array_equiv", "m, m", "m, n", "m, fortran", "v, row", "m, v", "m, c", "s, s", "g, g"), *calls("np.array_equal", "g, g, equal_nan=True"), *of_each("isclose allclose", "m, m + 1e-3, atol=1e-2"),
    *calls("np.searchsorted", "np.sort(v), 0.5", "np.sort(v), w", "row, v", "v, 0.5, side='right'", "row, v, 'left'", "m, 0.5"), *calls("np.digitize", "m, row", "v, row, right=True", "v, [1, 0, 2]"),
    *calls("np.isin", "m, m[0]", "m, row", "row, v", "v, w, invert=True", "s, v"), *calls("np.argpartition", "m, 1", "v, 0", "m, 5", "m, 0, axis=None"), *calls("np.histogram", "m", "v, 3", "v, row", "m, 3, (0, 1)"),
    *of_each("tril_indices_from triu_indices_from", "m", "m, 1", "v"), *calls("np.diag_indices_from", "q", "m", "v"), *of_each("may_share_memory shares_memory", "m, n", "m, fortran"),
    *calls("np.broadcast_shapes", "m.shape, v.shape", "m.shape, c.shape"),
    # -- methods and attributes
    *[f"{x}.{name}({a})" for name in ("sum", "mean", "prod", "max", "min", "var", "std", "all", "any")
      for x, a in [("m", ""), ("t", "0"), ("t", "axis=(0, 2)"), ("t", "-1, keepdims=True"), ("s", ""), ("z", ""), ("m", "5"), ("f", "1"), ("m", "(0, 0)"), ("m", "'x'"), ("t", "axis=()"), ("m", "0, True")] if (name, a) != ("all", "0, True")],
    "m.var(ddof=1)", "m.std(axis=0, ddof=1)", "m.var(0, 1)",
    *[f"{x}.{name}({a})" for name in ("cumsum", "cumprod", "argmax", "argmin") for x, a in [("m", ""), ("t", "1"), ("t", "axis=-1"), ("s", ""), ("m", "5"), ("f", "0"), ("m", "axis=None")]],
    "m.argmax(1, keepdims=True)", *[f"m.argsort({a})" for a in ("", "0", "axis=None", "kind='stable'", "5")], "m.argpartition(1)", "m.nonzero()", "v.searchsorted(0.5)", "v.searchsorted(row, 'right')",
    *[f"m.clip({a})" for a in ("0.3, 0.6", "0.3", "max=0.6", "min=0.3", "", "None, 0.5", "row, 0.9", "0.9, 0.1")], "s.clip(0, 0.1)", *[f"m.round({a})" for a in ("", "1", "decimals=2")],
    "m.dot(row)", "m.dot([[1.0], [2], [3]])", "m.dot(fortran)", "m.dot(2)", "m.dot(ints)", *[f"m.reshape({a})" for a in ("3, 2", "(3, 2)", "-1", "[6]", "4, 2", "", "1, -1, 3", "(2, 3), 1", "-1, -1")], "s.reshape(1, 1)", "s.reshape(())",
    *[f"{x}.{name}" for x in ("m", "s", "t", "z", "f") for name in ("ravel()", "flatten()", "T", "transpose()", "copy()", "squeeze()", "shape", "ndim", "size", "dtype", "tolist()")],
    "m.mT", "t.mT", "v.mT", *[f"t.transpose({a})" for a in ("1, 2, 0", "(1, 2, 0)", "[0, 2, 1]", "None", "0, 1", "0, 0, 1", "-1, 0, 1", "0, 1, 9")], "t.swapaxes(0, 2)", "t.swapaxes(0, 5)", "o.squeeze(0)", "o.squeeze(1)", "o.squeeze((0, 2))",
    *[f"m.repeat({a})" for a in ("2", "2, axis=1", "[1, 2], 0", "[1, 2], 1", "-1")], *[f"m.take({a})" for a in ("1", "[0, 2], 1", "[[0, 1]], axis=1", "9", "0, 7")], "q.trace()", "t.trace(0, 1, 2)", "v.trace()", "q.diagonal(1)", "t.diagonal(0, 1, 2)",
    "v.diagonal()", "m.astype(np.float32)", "m.astype(float)", "f.astype('float64')", "s.item()", "m.item()", "m[:1, :1].item()", "h.item()", "m[0, 1].item()",
    *[f"m[{i}]" for i in ("0", "-1", "5", "0, 1", "0, 1, 2", ":, ::-1", "..., 0", "None", "[1, 0]", "[[0], [1]], [0, 2]", "m > 0.5", "[True, False]", "[True]", "0.5", "'x'", "np.int8(1)", "np.array(1)", "[]", "1:0", "True", "..., None, 1", "[0, 9]", "1, [0, 0]", "np.array([0.0])")],
    "s[()]", "s[...]", "s[None]", "s[0]", *["len(m)", "len(s)", "len(z)", "[row for row in m]", "list(z2)", "bool(s)", "bool(m)", "float(s)", "int(s)", "0.5 in m", "m[0, 0] in m", "2.0 in s"],
    # -- operators
    *[f"{a} {op} {b}" for op in ("+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=")
      for a, b in [("m", "n"), ("m", "v"), ("s", "m"), ("m", "2"), ("2", "m"), ("s", "2"), ("m", "ints"), ("small", "v"), ("m", "row"), ("row", "m"), ("f", "0.5"), ("f", "n"), ("h", "2"), ("m", "c"), ("z", "s"), ("s", "r"), ("m", "fortran"), ("flags", "v"), ("True", "v"), ("o", "t"), ("h", "h")]],
    *[f"m {op} {x}" for op in ("+", "*", "<") for x in ("'a'", "None", "{}")], "m @ 'a'", *[f"{a} @ {b}" for a, b in [("m", "q"), ("q", "v"), ("v", "w"), ("m", "m"), ("m", "2"), ("2", "m"), ("row", "q"), ("t", "c"), ("f", "row"), ("fortran", "q"), ("z2", "q")]],
    "-m", "+m", "abs(m)", "-s", "abs(s)", "m ** 2", "s ** 2", "m ** -1", "s ** 0.5", "m ** 10**400", "m + 10**400", "s * 10**400", "m < 10**400", "divmod(m, 0.3)", "divmod(s, 2)", "divmod(2, s)", "round(s, 1)", "round(s)",
]
# fmt: on
if np.lib.NumpyVersion(np.__version__) < "2.1.0":  # which lacked these arguments
    NEWER = re.compile(r"np\.clip\(.*(min|max)=|np\.clip\([^,]*(, [^,]*)?\)|np\.reshape\(.*shape=")
    CALLS = [call for call in CALLS if not NEWER.match(call)]
if np.power.outer(np.ones(1, np.float32), 2).dtype != np.float32:  # as it was in NumPy 2.0 and 2.1
    CALLS.remove("np.power.outer(f, 2)")
