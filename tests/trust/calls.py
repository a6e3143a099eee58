"""Random calls of every operation: shapes that fit together, parameters that fit the shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_mini.primitives import TABLE

#: Hypothesis in the tests: the same draws in every run, whatever they cost.
QUICK = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)

Shape = tuple[int, ...]
Shapes = tuple[Shape, ...]
REDUCTIONS = ("sum", "mean", "prod", "max", "min", "logsumexp", "norm")


def sizes(name: str) -> int | None:
    """How many operands it takes; None: any number."""
    return None if name in TABLE and TABLE[name].variadic else len(TABLE[name].rules) if name in TABLE else 1


def together(name: str, shapes: Shapes) -> bool:
    """Do operands of these shapes, the first ones or all, fit the operation?"""
    first, last = shapes[0], shapes[-1]
    if name in ("solve", "det"):
        square = len(first) > 1 and first[-1] == first[-2]
        return square and (len(shapes) < 2 or (len(last) > 1 and last[-2] == first[-1] and cast(first[:-2], last[:-2])))
    if name == "matmul":
        return all(shapes) and (len(shapes) < 2 or (first[-1] == last[-2:][0] and cast(first[:-2], last[:-2])))
    if name == "concatenate":
        differ = [axis for axis, n in enumerate(zip(*shapes, strict=True)) if len(set(n)) > 1] if ranks(shapes) else []
        return bool(first) and ranks(shapes) and len(differ) < 2
    if name in ("cumsum", "pad"):
        return bool(first)
    return name == "einsum" or cast(*shapes)


def ranks(shapes: Shapes) -> bool:
    return len({len(shape) for shape in shapes}) == 1


def cast(*shapes: Shape) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


# -- shapes ----------------------------------------------------------------------------------------


def any_shape(min_dims: int = 0, min_side: int = 0) -> st.SearchStrategy[Shape]:
    return hnp.array_shapes(min_dims=min_dims, max_dims=3, min_side=min_side, max_side=3)


def mutual(**options: Any) -> st.SearchStrategy[Shapes]:
    options = {"min_side": 0, "max_side": 3} | options
    return hnp.mutually_broadcastable_shapes(**options).map(lambda found: found.input_shapes)


@st.composite
def joined(draw: Any) -> Shapes:
    """Up to three shapes that differ along one axis."""
    shape = draw(any_shape(1))
    axis = draw(st.integers(0, len(shape) - 1))
    lengths = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    return tuple((*shape[:axis], n, *shape[axis + 1 :]) for n in lengths)


@st.composite
def multiplied(draw: Any) -> Shapes:
    """Vectors, matrices and stacks, every kind times every kind, each as likely."""
    first, second = draw(st.sampled_from([(x, y) for x in (3, 2, 1) for y in (2, 3, 1)]))
    m, n, p, stack = draw(st.tuples(*[st.sampled_from([2, 3, 1, 2, 3, 0])] * 4))  # seldom empty
    left = {1: (n,), 2: (m, n), 3: (draw(st.sampled_from([stack, 1])), m, n)}[first]
    return left, {1: (n,), 2: (n, p), 3: (stack, n, p)}[second]


def shapes(name: str) -> st.SearchStrategy[Shapes]:
    """Shapes for all operands of a call of its own, empty ones among them."""
    if name == "concatenate":
        return joined()
    if name == "einsum":
        return st.lists(any_shape(), min_size=1, max_size=3).map(tuple)
    if name == "matmul":
        return multiplied()
    if name == "solve":
        return mutual(signature="(n,n),(n,p)->(n,p)", max_dims=1)
    if name == "det":
        return st.tuples(any_shape().filter(lambda s: len(s) < 3), st.integers(0, 3)).map(
            lambda p: ((*p[0], p[1], p[1]),)
        )
    if sizes(name) == 2:
        return mutual(num_shapes=2, max_dims=3)
    return st.tuples(any_shape(1 if name in ("cumsum", "pad") else 0))


def partner(name: str, found: Shapes) -> st.SearchStrategy[Shape]:
    """A shape for the next operand, given those before it."""
    if name in ("matmul", "solve"):
        columns = st.lists(st.integers(1, 3), min_size=int(name == "solve"), max_size=1)
        return columns.map(lambda c: (found[0][-1], *c))
    if name == "concatenate":
        return st.just(found[0])
    if name == "einsum":
        return any_shape(min_side=1)
    return hnp.broadcastable_shapes(np.broadcast_shapes(*found), max_dims=3, max_side=3)


# -- parameters ------------------------------------------------------------------------------------


def either_sign(ndim: int) -> st.SearchStrategy[int]:
    return st.integers(-ndim, ndim - 1)


def axes(shape: Shape) -> st.SearchStrategy[Any]:
    """None, an axis, or several, some counted from the end."""
    ndim = len(shape)
    if not ndim:
        return st.none()
    return st.none() | either_sign(ndim) | hnp.valid_tuple_axes(ndim, min_size=1)


def reduced(shape: Shape, axis: Any) -> int:
    return math.prod(shape if axis is None else [shape[a] for a in np.atleast_1d(axis)])


@st.composite
def subscripts(draw: Any, shapes: Shapes) -> tuple[str]:
    """Letters for every axis: one for all of a size, or another, so that axes are summed, joined or made a diagonal."""
    size_of: dict[str, int] = {}
    terms = []
    for shape in shapes:
        term: dict[int, str] = {}
        for axis, n in enumerate(shape):
            twins = [letter for other, letter in term.items() if shape[other] == n]
            joining = [c for c, m in size_of.items() if c not in term.values() and (m == n or 1 in (m, n))]
            fresh = next(c for c in "ijKlmnopq" if c not in size_of)
            letter = term[axis] = draw(st.sampled_from([*joining, *twins, fresh]))
            size_of[letter] = n if size_of.get(letter, 1) == 1 else size_of[letter]
        terms.append("".join(term.values()))
    output = draw(st.permutations(sorted(size_of)))[: draw(st.integers(0, min(3, len(size_of))))]
    return (f"{','.join(terms)}->{''.join(output)}",)


def indices(shape: Shape) -> st.SearchStrategy[Any]:
    """Slices, whole numbers, new axes and `...`; whole-number arrays with repetitions; masks."""
    found = [hnp.basic_indices(shape, allow_newaxis=True, max_dims=4), masks(shape)]
    if shape and all(shape):
        result = hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=3)
        found += [hnp.integer_array_indices(shape, result_shape=result), rows(shape[0], result), mixed(shape)]
    return st.one_of(found)


def masks(shape: Shape) -> st.SearchStrategy[Any]:
    return hnp.arrays(bool, shape)


def rows(length: int, result: Any) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.int64, result, elements=st.integers(-length, length - 1))


@st.composite
def mixed(draw: Any, shape: Shape) -> Any:
    """A list of places along one axis, slices along the others."""
    axis = draw(st.integers(0, len(shape) - 1))
    places = draw(st.lists(st.integers(-shape[axis], shape[axis] - 1), min_size=1, max_size=3))
    return (*(draw(st.slices(n)) for n in shape[:axis]), places)


@st.composite
def targets(draw: Any, shape: Shape) -> tuple[Shape, Any]:
    """Somewhere to scatter an array of this shape: a larger array, and which of its elements."""
    if not shape:
        return (3,), draw(st.integers(-3, 2))
    n, rest = shape[0], shape[1:]
    wide = draw(st.integers(max(n, 1), n + 2))
    kind = draw(st.sampled_from(["rows", "slice", "row", "mask"]))
    if kind == "rows":
        return (wide, *rest), draw(hnp.arrays(np.int64, (n,), elements=st.integers(-wide, wide - 1)))
    if kind == "slice":
        return (2 * n + 1, *rest), slice(1, 2 * n + 1, 2)
    if kind == "row":
        return (2, *shape), draw(st.sampled_from([0, -1]))
    return (wide, *rest), np.isin(np.arange(wide), draw(st.permutations(range(wide)))[:n])


@st.composite
def bounds(draw: Any, shape: Shape) -> tuple[Any, Any]:
    kind = draw(st.sampled_from(["numbers", "low", "high", "arrays", "wider"]))
    if kind in ("arrays", "wider"):
        whole = (2, *shape) if kind == "wider" and len(shape) < 3 else shape
        low = np.linspace(-1.3, 0.2, math.prod(whole)).reshape(whole)
        return low, draw(st.sampled_from([None, 1.1]))
    return {"numbers": (-0.5, 1.0), "low": (0.1, None), "high": (None, 0.3)}[kind]


@st.composite
def conditions(draw: Any, shapes: Shapes) -> tuple[np.ndarray]:
    whole = np.broadcast_shapes(*shapes)
    return (draw(hnp.arrays(bool, hnp.broadcastable_shapes(whole, max_dims=3, min_side=0, max_side=3))),)


@st.composite
def rolls(draw: Any, shape: Shape) -> tuple[Any, Any]:
    ndim, shift = len(shape), st.integers(-4, 4)
    axis = draw(axes(shape))
    return draw(st.tuples(*[shift] * len(axis)) if isinstance(axis, tuple) else shift), axis if ndim else None


def whole_shapes(shape: Shape) -> st.SearchStrategy[Any]:
    count = math.prod(shape)
    even = [(count // 2, 2), (2, -1)] if count and count % 2 == 0 else []
    guessed = [-1, (1, -1, 1)] if count else []
    return st.sampled_from(
        [(count,), (1, count), shape[::-1], *even, *guessed] if count != 1 else [(), (1,), (1, 1), -1]
    )


PARAMS: dict[str, Callable[[Shapes], st.SearchStrategy[tuple]]] = {
    **{name: lambda s: st.tuples(axes(s[0]), st.booleans()) for name in REDUCTIONS if name not in ("max", "min")},
    **{
        name: lambda s: st.tuples(axes(s[0]).filter(lambda axis: reduced(s[0], axis)), st.booleans())
        for name in ("max", "min")
    },
    "softmax": lambda s: st.tuples(axes(s[0])),
    "log_softmax": lambda s: st.tuples(axes(s[0])),
    "cumsum": lambda s: st.tuples(either_sign(len(s[0]))),
    "clip": lambda s: bounds(s[0]),
    "where": conditions,
    "einsum": subscripts,
    "reshape": lambda s: st.tuples(whole_shapes(s[0])),
    "transpose": lambda s: st.tuples(st.permutations(range(len(s[0]))).map(tuple)),
    "broadcast_to": lambda s: st.tuples(
        hnp.broadcastable_shapes(s[0], min_dims=len(s[0]), max_dims=4, min_side=0, max_side=3)
    ).filter(lambda p: np.broadcast_shapes(p[0], s[0]) == p[0]),
    "getitem": lambda s: st.tuples(indices(s[0])),
    "scatter": lambda s: targets(s[0]),
    "roll": lambda s: rolls(s[0]),
    "pad": lambda s: st.tuples(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * len(s[0]))),
    "astype": lambda s: st.tuples(st.sampled_from([np.dtype(np.float64), np.dtype(np.float32)])),
    "concatenate": lambda s: st.sampled_from(varying(s)).map(lambda axis: (axis,)),
}


def varying(shapes: Shapes) -> list[int]:
    """The axes along which these can be joined, counted from both ends."""
    ndim = len(shapes[0])
    differ = [a for a in range(ndim) if len({s[a] for s in shapes}) > 1] or range(ndim)
    return [a - back for a in differ for back in (0, ndim)]


def in_precision(params: tuple, precision: str) -> tuple:
    """Arrays of floats among the parameters, such as bounds, in this precision."""
    return tuple(np.asarray(p, precision) if isinstance(p, np.ndarray) and p.dtype == float else p for p in params)


def params(name: str, shapes: Shapes) -> st.SearchStrategy[tuple]:
    return PARAMS[name](shapes) if name in PARAMS else st.just(())
