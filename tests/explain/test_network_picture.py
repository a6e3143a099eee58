"""The neuron picture: its words are the network's numbers, and nothing in it covers anything else."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import graphviz
import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.units.network_layout import best_line
from autograd_mini.explain.units.network_picture import NEGATIVE, POSITIVE, draw_network
from autograd_mini.explain.units.units import NotDenseError
from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record

SVG = "{http://www.w3.org/2000/svg}"
NAMES = {"names": [["A", "B"], ["D", "E"], ["G"]], "bias_names": ["C", "F"]}


def lecture_module():
    net = nn.MLP([2, 2, 1], "sigmoid", "sigmoid")
    net.load_state_dict(
        {
            "0.weight": [[3.7, 3.7], [2.9, 2.9]],
            "0.bias": [-1.5, -4.5],
            "2.weight": [[4.5, -5.2]],
            "2.bias": [-2.0],
        }
    )
    return net


def by_recording(**options):
    run = record(WORKED, INPUTS, TARGET)
    run.E.backward()
    return draw_network(run.E, learning_rate=10.0, **options)


def by_module(**options):
    return draw_network(lecture_module(), [1, 0], 1, learning_rate=10.0, **NAMES, **options)


def nodes(picture):
    """The attributes of every node by its id."""
    return {item[1]: item[2] for item in picture.walk() if item[0] == "node"}


def circles(picture, level):
    return [
        name for name, look in nodes(picture).items() if name.startswith(f"u{level}_") and look["shape"] == "circle"
    ]


def edges(picture):
    return [(item[1], item[2], item[3]) for item in picture.walk() if item[0] == "edge"]


def lines(picture, node):
    return nodes(picture)[node]["label"].split("\n")


def words(svg):
    return [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]


# -- the lecture's figure --------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [by_recording, by_module])
def test_the_lectures_network(picture):
    picture = picture()
    assert lines(picture, "u0_0") == ["A", "1"]
    assert lines(picture, "u0_1") == ["B", "0"]
    assert lines(picture, "bias0") == ["C", "1"]
    assert lines(picture, "u1_0") == ["D", "0.90", "δ 0.017"]
    assert lines(picture, "u1_1") == ["E", "0.17", "δ −0.031"]
    assert lines(picture, "bias1") == ["F", "1"]
    assert lines(picture, "u2_0") == ["G", "0.76", "δ 0.042"]
    assert lines(picture, "y_u2_0") == ["y = 1"]
    weights = {
        "u0_0_u1_0": ["3.7", "Δw 0.17"],
        "u0_1_u1_0": ["3.7", "Δw 0"],
        "bias0_u1_0": ["−1.5", "Δw 0.17"],
        "u0_0_u1_1": ["2.9", "Δw −0.31"],
        "u0_1_u1_1": ["2.9", "Δw 0"],
        "bias0_u1_1": ["−4.5", "Δw −0.31"],
        "u1_0_u2_0": ["4.5", "Δw 0.38"],
        "u1_1_u2_0": ["−5.2", "Δw 0.071"],
        "bias1_u2_0": ["−2.0", "Δw 0.42"],
    }
    assert {name: lines(picture, name) for name in weights} == weights
    assert len(nodes(picture)) == 7 + 9 + 1
    for name in weights:  # each weight lies on the arrow between its units
        tail, head = re.fullmatch(r"(\w+?)_(u\d_\d)", name).groups()
        ends = [(a, b) for a, b, _ in edges(picture) if name in (a, b)]
        assert ends == [(tail, name), (name, head)]
    assert picture.graph_attr["label"] == "µ = 10 · E = 0.02773 · activations: sigmoid, sigmoid"


def test_both_recordings_give_the_same_picture():
    assert by_recording().source == by_module().source
    assert by_recording().listing == by_module().listing


@pytest.mark.parametrize("renderer", ["dot", "wasi", "built-in"])
def test_every_renderer_shows_every_word(renderer):
    found = words(by_recording().svg(renderer))
    for word in "ABCDEFG":
        assert word in found
    for word in ("0.90", "0.17", "0.76", "4.5", "−5.2", "−2.0", "Δw 0.38", "δ −0.031", "y = 1"):
        assert word in found


def test_the_listing_has_everything_again():
    listing = by_recording().listing
    assert listing.splitlines()[3:5] == ["D = 0.90   δ = 0.017", "    w_DA = 3.7   Δw = 0.17"]
    assert listing.splitlines()[-4:] == [
        "G = 0.76   δ = 0.042   y = 1",
        "    w_GD = 4.5   Δw = 0.38",
        "    w_GE = −5.2   Δw = 0.071",
        "    w_GF = −2.0   Δw = 0.42",
    ]


def test_before_backward_there_is_no_delta():
    run = record(WORKED, INPUTS, TARGET)
    for picture in (draw_network(run.E), draw_network(run.output, learning_rate=10.0)):
        assert lines(picture, "u1_0") == ["D", "0.90"]
        assert lines(picture, "u1_0_u2_0") == ["4.5"]
        assert "Δ" not in picture.source
        assert "δ" not in picture.source


def test_the_gradients_of_a_loss_are_computed_where_a_learning_rate_is_given():
    run = record(WORKED, INPUTS, TARGET)
    assert draw_network(run.E, learning_rate=10.0).source == by_recording().source
    assert run.E.grad is None
    assert all(w.grad is None for w in run.w.values())
    run.w["GD"].data = 1.0
    with pytest.raises(ag.GraphError, match="w_GD"):
        draw_network(run.E, learning_rate=10.0)


def test_gradients_that_hooks_changed_are_refused():
    run = record(WORKED, INPUTS, TARGET)
    with run.w["GD"].register_hook(lambda grad: 2 * grad):
        assert lines(draw_network(run.E), "u1_0_u2_0") == ["4.5"]  # no gradient, nothing false
        with pytest.raises(ag.GraphError, match="draw_network: a gradient hook on w_GD"):
            draw_network(run.E, learning_rate=10.0)
        run.E.backward()
        with pytest.raises(ag.GraphError, match="draw_network: a gradient hook on w_GD"):
            draw_network(run.E)
    net = lecture_module()
    with net[0].bias.register_hook(lambda grad: 2 * grad), pytest.raises(ag.GraphError, match=r"hook on 0\.bias"):
        draw_network(net, [1, 0], [1])
    with net[0].bias.register_hook(lambda grad: 2 * grad):
        nn.L2Loss()(net(np.array([1.0, 0.0])), [1.0]).backward()
        assert "Δw" not in draw_network(net).listing
        with pytest.raises(ag.GraphError, match=r"hook on 0\.bias"):
            draw_network(net, learning_rate=10.0)


def test_the_model_runs_but_is_as_it_was():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    before = repr(net.state_dict()), net[2].rng.bit_generator.state
    x, y = np.random.default_rng(0).normal(size=(5, 3)), np.zeros((5, 1))
    for options in ({"x": x}, {"x": x, "y": y}, {}):
        with pytest.raises(NotDenseError):
            draw_network(net, **options)
        assert (repr(net.state_dict()), net[2].rng.bit_generator.state) == before


@pytest.mark.parametrize(("name", "drawn"), [("\n", "␊"), (" ", "␣"), ("\0", "␀"), ("two\nlines", "two lines")])
def test_a_name_that_would_be_blank_is_drawn_visibly(name, drawn):
    picture = draw_network(nn.Linear(1, 1), names=[[name], ["G"]])
    assert lines(picture, "u0_0") == [drawn]
    assert picture.listing.splitlines()[0] == drawn


def test_gradients_of_leaves_alone_give_the_updates_alone():
    run = record(WORKED, INPUTS, TARGET)
    run.E.backward(retain_grads=False)
    picture = draw_network(run.E, learning_rate=10.0)
    assert lines(picture, "u1_0") == ["D", "0.90"]
    assert lines(picture, "u1_0_u2_0") == ["4.5", "Δw 0.38"]


# -- modules ---------------------------------------------------------------------------------------


def test_without_x_there_are_units_and_weights():
    picture = draw_network(lecture_module())
    assert [lines(picture, node) for node in ("u0_0", "u0_1", "bias0")] == [["x1"], ["x2"], ["1"]]
    assert [lines(picture, node) for node in ("u1_0", "u1_1", "bias1", "u2_0")] == [["h1_1"], ["h1_2"], ["1"], ["ŷ"]]
    assert lines(picture, "u1_1_u2_0") == ["−5.2"]
    assert "=" not in "".join(lines(picture, "u2_0"))
    assert picture.listing.splitlines()[:4] == ["x1", "x2", "1 (bias unit)", "h1_1"]


def test_with_x_alone_there_are_values_and_with_gradients_updates():
    net = lecture_module()
    picture = draw_network(net, [1, 0], learning_rate=10.0, **NAMES)
    assert lines(picture, "u2_0") == ["G", "0.76"]
    assert lines(picture, "u1_0_u2_0") == ["4.5"]
    nn.L2Loss()(net(np.array([1.0, 0.0])), [1.0]).backward()
    picture = draw_network(net, [1, 0], learning_rate=10.0, **NAMES)
    assert lines(picture, "u1_0_u2_0") == ["4.5", "Δw 0.38"]
    assert lines(draw_network(net, [1, 0], **NAMES), "u1_0_u2_0") == ["4.5"]


def test_a_batch_shows_one_example_and_the_whole_batchs_updates():
    rng = np.random.default_rng(4)
    net = nn.MLP([2, 3, 2], "tanh", rng=rng)
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    picture = draw_network(net, x, y, learning_rate=0.1, example=3, digits=4)
    assert "example 3 of 5" in picture.graph_attr["label"]
    assert "Δw summed over the batch" in picture.graph_attr["label"]
    E = nn.L2Loss()(net(x), y)
    E.backward()
    h = np.tanh(x @ net[0].weight.data.T + net[0].bias.data)
    for j in range(3):
        assert number(lines(picture, f"u1_{j}")[1]) == number(shown(h[3, j]))
        assert number(lines(picture, f"u0_0_u1_{j}")[0]) == number(shown(net[0].weight.data[j, 0]))
        assert number(lines(picture, f"u0_0_u1_{j}")[1][3:]) == number(shown(-0.1 * net[0].weight.grad[j, 0]))
    delta = (y - net(x).data)[3]  # the output is linear
    for j in range(2):
        assert number(lines(picture, f"u2_{j}")[2][2:]) == number(shown(delta[j]))
    with pytest.raises(IndexError, match="example 5 of a batch of 5"):
        draw_network(net, x, y, example=5)


def number(text):
    return float(text.replace("−", "-"))


def test_another_loss():
    net = nn.MLP([2, 2], rng=np.random.default_rng(0))
    x, classes = np.ones((3, 2)), np.array([0, 1, 1])
    picture = draw_network(net, x, classes, loss=nn.CrossEntropyLoss(), digits=6)
    logits = net(x).data
    p = np.exp(logits[0]) / np.exp(logits[0]).sum()
    assert number(lines(picture, "u1_0")[2][2:]) == pytest.approx((1 - p[0]) / 3, rel=1e-5)
    assert "y_u1_0" not in nodes(picture)


def test_the_model_is_left_alone():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Dropout(0.5, rng=np.random.default_rng(0)), nn.Linear(3, 1))
    state = net[2].rng.bit_generator.state
    draw_network(net)
    assert net[2].rng.bit_generator.state == state
    assert all(module.training for module in net.modules())
    net = lecture_module()
    nn.L2Loss()(net(np.array([1.0, 1.0])), [0.0]).backward()
    before = [(p.grad.copy(), p.data.copy(), p.age) for p in net.parameters()]
    draw_network(net)
    draw_network(net, [1, 0])
    draw_network(net, [1, 0], 1, learning_rate=10.0)
    for p, (grad, data, age) in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.grad, grad)
        np.testing.assert_array_equal(p.data, data)
        assert p.age == age


# -- large layers ----------------------------------------------------------------------------------


def test_large_layers_are_abbreviated_and_say_so():
    net = nn.MLP([64, 200, 10], "relu", rng=np.random.default_rng(0))
    picture = draw_network(net)
    assert [len(circles(picture, level)) for level in range(3)] == [9, 9, 10]
    assert lines(picture, "u1_5") == ["h1_6"]
    assert lines(picture, "u1_199") == ["h1_200"]
    assert nodes(picture)["more0"]["label"] == "⋮\n55 more units"
    assert nodes(picture)["more1"]["label"] == "⋮\n191 more units"
    assert "more2" not in nodes(picture)
    assert "… 191 more units" in picture.listing
    assert len(edges(picture)) == (9 + 1) * 9 + (9 + 1) * 10
    assert "the thicker the larger" in picture.graph_attr["label"]
    assert "all numbers: picture.listing" in picture.graph_attr["label"]
    assert picture.title == "network of 64-200-10 units"
    all_units = draw_network(net, max_units=200)
    assert len(circles(all_units, 1)) == 200


def test_12_units_are_drawn_and_13_are_not():
    for size, count in [(12, 12), (13, 9)]:
        picture = draw_network(nn.MLP([size, 1]))
        assert len(circles(picture, 0)) == count


# -- looks -----------------------------------------------------------------------------------------


def test_width_and_colour_tell_size_and_sign():
    net = nn.Linear(4, 1, bias=False)
    net.load_state_dict({"weight": [[4.0, -2.0, 0.0, 1.0]]})
    looks = {tail: look for tail, _, look in edges(draw_network(net)) if tail.startswith("u0") and tail.count("_") == 1}
    widths = [float(looks[f"u0_{k}"]["penwidth"]) for k in range(4)]
    assert widths[0] == 4.0
    assert widths[0] > widths[1] > widths[3] > widths[2] > 0
    assert looks["u0_0"]["color"] == POSITIVE
    reds, blues = (int(looks["u0_1"]["color"][i : i + 2], 16) for i in (1, 5))
    assert reds > blues
    label = nodes(draw_network(net))["u0_1_u1_0"]
    assert label["fontcolor"] == NEGATIVE
    assert label["fillcolor"] == "white"


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("sizes", [[2, 2, 1], [3, 4, 2], [1, 1], [4, 8, 3], [2, 5, 5, 1], [3, 1, 3]])
def test_nothing_covers_anything(sizes, direction):
    rng = np.random.default_rng(0)
    net = nn.MLP(sizes, "tanh", rng=rng)
    picture = draw_network(
        net, rng.normal(size=sizes[0]), rng.normal(size=sizes[-1]), learning_rate=0.1, direction=direction, weights=True
    )
    boxes = {}
    for name, look in nodes(picture).items():
        x, y = map(float, look["pos"].rstrip("!").split(","))
        if "width" in look:
            wide = high = float(look["width"])
        else:
            size = float(look["fontsize"]) / 72
            wide = max(map(len, look["label"].split("\n"))) * size * 0.56
            high = (look["label"].count("\n") + 1) * size * 1.15
        boxes[name] = (x, y, wide / 2, high / 2)
    for (a, (x, y, w, h)), (b, (u, v, p, q)) in combinations(boxes.items(), 2):
        assert abs(x - u) >= w + p - 1e-3 or abs(y - v) >= h + q - 1e-3, (a, b)
    places = {name: np.array(box[:2]) for name, box in boxes.items()}
    heads = {tail: head for tail, head, _ in edges(picture)}
    for tail, middle, _ in edges(picture):
        if nodes(picture)[middle]["shape"] == "plain":
            number, arrow = places[middle] - places[tail], places[heads[middle]] - places[tail]
            beside = abs(number[0] * arrow[1] - number[1] * arrow[0]) / np.hypot(*arrow)
            assert beside < 2e-3  # the number lies on the arrow
            assert 0 < number @ arrow < arrow @ arrow


def test_columns_are_aligned_and_units_are_in_order():
    for direction, axis in [("LR", 0), ("TB", 1)]:
        picture = draw_network(nn.MLP([2, 3, 1]), direction=direction)
        assert picture.graph_attr["rankdir"] == direction
        places = {k: tuple(map(float, v["pos"].rstrip("!").split(","))) for k, v in nodes(picture).items()}
        column = [places[f"u1_{j}"] for j in range(3)] + [places["bias1"]]
        assert len({place[axis] for place in column}) == 1
        across = [place[1 - axis] for place in column]
        assert across == sorted(across, reverse=direction == "LR")
        starts = [places[f"u{level}_0"][axis] for level in range(3)]
        assert starts == sorted(starts, reverse=direction == "TB")


def test_numbers_are_left_out_where_they_do_not_fit_and_written_where_wanted():
    net = nn.MLP([4, 8, 3], rng=np.random.default_rng(0))
    assert len(nodes(draw_network(net))) == 4 + 1 + 8 + 1 + 3
    assert len(nodes(draw_network(net, weights=True))) == 17 + 40 + 27
    assert len(nodes(draw_network(lecture_module(), weights=False))) == 7
    tips = [look["tooltip"] for _, _, look in edges(draw_network(net))]
    assert f"0.weight[0, 0] = {shown(net[0].weight.data[0, 0], 2)}" in " ".join(tips)


def test_the_best_line_keeps_numbers_apart():
    three, two = np.arange(3.0) - 1, np.arange(2.0) - 0.5
    where, apart = best_line(three, two, 0.1)
    across = np.sort(((1 - where) * three[:, None] + where * two).ravel())
    assert np.diff(across).min() == pytest.approx(apart)
    assert apart == pytest.approx(1 / 3, abs=0.01)
    assert best_line(three, np.array([0.0]), 0.1, enough=0.4)[0] == pytest.approx(0.5, abs=0.01)


def test_digits():
    picture = by_recording(digits=4)
    assert lines(picture, "u2_0") == ["G", "0.7645", "δ 0.04239"]
    assert lines(picture, "u1_0_u2_0") == ["4.500", "Δw 0.3816"]


@pytest.mark.parametrize(
    ("weight", "text"),
    [(0.0, "0"), (123.456, "123"), (-5.0, "−5.0"), (2e6, "2e+06"), (1e-9, "1e−09"), (np.inf, "inf"), (np.nan, "nan")],
)
def test_unusual_numbers(weight, text):
    w, x = ag.Value(weight, name="w"), ag.Value(1.0, name="x")
    assert lines(draw_network((w * x).tanh()), "u0_0_u1_0") == [text]


# -- names -----------------------------------------------------------------------------------------

HOSTILE = [
    *(
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "<<i>x</i>>",
        "]]>",
        "<!--",
        "&amp; &",
        "{x|y}",
        '"',
        "\\N\\G",
        "a\\",
    ),
    *(
        "two\nlines",
        "\n",
        "\0",
        "שלום",
        "\u202egnp",
        "🙂🙂",
        "javascript:alert(1)",
        "u1_0",
        "bias0",
        "",
        " ",
        "x" * 500,
    ),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_data(name):
    net = nn.MLP([1, 1, 1], rng=np.random.default_rng(0))
    names = {"names": [[name], [name], [name]], "bias_names": [name, name]}
    plain = draw_network(net, [1.0], [1.0], learning_rate=1.0, names=[["a"], ["b"], ["c"]], bias_names=["d", "e"])
    picture = draw_network(net, [1.0], [1.0], learning_rate=1.0, **names)
    assert nodes(picture).keys() == nodes(plain).keys()
    for renderer in ("dot", "built-in"):
        tags, expected = ([e.tag for e in ET.fromstring(p.svg(renderer)).iter()] for p in (picture, plain))
        assert set(tags) <= set(expected)
        assert sum(tag == f"{SVG}g" for tag in tags) == sum(tag == f"{SVG}g" for tag in expected)
        for forbidden in ("script", "a", "image", "foreignObject", "b", "i"):
            assert f"{SVG}{forbidden}" not in tags
    assert len(picture.listing.splitlines()) == len(plain.listing.splitlines())


def test_a_long_name_is_cut_in_the_circle_only():
    picture = draw_network(nn.Linear(1, 1), names=[["temperature_of_the_sea"], ["G"]])
    assert lines(picture, "u0_0") == ["temperatu…"]
    assert "temperature_of_the_sea" in picture.listing
    assert nodes(picture)["u0_0"]["tooltip"].startswith("temperature_of_the_sea")


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: draw_network(lecture_module(), direction="RL"), ValueError, "direction must be 'LR' or 'TB'"),
        (lambda: draw_network(lecture_module(), max_units=3), ValueError, "max_units must be at least 4"),
        (lambda: draw_network(nn.Linear(2, 1), np.zeros((0, 2))), ValueError, "x has no examples"),
        (lambda: draw_network(lecture_module(), learning_rate=-1), ValueError, "must be a positive number, got -1"),
        (lambda: draw_network(lecture_module(), y=[1]), TypeError, "y without x"),
        (lambda: draw_network(lambda x: x), TypeError, "a module that begins with nn.Linear; pass x"),
        (lambda: draw_network(nn.Tanh()), TypeError, "a module that begins with nn.Linear; pass x"),
        (lambda: draw_network(3.0, [1]), TypeError, "a model to call or a recorded Value, got float"),
        (lambda: draw_network(record(WORKED, INPUTS, TARGET).E, [1, 0]), TypeError, "has its x and y in it"),
        (lambda: draw_network(nn.MLP([2, 3], output_activation="softmax")), NotDenseError, "log_softmax at"),
        (lambda: draw_network(lecture_module(), [1, 0], [1, 2]), ag.ShapeError, "differ in shape"),
        (lambda: draw_network(lecture_module(), names=[["A"], ["D"], ["G"]]), ValueError, r"names: expected lists"),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_it_is_a_digraph_on_white():
    picture = by_recording()
    assert isinstance(picture, graphviz.Digraph)
    assert picture.graph_attr["bgcolor"] == "white"


def test_a_unit_that_does_not_use_an_input_has_no_arrow_from_it():
    (a, x), (b, z) = ((ag.Value(2.0, name=f"w_{name}"), ag.Value(0.5, name=name)) for name in "xz")
    picture = draw_network(ag.Value(1.0, name="v") * np.tanh(a * x) + ag.Value(2.0, name="u") * np.tanh(b * z))
    tails = [(tail, head) for tail, head, look in edges(picture) if look.get("arrowhead") == "none"]
    assert ("u0_0", "u0_0_u1_0") in tails
    assert ("u0_1", "u0_1_u1_1") in tails
    assert len(tails) == 4
