"""Take a computation with arrays apart into single numbers, so that one entry can be derived like a scalar.

>>> import numpy as np
>>> W, x = Value([[1.0, 2.0], [3.0, 4.0]], name="W"), Value([5.0, 6.0], name="x")
>>> s = W @ x
>>> s.name = "s"
>>> E, entry, names = entry_graph(np.sum(s * s), W, (1, 0), {W: "W", x: "x", s: "s"})
>>> E.data, sorted(names.values())
(1810.0, ['W[0, 0]', 'W[0, 1]', 'W[1, 0]', 'W[1, 1]', 's[0]', 's[1]', 'x[0]', 'x[1]'])
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_mini.backprop import topological_order
from autograd_mini.modes import record_anyway
from autograd_mini.primitives import products, reductions, shaping
from autograd_mini.rules import Primitive, restore_axes
from autograd_mini.value import Value, next_age

#: A computation of more scalar operations is not taken apart.
LARGEST = 50_000

Names = Mapping[Value, str]


def entry_graph(loss: Value, w: Value, index: Any, names: Names) -> tuple[Value, Value, dict[Value, str]]:
    """The loss recorded again, number by number; the entry of w in it; and the names of all entries.

    Args:
        index: a whole number per axis of w.
        names: of the Values whose entries get names: "W" gives "W[1, 0]".

    Raises:
        IndexError: an index that does not pick one entry of w.
        ValueError: a computation too large to be taken apart.
    """
    place = _place(w, index)
    order = topological_order(loss)
    work = sum(_work(node) for node in order)
    if work > LARGEST:
        raise ValueError(
            f"derive: taken apart into single numbers, the computation has about {work} operations, more than "
            f"{LARGEST}: record it with fewer examples, or derive the whole of {names.get(w, 'it')} with level='matrix'"
        )
    apart = _Apart(names)
    with record_anyway(), np.errstate(all="ignore"):
        for node in reversed(order):
            apart.take(node)
    root: Any = apart.entries[loss][()]
    return root, apart.entries[w][place], apart.names


def _place(w: Value, index: Any) -> tuple[int, ...]:
    parts = index if isinstance(index, tuple) else (index,)
    try:
        numbers = [operator.index(part) for part in parts]
        inside = len(numbers) == w.ndim and all(-n <= i < n for i, n in zip(numbers, w.shape, strict=True))
    except TypeError:
        inside = False
    if not inside:
        raise IndexError(
            f"derive: element={index!r} is no entry of {w.name or 'the weight'} {w.shape}: give a whole number within "
            f"the shape for each of its {w.ndim} axes"
        )
    return tuple(i % n for i, n in zip(numbers, w.shape, strict=True))


def _work(node: Value) -> int:
    if node.op is products.matmul:
        left = node.inputs[0]
        return node.size * int(np.shape(left.data if type(left) is Value else left)[-1])
    sizes = [x.size if type(x) is Value else int(np.size(x)) for x in node.inputs]
    return max([node.size, *sizes])


class _Apart:
    """Every array as an object array of scalar Values (or of floats, for constants)."""

    def __init__(self, names: Names) -> None:
        self.given = names
        self.names: dict[Value, str] = {}
        self.entries: dict[Value, np.ndarray] = {}

    def take(self, node: Value) -> None:
        start = next_age()
        if node.op is None or not node.inputs:
            made = _objects(node.data)
            for k in np.ndindex(made.shape):
                made[k] = Value(float(made[k]))
        else:
            operands = [self.entries[x] if type(x) is Value else _objects(x) for x in node.inputs]
            made = _computed(node, operands)
        if node in self.given:
            for k in np.ndindex(made.shape):
                made[k] = self.named(made[k], _entry(self.given[node], k), start)
        self.entries[node] = made

    def named(self, entry: Any, own: str, start: int) -> Value:
        if type(entry) is not Value:
            entry = Value(entry)
        elif entry.age < start:  # moved here from elsewhere: it keeps its name there
            entry = +entry
        entry.name = self.names[entry] = own
        return entry


def _objects(data: Any) -> np.ndarray:
    made = np.empty(np.shape(data), object)
    made[...] = np.asarray(data, float).astype(object)
    return made


def _entry(own: str, place: tuple[int, ...]) -> str:
    return f"{own}[{', '.join(map(str, place))}]" if place else own


def _computed(node: Value, operands: list[np.ndarray]) -> np.ndarray:
    op = node.op
    assert op is not None
    if op.elementwise:
        return _elementwise(node, operands)
    if op is shaping.astype:
        return operands[0]
    if not (op in (reductions.max_, reductions.min_) and _has_ties(node)):  # which share the gradient
        try:
            result = FORWARDS.get(op, op.forward)(*operands, *node.params)
            made = result if type(result) is np.ndarray else np.empty((), object)
            if made is not result:
                made[()] = result
            if made.shape == node.shape and _same_numbers(made, node.data):
                return made
        except (TypeError, ValueError, AttributeError):
            pass  # needs real numbers
    return _objects_of(op(*map(_joined, operands), params=node.params))


#: What NumPy's code does with numbers that are objects, where the row's own code asks more of them.
FORWARDS: dict[Primitive, Any] = {
    reductions.mean: lambda x, axis, keepdims: (
        np.sum(x, axis=axis, keepdims=keepdims) / (x.size / np.sum(x, axis=axis).size)
    ),
    reductions.logsumexp: lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
}


def _has_ties(node: Value) -> bool:
    x, z = node.inputs[0].data, restore_axes(node.data, *node.params)
    return int(np.sum(x == z)) > node.size


def _elementwise(node: Value, operands: list[np.ndarray]) -> np.ndarray:
    operands = [np.broadcast_to(x, node.shape) for x in operands]
    params = [np.broadcast_to(np.asarray(p, object), node.shape) for p in node.params]
    made = np.empty(node.shape, object)
    for k in np.ndindex(node.shape):
        made[k] = node.op(*(x[k] for x in operands), params=tuple([p[k] for p in params]))  # type: ignore[misc]
    return made


def _same_numbers(made: np.ndarray, data: Any) -> bool:
    numbers = [x.data if type(x) is Value else x for x in made.ravel()]
    if not any(type(x) is Value for x in made.ravel()):
        return False  # NumPy took the numbers out of the Values
    return bool(np.allclose(np.array(numbers, float), np.ravel(data), rtol=1e-6, atol=1e-12, equal_nan=True))


def _joined(entries: np.ndarray) -> Any:
    """One Value with the entries in it, for an operation that cannot be taken apart."""
    parts = [x if type(x) is Value else Value(x) for x in entries.ravel()]
    return np.reshape(np.stack(parts), entries.shape)


def _objects_of(value: Value) -> np.ndarray:
    made = np.empty(value.shape, object)
    for k in np.ndindex(value.shape):
        made[k] = value[k] if k else value
    return made
