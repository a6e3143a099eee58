"""See a gradient as a sum over paths, and how much work backpropagation saves by not computing it so.

>>> import autograd_mini as ag
>>> x = ag.Value(3.0, name="x")
>>> y = x * x
>>> y.name = "y"
>>> E = y * x
>>> E.name = "E"
>>> print(paths(E, x))
dE/dx = 27: the sum of 3 products, one a path, from x to E
1. x → y → E: 3 · 3 = 9
2. x → y → E: 3 · 3 = 9
3. x → E: 9
9 + 9 + 9 = 27
Multiplications: 5 along the paths one by one, 4 by backpropagation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import add
from typing import Any

import numpy as np

from autograd_mini.backprop import gradients
from autograd_mini.explain.formatting import is_whole
from autograd_mini.explain.formulas.notation import counted, name, number
from autograd_mini.explain.formulas.symbols import symbol
from autograd_mini.explain.formulas.templates import Style
from autograd_mini.explain.graph_data import check_value, value_called
from autograd_mini.explain.paper.chain import value_names, way
from autograd_mini.explain.paper.derivation import Note, zero_counts
from autograd_mini.explain.paper.walking import Edge, carry, count_paths, edges_between, multiplied, walk
from autograd_mini.explain.stored import as_stored
from autograd_mini.rules import SUM
from autograd_mini.value import Value

#: A longer path is written with its middle left out.
LONGEST = 16


@dataclass(frozen=True, eq=False)
class Path:
    """One way from w to the loss."""

    names: tuple[str, ...]
    """The Values along it, w first."""
    positions: tuple[int, ...]
    """At which of its inputs each Value after the first was reached."""
    factors: tuple[float, ...] | None
    """The local derivatives along it, from the loss down to w; None where they are not single numbers."""
    product: Any
    """What the path contributes to the gradient, in the shape of w."""

    @property
    def text(self) -> str:
        return f"{' → '.join(_shortened([name(n).written for n in self.names], '…'))}: {self.formula('text')}"

    @property
    def latex(self) -> str:
        names = _shortened([symbol(n) for n in self.names], r"\dots")
        return r" \to ".join(names) + r": \quad " + self.formula("latex")

    def to_dict(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "positions": list(self.positions),
            "factors": None if self.factors is None else [as_stored(float(f)) for f in self.factors],
            "product": as_stored(self.product),
        }

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Path) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def formula(self, style: Style) -> str:
        """The factors and their product: "3 · 3 = 9"."""
        product = number(self.product, style).written
        if self.factors is None or len(self.factors) < 2:
            return product
        factors = [_factor(f, style, i) for i, f in enumerate(self.factors)]
        dot, middle = (r" \cdot ", r"\dots") if style == "latex" else (" · ", "…")
        return f"{dot.join(_shortened(factors, middle))} = {product}"


@dataclass(frozen=True, eq=False)
class Paths:
    """A gradient as a sum over paths.

    Attributes:
        loss, weight: their names.
        count: how many paths there are, exactly.
        listed: the first of them.
        gradient: the engine's gradient, which is the sum of all products.
        rest: what the paths that are not listed contribute; None if all are listed.
        multiplications: how many it takes to follow every path, one for each edge of each.
        backprop_multiplications: how many backpropagation takes, one for each edge.
    """

    loss: str
    weight: str
    count: int
    listed: list[Path]
    gradient: Any
    rest: Any
    multiplications: int
    backprop_multiplications: int

    @property
    def total(self) -> Any:
        """The sum of the listed products, and of the rest."""
        products = [path.product for path in self.listed] + ([] if self.rest is None else [self.rest])
        return reduce(add, products)

    @property
    def text(self) -> str:
        single = self.count == 1
        what = "the product along the path" if single else f"the sum of {counted(self.count)} products, one a path,"
        loss, weight = name(self.loss).written, name(self.weight).written
        lines = [f"d{loss}/d{weight} = {number(self.gradient).written}: {what} from {weight} to {loss}"]
        lines += [f"{i}. {path.text}" for i, path in enumerate(self.listed, 1)]
        if self.rest is not None:
            others = counted(self.count - len(self.listed))
            lines.append(f"The other {others} paths together: {number(self.rest).written}")
        if not single:
            lines.append(self.sum("text"))
        lines.append(
            f"Multiplications: {counted(self.multiplications)} along the paths one by one, "
            f"{counted(self.backprop_multiplications)} by backpropagation."
        )
        return "\n".join([*lines, *(note.text for note in self.notes)])

    @property
    def notes(self) -> list[Note]:
        """Sentences on how the numbers were multiplied."""
        return list(dict.fromkeys(note for path in self.listed for note in zero_counts(path.factors or ())))

    def sum(self, style: Style) -> str:
        """The products added: "9 + 9 + 9 = 27"."""
        terms = [number(path.product, style) for path in self.listed]
        terms += [] if self.rest is None else [number(self.rest, style)]
        written = terms[0].written
        for term in terms[1:]:
            minus = term.precedence == SUM
            written += f" {term.written[0]} {term.written[1:]}" if minus else f" + {term.written}"
        return f"{written} = {number(self.gradient, style).written}"

    @property
    def latex(self) -> str:
        """One block: the sum over paths, a line for each."""
        lines = [path.latex for path in self.listed]
        if self.rest is not None:
            others = counted(self.count - len(self.listed), "latex")
            lines.append(rf"\text{{the other }} {others} \text{{ paths: }} \quad {number(self.rest, 'latex').written}")
        total = number(self.gradient, "latex").written if self.count == 1 else self.sum("latex")
        lines.append(rf"\frac{{\mathrm{{d}} {symbol(self.loss)}}}{{\mathrm{{d}} {symbol(self.weight)}}} = {total}")
        lines += [note.latex for note in self.notes]
        return "\\begin{aligned}\n" + " \\\\\n".join(f"& {line}" for line in lines) + "\n\\end{aligned}"

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Paths) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.text

    def __len__(self) -> int:
        return len(self.listed)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def to_dict(self) -> dict[str, Any]:
        """All of it for JSON; counts are exact whole numbers, or text if they have thousands of digits."""
        return {
            "loss": self.loss,
            "weight": self.weight,
            "count": _storable(self.count),
            "listed": [path.to_dict() for path in self.listed],
            "gradient": as_stored(self.gradient),
            "rest": as_stored(self.rest),
            "multiplications": _storable(self.multiplications),
            "backprop_multiplications": self.backprop_multiplications,
        }


def paths(loss: Value, w: Value | str, *, limit: int = 20) -> Paths:
    """Every path from w to the loss with the product of the local derivatives along it.

        dE/dw = Σ over paths from w to E of Π over the path's edges a → b of ∂b/∂a

    Backpropagation gives the same number by adding up at every Value before going on, so that it needs
    one multiplication per edge, however many paths there are. (Both start from dE/dE = 1, and both count
    the edges between w and E only.) For arrays the product along a path is the upstream gradient
    carried along it by the same rules: an array in the shape of w.

    Args:
        loss: a Value with one number.
        w: a Value that it was computed from, of any shape; or its name.
        limit: how many paths to list; all are counted.

    Raises:
        TypeError: not Values.
        KeyError: no Value has that name, or several have.
        GraphError: the loss is not a scalar, was not computed from w, or is w; a leaf's data changed.
        ValueError: a limit that is no whole number from 1 on.

    >>> import autograd_mini as ag
    >>> v = x = ag.Value(1.0, name="x")
    >>> for _ in range(1000):
    ...     v = v + v
    >>> p = paths(v, x, limit=2)
    >>> p.count == 2**1000, p.backprop_multiplications
    (True, 2000)
    """
    if not is_whole(limit, 1):
        raise ValueError(f"paths: limit must be a whole number from 1 on, got {limit!r}")
    check_value("paths", loss)
    w = value_called(loss, w)
    between = way("paths", loss, w)
    names = value_names(loss, w, generated=True)
    [gradient] = gradients(loss, [w])
    edges = edges_between(between)
    count, length = count_paths(between, edges)
    listed = [_path(taken, names) for taken in islice(walk(loss, w, edges), limit)]
    known = reduce(add, [path.product for path in listed])
    return Paths(
        loss=names[loss],
        weight=names[w],
        count=count,
        listed=listed,
        gradient=gradient,
        rest=None if count == len(listed) else gradient - known,
        multiplications=length,
        backprop_multiplications=sum(map(len, edges.values())),
    )


def _path(taken: list[Edge], names: dict[Value, str]) -> Path:
    carried: Any = 1.0
    factors: list[float] | None = []
    for node, position in taken:
        x = node.inputs[position]
        if factors is not None and np.ndim(carried) == np.ndim(x.data) == 0:
            local = carry(node, position, 1.0)
            factors.append(local)
            carried = multiplied((carried, local))
        else:
            factors = None
            carried = carry(node, position, carried)
    along = [names[taken[-1][0].inputs[taken[-1][1]]], *(names[node] for node, _ in reversed(taken))]
    positions = tuple(position for _, position in reversed(taken))
    return Path(tuple(along), positions, None if factors is None else tuple(factors), carried)


def _storable(n: int) -> int | str:
    return n if n.bit_length() < 10_000 else counted(n)  # Python refuses to write out much longer ones


# -- writing -------------------------------------------------------------------------------------------


def _shortened(items: list[str], middle: str) -> list[str]:
    half = LONGEST // 2
    return items if len(items) <= LONGEST else [*items[:half], middle, *items[-half:]]


def _factor(data: float, style: Style, position: int) -> str:
    written = number(data, style)
    if written.precedence != SUM or position == 0:
        return written.written
    return rf"\left({written.written}\right)" if style == "latex" else f"({written.written})"
