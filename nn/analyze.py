"""Check a network before it runs: every shape along the way, and all that is wrong, not only the first.

>>> from autograd_mini import nn
>>> print(analyze(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(5, 2), nn.Linear(1, 1)), 3))
input                                                   (batch, 3)
0: Linear(in_features=3, out_features=4, bias=True)     (batch, 4)
1: Tanh()                                               (batch, 4)
2: Linear(in_features=5, out_features=2, bias=True)     (batch, 2)
3: Linear(in_features=1, out_features=1, bias=True)     (batch, 1)
<BLANKLINE>
2 problems:
  2: Linear(in_features=5, out_features=2, bias=True) gets (batch, 4): expected 5 features; \
make it Linear(4, …) or the layer before 5 wide
  3: Linear(in_features=1, out_features=1, bias=True) gets (batch, 2): expected 1 features; \
make it Linear(2, …) or the layer before 1 wide
1 warning:
  3: Linear(in_features=1, out_features=1, bias=True) follows 2 with no activation between: \
the two are no more than one linear layer; put an activation between them
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograd_mini.nn.activations import Identity
from autograd_mini.nn.batch_norm import BatchNorm1d
from autograd_mini.nn.conv import Conv2d
from autograd_mini.nn.dropout import Dropout
from autograd_mini.nn.flatten import Flatten
from autograd_mini.nn.linear import Linear
from autograd_mini.nn.mask_pool import MaskPoolDropout
from autograd_mini.nn.module import Module
from autograd_mini.nn.pool import AvgPool2d
from autograd_mini.nn.sequential import Sequential
from autograd_mini.nn.shapes import Misfit, Shape, show, whole
from autograd_mini.visible import shown, visible

#: Between two linear layers these leave one linear layer (dropout and normalisation do so after `eval()`).
_BENDS_NOTHING = (Identity, Flatten, Dropout, MaskPoolDropout, BatchNorm1d, AvgPool2d)
_LINEAR = (Linear, Conv2d)


@dataclass(frozen=True)
class Step:
    """One layer on the way through the network; a shape is None where it cannot be told."""

    path: str
    layer: Module
    input: Shape | None
    output: Shape | None

    @property
    def label(self) -> str:
        """The layer as messages name it: its path and its first line.

        >>> from autograd_mini import nn
        >>> Step("1", nn.Tanh(), None, None).label
        '1: Tanh()'
        """
        name = repr(self.layer) if not self.layer.children() else f"{visible(type(self.layer).__name__)}(…)"
        return f"{visible(self.path)}: {name}" if self.path else name


@dataclass(frozen=True)
class Analysis:
    """What `analyze` found; as text, a table of the shapes and the list of all problems."""

    input: Shape
    steps: tuple[Step, ...]
    problems: tuple[str, ...]
    """What would raise an error when the network runs."""
    warnings: tuple[str, ...]
    """What would run, and hardly is what was meant; and what could not be checked."""

    @property
    def ok(self) -> bool:
        """True if there is no problem; there may be warnings."""
        return not self.problems

    @property
    def output(self) -> Shape | None:
        """The shape of the network's output."""
        return self.steps[-1].output if self.steps else self.input

    def __str__(self) -> str:
        rows = [("input", show(self.input)), *((step.label, show(step.output)) for step in self.steps)]
        width = max(len(label) for label, _ in rows) + 4
        lines = [f"{label:{width}} {shape}" for label, shape in rows]
        for kind, found in (("problem", self.problems), ("warning", self.warnings)):
            if found:
                lines += [""] * (kind == "problem" or not self.problems)
                lines += [f"{len(found)} {kind}{'s' * (len(found) > 1)}:", *(f"  {line}" for line in found)]
        return "\n".join(lines)


def analyze(model: Module, input_shape: int | tuple[int, ...], batch: int | None = None) -> Analysis:
    """Follow one shape through the network without running it, and list everything found.

    A layer tells by `output_shape` what it makes of a shape. Where it cannot take what it gets, that
    is noted with the likely fix, and the analysis goes on with the shape it would have given. Only
    `Sequential` (and what is made of it, like `MLP`) is looked into; any other module is one layer.

    Args:
        model: any Module.
        input_shape: that of one example, without the batch's axis: 784, or (3, 28, 28).
        batch: how many examples, if that is known already.

    Warns (in the result) of two linear layers with nothing nonlinear between them, which lecture 9
    shows to be no more than one, and of dropout that drops everything.

    Raises:
        ValueError: sizes that are not positive whole numbers.
        TypeError: model is not a Module.

    >>> from autograd_mini import nn
    >>> found = analyze(nn.MLP([2, 3, 1]), 2)
    >>> found.ok, found.output
    (True, ('batch', 1))
    """
    if not isinstance(model, Module):
        raise TypeError(f"analyze: expected a Module, got {shown(model)}")
    sizes = input_shape if isinstance(input_shape, tuple | list) else (input_shape,)
    one = tuple(whole("analyze", "input_shape", n) for n in sizes)
    start: Shape = ("batch" if batch is None else whole("analyze", "batch", batch), *one)

    steps: list[Step] = []
    problems: list[str] = []
    unknown: list[str] = []
    shape: Shape | None = start
    for path, layer in layers(model):
        output = None
        try:
            output = shape if shape is None else layer.output_shape(shape)
        except Misfit as misfit:
            output = misfit.output
            rest = "" if output else "; what follows was not checked"
            problems.append(f"{Step(path, layer, shape, None).label} gets {show(shape)}: {misfit}{rest}")
        except NotImplementedError as error:
            unknown.append(f"{path}: {error}; what follows was not checked")
        steps.append(Step(path, layer, shape, output))
        shape = output
    return Analysis(start, tuple(steps), tuple(problems), (*unknown, *_warnings(steps)))


def layers(model: Module, path: str = "") -> Iterator[tuple[str, Module]]:
    """(path, layer) in the order in which they run: Sequentials are looked into, nothing else is.

    >>> from autograd_mini import nn
    >>> [path for path, _ in layers(nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())))]
    ['0', '1.0']
    """
    if not isinstance(model, Sequential) or type(model).forward is not Sequential.forward:
        yield path, model
        return
    for name, module in model.named_children():
        yield from layers(module, f"{path}.{name}" if path else name)


def _warnings(steps: list[Step]) -> Iterator[str]:
    last: Any = None  # the linear layer whose sums nothing has bent yet
    for step in steps:
        if isinstance(step.layer, Dropout) and step.layer.p == 1:
            yield f"{step.label} drops everything: its output is 0 in training; make p smaller, such as 0.5"
        if isinstance(step.layer, _LINEAR):
            if last is not None:
                yield (
                    f"{step.label} follows {last.path} with no activation between: "
                    "the two are no more than one linear layer; put an activation between them"
                )
            last = step
        elif not isinstance(step.layer, _BENDS_NOTHING):
            last = None
