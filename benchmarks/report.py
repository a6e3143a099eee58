"""Turn measurements into tables, and goals into met or missed."""

from __future__ import annotations

import math
import statistics
from typing import Any

from benchmarks.tasks import Goal, Task

Row = tuple[str, ...]


def amount(seconds: float) -> str:
    """
    >>> amount(1.234e-6), amount(0.0456), amount(2)
    ('1.23 µs', '45.6 ms', '2.00 s')
    """
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{_three(seconds / unit)} {name}"
    return f"{_three(seconds * 1e9)} ns"


def _three(number: float) -> str:
    return f"{number:.{max(0, 2 - int(math.log10(number)))}f}" if number >= 1 else f"{number:.2f}"


def times(found: dict[str, Any], task: Task, clock: str) -> list[float]:
    """Seconds per step, or per node of a chain, one figure a block."""
    nodes = int(task.problem.split(":")[1]) if task.kind == "chain" else 1
    return [t / nodes for t in found.get(clock, [])]


def memory(found: dict[str, Any], task: Task) -> float | None:
    """Bytes a node of a chain, or the share of what is needed."""
    nodes = int(task.problem.split(":")[1]) if task.kind == "chain" else 1
    return found["memory"] / nodes if "memory" in found else None


def medians(task: Task, result: dict[str, Any], clock: str) -> dict[str, float]:
    """The median of each implementation that has one."""
    every = {name: times(found, task, clock) for name, found in result["implementations"].items()}
    return {name: statistics.median(ts) for name, ts in every.items() if ts}


def table(task: Task, result: dict[str, Any], clock: str) -> list[Row]:
    """Header and rows."""
    middle = medians(task, result, clock)
    if task.kind == "memory":
        rows = [("implementation", "peak over needed")]
        for name, found in result["implementations"].items():
            share = memory(found, task)
            rows.append((name, f"{share:.2f}" if share is not None else found["unavailable"]))
        return rows
    per = " a node" if task.kind == "chain" else ""
    header = ("implementation", f"median{per}", f"minimum{per}", "ratio to ours")
    rows = [(*header, "bytes a node", "record + backward + free") if task.kind == "chain" else header]
    for name, found in result["implementations"].items():
        if name not in middle:
            rows.append((name, found["unavailable"], *[""] * (len(rows[0]) - 2)))
            continue
        ratio = f"{middle[name] / middle['ours']:.2f}" if "ours" in middle else ""
        row = (name, amount(middle[name]), amount(min(times(found, task, clock))), ratio)
        rows.append((*row, *chain_columns(task, found)) if task.kind == "chain" else row)
    return rows


def chain_columns(task: Task, found: dict[str, Any]) -> Row:
    grown = memory(found, task)
    nodes = int(task.problem.split(":")[1])
    parts = found.get("parts")
    split = " + ".join(amount(statistics.median(p[part] for p in parts) / nodes) for part in parts[0]) if parts else ""
    return f"{grown:.0f}" if grown is not None else "", split


def goal_text(goal: Goal) -> str:
    """
    >>> goal_text(Goal("ours", 0.25, "micrograd")), goal_text(Goal("ours", 1.04, "tuned"))
    ('ours at least 4 × faster than micrograd', 'ours ≤ 1.04 × tuned')
    """
    if goal.measure == "memory":
        return f"{goal.subject} ≤ {goal.limit:g}" + (" bytes a node" if goal.limit > 10 else " of what is needed")
    if goal.measure == "first":
        return f"{goal.subject}: the first step ≤ {goal.limit:g} × a step of {goal.reference}"
    if goal.reference is None:
        return f"{goal.subject} ≤ {amount(goal.limit)} a node"
    if goal.more:
        return f"{goal.subject} ≤ {goal.reference} + {amount(goal.limit)}"
    if goal.subject == "ours" and goal.limit <= 0.5:
        return f"ours at least {1 / goal.limit:g} × faster than {goal.reference}"
    return f"{goal.subject} ≤ {goal.limit:g} × {goal.reference}"


def judged(goal: Goal, task: Task, result: dict[str, Any], clock: str) -> tuple[str, str]:
    """("met", "missed" or "not measured", the figure)."""
    found = result["implementations"].get(goal.subject, {})
    middle = medians(task, result, clock)
    if goal.measure == "memory":
        figure = memory(found, task)
        if figure is None:
            return "not measured", ""
        return _verdict(figure, goal), f"{figure:.0f}" if goal.limit > 10 else f"{figure:.2f}"
    if goal.subject not in middle or (goal.reference and goal.reference not in middle):
        return "not measured", ""
    if goal.measure == "first" and "first" not in found:
        return "not measured", ""
    figure = found["first"] if goal.measure == "first" else middle[goal.subject]
    if goal.reference is None:
        return _verdict(figure, goal), amount(figure)
    if goal.more:
        figure -= middle[goal.reference]
        return _verdict(figure, goal), f"{figure * 1e3:+.1f} ms"
    figure /= middle[goal.reference]
    shown = f"{1 / figure:.1f} × faster" if goal.limit <= 0.5 and goal.subject == "ours" else f"{figure:.2f}"
    return _verdict(figure, goal), shown


def _verdict(figure: float, goal: Goal) -> str:
    return "met" if figure <= goal.limit else "missed"


def goals(task: Task, result: dict[str, Any], clock: str) -> list[Row]:
    return [
        ("goal", "measured", ""),
        *[(goal_text(g), (seen := judged(g, task, result, clock))[1], seen[0]) for g in task.goals],
    ]


def aligned(rows: list[Row]) -> str:
    """The rows as text: the first column to the left, figures to the right, a reason in place of figures at the end."""
    full = [row for row in rows if any(row[2:]) or len(row) == 2]
    widths = [max(len(row[i]) for row in (rows if i == 0 else full)) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)] if row in full else [row[1]]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(rows: list[Row]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" + "|---:" * (len(rows[0]) - 1) + "|")
    return "\n".join(lines)


def text(task: Task, result: dict[str, Any], clock: str) -> str:
    """A task's tables for a terminal."""
    parts = [f"{task.name}: {task.work}\n{aligned(table(task, result, clock))}"]
    if task.goals:
        parts.append(aligned(goals(task, result, clock)))
    return "\n\n".join([*parts, *result["disagreements"]])
