"""Handwritten digits, as accurate as a small network should become; the recipe is the benchmark's."""

import runpy
from pathlib import Path

import pytest

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "digits.py"))


@pytest.mark.parametrize(("network", "least"), [("dense", 0.97), ("convolutional", 0.98)])
def test_digits(network, least):
    right, _ = BENCHMARK["train"](BENCHMARK[network], seed=0)
    assert right >= least
