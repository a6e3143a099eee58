"""Write one recorded operation, or one step of the backward pass, as one line of Python."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_mini.backprop import Step
from autograd_mini.explain.program.rule_rewriting import Rewriter
from autograd_mini.numbers import constant, with_shapes
from autograd_mini.rules import Along, Pull, restore_axes
from autograd_mini.value import Value


def chain_rule(upstream: Any, local: Any) -> Any:
    """upstream · local, but 0 wherever upstream is 0, also where local is infinite."""
    product = upstream * local
    return np.where((upstream == 0) & ~np.isfinite(product), 0.0, product)[()]


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


class Lines:
    """Turns nodes and steps into assignments to the variables of a program."""

    def __init__(
        self, rewriter: Rewriter, names: dict[Value, str], gradients: dict[Value, str], mixed: bool = False
    ) -> None:
        self.rewriter = rewriter
        self.names, self.gradients = names, gradients
        self.mixed = mixed
        """Whether there are other numbers than float64, which a NumPy float64 would make wider."""
        self._forms: dict[Value, Form] = {}

    def forward(self, node: Value) -> str:
        """The line that computes a node."""
        form = self._form(node)
        expression = self._call(node, form.forward, self._operands(node, form, form.forward))
        if not form.floats:
            with np.errstate(all="ignore"):
                expression = self._cast(expression, form.forward(*form.numbers, *node.params), node.data)
        return f"{self.names[node]} = {_text(expression)}"

    def backward(self, step: Step) -> str:
        """The line that adds one contribution to the gradient of an input."""
        form, name, comment = self._form(step.node), self.gradients[step.input], ""
        expression = self._product(step, form)
        if np.shape(step.product) != np.shape(step.contribution):
            expression, summed = self._fitted(expression, step)
            comment = "  # summed over the copies that broadcasting made" if summed else ""
        elif not form.floats:
            expression = self._cast(expression, step.product, step.contribution)
        if step.before is not None:
            less = isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub)
            right = expression.operand if isinstance(expression, ast.UnaryOp) and less else expression
            expression = ast.BinOp(ast.Name(name), ast.Sub() if less else ast.Add(), right)
        elif step.input.inputs and _is_rearranged(step.product, step.after):
            expression = ast.Call(ast.Attribute(expression, "copy"), [], [])
        return f"{name} = {_text(expression)}{comment}"

    # -- which code ran ----------------------------------------------------------------------------

    def _form(self, node: Value) -> Form:
        if node not in self._forms:
            self._forms[node] = _scalar_form(node) if node.partials is not None else _array_form(node)
        return self._forms[node]

    def _operands(self, node: Value, form: Form, function: Any) -> list[ast.expr]:
        """The inputs as expressions."""
        found: list[ast.expr] = []
        for x, number in zip(node.inputs, form.numbers, strict=True):
            operand = ast.Name(self.names[x]) if type(x) is Value else self.rewriter.reference(x)
            as_numpy = form.wraps and type(number) is np.float64 and not isinstance(function, np.ufunc)
            found.append(_numpy_call("float64", operand) if as_numpy else operand)
        return found

    def _call(self, node: Value, function: Any, arguments: list[ast.expr]) -> ast.expr:
        """A call of one of the operation's functions, which all end in its params."""
        return self.rewriter.call(function, arguments + [self.rewriter.reference(param) for param in node.params])

    # -- the chain rule ----------------------------------------------------------------------------

    def _product(self, step: Step, form: Form) -> ast.expr:
        """upstream × local, or what a Pull rule makes of upstream."""
        node, op = step.node, step.node.op
        assert op is not None
        place = 0 if op.variadic else step.position
        rule, function = op.rules[place], form.rules[place]
        upstream: ast.expr = ast.Name(self.gradients[node])
        z: ast.expr = ast.Name(self.names[node])
        operands = self._operands(node, form, function)
        if isinstance(rule, Pull):
            if op.variadic:
                operands = [ast.Constant(step.position), ast.Tuple(operands, ast.Load())]
            return self._call(node, function, [upstream, z, *operands])
        numbers = step.upstream
        if isinstance(rule, Along):
            axes = [self.rewriter.reference(param) for param in node.params[:2]]
            upstream, z = (self.rewriter.call(restore_axes, [part, *axes]) for part in (upstream, z))
            numbers = restore_axes(numbers, *node.params[:2])
        elif form.wraps and op.elementwise:
            z = _numpy_call("float64", z)
        return self._times(upstream, self._call(node, function, [z, *operands]), step, numbers)

    def _times(self, upstream: ast.expr, local: ast.expr, step: Step, numbers: Any) -> ast.expr:
        known = self.rewriter.facts.value(local)
        if type(known) is int and abs(known) == 1:
            return upstream if known == 1 else ast.UnaryOp(ast.USub(), upstream)
        product = ast.BinOp(upstream, ast.Mult(), local)
        with np.errstate(all="ignore"):
            unseen = ~np.isfinite(numbers * step.local) & (np.asarray(step.product) == 0)
        if not np.any(unseen):
            return product
        if step.node.partials is not None:
            return ast.IfExp(upstream, product, ast.Constant(0.0))
        return self.rewriter.call(chain_rule, [upstream, local])

    # -- shape and precision -----------------------------------------------------------------------

    def _fitted(self, expression: ast.expr, step: Step) -> tuple[ast.expr, bool]:
        """A product in the shape of its input, and whether it was summed (else it was repeated)."""
        shape, target = np.shape(step.product), np.shape(step.contribution)
        extra = len(shape) - len(target)
        stretched = [i + extra for i, n in enumerate(target) if n == 1 != shape[i + extra]] if extra >= 0 else []
        axes = (*range(extra), *stretched)
        if axes:
            where = {"axis": axes if len(axes) > 1 else axes[0]} if target else {}
            kept = {"keepdims": True} if stretched else {}
            expression = _numpy_call("sum", expression, **where, **kept)
            shape = tuple(1 if i in axes else n for i, n in enumerate(shape))[max(extra, 0) :]
            if extra and stretched:
                expression = _numpy_call("reshape", expression, self.rewriter.outside.literal(shape))
        kind = np.asarray(step.product).dtype
        if shape != target:
            wanted = np.asarray(step.contribution).dtype
            dtype = {} if wanted == kind else {"dtype": wanted.name}
            full = _numpy_call("full", self.rewriter.outside.literal(target), expression, **dtype)
            return full, bool(axes)
        return self._cast(expression, np.zeros(target, kind)[()], step.contribution), True

    def _cast(self, expression: ast.expr, raw: Any, wanted: Any) -> ast.expr:
        """An expression whose value is `raw`, as a number of the kind of `wanted`."""
        kind = np.asarray(wanted).dtype
        if type(wanted) is float:
            plain = type(raw) is float or (type(raw) is np.float64 and not self.mixed)
            return expression if plain else ast.Call(ast.Name("float"), [expression], [])
        if not isinstance(wanted, np.ndarray):
            return expression if type(raw) is type(wanted) else _numpy_call(kind.name, expression)
        if not isinstance(raw, np.ndarray):
            return _numpy_call("asarray", expression, dtype=kind.name)
        if raw.dtype == kind:
            return expression
        return ast.Call(ast.Attribute(expression, "astype"), [ast.Attribute(ast.Name("np"), kind.name)], [])


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


def _is_rearranged(product: Any, after: Any) -> bool:
    """Whether the engine's copy lies in another order in memory: the last bit of a matrix product depends on it."""
    if not isinstance(product, np.ndarray) or np.shape(product) != np.shape(after):
        return False
    return product.flags.c_contiguous != after.flags.c_contiguous


def _numpy_call(name: str, *arguments: ast.expr, **options: Any) -> ast.expr:
    keywords = [
        ast.keyword(key, ast.Attribute(ast.Name("np"), value) if key == "dtype" else ast.Constant(value))
        for key, value in options.items()
    ]
    return ast.Call(ast.Attribute(ast.Name("np"), name), list(arguments), keywords)


def _text(expression: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(expression))
