"""Build a whole network from its layers' sizes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.nn.activations import by_name
from autograd_mini.nn.init import Initialisation, generator
from autograd_mini.nn.linear import Linear
from autograd_mini.nn.module import Module
from autograd_mini.nn.sequential import Sequential


class MLP(Sequential):
    """A multilayer perceptron: linear layers, an activation g between them: W₂ g(W₁x + b₁) + b₂.

    It is a Sequential, so its parameters are "0.weight", "0.bias", "2.weight", …

    Args:
        sizes: inputs, hidden layers, outputs: MLP([2, 3, 1]) has two inputs, three hidden units and
            one output.
        activation: of the hidden layers: a name from `nn.ACTIVATIONS`, a class or a module.
        output_activation: of the output; none by default.
        bias, init, rng, dtype: as in `nn.Linear`; all layers draw from the one `rng`.

    Shapes:
        x: (..., sizes[0]) -> (..., sizes[-1])

    Raises:
        ValueError: fewer than two sizes, a size that is not a positive whole number, unknown names.
        ShapeError: x has another number of features.

    >>> net = MLP([2, 3, 1], activation="sigmoid", output_activation="sigmoid")
    >>> net
    MLP(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Sigmoid()
      (2): Linear(in_features=3, out_features=1, bias=True)
      (3): Sigmoid()
    )
    >>> net(np.zeros((4, 2))).shape
    (4, 1)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | type[Module] | Module = "tanh",
        output_activation: str | type[Module] | Module | None = None,
        bias: bool = True,
        init: str | Initialisation = "fan_in_uniform",
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = float,
    ) -> None:
        if np.ndim(sizes) != 1 or len(sizes) < 2:
            raise ValueError(f"MLP: expected sizes [inputs, ..., outputs], at least two, got {sizes!r}")
        rng = generator(rng)
        modules: list[Module] = []
        for n_in, n_out in pairwise(sizes):
            modules += [Linear(n_in, n_out, bias, init, rng, dtype), by_name(activation)]
        modules.pop()  # no hidden activation behind the last layer
        if output_activation is not None:
            modules.append(by_name(output_activation))
        super().__init__(*modules)
