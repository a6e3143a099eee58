"""What recording costs: µs per operation against plain floats and NumPy, and a chain of a million nodes.

    python benchmarks/engine.py

The implementations are run block by block in turn, so that a busy machine slows all of them; medians
and minima of many blocks are printed.
"""

from __future__ import annotations

import gc
import math
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

import autograd_mini as ag

BLOCKS, PER_BLOCK = 41, 2000


def interleaved(functions: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds per call of each function, one figure a block, the functions taking turns."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(BLOCKS):
        for name, function in functions.items():
            start = time.perf_counter()
            for _ in range(PER_BLOCK):
                function()
            times[name].append((time.perf_counter() - start) / PER_BLOCK)
    return times


def compare(title: str, ours: Callable[[], object], plain: Callable[[], object]) -> None:
    times = interleaved({"ours": ours, "plain": plain})
    a, b = (statistics.median(times[name]) * 1e6 for name in ("ours", "plain"))
    minima = ", ".join(f"{min(times[name]) * 1e6:.2f}" for name in ("ours", "plain"))
    print(f"{title:<34} {a:8.2f} {b:8.2f} {a / b:8.1f}   (minima {minima})")


def operations() -> None:
    print(f"{'µs per operation (medians)':<34} {'recorded':>8} {'plain':>8} {'ratio':>8}")
    x, y = ag.Value(0.7), ag.Value(1.3)
    a, b = x.data, y.data
    compare("scalar x * y", lambda: x * y, lambda: a * b)
    compare("scalar x + y", lambda: x + y, lambda: a + b)
    compare("scalar tanh", lambda: x.tanh(), lambda: math.tanh(a))
    compare("scalar np.tanh", lambda: np.tanh(x), lambda: np.tanh(a))
    rng = np.random.default_rng(0)
    v, w = ag.Value(rng.normal(size=(4, 4))), ag.Value(rng.normal(size=(4, 4)))
    p, q = v.data, w.data
    compare("4×4 x * y", lambda: v * w, lambda: p * q)
    compare("4×4 x + y", lambda: v + w, lambda: p + q)
    compare("4×4 x @ y", lambda: v @ w, lambda: p @ q)
    compare("4×4 tanh", lambda: np.tanh(v), lambda: np.tanh(p))
    compare("4×4 sum", lambda: v.sum(), lambda: p.sum())
    big, other = ag.Value(rng.normal(size=(256, 256))), ag.Value(rng.normal(size=(256, 256)))
    global PER_BLOCK
    PER_BLOCK = 20
    compare("256×256 x @ y", lambda: big @ other, lambda: big.data @ other.data)


def million_chain() -> None:
    """Record, differentiate and free a chain of 10⁶ scalar operations; run in a process of its own."""
    n = 1_000_000
    before = peak_bytes()
    for collector in ("on", "off"):
        gc.enable() if collector == "on" else gc.disable()
        x, w = ag.Value(1.0), ag.Value(0.999999)
        start = time.perf_counter()
        v = x
        for _ in range(n // 2):
            v = v * w + 1e-6
        recorded = time.perf_counter()
        v.backward()
        differentiated = time.perf_counter()
        del v
        freed = time.perf_counter()
        print(
            f"chain of 10^6, collector {collector:>3}: record {recorded - start:.2f} s, "
            f"backward {differentiated - recorded:.2f} s, free {freed - differentiated:.2f} s, "
            f"peak {(peak_bytes() - before) / n:.0f} bytes a node"
        )


def peak_bytes() -> int:
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def import_time() -> None:
    def seconds(module: str) -> float:
        code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)

    pairs = [(seconds("numpy"), seconds("autograd_mini")) for _ in range(11)]
    numpy, ours = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
    print(f"import: numpy {numpy:.0f} ms, autograd_mini {ours:.0f} ms (numpy included)")


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    operations()
    import_time()
    million_chain()
