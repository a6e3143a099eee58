"""Tell which names a function binds, and what its parameters stand for in a call.

>>> sorted(bound_names(ast.parse("a = [b for b in c]; d: int = e").body))
['a', 'd']
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

#: Where a name stands as plain text in a syntax tree.
NAMING = ((ast.ExceptHandler, "name"), (ast.MatchAs, "name"), (ast.MatchStar, "name"), (ast.MatchMapping, "rest"))


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


def bound_names(parts: Iterable[ast.AST]) -> set[str]:
    """The names that a function's parameters and body bind, not those of functions and comprehensions inside it."""
    found: set[str] = set()
    for node in parts:
        match node:
            case ast.Name(name, ast.Store() | ast.Del()) | ast.arg(name):
                found.add(name)
            case ast.alias(name, alias):
                found.add(alias or name)
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                found.add(name)
                continue
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                found |= {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
                continue
        found |= {getattr(node, field) for kind, field in NAMING if isinstance(node, kind) and getattr(node, field)}
        found |= bound_names(ast.iter_child_nodes(node))
    return found


def binds_elsewhere(value: ast.expr) -> bool:
    """Whether an expression does more than to have a value: binds a name, or waits."""
    return any(isinstance(node, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await) for node in ast.walk(value))
