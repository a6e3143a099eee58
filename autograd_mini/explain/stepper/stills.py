"""Draw one step of a trace as a picture that stands still, in SVG.

>>> import autograd_mini as ag
>>> from autograd_mini.explain.stepper.told import story
>>> from autograd_mini.explain.story.trace import trace
>>> told = story(trace(ag.Value(3.0, name="x") ** 2), with_formulas=False)
>>> svg = still(told, 2)
>>> [text for text in ("x", "9", "6") if f">{text}<" in svg]
['x', '9', '6']
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from autograd_mini.explain.graph_data import CONSTANT
from autograd_mini.explain.pictures.labels import width
from autograd_mini.explain.pictures.picture import SVG
from autograd_mini.explain.stepper.told import LINE, NOT_YET, Number, State, Told, short

INK, SOFT, MUTE, FAINT, RULE, PANEL, PAPER = (
    *("#1b2430", "#5a6575", "#616c7b", "#b4bdc8", "#d9dfe6", "#f6f7f9", "#ffffff"),
)
#: The colour of each phase, of lines already taken in it, and behind its numbers.
PHASES = {
    "forward": ("#1d5fb4", "#8eafd9", "#e8f0fb"),
    "backward": ("#b1440b", "#d8a185", "#fdeee2"),
    "update": ("#1c7448", "#8db9a3", "#e4f4ea"),
}
FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
TITLES = {"forward": "Forward", "backward": "Backward", "sum": "Backward", "update": "Update"}
CAPTION = 40.0
#: The rings round the node that a step changes, and round the one it comes from.
THICK, THIN = 2.6, 1.6

#: The looks of the SVG's parts, by class; written once, or every box would carry them all.
STYLE = (
    f"""
svg {{ font: 11px {FONT}; text-anchor: middle; background: {PAPER} }}
text {{ fill: {INK} }} .soft {{ fill: {SOFT} }} .name {{ font-weight: bold }} .small {{ font-size: 9px }}
.body {{ fill: {PAPER}; stroke: {FAINT} }} .given {{ fill: {PANEL} }} .waits {{ stroke-dasharray: 3 3 }}
.chip {{ fill: {PANEL}; stroke: {RULE} }} .frame {{ fill: #fafbfc; stroke: {RULE} }} .label {{ text-anchor: start }}
.absent {{ fill: {MUTE}; font-style: italic; font-size: 10px }} .ring, .edge {{ fill: none }}
.edge {{ stroke: {FAINT}; stroke-width: 1.1; marker-end: url(#to) }} .lit {{ stroke-width: 2.6 }}
.strip {{ fill: {PHASES["backward"][2]} }} .caption {{ font-size: 12px }}
.partial {{ fill: {PAPER}; stroke: {PHASES["backward"][0]}; stroke-dasharray: 3 3 }}
"""
    + "".join(
        f"""text.{phase} {{ fill: {color} }} .{phase}.ring {{ stroke: {color} }} .{phase}.edge {{ stroke: {pale} }}
.{phase}.lit {{ stroke: {color}; marker-{"start" if phase == "backward" else "end"}: url(#to-{phase}) }}
"""
        for phase, (color, pale, _) in PHASES.items()
    )
    + ".backward.lit { marker-end: none }"
)


def phase_of(step: Told | None) -> str:
    """Which of the three passes a step belongs to."""
    return "forward" if step is None else "backward" if step["phase"] == "sum" else step["phase"]


def lit_edges(told: Told, step: Told | None) -> set[int]:
    """The arrows that a step works along: all operands forwards, one backwards."""
    if step is None or step["phase"] == "update":
        return set()
    if step["phase"] == "forward":
        return {i for i, (_, target, _) in enumerate(told["edges"]) if target == step["target"]}
    return {step["edge"]}


def caption_lines(told: Told, position: int) -> list[str]:
    """What stands below the picture: which step it is, and its formula."""
    if not position:
        return [f"Start: {told['start']}", ""]
    step = told["steps"][position - 1]
    return [f"{TITLES[step['phase']]}, step {position} of {len(told['steps'])}", step["lines"][0]]


def still(told: Told, position: int, current: bool = True) -> str:
    """What the stepper's picture shows after `position` steps, as SVG text.

    Args:
        current: light the last of these steps, and write it below.
    """
    state = State(told, position)
    step = told["steps"][position - 1] if position and current else None
    root = canvas(told, f"{told['title']}: after {position} of {len(told['steps'])} steps", current)
    lit, taken = lit_edges(told, step), taken_edges(told, position)
    for i, (_, _, path) in enumerate(told["edges"]):
        arrow(root, path, taken.get(i), i in lit)
    for i, node in enumerate(told["nodes"]):
        _card(root, node, state, i, step)
    if current:
        for n, text in enumerate(caption_lines(told, position)):
            write_caption(root, told, n, text, phase_of(step) if step else "soft")
    return ET.tostring(root, encoding="unicode")


def canvas(told: Told, title: str, caption: bool = True) -> ET.Element:
    """A picture of the right size with its title, its styles and the frames of the layers."""
    wide, high = told["size"]
    high += CAPTION if caption else 0
    size = {"width": f"{wide:.0f}", "height": f"{high:.0f}", "viewBox": f"0 0 {wide:.0f} {high:.0f}"}
    root = ET.Element(f"{{{SVG}}}svg", size | {"role": "img", "aria-label": title})
    shape(root, "title").text = title
    shape(root, "style").text = STYLE
    shape(root, "rect", width=wide, height=high, fill=PAPER)
    defs = shape(root, "defs")
    for name, color in [("to", FAINT), *((f"to-{phase}", colors[0]) for phase, colors in PHASES.items())]:
        size = {"viewBox": "0 0 8 8", "refX": "6", "refY": "4", "markerWidth": "8", "markerHeight": "8"}
        marker = shape(defs, "marker", id=name, orient="auto-start-reverse", markerUnits="userSpaceOnUse", **size)
        shape(marker, "path", d="M0 0.6 8 4 0 7.4z", fill=color)
    for scope in told["scopes"]:
        if scope["box"] is not None:
            x, y, wide, high = scope["box"]
            rectangle(root, "frame", x, y, wide, high, 9)
            write(root, "label soft", x + 8, y + 14, scope["label"])
    return root


def taken_edges(told: Told, position: int) -> dict[int, str]:
    """The arrows that were used so far, and in which pass last."""
    taken: dict[int, str] = {}
    for step in told["steps"][:position]:
        taken |= dict.fromkeys(lit_edges(told, step), phase_of(step))
    return taken


def arrow(root: ET.Element, path: str, phase: str | None, lit: bool) -> ET.Element:
    """An arrow; a lit one is thick, and points the way of its pass."""
    return shape(root, "path", **{"class": "edge" + (f" {phase}" if phase else "") + (" lit" if lit else "")}, d=path)


@dataclass(frozen=True)
class Corners:
    """Where the parts of a box are; the page's script places them in the same way."""

    left: float
    top: float
    wide: float
    high: float
    badge: float

    @classmethod
    def of(cls, node: Told) -> Corners:
        x, y, wide, high = node["box"]
        return cls(x + node["badge"] / 2, y, wide - node["badge"] / 2, high, node["badge"])

    @property
    def middle(self) -> float:
        return self.left + self.wide / 2 + self.badge / 4

    def line(self, n: int) -> float:
        """The base line of the name, the value, the gradient."""
        return self.top + LINE * (n + 1) - 1 + (3 if n == 2 else 0)

    @property
    def strip(self) -> str:
        """The lower part of the box, behind the gradient."""
        y, bottom, r = self.top + 2 * LINE + 5, self.top + self.high, 7
        turns = f"a{r} {r} 0 0 1-{r} {r}H{self.left + r:g}a{r} {r} 0 0 1-{r}-{r}z"
        return f"M{self.left:g} {y:g}h{self.wide:g}V{bottom - r:g}{turns}"


def _card(root: ET.Element, node: Told, state: State, i: int, step: Told | None) -> None:
    if node["kind"] == CONSTANT:
        constant(root, node)
        return
    body(root, node, state.values[i] is not None)
    if state.gradients[i] is not None:
        strip(root, node, state.arrived[i] < node["arrivals"])
    if step is not None and i in (step["target"], step["node"]):
        ring(root, node, phase_of(step), THICK if i == step["target"] else THIN)
    heading(root, node)
    number(root, node, 1, state.updated[i] or state.values[i], "update" if state.updated[i] else "forward")
    number(root, node, 2, state.gradients[i], "backward")


def constant(root: ET.Element, node: Told) -> None:
    x, y, wide, high = node["box"]
    rectangle(root, "chip", x, y, wide, high, high / 2)
    write(root, "soft", x + wide / 2, y + high / 2 + 4, short(node["value"]))


def body(root: ET.Element, node: Told, computed: bool) -> ET.Element:
    at = Corners.of(node)
    kind = "body" + ("" if node.get("symbol") else " given") + ("" if computed else " waits")
    return rectangle(root, kind, at.left, at.top, at.wide, at.high, 7)


def strip(root: ET.Element, node: Told, partial: bool) -> ET.Element:
    return shape(root, "path", **{"class": "partial" if partial else "strip"}, d=Corners.of(node).strip)


def ring(root: ET.Element, node: Told, phase: str, thick: float) -> ET.Element:
    at = Corners.of(node)
    made = rectangle(root, f"ring {phase}", at.left, at.top, at.wide, at.high, 7)
    made.set("stroke-width", f"{thick}")
    return made


def heading(root: ET.Element, node: Told) -> None:
    """The name, the shape and the operation's badge."""
    at = Corners.of(node)
    text, *below = node.get("parts", [node["name"]])
    name = write(root, "soft" if node.get("unnamed") else "name", at.middle, at.line(0), text)
    for part in below:
        shape(name, "tspan", **{"class": "small"}, dy=3).text = part
    if "shape" in node:
        shape(name, "tspan", **{"class": "small soft"}, dx=6, dy=-3 if below else 0).text = node["shape"]
    if node["badge"]:
        x, y = node["box"][0], at.top + at.high / 2
        rectangle(root, "body", x, y - 9, node["badge"], 18, 9)
        write(root, "", x + node["badge"] / 2, y + 4, node["symbol"])


def number(root: ET.Element, node: Told, line: int, shown: Number | None, phase: str) -> ET.Element:
    """A value or a gradient, or that it is not there yet."""
    at = Corners.of(node)
    text = NOT_YET if shown is None else short(shown)
    return write(root, "absent" if shown is None else phase, at.middle, at.line(line), text)


def write_caption(root: ET.Element, told: Told, line: int, text: str, phase: str) -> ET.Element:
    wide, high = told["size"]
    element = write(root, "caption" if line else f"caption name {phase}", wide / 2, high + 14 + 17 * line, text)
    if width(text) * 12 > wide:  # a long formula is pressed into the width
        element.set("textLength", f"{wide - 12:.0f}")
        element.set("lengthAdjust", "spacingAndGlyphs")
    return element


def rectangle(parent: ET.Element, kind: str, x: float, y: float, wide: float, high: float, round_: float) -> ET.Element:
    return shape(parent, "rect", **{"class": kind}, x=x, y=y, width=wide, height=high, rx=round_)


def write(parent: ET.Element, kind: str, x: float, y: float, text: str) -> ET.Element:
    element = shape(parent, "text", **({"class": kind} if kind else {}), x=x, y=y)
    element.text = text
    return element


def shape(parent: ET.Element, tag: str, **attributes: Any) -> ET.Element:
    """A new SVG element inside `parent`."""
    texts = {key: f"{value:g}" if isinstance(value, int | float) else value for key, value in attributes.items()}
    return ET.SubElement(parent, f"{{{SVG}}}{tag}", texts)
