"""Write an operation as one row: its name, its NumPy code, its notation and its derivative rules.

Names as in the mathematics: `x, y` inputs, `z` the output, `g` the upstream gradient ∂E/∂z.

There are three kinds of rule, and the difference is itself a lesson:

* `Local`: the operation works element by element, so ∂z/∂x is one number per element.
* `Along`: the operation reduces axes; every input element still has one number, ∂z/∂x.
* `Pull`:  the Jacobian would be huge (matmul, indexing); the rule maps `g` straight to ∂E/∂x.

Rules are NumPy expressions and NumPy speaks `Value`: run on arrays they give the fast first-order
pass, run on Values a pass that is itself recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini.visible import shown, visible


class Local:
    """The local derivative ∂z/∂x of an elementwise operation: `derivative(z, *inputs, *params)`.

    A plain number stands for a constant derivative: `Local(1)`.

    >>> Local(lambda z, x: 1 - z * z).derivative(0.5, None)
    0.75
    """

    __slots__ = ("derivative",)

    def __init__(self, derivative: Callable[..., Any] | int) -> None:
        if not callable(derivative) and not isinstance(derivative, int):
            kind = type(self).__name__
            raise TypeError(f"{kind}: expected a function (z, *inputs) or a whole number, got {shown(derivative)}")
        self.derivative = derivative if callable(derivative) else lambda *_: derivative


class Along(Local):
    """The local derivative ∂z/∂x of a reduction; the operation's params begin with axis, keepdims.

    `derivative` sees `z` with its reduced axes put back with size 1, so that it broadcasts against `x`.
    """

    __slots__ = ()


class Pull:
    """A vector-Jacobian product, ∂E/∂x = `pull(g, z, *inputs, *params)`, of an operation linear in x.

    An operation with Pull rules is linear in each input, as a product is, or `jointly_linear` in
    all of them, as a concatenation is: then its forward derivative is the operation itself, applied
    to the tangents. One that is not linear in x says what becomes of a tangent t of x: `push(t, z, *inputs, *params)`.
    """

    __slots__ = ("pull", "push")

    def __init__(self, pull: Callable[..., Any], push: Callable[..., Any] | None = None) -> None:
        if not callable(pull) or not (push is None or callable(push)):
            bad = push if callable(pull) else pull
            raise TypeError(f"Pull: expected a function (g, z, *inputs), got {shown(bad)}")
        self.pull = pull
        self.push = push


Rule = Local | Pull

#: How tightly an operation binds in a formula; what stands alone needs no brackets.
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 9


class Primitive:
    """One operation: all there is to know of it in one row.

    `forward(*inputs, *params)` computes it on plain arrays. `rules` has one rule per input; a
    `variadic` operation takes any number of inputs and has a single Pull rule, which is told the
    position: `pull(g, z, position, inputs, *params)`. An operation that `selects` leaves elements of
    its inputs unused, which may then be nan or inf without harm. `symbol` labels pictures; `latex` is a
    template with `{0}`, `{1}` for the inputs, then for the params; `precedence` says when the formula
    needs brackets inside another, `encloses` that its own inputs need none, as in a function's brackets.

    Defining a row is all it takes to add an operation of your own. Call it on Values to record it,
    on arrays to compute it:

    >>> cube = Primitive("cube", lambda x: x**3, Local(lambda z, x: 3 * x**2), latex="{0}^3")
    >>> cube(2.0)
    8.0
    >>> import autograd_mini as ag
    >>> x = ag.Value(2.0)
    >>> cube(x).backward()
    >>> x.grad
    12.0
    """

    __slots__ = (
        "elementwise",
        "encloses",
        "float_forward",
        "float_partials",
        "float_rules",
        "forward",
        "jointly_linear",
        "latex",
        "name",
        "precedence",
        "rules",
        "selects",
        "symbol",
        "variadic",
    )

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *rules: Rule,
        symbol: str | None = None,
        latex: str | None = None,
        precedence: int = ATOM,
        encloses: bool | None = None,
        variadic: bool = False,
        jointly_linear: bool = False,
        selects: bool = False,
    ) -> None:
        if not rules or not all(isinstance(rule, (Local, Pull)) for rule in rules):
            raise TypeError(f"{name}: expected one Local, Along or Pull rule per input, got {rules!r}")
        self.name = name
        self.forward = forward
        self.rules = rules
        self.symbol = symbol or name
        self.latex = latex or _as_function(name, len(rules))
        self.precedence = precedence
        self.encloses = precedence == ATOM if encloses is None else encloses
        self.variadic = variadic
        self.jointly_linear = jointly_linear
        self.selects = selects
        self.elementwise = all(type(rule) is Local for rule in rules)
        self.float_forward: Callable[..., float] | None = None  # set by `floats.teach`
        self.float_rules: tuple[Callable[..., Any], ...] = ()
        self.float_partials: Callable[..., tuple[float, ...]] | tuple[float, ...] | None = None

    def __call__(self, *inputs: Any, params: tuple = ()) -> Any:
        if len(inputs) != len(self.rules) and not self.variadic:
            raise TypeError(f"{self.name}: got {len(inputs)} inputs, but has rules for {len(self.rules)}")
        for x in inputs:
            record = getattr(type(x), "_record", None)
            if record is not None:
                return record(self, inputs, params)
        return self.forward(*inputs, *params)

    def __repr__(self) -> str:
        return f"<Primitive {visible(self.name)}>"


def _as_function(name: str, operands: int) -> str:
    """The template of name(x, y): a name may have braces, which mean a place in a template and a group in LaTeX.

    >>> print(_as_function("{f}", 2).format("x", "y"))
    \\operatorname{\\{f\\}}(x, y)
    """
    shown_name = name.replace("{", r"\{{").replace("}", r"\}}")
    return rf"\operatorname{{{{{shown_name}}}}}({', '.join(f'{{{i}}}' for i in range(operands))})"


def restore_axes(reduced: Any, axis: int | tuple[int, ...] | None, keepdims: bool) -> Any:
    """Put the axes back that a reduction removed, each with size 1, so that it broadcasts.

    >>> restore_axes(np.ones(3), 1, False).shape
    (3, 1)
    """
    if keepdims or axis is None:
        return reduced
    return np.expand_dims(reduced, axis)
