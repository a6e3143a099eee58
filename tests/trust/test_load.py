"""The engine holds under load: large graphs, long sessions and random trainings, in short forms of the scripts here."""

import gc
import weakref

import numpy as np
import pytest

from autograd_mini import Value
from autograd_mini.backprop import topological_order
from autograd_mini.dispatch import shaping
from autograd_mini.explain.formulas.templates import text_template
from tests.trust import leaks, load, soak

pytest.importorskip("safetensors")
pytest.importorskip("networkx")


@pytest.mark.parametrize("name", load.GRAPHS)
def test_large_graphs_cost_little_and_are_freed_by_references_alone(name):
    n = 6_000
    load.load(load.GRAPHS[name], n)
    load.explain(load.GRAPHS[name], n // 2)
    load.free_in_small_thread(load.GRAPHS[name], n)


def test_many_pieces_are_joined_in_parts():
    """Else the time would grow with the square of their number: the rule counts what lies before each piece."""
    pieces = [Value([float(i)]) if i % 3 else np.array([float(i)]) for i in range(1001)]
    joined = np.concatenate(pieces)
    np.testing.assert_array_equal(joined.data, np.arange(1001.0))
    joined.backward(np.arange(1001.0))
    assert all(piece.grad == [i] for i, piece in enumerate(pieces) if i % 3)
    assert max(len(node.inputs) for node in topological_order(joined)) <= shaping.MOST_PIECES < 1001
    across = np.stack([Value([i, 1.0]) for i in range(300)], axis=1)
    np.testing.assert_array_equal(across.data, [np.arange(300.0), np.ones(300)])


@pytest.mark.parametrize("name", leaks.CASES)
def test_memory_does_not_grow_by_a_byte_a_step(name):
    make, cost = leaks.CASES[name]
    # A row of one's own is remembered for a while: among the last 256.
    warm_up = text_template.cache_info().maxsize if name == "checked" else 3
    steps = {1: 66, 4: 33, 10: 22, 100: 11}[cost]
    assert leaks.growth(make(), steps, warm_up) <= leaks.MOST_BYTES_A_STEP


def test_leaks_and_cycles_are_seen():
    kept = []
    assert leaks.growth(lambda: kept.append(object()), 110) > 16

    def cycle():
        ring = []
        ring.append(ring)

    with pytest.raises(AssertionError, match=r"1\.0 objects a step are left for the garbage collector"):
        leaks.growth(cycle, 110)
    with pytest.raises(AssertionError, match="1 objects in cycles"), load.without_collector():
        cycle()


def test_a_hook_that_refers_to_its_own_value_is_freed_with_it():
    x = Value(1.0, name="x")
    x.register_hook(lambda grad, x=x: print(x.name))
    node = weakref.ref(x)
    del x
    gc.collect()
    assert node() is None


def test_random_trainings_hold_for_a_while():
    """Of the wall clock, or as many trainings as are done by then: at least one."""
    assert soak.soak(minutes=0.25, seed=0) >= 1


@pytest.mark.parametrize("wrong", ["numbers", "names"])
def test_the_soak_sees_what_it_is_there_for(wrong, monkeypatch):
    if wrong == "numbers":  # a file that comes back a little different
        monkeypatch.setattr(soak.learn, "load_model", lambda path: _nudged(soak.nn_load(path)))
    else:
        monkeypatch.setattr(soak, "MOST_GROWTH", -1)
        monkeypatch.setattr(soak, "SETTLED_AFTER", 0.0)
    with pytest.raises(AssertionError, match="--seed"):
        soak.soak(minutes=1, seed=0)


def _nudged(model):
    for p in model.parameters():
        p.data = p.data * 1.000001
    return model
