"""Name the units of a network: as their Values are named, as the user says, or x1, h1_2, ŷ1."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from autograd_mini.explain.units.dense_layers import Dense
from autograd_mini.explain.units.weighted_sums import Bend
from autograd_mini.numbers import constant
from autograd_mini.visible import visible


def default_name(level: int, k: int, outputs: int | None = None) -> str:
    """x2, h1_2, and of so many outputs ŷ2, or ŷ of one."""
    if outputs is not None:
        return "ŷ" if outputs == 1 else f"ŷ{k + 1}"
    return f"x{k + 1}" if level == 0 else f"h{level}_{k + 1}"


def one_line(name: str) -> str:
    """A name as it is drawn and printed: in one line, and not blank, whatever is in it.

    >>> one_line("a\\n b"), one_line("\\n"), one_line(" ")
    ('a b', '␊', '␣')
    """
    return visible(" ".join(name.split())) or visible(name.replace(" ", "␣"))


def names_of(
    found: list[Dense], names: Sequence[Sequence[str]] | None, bias_names: Sequence[str | None] | None
) -> tuple[list[list[str]], list[str | None]]:
    """The names of the units of every level, and of the bias units that feed the layers.

    Raises:
        ValueError: the given names are not as many as the units.
    """
    sizes = [found[0].x.place.shape[0], *(d.h.place.shape[0] for d in found)]
    depth = len(found)
    if names is None:
        hidden = [_unit_names(d, level + 1, None) for level, d in enumerate(found[:-1])]
        names = [_input_names(found[0]), *hidden, _unit_names(found[-1], depth, sizes[-1])]
    if [*map(len, names)] != sizes:
        raise ValueError(f"names: expected lists of {sizes} names, from the inputs to the outputs, got {names!r:.200}")
    if bias_names is None:
        bias_names = [getattr(d.bias_unit, "name", None) for d in found]
    if len(bias_names) != depth:
        raise ValueError(f"bias_names: expected {depth}, one for each layer's bias unit, got {bias_names!r:.200}")
    return [[str(name) for name in group] for group in names], [None if n is None else str(n) for n in bias_names]


def _input_names(first: Dense) -> list[str]:
    own = [getattr(x, "name", None) if np.ndim(constant(x)) < 2 else None for x in first.sources]
    one_by_one = len(own) == first.x.place.shape[0] and not first.bends[0].score.matmuls
    size = first.x.place.shape[0]
    return [(own[k] if one_by_one else None) or default_name(0, k) for k in range(size)]


def _unit_names(layer: Dense, level: int, outputs: int | None) -> list[str]:
    if layer.bends[0].score.matmuls:
        return [default_name(level, k, outputs) for k in range(layer.h.place.shape[0])]
    return [_unit_name(bend) or default_name(level, k, outputs) for k, bend in enumerate(layer.bends)]


def _unit_name(bend: Bend) -> str | None:
    for name in (bend.score.node.name, bend.h.name):
        match = re.fullmatch(r"[sh]_(.+)", name or "", re.DOTALL)
        if match:
            return match[1]
    return bend.h.name
