"""How the time of a step grows: with the nodes of a scalar chain, a network's width and its batch.

`python -m benchmarks scaling` measures; over the upper half of each curve, time ~ sizeᵖ is fitted.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Effort, Told, training
from benchmarks.report import Row, amount
from benchmarks.tasks import Task

#: What grows: the sizes, who is measured, and what a step is.
CURVES: dict[str, tuple[tuple[int, ...], tuple[str, ...], str]] = {
    "nodes": (
        (10, 100, 1_000, 10_000, 100_000, 1_000_000),
        ("ours", "torch"),
        "a chain of so many scalar operations: record, backward, free",
    ),
    "width": (
        (10, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
        ("ours", "ours compiled", "tuned", "torch"),
        "width-width-10 relu, batch 32, softmax cross-entropy, SGD, float32",
    ),
    "batch": (
        (1, 4, 16, 64, 256, 1024, 4096, 8192),
        ("ours", "ours compiled", "tuned", "torch"),
        "64-32-10 relu, softmax cross-entropy, SGD, float32",
    ),
}
COLOURS = {"ours": "#0072b2", "ours compiled": "#009e73", "tuned": "#e69f00", "torch": "#cc79a7"}


def chosen(only: str | None) -> list[str]:
    """The curves that a list such as "width,batch" names.

    Raises:
        ValueError: a name that is no curve's.
    """
    curves = [name.strip() for name in only.split(",")] if only else list(CURVES)
    if unknown := [name for name in curves if name not in CURVES]:
        raise ValueError(f"no curve is called {unknown[0]!r}; there are {', '.join(CURVES)}")
    return curves


def measure(
    curve: str, names: Iterable[str], effort: Effort, tell: Told, largest: float = np.inf
) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """For each implementation its points {"size": …, "cpu": seconds of each block, "wall": …}; the disagreements."""
    sizes, implementations, work = CURVES[curve]
    wanted = set(names)
    here = [name for name in implementations if name in wanted]
    points: dict[str, list[dict[str, Any]]] = {name: [] for name in here}
    apart: list[str] = []
    for size in (s for s in sizes if s <= largest):
        kind = "chain" if curve == "nodes" else "training"
        result = training(Task(f"{curve} {size}", work, (), (), kind, f"{curve}:{size}", 1), here, effort, tell)
        apart += result["disagreements"]
        for name, found in result["implementations"].items():
            if "cpu" in found:
                points[name].append({"size": size, "cpu": found["cpu"], "wall": found["wall"]})
    return {name: ps for name, ps in points.items() if ps}, apart


def exponent(sizes: list[int], seconds: list[float]) -> float | None:
    """p of seconds ~ sizeᵖ by least squares on the logarithms of the upper half.

    >>> round(exponent([1, 10, 100, 1000, 10000], [5.0, 5.0, 2.0, 20.0, 200.0]), 6)
    1.0
    """
    half = len(sizes) // 2
    if len(sizes) - half < 2:
        return None
    return float(np.polyfit(np.log(sizes[half:]), np.log(seconds[half:]), 1)[0])


def curve_of(points: list[dict[str, Any]], clock: str) -> tuple[list[int], list[float]]:
    return [p["size"] for p in points], [statistics.median(p[clock]) for p in points]


def table(curve: dict[str, Any], clock: str) -> list[Row]:
    """A row for each size, a column for each implementation, the exponents below."""
    lines = {name: dict(zip(*curve_of(points, clock), strict=True)) for name, points in curve.items()}
    sizes = sorted({size for line in lines.values() for size in line})
    rows: list[Row] = [("size", *lines)]
    for size in sizes:
        rows.append((f"{size:,}", *[amount(line[size]) if size in line else "" for line in lines.values()]))
    fitted = [exponent(*curve_of(points, clock)) for points in curve.values()]
    return [*rows, ("exponent", *["" if p is None else f"{p:.2f}" for p in fitted])]


def picture(curves: dict[str, Any], clock: str, file: Path) -> bool:
    """Draw the curves; False where matplotlib is missing."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        return False
    with rc_context({"svg.hashsalt": "scaling", "font.size": 9}):
        figure = Figure(figsize=(11, 3.6), layout="constrained")
        axes = figure.subplots(1, len(curves), squeeze=False)[0]
        for axis, (name, curve) in zip(axes, curves.items(), strict=True):
            for implementation, points in curve.items():
                sizes, seconds = curve_of(points, clock)
                p = exponent(sizes, seconds)
                label = implementation + ("" if p is None else f": size^{p:.2f}")
                axis.loglog(sizes, seconds, "o-", markersize=3, label=label, color=COLOURS.get(implementation))
            axis.set(xlabel=name, ylabel="seconds a step", title=CURVES[name][2].split(",")[0].split(":")[0])
            axis.grid(alpha=0.3)
            axis.legend()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return True
