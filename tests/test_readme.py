"""The README keeps its promises: its snippets run, its commands exist, its pictures and links are there."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_snippet_gives_what_is_printed():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert result.attempted >= 25
    assert result.failed == 0


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
