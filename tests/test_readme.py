"""The README keeps its promises: its snippets run, its commands exist, its pictures and links are there."""

import doctest
import re
from pathlib import Path

import pytest

from autograd_mini.lecture.run import Lecture
from autograd_mini.lecture.terminal import sections

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_snippet_gives_what_is_printed():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert result.attempted >= 25
    assert result.failed == 0


def test_the_worked_example_is_what_the_program_prints():
    block = re.search(r"```text\n(.*?)```", README, flags=re.DOTALL)[1]
    printed = next(sections(Lecture(seed=1)))
    here, there = ({cells(line)[0]: cells(line)[1:] for line in text.splitlines()} for text in (block, printed))
    assert sum(name.startswith(("s_", "h_", "ŷ", "δ_", "Δw_", "new w_")) for name in here) >= 22
    for name, shown in here.items():
        for cell, expected in zip(shown, there[name], strict=True):
            if re.fullmatch(r"−?\d\.\d{10,}|\de−\d+|\d\.\de−\d+|0", cell):  # the last digit is the machine's own
                assert number(cell) == pytest.approx(number(expected), abs=1e-14)
            else:
                assert cell == expected


def cells(line):
    return re.split(r"\s{2,}", line.strip())


def number(cell):
    return float(cell.replace("−", "-"))


def test_every_command_is_a_target_of_the_makefile():
    commands = re.findall(r"^make (\w+)", README, flags=re.MULTILINE)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"lecture", "test"} <= set(commands) <= set(targets)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("extra", sorted(set(re.findall(r"autograd-mini\[(\w+)\]", README))))
def test_extras_exist(extra):
    assert re.search(rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.MULTILINE)
