"""Write one recorded operation, or one step of the backward pass, as one line of Python."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import partial
from types import NoneType
from typing import Any

import numpy as np

from autograd_mini.backprop import Step, broadcast_axes
from autograd_mini.explain.program.marks import mentioned, own, slot, spelled, unparsed
from autograd_mini.explain.program.program_forms import Form, form_of
from autograd_mini.explain.program.rule_folding import OPERANDS, UNKNOWN
from autograd_mini.explain.program.rule_rewriting import Rewriter
from autograd_mini.rules import Along, Pull, restore_axes
from autograd_mini.spelling import number_text
from autograd_mini.value import Value


def chain_rule(upstream: Any, local: Any) -> Any:
    """upstream · local, but 0 wherever upstream is 0, also where local is infinite."""
    product = upstream * local
    return np.where((upstream == 0) & ~np.isfinite(product), 0.0, product)[()]


class Lines:
    """Turns nodes and steps into assignments to the variables of a program.

    A line is made once for all operations of the same kind on operands of the same shapes: as a text with
    slots, into which each operation's variables are filled.
    """

    def __init__(
        self, rewriter: Rewriter, names: dict[Value, str], gradients: dict[Value, str], mixed: bool = False
    ) -> None:
        self.rewriter = rewriter
        self.names, self.gradients = names, gradients
        self.mixed = mixed
        """Whether there are other numbers than float64, which a NumPy float64 would make wider."""
        self._forms: dict[Value, Form] = {}
        self._kinds: dict[Value, int] = {}
        self._kind_numbers: dict[Any, int] = {}
        self._lines: dict[Any, str] = {}
        self._varying: set[Any] = set()
        """The kinds of lines whose text depends on the constants among the operands: x ** 2.0 has 2.0 * x."""
        self._learned: Value | None = None

    def forward(self, node: Value) -> str:
        """The line that computes a node."""
        form = self._form(node)
        with np.errstate(all="ignore"):
            raw = None if form.floats else form.forward(*form.numbers, *node.params)
        key = (self._kind(node), _type_of(raw), _type_of(node.data))
        return self._line(key, node, lambda: self._forward(node, form, raw), self.names[node])

    def _forward(self, node: Value, form: Form, raw: Any) -> ast.expr:
        expression = self._call(node, form.forward, self._operands(node, form, form.forward))
        return expression if form.floats else self._cast(expression, raw, node.data)

    def backward(self, step: Step) -> str:
        """The line that adds one contribution to the gradient of an input."""
        form, node = self._form(step.node), step.node
        unseen, first = _meets_infinity(step), step.before is None
        copied = first and bool(step.input.inputs) and _is_rearranged(step.product, step.after)
        types = map(_type_of, (step.product, step.contribution))
        key = (self._kind(node), step.position, *types, unseen, first, copied)
        summed = _sums(np.shape(step.product), np.shape(step.contribution))
        comment = "  # summed over the copies that broadcasting made" if summed else ""
        return (
            self._line(key, node, lambda: self._backward(step, form, unseen, copied), self.gradients[step.input])
            + comment
        )

    def _backward(self, step: Step, form: Form, unseen: bool, copied: bool) -> ast.expr:
        expression = self._product(step, form, unseen)
        if np.shape(step.product) != np.shape(step.contribution):
            expression = self._fitted(expression, step)
        elif not form.floats:
            expression = self._cast(expression, step.product, step.contribution)
        if step.before is not None:
            less = isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub)
            right = expression.operand if isinstance(expression, ast.UnaryOp) and less else expression
            return ast.BinOp(ast.Name(slot("target")), ast.Sub() if less else ast.Add(), right)
        return ast.Call(ast.Attribute(expression, "copy"), [], []) if copied else expression

    # -- one text for many operations ---------------------------------------------------------------

    def _line(self, key: Any, node: Value, build: Callable[[], ast.expr], target: str) -> str:
        line = self._lines.get(self._precise(key, node))
        if line is None:
            facts = self.rewriter.facts
            self._learn(node)
            facts.consulted = False
            line = unparsed(build())
            self.rewriter.mentioned |= mentioned(line)
            if facts.consulted:
                self._varying.add(key)
            self._lines[self._precise(key, node)] = line
        return f"{target} = {spelled(line, partial(self._filled, node, target))}"

    def _precise(self, key: Any, node: Value) -> Any:
        """The key, with the constants among the operands where the line depends on them."""
        return (key, *(x for x in node.inputs if type(x) is float)) if key in self._varying else key

    def _filled(self, node: Value, target: str, place: str) -> str:
        """What stands in a slot of a node's line."""
        if place == "z":
            return self.names[node]
        if place == "g":
            return self.gradients[node]
        if place == "target":
            return target
        if place == "inputs":
            parts = [self._filled(node, target, f"inputs{i}") for i in range(len(node.inputs))]
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if place.startswith("inputs"):
            item = self._operand(node, int(place.removeprefix("inputs")), wraps=True)
            text = self.rewriter.spelled(unparsed(item), partial(self._filled, node, target))
            return f"({text})" if isinstance(item, ast.UnaryOp) else text
        x = node.inputs[int(place)]
        if type(x) is Value:
            return self.names[x]
        return number_text(abs(x)) if type(x) is float else self.rewriter.outside.array(x)

    def _operand(self, node: Value, place: int, wraps: bool) -> ast.expr:
        """An input as an expression: a slot, unless it is a constant whose text the line depends on."""
        x, kind = node.inputs[place], _slot_kind(node.inputs[place])
        operand: ast.expr = self.rewriter.reference(x) if kind is None else ast.Name(slot(str(place)))
        if kind == "negative":
            operand = ast.UnaryOp(ast.USub(), operand)
        as_numpy = wraps and type(self._form(node).numbers[place]) is np.float64
        return _numpy_call("float64", operand) if as_numpy else operand

    def _operands(self, node: Value, form: Form, function: Any) -> list[ast.expr]:
        """The inputs as expressions."""
        wraps = form.wraps and not isinstance(function, np.ufunc)
        return [self._operand(node, place, wraps) for place in range(len(node.inputs))]

    def _learn(self, node: Value) -> None:
        """Tells the rewriter what is known of a node's slots."""
        if node is self._learned:
            return
        self._learned = node
        operands = list(map(np.shape, self._form(node).numbers))
        inputs = {slot(str(i)): x for i, x in enumerate(node.inputs) if _slot_kind(x)}
        shapes = {slot(f"{kind}{i}"): shape for i, shape in enumerate(operands) for kind in ("", "inputs")}
        shapes |= {slot("z"): node.shape, slot("g"): node.shape}
        numbers = {name: abs(x) for name, x in inputs.items() if type(x) is float}
        self.rewriter.facts.learn(shapes, numbers, operands)

    def _kind(self, node: Value) -> int:
        """A number that operations share whose lines differ by nothing but their variables."""
        if node not in self._kinds:
            form, op = self._form(node), node.op
            operands = [
                (_slot_kind(x) or _identity(x), _type_of(x.data if type(x) is Value else x), type(number))
                for x, number in zip(node.inputs, form.numbers, strict=True)
            ]
            kind = (op, form.floats, form.wraps, *operands, _identity(node.params), node.shape, type(node.data))
            self._kinds[node] = self._kind_numbers.setdefault(kind, len(self._kind_numbers))
        return self._kinds[node]

    # -- which code ran ----------------------------------------------------------------------------

    def _form(self, node: Value) -> Form:
        if node not in self._forms:
            self._forms[node] = form_of(node)
        return self._forms[node]

    def _call(self, node: Value, function: Any, arguments: list[ast.expr]) -> ast.expr:
        """A call of one of the operation's functions, which all end in its params."""
        return self.rewriter.call(function, arguments + [self.rewriter.reference(param) for param in node.params])

    # -- the chain rule ----------------------------------------------------------------------------

    def _product(self, step: Step, form: Form, unseen: bool) -> ast.expr:
        """upstream × local, or what a Pull rule makes of upstream."""
        node, op = step.node, step.node.op
        assert op is not None
        place = 0 if op.variadic else step.position
        rule, function = op.rules[place], form.rules[place]
        upstream: ast.expr = ast.Name(slot("g"))
        z: ast.expr = ast.Name(slot("z"))
        if op.variadic:
            return self._call(node, function, [upstream, z, ast.Constant(step.position), ast.Name(OPERANDS)])
        operands = self._operands(node, form, function)
        if isinstance(rule, Pull):
            return self._call(node, function, [upstream, z, *operands])
        if isinstance(rule, Along):
            axes = [self.rewriter.reference(param) for param in node.params[:2]]
            upstream, z = (self.rewriter.call(restore_axes, [part, *axes]) for part in (upstream, z))
        elif form.wraps and op.elementwise:
            z = _numpy_call("float64", z)
        return self._times(upstream, self._call(node, function, [z, *operands]), step, unseen)

    def _times(self, upstream: ast.expr, local: ast.expr, step: Step, unseen: bool) -> ast.expr:
        known = UNKNOWN if isinstance(local, ast.Name) else self.rewriter.facts.value(local)
        if type(known) is int and abs(known) == 1:
            return upstream if known == 1 else ast.UnaryOp(ast.USub(), upstream)
        product = ast.BinOp(upstream, ast.Mult(), local)
        if not unseen:
            return product
        if step.node.partials is not None:
            return ast.IfExp(upstream, product, ast.Constant(0.0))
        return self.rewriter.call(chain_rule, [upstream, local])

    # -- shape and precision -----------------------------------------------------------------------

    def _fitted(self, expression: ast.expr, step: Step) -> ast.expr:
        """A product in the shape of its input: summed over broadcasting's copies, or repeated."""
        shape, target = np.shape(step.product), np.shape(step.contribution)
        axes, extra = broadcast_axes(shape, target), len(shape) - len(target)
        stretched = [axis for axis in axes if axis >= extra]
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
            return _numpy_call("full", self.rewriter.outside.literal(target), expression, **dtype)
        return self._cast(expression, np.zeros(target, kind)[()], step.contribution)

    def _cast(self, expression: ast.expr, raw: Any, wanted: Any) -> ast.expr:
        """An expression whose value is `raw`, as a number of the kind of `wanted`."""
        kind = np.asarray(wanted).dtype
        if type(wanted) is float:
            plain = type(raw) is float or (type(raw) is np.float64 and not self.mixed)
            return expression if plain else ast.Call(ast.Name(own("float")), [expression], [])
        if not isinstance(wanted, np.ndarray):
            return expression if type(raw) is type(wanted) else _numpy_call(kind.name, expression)
        if not isinstance(raw, np.ndarray):
            return _numpy_call("asarray", expression, dtype=kind.name)
        if raw.dtype == kind:
            return expression
        return ast.Call(ast.Attribute(expression, "astype"), [ast.Attribute(ast.Name(own("np")), kind.name)], [])


def _is_rearranged(product: Any, after: Any) -> bool:
    """Whether the engine's copy lies in another order in memory: the last bit of a matrix product depends on it."""
    if not isinstance(product, np.ndarray) or not product.ndim or product.shape != np.shape(after):
        return False
    return product.flags.c_contiguous != after.flags.c_contiguous


def _numpy_call(name: str, *arguments: ast.expr, **options: Any) -> ast.expr:
    keywords = [
        ast.keyword(key, ast.Attribute(ast.Name(own("np")), value) if key == "dtype" else ast.Constant(value))
        for key, value in options.items()
    ]
    return ast.Call(ast.Attribute(ast.Name(own("np")), name), list(arguments), keywords)


def _type_of(number: Any) -> Any:
    """All that a line depends on of a number that is computed."""
    kind = type(number)
    return kind if kind in (float, int, bool) or number is None else (kind, np.shape(number), np.asarray(number).dtype)


def _slot_kind(x: Any) -> str | None:
    """What stands in an operand's slot; None for a constant that is part of the line's text."""
    if type(x) is Value:
        return "variable"
    if type(x) is float and math.isfinite(x):
        return "negative" if math.copysign(1.0, x) < 0 else "number"
    return "array" if isinstance(x, np.ndarray) and x.ndim else None


def _identity(thing: Any) -> Any:
    """What tells constants and params apart, in a form that can be looked up."""
    if isinstance(thing, tuple | list):
        return type(thing), *map(_identity, thing)
    if isinstance(thing, bool | int | float | str | slice | NoneType):
        return type(thing), repr(thing)  # 0.0 is not -0.0, and nan is nan
    return id(thing)


def _meets_infinity(step: Step) -> bool:
    """Whether 0 · ∞ counts as 0 somewhere in a step."""
    if step.local is None or (type(step.product) is float and step.product):
        return False
    upstream, node = step.upstream, step.node
    if node.op is not None and isinstance(node.op.rules[0 if node.op.variadic else step.position], Along):
        upstream = restore_axes(upstream, *node.params[:2])
    with np.errstate(all="ignore"):
        return bool(np.any(~np.isfinite(upstream * step.local) & (np.asarray(step.product) == 0)))


def _sums(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether a contribution of one shape is summed to come to another."""
    return shape != target and bool(broadcast_axes(shape, target))
