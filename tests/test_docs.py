"""The example outputs in docs/ are what the library shows today."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("make_examples", DOCS / "make_examples.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("docs")
    script.write(folder)
    return folder


def files(folder):
    return sorted(p.relative_to(folder) for room in ("examples", "images") for p in (folder / room).iterdir())


def test_the_same_files_are_written(made):
    assert files(made) == files(DOCS)
    assert all((made / path).stat().st_size > 100 for path in files(made))


@pytest.mark.parametrize("name", ["trace.txt", "derivation.txt", "derivation.tex", "paths.txt", "program.py"])
def test_the_texts_are_up_to_date(made, name):
    assert (made / "examples" / name).read_text(encoding="utf-8") == (DOCS / "examples" / name).read_text(
        encoding="utf-8"
    )


def test_the_delta_rule_is_up_to_date_but_for_the_last_digits(made):
    ours, stored = (
        [
            line.split()[:-1]
            for line in (folder / "examples" / "delta-rule.txt").read_text(encoding="utf-8").splitlines()
        ]
        for folder in (made, DOCS)
    )
    assert ours == stored


TRUST = (DOCS / "trust.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"\| `(pytest|python -m|make) ([\w./-]+)[^`]*` \|", TRUST)


def test_every_promise_has_a_command():
    rows = [line for line in TRUST.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) - len(COMMANDS) <= 1  # one promise is kept by the tests beside it
    assert len(rows) > 15


@pytest.mark.parametrize(("how", "what"), COMMANDS)
def test_the_commands_that_check_the_promises_exist(how, what):
    if how == "pytest":
        assert (DOCS.parent / what).exists()
    elif how == "python -m":
        assert "__main__" in Path(importlib.util.find_spec(what).origin).read_text(encoding="utf-8")
    else:
        assert f"\n{what}:" in (DOCS.parent / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (DOCS / link).exists(), link
