"""Measure tasks: start the workers, check that they agree, let them take turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.implementations import IMPLEMENTATIONS, Unavailable
from benchmarks.interleaved import Seconds, take_turns
from benchmarks.problems import problem
from benchmarks.tasks import TASKS, Task
from benchmarks.workers import PATIENCE, Worker, one_threaded


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds of blocks, seconds a block, and the seconds that one worker may take in all."""

    blocks: int = 21
    seconds: float = 0.05
    budget: float = 6.0


QUICK = Effort(3, 0.002, 1.0)
#: Two results agree if they differ by no more than this part of the largest change of a weight.
TOLERANCE = {"float64": 1e-6, "float32": 1e-3}

#: What is imported where it is not called like the package.
IMPORTED = {"ours": "autograd_mini", "numpy": "numpy", "micrograd": "micrograd.engine", "jax": "jax.numpy"}

Result = dict[str, Any]
Told = Callable[[str], None]


def measure(task: Task, names: Iterable[str], effort: Effort, tell: Told = lambda line: None) -> Result:
    """{"implementations": {name: figures, or {"unavailable": why}}, "disagreements": [sentences]}."""
    how = {"training": training, "chain": training, "import": imports, "memory": memory}[task.kind]
    wanted = {*names, "numpy"}  # what an import is compared with
    return how(task, [name for name in task.implementations if name in wanted], effort, tell)


def training(task: Task, names: list[str], effort: Effort, tell: Told) -> Result:
    found: dict[str, dict[str, Any]] = {}
    workers: dict[str, Worker] = {}
    try:
        ends: dict[str, tuple[float, list[np.ndarray]]] = {}
        counts: dict[str, int] = {}
        rounds: dict[str, int] = {}
        for name in names:
            worker = workers[name] = Worker(name, task.environment)
            try:
                worker.build(task.problem_name)
                found[name] = {}
                if any(goal.subject == name and goal.measure == "first" for goal in task.goals):
                    found[name]["first"] = first_step(worker, task.problem_name)
                first = worker.steps(task.compared)
                ends[name] = first["loss"], worker.weights()
                if task.kind == "chain":
                    found[name]["memory"] = worker.memory()
                counts[name], rounds[name] = calibrate(worker, effort, first["cpu"] / task.compared)
            except Unavailable as why:
                found[name] = {"unavailable": str(why)}
                tell(f"{task.name}: {name}: {why}")
                worker.close()
        apart = disagreements(task, ends)
        for sentence in apart:
            tell(sentence)
        blocks = {name: partial(block, workers[name], count) for name, count in counts.items()}
        for name, answers in take_turns(blocks, rounds).items():
            count = counts[name]
            if failed := next((a for a in answers if "unavailable" in a), None):
                found[name] = failed
                tell(f"{task.name}: {name}: {failed['unavailable']}")
                continue
            found[name] |= {kind: [float(f"{a[kind] / count:.4g}") for a in answers] for kind in Seconds._fields}
            found[name]["steps"] = count
            if task.kind == "chain" and answers[0]["parts"]:
                found[name]["parts"] = [a["parts"] for a in answers]
        return {"implementations": found, "disagreements": apart}
    finally:
        for worker in workers.values():
            worker.close()


def first_step(worker: Worker, name: str) -> float:
    """Processor seconds of the first step after what is only done once in a process; the problem is new again then."""
    seconds = []
    for _ in range(4):
        seconds.append(worker.steps(1)["cpu"])
        worker.build(name)
    return min(seconds[1:])


def block(worker: Worker, count: int) -> dict[str, Any]:
    try:
        return worker.steps(count)
    except Unavailable as why:  # the others go on
        return {"unavailable": str(why)}


def calibrate(worker: Worker, effort: Effort, first: float) -> tuple[int, int]:
    """How many steps make a block, and how many blocks fit the budget (at least three, if a step is not very slow).

    `first`: what the first steps took, compiling included.
    """
    count, seconds = 1, first if first > effort.budget / 3 else worker.seconds(1).cpu
    while seconds * count < effort.seconds / 4:
        count *= 4
        seconds = worker.seconds(count).cpu
    count = max(1, round(effort.seconds / seconds))
    least = 3 if seconds < effort.budget / 3 else 1
    return count, max(least, min(effort.blocks, int(effort.budget / (seconds * count))))


def disagreements(task: Task, ends: dict[str, tuple[float, list[np.ndarray]]]) -> list[str]:
    """A sentence for each implementation whose loss or weights are not those of the first."""
    if not ends:
        return []
    start = problem(task.problem_name)
    tolerance = TOLERANCE[start.dtype.name]
    (first, (loss, weights)), *others = ends.items()
    moved = 1.0
    if task.kind == "training" and not task.name.startswith("inference"):
        moved = max(float(np.max(np.abs(w - w0))) for w, w0 in zip(weights, start.weights, strict=True))
    if not moved > 0:
        return [f"{task.name}: {first} did not move any weight"]
    sentences = []
    for name, (other_loss, other_weights) in others:
        apart = abs(other_loss - loss) / max(1.0, abs(loss))
        if [w.shape for w in other_weights] != [w.shape for w in weights]:
            apart = np.inf
        else:
            pairs = zip(weights, other_weights, strict=True)
            apart = float(np.max([apart, *[np.max(np.abs(a - b), initial=0) / moved for a, b in pairs]]))  # nan stays
        if not apart <= tolerance:
            sentences.append(f"{task.name}: {name} disagrees with {first} by {apart:.1e} after {task.compared} steps")
    return sentences


def imports(task: Task, names: list[str], effort: Effort, tell: Told) -> Result:
    """Seconds that an import takes, each in a fresh process."""
    blocks: dict[str, Callable[[], Seconds]] = {}
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        package = IMPORTED.get(name) or IMPLEMENTATIONS[name].package
        try:
            import_time(package)
            blocks[name] = partial(import_time, package)
        except Unavailable as why:
            found[name] = {"unavailable": str(why)}
            tell(f"{task.name}: {name}: {why}")
    for name, times in take_turns(blocks, min(effort.blocks, 11)).items():
        found[name] = {kind: [getattr(t, kind) for t in times] for kind in Seconds._fields}
    return {"implementations": {name: found[name] for name in names}, "disagreements": []}


def import_time(package: str) -> Seconds:
    code = (
        "from time import perf_counter as wall, process_time as cpu\n"
        f"w, c = wall(), cpu()\nimport {package}\nprint(wall() - w, cpu() - c)"
    )
    command = [sys.executable, "-c", code]
    environment = one_threaded({"PYTHONDONTWRITEBYTECODE": None})  # as installed: compiled at the first import
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE)
    if done.returncode:
        raise Unavailable(
            "not installed" if f"No module named '{package.split('.')[0]}'" in done.stderr else "cannot be imported"
        )
    return Seconds(*map(float, done.stdout.split()[-2:]))


def memory(task: Task, names: list[str], effort: Effort, tell: Told) -> Result:
    """How far training makes a process grow, over what has to be there; after a warm-up: libraries keep workspace."""
    start = problem(task.problem_name)
    activations = sum(start.sizes[1:]) * len(start.x)
    needed = start.dtype.itemsize * (3 * sum(w.size for w in start.weights) + 2 * activations + start.x.size)
    del start
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        worker = Worker(name, task.environment)
        try:
            worker.build("warm-up T10")
            worker.steps(1)
            worker.build(task.problem_name)
            worker.steps(task.compared)
            found[name] = {"memory": worker.memory() / needed}
        except Unavailable as why:
            found[name] = {"unavailable": str(why)}
            tell(f"{task.name}: {name}: {why}")
        finally:
            worker.close()
    return {"implementations": found, "disagreements": [], "needed": needed}


def chosen(only: str | None) -> list[Task]:
    """The tasks that a list such as "T3,T6" names: "T6" means "T6 unpinned" too.

    Raises:
        ValueError: a name that is no task's.
    """
    names = [name.strip() for name in (only or "").split(",") if name.strip()]
    for name in names:
        if not any(_is(task, name) for task in TASKS):
            raise ValueError(f"no task is called {name!r}; there are {', '.join(TASKS)}")
    return [task for key, task in TASKS.items() if not names or any(_is(key, name) for name in names)]


def _is(task: str, name: str) -> bool:
    return task == name or task.startswith((f"{name} ", f"{name},"))


def needs_no_second_run(task: Task) -> bool:
    """Whether the task would repeat another: it takes a variable away that is not set."""
    return bool(task.environment) and not any(name in os.environ for name in task.environment)
