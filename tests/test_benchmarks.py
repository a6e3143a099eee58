"""The benchmark finds what differs, says what is missing, and its tables, JSON and page come out whole."""

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import implementations, measure, page, problems, report, scaling, workers
from benchmarks.tasks import TASKS, Goal, Task

HERE = ["ours", "floats", "naive", "tuned"]
#: In one task only: it takes seconds to import.
WITH_TORCH = [*HERE, "torch"] if importlib.util.find_spec("torch") else HERE
SMALL_T8 = Task("T8", "convolutions", ("ours", "naive", "torch"), problem="small T8", compared=2)


@pytest.fixture(scope="module")
def measured():
    """T1, T3, T4 and a small T8, as quickly as can be."""
    wanted = {
        "T1": (TASKS["T1"], HERE),
        "T3": (TASKS["T3"], HERE),
        "T4": (TASKS["T4"], HERE),
        "T8": (SMALL_T8, WITH_TORCH),
    }
    return {name: measure.measure(task, peers, measure.QUICK) for name, (task, peers) in wanted.items()}


@pytest.mark.parametrize("name", ["T1", "T3", "T4", "T8"])
def test_all_compute_the_same(measured, name):
    result = measured[name]
    assert result["disagreements"] == []
    wanted = {"T1": HERE, "T3": ["ours", "naive", "tuned"], "T4": ["ours", "naive", "tuned"]}
    wanted["T8"] = [n for n in WITH_TORCH if n in SMALL_T8.implementations]
    assert [n for n, found in result["implementations"].items() if "cpu" in found] == wanted[name]
    for found in result["implementations"].values():
        assert len(found["cpu"]) == len(found["wall"]) >= 1
        assert min(found["wall"]) > 0


def whole(measured):
    return {
        "tasks": measured,
        "environment": command.environment.described(),
        "clock": "cpu",
        "date": "2000-01-01",
    }


def test_the_table_has_a_row_for_each_and_ours_is_the_measure(measured):
    header, *rows = report.table(TASKS["T3"], measured["T3"], "cpu")
    assert header == ("implementation", "median", "minimum", "ratio to ours")
    assert [row[0] for row in rows] == list(measured["T3"]["implementations"])
    assert {row[0]: row[3] for row in rows}["ours"] == "1.00"
    assert all(re.fullmatch(r"[\d.]+ (s|ms|µs|ns)", cell) for row in rows for cell in row[1:3])


def test_the_page_tells_what_the_json_holds(measured, tmp_path):
    results = json.loads(json.dumps(whole(measured)))
    page.write(tmp_path / "benchmarks.md", results)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    for name in measured:
        assert f"\n## {name}: " in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)
    for name, found in measured["T4"]["implementations"].items():
        assert f"| {name} | {report.amount(np.median(found['cpu']))} |" in text
    assert "scaling.svg" not in text  # nothing was drawn


def test_missed_goals_are_missed_and_met_ones_met():
    task = Task("T0", "nothing", ("ours", "naive"), (Goal("ours", 0.85, "naive"), Goal("ours", 2.0, "naive")))
    result = {"implementations": {"ours": {"cpu": [3.0, 1.0, 1.0]}, "naive": {"cpu": [1.0]}}}
    assert report.goals(task, result, "cpu")[1:] == [
        ("ours ≤ 0.85 × naive", "1.00", "missed"),
        ("ours ≤ 2 × naive", "1.00", "met"),
    ]
    assert report.judged(Goal("ours", 1.0, "torch"), task, result, "cpu") == ("not measured", "")


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (0.5, "**naive** is ahead (2.0 × as fast)"),
        (1.01, "Level with ours, within 3 %: naive."),
        (2.0, "Behind ours: naive."),
    ],
)
def test_the_words_follow_the_figures(seconds, sentence):
    result = {"implementations": {"ours": {"cpu": [1.0]}, "naive": {"cpu": [seconds]}}}
    assert sentence in "\n".join(page.words(TASKS["T3"], result, "cpu"))


def test_every_implementation_that_can_be_ahead_has_a_reason():
    for task in TASKS.values():
        for name in set(task.implementations) - {"ours"}:
            assert (task.name.split()[0], name) in page.OWN_REASONS or name in page.REASONS


@pytest.fixture
def naive_is(monkeypatch, tmp_path):
    """Let the workers, which are processes, take another implementation for "naive"."""

    def change(implementation, module=""):
        (tmp_path / "other_peer.py").write_text(module, encoding="utf-8")
        runner = tmp_path / "run.py"
        runner.write_text(
            "import benchmarks, benchmarks.implementations as i\n"
            f"benchmarks.__path__.append({str(tmp_path)!r})\n"
            f"i.IMPLEMENTATIONS['naive'] = i.Implementation({implementation})\n"
            "from benchmarks import workers\nworkers.main()\n",
            encoding="utf-8",
        )
        monkeypatch.setattr(workers, "PROGRAM", [str(runner)])

    return change


def test_a_wrong_implementation_is_found(naive_is, tmp_path):
    naive_is(
        "'other_peer'",
        "from benchmarks.numpy_naive import BUILDERS as RIGHT\n"
        "def dense(p):\n    p.rate *= 1.001\n    return RIGHT['naive']['dense'](p)\n"
        "BUILDERS = {'naive': {'dense': dense}}\n",
    )
    results = tmp_path / "results.json"
    assert command.main(["--quick", "--only", "T3", "--peers", "naive", "--json", str(results)]) == 1
    [sentence] = json.loads(results.read_text(encoding="utf-8"))["tasks"]["T3"]["disagreements"]
    assert sentence.startswith("T3: naive disagrees with ours by ")


def test_what_is_not_installed_is_said_and_the_others_are_measured(naive_is, capsys):
    naive_is("'other_peer', 'no_such_package'")
    assert command.main(["--quick", "--only", "T3", "--peers", "naive,tuned"]) == 0
    rows = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert rows["naive"].endswith("  not installed")
    assert re.search(r"\d (µs|ms)", rows["tuned"])
    assert rows["ours ≤ 0.85 × naive"].endswith("not measured")


@pytest.mark.parametrize("what", ["nothing", "loss", "weights", "nan", "shape"])
def test_the_comparison_sees_each_kind_of_difference(what):
    start = problems.problem("T3").weights
    right = [w + 0.1 for w in start]
    other, loss = [w.copy() for w in right], 1.0
    if what == "loss":
        loss += 1e-5
    elif what == "weights":
        other[-1][0] += 2e-7
    elif what == "nan":
        other[0][0, 0] = np.nan
    elif what == "shape":
        other[0] = other[0].ravel()
    found = measure.disagreements(TASKS["T3"], {"ours": (1.0, right), "naive": (loss, other)})
    assert len(found) == (what != "nothing")


def test_weights_that_nobody_moved_are_no_agreement():
    start = problems.problem("T3").weights
    assert measure.disagreements(TASKS["T3"], {"ours": (1.0, start), "naive": (1.0, start)})


def test_who_dies_between_two_blocks_is_left_out_and_the_others_are_measured(naive_is):
    naive_is(
        "'other_peer'",
        "import os\nfrom benchmarks.numpy_naive import BUILDERS as RIGHT\n"
        "def dense(p):\n"
        "    run, calls = RIGHT['naive']['dense'](p), []\n"
        "    def steps(count):\n"
        "        calls.append(count)\n"
        "        return run.steps(count) if len(calls) < 8 else os._exit(7)\n"
        "    return run._replace(steps=steps)\n"
        "BUILDERS = {'naive': {'dense': dense}}\n",
    )
    effort = measure.Effort(blocks=20, seconds=0.002, budget=1.0)
    found = measure.measure(TASKS["T3"], ["ours", "naive"], effort)["implementations"]
    assert found["naive"] == {"unavailable": "died (exit code 7)"}
    assert len(found["ours"]["cpu"]) == 20


def test_a_process_that_dies_or_fails_is_said():
    worker = workers.Worker("ours")
    try:
        with pytest.raises(implementations.Unavailable, match="fails: KeyError"):
            worker.build("T99")
        worker.process.kill()
        worker.process.wait()
        with pytest.raises(implementations.Unavailable, match="died"):
            worker.build("T3")
    finally:
        worker.close()


@pytest.mark.parametrize("given", [["--only", "T99"], ["--peers", "nobody"], ["scaling", "--only", "height"]])
def test_unknown_names_are_refused_before_anything_runs(given, capsys):
    assert command.main(given) == 2
    assert "there are" in capsys.readouterr().err


def test_tasks_are_chosen_by_their_first_word():
    assert [task.name for task in measure.chosen("T6,T1")] == ["T1", "T6", "T6 unpinned"]
    assert len(measure.chosen("inference")) == 2
    assert len(measure.chosen(None)) == len(TASKS)


def test_scaling_fits_what_it_measures(tmp_path):
    curve, apart = scaling.measure("nodes", ["ours"], measure.QUICK, lambda line: None, largest=1000)
    assert [p["size"] for p in curve["ours"]] == [10, 100, 1000]
    assert apart == []
    *rows, last = scaling.table(curve, "cpu")
    assert [row[0] for row in rows] == ["size", "10", "100", "1,000"]
    assert re.fullmatch(r"\d\.\d\d", last[1])
    assert scaling.exponent([1, 2, 4, 8], [9.0, 9.0, 8.0, 32.0]) == pytest.approx(2)
    pytest.importorskip("matplotlib")
    assert scaling.picture({"nodes": curve}, "cpu", tmp_path / "scaling.svg")
    assert (tmp_path / "scaling.svg").stat().st_size > 5000


ROOT = Path(__file__).parents[1]


def test_the_stored_page_is_what_the_stored_run_says():
    results = json.loads((ROOT / "benchmarks" / "last-run.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert text == page.text(results, "scaling.svg")
    for task in TASKS.values():
        if not task.environment:  # only where OPENBLAS_CORETYPE is set
            assert f"## {task.name}: {task.work}" in text
    assert set(results["scaling"]) == set(scaling.CURVES)
    assert (ROOT / "docs" / "scaling.svg").stat().st_size > 5000
