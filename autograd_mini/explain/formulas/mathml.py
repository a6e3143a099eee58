"""Turn LaTeX formulas into MathML that a page can hold safely, each repeated piece once.

The conversion is latex2mathml's. What it returns is taken apart and only what is known to be
mathematics is kept, so that a name cannot smuggle an element or an attribute into the page.

>>> pieces = Pieces()
>>> line = pieces.add(r"w_1 = 2 \\mathrel{+}= w_1", "w₁ = 2 += w₁")
>>> pieces.table[line]
['mrow', 2, 3, 4, 5, 2]
>>> pieces.table[5], pieces.table[2], pieces.table[0]
(['mo', '+='], ['msub', 0, 1], ['mi', 'w'])
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from autograd_mini.explain.graph_data import import_extra

LEAVES = frozenset(["mi", "mn", "mo", "mtext", "mspace"])
ELEMENTS = LEAVES | frozenset(
    [
        *("mrow", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "mover", "munder", "munderover"),
        *("mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom"),
    ]
)
#: The attributes that formulas need, and what may stand in them.
ATTRIBUTES = frozenset(["stretchy", "fence", "form", "accent", "width", "mathvariant", "displaystyle"])
_HARMLESS = re.compile(r"-?[A-Za-z0-9.]{1,20}(em|%)?")

MATHML = "http://www.w3.org/1998/Math/MathML"

Attributes = tuple[tuple[str, str], ...]


def mathml(latex: str, text: str) -> ET.Element:
    """A formula as a tree of MathML elements, without namespaces.

    Args:
        latex: the formula.
        text: the same as plain text, which is set as such where LaTeX's syntax defeats the converter.

    Raises:
        ModuleNotFoundError: latex2mathml is not installed.

    >>> print(ET.tostring(mathml(r"x = -\\frac{1}{2}", "x = −1/2"), encoding="unicode"))
    <mrow><mi>x</mi><mo>=</mo><mo form="prefix">−</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>
    """
    converter = import_extra("latex2mathml.converter", "explain", "step_through")
    try:
        found = _clean(converter.convert_to_element(latex))
    except Exception:  # its parser raises many types; a formula that it cannot read is still a text
        found = _leaf("mtext", text)
    return found if found.tag == "mrow" else _row([found])


class Pieces:
    """A table in which every distinct element of some formulas stands once.

    A row is [tag, text] or [tag, number of a row, number of a row, …], with a dictionary of
    attributes at its end if there are any.
    """

    def __init__(self) -> None:
        self.table: list[list[Any]] = []
        self._rows: dict[Any, int] = {}

    def add(self, latex: str, text: str) -> int:
        """The number of the row that holds a whole formula."""
        return self._add(mathml(latex, text))

    def _add(self, element: ET.Element) -> int:
        row: list[Any] = [element.tag, *([element.text] if element.text else []), *map(self._add, element)]
        key = (*row, *sorted(element.attrib.items()))
        if key not in self._rows:
            self._rows[key] = len(self.table)
            self.table.append([*row, dict(element.attrib)] if element.attrib else row)
        return self._rows[key]


# -- cleaning ------------------------------------------------------------------------------------------


def _clean(element: ET.Element) -> ET.Element:
    """The same formula of known elements and attributes alone, as short as it can be said."""
    tag = element.tag.rpartition("}")[2]
    if tag == "math":
        tag = "mrow"
    if tag not in ELEMENTS or (tag in LEAVES and len(element)):
        # += comes as <mo><mrow><mo>+</mo></mrow></mo>
        return _leaf("mo" if tag == "mo" else "mtext", "".join(map(_text, element.iter())))
    if tag in LEAVES:
        return _leaf(tag, _text(element), _attributes(element))
    children = _fenced(list(_merged([_clean(child) for child in element])))
    if tag == "mrow":
        _keep_low(children)
        return children[0] if len(children) == 1 else _row(children)
    if tag in ("mtd", "msqrt", "mstyle"):  # they hold a row of their own
        children = [grandchild for child in children for grandchild in (child if child.tag == "mrow" else [child])]
    made = ET.Element(tag, dict(_attributes(element)))
    made.extend(_signed(children) if tag == "mtd" else children)
    return made


def _text(element: ET.Element) -> str:
    """An element's own text; latex2mathml writes characters as entities, to be read later."""
    text = re.sub(r"&#x([0-9A-Fa-f]{1,6});", lambda found: chr(int(found[1], 16)), element.text or "")
    return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= c <= "\udfff" or c < " " else c for c in text)


def _attributes(element: ET.Element) -> Attributes:
    return tuple((k, v) for k, v in element.attrib.items() if k in ATTRIBUTES and _HARMLESS.fullmatch(v))


def _leaf(tag: str, text: str, attributes: Attributes = ()) -> ET.Element:
    leaf = ET.Element(tag, dict(attributes))
    leaf.text = text
    return leaf


def _row(children: list[ET.Element]) -> ET.Element:
    row = ET.Element("mrow")
    row.extend(_signed(children))
    return row


def _merged(children: list[ET.Element]) -> Iterator[ET.Element]:
    """+ and = become +=, upright letters in a row one word; what is empty goes."""
    last: ET.Element | None = None
    for child in children:
        if child.tag == "mo" and not child.text:
            continue
        if last is not None and _is_word(last) and _is_word(child):
            last.text = (last.text or "") + (child.text or "")
            continue
        if last is not None and (last.tag, last.text, child.tag, child.text) == ("mo", "+", "mo", "="):
            last.text = "+="
            continue
        if last is not None:
            # Of two numbers, a space makes no product.
            yield _leaf("mo", "·") if last.tag == "mspace" and child.tag == "mn" else last
        last = child
    if last is not None:
        yield last


def _fenced(children: list[ET.Element]) -> list[ET.Element]:
    """A matrix and its brackets become a row of their own, or they would stretch to the height of the whole line."""
    for i, table in enumerate(children):
        if table.tag == "mtable" and 0 < i < len(children) - 1 and {children[i - 1].tag, children[i + 1].tag} == {"mo"}:
            rest = [*children[: i - 1], _row(children[i - 1 : i + 2]), *children[i + 2 :]]
            return _fenced(rest) if len(rest) > 1 else rest
    return children


def _keep_low(children: list[ET.Element]) -> None:
    """Brackets round what is no higher than a letter need not stretch, and are set closer when they do not."""
    if children and children[0].text in ("(", "[") and all(child.tag in LEAVES | {"msub"} for child in children):
        for bracket in (children[0], children[-1]):
            bracket.attrib.clear()
            bracket.set("stretchy", "false")


def _is_word(element: ET.Element) -> bool:
    return element.tag == "mi" and element.get("mathvariant") == "normal"


def _signed(children: list[ET.Element]) -> list[ET.Element]:
    """A minus after another operator is a sign: it stands close to its number."""
    for before, child in pairwise(children):
        if child.tag == "mo" and child.text == "−" and before.tag == "mo" and before.get("form") != "postfix":
            child.set("form", "prefix")
    return children
