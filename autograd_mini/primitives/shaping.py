"""The operations that move, choose or join elements without changing them: all linear."""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np

from autograd_mini.rules import POWER, Primitive, Pull


def put_back(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Zeros of `shape` with `g` added at `index`; where an element was picked twice, both are summed."""
    out = np.zeros_like(g, shape=shape)
    if picks_each_once(index):
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def picks_each_once(index: Any) -> bool:
    """Whether no element is picked twice: surely not by numbers, slices and truths, nor where one axis is walked along."""
    parts = index if isinstance(index, tuple) else (index,)
    if len({np.shape(part) for part in parts}) == 1 and any(map(walks_along, parts)):
        return True
    return all(
        isinstance(part, int | np.integer | slice | EllipsisType | None)
        or (part if hasattr(part, "dtype") else np.asarray(part)).dtype.kind == "b"
        for part in parts
    )


def walks_along(part: Any) -> bool:
    """Whether these are places along an axis, each behind the one before, counted from the front: [0, 1, 2], [3, 8]."""
    if not isinstance(part, np.ndarray) or part.ndim != 1 or part.dtype.kind not in "iu" or not part.size:
        return False
    return bool(part[0] >= 0 and (part[1:] > part[:-1]).all())


def inverse(axes: tuple[int, ...]) -> list[int]:
    """The permutation that undoes `axes`."""
    return sorted(range(len(axes)), key=axes.__getitem__)


def cut(g: Any, position: int, inputs: tuple, axis: int) -> Any:
    """The slice of `g` that came from the input at `position` of a concatenation."""
    start = sum(x.shape[axis] for x in inputs[:position])
    stop = start + inputs[position].shape[axis]
    return g[(slice(None),) * (axis % g.ndim) + (slice(start, stop),)]


def unpad(g: Any, width: tuple[tuple[int, int], ...]) -> Any:
    return g[tuple(slice(before, size - after) for (before, after), size in zip(width, g.shape, strict=True))]


# fmt: off
reshape      = Primitive("reshape",      lambda x, shape: np.reshape(x, shape),       Pull(lambda g, z, x, shape: np.reshape(g, x.shape)))
transpose    = Primitive("transpose",    lambda x, axes: np.transpose(x, axes),       Pull(lambda g, z, x, axes: g.T if axes == (1, 0) else np.transpose(g, inverse(axes))),  symbol="ᵀ", latex="{{{0}}}^T", precedence=POWER)
broadcast_to = Primitive("broadcast_to", lambda x, shape: np.broadcast_to(x, shape),  Pull(lambda g, z, x, shape: g))  # summed to x's shape like every broadcast
getitem:  Primitive = Primitive("getitem",      lambda x, index: x[index],                   Pull(lambda g, z, x, index: scatter(g, params=(x.shape, index))), symbol="[ ]", latex="{0}[{1}]", precedence=POWER, selects=True)
scatter:  Primitive = Primitive("scatter",      put_back,                                    Pull(lambda g, z, x, shape, index: np.reshape(g, shape)[index]))  # a scalar's gradient is a float, which has no index
roll         = Primitive("roll",         lambda x, shift, axis: np.roll(x, shift, axis),
                                         Pull(lambda g, z, x, shift, axis: np.roll(g, tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis)))
pad          = Primitive("pad",          lambda x, width: np.pad(x, width),           Pull(lambda g, z, x, width: unpad(g, width)))
concatenate  = Primitive("concatenate",  lambda *args: np.concatenate(args[:-1], axis=args[-1]),
                                         Pull(lambda g, z, position, inputs, axis: cut(g, position, inputs, axis)), variadic=True, jointly_linear=True)
astype       = Primitive("astype",       lambda x, dtype: x.astype(dtype, copy=False), Pull(lambda g, z, x, dtype: g))  # cast to x's type like every gradient
# fmt: on

SHAPING = tuple(item for item in list(globals().values()) if isinstance(item, Primitive))
