"""Random programs over the whole table, compiled and as written; NumPy's functions as the engine's tests call them."""

import numpy as np
import pytest

pytest.importorskip("torch")  # which draws the programs' operands

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd_mini as ag
from tests.replay.twins import never
from tests.trust.programs import moved, numbers, output, programs
from tests.trust.torch_twins import TWINS

FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("often", TWINS)
@FEW
@given(data=st.data())
def test_a_random_program_is_replayed(often, data):
    program = data.draw(programs(often))
    inputs = numbers(program)
    if not any(i.operands for i in program):
        return
    leaves = [ag.Value(x) for x in inputs]
    f = lambda: output(program, leaves)  # noqa: E731
    step = ag.compile(f)
    direction = numbers(program, 1)
    for turn, h in enumerate((0.0, 0.0, 1e-4)):
        for leaf, x in zip(leaves, moved(inputs, direction, h), strict=True):
            leaf.data, leaf.grad = x, None
        if turn == 1:
            step.f = never
        try:
            found = step()
        except AssertionError:  # a branch inside a rule, or numbers near a kink, were recorded otherwise
            step.f = f
            found = step()
            assert turn == 2 or len(step.programs) == 1
        grads = [leaf.grad for leaf in leaves]
        for leaf in leaves:
            leaf.grad = None
        E = f()
        E.backward()
        np.testing.assert_allclose(found, E.data, rtol=1e-12, atol=1e-12)
        for leaf, grad in zip(leaves, grads, strict=True):
            assert (grad is None) == (leaf.grad is None)
            if grad is not None:
                scale = max(1.0, np.max(np.abs(leaf.grad), initial=0.0))
                np.testing.assert_allclose(grad, leaf.grad, rtol=1e-10, atol=1e-12 * scale)
