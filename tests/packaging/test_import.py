"""`import autograd_mini` costs NumPy and little more: the rooms, and heavy modules, come when first asked for."""

import json
import pickle
import subprocess
import sys

import pytest

import autograd_mini as ag

ROOMS = ["explain", "learn", "lecture", "nn", "optim", "replay"]
#: What takes half a millisecond or more, and is not NumPy's own need.
HEAVY = [
    *("argparse", "asyncio", "concurrent.futures", "csv", "dataclasses", "difflib", "html", "http", "json", "logging"),
    *("multiprocessing", "random", "string", "tempfile", "threading", "unittest", "uuid", "xml", "zipfile"),
    *("importlib.metadata", "urllib.request", "numpy.random", "numba", "pandas", "sympy", "torch"),
    *("graphviz", "matplotlib", "networkx"),
]


def in_a_fresh_process(code):
    return json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def modules_after(*lines):
    """The modules that are loaded after NumPy and these lines."""
    show = ["import sys", "loaded = list(sys.modules)", "import json", "print(json.dumps(loaded))"]
    return set(in_a_fresh_process("\n".join(["import numpy", *lines, *show])))


def test_the_engine_is_imported_without_rooms_and_heavy_modules():
    numpy_alone, with_engine = modules_after(), modules_after("import autograd_mini")
    assert "autograd_mini.value" in with_engine
    assert sorted({f"autograd_mini.{room}" for room in ROOMS} & with_engine) == []
    assert sorted((with_engine - numpy_alone) & set(HEAVY)) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_there_when_asked_for(room):
    code = f"import json, autograd_mini as ag; print(json.dumps([ag.{room}.__name__, {room!r} in dir(ag)]))"
    assert in_a_fresh_process(code) == [f"autograd_mini.{room}", True]


def test_everything_named_can_be_listed_imported_and_pickled():
    assert set(ag.__all__) <= set(dir(ag))
    found = {}
    exec("from autograd_mini import *", found)
    assert set(ag.__all__) <= set(found)
    for name in ag.__all__:
        if isinstance(found[name], type):
            assert pickle.loads(pickle.dumps(found[name])) is found[name]
    with pytest.raises(AttributeError, match="module 'autograd_mini' has no attribute 'compiel'"):
        ag.compiel  # noqa: B018
