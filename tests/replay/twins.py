"""Two copies of a training, one compiled and one as written, which must stay equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd_mini as ag


def numbers(*things: Any) -> list[Any]:
    """All numbers of models, optimizers and Values, in order."""
    found: list[Any] = []
    for thing in things:
        if type(thing) is ag.Value:
            found.append(thing.data)
        elif hasattr(thing, "state_dict"):
            found += list(thing.state_dict().values())
        elif hasattr(thing, "memory"):
            found += [x for remembered in thing.memory for x in remembered]
    return found


def equal(found: Sequence[Any], expected: Sequence[Any], tolerance: float = 1e-12) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        if isinstance(other, str):
            assert one == other
        else:
            assert np.shape(one) == np.shape(other)
            assert np.asarray(one).dtype == np.asarray(other).dtype
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def eager(f: Callable[..., Any], optimizer: Any, args: tuple) -> Any:
    E = f(*args)
    E.backward()
    optimizer.step()
    optimizer.zero_grad()
    return E.data


def on_single_numbers(step: Any) -> bool:
    """Is the last program, whose arrays are tiny, written on their single numbers?"""
    return ".tolist()" in step.source and not any(name in step.source for name in ("np.dot", "np.add", "out=", "alarm"))


def never(*args: Any) -> Any:
    raise AssertionError("the function was called as written")


def trained_alike(
    make: Callable[[], tuple[Any, Any, Callable[..., Any]]],
    calls: Sequence[tuple],
    tolerance: float = 1e-12,
    between: Callable[[Any, Any], None] | None = None,
    recordings: int = 1,
) -> Any:
    """Train two twins over the calls; after as many recordings f is not called again. Returns the compiled step."""
    model, optimizer, f = make()
    twin, twin_optimizer, g = make()
    step = ag.compile(f, optimizer=optimizer)
    for i, args in enumerate(calls):
        if i == recordings:
            step.f = never
        found, expected = step(*args), eager(g, twin_optimizer, args)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
        equal(numbers(model, optimizer), numbers(twin, twin_optimizer), tolerance)
        if between is not None:
            between(model, optimizer)
            between(twin, twin_optimizer)
    return step
