"""Compute the parts of an expression that are known before a program runs: shapes, and what follows from them.

>>> from autograd_mini.explain.program.marks import parsed
>>> facts = Facts({"x": (4, 3)})
>>> facts.value(parsed("max(2, 3) == len((1, 2, 3))")), facts.shape(ast.Attribute(ast.Name("x"), "T"))
(True, (3, 4))
>>> facts.value(ast.BinOp(ast.Name("x"), ast.Add(), ast.Constant(1))) is UNKNOWN
True
"""

from __future__ import annotations

import ast
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from autograd_mini.explain.program.marks import MARK, calls, own, slot, unparsed

Shape = tuple[int, ...]

#: What may be computed in advance when all arguments are known.
FUNCTIONS: dict[str, Any] = {
    **{f.__name__: f for f in (abs, all, any, bool, enumerate, float, int, isinstance, len, list, max, min)},
    **{f.__name__: f for f in (range, reversed, round, slice, sorted, str, sum, tuple, zip)},
}
#: Those that would take a stand-in for an array for something else.
DECEIVED = {own(name) for name in ("bool", "isinstance", "str")}


def _plain(name: str) -> str:
    """A marked name as an identifier of its own."""
    return MARK.sub(lambda mark: f"{mark[1]}_{mark[2].replace('#', '_')}", name)


PLAIN_FUNCTIONS = {_plain(own(name)): thing for name, thing in FUNCTIONS.items()}
UNKNOWN = object()
"""The value of an expression that depends on the program's variables."""
OPERANDS = slot("inputs")
"""All operands of a variadic operation, as a tuple."""


class _Shaped:
    """Stands for an array of which only the shape is known; whatever else is asked of it is an error."""

    __slots__ = ("ndim", "shape", "size")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Shape) -> None:
        self.shape, self.ndim, self.size = shape, len(shape), int(np.prod(shape, dtype=int))

    def __bool__(self) -> bool:
        raise TypeError("only its shape is known")

    def __eq__(self, other: object) -> bool:
        raise TypeError("only its shape is known")


class Facts:
    """What is known of a program's variables: their shapes, and of a few the number itself."""

    def __init__(self, shapes: dict[str, Shape] | None = None) -> None:
        self.shapes: dict[str, Shape] = {} if shapes is None else shapes
        self.numbers: dict[str, float] = {}
        """The numbers behind slots that stand for constants."""
        self.consulted = False
        """Whether one of these numbers was used: then the text is true of this number only."""
        self.operands: tuple[_Shaped, ...] = ()
        """What stands behind `OPERANDS`."""

    def learn(self, shapes: dict[str, Shape], numbers: dict[str, float], operands: list[Shape]) -> None:
        """Take in what is known of the slots of a line."""
        self.shapes.update(shapes)
        self.numbers, self.consulted = numbers, False
        self.operands = tuple(map(_Shaped, operands))

    def value(self, expression: ast.expr) -> Any:
        """The value of an expression without variables, else `UNKNOWN`."""
        if isinstance(expression, ast.Constant):
            return expression.value
        names = [node for node in ast.walk(expression) if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(getattr(node, "ctx", None), ast.Store)}
        free = {node.id for node in names} - bound
        known = {**PLAIN_FUNCTIONS, **{_plain(name): self.numbers[name] for name in free if name in self.numbers}}
        if OPERANDS in free and _asks_for_shapes(expression, free):
            known[_plain(OPERANDS)] = self.operands
        if any(_plain(name) not in known for name in free):
            return UNKNOWN
        self.consulted |= not free.isdisjoint(self.numbers)
        text = MARK.sub(lambda mark: _plain(mark[0]), unparsed(expression))
        try:
            result = eval(text, {"__builtins__": {}, **known})
        except Exception:  # 1/0, (2).shape: the program will say so itself
            return UNKNOWN
        return result if _is_plain(result) else UNKNOWN

    def shape(self, expression: ast.expr) -> Shape | None:
        """The shape of a variable, or of a simple expression on one; None where that is not known."""
        match expression:
            case ast.Name(name):
                return self.shapes.get(name)
            case ast.Constant(int() | float()) | ast.UnaryOp(_, ast.Constant(int() | float())):
                return ()
            case ast.Attribute(inner, "T") if (shape := self.shape(inner)) is not None:
                return shape[::-1]
            case ast.Call(_, [_]) if calls(expression, "np.float64"):
                return ()
            case ast.Call(_, [inner, axis]) if calls(expression, "np.expand_dims"):
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


def _asks_for_shapes(expression: ast.expr, free: set[str]) -> bool:
    """Whether an expression cannot mistake the stand-ins of arrays for anything else."""
    if not free.isdisjoint(DECEIVED):
        return False
    return not any(isinstance(node, ast.Is | ast.IsNot | ast.JoinedStr) for node in ast.walk(expression))


def _is_plain(thing: Any) -> bool:
    if isinstance(thing, tuple | list):
        return all(map(_is_plain, thing))
    return isinstance(thing, bool | int | float | str | bytes | slice | NoneType | EllipsisType)


def is_short(expression: ast.expr) -> bool:
    """Whether an expression may be written several times: a name, a number, or little around one."""
    match expression:
        case ast.Name(name):
            return name != OPERANDS
        case ast.Constant():
            return True
        case ast.UnaryOp(_, inner) | ast.Attribute(inner) | ast.Starred(inner):
            return is_short(inner)
        case ast.Tuple(parts) | ast.List(parts):
            return all(map(is_short, parts))
        case ast.Call(_, parts) if calls(expression, "np.float64", "np.expand_dims"):
            return all(map(is_short, parts))
    return False
