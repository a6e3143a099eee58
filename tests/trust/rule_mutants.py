"""Make every small fault in the derivative rules: `mutants()` lists them, each ready to be compiled.

A fault is one changed node in the syntax tree of a module: a sign turned, a factor dropped, a call left out. They are
made in the rows of the tables, in the helpers that rules call, and in what runs the rules: `TARGETS` says where.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).parents[2]

#: Every row `name = Primitive(...)` of these files, and the functions and constants named.
TARGETS: dict[str, str] = {
    "autograd_mini/primitives/elementwise.py": "LN2 LN10 TWO_OVER_SQRT_PI stable_sigmoid sigmoid_of_number "
    "power_slope exponent_slope over_squared_radius elementwise_erf",
    "autograd_mini/primitives/reductions.py": "product_of_others share_of_ties finite_top stable_logsumexp "
    "stable_log_softmax",
    "autograd_mini/primitives/products.py": "transpose product_like matmul_left matmul_right einsum_pull cofactors",
    "autograd_mini/primitives/shaping.py": "put_back picks_each_once walks_along inverse cut unpad",
    "autograd_mini/rules.py": "Local.__init__ restore_axes",
    "autograd_mini/floats.py": "_sign _maximum _minimum _logaddexp _where FLOAT_FUNCTIONS teach",
    "autograd_mini/value.py": "apply1 apply2 apply _apply_to_numbers",
    "autograd_mini/backprop.py": "topological_order reached _Alarm.listening _Alarm.__call__ chain_rule fit "
    "unbroadcast broadcast_axes backpropagate _backpropagate_floats is_own seed _Pass.__init__ _Pass.run "
    "_Pass._listening _Pass.told _Pass.clear _Pass.restoring backward gradients zero_like steps",
    "autograd_mini/transforms.py": "_run _result _shaped value_and_grad vjp jvp push_forward _like _tangent _times "
    "_basis jacobian _stacked hessian hvp",
    "autograd_mini/functions.py": "softmax log_softmax",
    "autograd_mini/nn/windows.py": "look copies sum_back windows_pull fold_pull frame padded places",
    "autograd_mini/nn/conv.py": "examples_last patches rows_of columns_of correlate correlate_x "
    "correlate_weight conv2d",
    "autograd_mini/nn/pool.py": "max_pool2d avg_pool2d _seen",
    "autograd_mini/nn/functional.py": "SELU_SCALE selu gelu silu softplus logsigmoid dropout linear _weighted_sums "
    "layer_norm standardize embedding",
    "autograd_mini/nn/loss_functions.py": "log_or_minus_100 log1p_or_minus_100 mse_loss l1_loss huber_loss "
    "smooth_l1_loss hinge_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div _weighted_mean cut_square",
    "autograd_mini/nn/class_losses.py": "cross_entropy nll_loss _of_classes _weighted _smoothed",
    "autograd_mini/nn/loss_checks.py": "reduced",
}

OTHER_OPERATOR: dict[type, type] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Mod: ast.Sub, ast.FloorDiv: ast.Mult},
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}
_PAIRS = (
    "sin cos, sinh cosh, maximum minimum, max min, exp expm1, log log1p, zeros_like ones_like, all any, cumsum cumprod,"
    "sum mean, x y, left right, upstream local, before contribution, kernel stride, z g, rows columns"
)
_TWINS = dict(pair.split() for pair in _PAIRS.split(","))
OTHER_NAME = _TWINS | {there: here for here, there in _TWINS.items()} | {"Along": "Local"}
OTHER_NUMBER: dict[float, float] = {0: 1, 1: 2, 2: 1, 0.5: 1}
#: Keywords that change no number: how a row is written, and that lengths are checked.
NOTATION = {"symbol", "latex", "precedence", "encloses", "strict"}
#: Calls whose change would only be a TypeError at once.
DULL = {
    "type",
    "isinstance",
    "len",
    "zip",
    "enumerate",
    "range",
    "map",
    "list",
    "tuple",
    "Primitive",
    "Misfit",
    "getattr",
}


#: There a condition only chooses between a short and a long way to the same numbers: it is not changed.
SHORT_WAYS = {"apply1", "apply2"}


@dataclass(frozen=True)
class Mutant:
    """One fault: in the file, in the function or row `scope`, `old` has become `new`."""

    file: str
    scope: str
    line: int
    kind: str
    old: str
    new: str
    again: int
    compiled: Callable[[], CodeType]

    @property
    def key(self) -> str:
        """A name that stays the same when lines are added elsewhere."""
        short = self.file.removeprefix("autograd_mini/").removeprefix("primitives/")
        repeated = f" #{self.again}" if self.again > 1 else ""
        return f"{short} {self.scope}: {self.old} -> {self.new}{repeated}"

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key.partition(' ')[2]}"


def changes(parent: Any, field: str, i: int | None, node: ast.AST, bound: set[str]) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in the node's place: the kind of fault, and the faulty node. `bound`: the names in scope."""
    if field == "test":
        yield "condition", ast.UnaryOp(ast.Not(), node)
    if isinstance(parent, ast.Dict) and field == "values" and i is not None:
        yield "float twin", parent.values[i - 1]
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield ("sign" if isinstance(node.op, ast.USub) else "condition"), operand
        case ast.BinOp(left=left, op=op, right=right):
            yield "operand", left
            if ast.dump(left) != ast.dump(right):
                yield "operand", right
            if type(op) in OTHER_OPERATOR:
                yield "operator", ast.BinOp(left, OTHER_OPERATOR[type(op)](), right)
            if isinstance(op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
                yield "swap", ast.BinOp(right, op, left)
        case ast.Compare(left=left, ops=[op, *ops], comparators=comparators):
            yield "comparison", ast.Compare(left, [OTHER_OPERATOR[type(op)](), *ops], comparators)
        case ast.BoolOp(op=op, values=values):
            yield "condition", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for i in range(len(values)):
                rest = values[:i] + values[i + 1 :]
                yield "condition", ast.BoolOp(op, rest) if len(rest) > 1 else rest[0]
        case ast.Constant(value=bool() as truth):
            yield "constant", ast.Constant(not truth)
        case ast.Constant(value=int() | float() as number):
            yield "constant", ast.Constant(OTHER_NUMBER.get(number, number + 1))
        case ast.Return(value=ast.expr() as value) if bound & {"g", "z"}:
            yield "sign", ast.Return(ast.UnaryOp(ast.USub(), value))
        case ast.Name(id=name, ctx=ast.Load()) if OTHER_NAME.get(name) in bound:
            yield "name", ast.Name(OTHER_NAME[name], ast.Load())
        case ast.Call(func=function, args=args, keywords=keywords):
            yield from calls(node, function, args, keywords)
        case ast.Slice(lower=lower, upper=upper, step=step):
            yield from (("index", part) for part in without_one(ast.Slice, lower=lower, upper=upper, step=step))
        case ast.Subscript(value=value, ctx=ast.Load()) | ast.Attribute(value=value, attr="T"):
            yield "index", value
    if isinstance(node, ast.AugAssign | ast.Expr | ast.Continue) or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    ):
        yield "statement", ast.Pass()


def calls(node: ast.Call, function: Any, args: list, keywords: list) -> Iterator[tuple[str, ast.AST]]:
    name = getattr(function, "id", getattr(function, "attr", ""))
    if name in ("Local", "Along", "Pull") and isinstance(args[0], ast.Lambda | ast.Constant):
        rule = args[0]
        if isinstance(rule, ast.Constant) and rule.value == 0:
            return
        minus = ast.UnaryOp(ast.USub(), rule.body if isinstance(rule, ast.Lambda) else rule)
        turned: Any = ast.Lambda(rule.args, minus) if isinstance(rule, ast.Lambda) else minus
        yield "sign", ast.Call(function, [turned], [])
    elif name not in DULL:
        text = args and isinstance(args[0], ast.Constant) and isinstance(args[0].value, str)
        if args and not text and not isinstance(args[0], ast.Starred | ast.GeneratorExp):
            yield "call", args[0]
        elif not args and isinstance(function, ast.Attribute):
            yield "call", function.value  # x.copy() -> x
        one_is_constant = any(isinstance(a, ast.Constant) for a in args[-2:]) and name != "where"
        if len(args) > 1 and not one_is_constant and not any(isinstance(a, ast.Starred) for a in args):
            yield "swap", ast.Call(function, [*args[:-2], args[-1], args[-2]], keywords)
    if name in OTHER_NAME:
        other = OTHER_NAME[name]
        changed = (
            ast.Name(other, ast.Load())
            if isinstance(function, ast.Name)
            else ast.Attribute(function.value, other, ast.Load())
        )
        yield "call", ast.Call(changed, args, keywords)
    for i, keyword in enumerate(keywords):
        if keyword.arg not in NOTATION:
            yield "keyword", ast.Call(function, args, keywords[:i] + keywords[i + 1 :])
    if name == "Primitive" and len(args) == 4 and ast.dump(args[2]) != ast.dump(args[3]):
        yield "rule", ast.Call(function, [*args[:2], args[3], args[2]], keywords)


def without_one(kind: type, **parts: Any) -> Iterator[ast.AST]:
    for name, part in parts.items():
        if part is not None:
            yield kind(**{**parts, name: None})


def stays(node: ast.AST) -> bool:
    """Whether the node is a text, notation, or only refuses wrong arguments."""
    match node:
        case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.If(body=steps):
            return all(isinstance(step, ast.Raise) for step in steps)
        case ast.keyword(arg=name):
            return name in NOTATION
        case ast.BinOp(op=ast.BitOr(), left=ast.Name(id=name)):  # a union of types
            return name in vars(builtins)
        case ast.BinOp(op=ast.BitOr(), left=left):
            return stays(left)
    return False


def children(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """The node's children that may change, with their places."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
            continue
        for i, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST) and not stays(child):
                yield node, field, i if isinstance(value, list) else None, child


def below(
    node: ast.AST, bound: set[str], no_tests: bool = False
) -> Iterator[tuple[ast.AST, str, int | None, ast.AST, set[str]]]:
    """Every place under the node, and the names bound there."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        bound = bound | {argument.arg for argument in node.args.args}
    if isinstance(node, ast.FunctionDef):
        bound = bound | {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for parent, field, i, child in children(node):
        if not (no_tests and field == "test"):
            yield parent, field, i, child, bound
            yield from below(child, bound, no_tests)


def is_row(node: ast.AST) -> bool:
    call = getattr(node, "value", None)
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Primitive"


def scopes(tree: ast.Module, wanted: set[str] | None = None) -> Iterator[tuple[str, ast.stmt]]:
    """The functions and constants wanted, or all of them, and every row, by name."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
            if names and (is_row(node) or wanted is None or wanted.intersection(names)):
                yield " ".join(names), node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and f"{node.name}.{method.name}" in (wanted or ()):
                    yield f"{node.name}.{method.name}", method
        elif isinstance(node, ast.FunctionDef) and (wanted is None or node.name in wanted):
            yield node.name, node


def compiler(
    tree: ast.Module, parent: ast.AST, field: str, i: int | None, old: ast.AST, new: ast.AST, path: Path
) -> Any:
    def put(node: ast.AST) -> None:
        if i is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[i] = node

    def compiled() -> CodeType:
        put(ast.fix_missing_locations(ast.copy_location(new, old)))
        try:
            return compile(tree, str(path), "exec")
        finally:
            put(old)

    return compiled


def alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def shortened(old: str, new: str) -> tuple[str, str]:
    """Both texts, if they are long without most of what is the same at their beginnings and ends."""
    if max(len(old), len(new)) > 70:
        before = max(alike(old, new) - 20, 0)
        after = max(alike(old[before:][::-1], new[before:][::-1]) - 20, 0)
        old, new = ("…" * (before > 0) + t[before : len(t) - after] + "…" * (after > 0) for t in (old, new))
    old, new = (t if len(t) <= 90 else f"{t[:45]}…{t[-44:]}" for t in (old, new))
    return old, new


def mutants_of(file: str) -> Iterator[Mutant]:
    tree, seen = ast.parse((ROOT / file).read_text()), Counter[tuple[str, str, str]]()
    for scope, statement in scopes(tree, set(TARGETS[file].split())):
        for parent, field, i, old, bound in below(statement, set(), scope in SHORT_WAYS):
            for kind, new in changes(parent, field, i, old, bound):
                if ast.unparse(old) == ast.unparse(new):
                    continue
                written = shortened(ast.unparse(old), ast.unparse(new))
                seen[scope, *written] += 1
                again, line = seen[scope, *written], getattr(old, "lineno", statement.lineno)
                compiled = compiler(tree, parent, field, i, old, new, ROOT / file)
                yield Mutant(file, scope, line, kind, *written, again, compiled)


def mutants() -> list[Mutant]:
    return [mutant for file in TARGETS for mutant in mutants_of(file)]


@cache
def uses(file: str) -> tuple[dict[str, set[str]], dict[str, str]]:
    """What each function and row of a file mentions, and the names by which the tables know its rows."""
    found = dict(scopes(ast.parse((ROOT / file).read_text())))
    mentioned = {name: {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} for name, node in found.items()}
    return mentioned, {name: node.value.args[0].value for name, node in found.items() if is_row(node)}


def rows_using(mutant: Mutant) -> list[str]:
    """The rows of the mutant's file that are, or use, what it changes, as the tables name them."""
    mentioned, rows = uses(mutant.file)
    reached = set(mutant.scope.split())
    while more := {name for name, names in mentioned.items() if names & reached} - reached:
        reached |= more
    return [title for name, title in rows.items() if name in reached]
