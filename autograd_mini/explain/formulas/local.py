"""Get the local derivative of one operation as a formula, by running its rule on named twins of its operands.

>>> import autograd_mini as ag
>>> from autograd_mini.explain.formulas.notation import latex, text
>>> s = ag.Value(0.0, name="s")
>>> h = s.tanh()
>>> h.name = "h"
>>> print(text(local_derivative(h, 0)), "=", text(local_derivative(h, 0, symbols=False)))
1 − h·h = 1 − 0·0
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini.modes import record_anyway
from autograd_mini.numbers import constant, with_shapes
from autograd_mini.rules import Along, Local, Primitive, Pull, restore_axes
from autograd_mini.value import Value

Names = Mapping[Value, str]


def local_derivative(node: Value, position: int, *, names: Names | None = None, symbols: bool = True) -> Any:
    """∂(node)/∂(its input at `position`) by the operation's own Local or Along rule.

    The rule runs on leaves that stand for the operands and the result, so the answer is a small graph
    which `latex` and `text` write; nothing of the node's own graph changes. Where the rule gives a
    constant, or cannot run on Values, the answer is the plain number or array.

    Args:
        names: names for Values that have none, or other ones than they have.
        symbols: False leaves the twins unnamed, so that the formula is written in numbers.

    Raises:
        TypeError: an operation whose rule is a `Pull`: it has no local derivative, see `pullback`.

    >>> x, y = Value(3.0, name="x"), Value(2.0)
    >>> z = x / y
    >>> local_derivative(z, 1, names={y: "y", z: "z"}).op.name, local_derivative(x + y, 0)
    ('divide', 1)
    """
    op = _computed("local_derivative", node)
    rule = op.rules[position]
    if not isinstance(rule, Local):
        raise TypeError(f"local_derivative: {op.name} has no local derivative but a Pull rule; use pullback")

    def run(z: Any, inputs: tuple) -> Any:
        if type(rule) is Along:
            z = restore_axes(z, *node.params[:2])
        return rule.derivative(z, *inputs, *node.params)

    names = names or {}
    twins = {x: _twin(x, names, symbols) for x in {*_values(node), node}}
    if type(rule) is Along and symbols:  # the result with its axes back is still the result
        with_axes = np.asarray(restore_axes(node.data, *node.params[:2]))
        twins[node] = Value(with_axes, names.get(node, node.name))

        def run(z: Any, inputs: tuple) -> Any:
            return rule.derivative(z, *inputs, *node.params)

    return _run_on_twins(run, node, twins)


def pullback(node: Value, position: int, g: str | Any, *, names: Names | None = None, symbols: bool = True) -> Any:
    """∂E/∂(the input at `position`) by the operation's own Pull rule, from the upstream gradient g = ∂E/∂(node).

    Args:
        g: the name of the upstream gradient ("δ"), of which only the shape matters then; or its numbers.
        names, symbols: as in `local_derivative`.

    The answer is what the rule gives, before it is summed to the input's shape if that was broadcast.

    Raises:
        TypeError: an operation whose rule is not a `Pull`; see `local_derivative`.

    >>> from autograd_mini.explain.formulas.notation import text
    >>> W, h = Value([[1.0, 2.0]], name="W"), Value([[3.0], [4.0]], name="h")
    >>> print(text(pullback(W @ h, 0, "δ")), " ", text(pullback(W @ h, 1, "δ")))
    δ @ hᵀ   Wᵀ @ δ
    """
    op = _computed("pullback", node)
    rule = op.rules[0] if op.variadic else op.rules[position]
    if not isinstance(rule, Pull):
        raise TypeError(f"pullback: {op.name} has a local derivative; use local_derivative")
    upstream = Value(np.ones(node.shape, node.dtype), g) if isinstance(g, str) else Value(constant(g))

    def run(z: Any, inputs: tuple) -> Any:
        up = upstream if type(z) is Value else with_shapes([upstream.data])[0]
        if op.variadic:
            return rule.pull(up, z, position, inputs, *node.params)
        return rule.pull(up, z, *inputs, *node.params)

    names = names or {}
    twins = {x: _twin(x, names, symbols) for x in {*_values(node), node}}
    return _run_on_twins(run, node, twins)


def _computed(function: str, node: Value) -> Primitive:
    if node.op is None or not node.inputs:
        raise TypeError(f"{function}: {node!r} was not computed by an operation that was recorded")
    return node.op


def _values(node: Value) -> list[Value]:
    return [x for x in node.inputs if type(x) is Value]


def _twin(x: Value, names: Names, symbols: bool) -> Value:
    return Value(x.data, names.get(x, x.name) if symbols else None)


def _run_on_twins(run: Any, node: Value, twins: dict[Value, Value]) -> Any:
    inputs = tuple([twins[x] if type(x) is Value else constant(x) for x in node.inputs])
    try:
        with record_anyway(), np.errstate(all="ignore"):
            return run(twins[node], inputs)
    except (TypeError, ValueError, IndexError, AttributeError):
        # A rule of a user's that is not made of NumPy's functions: its number can be told all the same.
        numbers = with_shapes([x.data if type(x) is Value else x for x in inputs])
        with np.errstate(all="ignore"):
            return run(with_shapes([node.data])[0], tuple(numbers))
