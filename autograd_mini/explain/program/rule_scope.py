"""Take a function's body into a program: parameters replaced, outer names resolved, the known parts computed."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Set
from types import FunctionType
from typing import TYPE_CHECKING, Any

from autograd_mini.explain.program.rule_folding import UNKNOWN, is_short

if TYPE_CHECKING:
    from autograd_mini.explain.program.rule_rewriting import Rewriter


class Scope(ast.NodeTransformer):
    """One function on its way into a program; changes the tree that it visits.

    Args:
        operands: the expression that each parameter stands for.
        local: the function's own names, which stay.
    """

    def __init__(
        self,
        rewriter: Rewriter,
        function: FunctionType,
        operands: dict[str, ast.expr],
        local: Set[str] = frozenset(),
    ) -> None:
        self.rewriter, self.facts, self.outside = rewriter, rewriter.facts, rewriter.outside
        self.function = function
        self.operands = operands
        self.local = set(local)
        self.uses: Counter[str] = Counter()

    def value_of(self, body: list[ast.stmt]) -> ast.expr | None:
        """What a body returns, as one expression; None where it takes more than that."""
        for i, line in enumerate(body):
            match line:
                case ast.Pass() | ast.Expr(ast.Constant()):
                    continue
                case ast.If(test, then, otherwise):
                    known = self.facts.value(self.visit(test))
                    rest = [*(then if known else otherwise), *body[i + 1 :]]
                    return None if known is UNKNOWN else self.value_of(rest)
                case ast.Return(ast.expr() as value):
                    return self._returned(value)
                case _:
                    return None
        return None

    def _returned(self, value: ast.expr) -> ast.expr | None:
        if any(isinstance(node, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await) for node in ast.walk(value)):
            return None
        busy = self.rewriter.names.taken | self.rewriter.local
        for name in local_names(value):  # of a comprehension or a lambda: not to be mistaken for a variable
            if name in busy:
                self.operands[name] = ast.Name(self.rewriter.names.new(name))
            else:
                self.local.add(name)
        self.uses.clear()
        result: ast.expr = self.visit(value)
        repeated = any(n > 1 and not is_short(self.operands[name]) for name, n in self.uses.items())
        return None if repeated else result

    # -- names -------------------------------------------------------------------------------------

    def _thing(self, node: ast.expr) -> Any:
        """What an expression names outside the function, UNKNOWN if it names nothing there."""
        if isinstance(node, ast.Name) and node.id not in self.operands and node.id not in self.local:
            return self.outside.lookup(self.function, node.id)
        if isinstance(node, ast.Attribute):
            parent = self._thing(node.value)
            return parent if parent is UNKNOWN else self.outside.member(parent, node.attr)
        return UNKNOWN

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.operands:
            operand = self.operands[node.id]
            self.uses[node.id] += 1
            return ast.Name(operand.id, node.ctx) if isinstance(operand, ast.Name) else operand
        return node if node.id in self.local else self.rewriter.reference(self._thing(node), node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        thing = self._thing(node)
        if thing is not UNKNOWN:
            parent = self._thing(node.value)
            if self.outside.is_own(thing):
                return self.rewriter.reference(thing)
            return self.outside.attribute(parent, node.attr)
        node.value = self.visit(node.value)
        found = self.facts.attribute(node.value, node.attr)
        return node if found is UNKNOWN else self.outside.literal(found)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        renamed = self.operands.get(node.arg)
        return ast.arg(renamed.id if isinstance(renamed, ast.Name) else node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        target, value = self.visit(node.target), node.value
        return ast.Pass() if value is None else ast.Assign([target], self.visit(value))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.returns = None
        self.generic_visit(node)
        return node

    # -- expressions -------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> ast.expr:
        thing = self._thing(node.func)
        arguments = self._spliced(node.args)
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if thing is UNKNOWN:
            return self._folded(ast.Call(self.visit(node.func), arguments, keywords))
        return self._folded(self.rewriter.call(thing, arguments, keywords))

    def _spliced(self, parts: list[ast.expr]) -> list[ast.expr]:
        """The parts, visited; a starred tuple laid open."""
        found: list[ast.expr] = []
        for part in map(self.visit, parts):
            inside = part.value if isinstance(part, ast.Starred) else None
            found += inside.elts if isinstance(inside, ast.Tuple) else [part]
        return found

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        return ast.Tuple(self._spliced(node.elts), node.ctx)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.visit(node.test)
        known = self.facts.value(test)
        if known is not UNKNOWN:
            return self.visit(node.body if known else node.orelse)
        return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._folded(ast.BinOp(self.visit(node.left), node.op, self.visit(node.right)))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        return self._folded(ast.UnaryOp(node.op, self.visit(node.operand)))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        left, others = self.visit(node.left), list(map(self.visit, node.comparators))
        if len(others) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot):  # Python warns of `0 is None`
            ends = self.facts.value(left), self.facts.value(others[0])
            if UNKNOWN not in ends:
                return ast.Constant((ends[0] is ends[1]) == isinstance(node.ops[0], ast.Is))
        return self._folded(ast.Compare(left, node.ops, others))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return self._folded(ast.BoolOp(node.op, list(map(self.visit, node.values))))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        value, index = self.visit(node.value), self.visit(node.slice)
        if isinstance(value, ast.Tuple):  # the operands of a variadic operation
            numbered = ast.Tuple([ast.Constant(i) for i in range(len(value.elts))])
            places = self.facts.value(ast.Subscript(numbered, index))
            if isinstance(places, int):
                return value.elts[places]
            if isinstance(places, tuple):
                return ast.Tuple([value.elts[i] for i in places], node.ctx)
        return self._folded(ast.Subscript(value, _as_index(index), node.ctx))

    def _folded(self, node: ast.expr) -> ast.expr:
        """A number instead of an expression of numbers; but 1 / 12 reads better than 0.08333333333333333."""
        match node:
            case ast.BinOp(ast.Constant(int()), ast.Div(), ast.Constant(int())) | ast.Constant() | ast.Tuple():
                return node
            case ast.Call(ast.Name("slice" | "type")):
                return node
        known = self.facts.value(node)
        try:
            return node if known is UNKNOWN else self.outside.literal(known)
        except LookupError:
            return node


def _as_index(index: ast.expr) -> ast.expr:
    """An index as it is written in brackets: slice(1, None) is 1:."""
    match index:
        case ast.Call(ast.Name("slice"), ends):
            shown = [None if isinstance(end, ast.Constant) and end.value is None else end for end in ends]
            return ast.Slice(*shown)
        case ast.Tuple(parts) if parts:
            return ast.Tuple(list(map(_as_index, parts)), index.ctx)
    return index


def bound(
    function: FunctionType,
    spec: ast.arguments,
    arguments: list[ast.expr],
    keywords: list[ast.keyword],
    literal: Callable[[Any], ast.expr],
) -> dict[str, ast.expr] | None:
    """Which expression each parameter of a function stands for; None where the text does not tell."""
    given = {k.arg: k.value for k in keywords}
    if spec.kwarg or None in given or any(isinstance(argument, ast.Starred) for argument in arguments):
        return None
    names = [parameter.arg for parameter in spec.posonlyargs + spec.args]
    defaults = function.__defaults__ or ()
    known = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)) | (function.__kwdefaults__ or {})
    operands = {name: literal(default) for name, default in known.items()}
    operands.update(zip(names, arguments, strict=False))
    operands.update({name: value for name, value in given.items() if name is not None})
    expected = {*names, *(parameter.arg for parameter in spec.kwonlyargs)}
    if spec.vararg:
        operands[spec.vararg.arg] = ast.Tuple(arguments[len(names) :], ast.Load())
        expected.add(spec.vararg.arg)
    return operands if set(operands) == expected else None


def local_names(tree: ast.AST) -> set[str]:
    """All names that are defined inside a piece of source."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Store() | ast.Del()) | ast.arg(name) | ast.ExceptHandler(_, str(name)):
                found.add(name)
            case ast.alias(name, alias):
                found.add(alias or name.partition(".")[0])
            case ast.FunctionDef(name) if node is not tree:
                found.add(name)
    return found
