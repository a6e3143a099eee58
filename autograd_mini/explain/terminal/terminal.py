"""Step through backpropagation in a terminal: forwards, backwards, to a node, over a layer, with breakpoints.

>>> import io
>>> import autograd_mini as ag
>>> x = ag.Value(3.0, name="x")
>>> typed, seen = io.StringIO("run x\\nnext\\n"), io.StringIO()
>>> step_in_terminal(x * x, stdin=typed, stdout=seen)
>>> print(seen.getvalue().rsplit("(3/3)")[0], end="")
Backpropagation of multiply_1 in 3 steps: 1 forward, 2 backward.
next goes on, run NAME to a node, print shows numbers, help tells the rest.
(0/3) [2/3] backward
   2  ∂multiply_1/∂x += ∂multiply_1/∂multiply_1 · ∂multiply_1/∂x = 1 · 3 = 3
        ∂multiply_1/∂x = x = 3
      ∂multiply_1/∂x: not yet → 3
(2/3) [3/3] backward
   3  ∂multiply_1/∂x += ∂multiply_1/∂multiply_1 · ∂multiply_1/∂x = 1 · 3 = 3
        ∂multiply_1/∂x = x = 3
        ∂multiply_1/∂x = 3 + 3 = 6
      ∂multiply_1/∂x: 3 → 6
"""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from autograd_mini.errors import GraphError, ShapeError
from autograd_mini.explain.story.trace import trace
from autograd_mini.explain.terminal.commands import Stepper
from autograd_mini.optim import Optimizer
from autograd_mini.value import Value


def step_in_terminal(
    loss: Value,
    optimizer: Optimizer | None = None,
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    digits: int = 4,
) -> None:
    """Step through one pass by typed commands; `help` lists them. Nothing of the graph is changed.

    Args:
        loss: a scalar Value.
        optimizer: also step through what its next update would do.
        stdin, stdout: where commands come from and answers go to; the terminal by default.
        digits: significant digits; `print` shows all of them.

    Raises:
        TypeError, GraphError: as `trace` does, for what is no Value, no scalar, or out of date.
    """
    stepper = Stepper(trace(loss, optimizer, digits=digits), stdin, stdout)
    try:
        stepper.cmdloop()
    except KeyboardInterrupt:
        stepper.say("")


def run(options: argparse.Namespace, example: Callable[[], tuple[Value, Optimizer]]) -> int:
    """The command `autograd-mini step [FILE.py] [--loss NAME] [--optimizer NAME]`; returns its exit status.

    Args:
        options: `file`, a path or None; `loss`, the name of a variable of that script; `optimizer`, another or None.
        example: makes what to step through when there is no file: the error, and an optimizer.
    """
    optimizer: Optimizer | None = None
    try:
        if options.file is None:
            loss, optimizer = example()
        else:
            variables = _variables_of(options.file)
            loss = _variable(options.file, variables, options.loss, Value, "--loss")
            if options.optimizer is not None:
                optimizer = _variable(options.file, variables, options.optimizer, Optimizer, "--optimizer")
        step_in_terminal(loss, optimizer)
    except (_ScriptError, GraphError, ShapeError) as error:
        print(f"autograd-mini: {error}", file=sys.stderr)
        return 1
    return 0


class _ScriptError(Exception):
    """The script cannot be stepped through; the message says why."""


def _variables_of(path: Path) -> dict[str, Any]:
    """Run a script as `python FILE` does; returns its variables."""
    if path.is_dir():
        raise _ScriptError(f"{str(path)!r} is a folder; expected a Python file")
    if not path.is_file():
        raise _ScriptError(f"there is no file {str(path)!r}")
    arguments, places = sys.argv, list(sys.path)
    sys.argv, sys.path[:0] = [str(path)], [str(path.resolve().parent)]
    try:
        return runpy.run_path(str(path), run_name="__main__")
    except SystemExit as error:
        raise _ScriptError(
            f"{path} ended itself by sys.exit({error.code!r}) before its variables could be read"
        ) from None
    except Exception as error:
        own = error.__traceback__
        while own is not None and own.tb_frame.f_code.co_filename != str(path):
            own = own.tb_next
        told = "".join(traceback.format_exception(error.with_traceback(own))).rstrip()
        raise _ScriptError(f"{path} did not run to its end:\n{told}") from None
    finally:
        sys.argv, sys.path[:] = arguments, places


def _variable(path: Path, variables: dict[str, Any], name: str, kind: type, option: str) -> Any:
    """A variable of the script, checked."""
    found = variables.get(name)
    if isinstance(found, kind):
        return found
    others = ", ".join(key for key, item in variables.items() if isinstance(item, kind)) or "none"
    what = f"no variable {name!r}"
    if name in variables:
        what = f"{name!r} is {_one(type(found))}, not {_one(kind)}"
    raise _ScriptError(f"{path}: {what}. Its variables of that kind: {others} (say which with {option} NAME)")


def _one(kind: type) -> str:
    """a float, an int"""
    return f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} {kind.__name__}"
