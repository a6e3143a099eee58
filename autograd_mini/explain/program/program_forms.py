"""Find out which of its codes an operation ran when it was recorded: on Python floats, or on NumPy's numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.numbers import constant, with_shapes
from autograd_mini.rules import Pull
from autograd_mini.value import Value


class Form(NamedTuple):
    """Which of its codes an operation ran, and on what."""

    forward: Callable[..., Any]
    rules: tuple[Callable[..., Any], ...]
    """The derivative or the pull for each input."""
    numbers: list[Any]
    floats: bool = False
    """Whether it ran on Python floats alone, with `math`."""
    wraps: bool = False
    """Whether Python floats were handed to it as NumPy's, which divide by zero and have a shape."""


def form_of(node: Value) -> Form:
    """The form that a node of the graph had."""
    return _scalar_form(node) if node.partials is not None else _array_form(node)


def _scalar_form(node: Value) -> Form:
    """Of an operation on float64 numbers: on floats with `math`, else NumPy's, on floats or on its own numbers."""
    op = node.op
    assert op is not None
    assert node.partials is not None
    floats = [float(x.data if type(x) is Value else x) for x in node.inputs]
    if op.float_forward is not None and not node.params:
        form = Form(op.float_forward, op.float_rules, floats, floats=True)
        if _gives(node, form):
            return form
    form = Form(op.forward, tuple(rule.derivative for rule in op.rules), floats)  # type: ignore[union-attr]
    return form if _gives(node, form) else form._replace(numbers=list(map(np.float64, floats)), wraps=True)


def _gives(node: Value, form: Form) -> bool:
    """Whether a form gives the numbers that were recorded."""
    assert node.partials is not None
    try:
        with np.errstate(all="ignore"):
            z = form.forward(*form.numbers, *node.params)
            found = [
                (rule(z, *form.numbers, *node.params), local)
                for rule, local in zip(form.rules, node.partials, strict=True)
                if local is not None
            ]
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return False
    return all(np.isrealobj(a) and np.array_equal(a, b, equal_nan=True) for a, b in [(z, node.data), *found])


def _array_form(node: Value) -> Form:
    op = node.op
    assert op is not None
    numbers = [x.data if type(x) is Value else constant(x) for x in node.inputs]
    rules = tuple(rule.pull if isinstance(rule, Pull) else rule.derivative for rule in op.rules)
    if op.elementwise:
        return Form(op.forward, rules, numbers)
    return Form(op.forward, rules, with_shapes(numbers), wraps=True)
