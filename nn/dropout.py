"""Train with a part of the units switched off, another part at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_mini.nn.activations import Activation
from autograd_mini.nn.functional import dropout
from autograd_mini.nn.init import generator
from autograd_mini.nn.shapes import share


class Dropout(Activation):
    """Each number is 0 with probability p, else x/(1 − p), by a mask drawn afresh at every call.

    The division keeps the mean, so that after `eval()` the layer is the identity. The gradient goes
    back through the same mask. `nn.MaskPoolDropout` does it the lecture's way.

    Args:
        p: from 0 to 1; 1 drops everything.
        rng: the numpy.random.Generator to draw from; a fresh one by default, which draws anew in a forked process.

    Raises:
        ValueError: p is not between 0 and 1.

    Source: Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from
    overfitting (section 10: inverted scaling).

    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> layer.eval()(np.ones(6))
    array([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        self.p = share("Dropout", "p", p)
        self.rng = generator(rng)

    def forward(self, x: Any) -> Any:
        return dropout(x, self.p, self.training, self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}"
