"""The command line: `python -m autograd_mini`, installed as `autograd-mini`."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd_mini import __version__
from autograd_mini.lecture import SEED
from autograd_mini.lecture.network import LEARNING_RATE

LARGEST_RATE, LARGEST_COUNT = 1e6, 1_000_000
#: Those that `train` knows; `learn.commands` says what they are, and takes longer to import.
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 (it failed), 2 (bad usage), 130 (Ctrl-C)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # µ on a terminal that has none
    parser, commands = _parsers()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    run = {"lecture": _lecture, "step": _step, "train": _train, "predict": _predict}[options.command]
    try:
        return run(options, commands[options.command])
    except KeyboardInterrupt:
        print("\nautograd-mini: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what a shell reports for a program ended by SIGPIPE


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser, and those of the commands by name."""
    parser = argparse.ArgumentParser(
        prog="autograd-mini",
        description="Automatic differentiation whose every number can be opened and explained.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"autograd-mini {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    _add_lecture(commands)
    _add_step(commands)
    _add_train(commands)
    _add_predict(commands)
    return parser, dict(commands.choices)


def _add_lecture(commands: Any) -> None:
    lecture = commands.add_parser(
        "lecture",
        help="reproduce the lecture's examples and write a report",
        description="Reproduce the lecture's examples: the worked network, the delta rule by hand "
        "against automatic differentiation, XOR, and handwritten digits. Needs the extra 'lecture': "
        "pip install 'autograd-mini[lecture]'.",
        allow_abbrev=False,
    )
    lecture.add_argument(
        "--seed", type=_seed, default=SEED, metavar="N", help="of all trainings (default: %(default)s)"
    )
    lecture.add_argument(
        "--learning-rate",
        type=_learning_rate,
        default=LEARNING_RATE,
        metavar="µ",
        help="µ of the worked example (default: %(default)g, the lecture's); the trainings have their own",
    )
    lecture.add_argument(
        "--output",
        type=Path,
        default=Path("autograd-mini-lecture.html"),
        metavar="FILE",
        help="where to write the HTML report (default: %(default)s)",
    )
    lecture.add_argument("--quiet", action="store_true", help="print the report's path only")
    lecture.add_argument("--json", action="store_true", help="print the results as one JSON document instead")


def _add_step(commands: Any) -> None:
    step = commands.add_parser(
        "step",
        help="step through backpropagation in the terminal",
        description="Step through one pass of backpropagation in the terminal: of the lecture's network, or of a "
        "script of yours, which is run first.",
        allow_abbrev=False,
    )
    add = step.add_argument
    add("file", nargs="?", type=Path, metavar="FILE.py", help="a script that leaves its error in a variable")
    add("--loss", default="loss", metavar="NAME", help="the variable that holds it (default: %(default)s)")
    add("--optimizer", metavar="NAME", help="a variable that holds an optimizer: step through its update too")


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network on a CSV file",
        description="Train a multilayer perceptron on a CSV file, test it on rows held out, and write the model "
        "with plots of the losses and of the confusions beside it. A target of text, or of whole numbers of at "
        "most 20 kinds that occur twice each on average, is one of classes; any other is a number to predict. "
        "All other columns must be numbers; they are standardised. Needs the extra 'csv': "
        "pip install 'autograd-mini[csv]'.",
        allow_abbrev=False,
    )
    add = train.add_argument
    add("data", type=Path, metavar="DATA", help="the CSV file; its first row holds the columns' names")
    add("--target", required=True, metavar="COLUMN", help="the column to predict")
    add("--task", choices=["classification", "regression"], help="what it is (by default the target tells)")
    add("--ignore", nargs="+", default=[], metavar="COLUMN", help="columns to leave out")
    add("--hidden", type=_count, nargs="*", default=[16], metavar="N", help="units of each hidden layer (default: 16)")
    add("--activation", type=_activation, default="tanh", metavar="NAME", help="of the hidden layers (default: tanh)")
    add(
        "--optimizer",
        choices=OPTIMIZERS,
        default="adam",
        metavar="NAME",
        help=f"{', '.join(OPTIMIZERS)} (default: adam)",
    )
    add("--learning-rate", type=_learning_rate, metavar="µ", help="by default one that suits the optimizer")
    add("--epochs", type=_count, default=100, metavar="N", help="(default: %(default)s)")
    add("--batch-size", type=_count, default=32, metavar="N", help="rows for each update (default: %(default)s)")
    add("--compile", action="store_true", help="record one step and replay it: faster, to the same model")
    add("--held-out", type=_share, default=0.25, metavar="SHARE", help="of the rows, to test on (default: %(default)s)")
    add("--seed", type=_seed, default=SEED, metavar="N", help="of split, weights and batches (default: %(default)s)")
    add("--delimiter", type=_delimiter, default=",", metavar="CHARACTER", help="between cells (default: a comma)")
    add(
        "--out",
        type=Path,
        default=Path("model.safetensors"),
        metavar="FILE",
        help="the model, .safetensors or .npz (default: %(default)s)",
    )
    add("--quiet", action="store_true", help="print the model's path only")
    add("--json", action="store_true", help="print the results as one JSON document instead")


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser(
        "predict",
        help="use a trained network on a CSV file",
        description="Print the prediction for each row of a CSV file, as CSV. The columns that the model was "
        "trained on must be there, in any order; others are not looked at. Needs the extra 'csv': "
        "pip install 'autograd-mini[csv]'.",
        allow_abbrev=False,
    )
    add = predict.add_argument
    add("model", type=Path, metavar="MODEL", help="a model written by `autograd-mini train`")
    add("data", type=Path, metavar="DATA", help="the CSV file; its first row holds the columns' names")
    add("--delimiter", type=_delimiter, default=",", metavar="CHARACTER", help="between cells (default: a comma)")
    add("--out", type=Path, metavar="FILE", help="write the predictions to this file instead")
    add("--json", action="store_true", help="JSON instead of CSV")


def _seed(text: str) -> int:
    try:
        seed = int(text)
    except ValueError:
        seed = -1
    if seed < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return seed


def _learning_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate <= LARGEST_RATE:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and up to {LARGEST_RATE:.0f}, got {text!r}")
    return rate


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if not 1 <= count <= LARGEST_COUNT:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {LARGEST_COUNT}, got {text!r}")
    return count


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return share


def _delimiter(text: str) -> str:
    text = {r"\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"expected one character, or 'tab', got {text!r}")
    return text


def _activation(text: str) -> str:
    from autograd_mini.nn.activations import ACTIVATIONS

    if text not in ACTIVATIONS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(ACTIVATIONS)}, got {text!r}")
    return text


def _why_not_writable(path: Path) -> str | None:
    """What stands against writing the file, found out by opening it; an old file stays as it is."""
    try:
        if path.is_dir():
            return f"{str(path)!r} is a folder; name a file in it"
        if not path.parent.is_dir():
            return f"the folder {str(path.parent)!r} does not exist"
        existed = path.exists()
        path.open("a").close()
        if not existed:
            path.unlink()
    except OSError as error:
        return f"cannot write {str(path)!r}: {error.strerror}"
    return None


def _lecture(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if problem := _why_not_writable(options.output):
        parser.error(f"argument --output: {problem}")

    from autograd_mini.lecture.run import Lecture, as_json, missing_packages

    if missing := missing_packages():
        parser.error(
            f"not installed: {', '.join(missing)}; install the extra that brings them: "
            "pip install 'autograd-mini[lecture]'"
        )

    from autograd_mini.lecture import terminal
    from autograd_mini.lecture.report import html_report

    lecture = Lecture(options.seed, options.learning_rate, progress=not options.quiet)
    if not (options.quiet or options.json):
        for section in terminal.sections(lecture):
            print(section, flush=True)

    page, path = html_report(lecture), options.output.resolve()
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        print(f"autograd-mini: cannot write {str(path)!r}: {error.strerror}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({**as_json(lecture), "report": str(path)}, indent=2, allow_nan=False))
    elif options.quiet:
        print(path)
    else:
        print(f"The report with tables, graph and curves: {path}")
    return 0


def _step(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from autograd_mini.explain.terminal import terminal
    from autograd_mini.lecture.network import worked_step

    return terminal.run(options, worked_step)


def _train(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from autograd_mini.learn import commands

    if problem := _why_not_writable(options.out):
        parser.error(f"argument --out: {problem}")
    return commands.run(commands.train, options)


def _predict(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from autograd_mini.learn import commands

    if options.out and (problem := _why_not_writable(options.out)):
        parser.error(f"argument --out: {problem}")
    return commands.run(commands.predict, options)


if __name__ == "__main__":
    sys.exit(main())
