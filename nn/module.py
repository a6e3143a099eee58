"""Give a network its parameters: a `Module` finds them, names them, saves and loads them.

>>> from autograd_mini import Value
>>> class Line(Module):
...     def __init__(self, slope):
...         self.slope = Value(slope)
...     def forward(self, x):
...         return self.slope * x
>>> line = Line(3.0)
>>> line(2.0).item(), line.parameters()
(6.0, [Value(3.0, name='slope')])
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import indent
from typing import Any, Self

import numpy as np

from autograd_mini.value import Value


class Module:
    """A part of a network: parameters, smaller modules, and `forward`, which computes.

    Subclass it, assign parameters and modules as attributes, define `forward`. There is no class of
    parameters: a Value is what one may ask a gradient of, so every attribute that is a leaf Value
    is a parameter, and every attribute that is a Module is a submodule; lists and tuples of them
    count too. A Value that was computed is neither, nor is a plain array.

    Parameters are named by their path from the outermost module, as in PyTorch ("0.weight"), and
    each Value's `.name` follows, so that errors and pictures speak of "0.weight". A name of your
    own stays.

    Attributes:
        training: True after `train()` (and at first), False after `eval()`.

    >>> from autograd_mini import nn
    >>> nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
    )
    """

    # On the class, and no registry: vars(self) is the one list of attributes. So there is no
    # super().__init__() to forget, and deleting or replacing an attribute needs no code.
    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define `def forward(self, x)` in its class")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def __setattr__(self, name: str, item: Any) -> None:
        object.__setattr__(self, name, item)
        if isinstance(item, Module | list | tuple) or _is_parameter(item):
            for path, p in self.named_parameters():
                if p.name is None or path.endswith(f".{p.name}"):  # "weight" grows into "0.weight"
                    p.name = path

    # -- what is inside ----------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) for the submodules directly inside, in order of assignment.

        >>> from autograd_mini import nn
        >>> list(nn.Sequential(nn.Tanh()).named_children())
        [('0', Tanh())]
        """
        members = _members(vars(self).items())
        return ((name, item) for name, item in members if isinstance(item, Module))

    def children(self) -> list[Module]:
        """The submodules directly inside, in order of assignment."""
        return [module for _, module in self.named_children()]

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """(path, module) for this module (path "") and all inside it, each once.

        >>> from autograd_mini import nn
        >>> [path for path, _ in nn.Sequential(nn.Sequential(nn.Tanh())).named_modules()]
        ['', '0', '0.0']
        """
        seen: set[int] = set()
        todo: list[tuple[str, Module]] = [("", self)]
        while todo:
            path, module = todo.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                inside = [(_join(path, name), child) for name, child in module.named_children()]
                todo += reversed(inside)  # so that the first child is popped first

    def modules(self) -> list[Module]:
        """This module and all inside it, each once."""
        return [module for _, module in self.named_modules()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(path, parameter) for all parameters; a shared one is listed once, at its first path.

        >>> from autograd_mini import nn
        >>> [path for path, _ in nn.Sequential(nn.Tanh(), nn.Linear(2, 1)).named_parameters()]
        ['1.weight', '1.bias']
        """
        seen: set[int] = set()
        for path, module in self.named_modules():
            for name, item in _members(vars(module).items()):
                if type(item) is Value and id(item) not in seen:
                    seen.add(id(item))
                    yield _join(path, name), item

    def parameters(self) -> list[Value]:
        """All parameters, each once: what an optimizer takes."""
        return [p for _, p in self.named_parameters()]

    # -- training ----------------------------------------------------------------------------------

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward() starts afresh."""
        for p in self.parameters():
            p.grad = None

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all modules inside; returns the module."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """`train(False)`: for layers that behave differently once trained, like dropout."""
        return self.train(False)

    # -- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters' numbers by path: arrays, and floats for scalar parameters.

        >>> from autograd_mini import nn
        >>> {path: numbers.shape for path, numbers in nn.Linear(2, 3).state_dict().items()}
        {'weight': (3, 2), 'bias': (3,)}
        """
        return {path: p.data.copy() if p.ndim else p.data for path, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace all parameters' numbers; each parameter keeps its dtype.

        Args:
            state: path -> numbers of the parameter's shape, as `state_dict` gives them.

        Raises:
            ValueError: entries are missing, unexpected, of another shape or not real numbers. The
                message lists all of them, and no parameter has changed.
            TypeError: `state` is not a mapping.

        >>> from autograd_mini import nn
        >>> twin = nn.Linear(2, 1)
        >>> twin.load_state_dict({"weight": [[1, 2]], "bias": [0.5]})
        >>> twin([10.0, 1.0]).data
        array([12.5])
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict: expected names -> numbers, got {type(state).__name__}")
        own = dict(self.named_parameters())
        problems = [f"missing: {path} {p.shape}" for path, p in own.items() if path not in state]
        problems += [f"unexpected: {path}" for path in state if path not in own]
        loaded = []
        for path, p in own.items():
            if path in state:
                try:
                    loaded.append((p, _numbers_for(p, state[path])))
                except (TypeError, ValueError) as error:
                    problems.append(f"{path}: {error}")
        if problems:
            summary = f"load_state_dict: the state does not fit {type(self).__name__}; nothing was loaded"
            raise ValueError("\n  ".join([summary, *problems]))
        for p, numbers in loaded:
            p.data = numbers

    # -- pictures ----------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the brackets of the module's repr, such as its sizes."""
        return ""

    def __repr__(self) -> str:
        name, extra = type(self).__name__, self.extra_repr()
        tree = [f"({path}): {child!r}" for path, child in self.named_children()]
        if not tree:
            return f"{name}({extra})"
        lines = "\n".join([extra, *tree] if extra else tree)
        return f"{name}(\n{indent(lines, '  ')}\n)"


def _is_parameter(item: Any) -> bool:
    return type(item) is Value and item.is_leaf


def _members(items: Any) -> Iterator[tuple[str, Module | Value]]:
    """The modules and parameters among (name, item) pairs, also those inside lists and tuples."""
    for name, item in items:
        if isinstance(item, Module) or _is_parameter(item):
            yield str(name), item
        elif isinstance(item, list | tuple):
            yield from ((f"{name}.{inner}", member) for inner, member in _members(enumerate(item)))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _numbers_for(p: Value, entry: Any) -> Any:
    """The entry in the parameter's dtype, if it holds real numbers in the parameter's shape."""
    plain = entry.data if type(entry) is Value else entry
    numbers = plain if hasattr(plain, "__array_function__") else np.asarray(plain)  # a CuPy array stays one
    if numbers.dtype.kind not in "fiub":
        raise TypeError(f"expected real numbers, got {numbers.dtype}")
    if numbers.shape != p.shape:
        raise ValueError(f"expected shape {p.shape}, got {numbers.shape}")
    return numbers.astype(p.dtype)
