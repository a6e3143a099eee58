"""Compute the parts of an expression that are known before a program runs: shapes, and what follows from them.

>>> facts = Facts({"x": (4, 3)})
>>> parse = lambda text: ast.parse(text, mode="eval").body
>>> facts.value(parse("max(2, 3) == len((1, 2, 3))")), facts.shape(parse("x.T"))
(True, (3, 4))
>>> facts.value(parse("x + 1")) is UNKNOWN
True
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

Shape = tuple[int, ...]

#: What may be computed in advance when all arguments are known.
FUNCTIONS: dict[str, Any] = {
    **{f.__name__: f for f in (abs, all, any, bool, enumerate, float, int, isinstance, len, list, max, min)},
    **{f.__name__: f for f in (range, reversed, round, slice, sorted, str, sum, tuple, zip)},
}
UNKNOWN = object()
"""The value of an expression that depends on the program's variables."""


class Facts:
    """What is known of a program's variables: their shapes."""

    def __init__(self, shapes: dict[str, Shape]) -> None:
        self.shapes = shapes

    def value(self, expression: ast.expr) -> Any:
        """The value of an expression without variables, else `UNKNOWN`."""
        if isinstance(expression, ast.Constant):
            return expression.value
        own = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name) and _is_stored(node)}
        for node in ast.walk(expression):
            if isinstance(node, ast.Name) and node.id not in own and node.id not in FUNCTIONS:
                return UNKNOWN
        try:
            return eval(ast.unparse(expression), {"__builtins__": FUNCTIONS})
        except Exception:  # 1/0, (2).shape: the program will say so itself
            return UNKNOWN

    def shape(self, expression: ast.expr) -> Shape | None:
        """The shape of a variable, or of a simple expression on one; None where that is not known."""
        match expression:
            case ast.Name(name):
                return self.shapes.get(name)
            case ast.Constant(int() | float()) | ast.UnaryOp(_, ast.Constant(int() | float())):
                return ()
            case ast.Attribute(inner, "T") if (shape := self.shape(inner)) is not None:
                return shape[::-1]
            case ast.Call(ast.Attribute(ast.Name("np"), "float64")):
                return ()
            case ast.Call(ast.Attribute(ast.Name("np"), "expand_dims"), [inner, axis]):
                shape, where = self.shape(inner), self.value(axis)
                if shape is not None and where is not UNKNOWN:
                    return np.expand_dims(np.empty(shape, bool), where).shape
        return None

    def attribute(self, expression: ast.expr, name: str) -> Any:
        """The value of `expression.shape`, `.ndim` or `.size`."""
        shape = self.shape(expression) if name in ("shape", "ndim", "size") else None
        if shape is None:
            return UNKNOWN
        return {"shape": shape, "ndim": len(shape), "size": int(np.prod(shape, dtype=int))}[name]


def _is_stored(node: ast.Name) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def is_short(expression: ast.expr) -> bool:
    """Whether an expression may be written several times: a name, a number, or little around one."""
    match expression:
        case ast.Name() | ast.Constant():
            return True
        case ast.UnaryOp(_, inner) | ast.Attribute(inner) | ast.Starred(inner):
            return is_short(inner)
        case ast.Tuple(parts) | ast.List(parts):
            return all(map(is_short, parts))
        case ast.Call(ast.Attribute(ast.Name("np"), "float64" | "expand_dims"), parts):
            return all(map(is_short, parts))
    return False
