"""Run each implementation in a process of its own, which waits until it is asked for the next block.

    python -m benchmarks.workers IMPLEMENTATION

Requests and answers are lines of JSON over its standard input and output. Its errors are shown where the environment
has BENCHMARKS_DEBUG.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.implementations import Unavailable, build
from benchmarks.interleaved import Seconds
from benchmarks.problems import problem

ROOT = Path(__file__).parents[1]
#: No more than one thread, whoever would start them.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
#: What a worker runs.
PROGRAM = ["-m", "benchmarks.workers"]
#: After so many seconds without an answer a worker is given up.
PATIENCE = 300.0


def one_threaded(changes: Mapping[str, str | None] = {}) -> dict[str, str]:
    """The environment of a measured process; None in `changes` takes a variable away."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    wanted = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths), **changes}
    return {name: value for name, value in wanted.items() if value is not None}


class Worker:
    """The other end: one implementation's process.

    Raises (every method):
        Unavailable: the implementation is missing, failed, died or takes too long; the text says which.
    """

    def __init__(self, implementation: str, environment: Mapping[str, str | None] = {}) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *PROGRAM, implementation],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("BENCHMARKS_DEBUG") else subprocess.DEVNULL,
            env=one_threaded(environment),
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        line = ""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
                self.process.kill()
                raise Unavailable(f"gave no answer for {PATIENCE:.0f} s")
            line = self.process.stdout.readline()
        except BrokenPipeError:
            pass
        if not line:
            raise Unavailable(f"died (exit code {self.process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        if "unavailable" in answer:
            raise Unavailable(answer["unavailable"])
        return answer

    def build(self, task: str) -> None:
        self.ask(do="build", task=task)

    def steps(self, count: int) -> dict[str, Any]:
        """Take so many steps; {"loss": the last one's, "wall" and "cpu": seconds, "parts": …}."""
        return self.ask(do="steps", count=count)

    def seconds(self, count: int) -> Seconds:
        """Seconds per step of a block."""
        answer = self.steps(count)
        return Seconds(answer["wall"] / count, answer["cpu"] / count)

    def weights(self) -> list[np.ndarray]:
        with tempfile.NamedTemporaryFile(suffix=".npz") as file:
            self.ask(do="weights", file=file.name)
            stored = np.load(file.name)
            return [stored[f"arr_{i}"] for i in range(len(stored.files))]

    def memory(self) -> int:
        """By how many bytes its memory has grown, at its peak, since before the task was built."""
        return int(self.ask(do="memory")["bytes"])

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.close()  # no more requests: it ends by itself
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def now_and_peak() -> tuple[int, int]:
    """This process's memory, now and at its peak, in bytes."""
    try:
        with open("/proc/self/status") as file:
            status = dict(line.split(":", 1) for line in file)
        return tuple(int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]
    except OSError:  # no Linux: there is only the peak, which grows all the same
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return peak, peak


def give_back() -> None:
    """Return freed memory to the system, lest what comes next hides in it."""
    gc.collect()
    with suppress(AttributeError, OSError):  # glibc alone can be asked
        ctypes.CDLL(None).malloc_trim(0)


class _Here:
    """What happens in the worker's own process."""

    def __init__(self, implementation: str) -> None:
        self.implementation = implementation
        self.before = 0
        self.run: Any = None

    def build(self, task: str) -> dict[str, Any]:
        self.run = None
        give_back()
        self.before = now_and_peak()[0]
        made = problem(task)
        self.run = build(self.implementation, made)
        made.weights = []  # every implementation has its own copy by now
        give_back()
        return {}

    def steps(self, count: int) -> dict[str, Any]:
        wall, cpu = time.perf_counter(), time.process_time()
        loss = self.run.steps(count)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return {"loss": float(loss), "wall": wall, "cpu": cpu, "parts": self.run.parts}

    def weights(self, file: str) -> dict[str, Any]:
        np.savez(file, *[np.asarray(w) for w in self.run.weights()])
        return {}

    def memory(self) -> dict[str, Any]:
        return {"bytes": now_and_peak()[1] - self.before}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    here = _Here(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(here, request.pop("do"))(**request)
        except Unavailable as error:
            answer = {"unavailable": str(error)}
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            answer = {"unavailable": f"fails: {type(error).__name__}: {first[:80]}"}
            traceback.print_exc()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
