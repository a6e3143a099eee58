"""Slides of a stepper: the same steps, the same numbers, in still pictures, a GIF and an SVG that moves."""

import re
import struct
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import autograd_mini as ag
from autograd_mini import nn, optim
from autograd_mini.explain.formatting import shown
from autograd_mini.explain.pictures.picture import DotMissingError
from autograd_mini.explain.stepper.pixels import pinned
from autograd_mini.explain.stepper.stepper import step_through
from autograd_mini.explain.stepper.stills import still
from autograd_mini.explain.stepper.told import NOT_YET, State, short
from autograd_mini.lecture.network import INPUTS, LEARNING_RATE, TARGET, WORKED, record
from tests.explain.hostile import NASTY

SVG = "{http://www.w3.org/2000/svg}"


def lecture():
    run = record(WORKED, INPUTS, TARGET)
    return step_through(run.E, optim.SGD(list(run.w.values()), LEARNING_RATE))


def batch():
    rng = np.random.default_rng(0)
    model = nn.MLP([2, 3, 1], "tanh", rng=rng)
    loss = nn.L2Loss()(model(rng.normal(size=(4, 2))), np.zeros((4, 1)))
    return step_through(loss, optim.Adam(model.parameters(), 0.1))


def small():
    x, w = ag.Value(3.0, name="x"), ag.Value(2.0, name="w")
    return step_through((w * x - 5) ** 2, optim.SGD([w], 0.1))


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def numbers_at(told, k):
    """The numbers of every box: a value and a gradient."""
    state = State(told, k)
    found = []
    for i, node in enumerate(told["nodes"]):
        value = state.updated[i] or state.values[i]
        found.append(NOT_YET if value is None else short(value))
        if node["kind"] != "constant":
            found.append(NOT_YET if state.gradients[i] is None else short(state.gradients[i]))
    return found


@pytest.mark.parametrize("make", [lecture, batch])
def test_every_still_shows_the_numbers_of_its_step(make):
    stepper = make()
    for k in range(len(stepper) + 1):
        found = texts(ET.fromstring(still(stepper.told, k)))
        wanted = numbers_at(stepper.told, k)
        assert sorted(text for text in found if text in wanted) == sorted(wanted)
        if k:
            assert found[-1] == stepper.trace[k - 1].lines[0].text
            assert found[-2].endswith(f"step {k} of {len(stepper)}")


def test_the_last_still_has_the_engines_gradients():
    stepper = lecture()
    found = texts(ET.fromstring(still(stepper.told, len(stepper))))
    for node in stepper.trace.graph.nodes:
        if node.grad is not None:
            assert shown(node.grad) in found


def test_frames_are_numbered_files_in_a_folder_that_is_made(tmp_path):
    stepper = small()
    paths = stepper.frames(tmp_path / "slides" / "svg")
    assert [path.name for path in paths] == [f"step-{k:03}.svg" for k in range(len(stepper) + 1)]
    assert paths[2].read_text("utf-8") == still(stepper.told, 2)
    some = stepper.frames(tmp_path / "png", format="png", steps=[0, 4])
    assert [path.name for path in some] == ["step-000.png", "step-004.png"]
    sizes = {struct.unpack(">II", path.read_bytes()[16:24]) for path in some}
    assert len(sizes) == 1
    assert some[0].read_bytes() != some[1].read_bytes()


@pytest.mark.parametrize("make", [lecture, batch])
def test_graphviz_is_given_the_same_numbers(make):
    stepper = make()
    for k in (0, 7, len(stepper) // 2, len(stepper)):
        labels = [item[-1]["label"] for item in pinned(stepper.told, k).walk() if item[0] == "node"]
        lines = [line.text for label in labels if hasattr(label, "lines") for line in label.lines[1:]]
        boxes = [n for n in stepper.told["nodes"] if n["kind"] != "constant"]
        assert len(lines) == 2 * len(boxes)
        assert sorted(lines) == sorted(
            text
            for i, node in enumerate(stepper.told["nodes"])
            if node["kind"] != "constant"
            for text in pair(stepper.told, k, i)
        )


def pair(told, k, i):
    state = State(told, k)
    return [NOT_YET if n is None else short(n) for n in (state.updated[i] or state.values[i], state.gradients[i])]


def test_a_gif_has_a_picture_a_step_and_rests_on_the_last(tmp_path):
    stepper = small()
    path = stepper.gif(tmp_path / "steps.gif", seconds_per_step=0.5)
    with Image.open(path) as film:
        assert film.n_frames == len(stepper) + 1
        times = []
        for k in range(film.n_frames):
            film.seek(k)
            times.append(film.info["duration"])
        assert film.info["loop"] == 0
    assert times == [500] * len(stepper) + [1500]
    with Image.open(stepper.gif(tmp_path / "some.gif", steps=[1, 8])) as film:
        assert film.n_frames == 2


def visible_at(root, k, count):
    """The texts that the moving picture's rules show at step `k`."""
    style = root.find(f"{SVG}style").text
    spans = {}
    for name, keys in re.findall(r"@keyframes (s\d+)\{((?:[\d.]+%\{visibility:\w+\})+)\}", style):
        spans[name] = [(float(at), what) for at, what in re.findall(r"([\d.]+)%\{visibility:(\w+)\}", keys)]
    moment = 100 * (k + 0.5) / (count + 2)
    found = []
    for element in root.iter(f"{SVG}text"):
        rule = re.search(r"\bs\d+\b", element.get("class", ""))
        if rule is None or [what for at, what in spans[rule[0]] if at <= moment][-1] == "visible":
            found.append("".join(element.itertext()))
    return found


@pytest.mark.parametrize("make", [lecture, batch])
def test_the_moving_picture_shows_at_every_moment_what_the_still_does(make, tmp_path):
    stepper = make()
    path = stepper.animated_svg(tmp_path / "steps.svg", seconds_per_step=0.5)
    root = ET.fromstring(path.read_text("utf-8"))
    count = len(stepper) + 1
    for k in range(count):
        assert sorted(visible_at(root, k, count)) == sorted(texts(ET.fromstring(still(stepper.told, k)))), k


def test_without_motion_the_moving_picture_shows_the_last_step(tmp_path):
    stepper = small()
    text = stepper.animated_svg(tmp_path / "steps.svg").read_text("utf-8")
    root = ET.fromstring(text)
    resting = ["".join(e.itertext()) for e in root.iter(f"{SVG}text") if e.get("visibility") != "hidden"]
    assert sorted(resting) == sorted(texts(ET.fromstring(still(stepper.told, len(stepper)))))
    assert text.index("@media (prefers-reduced-motion: no-preference)") < text.index("animation:")
    assert not list(root.iter(f"{SVG}script"))


def test_hostile_names_stay_text(tmp_path):
    total = ag.Value(0.0, name="start")
    for name in NASTY:
        total = total + ag.Value(2.0, name=name)
    stepper = step_through(total)
    known = {"svg", "title", "style", "rect", "defs", "marker", "path", "text", "tspan"}
    for svg in (still(stepper.told, 5), stepper.animated_svg(tmp_path / "a.svg").read_text("utf-8")):
        assert {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()} <= known
    assert stepper.frames(tmp_path, format="png", steps=[len(stepper)])[0].stat().st_size > 1000


def test_wrong_arguments(tmp_path):
    stepper = small()
    with pytest.raises(ValueError, match="'svg' or 'png', got 'jpg'"):
        stepper.frames(tmp_path, format="jpg")
    with pytest.raises(ValueError, match=r"there are steps 0 to \d+, not 99"):
        stepper.frames(tmp_path, steps=[1, 99])
    with pytest.raises(ValueError, match="steps is empty"):
        stepper.gif(tmp_path / "a.gif", steps=[])
    with pytest.raises(ValueError, match=r"between 0\.02 and 60, got 0"):
        stepper.gif(tmp_path / "a.gif", seconds_per_step=0)
    with pytest.raises(ValueError, match=r"between 0\.02 and 60, got 100"):
        stepper.animated_svg(tmp_path / "a.svg", seconds_per_step=100)
    y = ag.Value(0.5, name="x")
    for _ in range(220):
        y = np.tanh(y)
    long = step_through(y)
    with pytest.raises(ValueError, match=r"more than 400; .*steps=range\(0, \d+, 2\)"):
        long.frames(tmp_path)
    with pytest.raises(ValueError, match="more than 400"):
        long.animated_svg(tmp_path / "a.svg")
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_said_before_anything_is_written(monkeypatch, tmp_path):
    stepper = small()
    target = tmp_path / "slides"
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r"gif needs .*PIL.*'autograd-mini\[explain\]'"):
        stepper.gif(target / "a.gif")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DotMissingError, match="apt install graphviz"):
        stepper.frames(target, format="png")
    assert not target.exists()
    assert stepper.frames(target)  # SVG needs nothing
