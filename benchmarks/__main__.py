"""Measure this library against others and against programs written by hand.

    python -m benchmarks [scaling] [--only T3,T6] [--peers torch,naive] [--quick]

Exit code 1 if two implementations computed different things; goals that are missed do not count.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import environment, measure, page, report, scaling
from benchmarks.implementations import IMPLEMENTATIONS


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("tasks", "scaling"), default="tasks")
    parser.add_argument("--only", help="tasks, such as T3,T6 (of scaling: nodes,width,batch)")
    parser.add_argument("--peers", help="whom to compare with, such as torch,naive; ours is always there")
    parser.add_argument("--blocks", type=int, help="rounds of blocks")
    parser.add_argument("--seconds", type=float, help="length of a block")
    parser.add_argument("--quick", action="store_true", help="few and short blocks, to see that all works")
    parser.add_argument(
        "--clock",
        choices=("cpu", "wall"),
        default="cpu",
        help="processor time (of all threads) or the clock on the wall",
    )
    parser.add_argument("--json", type=Path, help="store all blocks' times; tasks that are there already stay")
    parser.add_argument("--page", type=Path, help="write the page from what the JSON holds")
    return parser.parse_args(given)


def names(peers: str | None) -> list[str]:
    if peers is None:
        return list(IMPLEMENTATIONS)
    wanted = [name.strip() for name in peers.split(",")]
    unknown = [name for name in wanted if name not in IMPLEMENTATIONS]
    if unknown:
        raise ValueError(f"no implementation is called {unknown[0]!r}; there are {', '.join(IMPLEMENTATIONS)}")
    return [name for name in IMPLEMENTATIONS if name in wanted or name == "ours"]


def stored(file: Path | None) -> dict[str, Any]:
    empty: dict[str, Any] = {"tasks": {}}
    return json.loads(file.read_text(encoding="utf-8")) if file and file.exists() else empty


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run_tasks(options: argparse.Namespace, effort: measure.Effort, results: dict[str, Any]) -> bool:
    """Measure, print and store the tasks; whether all implementations agreed."""
    agreed = True
    for task in measure.chosen(options.only):
        if measure.needs_no_second_run(task):
            print(f"\n{task.name}: {', '.join(task.environment)} is not set, so this would repeat T6", flush=True)
            results["tasks"].pop(task.name, None)
            continue
        result = measure.measure(task, names(options.peers), effort, say)
        results["tasks"][task.name] = {"date": results["date"], **result}
        print("\n" + report.text(task, result, options.clock), flush=True)
        agreed = agreed and not result["disagreements"]
        store(options.json, results)
    return agreed


def run_scaling(options: argparse.Namespace, effort: measure.Effort, results: dict[str, Any]) -> bool:
    agreed = True
    for name in scaling.chosen(options.only):
        curve, apart = scaling.measure(name, names(options.peers), effort, say)
        results.setdefault("scaling", {})[name] = curve
        print(f"\n{name}: {scaling.CURVES[name][2]}\n{report.aligned(scaling.table(curve, options.clock))}", flush=True)
        agreed = agreed and not apart
        store(options.json, results)
    return agreed


def store(file: Path | None, results: dict[str, Any]) -> None:
    if file:
        # One line for each task, so that a difference of two runs can be read.
        tasks = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results["tasks"].items())
        rest = json.dumps({name: part for name, part in results.items() if name != "tasks"})
        file.write_text(f'{rest[:-1]},\n"tasks": {{\n{tasks}\n}}}}\n', encoding="utf-8")


def main(given: list[str] | None = None) -> int:
    options = arguments(given)
    effort = measure.QUICK if options.quick else measure.Effort()
    changes = {"blocks": options.blocks, "seconds": options.seconds}
    effort = replace(effort, **{name: value for name, value in changes.items() if value is not None})
    results = stored(options.json)
    results |= {"environment": environment.described(), "clock": options.clock, "date": time.strftime("%Y-%m-%d")}
    print("\n".join(environment.lines(results["environment"])), flush=True)
    try:
        agreed = (run_scaling if options.what == "scaling" else run_tasks)(options, effort, results)
    except ValueError as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return 2
    if options.page:
        page.write(options.page, results)
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
