"""Damaged and forged model files are refused, or read as other readers read them; see `fuzz_files`."""

import pickle
import tracemalloc
from contextlib import suppress

import pytest

from autograd_mini.learn.files import load_arrays, save_arrays
from tests.trust.fuzz_files import KINDS, fuzz, only_reading

pytest.importorskip("safetensors")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_thousands_of_mutations_are_refused_or_right(tmp_path, suffix):
    tracemalloc.start()
    try:
        outcome = fuzz(suffix, 600, seed=1, folder=tmp_path)
    finally:
        tracemalloc.stop()
    for kind in KINDS:  # the mutations are neither all fatal nor all harmless
        assert outcome[f"{kind}, refused"] > 100 or kind == "tampered"
        assert outcome[f"{kind}, model"] > 0
    assert outcome["structured, arrays"] > 5
    assert outcome["tampered, arrays"] > 100


def test_the_watch_sees_what_a_load_must_not_do(tmp_path):
    path = tmp_path / "arrays.npz"
    save_arrays(path, {"a": 1.0})
    with only_reading(path):
        load_arrays(path)
    acts = [
        lambda: path.open("r+").close(),
        lambda: path.with_name("new").open("w").close(),
        lambda: path.with_name("new").unlink(),
        lambda: path.mkdir(),
        lambda: eval("1"),
        lambda: pickle.loads(b"cposix\ngetpid\n."),  # names a function, and calls none
    ]
    for act in acts:
        with pytest.raises(AssertionError, match="while it was read"), only_reading(path), suppress(FileExistsError):
            act()
