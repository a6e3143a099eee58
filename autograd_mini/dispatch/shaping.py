"""NumPy's functions that reshape, move, join, cut and repeat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_mini.dispatch.registry import Axis, implements, np, positive_axis
from autograd_mini.primitives import shaping
from autograd_mini.value import Value, apply

#: More pieces than this are joined in parts first: the rule counts what lies before each piece, so that the time
#: would grow with the square of their number.
MOST_PIECES = 500


@implements(np.reshape)
def reshape(a: Any, shape: Any) -> Value:
    return apply(shaping.reshape, (a,), (shape,))


@implements(np.ravel)
def ravel(a: Any) -> Value:
    return reshape(a, -1)


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Sequence[int] | None = None) -> Value:
    axes = range(a.ndim)[::-1] if axes is None else axes
    return apply(shaping.transpose, (a,), (tuple(np.lib.array_utils.normalize_axis_tuple(axes, a.ndim)),))


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Value:
    axes = list(range(a.ndim))
    i, j = positive_axis(axis1, a.ndim), positive_axis(axis2, a.ndim)
    axes[i], axes[j] = axes[j], axes[i]
    return transpose(a, axes)


@implements(np.matrix_transpose)
def matrix_transpose(x: Any) -> Value:
    return swapaxes(x, -1, -2)


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Value:
    sources = np.lib.array_utils.normalize_axis_tuple(source, a.ndim)
    targets = np.lib.array_utils.normalize_axis_tuple(destination, a.ndim)
    if len(sources) != len(targets):
        np.moveaxis(np.empty((0,) * a.ndim), source, destination)  # raises NumPy's own message
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return transpose(a, order)


@implements(np.squeeze)
def squeeze(a: Any, axis: Axis = None) -> Value:
    return reshape(a, np.squeeze(a.data, axis).shape)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: int | tuple[int, ...]) -> Value:
    return reshape(a, np.expand_dims(a.data, axis).shape)


def _at_least(widen: Callable[[tuple], tuple]) -> Callable:
    """The function of any number of arrays that brings each shape to `widen(shape)`."""

    def at_least(*arys: Any) -> Any:
        wide = tuple(np.reshape(a, widen(np.shape(a))) for a in arys)
        return wide[0] if len(wide) == 1 else wide

    return at_least


implements(np.atleast_1d)(_at_least(lambda shape: shape or (1,)))
implements(np.atleast_2d)(_at_least(lambda shape: (1,) * (2 - len(shape)) + shape))
implements(np.atleast_3d)(
    _at_least(lambda shape: (1,) * (len(shape) < 2) + shape + (1,) * ((len(shape) < 3) + (not shape)))
)


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any) -> Value:
    return apply(shaping.broadcast_to, (array,), (shape,))


@implements(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Value:
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    while len(arrays) > MOST_PIECES:
        arrays = [np.concatenate(arrays[i : i + MOST_PIECES], axis) for i in range(0, len(arrays), MOST_PIECES)]
    return apply(shaping.concatenate, tuple(arrays), (axis,))


@implements(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0) -> Value:
    shapes = [np.shape(a) for a in arrays]
    if len(set(shapes)) > 1:
        raise ValueError(f"np.stack: all inputs must have one shape, got {', '.join(map(str, shapes))}")
    return concatenate([np.expand_dims(a, axis) for a in arrays], axis)


@implements(np.vstack)
def vstack(tup: Sequence[Any]) -> Value:
    return concatenate([a if np.ndim(a) > 1 else np.reshape(a, (1, -1)) for a in tup], 0)


@implements(np.hstack)
def hstack(tup: Sequence[Any]) -> Value:
    return concatenate([a if np.ndim(a) else np.reshape(a, (1,)) for a in tup], 1 if np.ndim(tup[0]) > 1 else 0)


@implements(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Value:
    return concatenate([a if np.ndim(a) > 1 else np.reshape(a, (-1, 1)) for a in tup], 1)


@implements(np.dstack)
def dstack(tup: Sequence[Any]) -> Value:
    return concatenate([np.atleast_3d(a) for a in tup], 2)


@implements(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Value:
    return concatenate([arr, values], axis)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Value]:
    return _pieces(ary, np.split(np.arange(ary.shape[axis]), indices_or_sections), axis)


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Value]:
    return _pieces(ary, np.array_split(np.arange(ary.shape[axis]), indices_or_sections), axis)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Value]:
    return _split_wide("np.vsplit", ary, indices_or_sections, 0, 2)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Value]:
    return _split_wide("np.hsplit", ary, indices_or_sections, int(ary.ndim > 1), 1)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Value]:
    return _split_wide("np.dsplit", ary, indices_or_sections, 2, 3)


def _split_wide(label: str, ary: Value, indices_or_sections: Any, axis: int, needed: int) -> list[Value]:
    if ary.ndim < needed:
        raise ValueError(f"{label}: expected at least {needed} axes, got shape {ary.shape}")
    return split(ary, indices_or_sections, axis)


def _pieces(ary: Value, pieces: list, axis: int) -> list[Value]:
    before = (slice(None),) * positive_axis(axis, ary.ndim)
    return [ary[(*before, slice(p[0], p[-1] + 1) if len(p) else slice(0, 0))] for p in pieces]


@implements(np.flip)
def flip(m: Any, axis: Axis = None) -> Value:
    flipped = range(m.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, m.ndim)
    return m[tuple(slice(None, None, -1 if i in flipped else 1) for i in range(m.ndim))]


@implements(np.fliplr)
def fliplr(m: Any) -> Value:
    return flip(m, 1)


@implements(np.flipud)
def flipud(m: Any) -> Value:
    return flip(m, 0)


@implements(np.rot90)
def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Value:
    first, second = (positive_axis(axis, m.ndim) for axis in axes)
    if first == second:
        raise ValueError(f"np.rot90: the plane needs two different axes, got {axes}")
    if k % 4 == 2:
        return flip(m, (first, second))
    if k % 2:
        return swapaxes(flip(m, second), first, second) if k % 4 == 1 else flip(swapaxes(m, first, second), second)
    return +m


@implements(np.roll)
def roll(a: Any, shift: int | Sequence[int], axis: Axis = None) -> Value:
    return apply(shaping.roll, (a,), (tuple(np.atleast_1d(shift).tolist()) if np.ndim(shift) else shift, axis))


@implements(np.tile)
def tile(A: Any, reps: int | Sequence[int]) -> Value:
    copies = tuple(np.atleast_1d(reps).tolist())
    ndim = np.maximum(A.ndim, len(copies))
    shape = (1,) * (ndim - A.ndim) + A.shape
    copies = (1,) * (ndim - len(copies)) + copies
    pairs = list(zip(copies, shape, strict=True))  # each axis becomes (copies, size), then one again
    spread = broadcast_to(reshape(A, [k for _, n in pairs for k in (1, n)]), [k for pair in pairs for k in pair])
    return reshape(spread, [r * n for r, n in pairs])


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Value:
    if axis is None:
        a, axis = a.reshape(-1), 0
    return np.take(a, np.repeat(np.arange(a.shape[positive_axis(axis, a.ndim)]), repeats), axis)


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Value:
    if not array.ndim:
        return +array  # nothing to pad
    width = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    if mode == "constant":
        padded = apply(shaping.pad, (array,), (tuple(map(tuple, width)),))
        frame = np.pad(np.zeros_like(array.data), width, constant_values=constant_values)
        return padded + frame if frame.any() else padded
    if mode in ("edge", "reflect", "symmetric", "wrap"):  # copies of elements: pad their numbers, then pick
        return ravel(array)[np.pad(np.arange(array.size).reshape(array.shape), width, mode)]
    np.pad(array.data, width, mode)  # raises NumPy's own message where there is no such mode
    raise TypeError(f"np.pad: mode {mode!r} is not supported on Values; constant, edge, reflect, symmetric, wrap are")


@implements(np.copy)
def copy(a: Any) -> Value:
    return +a
