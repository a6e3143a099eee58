"""`autograd-mini train` and `predict` on real tables and on broken ones."""

import json
import signal
import sys

import numpy as np
import pandas
import pytest
from sklearn import datasets

from autograd_mini.learn import save_model, train_test_split
from autograd_mini.learn.predictor import Predictor
from autograd_mini.nn import MLP
from tests.test_cli import run, start


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """iris.csv, wine.csv and diabetes.csv in a folder."""
    folder = tmp_path_factory.mktemp("tables")
    for name in ("iris", "wine", "diabetes"):
        found = getattr(datasets, f"load_{name}")(as_frame=True)
        table = found.frame
        if name == "iris":
            table["species"] = [found.target_names[k] for k in table.pop("target")]
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_iris_as_in_the_readme(tables, tmp_path):
    model = tmp_path / "model.safetensors"
    arguments = ["--hidden", 16, 8, "--activation", "tanh", "--optimizer", "adagrad", "--out", model]
    status, out, err = run("train", tables / "iris.csv", "--target", "species", *arguments)
    assert status == 0, err
    assert "one of 3 classes: setosa, versicolor, virginica" in out
    assert "100/100" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model-confusion.png", "model-loss.png", model.name]
    assert all((tmp_path / f"model-{name}.png").read_bytes().startswith(b"\x89PNG") for name in ("loss", "confusion"))

    loaded = Predictor.load(model)
    assert repr(loaded.model).count("Linear") == 3
    assert loaded.class_names == ("setosa", "versicolor", "virginica")
    table = pandas.read_csv(tables / "iris.csv")
    shuffled = table[table.columns[::-1]].sample(frac=1, random_state=0)
    shuffled.to_csv(tmp_path / "new.csv", index=False)
    status, out, err = run("predict", model, tmp_path / "new.csv")
    assert (status, err) == (0, "")
    rows = [line.split(",") for line in out.splitlines()]
    assert rows[0] == ["species", "probability"]
    assert np.mean([row[0] == kind for row, kind in zip(rows[1:], shuffled["species"], strict=True)]) > 0.95
    assert all(1 / 3 < float(row[1]) <= 1 for row in rows[1:])
    # Without the target, to a file, as JSON: the same.
    shuffled.drop(columns="species").to_csv(tmp_path / "new.csv", index=False)
    status, out, err = run("predict", model, tmp_path / "new.csv", "--json", "--out", tmp_path / "answer.json")
    assert (status, out, err) == (0, "", "")
    assert [row["species"] for row in json.loads((tmp_path / "answer.json").read_text())] == [r[0] for r in rows[1:]]


def test_wine_is_learned_and_the_same_seed_gives_the_same_model(tables, tmp_path):
    reports = []
    for name, seed in (("a.npz", 3), ("b.npz", 3), ("c.npz", 4)):
        arguments = ["--out", tmp_path / name, "--json", "--quiet", "--seed", seed, "--epochs", 40]
        status, out, err = run("train", tables / "wine.csv", "--target", "target", *arguments)
        assert (status, err) == (0, "")
        reports.append(json.loads(out))
    assert reports[0]["held_out"]["accuracy"] >= 0.93
    assert reports[0]["rows"] == {"trained_on": 133, "held_out": 45}
    assert reports[0]["classes"] == ["0", "1", "2"]
    assert len(reports[0]["history"]) == 40
    assert reports[0]["history"] == reports[1]["history"] != reports[2]["history"]
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    # What is held out has no part in the scales.
    X, y = datasets.load_wine(return_X_y=True)
    trained_on, _, _, _ = train_test_split(X, y, 0.25, np.random.default_rng(3))
    np.testing.assert_allclose(Predictor.load(tmp_path / "a.npz").inputs.mean, trained_on.mean(axis=0), rtol=1e-12)


def test_compiled_steps_give_the_same_model(tables, tmp_path):
    found = []
    for more in ([], ["--compile"]):
        model = tmp_path / f"model{len(more)}.npz"
        arguments = ["--target", "species", "--epochs", 5, "--quiet", "--out", model]
        status, _, err = run("train", tables / "iris.csv", *arguments, *more)
        assert status == 0, err
        found.append(Predictor.load(model).model.state_dict())
    for path, numbers in found[0].items():
        np.testing.assert_allclose(found[1][path], numbers, rtol=1e-9, atol=1e-12)


def test_a_regression(tables, tmp_path):
    model = tmp_path / "model.npz"
    arguments = ["--out", model, "--json", "--epochs", 30, "--hidden", "--held-out", 0.2]  # no hidden layer
    status, out, _ = run("train", tables / "diabetes.csv", "--target", "target", *arguments)
    assert status == 0
    report = json.loads(out)
    assert report["task"] == "regression"
    assert report["held_out"]["r_squared"] > 0.35
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model-loss.png", "model.npz"]
    status, out, _ = run("predict", model, tables / "diabetes.csv")
    lines = out.splitlines()
    y = pandas.read_csv(tables / "diabetes.csv")["target"]
    assert lines[0] == "target"
    assert np.sqrt(np.mean((np.array(lines[1:], dtype=float) - y) ** 2)) < 65
    assert run("train", tables / "iris.csv", "--target", "species", "--task", "regression", "--out", model)[0] == 2


GOOD = "a,b,kind\n" + "".join(f"{i},{i * i},{'xy'[i % 2]}\n" for i in range(20))
BROKEN = {
    "no file": (None, [], "No such file"),
    "empty": ("", [], "the file is empty"),
    "no such column": (GOOD.replace("kind", "kinds", 1), [], "did you mean 'kinds'?"),
    "not a number": (GOOD.replace("3,9", "3,nine"), [], "row 5, column 'b': 'nine' is not a number"),
    "missing": (GOOD.replace("3,9", "3,"), [], "row 5, column 'b': the cell is missing"),
    "nan": (GOOD.replace("3,9", "3,NaN"), [], "row 5, column 'b': the cell is missing ('NaN')"),
    "duplicates": (GOOD.replace("a,b", "a,a"), [], "two columns are called 'a'"),
    "one class": (GOOD.replace("y", "x"), [], "'x' in every row"),
    "too few rows": ("a,kind\n1,x\n2,y\n3,x\n4,y\n", [], "4 rows are too few"),
    "semicolons": (GOOD.replace(",", ";"), [], "separated by ';'"),
    "latin-1": (GOOD.replace("x", "é").encode("latin-1"), [], "save it as UTF-8"),
    "long row": (GOOD.replace("3,9", "3,9,9"), [], "line 5"),
    "suffix": (GOOD, ["--out", "model.pkl"], "must end in .safetensors or .npz"),
    "ignored": (GOOD, ["--ignore", "c"], "no column 'c'"),
    "nothing left": (GOOD, ["--held-out", "0.99"], "leaves one part empty"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_input_is_said_in_one_line_and_nothing_is_written(case, tmp_path):
    text, arguments, message = BROKEN[case]
    if text is not None:
        (tmp_path / "data.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    before = sorted(tmp_path.iterdir())
    status, out, err = run("train", "data.csv", "--target", "kind", *arguments, cwd=tmp_path)
    assert (status, out) == (2, "")
    assert err.startswith("autograd-mini train: ")
    assert err.count("\n") == 1
    assert message in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: DATA, --target"),
        (["x.csv"], "required: --target"),
        (["x.csv", "--target", "t", "--hidden", "0"], "expected a whole number from 1 to 1000000, got '0'"),
        (["x.csv", "--target", "t", "--hidden", "9e9"], "expected a whole number"),
        (["x.csv", "--target", "t", "--activation", "tan"], "expected one of sigmoid, tanh"),
        (["x.csv", "--target", "t", "--optimizer", "adamm"], "invalid choice: 'adamm'"),
        (["x.csv", "--target", "t", "--held-out", "1"], "expected a number between 0 and 1, got '1'"),
        (["x.csv", "--target", "t", "--delimiter", "ab"], "expected one character, or 'tab', got 'ab'"),
        (["x.csv", "--target", "t", "--out", "nowhere/m.npz"], "--out: the folder 'nowhere' does not exist"),
        (["x.csv", "--target", "t", "--learning-rate", "0"], "expected a number above 0"),
        (["x.csv", "--target", "t", "--task", "both"], "invalid choice: 'both'"),
    ],
)
def test_bad_usage(arguments, message, tmp_path):
    status, out, err = run("train", *arguments, cwd=tmp_path)
    assert (status, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_every_optimizer_has_its_row():
    from autograd_mini.__main__ import OPTIMIZERS
    from autograd_mini.learn import commands

    assert tuple(commands.OPTIMIZERS) == OPTIMIZERS


@pytest.mark.parametrize("module", ["pandas", "matplotlib", "safetensors"])
def test_a_missing_package_is_named(module, tmp_path):
    (tmp_path / "data.csv").write_text(GOOD)
    code = f"import sys; sys.modules[{module!r}] = None"
    status, out, err = run("train", "data.csv", "--target", "kind", code=code, cwd=tmp_path)
    assert (status, out) == (2, "")
    assert err == f"autograd-mini train: not installed: {module}; pip install 'autograd-mini[csv]'\n"


def test_divergence_is_one_line_and_1(tmp_path):
    (tmp_path / "data.csv").write_text("a,t\n" + "".join(f"{i},{i * i + 0.5}\n" for i in range(20)))
    arguments = ["--optimizer", "sgd", "--learning-rate", "1e6", "--activation", "relu", "--quiet"]
    status, out, err = run("train", "data.csv", "--target", "t", *arguments, cwd=tmp_path)
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert "lower learning rate" in err
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


class TestPredict:
    @pytest.fixture
    def model(self, tmp_path):
        (tmp_path / "data.csv").write_text(GOOD)
        status, out, _ = run(
            "train", "data.csv", "--target", "kind", "--epochs", 2, "--quiet", "--out", "m.npz", cwd=tmp_path
        )  # fmt: skip
        assert (status, out) == (0, "m.npz\n")
        return tmp_path / "m.npz"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a\n1\n", "new.csv: no column 'b'"),
            ("A,b\n1,2\n", "no column 'a'; did you mean 'A'?"),
            ("a,b\n1,x\n", "row 2, column 'b': 'x' is not a number"),
            ("a,b\n", "no rows of data"),
            ("", "the file is empty"),
        ],
    )
    def test_rows_that_do_not_fit(self, model, text, message, tmp_path):
        (tmp_path / "new.csv").write_text(text)
        before = sorted(tmp_path.iterdir())
        status, out, err = run("predict", model, tmp_path / "new.csv", "--out", tmp_path / "answer.csv")
        assert (status, out) == (2, "")
        assert err.startswith("autograd-mini predict: ")
        assert err.count("\n") == 1
        assert message in err
        assert sorted(tmp_path.iterdir()) == before

    def test_files_that_are_no_models(self, model, tmp_path):
        (tmp_path / "broken.npz").write_bytes(model.read_bytes()[:-50])
        save_model(tmp_path / "plain.npz", MLP([2, 2]))
        for name in ("broken.npz", "plain.npz", "data.csv", "nowhere.npz"):
            status, out, err = run("predict", name, "data.csv", cwd=tmp_path)
            assert (status, out) == (2, "")
            assert name in err
            assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_writes_nothing(tmp_path):
    (tmp_path / "data.csv").write_text(GOOD)
    code = """
import importlib, sys
fitting = importlib.import_module("autograd_mini.learn.fit")
step = fitting.endless
def slow(*arguments, **options):
    for loss in step(*arguments, **options):
        print("epoch", flush=True)
        yield loss
fitting.endless = slow
"""
    process = start("train", "data.csv", "--target", "kind", "--epochs", 100000, "--quiet", code=code, cwd=tmp_path)
    assert process.stdout.readline() == "epoch\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "\nautograd-mini: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]
