"""Take a function's body into a program: parameters replaced, outer names resolved, the known parts computed."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from types import FunctionType
from typing import TYPE_CHECKING, Any

from autograd_mini.explain.program.marks import calls, slot
from autograd_mini.explain.program.rule_folding import OPERANDS, UNKNOWN, is_short
from autograd_mini.explain.program.rule_names import NAMING, binds_elsewhere, bound_names
from autograd_mini.explain.program.rule_source import NoSourceError

if TYPE_CHECKING:
    from autograd_mini.explain.program.rule_rewriting import Rewriter


class Scope(ast.NodeVisitor):
    """One function on its way into a program: makes a new tree, and leaves the source's as it is.

    Args:
        names: the expression that each parameter and each local name stands for; any other name is looked up
            outside the function.
    """

    def __init__(self, rewriter: Rewriter, function: FunctionType, names: Mapping[str, ast.expr]) -> None:
        self.rewriter, self.facts, self.outside = rewriter, rewriter.facts, rewriter.outside
        self.function = function
        self.names = dict(names)
        self._marks: dict[str, str] = {}
        self.long: Counter[int] = Counter()
        """How often each expression stands that should not be written twice, by its id."""

    def value_of(self, body: list[ast.stmt]) -> ast.expr | None:
        """What a body returns, as one expression; None where it takes more than that."""
        for i, line in enumerate(body):
            match line:
                case ast.Pass() | ast.Expr(ast.Constant()):
                    continue
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                    short = self._short(value)
                    if short is None:
                        return None
                    self.names[name] = short
                case ast.If(test, then, otherwise):
                    known = self.facts.value(self.visit(test))
                    rest = [*(then if known else otherwise), *body[i + 1 :]]
                    return None if known is UNKNOWN else self.value_of(rest)
                case ast.Return(ast.expr() as value):
                    return self._returned(value)
                case _:
                    return None
        return None

    def _short(self, value: ast.expr) -> ast.expr | None:
        """An assigned value that may be written wherever the name stands; else None."""
        if binds_elsewhere(value):
            return None
        result: ast.expr = self.visit(value)
        return result if self.facts.value(result) is not UNKNOWN or is_short(result) else None

    def _returned(self, value: ast.expr) -> ast.expr | None:
        if binds_elsewhere(value):
            return None
        self.long.clear()
        result: ast.expr = self.visit(value)
        return None if any(n > 1 for n in self.long.values()) else result

    def generic_visit(self, node: ast.AST) -> Any:
        """A copy of the node, its parts visited."""
        return type(node)(**{field: self._part(part) for field, part in ast.iter_fields(node)})

    def _part(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._part(item) for item in part]
        return self.visit(part) if isinstance(part, ast.AST) else part

    # -- names -------------------------------------------------------------------------------------

    def _thing(self, node: ast.expr) -> Any:
        """What an expression names outside the function, UNKNOWN if it names nothing there."""
        if isinstance(node, ast.Name) and node.id not in self.names:
            return self.outside.lookup(self.function, node.id)
        if isinstance(node, ast.Attribute):
            parent = self._thing(node.value)
            return parent if parent is UNKNOWN else self.outside.member(parent, node.attr)
        return UNKNOWN

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return self.rewriter.reference(self._thing(node), node.id)
        meant = self.names[node.id]
        if isinstance(meant, ast.Name):
            return ast.Name(meant.id, node.ctx)
        if not is_short(meant):
            self.long[id(meant)] += 1
        return meant

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        thing = self._thing(node)
        if thing is not UNKNOWN:
            parent = self._thing(node.value)
            if self.outside.is_own(thing):
                return self.rewriter.reference(thing)
            return self.outside.attribute(parent, node.attr)
        value = self.visit(node.value)
        found = self.facts.attribute(value, node.attr)
        return ast.Attribute(value, node.attr, node.ctx) if found is UNKNOWN else self.outside.literal(found)

    def written(self, name: str) -> str:
        """How a name that is bound here, and stands as plain text, is written."""
        meant = self.names.get(name)
        return meant.id if isinstance(meant, ast.Name) else name

    def bind(self, names: Set[str]) -> None:
        """Marks the names that a function or a comprehension binds; where one hides another, it does so in the text."""
        for name in sorted(names - set(self._marks)):
            self._marks[name] = self.rewriter.local(name)
        self.names |= {name: ast.Name(self._marks[name]) for name in names}

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.written(node.arg))

    def visit_alias(self, node: ast.alias) -> ast.alias:
        if node.asname is None and "." in node.name:  # binds only the first part, and loads the others
            raise NoSourceError(f"a program cannot write `import {node.name}` inside a function; import it outside")
        return ast.alias(node.name, self.written(node.asname or node.name))

    def visit_Global(self, node: ast.Global) -> ast.stmt:
        raise NoSourceError(f"a rule that sets global names ({', '.join(node.names)}) is no program of its own")

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.stmt:
        return ast.Nonlocal(list(map(self.written, node.names)))

    def _naming(self, node: ast.AST) -> ast.AST:
        copied: ast.AST = self.generic_visit(node)
        for kind, field in NAMING:
            if isinstance(node, kind) and getattr(node, field):
                setattr(copied, field, self.written(getattr(node, field)))
        return copied

    visit_ExceptHandler = visit_MatchAs = visit_MatchStar = visit_MatchMapping = _naming

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        target, value = self.visit(node.target), node.value
        return ast.Pass() if value is None else ast.Assign([target], self.visit(value))

    # -- scopes inside -----------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        decorators = list(map(self.visit, node.decorator_list))
        spec, body = self._inner(node.args, node.body)
        return ast.FunctionDef(self.written(node.name), spec, body, decorators, None)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        spec, (body,) = self._inner(node.args, [node.body])
        return ast.Lambda(spec, body)

    def _inner(self, spec: ast.arguments, body: Sequence[ast.AST]) -> tuple[ast.arguments, list[Any]]:
        defaults, kw_defaults = list(map(self.visit, spec.defaults)), [d and self.visit(d) for d in spec.kw_defaults]
        outer = self.names.copy()
        shared = {name for line in body for n in ast.walk(line) if isinstance(n, ast.Nonlocal) for name in n.names}
        self.bind(bound_names([spec, *body]) - shared)
        written, inside = self.parameters(spec, defaults, kw_defaults), [self.visit(line) for line in body]
        self.names = outer
        return written, inside

    def parameters(
        self, spec: ast.arguments, defaults: list[ast.expr], kw_defaults: list[ast.expr | None]
    ) -> ast.arguments:
        """The parameters of a function, with these defaults."""
        parts = {field: self._part(part) for field, part in ast.iter_fields(spec) if "defaults" not in field}
        return ast.arguments(**parts, defaults=defaults, kw_defaults=kw_defaults)

    def _comprehension(self, node: Any) -> ast.expr:
        outer, generators = self.names.copy(), []
        for part in node.generators:
            iterated = self.visit(part.iter)  # the first one outside, in the others the earlier targets are known
            self.bind(bound_names([part.target]))
            target, tests = self.visit(part.target), list(map(self.visit, part.ifs))
            generators.append(ast.comprehension(target, iterated, tests, part.is_async))
        fields = {name: self.visit(getattr(node, name)) for name in node._fields if name != "generators"}
        self.names = outer
        made: ast.expr = type(node)(**fields, generators=generators)
        return made

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self.outside.literal(node.value) if isinstance(node.value, str) else ast.Constant(node.value)

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
            if isinstance(inside, ast.Name) and inside.id == OPERANDS:
                found += [ast.Name(slot(f"inputs{place}")) for place in range(len(self.facts.operands))]
            else:
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
        if isinstance(value, ast.Name) and value.id == OPERANDS:
            place, count = self.facts.value(index), len(self.facts.operands)
            if type(place) is int and -count <= place < count:
                return ast.Name(slot(f"inputs{place % count}"))
        return self._folded(ast.Subscript(value, _as_index(index), node.ctx))

    def _folded(self, node: ast.expr) -> ast.expr:
        """A number instead of an expression of numbers; but 1 / 12 reads better than 0.08333333333333333."""
        match node:
            case ast.BinOp(ast.Constant(int()), ast.Div(), ast.Constant(int())):
                return node
            case ast.Constant() | ast.Name() | ast.Tuple():
                return node
        if calls(node, "slice", "type"):
            return node
        known = self.facts.value(node)
        try:
            return node if known is UNKNOWN else self.outside.literal(known)
        except LookupError:
            return node


def _as_index(index: ast.expr) -> ast.expr:
    """An index as it is written in brackets: slice(1, None) is 1:."""
    if isinstance(index, ast.Call) and calls(index, "slice"):
        return ast.Slice(*[None if isinstance(e, ast.Constant) and e.value is None else e for e in index.args])
    if isinstance(index, ast.Tuple) and len(index.elts) == 1 and calls(index.elts[0], "slice"):
        return _as_index(index.elts[0])
    if isinstance(index, ast.Tuple) and index.elts:
        return ast.Tuple(list(map(_as_index, index.elts)), ast.Load())
    return index
