"""Give every word of a vocabulary a vector that is learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.nn.functional import embedding
from autograd_mini.nn.init import Initialisation, by_name, generator
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Shape, float_type, whole
from autograd_mini.value import Value


def standard_normal(shape: tuple[int, ...], rng: np.random.Generator, layer: Any = None) -> np.ndarray:
    """Numbers with mean 0 and variance 1.

    >>> standard_normal((2,), np.random.default_rng(0)).round(2)
    array([ 0.13, -0.13])
    """
    return rng.standard_normal(shape)


class Embedding(Module):
    """Row i of a table of weights for each whole number i: what a one-hot vector times `weight` gives.

    A word's gradient is the sum over all places where it stands; a word that is absent gets 0.

    Args:
        num_embeddings: how many words there are.
        embedding_dim: how many features each gets.
        padding_idx: the word that only fills sentences up: its row is 0 at first and gets no gradient.
        init: a name from `nn.init` or a function f(shape, rng, layer); standard normal by default.
        rng: the numpy.random.Generator to draw from; a fresh one by default.
        dtype: float64 by default.

    Shapes:
        weight: (num_embeddings, embedding_dim)
        indices: whole numbers, any shape -> (*indices.shape, embedding_dim)

    Raises:
        IndexError: an index that is not between 0 and num_embeddings − 1.
        TypeError: indices that are not whole numbers.
        ValueError: sizes that are not positive whole numbers, a padding_idx that is no row.

    >>> Embedding(10, 3)(np.array([[1, 2, 1, 9]])).shape
    (1, 4, 3)
    """

    weight: Value

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        init: str | Initialisation = standard_normal,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = float,
    ) -> None:
        self.num_embeddings = whole("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = whole("Embedding", "embedding_dim", embedding_dim)
        shape = (self.num_embeddings, self.embedding_dim)
        if padding_idx is not None and not -shape[0] <= padding_idx < shape[0]:
            raise ValueError(f"Embedding: padding_idx is {padding_idx}, but there are {shape[0]} rows")
        self.padding_idx = None if padding_idx is None else padding_idx % shape[0]
        # One word at a time is looked up: the sizes on both sides are 1 and embedding_dim.
        drawn = by_name(init)(shape, generator(rng), (self.embedding_dim, 1)).astype(float_type("Embedding", dtype))
        if self.padding_idx is not None:
            drawn[self.padding_idx] = 0
        self.weight = Value(drawn)

    def forward(self, indices: Any) -> Any:
        return embedding(indices, self.weight, self.padding_idx)

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape, self.embedding_dim)

    def extra_repr(self) -> str:
        sizes = f"num_embeddings={self.num_embeddings}, embedding_dim={self.embedding_dim}"
        return sizes if self.padding_idx is None else f"{sizes}, padding_idx={self.padding_idx}"
