"""Record, differentiate, explain and free graphs of a million nodes: what a node costs, and that nothing stays.

`python -m tests.trust.load 1000000` from the repository's root does so for every graph below, with the garbage
collector off, and prints bytes and microseconds a node; `test_load.py` does it with fewer nodes.
"""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import time
import tracemalloc
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

import autograd_mini as ag
import autograd_mini.explain
from autograd_mini import Value
from autograd_mini.value import next_age

MOST_BYTES_A_NODE = 1000
#: Such as the counter of ages, which has become a larger number.
LEFT_BYTES = 5_000
#: The smallest stack that a thread may be given anywhere, in which freeing must not recurse. From 3.13 on CPython
#: itself lets some 10 000 deallocations nest, whatever the stack.
SMALL_STACK = (256 if sys.version_info < (3, 13) else 2048) * 1024


def chain(n: int) -> Value:
    x = z = Value(1.0)
    for _ in range(n // 2):
        z = z * 0.999999 + x
    return z


def wide(n: int) -> Value:
    leaves = [Value(0.5) for _ in range(2000)]
    return sum(leaves[i % 2000] * leaves[7 * i % 2000] for i in range(n // 2))  # type: ignore[return-value]


def one_used_often(n: int) -> Value:
    x = total = Value(1.0)
    for _ in range(n):
        total = total + x
    return total


def stacked(n: int) -> Value:
    return np.sum(np.stack([Value(1.0) for _ in range(n // 2)]) ** 2)  # each has a node that gives it an axis


def stacked_one(n: int) -> Value:
    return np.sum(np.stack([Value(1.0)] * n) ** 2)


def concatenated(n: int) -> Value:
    return np.sum(np.concatenate([Value([1.0]) for _ in range(n)]) ** 2)


def small_arrays(n: int) -> Value:
    z = Value(np.ones(4))
    for _ in range(n):
        z = np.tanh(z)
    return np.sum(z)


def diamonds(n: int) -> Value:
    """Each rung has two ways to each node of the one below: 2^(n/5) paths in all."""
    a, b = Value(1.0), Value(2.0)
    for _ in range(n // 5):
        a, b = (a + b) * 0.5, (a * b + 1e-3).sqrt()
    return a + b


GRAPHS: dict[str, Callable[[int], Value]] = {
    f.__name__.replace("_", " "): f
    for f in (chain, wide, one_used_often, stacked, stacked_one, concatenated, small_arrays, diamonds)
}
COPIES: tuple[Callable[[Value], Any], ...] = (copy.copy, copy.deepcopy, pickle.dumps)


class Cost(NamedTuple):
    """What a graph of so many nodes took, each per node."""

    nodes: int
    recorded_bytes: float
    """Allocated by Python and NumPy once it was recorded."""
    bytes: float
    """The same once every node had its gradient too."""
    resident: float
    """By how much the process had grown then."""
    record: float
    backward: float
    free: float
    """Microseconds."""

    def __str__(self) -> str:
        numbers = "".join(f"{number:9.0f}" for number in (self.recorded_bytes, self.bytes, self.resident))
        return f"{self.nodes:9,}" + numbers + "".join(f"{t:9.2f}" for t in (self.record, self.backward, self.free))


HEADINGS = f"{'':16}{'nodes':>9}{'recorded':>9}{'+ grads':>9}{'resident':>9}{'record':>9}{'backward':>9}{'free':>9}"


def resident_bytes() -> int:
    """Of this process, now; 0 where the system has no such file."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        return 0


def emptied_caches() -> int:
    """Let Python forget what it keeps for later use: free tuples and floats, the places of up to 4096 attributes.

    Returns:
        How many objects the garbage collector found.
    """
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        sys._clear_type_cache()
    return gc.collect()


@contextmanager
def without_collector() -> Iterator[None]:
    """Nothing but the count of references frees anything inside the block.

    Raises:
        AssertionError: something was left for the garbage collector.
    """
    gc.collect()
    gc.disable()
    try:
        yield
        left = emptied_caches()
        assert not left, f"{left} objects in cycles were left for the garbage collector"
    finally:
        gc.enable()


def load(make: Callable[[int], Value], n: int) -> Cost:
    """Record about `n` nodes, go backward and free them: once for the time, once counting what is allocated.

    Raises:
        AssertionError: too many bytes a node, or something that stays.
    """
    clock = time.perf_counter
    with without_collector():
        resident, age, start = resident_bytes(), next_age(), clock()
        root = make(n)
        nodes, recorded = next_age() - age, clock()
        root.backward()
        differentiated, resident = clock(), resident_bytes() - resident
        some = [weakref.ref(x) for x in (root, *root.inputs) if isinstance(x, Value)]
        del root
        freed = clock()
        assert [node() for node in some] == [None] * len(some)
    tracemalloc.start()
    try:
        with without_collector():
            before = tracemalloc.get_traced_memory()[0]
            root = make(n)
            after_record = tracemalloc.get_traced_memory()[0] - before
            root.backward()
            after_backward = tracemalloc.get_traced_memory()[0] - before
            del root
        left = tracemalloc.get_traced_memory()[0] - before  # and what Python keeps for later is gone too
    finally:
        tracemalloc.stop()
    assert after_backward <= MOST_BYTES_A_NODE * nodes, f"{after_backward / nodes} bytes a node"
    assert left < LEFT_BYTES, f"{left} bytes are left"
    times = (1e6 * t / nodes for t in (recorded - start, differentiated - recorded, freed - differentiated))
    return Cost(nodes, after_record / nodes, after_backward / nodes, resident / nodes, *times)


def explain(make: Callable[[int], Value], n: int) -> None:
    """Each way to look at a graph answers, or says that it is too large; none recurses, and nothing stays."""
    with without_collector():
        root = make(n)
        nodes = len(ag.graph(root).nodes)
        assert f"{nodes} nodes" in repr(ag.graph(root))
        assert nodes > n / 2
        steps = ag.steps(root)
        assert len(steps) >= n / 2
        assert steps[-1].after is not None
        assert len(repr(root)) < 200
        for look, why in ((ag.draw, "max_nodes=300"), *((take, "was computed by") for take in COPIES)):
            try:
                look(root)
                refusal = "none"
            except (ValueError, ag.GraphError) as error:
                refusal = str(error)
            assert why in refusal, refusal
        assert len(ag.draw(root, max_depth=2).text()) > 20
        del root, steps


def free_in_small_thread(make: Callable[[int], Value], n: int) -> None:
    """The last reference to a graph is let go in a thread with hardly any stack."""
    with without_collector():
        holder: list[Any] = [make(n)]
        holder[0].backward()
        node = weakref.ref(holder[0])
        before = threading.stack_size(SMALL_STACK)
        try:
            thread = threading.Thread(target=holder.clear)
            thread.start()
        finally:
            threading.stack_size(before)
        thread.join()
        assert node() is None


def main(n: int = 1_000_000) -> None:
    """Load every graph with about `n` nodes, those of joined pieces and small arrays with a tenth of it."""
    print("bytes a node, microseconds a node")
    print(HEADINGS)
    for name, make in GRAPHS.items():
        cost = load(make, n if make in (chain, wide, one_used_often, diamonds) else n // 10)
        print(f"{name:16}{cost}", flush=True)
        explain(make, n // 20)
        free_in_small_thread(make, n // 2)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
