"""Keep a program's names apart from those of the rules that are written into it, whatever both are called.

While a text is made, no name in it stands bare: it says whether it is the program's (a function, a module,
one of Python's own words), a local name of some function or comprehension, or a slot for a variable to come.
Only when the text is spelled out, a local name that something else in the text has already is changed.

>>> text = f"sum({local('x', 1)} * {slot('0')} for {local('x', 1)} in (1, 2))"
>>> spelled(text, {"0": "y"}.get), spelled(text, {"0": "x"}.get)
('sum(x * y for x in (1, 2))', 'sum(x_ * x for x_ in (1, 2))')
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

OWN, LOCAL, SLOT = "own", "local", "slot"
# Brackets that no identifier has; a rule's own text that looks like this is refused.
MARK = re.compile("⟦(own|local|slot):([^⟧]*)⟧")


def own(name: str) -> str:
    """The name of a function, constant or module of the program, or one of Python's."""
    return f"⟦{OWN}:{name}⟧"


def local(name: str, number: int) -> str:
    """A name that is bound inside a function, a lambda or a comprehension; the number tells it from its namesakes."""
    return f"⟦{LOCAL}:{name}#{number}⟧"


def slot(name: str) -> str:
    """The place of a variable that is filled in later."""
    return f"⟦{SLOT}:{name}⟧"


def is_own(node: ast.AST, *names: str) -> bool:
    """Whether an expression is one of these names of the program."""
    return isinstance(node, ast.Name) and node.id in map(own, names)


def calls(node: ast.AST, *names: str) -> bool:
    """Whether an expression calls one of these, which may be NumPy's: "np.sum"."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute) and is_own(called.value, "np"):
        return f"np.{called.attr}" in names
    return is_own(called, *names)


def parsed(text: str) -> ast.expr:
    """Python text, whose names are all the program's, as an expression."""
    tree = ast.parse(text, mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = own(node.id)
    return tree


def unparsed(tree: ast.AST) -> str:
    """A tree as text, its names still marked."""
    return ast.unparse(ast.fix_missing_locations(tree))


def mentioned(text: str) -> set[str]:
    """The program's own names in a text."""
    return {name for kind, name in MARK.findall(text) if kind == OWN}


def spelling(text: str, fill: Callable[[str], Any] = str) -> dict[str, str]:
    """How each local name of a text is written, given what fills its slots."""
    marks = dict.fromkeys(MARK.findall(text))
    wanted = [name for kind, name in marks if kind == LOCAL]
    if not wanted:
        return {}
    filled = " ".join(fill(name) for kind, name in marks if kind == SLOT)
    taken = {*re.findall(r"[^\W\d]\w*", filled), *(name for kind, name in marks if kind == OWN)}
    found: dict[str, str] = {}
    for name in wanted:
        found[name] = name.rpartition("#")[0]
        while found[name] in taken:
            found[name] += "_"
        taken.add(found[name])
    return found


def spelled(text: str, fill: Callable[[str], Any] = str) -> str:
    """A text without marks."""
    written = spelling(text, fill)

    def write(mark: re.Match[str]) -> str:
        kind, name = mark.groups()
        return str(fill(name)) if kind == SLOT else written.get(name, name)

    return MARK.sub(write, text)
