"""See what a network is made of: its layers, their shapes, parameters and multiplications."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_mini.errors import ShapeError
from autograd_mini.nn.analyze import analyze
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Shape, show


@dataclass(frozen=True)
class Row:
    """One layer of a summary."""

    layer: str
    output_shape: Shape | None
    parameters: int
    multiplications: int
    """For one example."""


@dataclass(frozen=True)
class Summary:
    """The rows of a summary and their totals; as text, an aligned table."""

    rows: tuple[Row, ...]
    parameters: int
    """All, a shared one counted once."""
    trainable: int
    """Those that are not frozen."""
    multiplications: int
    """For one example."""

    def __str__(self) -> str:
        table = [("layer", "output", "parameters", "multiplications")]
        table += [_cells(r.layer, show(r.output_shape), r.parameters, r.multiplications) for r in self.rows]
        table.append(_cells("total", "", self.parameters, self.multiplications))
        first, second, third, fourth = (max(map(len, column)) for column in zip(*table, strict=True))
        lines = [f"{a:{first}}  {b:{second}}  {c:>{third}}  {d:>{fourth}}" for a, b, c, d in table]
        rule = "-" * len(lines[0])
        lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        frozen = self.parameters - self.trainable
        return "\n".join([*lines, *([f"{frozen:,} of the parameters are frozen"] if frozen else [])])


def summary(model: Module, input_shape: int | tuple[int, ...]) -> Summary:
    """Layer by layer: the output's shape, how many parameters, how many multiplications per example.

    Counted are the products of a weight and an input, as in the lecture's "200 × 200 = 40 000" for a
    layer of 200 units after one of 200; not those of activations, pooling and normalisation.

    Args:
        model: any Module.
        input_shape: that of one example, without the batch's axis: 784, or (3, 28, 28).

    Raises:
        ShapeError: the network cannot take that input; the message lists all problems.

    >>> from autograd_mini import nn
    >>> print(summary(nn.MLP([200, 200, 10]), 200))
    layer                                                    output        parameters  multiplications
    --------------------------------------------------------------------------------------------------
    0: Linear(in_features=200, out_features=200, bias=True)  (batch, 200)      40,200           40,000
    1: Tanh()                                                (batch, 200)           0                0
    2: Linear(in_features=200, out_features=10, bias=True)   (batch, 10)        2,010            2,000
    --------------------------------------------------------------------------------------------------
    total                                                                      42,210           42,000
    """
    found = analyze(model, input_shape)
    if found.problems:
        raise ShapeError("\n  ".join(["summary: the network cannot take this input", *found.problems]))
    rows = tuple(
        Row(
            step.label,
            step.output,
            _count(step.layer.parameters(include_frozen=True)),
            0 if step.input is None else step.layer.multiplications(step.input),
        )
        for step in found.steps
    )
    return Summary(
        rows,
        _count(model.parameters(include_frozen=True)),
        _count(model.parameters()),
        sum(row.multiplications for row in rows),
    )


def _count(parameters: list) -> int:
    return sum(p.size for p in parameters)


def _cells(layer: str, output: str, parameters: int, multiplications: int) -> tuple[str, str, str, str]:
    return layer, output, f"{parameters:,}", f"{multiplications:,}"
