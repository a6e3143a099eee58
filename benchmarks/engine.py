"""What recording costs: µs per operation against plain floats and NumPy, and a chain of a million nodes.

    python -m benchmarks.engine

The implementations are run block by block in turn, so that a busy machine slows all of them; medians
and minima of many blocks are printed.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import autograd_mini as ag
from benchmarks.interleaved import repeated, take_turns, versions
from benchmarks.measure import import_time
from benchmarks.workers import now_and_peak

BLOCKS, PER_BLOCK = 41, 2000


def compare(title: str, ours: Callable[[], object], plain: Callable[[], object]) -> None:
    times = take_turns({"ours": repeated(ours, PER_BLOCK), "plain": repeated(plain, PER_BLOCK)}, BLOCKS)
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
    before = now_and_peak()[1]
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
            f"peak {(now_and_peak()[1] - before) / n:.0f} bytes a node"
        )


def imports() -> None:
    times = take_turns({name: partial(import_time, name) for name in ("numpy", "autograd_mini")}, 11)
    numpy, ours = (statistics.median(t.wall for t in times[name]) * 1e3 for name in times)
    print(f"import: numpy {numpy:.0f} ms, autograd_mini {ours:.0f} ms (numpy included)")


if __name__ == "__main__":
    print(versions())
    operations()
    imports()
    million_chain()
