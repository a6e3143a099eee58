"""Write docs/benchmarks.md from what was measured. Which sentence stands there, the figures decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import environment, report, scaling
from benchmarks.implementations import IMPLEMENTATIONS
from benchmarks.tasks import TASKS, Task

#: Why an implementation can be ahead of ours, eager: shown where the figures say that it is.
REASONS = {
    "floats": "the derivatives were worked out by hand, so nothing is recorded, ordered or walked back",
    "naive": "the derivatives were worked out by hand: no graph, no dispatch, no checks",
    "tuned": "besides, no array is made after the first step",
    "numba": "machine code has neither Python's objects nor its calls",
    "numba looped": "and the loop over the steps is machine code too",
    "jax": "the step is compiled as a whole before it is measured: operations are fused, no Python is left",
    "torch": "its operations, their order and their walk back are C++, with fused kernels",
    "mygrad": "it records less: its graph does not outlive backward(), and it checks less",
    "autograd": "it records less: no gradients of intermediate results, no checks",
    "dezero": "it records less and checks less",
    "tinygrad": "its kernels are compiled for this very step",
    "micrograd": "a node of it is a bare Python object with one closure, and nothing is checked",
    "ours compiled": "the recording is made once and replayed as straight-line code",
    "ours compiled numba": "the recording is made once and replayed as machine code",
    "ours compiled each": "the recording is replayed for many samples in one call",
    "ours compiled numba each": "the loop over the samples is machine code too",
    "ours optim.SGD": "the optimizer makes all updates in one call",
}
#: Where a task has a reason of its own.
OWN_REASONS = {
    ("inference,", "naive"): "no layer is called, no shape is checked, no Value is made",
    ("inference,", "tuned"): "besides, no array is made after the first call",
    ("inference,", "torch"): "its layers' kernels and checks are C++",
    ("T9", "numpy"): "this library imports it too",
    ("T9", "micrograd"): "it is two short files that import nothing",
    ("T9", "autograd"): "it needs little but NumPy",
    ("T9", "tinygrad"): "it imports no NumPy and loads most of itself when first used",
    ("T9", "numba"): "its compiler is loaded when first used",
    ("T9", "jax"): "its compiler is loaded when first used",
    ("T8", "naive"): "its windows, pools and spreads are written for these very layers",
    ("T8", "torch"): "its convolutions are kernels that never write the windows out",
    ("T8", "jax"): "its convolutions are compiled and never write the windows out",
    ("T10", "tuned"): "every array is made once and used at every step",
    ("T10", "naive"): "it keeps no graph, so that arrays die early",
    ("T10", "torch"): "it updates weights and memory in place, piece by piece",
    ("T10", "jax"): "its compiler plans which buffer is used when",
}
#: Two figures this close are called level: so much they change from run to run.
LEVEL = 0.03


def figures(task: Task, result: dict[str, Any], clock: str) -> dict[str, float]:
    if task.kind != "memory":
        return report.medians(task, result, clock)
    shares = {name: report.memory(found, task) for name, found in result["implementations"].items()}
    return {name: share for name, share in shares.items() if share is not None}


def in_order(results: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The tasks' results as the tasks are listed, whenever each was measured."""
    return [(name, results["tasks"][name]) for name in TASKS if name in results["tasks"]]


def words(task: Task, result: dict[str, Any], clock: str) -> list[str]:
    """Who is ahead of ours, eager, and why; who is level; who is behind."""
    found = figures(task, result, clock)
    ours = found.pop("ours", None)
    if ours is None:
        return ["Ours, eager, was not measured."]
    what = "needs less" if task.kind == "memory" else "is ahead"
    ahead, level, behind = [], [], []
    for name, figure in sorted(found.items(), key=lambda item: item[1]):
        if figure < ours * (1 - LEVEL):
            reason = OWN_REASONS.get((task.name.split()[0], name)) or REASONS[name]
            times = ours / figure
            how = (
                f"{figure / ours:.2f} of ours" if task.kind == "memory" else f"{times:,.{int(times < 100)}f} × as fast"
            )
            ahead.append(f"- **{name}** {what} ({how}): {reason}.")
        else:
            (level if figure <= ours * (1 + LEVEL) else behind).append(name)
    lines = ahead or ["Nobody measured here is ahead of ours, eager."]
    if level:
        lines.append(("\n" if ahead else "") + f"Level with ours, within 3 %: {', '.join(level)}.")
    if behind:
        lines.append(("" if level or not ahead else "\n") + f"Behind ours: {', '.join(behind)}.")
    return lines


def text(results: dict[str, Any], picture: str | None = None) -> str:
    clock = results["clock"]
    parts = [
        "# Benchmarks",
        "Written by `python -m benchmarks --json … --page …` from what was last measured of each task, not by hand. "
        "Every implementation runs in a process of its own with one thread; all take turns, block by block, so that a "
        "busy machine slows all of them; all start from the same numbers, and their losses and weights are compared "
        "after some steps (to 10⁻⁶ of the largest change in float64, 10⁻³ in float32). Every step computes its "
        "loss too. " + ("Times are processor time." if clock == "cpu" else "Times are those of the clock on the wall."),
        f"Measured on {results['date']}:",
        "\n".join(f"- {line}" for line in environment.lines(results["environment"])),
        "## Who takes part",
        report.markdown(
            [("implementation", "what it is"), *[(n, i.about or i.package) for n, i in IMPLEMENTATIONS.items()]]
        ),
        "## Goals",
        goals(results),
    ]
    for name, result in in_order(results):
        task = TASKS[name]
        parts += [f"## {name}: {task.work}", report.markdown(report.table(task, result, clock))]
        parts += ["\n".join(words(task, result, clock)), *result["disagreements"]]
        if result.get("date", results["date"]) != results["date"]:
            parts.append(f"(Measured earlier, on {result['date']}.)")
    if results.get("scaling"):
        parts += ["## How time grows", "Below each table: p, fitted to time ~ sizeᵖ over the upper half of the sizes."]
        parts += [f"![Time per step against nodes, width and batch]({picture})"] if picture else []
        for name, curve in results["scaling"].items():
            parts += [f"### {name}: {scaling.CURVES[name][2]}", report.markdown(scaling.table(curve, clock))]
    return "\n\n".join(parts) + "\n"


def goals(results: dict[str, Any]) -> str:
    rows: list[report.Row] = [("task", "goal", "measured", "")]
    for name, result in in_order(results):
        rows += [(name, *row) for row in report.goals(TASKS[name], result, results["clock"])[1:]]
    met, missed = (sum(row[-1] == verdict for row in rows) for verdict in ("met", "missed"))
    return f"{met} met, {missed} missed.\n\n{report.markdown(rows)}"


def write(file: Path, results: dict[str, Any]) -> None:
    """The page, and beside it the picture of the scaling (kept as it is where matplotlib is missing)."""
    picture = file.parent / "scaling.svg"
    drawn = bool(results.get("scaling")) and (
        scaling.picture(results["scaling"], results["clock"], picture) or picture.exists()
    )
    link = picture.name if drawn else None
    file.write_text(text(results, link), encoding="utf-8")
