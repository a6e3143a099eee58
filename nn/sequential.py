"""Chain modules: the output of each is the input of the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Shape
from autograd_mini.visible import shown


class Sequential(Module):
    """Modules one after another: Sequential(f, g)(x) = g(f(x)).

    They are named "0", "1", …, and can be indexed, sliced (into a Sequential that shares them),
    counted and iterated.

    Raises:
        TypeError: something that is not a Module.

    >>> from autograd_mini import nn
    >>> net = Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> net[1], len(net), len(net[:2]), net.parameters()[2].name
    (Tanh(), 3, 2, '2.weight')
    """

    def __init__(self, *modules: Module) -> None:
        for position, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(_not_a_module(position, module))
        for position, module in enumerate(modules):  # only now, for it names their parameters
            setattr(self, str(position), module)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x

    def output_shape(self, shape: Shape) -> Shape:
        for module in self:
            shape = module.output_shape(shape)
        return shape

    def multiplications(self, shape: Shape) -> int:
        total = 0
        for module in self:
            total += module.multiplications(shape)
            shape = module.output_shape(shape)
        return total

    def __len__(self) -> int:
        return len(self.children())

    def __iter__(self) -> Iterator[Module]:
        return iter(self.children())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        modules = self.children()
        if isinstance(index, slice):
            return Sequential(*modules[index])
        try:
            return modules[index]
        except IndexError:
            raise IndexError(f"module {index} is out of range: there are {len(modules)}") from None


def _not_a_module(position: int, item: Any) -> str:
    message = f"Sequential: argument {position} must be a Module, got {shown(item)}"
    if isinstance(item, type) and issubclass(item, Module):
        return message + f"; did you mean {item.__name__}()?"
    if isinstance(item, list | tuple):
        return message + "; pass the modules one by one: Sequential(*modules)"
    return message
