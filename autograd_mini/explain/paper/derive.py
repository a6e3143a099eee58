"""Derive the gradient of one weight with the chain rule, line by line as on paper.

>>> from autograd_mini.lecture.network import INPUTS, TARGET, WORKED, record
>>> run = record(WORKED, INPUTS, TARGET)
>>> print(derive(run.E, run.w["GD"]))
∂E/∂w_GD = ∂E/∂ŷ · ∂ŷ/∂s_G · ∂s_G/∂w_GD
         = −(y − ŷ) · ŷ(1 − ŷ) · h_D
         = −0.2355 · 0.1800 · 0.9002
         = −0.0382
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.backprop import gradients, topological_order
from autograd_mini.explain.formatting import check_digits
from autograd_mini.explain.formulas.notation import name, number
from autograd_mini.explain.formulas.writing import partial
from autograd_mini.explain.graph_data import check_value, graph, value_called
from autograd_mini.explain.paper.chain import Condensed, value_names, way
from autograd_mini.explain.paper.chain_rule import Chain
from autograd_mini.explain.paper.constants import name_constants
from autograd_mini.explain.paper.derivation import STYLES, Derivation, Level, Line, Note
from autograd_mini.explain.paper.entries import entry_graph
from autograd_mini.explain.paper.layer_names import layer_names
from autograd_mini.explain.paper.matrix import matrix_derivation
from autograd_mini.value import Value


def derive(
    loss: Value,
    w: Value | str,
    *,
    element: int | tuple[int, ...] | None = None,
    level: Level = "unit",
    digits: int = 4,
) -> Derivation:
    """The chain rule for one weight: in symbols, with the local derivatives, in numbers, and the result.

        ∂E/∂w = ∂E/∂ŷ · ∂ŷ/∂s · ∂s/∂w

    Each local derivative is what the operations' own rules give when they run on named Values, so it
    cannot disagree with the computation. Where several ways lead from w to the loss, their products
    are added; what all ways share stays a factor.

    Args:
        loss: a Value with one number.
        w: what it was computed from, as a rule a weight: a Value, or its name.
        element: which entry of an array w to derive, as a scalar: `derive(E, W, element=(1, 0))`.
        level: "unit" has one factor between Values that have names; "operation" one for every operation;
            "matrix" derives a whole array, with δ = −∂E/∂s of every layer and ΔW = µ δ hᵀ. Where named
            Values are arrays, "unit" without `element` is "matrix" too.
        digits: decimals of the numbers; significant digits where one of them is so small that it would lose by it.

    Raises:
        TypeError: not Values.
        KeyError: no Value has that name, or several have.
        GraphError: the loss is not a scalar, was not computed from w, or is w; a leaf's data changed since.
        ValueError: another level; digits below 1; `element` in a computation too large to be taken apart.
        IndexError: no such entry.

    >>> x = Value(0.5, name="x")
    >>> a = x.sin()
    >>> a.name = "a"
    >>> E = a * x
    >>> E.name = "E"
    >>> print(derive(E, x).equation)
    dE/dx = ∂E/∂x + ∂E/∂a · ∂a/∂x = a + x · cos(x) = 0.4794 + 0.5 · 0.8776 = 0.9182
    >>> W, h = Value([[1.0, 2.0]], name="W"), Value([3.0, 4.0], name="h")
    >>> s = W @ h
    >>> s.name = "s"
    >>> E = (s**2).sum()
    >>> E.name = "E"
    >>> print(derive(E, W, element=(0, 1)).equation)
    ∂E/∂W[0, 1] = ∂E/∂s[0] · ∂s[0]/∂W[0, 1] = 2·s[0] · h[1] = 22 · 4 = 88
    """
    if level not in ("operation", "unit", "matrix"):
        raise ValueError(f"derive: level must be 'operation', 'unit' or 'matrix', got {level!r}")
    check_digits("derive", digits)
    check_value("derive", loss)
    w = value_called(loss, w)
    between = way("derive", loss, w)
    [result] = gradients(loss, [w])
    if element is not None:
        return _derive_entry(between, element, level, digits, result)
    names = value_names(loss, w, generated=level == "operation")
    arrays = [v for v in between if v.ndim and v in names]
    if level == "operation" and arrays:
        raise ValueError(
            f"derive: level='operation' is for single numbers, {names[arrays[-1]]} has shape {arrays[-1].shape}: "
            "choose an entry with element=, or level='matrix'"
        )
    if level == "matrix" or arrays:
        return matrix_derivation(loss, w, between, digits)
    return Chain(Condensed(loss, w, between, names), digits).derivation(result, level)


def _derive_entry(between: list[Value], element: Any, level: Level, digits: int, gradient: Any) -> Derivation:
    if level == "matrix":
        raise ValueError("derive: level='matrix' derives the whole of an array; leave out element, or the level")
    loss, w = between[0], between[-1]
    names = value_names(loss, w, generated=level == "operation")
    names |= {v: own for v, own in layer_names(graph(loss)).items() if v not in names}
    between, names, _ = name_constants(between, names)
    apart, entry, entry_names = entry_graph(between[0], w, element, names)
    result = np.asarray(gradient)[element]
    if entry not in set(topological_order(apart)):
        return _not_used(names[between[0]], entry_names[entry], result, level)
    condensed = Condensed(apart, entry, way("derive", apart, entry), entry_names)
    return Chain(condensed, digits).derivation(result, level)


def _not_used(loss: str, entry: str, gradient: Any, level: Level) -> Derivation:
    latex, text = (partial(loss, entry, style) for style in STYLES)
    said = "is not used: a small change of it changes nothing."
    note = Note(rf"{name(entry, 'latex').written} \text{{ {said}}}", f"{name(entry).written} {said}")
    zero = Line("result", number(gradient, "latex").written, number(gradient).written, text, latex)
    return Derivation([zero], gradient, level, [note])
