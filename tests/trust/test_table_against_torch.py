"""Every operation of the table beside PyTorch's: on many shapes and layouts, and where numbers end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value

torch = pytest.importorskip("torch")
from tests.trust.torch_twins import DOMAINS, ELEMENTWISE, REDUCTIONS, SHAPING, Twin  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, where the value is not finite
SHAPES = [(), (0,), (1,), (4,), (2, 3), (1, 3), (2, 0), (2, 1, 3)]
PAIRS = [
    ((), ()),
    ((3,), ()),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((3,), (2, 3)),
    ((1,), (2, 1, 3)),
    ((0, 3), (3,)),
    ((4,), (4,)),
]
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": lambda x: x,
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "every second": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "backwards": lambda x: np.ascontiguousarray(x[::-1])[::-1] if x.ndim else x,
}
PRECISIONS = {"float64": (1e-10, 1e-12), "float32": (2e-4, 2e-5)}


def both(twin: Twin, operands: list[np.ndarray], params: dict[str, Any], upstream: int = 0) -> tuple[list, list]:
    """Value, gradients, and gradients of a projection of the gradients: ours and PyTorch's."""
    rng = np.random.default_rng(upstream)
    values = [Value(x) for x in operands]
    z = twin.ours(*values, **params)
    g = np.asarray(rng.normal(size=z.shape), z.dtype)[()]
    first = ag.gradients(z, values, g, create_graph=True)
    ours = [z.data, *(v.data for v in first)]
    directions = [np.asarray(rng.normal(size=x.shape), x.dtype) for x in operands]
    projected = sum(np.sum(a * d) for a, d in zip(first, directions, strict=True))
    ours += ag.gradients(projected, values)

    tensors = [torch.tensor(np.array(x), requires_grad=True) for x in operands]
    t = twin.theirs(*tensors, **params)
    options: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
    slopes = torch.autograd.grad(t, tensors, torch.tensor(np.asarray(g)), create_graph=True, **options)
    theirs = [t, *slopes]
    total = sum((a * torch.tensor(d)).sum() for a, d in zip(slopes, directions, strict=True))
    if total.requires_grad:
        theirs += torch.autograd.grad(total, tensors, **options)
    else:
        theirs += [torch.zeros_like(x) for x in tensors]
    return ours, [x.detach().numpy(force=True) for x in theirs]


def agree(twin: Twin, operands: list[np.ndarray], precision: str, params: dict[str, Any] | None = None) -> None:
    ours, theirs = both(twin, operands, params or {})
    relative, absolute = PRECISIONS[precision]
    for found, expected in zip(ours, theirs, strict=True):
        assert np.shape(found) == expected.shape
        assert np.asarray(found).dtype == expected.dtype == precision
        size = max(1.0, float(np.max(np.abs(expected), initial=0)))
        np.testing.assert_allclose(found, expected, rtol=relative, atol=absolute * size)


def numbers(twin: Twin, shapes: list[tuple[int, ...]], layout: str, precision: str) -> list[np.ndarray]:
    """Numbers in the operation's domain, at least a little away from kinks."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        drawn = [rng.uniform(-2, 2, shape) for shape in shapes]
        found = [np.asarray(DOMAINS[d](x), precision) for d, x in zip(twin.domains, drawn, strict=True)]
        if twin.kinks is None or np.min(twin.kinks(*found), initial=1.0) > 0.01:
            return [LAYOUTS[layout](x) for x in found]
    raise AssertionError("no numbers away from kinks")


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str, layout: str, precision: str) -> None:
    twin = ELEMENTWISE[name]
    for shapes in [[s] for s in SHAPES] if len(twin.domains) == 1 else [list(p) for p in PAIRS]:
        agree(twin, numbers(twin, shapes, layout, precision), precision)


def axes(shape: tuple[int, ...]) -> list[Any]:
    every = list(range(-len(shape), len(shape)))
    return [None, *every] + ([(0, -1), (1, 0), tuple(range(len(shape)))] if len(shape) > 1 else [])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str, layout: str, precision: str) -> None:
    twin, compared = REDUCTIONS[name], 0
    for shape in SHAPES:
        for axis in axes(shape):
            empty = any(shape[a] == 0 for a in (range(len(shape)) if axis is None else np.atleast_1d(axis)))
            if (empty and name in ("max", "min")) or (name == "norm" and isinstance(axis, tuple)):
                continue  # both refuse; a matrix norm has no twin along three axes
            for keepdims in (False, True):
                params = {"axis": axis, "keepdims": keepdims}
                agree(twin, numbers(twin, [shape], layout, precision), precision, params)
                compared += 1
    assert compared > 40


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [name for name in SHAPING if name != "astype"])
def test_shaping_and_products(name: str, layout: str, precision: str) -> None:
    for shape in [(), (1,), (4,), (2, 3), (1, 3), (2, 1, 3)]:
        if name == "sort" and not shape:
            continue  # NumPy refuses to sort a number
        agree(SHAPING[name], numbers(SHAPING[name], [shape], layout, precision), precision)


# -- where numbers end -----------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 1e-300, 1e10, 1e200, -1e200, 800.0, -800.0, np.inf, -np.inf, np.nan]
ORDINARY = [0.0, -0.0, 1.0, -1.0, 2.0, -3.0, 1e200, np.inf, -np.inf, np.nan]

#: operation -> why its slope is another one, and where: a condition on the operands.
DIFFERENCES: dict[str, tuple[str, Callable[..., bool]]] = {
    "cbrt": ("its twin is made of others, whose slopes at 0 are 0 · ∞", lambda x: x == 0),
    "hypot": ("at the origin 0, as a norm", lambda x, y: x == y == 0),
}


def special_points(twin: Twin) -> list[tuple[float, ...]]:
    if len(twin.domains) == 1:
        return [(x,) for x in SPECIAL]
    return [(x, y) for x in ORDINARY for y in ORDINARY]


def slopes(twin: Twin, point: tuple[float, ...]) -> tuple[list[float], list[float]]:
    values = [Value(x) for x in point]
    z = twin.ours(*values)
    z.backward()
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    t = twin.theirs(*tensors)
    theirs = torch.autograd.grad(t, tensors, allow_unused=True, materialize_grads=True)
    return [float(z.data), *(float(v.grad) for v in values)], [t.item(), *(g.item() for g in theirs)]


def differ(ours: list[float], theirs: list[float]) -> bool:
    return not np.allclose(ours, theirs, rtol=1e-9, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_where_numbers_end(name: str) -> None:
    twin = ELEMENTWISE[name]
    _, excused = DIFFERENCES.get(name, ("", lambda *_: False))
    found = []
    for point in special_points(twin):
        ours, theirs = slopes(twin, point)
        if np.isnan(point).any():  # no slope is defined there
            ours, theirs = ours[:1], theirs[:1]
            if name == "sign":  # PyTorch's sign of nan is 0
                assert np.isnan(ours[0])
                continue
        if differ(ours, theirs) != bool(excused(*point)):
            found.append((point, ours, theirs))
    assert not found, found
