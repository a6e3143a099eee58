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

from autograd_mini import __version__
from autograd_mini.lecture import SEED
from autograd_mini.lecture.network import LEARNING_RATE

LARGEST_RATE = 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 (it failed), 2 (bad usage), 130 (Ctrl-C)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # µ on a terminal that has none
    parser, lecture = _parsers()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return _lecture(options, lecture)
    except KeyboardInterrupt:
        print("\nautograd-mini: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # what a shell reports for a program ended by SIGPIPE


def _parsers() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    parser = argparse.ArgumentParser(
        prog="autograd-mini",
        description="Automatic differentiation whose every number can be opened and explained.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"autograd-mini {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
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
    return parser, lecture


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
    try:
        _ = lecture.graph
    except RuntimeError as error:  # before the long work
        parser.error(str(error))
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


if __name__ == "__main__":
    sys.exit(main())
