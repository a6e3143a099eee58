"""Turn the steps of a stepper into slides: numbered pictures, a GIF, or one SVG that moves by itself."""

from __future__ import annotations

import io
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_mini.explain.graph_data import CONSTANT, import_extra
from autograd_mini.explain.pictures.picture import SVG
from autograd_mini.explain.stepper import stills
from autograd_mini.explain.stepper.pixels import pngs
from autograd_mini.explain.stepper.told import State, Told

if TYPE_CHECKING:
    from autograd_mini.explain.stepper.stepper import Stepper

#: The longest film; beyond it files take megabytes and nobody looks on.
MOST_FRAMES = 400
#: Where a number of steps after the last one the film begins again.
PAUSE = 3
#: How wide pictures of pixels are: half as much again as the drawing, but a film no wider than this.
SCALE, WIDEST = 1.5, 1400


def frames(
    stepper: Stepper, folder: str | os.PathLike[str], format: str = "svg", steps: Iterable[int] | None = None
) -> list[Path]:
    """Write a still picture for every step, numbered: step-000.svg, step-001.svg …

    Args:
        folder: is made if it is not there.
        format: "svg" or "png"; PNG needs Graphviz's `dot`.
        steps: after how many steps each picture is to be; by default 0, 1, … to the end.

    Raises:
        ValueError: another format, a step that there is not, too many of them.
        DotMissingError: PNG without `dot`.
    """
    wanted = _wanted(stepper, steps, "frames")
    if format not in ("svg", "png"):
        raise ValueError(f"frames: format must be 'svg' or 'png', got {format!r}")
    pictures: Iterable[bytes]
    if format == "png":
        pictures = pngs(stepper.told, wanted, SCALE)
    else:
        pictures = (stills.still(stepper.told, k).encode() for k in wanted)
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    digits = max(3, len(str(len(stepper))))
    paths = [place / f"step-{k:0{digits}}.{format}" for k in wanted]
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture)
    return paths


def gif(
    stepper: Stepper, path: str | os.PathLike[str], seconds_per_step: float = 1.0, steps: Iterable[int] | None = None
) -> Path:
    """Write the steps as an animated GIF, which begins again after a pause.

    Args:
        seconds_per_step: at least 0.02, the shortest that viewers keep to.
        steps: as for `frames`.

    Raises:
        ValueError: a step that there is not, too many or none of them, a time too short.
        DotMissingError: Graphviz's `dot` is not installed.
        ModuleNotFoundError: Pillow is not installed.
    """
    images = import_extra("PIL.Image", "explain", "gif")
    wanted = _wanted(stepper, steps, "gif")
    _check_seconds(seconds_per_step, "gif")
    scale = min(SCALE, WIDEST / stepper.told["size"][0])
    pictures = [images.open(io.BytesIO(png)).convert("RGB") for png in pngs(stepper.told, wanted, scale)]
    # One palette for all, or colours would flicker; the last picture has every colour.
    palette = pictures[-1].quantize(64, dither=images.Dither.NONE)
    first, *rest = [picture.quantize(palette=palette, dither=images.Dither.NONE) for picture in pictures]
    times = [round(1000 * seconds_per_step)] * len(wanted)
    times[-1] *= PAUSE
    first.save(path, "GIF", save_all=True, append_images=rest, duration=times, loop=0, optimize=False)
    return Path(path)


def animated_svg(stepper: Stepper, path: str | os.PathLike[str], seconds_per_step: float = 1.0) -> Path:
    """Write the steps as one SVG that moves by style rules alone: no script, and no motion for who wants none.

    What does not know such rules, and whoever asks their system for less motion, sees the last step.

    Raises:
        ValueError: too many steps, a time too short.
    """
    _wanted(stepper, None, "animated_svg")
    _check_seconds(seconds_per_step, "animated_svg")
    target = Path(path)
    target.write_text(_Film(stepper.told, seconds_per_step).svg(), encoding="utf-8")
    return target


def _wanted(stepper: Stepper, steps: Iterable[int] | None, function: str) -> list[int]:
    wanted = list(range(len(stepper) + 1) if steps is None else steps)
    if wrong := [k for k in wanted if k not in range(len(stepper) + 1)]:
        raise ValueError(f"{function}: there are steps 0 to {len(stepper)}, not {wrong[0]!r}")
    if not wanted:
        raise ValueError(f"{function}: steps is empty")
    if len(wanted) > MOST_FRAMES:
        advice = "step_through(trace(loss).through(weight)) is shorter"
        if function != "animated_svg":
            advice += f", and so is steps=range(0, {len(stepper) + 1}, {len(wanted) // MOST_FRAMES + 1})"
        raise ValueError(f"{function}: {len(wanted)} pictures are more than {MOST_FRAMES}; {advice}")
    return wanted


def _check_seconds(seconds: float, function: str) -> None:
    if not 0.02 <= seconds <= 60:
        raise ValueError(f"{function}: seconds_per_step must lie between 0.02 and 60, got {seconds}")


# -- the moving picture --------------------------------------------------------------------------------


class _Film:
    """All that is ever drawn lies in one picture; rules say from which step to which each part is seen."""

    def __init__(self, told: Told, seconds: float) -> None:
        self.told = told
        self.count = len(told["steps"]) + 1
        self.seconds = seconds
        self.states = [State(told, k) for k in range(self.count)]
        self.steps = [None, *told["steps"]]
        self.root = stills.canvas(told, told["title"])
        self.rules: dict[tuple[int, int], str] = {}

    def svg(self) -> str:
        self._arrows()
        for i, node in enumerate(self.told["nodes"]):
            if node["kind"] == CONSTANT:
                stills.constant(self.root, node)
            else:
                self._card(node, i)
        for k in range(self.count):
            phase = "soft" if k == 0 else stills.phase_of(self.steps[k])
            for n, text in enumerate(stills.caption_lines(self.told, k)):
                self._seen(stills.write_caption(self.root, self.told, n, text, phase), k, k + 1)
        style = self.root.find(f"{{{SVG}}}style")
        assert style is not None
        style.text = f"{style.text}\n{self._style()}"
        return ET.tostring(self.root, encoding="unicode")

    def _arrows(self) -> None:
        lit = [stills.lit_edges(self.told, step) for step in self.steps]
        taken: dict[int, str] = {}
        looks: list[list[tuple[str | None, bool]]] = [[] for _ in self.told["edges"]]
        for k, step in enumerate(self.steps):
            taken |= dict.fromkeys(lit[k], stills.phase_of(step))
            for i, look in enumerate(looks):
                look.append((taken.get(i), i in lit[k]))
        for (_, _, path), look in zip(self.told["edges"], looks, strict=True):
            for (phase, is_lit), start, end in _runs(look):
                self._seen(stills.arrow(self.root, path, phase, is_lit), start, end)

    def _card(self, node: Told, i: int) -> None:
        states, root = self.states, self.root
        for computed, start, end in _runs([s.values[i] is not None for s in states]):
            self._seen(stills.body(root, node, computed), start, end)
        for arrived, start, end in _runs([s.gradients[i] and s.arrived[i] < node["arrivals"] for s in states]):
            if arrived is not None:
                self._seen(stills.strip(root, node, arrived), start, end)
        for ring, start, end in _runs([self._ring(step, i) for step in self.steps]):
            if ring is not None:
                self._seen(stills.ring(root, node, *ring), start, end)
        stills.heading(root, node)
        values = [(s.updated[i] or s.values[i], "update" if s.updated[i] else "forward") for s in states]
        for (shown, phase), start, end in _runs(values):
            self._seen(stills.number(root, node, 1, shown, phase), start, end)
        for shown, start, end in _runs([s.gradients[i] for s in states]):
            self._seen(stills.number(root, node, 2, shown, "backward"), start, end)

    def _ring(self, step: Told | None, i: int) -> tuple[str, float] | None:
        if step is None or i not in (step["target"], step["node"]):
            return None
        return stills.phase_of(step), stills.THICK if i == step["target"] else stills.THIN

    def _seen(self, element: ET.Element, start: int, end: int) -> None:
        """Let a part be seen from step `start` to the one before `end`."""
        if (start, end) == (0, self.count):
            return
        rule = self.rules.setdefault((start, end), f"s{len(self.rules)}")
        element.set("class", f"{element.get('class', '')} {rule}")
        if end < self.count:
            element.set("visibility", "hidden")

    def _style(self) -> str:
        length = self.count + PAUSE - 1
        rules = []
        for (start, end), name in self.rules.items():
            moments = {0: "hidden"} if start else {}
            moments |= {start: "visible"} | ({end: "hidden"} if end < self.count else {})
            keys = "".join(f"{100 * k / length:.4g}%{{visibility:{what}}}" for k, what in moments.items())
            rules.append(f"@keyframes {name}{{{keys}}}.{name}{{animation-name:{name}}}")
        moving = f"*{{animation:{length * self.seconds:g}s step-end infinite}}" + "".join(rules)
        return f"@media (prefers-reduced-motion: no-preference){{{moving}}}"


def _runs(looks: Sequence[Any]) -> Iterator[tuple[Any, int, int]]:
    """Equal neighbours together: what, from where, to before where.

    >>> list(_runs("aab"))
    [('a', 0, 2), ('b', 2, 3)]
    """
    start = 0
    for look, group in groupby(looks):
        end = start + sum(1 for _ in group)
        yield look, start, end
        start = end
