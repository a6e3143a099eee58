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
from itertools import chain
from textwrap import indent
from typing import Any, Self

import numpy as np

from autograd_mini.at_once import assign, at_once, new_data
from autograd_mini.hooks import Handle, Hook
from autograd_mini.nn.hooks import call
from autograd_mini.nn.shapes import Shape
from autograd_mini.notes import note_call
from autograd_mini.numbers import as_array, as_type_of
from autograd_mini.value import Value, next_age
from autograd_mini.visible import visible


class Module:
    """A part of a network: parameters, smaller modules, and `forward`, which computes.

    Subclass it, assign parameters and modules as attributes, define `forward`. There is no class of
    parameters: a Value is what one may ask a gradient of, so every attribute that is a leaf Value
    is a parameter, and every attribute that is a Module is a submodule; lists and tuples of them
    count too. A Value that was computed is neither, nor is a plain array.

    Parameters are named by their path from the outermost module, as in PyTorch ("0.weight"), and
    each Value's `.name` follows, so that errors and pictures speak of "0.weight". A name of your
    own stays.

    A plain array that belongs to the module's state, such as a running mean, is a buffer: saved and
    loaded with the parameters, never trained. The class lists the names of such attributes in
    `buffer_names`.

    Attributes:
        training: True after `train()` (and at first), False after `eval()`.
        frozen: True after `freeze()`, False after `unfreeze()` (and at first).

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
    frozen: bool = False
    buffer_names: tuple[str, ...] = ()
    _before: dict[object, Hook] = {}  # noqa: RUF012, never written to: a module's first hook makes its own
    _after: dict[object, Hook] = {}  # noqa: RUF012

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define `def forward(self, x)` in its class")

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of `forward`'s output, told from that of its input before anything runs.

        Layers define it for `nn.analyze` and `nn.summary`.

        Raises:
            Misfit: the layer cannot take that shape.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not tell its output's shape: define `def output_shape(self, shape)` in it"
        )

    def multiplications(self, shape: Shape) -> int:
        """How many products of a weight and an input one example takes; `shape` is that of a batch.

        >>> from autograd_mini import nn
        >>> nn.Linear(200, 200).multiplications(("batch", 200))
        40000
        """
        return 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        start = next_age()
        if self._before or self._after:
            output = call(self, self._before, self._after, args, kwargs)
        else:
            output = self.forward(*args, **kwargs)
        note_call(output, start, self)
        return output

    def __setattr__(self, name: str, item: Any) -> None:
        object.__setattr__(self, name, item)
        if isinstance(item, Module | list | tuple) or _is_parameter(item):
            for path, p in self.named_parameters(include_frozen=True):
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
        found: list[Module] = []  # without the names, for a Sequential asks this in every call
        for item in vars(self).values():
            if isinstance(item, Module):
                found.append(item)
            elif isinstance(item, list | tuple):
                found += [module for _, module in _members(enumerate(item)) if isinstance(module, Module)]
        return found

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

    def named_parameters(self, include_frozen: bool = False) -> Iterator[tuple[str, Value]]:
        """(path, parameter) for all parameters; a shared one is listed once, at its first path.

        Those of frozen modules are left out, unless `include_frozen`.

        >>> from autograd_mini import nn
        >>> [path for path, _ in nn.Sequential(nn.Tanh(), nn.Linear(2, 1)).named_parameters()]
        ['1.weight', '1.bias']
        """
        modules = list(self.named_modules())
        # One that a frozen module shares with another stays put in both.
        hidden = set() if include_frozen else {id(p) for _, m in modules if m.frozen for _, p in m._own_parameters()}
        for path, module in modules:
            for name, p in module._own_parameters():
                if id(p) not in hidden:
                    hidden.add(id(p))
                    yield _join(path, name), p

    def parameters(self, include_frozen: bool = False) -> list[Value]:
        """All parameters that are not frozen, each once: what an optimizer takes."""
        return [p for _, p in self.named_parameters(include_frozen)]

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """(path, array) for all buffers; one that holds None as yet is left out.

        >>> from autograd_mini import nn
        >>> [path for path, _ in nn.Sequential(nn.BatchNorm1d(2)).named_buffers()]
        ['0.running_mean', '0.running_var', '0.num_batches_tracked']
        """
        return ((path, getattr(m, name)) for path, m, name in self._buffers() if getattr(m, name) is not None)

    def _own_parameters(self) -> Iterator[tuple[str, Value]]:
        return ((name, item) for name, item in _members(vars(self).items()) if type(item) is Value)

    def _buffers(self) -> Iterator[tuple[str, Module, str]]:
        return ((_join(path, name), m, name) for path, m in self.named_modules() for name in m.buffer_names)

    # -- hooks -------------------------------------------------------------------------------------

    def register_forward_pre_hook(self, hook: Hook) -> Handle:
        """Call `hook(module, args)` before each `forward`; a result other than None replaces the input.

        `args` is the tuple of positional arguments; a result may be such a tuple, or one argument.
        What a hook raises reaches the caller. `remove()` of the handle takes the hook away.

        >>> from autograd_mini import nn
        >>> net = nn.Identity()
        >>> with net.register_forward_pre_hook(lambda module, args: 10 * args[0]):
        ...     net(2.0)
        20.0
        """
        self._before = self._before or {}
        return Handle(self._before, hook)

    def register_forward_hook(self, hook: Hook) -> Handle:
        """Call `hook(module, args, output)` after each `forward`; a result other than None replaces the output.

        >>> from autograd_mini import nn
        >>> net, shapes = nn.MLP([2, 3, 1]), []
        >>> for layer in net:
        ...     _ = layer.register_forward_hook(lambda module, args, output: shapes.append(output.shape))
        >>> _ = net(np.zeros((4, 2)))
        >>> shapes
        [(4, 3), (4, 3), (4, 1)]
        """
        self._after = self._after or {}
        return Handle(self._after, hook)

    # -- training ----------------------------------------------------------------------------------

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward() starts afresh."""
        at_once([(assign, p, "grad", None) for p in self.parameters(include_frozen=True)])()

    def freeze(self) -> Self:
        """Keep all parameters in here as they are: `parameters()` leaves them out; returns the module.

        An optimizer moves what it was given: freeze first, then make it. Gradients still flow through
        a frozen module to what comes before it, and fill the `.grad` of its own parameters, since a
        Value is what one may ask a gradient of. Running statistics are not parameters: `eval()`
        holds them still.

        >>> from autograd_mini import nn
        >>> net = nn.MLP([2, 3, 1])
        >>> _ = net[0].freeze()
        >>> [p.name for p in net.parameters()]
        ['2.weight', '2.bias']
        """
        at_once([(assign, module, "frozen", True) for module in self.modules()])()
        return self

    def unfreeze(self) -> Self:
        """Let all parameters in here be trained again; returns the module."""
        at_once([(assign, module, "frozen", False) for module in self.modules()])()
        return self

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all modules inside; returns the module."""
        at_once([(assign, module, "training", bool(mode)) for module in self.modules()])()
        return self

    def eval(self) -> Self:
        """`train(False)`: for layers that behave differently once trained, like dropout."""
        return self.train(False)

    # -- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters' and buffers' numbers by path: arrays, and numbers for scalars.

        >>> from autograd_mini import nn
        >>> {path: numbers.shape for path, numbers in nn.Linear(2, 3).state_dict().items()}
        {'weight': (3, 2), 'bias': (3,)}
        """
        numbers = {path: p.data for path, p in self.named_parameters(include_frozen=True)}
        numbers.update(self.named_buffers())
        return {path: n.copy() if np.ndim(n) else n for path, n in numbers.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replace all parameters' and buffers' numbers; each keeps its dtype.

        Args:
            state: path -> numbers of the parameter's shape, as `state_dict` gives them.

        Raises:
            ValueError: entries are missing, unexpected, of another shape or not real numbers. The
                message lists all of them, and nothing has changed.
            TypeError: `state` is not a mapping.

        >>> from autograd_mini import nn
        >>> twin = nn.Linear(2, 1)
        >>> twin.load_state_dict({"weight": [[1, 2]], "bias": [0.5]})
        >>> twin([10.0, 1.0]).data
        array([12.5])
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict: expected names -> numbers, got {type(state).__name__}")
        # Where the numbers go: (owner, attribute, what is there now).
        own: dict[str, tuple[Any, str, Any]] = {}
        own |= {path: (p, "data", p.data) for path, p in self.named_parameters(include_frozen=True)}
        own |= {path: (m, name, getattr(m, name)) for path, m, name in self._buffers()}
        problems = [
            f"missing: {path} {np.shape(old)}"
            for path, (_, _, old) in own.items()
            if path not in state and old is not None
        ]
        problems += [f"unexpected: {path}" for path in state if path not in own]
        loaded = []
        for path, (owner, attribute, old) in own.items():
            if path in state:
                try:
                    loaded.append((owner, attribute, _numbers_for(old, state[path])))
                except (TypeError, ValueError) as error:
                    problems.append(f"{path}: {error}")
        if problems:
            summary = f"load_state_dict: the state does not fit {type(self).__name__}; nothing was loaded"
            raise ValueError("\n  ".join([summary, *problems]))
        changes = [(p, as_type_of(p.data, numbers)) for p, _, numbers in loaded if type(p) is Value]
        buffers = [(assign, *one) for one in loaded if type(one[0]) is not Value]
        at_once(chain(new_data(changes), buffers))()

    # -- pictures ----------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the brackets of the module's repr, such as its sizes."""
        return ""

    def __repr__(self) -> str:
        name, extra = visible(type(self).__name__), self.extra_repr()
        tree = [f"({visible(path)}): {child!r}" for path, child in self.named_children()]
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


def _numbers_for(old: Any, entry: Any) -> Any:
    """A copy of the entry in the dtype of the old numbers, if it holds real numbers in their shape.

    A buffer that holds None as yet takes any.
    """
    plain = entry.data if type(entry) is Value else entry
    numbers = as_array(plain)  # a CuPy array stays one
    if numbers.dtype.kind not in "fiub":
        raise TypeError(f"expected real numbers, got {numbers.dtype}")
    if old is None:
        return numbers.copy()
    if numbers.shape != np.shape(old):
        raise ValueError(f"expected shape {np.shape(old)}, got {numbers.shape}")
    return numbers.astype(np.result_type(old))[()]
