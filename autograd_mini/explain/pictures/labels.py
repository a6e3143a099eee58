"""Write what stands in a box of a picture: lines of text and rows of coloured tiles, never markup.

A `Label` is text that Graphviz reads as one of its tables and that keeps its parts as data, so that
the built-in renderer and the text listings write the same thing.
"""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

import graphviz

from autograd_mini.visible import visible


class Line(NamedTuple):
    """A line of a label."""

    text: str
    bold: bool = False
    color: str = "#1f2937"


class Tile(NamedTuple):
    """A coloured cell, of a heat map or of a legend."""

    color: str
    text: str = ""


class Label(str):
    """Lines of text above rows of tiles.

    >>> label = Label([Line("<b>x</b> & y")])
    >>> label.lines[0].text, "<b>" in label
    ('<b>x</b> & y', False)
    """

    lines: tuple[Line, ...]
    tiles: tuple[tuple[Tile, ...], ...]

    def __new__(cls, lines: Sequence[Line], tiles: Sequence[Sequence[Tile]] = ()) -> Label:
        lines = tuple(line._replace(text=visible(line.text)) for line in lines)
        label = super().__new__(cls, f"<{_table(lines, tiles)}>")
        label.lines = lines
        label.tiles = tuple(tuple(row) for row in tiles)
        return label

    def __getnewargs__(self) -> tuple:
        return self.lines, self.tiles


def _table(lines: Sequence[Line], tiles: Sequence[Sequence[Tile]]) -> str:
    """Graphviz's HTML-like table. ElementTree writes it, so that no text can become a tag."""
    plain = {"BORDER": "0", "CELLBORDER": "0", "CELLSPACING": "0", "CELLPADDING": "1"}
    table = ET.Element("TABLE", plain)
    for line in lines:
        cell = ET.SubElement(ET.SubElement(table, "TR"), "TD", ALIGN="LEFT")
        font = ET.SubElement(cell, "FONT", COLOR=line.color)
        inner = ET.SubElement(font, "B") if line.bold else font
        inner.text = _literal(line.text) or "\N{NO-BREAK SPACE}"
    if tiles:
        cell = ET.SubElement(ET.SubElement(table, "TR"), "TD")
        grid = ET.SubElement(cell, "TABLE", plain | {"CELLPADDING": "0"})
        for row in tiles:
            strip = ET.SubElement(grid, "TR")
            for tile in row:
                box = ET.SubElement(strip, "TD", BGCOLOR=tile.color, WIDTH="9", HEIGHT="9")
                if tile.text:
                    box.set("CELLPADDING", "3")
                    box.text = _literal(tile.text)
    return ET.tostring(table, encoding="unicode", short_empty_elements=False)  # Graphviz knows no <TD/>


def _literal(text: str) -> str:
    r"""As Graphviz needs it in a table: there too it reads \N as the node's name, and it joins runs of spaces."""
    return text.replace("\\", "\\\\").replace(" ", "\N{NO-BREAK SPACE}")


def parts(label: str, name: str = "") -> tuple[tuple[Line, ...], tuple[tuple[Tile, ...], ...]]:
    """The lines and tiles of any label that Graphviz takes.

    >>> [line.text for line in parts("a\\\\lb <i> &amp; \\\\\\\\N")[0]]
    ['a', 'b <i> & \\\\N']
    """
    if isinstance(label, Label):
        return label.lines, label.tiles
    if re.fullmatch("<.*>", label, re.DOTALL) and not isinstance(label, graphviz.quoting.NoHtml):
        label = re.sub(r"(?i)<br[^>]*>|</tr>", "\n", label[1:-1])
        text = unescape(re.sub("<[^>]*>", "", label))
    else:
        text = re.sub(r"\\(.)", lambda found: _escaped(found[1], name), unescape(label), flags=re.DOTALL)
    lines = text.removesuffix("\n").split("\n")
    return tuple(Line(visible(line)) for line in lines if line or len(lines) == 1), ()


def _escaped(character: str, name: str) -> str:
    return {"n": "\n", "l": "\n", "r": "\n", "N": name}.get(character, character)


def width(text: str, bold: bool = False) -> float:
    """About how wide a text is in a sans-serif font of size 1.

    >>> round(width("grad"), 2), width("e\\u0301") == width("e")
    (2.56, True)
    """
    return sum(map(_width, text)) * (1.1 if bold else 1.0)


def _width(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.36 if character in " .,:;'|!()[]ijl\N{NO-BREAK SPACE}" else 0.9 if character in "mwMW@%" else 0.64
