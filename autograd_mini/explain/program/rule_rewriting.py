"""Rewrite a call of a rule as an expression on named variables: the rule's own source, with the operands in it.

>>> from autograd_mini.primitives import TABLE
>>> rewriter = Rewriter(Names())
>>> ast.unparse(rewriter.call(TABLE["sigmoid"].rules[0].derivative, [ast.Name("h"), ast.Name("s")]))
'h * (1 - h)'

What the shapes decide is decided here: of `matmul`'s rule for vectors, matrices and stacks of them one line is left.
What is more than one expression becomes a function of the program.

>>> shapes = {"d_s": (4, 5), "s": (4, 5), "x": (4, 3), "W": (3, 5)}
>>> rewriter = Rewriter(Names(), shapes)
>>> ast.unparse(rewriter.call(TABLE["matmul"].rules[1].pull, [ast.Name(name) for name in shapes]))
'x.T @ d_s'
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from autograd_mini.explain.program.marks import MARK, local, mentioned, own, spelled, spelling, unparsed
from autograd_mini.explain.program.rule_folding import UNKNOWN, Facts, Shape
from autograd_mini.explain.program.rule_names import bound, bound_names
from autograd_mini.explain.program.rule_outside import Outside
from autograd_mini.explain.program.rule_scope import Scope
from autograd_mini.explain.program.rule_source import Definition, definition
from autograd_mini.primitives.products import product_like
from autograd_mini.rules import Primitive
from autograd_mini.spelling import Names

OPERATORS: dict[Any, Any] = {
    **{np.add: ast.Add, np.subtract: ast.Sub, np.multiply: ast.Mult, np.matmul: ast.MatMult, operator.add: ast.Add},
    **{operator.sub: ast.Sub, operator.mul: ast.Mult, operator.truediv: ast.Div, operator.floordiv: ast.FloorDiv},
    **{operator.mod: ast.Mod, math.pow: ast.Pow},
}
#: Of floats 1/0 is an error, np.divide(1, 0) is inf: an operator only where an operand is an array.
ARRAY_OPERATORS: dict[Any, Any] = {np.divide: ast.Div, np.floor_divide: ast.FloorDiv, np.remainder: ast.Mod}
SIGNS: dict[Any, Any] = {
    **{np.negative: ast.USub, operator.neg: ast.USub, np.positive: ast.UAdd, operator.pos: ast.UAdd},
    operator.not_: ast.Not,
}
REDUCTIONS = (np.sum, np.mean, np.prod, np.max, np.min)
#: What NumPy's reductions do without being told.
DEFAULTS = (("axis", None), ("keepdims", False))

Keywords = list[ast.keyword]


class Rewriter:
    """Makes expressions of calls, and collects the functions, constants and imports that they need."""

    def __init__(self, names: Names, shapes: dict[str, Shape] | None = None, mixed: bool = False) -> None:
        self.names = names
        self.facts = Facts(shapes)
        self.outside = Outside(names, self.facts.shapes, mixed)
        self.functions: dict[str, str] = {}
        """Functions of the program: name -> source text."""
        self.mentioned: set[str] = set()
        """The program's own names that its text has, those of modules among them."""
        self._definitions: dict[int, tuple[CodeType, Definition]] = {}
        self._names: dict[int, str] = {}
        self._kept: list[FunctionType] = []
        """The functions behind these ids."""
        self._parameters: dict[str, dict[str, str]] = {}
        """Parameters that are written otherwise than in the source, for each function of the program."""
        self._locals = 0
        self._active: list[FunctionType] = []

    def call(self, function: Any, arguments: list[ast.expr], keywords: Keywords | None = None) -> ast.expr:
        """The expression `function(*arguments, **keywords)`.

        Raises:
            NoSourceError: it needs something that cannot be written.
        """
        keywords = keywords or []
        if function is product_like:  # the order in memory changes no number
            function, arguments = np.matmul, arguments[1:]
        if isinstance(function, Primitive):
            return self.call(function.forward, arguments + _params(keywords))
        if isinstance(function, functools.partial):
            given = [ast.keyword(name, self.outside.literal(value)) for name, value in function.keywords.items()]
            return self.call(function.func, [*map(self.outside.literal, function.args), *arguments], given + keywords)
        known = self._known(function, arguments, keywords)
        if known is not UNKNOWN:
            return self.outside.literal(known)
        if self.outside.is_own(function):
            return self._inlined(function, arguments, keywords) or self._called(function, arguments, keywords)
        shorter = self._shorter(function, arguments, keywords)
        return shorter or ast.Call(self.outside.reference(function), arguments, keywords)

    def _known(self, function: Any, arguments: list[ast.expr], keywords: Keywords) -> Any:
        """The call's value, where shapes or plain numbers tell it."""
        if keywords or not arguments:
            return UNKNOWN
        if function in (np.shape, np.ndim, np.size):
            return self.facts.attribute(arguments[0], function.__name__)
        if function is len and self.facts.shape(arguments[0]):
            return self.facts.attribute(arguments[0], "shape")[0]
        if not (tests := function in (np.all, np.any)) and not self.outside.is_own(function):
            return UNKNOWN
        values = []
        for argument in arguments:
            values.append(self.facts.value(argument))
            if values[-1] is UNKNOWN:
                return UNKNOWN
        if tests:
            return UNKNOWN if np.ndim(values[0]) else bool(values[0])
        try:
            result = function(*values)
        except Exception:  # the program will say so itself
            return UNKNOWN
        return result if isinstance(result, bool | int | float | str | tuple | list) else UNKNOWN

    def _shorter(self, function: Any, arguments: list[ast.expr], keywords: Keywords) -> ast.expr | None:
        """A call of NumPy in a shorter form that means the same."""
        if function in REDUCTIONS:
            kept = [k for k in keywords if (k.arg, self.facts.value(k.value)) not in DEFAULTS]
            return ast.Call(self.outside.reference(function), arguments, kept)
        if keywords or any(isinstance(argument, ast.Starred) for argument in arguments):
            return None
        if self._transposes(function, arguments):
            return ast.Attribute(arguments[0], "T")
        if len(arguments) == 1 and function in SIGNS:
            return ast.UnaryOp(SIGNS[function](), arguments[0])
        if len(arguments) != 2:
            return None
        kind = OPERATORS.get(function)
        if kind is None and any(self.facts.shape(argument) for argument in arguments):
            kind = ARRAY_OPERATORS.get(function)
        return None if kind is None else ast.BinOp(arguments[0], kind(), arguments[1])

    def _transposes(self, function: Any, arguments: list[ast.expr]) -> bool:
        """Whether a call exchanges the two axes of a matrix."""
        if function not in (np.swapaxes, np.transpose) or len(self.facts.shape(arguments[0]) or ()) != 2:
            return False
        axes = [self.facts.value(argument) for argument in arguments[1:]]
        return axes in ([-1, -2], [-2, -1], [0, 1], [1, 0]) if function is np.swapaxes else axes in ([(1, 0)], [[1, 0]])

    # -- functions ---------------------------------------------------------------------------------

    def local(self, name: str) -> str:
        """A mark for a name that some function or comprehension binds."""
        self._locals += 1
        return local(name, self._locals)

    def _definition(self, function: FunctionType) -> Definition:
        code = function.__code__
        if id(code) not in self._definitions:
            self._definitions[id(code)] = code, definition(function)
        return self._definitions[id(code)][1]

    def _inlined(self, function: FunctionType, arguments: list[ast.expr], keywords: Keywords) -> ast.expr | None:
        """The function's value with the arguments in it, where that is one expression."""
        node = self._definition(function)
        operands = bound(function, node.args, arguments, keywords, self.outside.literal)
        if operands is None or any(function is other for other in self._active):  # it calls itself
            return None
        scope = Scope(self, function, operands)
        self._active.append(function)
        try:
            return scope.value_of([ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body)
        finally:
            self._active.pop()

    def _called(self, function: FunctionType, arguments: list[ast.expr], keywords: Keywords) -> ast.expr:
        """A call of a function of the program."""
        name = self.function(function)
        parameters = self._parameters.get(name, {})
        given = [ast.keyword(k.arg and parameters.get(k.arg, k.arg), k.value) for k in keywords]
        return ast.Call(ast.Name(own(name)), arguments, given)

    def reference(self, thing: Any, name: str = "") -> ast.expr:
        """An expression for anything that a rule mentions under that name."""
        is_own = self.outside.is_own(thing)
        return ast.Name(own(self.function(thing))) if is_own else self.outside.reference(thing, name)

    def function(self, function: FunctionType) -> str:
        """The name of a function of the program, which is written out when it is first needed."""
        if id(function) in self._names:
            return self._names[id(function)]
        node = self._definition(function)
        name = self._names[id(function)] = self.names.new(getattr(node, "name", "rule"))
        self._kept.append(function)
        self.functions[name] = ""  # stands before the functions that it calls
        body = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        scope = Scope(self, function, {})
        scope.bind(bound_names([node.args, *body]))
        lines = [scope.visit(line) for line in body]
        match lines:
            case [ast.Expr(ast.Constant(str(text)) as docstring), *_]:
                docstring.value = text.partition("\n")[0]
        defaults = list(map(self.reference, function.__defaults__ or ()))
        given = function.__kwdefaults__ or {}
        optional = [self.reference(given[k.arg]) if k.arg in given else None for k in node.args.kwonlyargs]
        spec = scope.parameters(node.args, defaults, optional)
        text = unparsed(ast.FunctionDef(name, spec, lines, [], None))
        self.functions[name] = self.spelled(text)
        written = spelling(text)
        self._parameters[name] = {old: written.get(MARK.sub(r"\2", scope.written(old)), old) for old in scope.names}
        return name

    def spelled(self, text: str, fill: Callable[[str], Any] = str) -> str:
        """A text without marks; notes what it mentions."""
        self.mentioned |= mentioned(text)
        return spelled(text, fill)


def _params(keywords: Keywords) -> list[ast.expr]:
    """The params in a call of a row, `row(x, params=(axis,))`, which its forward takes one by one."""
    params: list[ast.expr] = []
    for keyword in keywords:
        params += keyword.value.elts if isinstance(keyword.value, ast.Tuple) else [ast.Starred(keyword.value)]
    return params
