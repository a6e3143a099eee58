"""Update many small parameters as one array, where the rule works element by element.

NumPy takes half a microsecond to begin and a nanosecond for a number: nine parameters of one number each are updated
in the time of one. What comes of it is the same bit for bit, and every parameter is given its part of it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from operator import is_
from struct import Struct
from typing import Any, NamedTuple, TypeVar

import numpy as np

from autograd_mini.optim.rule import Memory
from autograd_mini.value import Value

Rule = TypeVar("Rule", bound=Callable[..., Any])

#: Arrays of more numbers stay by themselves: to copy their gradients would cost more than it saves.
MOST = 4096


def elementwise(rule: Rule) -> Rule:
    """Mark an optimizer's `update` as one that takes each number by itself, so that it may be given many parameters'.

    It returns arrays of the gradient's shape and dtype. The mark belongs to this one function: a subclass that
    overrides it has to say so again.
    """
    rule.elementwise = True  # type: ignore[attr-defined]
    return rule


class Block(ABC):
    """Parameters of one group, kind and precision, whose numbers are taken for one flat array."""

    def __init__(self, group: int, positions: Sequence[int], values: Sequence[Value]) -> None:
        self.group, self.positions, self.values = group, positions, values
        self.dtype, self.kinds = values[0].dtype, [type(w._data) for w in values]
        self.kept: tuple[Sequence[Any], Any] = (), None
        """What the parameters were given last, and the flat array of it."""

    def change(self, rule: Callable[..., Any], memory: Sequence[Any], options: dict[str, float], shrink: float) -> Any:
        """What the parameters' data are to be, and the block's memory; None if something is not as it should be.

        Raises:
            FloatingPointError: an update overflows.
        """
        datas = [w._data for w in self.values]
        parts, data = self.kept
        if not parts or not all(map(is_, datas, parts)):  # they were given other data since
            data = self.joined(datas)
        g = self.joined([w.grad for w in self.values])
        if data is None or g is None or not self.is_finite(g):
            return None
        delta, *remembered = rule(g, *memory, **options)
        if shrink:
            delta = delta + -shrink * data
        new = data + delta
        parts = self.data_of(new)
        self.kept = parts, new
        return parts, remembered

    def is_finite(self, g: np.ndarray) -> bool:
        """No, too, where a square overflows: a closer look will tell."""
        return math.isfinite(g.dot(g))

    @abstractmethod
    def joined(self, items: list[Any]) -> Any:
        """Numbers of the parameters' kind, precision and shapes as one array; None if they are others."""

    @abstractmethod
    def apart(self, flat: Any) -> Sequence[Any]:
        """What is one array, parameter by parameter."""

    def data_of(self, flat: Any) -> Sequence[Any]:
        """The same as a Value holds it."""
        return self.apart(flat)


class Numbers(Block):
    """Python's floats, or NumPy's of another precision."""

    def __init__(self, group: int, positions: Sequence[int], values: Sequence[Value]) -> None:
        super().__init__(group, positions, values)
        self.pack = Struct(f"{len(values)}d").pack

    def joined(self, items: list[Any]) -> Any:
        if list(map(type, items)) != self.kinds:
            return None
        if self.kinds[0] is float:
            return np.frombuffer(self.pack(*items))  # in half the time of np.array
        return np.array(items)

    def apart(self, flat: Any) -> Sequence[Any]:
        return list(flat)

    def data_of(self, flat: Any) -> Sequence[Any]:
        return flat.tolist() if self.kinds[0] is float else list(flat)


class Arrays(Block):
    """Small arrays: what they are given are views of the flat one."""

    def __init__(self, group: int, positions: Sequence[int], values: Sequence[Value]) -> None:
        super().__init__(group, positions, values)
        self.shapes = [w.shape for w in values]
        ends = np.cumsum([w.size for w in values]).tolist()
        self.cuts = [slice(end - w.size, end) for w, end in zip(values, ends, strict=True)]

    def joined(self, items: list[Any]) -> Any:
        if list(map(type, items)) != self.kinds or [x.shape for x in items] != self.shapes:
            return None
        for x in items:
            if x.dtype is not self.dtype:
                return None
        try:
            return np.frombuffer(b"".join(items), self.dtype)  # in a quarter of the time of np.concatenate
        except TypeError:  # the axes of one lie in another order
            return np.concatenate([x.ravel() for x in items])

    def apart(self, flat: Any) -> Sequence[Any]:
        cuts = map(flat.__getitem__, self.cuts)
        return [x if len(shape) == 1 else x.reshape(shape) for x, shape in zip(cuts, self.shapes, strict=True)]


class Alone(Block):
    """One large array, which is its own flat array, whatever its shape."""

    def __init__(self, group: int, positions: Sequence[int], values: Sequence[Value]) -> None:
        super().__init__(group, positions, values)
        self.shape = values[0].shape

    def joined(self, items: list[Any]) -> Any:
        (x,) = items
        return x if type(x) is np.ndarray and x.shape == self.shape and x.dtype is self.dtype else None

    def is_finite(self, g: np.ndarray) -> bool:
        # The sum is not finite either, and einsum's is the quickest: BLAS would start threads, which may have to wait.
        return math.isfinite(np.einsum("i->", g.ravel("K")))

    def apart(self, flat: Any) -> Sequence[Any]:
        return (flat,)


class Held(NamedTuple):
    """The memory of parameters in blocks, block by block; that of the others in a list, as ever."""

    blocks: list[Block]
    flat: list[Sequence[Any]]
    others: list[Memory]

    def apart(self, remembers: Sequence[str]) -> list[Memory]:
        """What is remembered of each parameter, in order."""
        memory = self.others.copy()
        for block, flat in zip(self.blocks, self.flat, strict=True):
            count = len(block.positions)
            parts = [
                [x] * count if name == "steps" else block.apart(x) for name, x in zip(remembers, flat, strict=True)
            ]
            for i, remembered in zip(block.positions, zip(*parts, strict=True), strict=True):
                memory[i] = remembered
        return memory


def joined_memory(block: Block, remembers: Sequence[str], memory: Sequence[Memory]) -> Memory:
    """What is remembered of a block's parameters, as flat arrays."""
    if type(block) is Alone:
        return memory[block.positions[0]]
    joined: list[Any] = []
    for k, name in enumerate(remembers):
        parts = [memory[i][k] for i in block.positions]
        if name == "steps":
            joined.append(parts[0])
        else:  # before its first step, what is remembered of an array is a single 0
            wide = [np.broadcast_to(x, w.shape).ravel() for x, w in zip(parts, block.values, strict=True)]
            joined.append(np.concatenate(wide))
    return tuple(joined)


def blocks_of(
    groups: Sequence[dict[str, Any]], remembers: Sequence[str], memory: Sequence[Memory]
) -> tuple[list[Block], list[Value]] | None:
    """The parameters that have a gradient, in blocks, and the others; None if no block can hold one of them.

    In a block all have been stepped as many times.
    """
    found: dict[tuple, list[tuple[int, Value]]] = {}
    idle: list[Value] = []
    members = [(k, w) for k, group in enumerate(groups) for w in group["parameters"]]
    for i, (k, w) in enumerate(members):
        data = w._data
        steps = [n for name, n in zip(remembers, memory[i], strict=True) if name == "steps"]
        if w.grad is None:
            idle.append(w)
        elif type(data) is np.ndarray:
            small = 0 < data.size <= MOST and data.flags.c_contiguous
            found.setdefault((Arrays, k, w.dtype, *steps) if small else (Alone, k, i), []).append((i, w))
        elif isinstance(data, float | np.floating):
            found.setdefault((Numbers, k, type(data), *steps), []).append((i, w))
        else:
            return None
    return [make(k, *zip(*pairs, strict=True)) for (make, k, *_), pairs in found.items()], idle
