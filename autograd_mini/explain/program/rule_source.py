"""Find the source text of a function or a lambda as a syntax tree, also of one lambda among several on a line.

The file is parsed, and every function that begins on the right line is compiled again: the one whose
code equals the code that runs is the source, so that a file edited since its import is noticed.

>>> from autograd_mini.primitives.elementwise import sigmoid
>>> ast.unparse(definition(sigmoid.rules[0].derivative))
'lambda z, x: z * (1 - z)'
"""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import CodeType, FunctionType

Definition = ast.Lambda | ast.FunctionDef


class NoSourceError(LookupError):
    """The source text of a rule cannot be found or cannot stand in a program of its own."""


def definition(function: FunctionType) -> Definition:
    """The `lambda` or `def` that made a function; not to be changed, as it is kept.

    Raises:
        NoSourceError: no text (a function typed into a bare interpreter, or made by `exec`), or one that was
            changed after it was read.
    """
    code = function.__code__
    named = code.co_filename != "<string>"  # where Python 3.13 keeps the text of `python -c`, which may be another one
    text = "".join(linecache.getlines(code.co_filename, function.__globals__)) if named else ""
    imports, found = _definitions(text)
    for node in found.get(code.co_firstlineno, ()):
        if _same(_compiled(node, imports, code.co_freevars), code):
            return node
    where = f"{code.co_filename}:{code.co_firstlineno}"
    why = f"is not in {where} any more" if text else f"was not written in a file ({where})"
    raise NoSourceError(f"the source of {code.co_name} {why}; define it in a module or a notebook cell")


@lru_cache(maxsize=64)
def _definitions(text: str) -> tuple[list[ast.stmt], dict[int, list[Definition]]]:
    """A module's imports, and all its functions by the line on which they begin."""
    found: dict[int, list[Definition]] = {}
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return [], {}
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            found.setdefault(first, []).append(node)
    return [statement for statement in tree.body if isinstance(statement, ast.Import | ast.ImportFrom)], found


def _compiled(node: Definition, imports: list[ast.stmt], free: tuple[str, ...]) -> CodeType:
    """The function's code, compiled inside a function that has its free variables, as a closure needs.

    The module's imports stand before it, not to be run: for np.exp of an imported np Python makes other
    code than for the method of an object.
    """
    inner: ast.stmt = ast.Return(node)  # type: ignore[arg-type]
    if isinstance(node, ast.FunctionDef):
        inner = ast.copy_location(ast.FunctionDef(node.name, node.args, node.body, [], None), node)
    names = [ast.arg(name) for name in free]
    outer = ast.FunctionDef("outer", ast.arguments([], names, None, [], [], None, []), [inner], [], None)
    module = ast.fix_missing_locations(ast.Module([*imports, outer], []))
    code = compile(module, "<source>", "exec", dont_inherit=True)
    (outer_code,) = _codes_in(code)
    return [inner for inner in _codes_in(outer_code) if inner.co_name == getattr(node, "name", "<lambda>")][-1]


def _codes_in(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two codes do the same, wherever they stand."""
    ours, theirs = _codes_in(one), _codes_in(other)
    return (
        (one.co_code, one.co_names, one.co_varnames, one.co_freevars)
        == (other.co_code, other.co_names, other.co_varnames, other.co_freevars)
        and _plain_constants(one) == _plain_constants(other)
        and len(ours) == len(theirs)
        and all(map(_same, ours, theirs))
    )


def _plain_constants(code: CodeType) -> list[str]:
    return [repr(constant) for constant in code.co_consts if not isinstance(constant, CodeType)]
