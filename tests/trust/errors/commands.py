"""The errors of the command `autograd-mini`: one line on standard error, and a status that says whose fault it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from autograd_mini.__main__ import main
from autograd_mini.learn import History
from tests.trust.errors.rows import Exited, Row, row

CSV = "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(12))


def run(*arguments: str) -> None:
    """Run the command; its status and what it said are raised where it failed."""
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(io.StringIO()):
        try:
            status = main(list(arguments))
        except SystemExit as error:
            status = int(error.code or 0)
    if status:
        raise Exited(f"status {status}: {said.getvalue()}")


def command(name: str, says: list[str], *arguments: str, given: Callable[[], Any] = tuple) -> Row:
    return row(f"command: {name}", Exited, says, lambda: run(*arguments), given)


def files(**texts: str) -> Callable[[], None]:
    """Write files, each called NAME.SUFFIX for NAME_SUFFIX."""

    def write() -> None:
        for name, text in texts.items():
            Path(name.replace("_", ".")).write_text(text)

    return write


def without(*modules: str) -> None:
    with mock.patch("autograd_mini.learn.commands.find_spec", lambda name: None if name in modules else object()):
        run("train", "a.csv", "--target", "y")


def interrupted() -> None:
    stopped = History()
    stopped.stopped = "interrupted"
    with mock.patch("autograd_mini.learn.commands.fit", return_value=stopped):
        run("train", "a.csv", "--target", "y", "--out", "a.npz")


def script(name: str, says: list[str], text: str, *arguments: str) -> Row:
    return command(name, ["status 1", "a.py", *says], "step", "a.py", *arguments, given=files(a_py=text))


TRAIN = "train", "a.csv", "--target", "y"
BAD = "status 2"

ROWS = [
    command("an unknown one", [BAD, "'learn'", "train"], "learn"),
    command("a negative seed", [BAD, "--seed", "whole number from 0 on", "'-1'"], "lecture", "--seed=-1"),
    command("a seed of text", [BAD, "--seed", "whole number from 0 on", "'x'"], "lecture", "--seed", "x"),
    command("a rate of 0", [BAD, "--learning-rate", "above 0", "'0'"], "lecture", "--learning-rate", "0"),
    command("a report in no folder", [BAD, "--output", "'missing' does not exist"], "lecture", "--output", "missing/a.html"),
    command("a report over a folder", [BAD, "--output", "is a folder"], "lecture", "--output", "."),
    command("no epochs", [BAD, "--epochs", "whole number from 1", "'0'"], *TRAIN, "--epochs", "0"),
    command("a share of 2", [BAD, "--held-out", "between 0 and 1", "'2'"], *TRAIN, "--held-out", "2"),
    command("a delimiter of two characters", [BAD, "--delimiter", "one character", "'ab'"], *TRAIN, "--delimiter", "ab"),
    command("an unknown activation", [BAD, "--activation", "tanh", "'rellu'"], *TRAIN, "--activation", "rellu"),
    command("a model under another suffix", [BAD, "--out model.pkl", ".safetensors or .npz"], *TRAIN, "--out", "model.pkl"),
    command("a missing table", [BAD, "a.csv", "No such file"], *TRAIN, "--out", "a.npz"),
    command("too few rows", [BAD, "a.csv", "4 rows are too few", "10 at least"], *TRAIN, "--out", "a.npz", given=files(a_csv="x,y\n1,a\n2,a\n3,b\n4,b\n")),
    command("a part that is empty", [BAD, "a.csv", "held_out=0.99", "one part empty"], *TRAIN, "--out", "a.npz", "--held-out", "0.99", given=files(a_csv=CSV)),
    row("command: packages that are missing", Exited, [BAD, "not installed: pandas, safetensors", "autograd-mini[csv]"], lambda: without("pandas", "safetensors")),
    row("command: Ctrl-C while it trains", Exited, ["status 130", "interrupted"], interrupted, files(a_csv=CSV)),
    command("a missing model", [BAD, "model.npz", "No such file"], "predict", "model.npz", "a.csv"),
    command("step through a folder", ["status 1", "'.' is a folder", "Python file"], "step", "."),
    command("step through a missing file", ["status 1", "no file 'b.py'"], "step", "b.py"),
    script("step through a script that ends itself", ["sys.exit(3)"], "import sys; sys.exit(3)"),
    script("step through a script that fails", ["did not run to its end", "line 1", "ZeroDivisionError"], "1 / 0"),
    script("step through a script without a loss", ["no variable 'loss'", "none", "--loss NAME"], "x = 1"),
    script("step through a number", ["'loss' is a float, not a Value", "other", "--loss NAME"], "import autograd_mini as ag\nloss, other = 1.0, ag.Value(1.0)"),
    script("step through an array", ["starts from a scalar"], "import autograd_mini as ag\nloss = ag.Value([1.0, 2.0]) * 2\nloss.name = __file__"),
]  # fmt: skip
