"""The table of primitive operations: `TABLE[name]` is all there is to know of one."""

from __future__ import annotations

from autograd_mini.primitives.elementwise import ELEMENTWISE
from autograd_mini.primitives.products import PRODUCTS
from autograd_mini.primitives.reductions import REDUCTIONS
from autograd_mini.primitives.shaping import SHAPING
from autograd_mini.rules import Primitive

#: Every built-in operation by name.
TABLE: dict[str, Primitive] = {row.name: row for row in (*ELEMENTWISE, *REDUCTIONS, *PRODUCTS, *SHAPING)}

__all__ = ["TABLE"]
