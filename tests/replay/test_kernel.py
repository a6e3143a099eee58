"""With numba: the loop over samples as machine code."""

import math

import numpy as np
import pytest

pytest.importorskip("numba")

import autograd_mini as ag
from autograd_mini import optim
from tests.replay.twins import eager, equal, never, numbers

CALLS = [(0.1 * i, math.sin(i)) for i in range(20)]


def net(make_optimizer):
    w = [ag.Value(0.3), ag.Value(-0.7, name="b"), ag.Value(1.1)]
    f = lambda x, y: 0.5 * (y - (w[0] * x + w[1]).sigmoid() * w[2]) ** 2 + abs(w[0]) * 0.01  # noqa: E731
    return w, make_optimizer(w), f


@pytest.mark.parametrize("make_optimizer", [lambda p: optim.SGD(p, 0.1), lambda p: optim.Adam(p, 0.01)])
@pytest.mark.parametrize("as_array", [True, False])
def test_the_loop_in_machine_code_equals_the_engine(make_optimizer, as_array):
    w, optimizer, f = net(make_optimizer)
    twins, twin_optimizer, g = net(make_optimizer)
    step = ag.compile(f, optimizer=optimizer, numba=True)
    step(*CALLS[0])
    eager(g, twin_optimizer, CALLS[0])
    step.f = never
    found = step.each(np.array(CALLS) if as_array else CALLS)
    equal(found.tolist(), [eager(g, twin_optimizer, args) for args in CALLS])
    equal(numbers(*w, optimizer), numbers(*twins, twin_optimizer))


def test_a_guard_and_infinities_are_left_to_the_engine():
    w = ag.Value(0.5, name="w")
    f = lambda x: (w * x if x > 0 else w * w) + 1 / w  # noqa: E731
    optimizer = optim.SGD([w], 0.01)
    step = ag.compile(f, optimizer=optimizer, numba=True)
    step(1.0)
    twin = ag.Value(w.data)
    g = lambda x: (twin * x if x > 0 else twin * twin) + 1 / twin  # noqa: E731
    twin_optimizer = optim.SGD([twin], 0.01)
    rows = [(1.0,), (-1.0,), (2.0,)]
    assert step.each(rows).tolist() == pytest.approx([eager(g, twin_optimizer, row) for row in rows], rel=1e-12)
    assert w.data == pytest.approx(twin.data, rel=1e-12)
