"""Draw steps of a trace as PNG: Graphviz makes the pixels, at the places that the story gives.

The places are those of every other surface, so that nothing moves from one picture to the next.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import hypot

from autograd_mini.explain.formatting import as_text
from autograd_mini.explain.graph_data import CONSTANT
from autograd_mini.explain.pictures.labels import Label, Line, width
from autograd_mini.explain.pictures.picture import Picture, by_dot
from autograd_mini.explain.stepper.stills import (
    CAPTION,
    FAINT,
    FONT,
    INK,
    MUTE,
    PANEL,
    PAPER,
    PHASES,
    RULE,
    SOFT,
    THICK,
    THIN,
    caption_lines,
    lit_edges,
    phase_of,
    taken_edges,
)
from autograd_mini.explain.stepper.told import NOT_YET, State, Told, short


def pngs(told: Told, positions: Sequence[int], scale: float) -> list[bytes]:
    """A picture of what is known after so many steps, for each of `positions`, all of one size.

    Args:
        scale: pixels a unit of the drawing.

    Raises:
        DotMissingError: Graphviz's `dot` is not installed.
    """

    def png(k: int) -> bytes:
        return bytes(by_dot(pinned(told, k), "png", "-Kneato", "-n2", f"-Gdpi={72 * scale:.1f}"))

    with ThreadPoolExecutor(os.cpu_count()) as workers:  # each waits for a process of its own
        return list(workers.map(png, positions))


def pinned(told: Told, position: int) -> Picture:
    """The picture of one step with every place pinned, for `neato -n2`."""
    state = State(told, position)
    step = told["steps"][position - 1] if position else None
    wide, high = told["size"]
    picture = Picture(
        graph_attr={"bgcolor": PAPER, "pad": "0"},
        node_attr={"fontname": FONT, "fontsize": "10", "shape": "box", "fixedsize": "true", "style": "filled,rounded"},
        edge_attr={"arrowsize": "0.55"},
    )
    # The paper makes all pictures equally large, whatever is written on them.
    paper = {"style": "filled", "fillcolor": PAPER, "color": PAPER}
    picture.node("paper", "", **paper, **_at([0, 0, wide, high + CAPTION], high))
    for n, scope in enumerate(told["scopes"]):
        if scope["box"] is not None:
            x, y, across, _ = scope["box"]
            picture.node(f"s{n}", "", fillcolor="#fafbfc", color=RULE, **_at(scope["box"], high))
            label = Label([Line(scope["label"], False, SOFT)])
            long = min(across, width(scope["label"]) * 10 + 12)
            picture.node(f"label{n}", label, shape="plaintext", style="", **_at([x + 4, y + 3, long, 16], high))
    for i, node in enumerate(told["nodes"]):
        picture.node(f"n{i}", **_dot_node(node, state, i, step), **_at(node["box"], high))
    lit, taken = lit_edges(told, step), taken_edges(told, position)
    for i, (source, target, path) in enumerate(told["edges"]):
        picture.edge(f"n{source}", f"n{target}", **_dot_edge(path, high, taken.get(i), i in lit))
    for n, text in enumerate(caption_lines(told, position)):
        size = min(12.0, (wide - 12) / max(width(text), 1.0))
        look = {"shape": "plaintext", "style": "", "fontsize": f"{size:.1f}"}
        look["fontcolor"] = INK if n or step is None else PHASES[phase_of(step)][0]
        picture.node(f"caption{n}", as_text(text), **look, **_at([0, high + 2 + 17 * n, wide, 17], high))
    return picture


def _at(box: list[float], picture_high: float) -> dict[str, str]:
    x, y, wide, high = box
    middle = f"{x + wide / 2:.1f},{picture_high - y - high / 2:.1f}!"
    return {"pos": middle, "width": f"{wide / 72:.4f}", "height": f"{high / 72:.4f}"}


def _dot_node(node: Told, state: State, i: int, step: Told | None) -> dict[str, str]:
    if node["kind"] == CONSTANT:
        return {"label": as_text(short(node["value"])), "fillcolor": PANEL, "color": RULE, "fontcolor": SOFT}
    symbol = f"{node['symbol']} " if node.get("symbol") else ""
    value, gradient = state.updated[i] or state.values[i], state.gradients[i]
    lines = [Line(symbol + node["name"], not node.get("unnamed"), SOFT if node.get("unnamed") else INK)]
    for shown, phase in ((value, "update" if state.updated[i] else "forward"), (gradient, "backward")):
        lines.append(Line(NOT_YET, False, MUTE) if shown is None else Line(short(shown), False, PHASES[phase][0]))
    active = step is not None and i in (step["target"], step["node"])
    reached = gradient is not None and state.arrived[i] >= node["arrivals"]
    return {
        "label": Label(lines),
        "fillcolor": PHASES["backward"][2] if reached else PAPER if node.get("symbol") else PANEL,
        "color": PHASES[phase_of(step)][0] if active else FAINT,
        "penwidth": f"{THICK if step and i == step['target'] else THIN}" if active else "1",
    }


def _dot_edge(path: str, high: float, phase: str | None, lit: bool) -> dict[str, str]:
    """A spline with its arrowhead, which takes the last piece of it."""
    backward = lit and phase == "backward"
    points = [(float(x), high - float(y)) for x, y in _pairs(path)]
    points = points[::-1] if backward else points
    (x, y), (tip_x, tip_y) = points[-2:]
    length = hypot(tip_x - x, tip_y - y) or 1.0
    head = 7.0 if lit else 5.0
    points[-1] = (tip_x - (tip_x - x) / length * head, tip_y - (tip_y - y) / length * head)
    end = f"{'s' if backward else 'e'},{tip_x:.1f},{tip_y:.1f}"
    spline = " ".join(f"{x:.1f},{y:.1f}" for x, y in (points[::-1] if backward else points))
    look = {"dir": "back"} if backward else {}
    color = FAINT if phase is None else PHASES[phase][0 if lit else 1]
    return look | {"pos": f"{end} {spline}", "color": color, "penwidth": "2.2" if lit else "1"}


def _pairs(path: str) -> Iterator[list[str]]:
    return (pair.split(",") for pair in path[1:].replace("C", " ").split())
