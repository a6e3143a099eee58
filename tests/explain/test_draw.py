import re
import xml.etree.ElementTree as ET

import graphviz
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain import graph_data
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.pictures import large, view
from autograd_mini.explain.pictures.colors import ABSENT, CELLS, LEVELS, NOT_FINITE, ZERO, Scale, heat_tiles
from autograd_mini.explain.pictures.draw import draw
from autograd_mini.explain.pictures.graph_picture import LIT
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record

SVG = "{http://www.w3.org/2000/svg}"


def unit():
    w, x = ag.Value(2.7, name="w"), ag.Value(1.0, name="x")
    y = (w * x - 0.5).sigmoid()
    y.name = "y"
    y.backward()
    return y


def batch(layers=(2, 3, 1), backward=True):
    rng = np.random.default_rng(0)
    net = nn.MLP(list(layers), "tanh", rng=rng)
    loss = nn.L2Loss()(net(rng.normal(size=(16, layers[0]))), rng.normal(size=(16, layers[-1])))
    loss.name = "loss"
    if backward:
        loss.backward()
    return loss


def chain(operations):
    v = ag.Value(1.0, name="x")
    for _ in range(operations):
        v = v + 1
    return v


def texts(picture):
    return [element.text for element in ET.fromstring(picture.svg()).iter(f"{SVG}text")]


def boxes(picture):
    """The texts of every box, by its id."""
    groups = ET.fromstring(picture.svg()).iter(f"{SVG}g")
    return {
        g.get("id"): [t.text for t in g.iter(f"{SVG}text")] for g in groups if g.get("class") in ("node", "cluster")
    }


def edges(picture):
    return re.findall(r"(\w+) -> (\w+)", picture.source)


# -- what is drawn ---------------------------------------------------------------------------------


def test_a_picture_is_a_digraph_with_names_symbols_data_and_gradients():
    y = unit()
    picture = ag.draw(y)
    assert isinstance(picture, graphviz.Digraph)
    found = texts(picture)
    for expected in ("w", "x", "y", "×", "−", "σ", "0.5", "data 2.7", "data 0.9002"):
        assert expected in found
    assert f"grad {shown(y.data * (1 - y.data))}" in found  # w's gradient is σ′ · x with x = 1


def test_every_number_of_the_lecture_is_the_engines():
    E = record(WORKED, INPUTS, TARGET).E
    E.backward()
    found = boxes(draw(E, digits=6))
    for node in ag.graph(E).nodes:
        lines = found[f"node-{node.index}"]
        assert (f"data {shown(node.data, 6)}" in lines) == (node.kind != "constant")
        assert (node.grad is None) or f"grad {shown(node.grad, 6)}" in lines
        assert not node.named or lines[0] == node.name


def test_operands_keep_their_order_and_a_square_has_two_edges():
    a, b = ag.Value(1.0, name="a"), ag.Value(2.0, name="b")
    assert edges(draw(a - b)) == [("v2_op", "v2"), ("v0", "v2_op"), ("v1", "v2_op")]  # a, then b
    assert edges(draw(b - a))[1:] == [("v1", "v2_op"), ("v0", "v2_op")]
    assert edges(draw(a * a)).count(("v0", "v1_op")) == 2
    assert edges(draw(a * a, compact=True)) == [("v0", "v1"), ("v0", "v1")]


@pytest.mark.parametrize("renderer", ["dot", "wasi", "built-in"])
def test_operands_are_drawn_in_their_order(renderer):
    a, b = ag.Value(1.0, name="a"), ag.Value(2.0, name="b")
    for value, order in ((a - b, ["a", "b"]), (b - a, ["b", "a"])):
        groups = ET.fromstring(draw(value).svg(renderer)).iter(f"{SVG}g")
        height = {t.text: float(t.get("y")) for g in groups if g.get("class") == "node" for t in g.iter(f"{SVG}text")}
        assert sorted("ab", key=height.get) == order


def test_a_graph_is_drawn_as_the_value_it_was_made_of():
    y = unit()
    assert draw(ag.graph(y), compact=True).source == draw(y, compact=True).source


def test_the_text_tells_the_same_graph():
    lines = draw(unit()).text().splitlines()
    made = ["w", "x", "multiply_1 = w·x", "subtract_1 = multiply_1 − 0.5", "y = σ(subtract_1)"]
    assert [line.split("  ")[0] for line in lines] == made
    assert lines[0].split()[-2:] == ["grad", "0.0898"]


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_direction(direction):
    assert f"rankdir={direction}" in draw(unit(), direction=direction).source


def test_digits():
    assert "data 0.90025" in texts(draw(unit(), digits=5))


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("none", ["y"]),
        ((), ["y"]),
        ("data", ["y", "data 0.9002"]),
        ("grad", ["y", "grad 1"]),
        (("data", "grad"), ["y", "data 0.9002", "grad 1"]),
        ({"shape"}, ["y  ()"]),
    ],
)
def test_show(show, expected):
    assert boxes(draw(unit(), show=show))["node-5"] == expected


def test_gradients_not_yet_there_are_left_out_never_0():
    assert not any("grad" in text for text in texts(draw(batch(backward=False))))


def test_constants_can_be_hidden():
    picture = draw(unit(), constants=False)
    assert "0.5" not in texts(picture)
    assert "node-3" not in boxes(picture)
    assert ("v4_op", "v4") in edges(picture)


def test_compact_boxes_hold_their_operation():
    found = boxes(draw(unit(), compact=True))
    assert set(found) == {"node-0", "node-1", "node-2", "node-4", "node-5"}
    assert found["node-4"][0] == "subtract_1 = multiply_1 − 0.5"
    assert found["node-5"][0] == "y = σ(subtract_1)"


def test_arrays_show_their_entries_or_their_shape_range_and_mean():
    small, large = ag.Value([1.0, -2.0], name="s"), ag.Value(np.arange(100.0), name="l")
    large.sum().backward()
    assert "data [1 −2]" in texts(draw(small))
    assert boxes(draw(large))["node-0"] == ["l", "data (100,) 0 … 99, mean 49.5", "grad 1 … 1, mean 1"]
    square = texts(draw(ag.Value([[1.0, 20.0], [3.0, 4.0]])))
    assert [line.strip() for line in square] == ["data [[1 20]", "[3 4]]"]


def test_a_graph_whose_parameter_was_updated_can_still_be_drawn():
    w = ag.Value(2.0, name="w")
    E = w * w
    w.data = 3.0
    assert "data 4" in texts(draw(E))


def test_recorded_gradients_are_shown_by_their_numbers():
    w = ag.Value(2.0, name="w")
    (w**3).backward(create_graph=True)
    assert "grad 12" in texts(draw(w))


def test_drawing_changes_nothing():
    loss = batch()
    before = [(n.value, n.grad, n.age) for n in ag.graph(loss).nodes]
    draw(loss, heat_map="grad", gradient_colors=True, layers="collapsed", highlight="loss").svg()
    after = [(n.value, n.grad, n.age) for n in ag.graph(loss).nodes]
    assert all(a[0] is b[0] and a[1] is b[1] and a[2] == b[2] for a, b in zip(before, after, strict=True))


# -- depth -----------------------------------------------------------------------------------------


def test_max_depth_keeps_what_is_near_the_output():
    picture = draw(unit(), max_depth=1)
    assert set(boxes(picture)) == {"node-4", "node-5", "op-5"}
    assert picture.text().splitlines()[0].startswith("subtract_1 = …")
    assert "dashed" in picture.source
    assert set(boxes(draw(unit(), max_depth=0))) == {"node-5"}
    assert draw(unit(), max_depth=3).source == draw(unit()).source


# -- layers ----------------------------------------------------------------------------------------


def test_open_layers_are_frames():
    found = boxes(draw(batch()))
    labels = {key: value for key, value in found.items() if key.startswith("scope-")}
    assert sorted(labels.values()) == [["0: Linear"], ["1: Tanh"], ["2: Linear"], ["L2Loss"], ["MLP"]]
    source = draw(batch()).source
    inside = source[source.index('label="0: Linear"') :]
    assert "0.weight" in inside[: inside.index("}")]


def test_collapsed_layers_are_boxes_with_shapes_and_counts():
    loss = batch()
    found = boxes(draw(loss, layers="collapsed"))
    grads = [np.abs(node.grad).max() for node in ag.graph(loss).nodes if node.name in ("0.weight", "0.bias")]
    assert found["layer-1"] == [
        *("0: Linear", "(16, 2) → (16, 3)", "3 operations, 9 parameters", f"|grad| ≤ {shown(max(grads))}"),
    ]
    assert found["layer-2"] == ["1: Tanh", "(16, 3) → (16, 3)", "1 operation"]
    assert found["layer-4"][:2] == ["L2Loss", "(16, 1) → ()"]
    assert found["scope-0"] == ["MLP"]
    assert len([key for key in found if key.startswith("node-")]) == 2  # the two arrays that were given


def test_chosen_layers_are_collapsed():
    found = boxes(draw(batch(), layers=["0", "L2Loss"]))
    assert {"layer-1", "layer-4", "scope-0", "scope-2", "scope-3"} <= set(found)
    assert "scope-1" not in found
    assert "layer-0" in boxes(draw(batch(), layers=["MLP"]))
    with pytest.raises(KeyError, match="no layer is called 'hidden'"):
        draw(batch(), layers=["hidden"])


def test_edges_between_collapsed_layers_are_drawn_once_each():
    drawn = edges(draw(batch(), layers="collapsed"))
    assert drawn == list(dict.fromkeys(drawn))
    assert {("layer1", "layer2"), ("layer2", "layer3"), ("layer3", "layer4")} <= set(drawn)
    assert len(drawn) == 5


def test_a_parameter_used_elsewhere_too_stays_outside():
    layer = nn.Sequential(nn.Linear(2, 2, rng=np.random.default_rng(0)))
    penalty = layer(np.ones((1, 2))).sum() + (layer[0].weight ** 2).sum()
    found = boxes(draw(penalty, layers="collapsed"))
    outside = [lines[0] for key, lines in found.items() if key.startswith("node-") and lines[0].startswith("0.")]
    assert outside == ["0.weight"]


# -- the cap ---------------------------------------------------------------------------------------


def test_large_graphs_are_refused_with_advice():
    v = chain(20)
    with pytest.raises(
        ValueError, match="21 Values, more than max_nodes=10: draw what is near the output with max_dep"
    ):
        draw(v, max_nodes=10)
    assert draw(v, max_nodes=21).text().count("\n") == 20
    assert draw(v, max_nodes=10, max_depth=9).text().count("\n") == 9


def test_a_graph_too_large_is_drawn_with_its_layers_collapsed():
    loss = batch((2, *(3,) * 60, 1))
    values = sum(node.kind != "constant" for node in ag.graph(loss).nodes)
    assert values > 300
    picture = draw(loss)
    caption = f"{values} Values, more than max_nodes=300: layers are drawn as one box each"
    assert caption in texts(picture)
    assert picture.text().endswith(caption)
    assert "0: Linear" in texts(picture)
    smaller = boxes(draw(loss, max_nodes=10))  # the MLP as a whole
    assert smaller["layer-0"][0] == "MLP"
    assert not any(key.startswith("scope-") for key in smaller)
    with pytest.raises(ValueError, match=r"\(with its layers collapsed still 2 boxes\), more than max_nodes=1"):
        draw(loss, max_nodes=1)


class Loop(nn.Module):
    def __init__(self, operations):
        self.w, self.operations = ag.Value(0.999), operations

    def forward(self, x):
        for _ in range(self.operations // 2):
            x = x * self.w + 1e-6
        return x


def test_very_large_graphs_are_never_made_into_nodes(monkeypatch):
    """A million nodes answer within 2 s because of what is not done; `benchmarks/explain.py` measures it."""
    monkeypatch.setattr(large, "LARGE", 1000)
    monkeypatch.setattr(view, "LARGE", 1000)
    made = []
    node = graph_data._node
    monkeypatch.setattr(graph_data, "_node", lambda *given: made.append(given) or node(*given))
    monkeypatch.setattr(view, "graph", None)
    loop = Loop(4000)
    with pytest.raises(ValueError, match="more than 1000 Values, more than max_nodes=300"):
        draw(loop.forward(ag.Value(1.0)))
    with pytest.raises(ValueError, match="more than 1000 Values, more than"):
        draw(np.sum(np.stack([ag.Value(1.0) for _ in range(2000)])))
    assert not made
    y = loop(ag.Value(1.0, name="x")) * 2
    assert [line.split("  ")[0] for line in draw(y).text().splitlines()[:3]] == ["x", "[Loop]", "multiply_1 = add_1·2"]
    assert boxes(draw(y))["layer-0"] == ["Loop", "() → ()", "4000 operations, 1 parameter"]
    assert "more than 1000 Values, more than max_nodes=300: layers are drawn as one box each" in texts(draw(y))
    near = draw(loop.forward(ag.Value(1.0)), max_depth=2)
    assert [line.split("  ")[0] for line in near.text().splitlines()] == [
        *("w", "add_1 = …", "multiply_1 = add_1·w", "add_2 = multiply_1 + 1·10⁻⁶"),
    ]
    assert len(made) < 50


def test_too_many_layers_to_draw_even_collapsed(monkeypatch):
    monkeypatch.setattr(large, "LARGE", 1000)
    layer, h = nn.Linear(1, 1, rng=np.random.default_rng(0)), np.ones((1, 1))
    for _ in range(800):
        h = layer(h)
    with pytest.raises(ValueError, match=r"\(with its layers collapsed still more than \d+ boxes\)"):
        draw(h)


# -- colours ---------------------------------------------------------------------------------------


def fills(picture):
    found = {}
    for group in ET.fromstring(picture.svg()).iter(f"{SVG}g"):
        shape = next((e for e in group if e.get("fill")), None)
        if group.get("class") == "node" and shape is not None:
            found[group.get("id")] = shape.get("fill")
    return found


def test_boxes_are_coloured_by_the_size_of_their_gradient():
    a, b, c = (ag.Value(1.0, name=name) for name in "abc")
    y = a * 1e-3 + b + c * 0.0
    y.backward()
    picture = draw(y, gradient_colors=True)
    found = fills(picture)
    index = {node.name: f"node-{node.index}" for node in ag.graph(y).nodes}
    assert found[index["a"]] == LEVELS[0]
    assert found[index["b"]] == LEVELS[-1]
    assert found[index["c"]] == ZERO
    assert {"0", "≥ 0.001", "≥ 0.25"} <= set(texts(picture))
    y = ag.Value(1.0, name="a") * 2
    assert set(fills(draw(y, gradient_colors=True)).values()) & set(LEVELS) == set()


def test_a_scale_is_logarithmic():
    scale = Scale.of([1e-5, 1.0])
    assert [scale.color(10.0**-k) for k in (5, 4, 3, 2, 1, 0)] == [*LEVELS, LEVELS[-1]]
    assert scale.color(None) == ABSENT
    assert scale.color(np.array([0.0])) == ZERO
    assert scale.color(np.nan) == NOT_FINITE
    assert Scale.of([0.0, None]) is None
    assert Scale.of([2.0]).color(2.0) == LEVELS[-1]
    assert [tile.text for tile in Scale.of([2.0]).legend()] == ["2"]


def test_a_heat_map_is_blue_below_0_and_red_above():
    [[cold, zero, hot]] = heat_tiles([-2.0, 0.0, 2.0])
    assert (cold.color, zero.color, hot.color) == ("#2563eb", "#f8fafc", "#dc2626")
    assert heat_tiles([[np.nan, np.inf, 1.0]])[0][0].color == NOT_FINITE
    assert heat_tiles(np.zeros((2, 3)))[1][2].color == "#f8fafc"
    assert heat_tiles(np.zeros((0, 3))) == []
    assert len(heat_tiles(np.ones((2, 3, 4)))) == 6


def test_a_large_heat_map_averages_blocks():
    array = np.zeros((100, 200))
    array[:, :100] = -1.0
    tiles = heat_tiles(array)
    assert (len(tiles), len(tiles[0])) == CELLS
    assert {row[0].color for row in tiles} == {"#2563eb"}
    assert {row[-1].color for row in tiles} == {"#f8fafc"}


@pytest.mark.parametrize("renderer", ["dot", "built-in"])
def test_heat_maps_stand_in_the_boxes_of_arrays(renderer):
    loss = batch()
    root = ET.fromstring(draw(loss, heat_map="grad").svg(renderer))
    groups = {g.get("id"): g for g in root.iter(f"{SVG}g")}
    for node in ag.graph(loss).nodes:
        if node.grad is not None and np.ndim(node.grad):
            colors = [e.get("fill") for e in groups[f"node-{node.index}"]]
            wanted = [tile.color for row in heat_tiles(node.grad) for tile in row]
            assert [color for color in colors if color in wanted] == wanted


# -- highlights ------------------------------------------------------------------------------------


def lit(picture):
    nodes = re.findall(r"\n\t+v(\d+) \[label=<.*color=\"" + LIT, picture.source)
    ways = re.findall(r"id=\"edge-(\d+)-(\d+)-\d+\"", "\n".join(x for x in picture.source.split("\n") if LIT in x))
    return {int(i) for i in nodes}, {(int(a), int(b)) for a, b in ways}


def test_highlighting_a_node_lights_all_its_ways_to_the_output():
    a, b = ag.Value(2.0, name="a"), ag.Value(3.0, name="b")
    square = a * a
    y = square + b * a  # a 0, b 1, square 2, b·a 3, y 4
    for which in (a, "a", 0):
        assert lit(draw(y, highlight=which)) == ({0, 2, 3, 4}, {(0, 2), (0, 3), (2, 4), (3, 4)})
    assert lit(draw(y, highlight=square)) == ({2, 4}, {(2, 4)})
    assert lit(draw(y, highlight=["a", 2])) == ({0, 2}, {(0, 2)})
    assert lit(draw(y)) == (set(), set())
    with pytest.raises(KeyError, match="no node is called 'c'"):
        draw(y, highlight="c")


def test_a_collapsed_layer_is_lit_with_what_is_in_it():
    loss = batch()
    source = draw(loss, layers="collapsed", highlight="0.weight").source
    lit_layers = re.findall(r"(layer\d) \[label=<.*color=\"" + LIT, source)
    assert sorted(lit_layers) == ["layer1", "layer2", "layer3", "layer4"]


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": "RL"}, "direction must be 'LR' or 'TB', got 'RL'"),
        ({"show": "value"}, "show must be 'data', 'grad', 'shape' or 'none', got 'value'"),
        ({"show": ("data", "age")}, "show must be .* got 'age'"),
        ({"heat_map": True}, "heat_map must be None, 'data' or 'grad', got True"),
        ({"max_depth": -1}, "max_depth counts operations before the output, from 0 on; got -1"),
        ({"layers": "closed"}, "layers must be 'open', 'collapsed' or a list of layers' names, got 'closed'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        draw(unit(), **options)


def test_only_values_and_graphs_are_drawn():
    with pytest.raises(TypeError, match="expected a Value, got float"):
        draw(1.0)
    with pytest.raises(TypeError, match="expected a Value, got list"):
        draw([unit()])
