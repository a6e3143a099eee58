"""Turn the weighted sums of a graph into dense layers: which operand is the weight, which is what it weighs.

In the lecture's notation a layer is s = W h + b, one example a column; every table here has that form,
whether the graph keeps examples in rows (`x @ W.T`), in columns (`W @ h`) or units one by one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.explain.units.cells import Cells, follow
from autograd_mini.explain.units.weighted_sums import Bend, Misfit, computed, is_hidden, is_leaf
from autograd_mini.numbers import constant
from autograd_mini.primitives import shaping
from autograd_mini.value import Value

#: What shows entries of a Value or a constant, and which ones.
View = tuple[Any, np.ndarray]


@dataclass(frozen=True, eq=False)
class Dense:
    """One layer as it was found, without names."""

    W: Cells
    """(units, inputs); −1 where a unit does not use an input."""
    b: Cells | None
    """(units,)"""
    s: Cells
    """(units, batch)"""
    h: Cells
    """(units, batch)"""
    bends: tuple[Bend, ...]
    """One for all units, or one for each."""
    x: Cells
    """(inputs, batch): what the layer weighs."""
    sources: list[Any]
    """The Values or constants in `x`."""
    bias_unit: Any = None
    """The Value or constant 1 that b is multiplied by; None where b is added as it is."""


# -- a matrix product ------------------------------------------------------------------------------


def matrix_layer(bend: Bend, rows: bool | None) -> tuple[Dense, bool]:
    """The layer of one matrix product, and whether its examples are rows; `rows` if later layers told."""
    score = bend.score
    if len(score.matmuls) > 1:
        raise Misfit(score.node, "it adds up several matrix products: a dense layer has one")
    if score.products:
        raise Misfit(score.node, "it adds products of single numbers to a matrix product")
    product = score.matmuls[0]
    if score.node.shape != product.shape:
        raise Misfit(
            score.node,
            f"adding the bias changes the shape of the scores from {product.shape} to {score.node.shape}; b is "
            "(units,) for examples in rows, (units, 1) for examples in columns",
        )
    right = _weight_is_right(product, score.biases, rows)
    weight, W = follow(product.inputs[right])
    h, entries = follow(product.inputs[1 - right])
    if W.ndim > 2:
        raise Misfit(product, f"its weight has shape {W.shape}; a dense layer's is a matrix")
    W = np.atleast_2d(W.T) if right else np.atleast_2d(W)
    size = W.shape[1]
    entries = entries.reshape(-1, size).T if right else entries.reshape(size, -1)
    each = np.arange(product.size)
    places = each.reshape(-1, len(W)).T if right else each.reshape(len(W), -1)
    return Dense(
        W=Cells((weight,), W),
        b=_bias(score.node, score.biases, places),
        s=Cells((score.node,), places),
        h=Cells((bend.h,), places),
        bends=(bend,),
        x=Cells((h,), entries),
        sources=[h],
    ), bool(right)


def _weight_is_right(product: Value, biases: list[Any], rows: bool | None) -> bool:
    """Whether a product is h Wᵀ, not W h: the weight is the side that no weighted sum leads to."""
    left, right = (follow(x)[0] for x in product.inputs)
    hidden = is_hidden(left), is_hidden(right)
    if all(hidden):
        raise Misfit(product, "both its operands were computed from weights: one side of a layer is its weight, a leaf")
    if any(hidden):
        return hidden[0]
    if type(left) is not Value or type(right) is not Value:  # x is a plain array
        return type(right) is Value
    if rows is not None:
        return rows
    named = [_is_weight_name(x) for x in (left, right)]
    if named[0] != named[1]:
        return named[1]
    turned = [type(x) is Value and x.op is shaping.transpose for x in product.inputs]
    if turned[0] != turned[1]:
        return turned[1]
    shapes = [np.shape(constant(bias)) for bias in biases]
    return bool(shapes and product.ndim == 2 and shapes[0] in ((product.shape[1],), (1, product.shape[1])))


def _is_weight_name(x: Any) -> bool:
    name = (getattr(x, "name", None) or "").rpartition(".")[2].lower()
    return name.startswith(("w", "β", "θ"))


def _bias(node: Value, biases: list[Any], places: np.ndarray) -> Cells | None:
    if not biases:
        return None
    if len(biases) > 1:
        raise Misfit(node, f"it adds {len(biases)} biases; a dense layer has one")
    base, entries = follow(biases[0])
    each = np.broadcast_to(entries, node.shape).ravel()[places]
    if np.any(each != each[:, :1]):
        raise Misfit(node, f"what it adds, {np.shape(entries)}, differs from example to example, so it is no bias")
    return Cells((base,), each[:, 0])


# -- written out -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Term:
    """One product w h of a score that is written out."""

    product: Value
    weight: View
    source: View
    key: Any
    """Equal for equal sources."""
    hidden: bool


def written_layer(bends: list[Bend]) -> Dense:
    """The layer of units whose scores are written out as sums of products."""
    for bend in bends:
        if bend.score.matmuls:
            raise Misfit(bend.score.node, "it is a matrix product where the other units' scores are written out")
    uses = Counter(_key(factor) for bend in bends for p in bend.score.products for factor in p.inputs)
    units = [[_term(p, k, uses) for k, p in enumerate(bend.score.products)] for bend in bends]
    biases = _take_bias_terms(bends, units)
    keys = list(dict.fromkeys(term.key for terms in units for term in terms))
    sources = {term.key: term.source for terms in units for term in terms}
    batch = max(bend.score.node.size for bend in bends)
    s = _stacked([follow_whole(bend.score.node) for bend in bends], batch)
    return Dense(
        W=_weights(units, keys),
        b=_written_bias(bends, biases),
        s=s,
        h=_stacked([follow_whole(bend.h) for bend in bends], batch),
        bends=tuple(bends),
        x=_stacked([sources[key] for key in keys], batch),
        sources=[sources[key][0] for key in keys],
        bias_unit=next((term.source[0] for term in biases if term is not None), None),
    )


def follow_whole(value: Value) -> View:
    return value, np.arange(value.size)


def _key(operand: Any, order: int = 0) -> Any:
    base, entries = follow(operand)
    if type(base) is Value:
        return id(base), entries.tobytes()
    return order, np.asarray(base).tobytes()  # plain numbers have no identity: the k-th one is the k-th input


def _term(product: Value, order: int, uses: Counter) -> _Term:
    i = _weight_position(product, uses)
    weight, source = product.inputs[i], product.inputs[1 - i]
    base, _ = follow(source)
    return _Term(product, follow(weight), follow(source), _key(source, order), is_hidden(base))


def _weight_position(product: Value, uses: Counter) -> int:
    """Which factor is the weight: a leaf; of two leaves the one that only one unit uses, else a w, else the first."""
    leaves = [is_leaf(follow(x)[0]) and np.size(constant(x)) == 1 for x in product.inputs]
    if leaves[0] != leaves[1]:
        return int(leaves[1])
    shared = [uses[_key(x)] > 1 for x in product.inputs]
    if shared[0] != shared[1]:
        return int(shared[0])
    named = [_is_weight_name(x) for x in product.inputs]
    return int(named[1] and not named[0])


def _take_bias_terms(bends: list[Bend], units: list[list[_Term]]) -> list[_Term | None]:
    """Take the products with a bias unit out of the units' terms: its activation is 1.

    Beside hidden units it is the source that is not one; beside inputs it is the last source of each unit.
    """
    hidden = any(term.hidden for terms in units for term in terms)
    found: list[_Term | None] = []
    for terms in units:
        outside = [term for term in terms if not term.hidden] if hidden else terms[1:][-1:]
        ones = [term for term in outside if np.all(constant(term.source[0]) == 1)]
        if hidden and (len(outside) > 1 or len(ones) < len(outside)):
            bad = next((term for term in outside if term not in ones), outside[-1])
            name = getattr(bad.source[0], "name", None) or "an input"
            raise Misfit(
                bad.product,
                f"it weighs {name} beside hidden units: only a bias unit, one for each unit and always 1, joins them",
            )
        found.append(ones[0] if ones else None)
    if not hidden and (None in found or any(bend.score.biases for bend in bends)):
        return [None] * len(units)  # an input that happens to be 1
    for terms, bias in zip(units, found, strict=True):
        if bias is not None:
            terms.remove(bias)
    return found


def _weights(units: list[list[_Term]], keys: list[Any]) -> Cells:
    values: list[Any] = []
    starts: dict[int, int] = {}
    place = np.full((len(units), len(keys)), -1)
    for j, terms in enumerate(units):
        for term in terms:
            k, (base, entries) = keys.index(term.key), term.weight
            if place[j, k] >= 0:
                raise Misfit(term.product, "it is a second weight between the same two units")
            place[j, k] = _start(values, starts, base) + entries.item()
    return Cells(tuple(values), place)


def _start(values: list[Any], starts: dict[int, int], base: Any) -> int:
    """Where the entries of `base` begin among those of all values."""
    if id(base) not in starts:
        starts[id(base)] = sum(np.size(constant(value)) for value in values)
        values.append(base)
    return starts[id(base)]


def _written_bias(bends: list[Bend], terms: list[_Term | None]) -> Cells | None:
    values: list[Any] = []
    starts: dict[int, int] = {}
    place = np.full(len(bends), -1)
    for j, (bend, term) in enumerate(zip(bends, terms, strict=True)):
        biases = [follow(bias) for bias in bend.score.biases] + ([term.weight] if term is not None else [])
        if len(biases) > 1 or any(entries.size > 1 for _, entries in biases):
            raise Misfit(bend.score.node, "it adds more than one number as a bias")
        for base, entries in biases:
            place[j] = _start(values, starts, base) + entries.item()
    return Cells(tuple(values), place) if values else None


def _stacked(views: list[View], batch: int) -> Cells:
    """One row for each view; a single number stands for every example."""
    values: list[Any] = []
    starts: dict[int, int] = {}
    rows = []
    for base, entries in views:
        rows.append(_start(values, starts, base) + np.broadcast_to(entries.ravel(), batch))
    return Cells(tuple(values), np.array(rows))


def is_input(x: Any) -> bool:
    """Whether the network begins with `x`: a leaf, a constant, or something made of one leaf and constants."""
    seen = {x} if type(x) is Value else set()
    stack = list(seen)
    while stack:
        inputs = [y for y in stack.pop().inputs if type(y) is Value and y not in seen]
        seen.update(inputs)
        stack += inputs
    return sum(not computed(node) for node in seen) <= 1 and not is_hidden(x)
