"""Rows for products that mathematics writes otherwise than NumPy does; they are for writing only."""

from __future__ import annotations

import numpy as np

from autograd_mini.primitives import products
from autograd_mini.rules import PRODUCT, Local, Primitive, Pull

#: The elementwise product of arrays, which mathematics tells from the product of numbers.
HADAMARD = Primitive(
    "multiply",
    np.multiply,
    Local(lambda z, x, y: y),
    Local(lambda z, x, y: x),
    symbol="⊙",
    latex=r"{0} \odot {1}",
    precedence=PRODUCT,
)

#: a bᵀ of two vectors, which NumPy writes a[:, None] * b.
OUTER = Primitive(
    "outer",
    np.multiply.outer,
    Pull(lambda g, z, x, y: g @ y),
    Pull(lambda g, z, x, y: x @ g),
    symbol=" ",
    latex=r"{0} \, {{{1}}}^T",
    precedence=PRODUCT,
)

#: The product of matrices as mathematics writes it: W h.
JUXTAPOSED = Primitive(
    "matmul", np.matmul, *products.matmul.rules, symbol=" ", latex=products.matmul.latex, precedence=PRODUCT
)

MATRIX_PRODUCTS = (products.matmul, OUTER)
