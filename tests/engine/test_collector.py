"""The cyclic collector rests while large graphs are made, and only then."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from autograd_mini import Value, collector

OWN = (500, 11, 12)


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Thresholds of our own, as a user may set them, and all as before afterwards."""
    before = gc.get_threshold()
    gc.set_threshold(*OWN)
    Value(1.0).backward()
    yield
    gc.set_threshold(*before)
    Value(1.0).backward()


def differentiate(nodes: int) -> None:
    v = Value(1.0)
    for _ in range(nodes):
        v = v + 1.0
    v.backward()


def test_the_threshold_follows_the_size_of_the_graphs() -> None:
    differentiate(20_000)
    assert gc.get_threshold() == (60_000, *OWN[1:])
    differentiate(5_000)
    assert gc.get_threshold() == (15_000, *OWN[1:])
    collector.rest_for(10_000_000)
    assert gc.get_threshold() == (collector.MOST, *OWN[1:])
    differentiate(10)
    assert gc.get_threshold() == OWN


def test_garbage_in_cycles_waits_for_a_bounded_number_of_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "MOST", 200_000)

    class Cycle:
        def __init__(self) -> None:
            self.own = self

    differentiate(100_000)
    gone = weakref.ref(Cycle())
    lists: list[list] = [[] for _ in range(collector.MOST + 1000)]
    assert gone() is None
    del lists


@pytest.mark.parametrize("own", [(1_000_000, 5, 5), (900, 5, 5), (0, 10, 10)])
def test_thresholds_that_the_user_sets_meanwhile_are_the_usual_ones(own: tuple[int, int, int]) -> None:
    differentiate(2_000)
    assert gc.get_threshold()[0] == 6_000
    gc.set_threshold(*own)
    differentiate(10)
    assert gc.get_threshold() == own
    differentiate(2_000)
    assert gc.get_threshold() == ((6_000, 5, 5) if own[0] == 900 else own)
    differentiate(10)
    assert gc.get_threshold() == own


def test_a_disabled_collector_stays_disabled() -> None:
    gc.disable()
    try:
        differentiate(20_000)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_threshold_of_0_stays_from_the_first_pass_on() -> None:
    gc.set_threshold(0, 10, 10)
    differentiate(2_000)
    assert gc.get_threshold() == (0, 10, 10)
