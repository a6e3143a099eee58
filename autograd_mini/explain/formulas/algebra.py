"""Simplify the formula of a small recorded graph as one would on paper.

>>> y, ŷ = Value(1.0, name="y"), Value(0.25, name="ŷ")
>>> print(simplify(1.0 * 0.5 * (2 * (y - ŷ)) * -1).text())
−(y − ŷ)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_mini.explain.formatting import SMALL
from autograd_mini.explain.formulas.array_algebra import array_function, outer_product
from autograd_mini.explain.formulas.expressions import (
    Array,
    Expression,
    Function,
    Name,
    Product,
    Sum,
    power,
    product,
    total,
)
from autograd_mini.explain.formulas.notation import name_of, until_named
from autograd_mini.primitives import elementwise, shaping
from autograd_mini.value import Value


class TooLargeError(ValueError):
    """The formula would be too long to be read."""


def simplify(value: Any, *, names: Mapping[Value, str] | None = None, limit: int = 400) -> Expression:
    """The formula of `value` from named Values and numbers, simplified; a named Value is its name.

    Args:
        value: a Value; a plain number or array is an expression too.
        names: names for Values that have none, or other ones than they have.
        limit: the largest simplified expression, in numbers, names and functions.

    Raises:
        TooLargeError: a larger one.

    >>> z = Value(0.5, name="z")
    >>> print(simplify(1 - z * z).text(), " ", simplify(-(-z) * 2 * z / 4).latex())
    1 − z²   0.5 \\, {z}^2
    """
    if type(value) is not Value:
        return _constant(value)
    names = names or {}
    made: dict[Value, Expression] = {}
    for node in until_named(value, names):
        own_name = name_of(node, names)
        if node.op is None or not node.inputs or own_name is not None:
            made[node] = _constant(node.data) if own_name is None else Name(own_name, id(node), node.ndim)
            continue
        e = _simplified(node, [made[x] if type(x) is Value else _constant(x) for x in node.inputs])
        made[node] = e if node.op is shaping.broadcast_to else _folded(node.data, e)  # copies are told best as such
        if made[node].size > limit:
            raise TooLargeError(f"the formula has more than {limit} parts; name some Values on the way")
    return _folded(value.data, made[value])


def _constant(data: Any) -> Expression:
    return Array(data, id(data)) if np.ndim(data) else Product(float(data))


def _simplified(node: Value, operands: Sequence[Expression]) -> Expression:
    op = node.op
    assert op is not None
    operands = [_as_number(e, node, position) for position, e in enumerate(operands)]
    x, *others = operands
    if op is elementwise.add:
        return total(operands)
    if op is elementwise.subtract:
        return total([x, product(others, -1.0)])
    if op is elementwise.multiply:
        return outer_product(*operands) or product(operands)
    if op is elementwise.divide:
        return product([x], 1.0, others)
    if op is elementwise.reciprocal:
        return product([], 1.0, [x])
    if op is elementwise.negative:
        return product([x], -1.0)
    if op is elementwise.positive:
        return x
    if op is elementwise.square:
        return power(x, 2.0)
    if op is elementwise.power and isinstance(others[0], Product) and not (others[0].over or others[0].under):
        return power(x, others[0].coefficient)
    if op is elementwise.where and (np.all(node.params[0]) or not np.any(node.params[0])):
        chosen = 0 if np.all(node.params[0]) else 1
        if node.shape == np.shape(_data(node.inputs[chosen])):
            return operands[chosen]
    if op is shaping.reshape and node.shape == np.shape(_data(node.inputs[0])):
        return x
    if op.elementwise or op.variadic:
        return Function(op, tuple(operands), node.params, node.ndim)
    return array_function(op, operands, node.params, node.shape, np.shape(_data(node.inputs[0])))


def _folded(data: Any, e: Expression) -> Expression:
    """A formula of constant arrays as what it comes to, if that is few numbers, or copies of one."""
    if not _is_constant(e) or not (e.ndim or any(p.ndim for p in _parts(e))):  # e^2 of numbers is a formula
        return e
    numbers = np.ravel(data)
    if len(numbers) <= SMALL:
        return _constant(data)
    if np.any(numbers != numbers[0]):
        return e
    return Function(shaping.broadcast_to, (_constant(numbers[0]),), (np.shape(data),), np.ndim(data))


def _is_constant(e: Expression) -> bool:
    return isinstance(e, Array) or (not isinstance(e, Name) and all(map(_is_constant, _parts(e))))


def _parts(e: Expression) -> Sequence[Expression]:
    if isinstance(e, Function):
        return e.operands
    if isinstance(e, Product):
        return [p.base for p in (*e.over, *e.under)]
    return e.terms if isinstance(e, Sum) else ()


def _as_number(e: Expression, node: Value, position: int) -> Expression:
    """An array whose entries are all one number is that number, where another operand has the shape."""
    if not node.op.elementwise or not isinstance(e, Array | Function):  # type: ignore[union-attr]
        return e
    if node.shape not in [np.shape(_data(y)) for i, y in enumerate(node.inputs) if i != position]:
        return e
    if isinstance(e, Function):
        return e.operands[0] if e.op is shaping.broadcast_to and not e.operands[0].ndim else e
    numbers = np.ravel(e.data)
    return Product(float(numbers[0])) if len(numbers) and np.all(numbers == numbers[0]) else e


def _data(x: Any) -> Any:
    return x.data if type(x) is Value else x
