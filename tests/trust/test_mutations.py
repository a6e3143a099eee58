"""The tests notice faults in the derivative rules: here a sample, in full `python -m tests.trust.mutate_rules`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from autograd_mini.nn import conv, functional, loss_functions, windows
from autograd_mini.primitives import TABLE
from autograd_mini.rules import Primitive

from .equivalent_mutants import EQUIVALENT
from .rule_mutants import ROOT, TARGETS, mutants, uses

MUTANTS = mutants()


def test_every_row_is_changed() -> None:
    """No row is forgotten, of the engine's table or beyond it."""
    changed = {title for m in MUTANTS for name, title in uses(m.file)[1].items() if name in m.scope.split()}
    modules = (functional, loss_functions, windows, conv)
    beyond = {item.name for module in modules for item in vars(module).values() if isinstance(item, Primitive)}
    assert changed == set(TABLE) | beyond


def test_every_file_and_function_named_is_changed() -> None:
    for file, names in TARGETS.items():
        scopes_changed = {name for m in MUTANTS if m.file == file for name in m.scope.split()}
        assert set(names.split()) <= scopes_changed, file


def test_every_mutant_differs_and_compiles() -> None:
    assert len({m.key for m in MUTANTS}) == len(MUTANTS)
    sample = MUTANTS[::40]
    originals = {file: compile((ROOT / file).read_text(), str(ROOT / file), "exec") for file in TARGETS}
    assert not [str(m) for m in sample if m.compiled() == originals[m.file]]


def test_the_explained_ones_exist() -> None:
    assert EQUIVALENT.keys() <= {m.key for m in MUTANTS}
    assert all(len(reason) > 20 for reason in EQUIVALENT.values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each mutant is a forked process")
def test_a_sample_is_noticed_and_the_package_as_it_is_is_not() -> None:
    """The script's own status: every mutant of the sample fails a test, and without a mutant none fails."""
    command = [sys.executable, "-m", "tests.trust.mutate_rules", "--sample", "40"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert ": 40 noticed" in run.stdout
