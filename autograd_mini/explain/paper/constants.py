"""Give the constant arrays of a computation names, so that its formulas can speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np

from autograd_mini.modes import record_anyway
from autograd_mini.primitives import elementwise, products
from autograd_mini.value import Value, record


def name_constants(
    between: list[Value], names: Mapping[Value, str]
) -> tuple[list[Value], dict[Value, str], list[Value]]:
    """The same way from the loss to w, recorded with a named leaf in place of every constant array.

    What is weighed is called x, what is subtracted y, anything else c.

    Args:
        between: the Values on the way, the loss first and w last; w stays itself, as does all beside the way.
        names: names of Values.

    Returns: the new way; `names` for it, with those of the constants; the leaves made for them.
    """
    w = between[-1]
    constants: dict[int, Value] = {}
    taken = set(names.values())

    def operand(x: Any, node: Value) -> Any:
        if type(x) is Value:
            return twins.get(x, x)
        if not np.ndim(x):
            return x
        if id(x) not in constants:
            stem = "x" if node.op is products.matmul else "y" if node.op is elementwise.subtract else "c"
            own = next(own for i in count() if (own := f"{stem}_{i}" if i else stem) not in taken)
            taken.add(own)
            constants[id(x)] = Value(x, own)
        return constants[id(x)]

    twins = {w: w}
    for node in reversed(between[:-1]):
        assert node.op is not None
        inputs = tuple([operand(x, node) for x in node.inputs])
        with record_anyway():
            twins[node] = record(node.op, inputs, node.params, node.partials, node.data)
    new_names = {twins.get(v, v): own for v, own in names.items()}
    new_names |= {leaf: str(leaf.name) for leaf in constants.values()}
    return [twins[v] for v in between], new_names, list(constants.values())
