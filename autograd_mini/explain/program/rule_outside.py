"""Write down what a rule's source mentions but does not define: NumPy's functions, numbers, arrays, modules.

>>> from autograd_mini.explain.program.marks import spelled
>>> outside = Outside(Names(), {})
>>> norm, index = outside.reference(np.linalg.norm), outside.literal((slice(1, 3), -0.5))
>>> spelled(ast.unparse(norm)), spelled(ast.unparse(index))
('np.linalg.norm', '(slice(1, 3), -0.5)')
"""

from __future__ import annotations

import ast
import builtins
import math
import sys
from types import EllipsisType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np

from autograd_mini.explain.program.marks import MARK, own, parsed
from autograd_mini.explain.program.rule_folding import UNKNOWN, Shape
from autograd_mini.explain.program.rule_source import NoSourceError
from autograd_mini.spelling import Names, number_text
from autograd_mini.visible import shown

#: Things that stand for themselves in a program's text.
PLAIN = (bool, int, float, str, bytes, NoneType, EllipsisType, slice, tuple, list, np.generic, np.ndarray, np.dtype)
LIBRARIES = sys.stdlib_module_names | {"numpy"}


class Outside:
    """The constants, arrays and imports of a program, collected as they are mentioned."""

    def __init__(self, names: Names, shapes: dict[str, Shape], mixed: bool = False) -> None:
        self.names, self.shapes = names, shapes
        self.mixed = mixed
        """Whether there are other numbers than float64, so that np.float64(2) is not the same as 2.0."""
        self.constants: dict[str, float] = {}
        self.arrays: dict[str, np.ndarray] = {}
        self.modules: dict[str, ModuleType] = {}
        self._array_names: dict[int, str] = {}
        self._constant_names: dict[tuple[str, float], str] = {}

    def lookup(self, function: FunctionType, name: str) -> Any:
        """What a name means in a function that does not define it."""
        code = function.__code__
        if name in code.co_freevars:
            return (function.__closure__ or ())[code.co_freevars.index(name)].cell_contents
        for place in (function.__globals__, vars(builtins)):
            if name in place:
                return place[name]
        raise NoSourceError(f"{code.co_name} uses {name!r}, which is not defined")

    def member(self, parent: Any, name: str) -> Any:
        """An attribute of a thing outside; UNKNOWN where the text should keep the attribute."""
        return UNKNOWN if isinstance(parent, (*PLAIN, np.ufunc, FunctionType)) else getattr(parent, name, UNKNOWN)

    def is_own(self, thing: Any) -> bool:
        """Whether it is a function to be written out: any but NumPy's and the standard library's."""
        return isinstance(thing, FunctionType) and (thing.__module__ or "").partition(".")[0] not in LIBRARIES

    def attribute(self, parent: Any, name: str) -> ast.expr:
        """An expression for a member of a module or of any other thing outside."""
        thing = getattr(parent, name)
        if isinstance(parent, ModuleType) and not isinstance(thing, ModuleType):
            library = parent.__name__.partition(".")[0] in LIBRARIES
            if library or not isinstance(thing, PLAIN | type):
                return ast.Attribute(self._module(parent), name)
        return self.reference(thing, name)

    def reference(self, thing: Any, name: str = "") -> ast.expr:
        """An expression for a thing that is no function of our own.

        Raises:
            NoSourceError: no text can name it.
        """
        if isinstance(thing, ModuleType):
            return self._module(thing)
        if isinstance(thing, float) and name.isupper() and len(repr(thing)) > 6:
            if (name, thing) not in self._constant_names:
                self._constant_names[name, thing] = self.names.new(name)
                self.constants[self._constant_names[name, thing]] = thing
            return ast.Name(own(self._constant_names[name, thing]))
        if isinstance(thing, type) and issubclass(thing, Exception):  # a class of our own would add nothing
            thing = next(base for base in thing.__mro__ if base.__module__ == "builtins")
        if thing is EllipsisType or thing is NoneType:
            return ast.Call(ast.Name(own("type")), [ast.Constant(... if thing is EllipsisType else None)], [])
        label = getattr(thing, "__name__", "")
        home = getattr(thing, "__module__", None) or "numpy"  # ufuncs tell no module
        for module in (builtins, np, math, sys.modules.get(home)):
            if label and module is not None and getattr(module, label, None) is thing:
                return ast.Name(own(label)) if module is builtins else ast.Attribute(self._module(module), label)
        return self.literal(thing)

    def literal(self, thing: Any) -> ast.expr:
        """A number, text, index or array as an expression; an array gets a name of its own."""
        if isinstance(thing, str) and MARK.search(thing):
            raise NoSourceError(f"a program cannot mention the text {thing!r:.60}")
        if thing is None or isinstance(thing, bool | str | bytes | EllipsisType):
            return ast.Constant(thing)
        if isinstance(thing, np.ndarray) and thing.ndim:
            return ast.Name(own(self.array(thing)))
        if isinstance(thing, np.float64) and self.mixed:
            return parsed(f"np.float64({number_text(float(thing))})")
        if isinstance(thing, int | float | np.generic | np.ndarray):
            return parsed(number_text(thing))
        if isinstance(thing, tuple | list):
            parts = list(map(self.literal, thing))
            return ast.Tuple(parts, ast.Load()) if isinstance(thing, tuple) else ast.List(parts, ast.Load())
        if isinstance(thing, slice):
            ends = [thing.start, thing.stop] + ([] if thing.step is None else [thing.step])
            return ast.Call(ast.Name(own("slice")), list(map(self.literal, ends)), [])
        if isinstance(thing, np.dtype):
            return parsed(f"np.dtype({thing.name!r})")
        raise NoSourceError(f"a program cannot mention a thing such as this: {shown(thing)}")

    def array(self, thing: np.ndarray) -> str:
        """The name of an array among the operands, the params or the constants of a rule."""
        if id(thing) not in self._array_names:
            name = self._array_names[id(thing)] = self.names.new("constant")
            self.arrays[name] = thing
            self.shapes[own(name)] = thing.shape
        return self._array_names[id(thing)]

    def _module(self, module: ModuleType) -> ast.expr:
        path = module.__name__.split(".")
        if path[0] == "numpy":
            return _dotted(["np", *path[1:]])
        if module is math:
            return ast.Name(own("math"))
        for alias, known in self.modules.items():
            if known is module:
                return ast.Name(own(alias))
        alias = self.names.new(path[-1])
        self.modules[alias] = module
        return ast.Name(own(alias))


def _dotted(path: list[str]) -> ast.expr:
    expression: ast.expr = ast.Name(own(path[0]))
    for name in path[1:]:
        expression = ast.Attribute(expression, name)
    return expression
