"""Write one error of the package as a row: how to provoke it, what it must say, and what it must leave alone."""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_mini
from autograd_mini import backprop, modes, nn, notes, optim, value
from autograd_mini.backprop import topological_order
from autograd_mini.value import Value

anomaly_module = import_module("autograd_mini.anomaly")  # the package has a function of that name
PACKAGE = os.path.realpath(os.path.dirname(autograd_mini.__file__))


class Exited(Exception):
    """A command ended with a status other than 0; the message has it, and what was said on standard error."""


class Row(NamedTuple):
    name: str
    error: type[BaseException]
    says: tuple[str, ...]
    """What the message must contain: names, the shapes or values that came, what was expected, the likely fix."""
    call: Callable[..., Any]
    given: Callable[[], Any]
    """Makes what `call` is given; all of it must be the same afterwards, as must the files of the working folder."""


def row(
    name: str, error: type[BaseException], says: str | list[str], call: Callable, given: Callable[[], Any] = tuple
) -> Row:
    return Row(name, error, (says,) if isinstance(says, str) else tuple(says), call, given)


def provoke(case: Row) -> tuple[BaseException, list[str]]:
    """The error that a row's call raises, in an empty working folder, and what it did not leave as it was."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        given = case.given()
        given = given if type(given) is tuple else () if given is None else (given,)
        before = snapshot(given), global_state(), files()
        try:
            case.call(*given)
        except case.error as error:
            after = snapshot(given), global_state(), files()
            kinds = "what it was given", "the modes", "the files"
            return error, [kind for kind, old, new in zip(kinds, before, after, strict=True) if old != new]
    raise AssertionError(f"{case.name}: nothing was raised")


def snapshot(thing: Any, seen: dict[int, tuple[int, Any]] | None = None) -> Any:
    """All that a thing holds, deeply, as plain data that can be compared; functions and classes by identity."""
    seen = {} if seen is None else seen
    if thing is None or isinstance(thing, str | bytes | bool | int | complex | type | types.FunctionType | np.dtype):
        return thing
    if isinstance(thing, float | np.generic):
        return repr(thing)
    if id(thing) in seen:
        return "seen", seen[id(thing)][0]
    seen[id(thing)] = len(seen), thing  # kept, for another thing may be given its id
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, np.random.Generator):
        return repr(thing.bit_generator.state)
    if isinstance(thing, list | tuple):
        return type(thing), [snapshot(item, seen) for item in thing]
    if isinstance(thing, dict):
        return type(thing), [(snapshot(key, seen), snapshot(item, seen)) for key, item in thing.items()]
    if type(thing).__module__.partition(".")[0] not in ("autograd_mini", __name__.partition(".")[0]):
        return id(thing)
    if type(thing) is Value:  # with the whole graph, which may be deeper than Python's stack
        order = topological_order(thing, check=False)
        seen.update((id(node), (len(seen), node)) for node in order)
        return [snapshot(_held(node) | {"inputs": list(map(id, node.inputs))}, seen) for node in order]
    held = _held(thing) | getattr(thing, "__dict__", {})
    if isinstance(thing, nn.Module):  # what is set for the first time, but to what it was
        held = {name: item for name, item in held.items() if name not in ("_before", "_after") or item}
        held["training"] = thing.training
    if isinstance(thing, optim.Optimizer):  # what it keeps to be quick is no part of its state
        held = {name: item for name, item in held.items() if name not in ("_arranged", "_checked")}
        held["_memory"] = thing.memory
    return type(thing), snapshot(dict(sorted(held.items())), seen)


def _held(thing: Any) -> dict[str, Any]:
    """What its slots hold. A leaf given other numbers and then its own again has another age: older graphs are stale."""
    slots = {name for cls in type(thing).__mro__ for name in getattr(cls, "__slots__", ())} - {"__weakref__", "age"}
    return {name: object.__getattribute__(thing, name) for name in sorted(slots) if _is_set(thing, name)}


def _is_set(thing: Any, name: str) -> bool:
    try:
        object.__getattribute__(thing, name)
    except AttributeError:
        return False
    return True


def global_state() -> tuple:
    """The settings that outlive a call."""
    variables = [v for module in (modes, anomaly_module, notes) for v in vars(module).values()]
    depths = [len(v.get()) if isinstance(v.get(), frozenset) else v.get() for v in variables if type(v) is ContextVar]
    listeners = len(value.recording_hooks), len(backprop.step_watchers)
    return *depths, *listeners, np.geterr(), np.geterrcall(), repr(np.random.get_state()), os.getcwd()  # noqa: NPY002


def files() -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in sorted(Path().rglob("*"))}


# -- where the package raises ----------------------------------------------------------------------


class Site(NamedTuple):
    """A place that makes an error message: a raise statement, or a return of a function that makes an error."""

    file: str
    """Below the package, as installed: nn/linear.py."""
    where: str
    """The function, dotted."""
    line: int
    end: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.where}: {self.code[:100]}"


def sites() -> list[Site]:
    """Every place of the package that makes an error; a bare `raise` says nothing of its own and is none."""
    found: list[Site] = []
    for folder, _, names in sorted(os.walk(PACKAGE, followlinks=True)):
        for path in sorted(Path(folder, name) for name in names if name.endswith(".py")):
            _Finder(str(path.relative_to(PACKAGE)), found).visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


class _Finder(ast.NodeVisitor):
    def __init__(self, file: str, found: list[Site]) -> None:
        self.file, self.found = file, found
        self.within: list[str] = []
        self.makes_error = [False]

    def _enter(self, node: Any, makes_error: bool) -> None:
        self.within.append(node.name)
        self.makes_error.append(makes_error)
        self.generic_visit(node)
        self.makes_error.pop()
        self.within.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node, False)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(
            node, node.returns is not None and ast.unparse(node.returns).endswith(("Error", "Exception", "Diverged"))
        )

    def visit_Raise(self, node: ast.Raise) -> None:
        if node.exc is not None:
            self._add(node)

    def visit_Return(self, node: ast.Return) -> None:
        if self.makes_error[-1]:
            self._add(node)

    def _add(self, node: ast.stmt) -> None:
        code = " ".join(ast.unparse(node).split())
        self.found.append(Site(self.file, ".".join(self.within), node.lineno, node.end_lineno or node.lineno, code))


def raised_at(error: BaseException, found: list[Site]) -> Site | None:
    """The site that an error came from; None for one from elsewhere, which only passed through."""
    last, trace = None, error.__traceback__
    while trace is not None:
        last, trace = trace, trace.tb_next
    assert last is not None
    file, line = inside(last.tb_frame.f_code), last.tb_lineno
    return next((site for site in found if site.file == file and site.line <= line <= site.end), None)


_FILES: dict[str, str | None] = {}


def inside(code: types.CodeType) -> str | None:
    """A code's file below the package, or None; the installed package, not the folders that it may be linked to."""
    name = code.co_filename
    if name not in _FILES:
        path = os.path.abspath(name)
        _FILES[name] = None
        for root in (PACKAGE, os.path.dirname(os.path.abspath(autograd_mini.__file__))):
            if path.startswith(root + os.sep):
                _FILES[name] = os.path.relpath(path, root)
    return _FILES[name]


@contextlib.contextmanager
def reached(found: list[Site]) -> Iterator[set[Site]]:
    """Collect the sites whose line is executed inside the block, also where the error is caught again."""
    places = {(site.file, site.line): site for site in found}
    lines = {file: {line for other, line in places if other == file} for file, _ in places}
    seen: set[Site] = set()

    def on_call(frame: types.FrameType, event: str, argument: Any) -> Callable | None:
        file = inside(frame.f_code)
        return on_line if file in lines else None

    def on_line(frame: types.FrameType, event: str, argument: Any) -> Callable:
        if event == "line":
            site = places.get((inside(frame.f_code), frame.f_lineno))  # type: ignore[arg-type]
            if site is not None:
                seen.add(site)
        return on_line

    before = sys.gettrace()  # coverage's, perhaps
    sys.settrace(on_call)
    try:
        yield seen
    finally:
        sys.settrace(before)
