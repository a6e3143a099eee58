"""Hostile names in every output: the markup is the one that harmless names make, and nothing steers a terminal.

Each row of PRODUCERS is one public way to show something. It is called twice, for names that try to become markup,
script, LaTeX, DOT or terminal commands, and for harmless names of the same length; what a parser finds besides text
must be the same. `test_no_way_to_show_something_is_forgotten` looks for all such ways in the package.
"""

import ast
import base64
import importlib
import inspect
import json
import pkgutil
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import nn
from autograd_mini.__main__ import main
from autograd_mini.learn.predictor import Predictor
from autograd_mini.learn.preprocessing import Standardizer
from autograd_mini.visible import visible
from tests.trust.producers import NAMES, PRODUCERS, subject

# -- what it is besides text -----------------------------------------------------------------------


def of_html(text):
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append((tag, [key for key, _ in attributes]))
            for key, given in attributes:
                assert not key.startswith("on"), key
                if key in ("src", "href"):
                    kind, _, data = given.partition("base64,")
                    assert kind == "data:image/svg+xml;", given
                    found.append(of_svg(base64.b64decode(data).decode()))
                elif key == "srcdoc":
                    found.extend(of_html(given))

        def handle_endtag(self, tag):
            found.append(f"/{tag}")

        def handle_comment(self, data):
            found.append("comment")

        def handle_decl(self, decl):
            found.append(decl)

        def handle_pi(self, data):
            found.append("instruction")

    Reader().feed(text)
    return found


#: These depend on the text's length, as shown; drawing them is not markup.
GEOMETRY = {"textLength", "lengthAdjust"}


def of_svg(text):
    assert "<!ENTITY" not in text
    assert "<![CDATA[" not in text
    return [(e.tag, sorted(set(e.attrib) - GEOMETRY)) for e in ET.fromstring(text).iter()]


def of_dot(text):
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", text)
    found = subprocess.run(["dot", "-Tjson0"], input=text.encode(), capture_output=True, check=True)
    parsed = json.loads(found.stdout)
    every = [(kind, sorted(item)) for kind in ("objects", "edges") for item in parsed.get(kind, [])]
    return [sorted(parsed), every, [(edge["tail"], edge["head"]) for edge in parsed.get("edges", [])]]


#: What a name is written with, so that it is read as it is.
ESCAPES = {
    "text",
    "mathrm",
    "backslash",
    "wedge",
    "sim",
    "#",
    "$",
    "%",
    "&",
    "_",
    "{",
    "}",
    "hat",
    "ldots",
    "operatorname",
    "dots",
}


def of_latex(text):
    """The commands, in their order, without those that names are written with; its braces match."""
    assert re.sub(r"\\[{}\\]", "", text).count("{") == re.sub(r"\\[{}\\]", "", text).count("}")
    bare = re.sub(
        r"\\(text|mathrm|operatorname)\{(\\[#$%&_{}]|[^{}\\$#%&_^~]|\\(backslash|wedge|sim)\b ?)*\}", "", text
    )
    assert not re.search(r"[%#~]|(?<!\\)\$.", re.sub(r"\\[#$%&_{}~]", "", bare.strip("$")))
    return [command for command in re.findall(r"\\([a-zA-Z]+|.)", text) if command not in ESCAPES]


def of_text(text):
    """Lines; a terminal is not steered, and all of it can be written to a file."""
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\u2028\u2029]", text), (
        ascii(text)
    )
    return text.count("\n")


def of_json(text):
    text.encode()
    return of_data(json.loads(text))


def of_data(item):
    if isinstance(item, dict):
        return [of_data(value) for value in item.values()]
    if isinstance(item, list | tuple):
        return [of_data(value) for value in item]
    return type(item).__name__


def of_python(text):
    text.encode()
    return [type(node).__name__ for node in ast.walk(ast.parse(text))]


def of_markdown(text):
    fence = re.match("`{3,}", text)[0]
    assert text.rstrip("\n").endswith(f"\n{fence}")
    return len(re.findall(f"(?m)^{fence}`*", text))


KINDS = {name.removeprefix("of_"): found for name, found in globals().items() if name.startswith("of_")}


@pytest.mark.parametrize("producer", PRODUCERS)
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e300])
def test_strange_numbers_are_shown(producer, number, tmp_path):
    kind, produce = PRODUCERS[producer]
    if kind == "dot" and not shutil.which("dot"):
        pytest.skip("needs Graphviz's dot to parse it")
    with np.errstate(all="ignore"):
        made = produce(subject("x", number), tmp_path)
    for one in made if isinstance(made, list) and kind != "data" else [made]:
        KINDS[kind](one)


@pytest.mark.parametrize("producer", PRODUCERS)
def test_hostile_names_make_no_other_markup_than_harmless_ones(producer, tmp_path):
    kind, produce = PRODUCERS[producer]
    if kind == "dot" and not shutil.which("dot"):
        pytest.skip("needs Graphviz's dot to parse it")
    wrong = []
    # A page takes long: there several names are one, and tests/explain tries each.
    for k, name in enumerate(["|".join(NAMES[i:36:4]) for i in range(4)] if "Stepper" in producer else NAMES):
        shapes = []
        for called in (name, "n" * len(name)):
            folder = tmp_path / f"{k}{called == name}"
            folder.mkdir()
            try:
                made = produce(subject(called), folder)
                made = made if isinstance(made, list) and kind != "data" else [made]
                shapes.append([KINDS[kind](one) for one in made])
            except ValueError as error:  # too long a formula, whatever the name is
                if "longer than 4000 characters" not in str(error):
                    raise
                shapes.append(str(error))
        if shapes[0] != shapes[1]:
            wrong.append((name[:40], shapes[0]))
    assert not wrong


@pytest.mark.parametrize("name", [name for name in NAMES if len(name) < 100], ids=ascii)
@pytest.mark.filterwarnings("ignore:Glyph")  # the font has not all letters
def test_plots_write_names_as_they_are(name):
    Text = pytest.importorskip("matplotlib.text").Text
    from autograd_mini.learn import plots

    w = ag.Value(np.ones((2, 2)), name=name)
    w.grad = np.ones((2, 2))
    model = nn.Module()
    if "." not in name and name:
        setattr(model, name, w)
    else:
        model.w = w
    drawn = [
        plots.loss_curves({f"a{name}": [1.0, 0.5]}),
        plots.confusion_matrix([[1, 0], [0, 1]], [name, "b"]),
        plots.heat_map(w),
        plots.histograms(model),
    ]
    for ax in drawn:
        ax.figure.canvas.draw()  # fails on what is mathematics, and wrong
        texts = {text._preprocess_math(text.get_text()) for text in ax.findobj(Text)}
        assert not any(mathematics for _, mathematics in texts)
        assert any(visible(name) in text for text, _ in texts)


# -- the command line ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_table_of_hostile_names_trains_and_steers_nothing(tmp_path, capsys):
    for module in ("pandas", "matplotlib"):
        pytest.importorskip(module)
    names = ["\x1b[2Jred", "$x$ \\frac{", "\u202egreen"]
    path = tmp_path / "data.csv"
    rows = [f"{k % 3 + 0.1 * (k % 7)},{k % 3},{names[k % 3]}" for k in range(60)]
    path.write_text("\n".join(["a\u202e,$b$ \\bad{,$c$ \\frac{", *rows]), encoding="utf-8")
    model = tmp_path / "model.npz"
    status = main(["train", str(path), "--target", "$c$ \\frac{", "--epochs", "3", "--out", str(model)])
    shown = capsys.readouterr()
    assert status == 0, shown.err
    of_text(shown.out)
    of_text(shown.err.replace("\r", ""))  # a progress bar returns to the line's beginning
    assert (tmp_path / "model-confusion.png").stat().st_size > 1000
    assert main(["predict", str(model), str(tmp_path / "none\x1b[2J.csv")]) != 0
    of_text(capsys.readouterr().err)
    other = tmp_path / "other.csv"
    other.write_text("x\x1b[2J,y\n1,2\n", encoding="utf-8")
    assert main(["predict", str(model), str(other)]) != 0
    of_text(capsys.readouterr().err)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_model_file_with_hostile_texts_steers_nothing(suffix, tmp_path, capsys, monkeypatch):
    pytest.importorskip("pandas")
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    path, data = tmp_path / f"model{suffix}", tmp_path / "data.csv"
    unit = Standardizer(np.zeros(1), np.ones(1))
    Predictor(nn.MLP([1, 2]), "target\x1b[2J", ("x\x1b[2J\u202e",), ("red\x1b[2J", "b"), unit, None).save(path)
    data.write_text("x\n1\n", encoding="utf-8")
    assert main(["predict", str(path), str(data)]) == 2  # the column is not there, and is named
    shown = capsys.readouterr()
    assert r"no column 'x\x1b[2J" in shown.err
    of_text(shown.err + shown.out)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Predictor(nn.MLP([1, 2]), "target\x1b[2J", ("x",), ("red\x1b[2J", "\u202eb"), unit, None).save(path)
    assert main(["predict", str(path), str(data)]) == 0
    of_text(capsys.readouterr().out)


# -- all of them -----------------------------------------------------------------------------------

WAYS = re.compile(
    r"__(repr|str|format)__|_repr_\w+_|to_(dict|json|html|dot|latex|text|svg|networkx|dataframe|frame|markdown)"
    r"|(animated_)?svg|html|latex|text|markdown|lines|listing|frames|gif|save|write|source|draw\w*|\w+_report|as_json|step_\w+"
)
#: Ways to show something that are not in PRODUCERS, and why.
ELSEWHERE = {
    "part of what is shown above": {
        *("explain.formulas.expressions.Expression.latex", "explain.formulas.expressions.Expression.text"),
        *("explain.formulas.writing.Line.latex", "explain.formulas.writing.Line.text", "explain.stored.as_json"),
        *(
            "explain.paper.derivation.Note.latex",
            "explain.paper.derivation.Note.text",
            "explain.story.element.Element.__str__",
        ),
        *("explain.pictures.labels.Line.text", "explain.pictures.labels.Tile.text", "explain.pictures.listing.listing"),
        *(
            "explain.pictures.picture.Picture.listing",
            "explain.stepper.animate.animated_svg",
            "explain.stepper.animate.frames",
        ),
        *("explain.stepper.stepper.step_through", "explain.stepper.stills.write", "explain.terminal.words.step_lines"),
        *(
            "explain.units.delta_formulas.latex",
            "explain.units.delta_formulas.text",
            "explain.units.delta_rule.DeltaRule.lines",
        ),
        *("explain.units.delta_rule.DeltaRule.__repr__", "explain.units.network_words.Words.listing"),
        *("explain.graph_data.Edge.source", "explain.graph_data.Node.source", "notes.Source.text"),
        *("replay.grouping.Group.__str__", "replay.places.InPlaces.lines", "replay.writing.Body.lines"),
        *("replay.machine.MachineCode.lines", "replay.writing.Body.text"),
    },
    "pixels": {"explain.stepper.animate.gif", "explain.stepper.stepper.Stepper.gif"},
    "files of numbers: test_attacks.py": {
        "learn.npz_files.write",
        "learn.safetensors_files.write",
        "learn.predictor.Predictor.save",
    },
    "no names of anybody: the lecture's own networks": {
        "lecture.report.html_report",
        "lecture.run.as_json",
        "lecture.wording.Table.lines",
    },
    "numbers only": {
        "gradcheck.GradcheckReport.__str__",
        "optim.schedules.Schedule.__repr__",
        "nn.mask_pool.MaskPoolDropout.draw",
        *("draws.drawn", "replay.traced.Traced.__repr__", "replay.traced.Traced.__format__"),
        "replay.program.Answer.__repr__",
    },
    "written by whoever defines an operation, as code": {"rules.Primitive.latex"},
    "shows nothing": {"explain.story.steps.step_from_dict"},
}


def ways():
    """All members of public classes, and public functions, that show something, without a dataclass's own repr."""
    for info in pkgutil.walk_packages(ag.__path__, "autograd_mini."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        inside = info.name.removeprefix("autograd_mini.")
        for name, item in vars(module).items():
            if getattr(item, "__module__", None) != info.name or name.startswith("_"):
                continue
            if inspect.isclass(item):
                made = (
                    {"__repr__"}
                    if hasattr(item, "_fields") or hasattr(vars(item).get("__repr__"), "__wrapped__")
                    else set()
                )
                yield from (f"{inside}.{name}.{way}" for way in vars(item) if WAYS.fullmatch(way) and way not in made)
            elif inspect.isfunction(item) and WAYS.fullmatch(name):
                yield f"{inside}.{name}"


def test_no_way_to_show_something_is_forgotten():
    elsewhere = set().union(*ELSEWHERE.values())
    assert not elsewhere & set(PRODUCERS)
    assert set(ways()) == elsewhere | set(PRODUCERS)
