"""Give every feature mean 0 and variance 1 over the batch, and remember both for use without one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_mini.functions import as_operand
from autograd_mini.nn.functional import standardize
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Misfit, Shape, check, float_type, number, product, share, whole
from autograd_mini.numbers import constant
from autograd_mini.value import Value


class BatchNorm1d(Module):
    """z = (x − mean)/√(variance + ε) · w + b, each feature over the batch.

    In training the batch's own mean and variance (divided by n) are used, and running ones follow
    them: running ← (1 − m) running + m batch's. The running variance is the unbiased estimate
    (divided by n − 1), as in PyTorch. After `eval()` the running ones are used, so that an example's
    output does not depend on the others.

    Args:
        num_features: how many features there are.
        eps: ε, which keeps the root from 0 for a feature that is always the same.
        momentum: m; None makes the running ones the plain average of all batches seen.
        affine: False for a layer without w and b.
        dtype: of w (at first 1), b (at first 0) and the running ones; float64 by default.

    Attributes:
        running_mean, running_var, num_batches_tracked: buffers, part of the state but never trained.

    Shapes:
        weight, bias, running_mean, running_var: (num_features,)
        x: (batch, num_features) or (batch, num_features, length) -> the same

    Raises:
        ShapeError: x has another number of features, or, in training, just one example.
        ValueError: sizes that are not positive whole numbers, a momentum outside 0 to 1.

    Source: Ioffe & Szegedy (2015), Batch normalization, algorithms 1 and 2.

    >>> norm = BatchNorm1d(1)
    >>> norm(np.array([[1.0], [3.0]])).data.round(3).tolist()
    [[-1.0], [1.0]]
    >>> norm.running_mean, norm.running_var
    (array([0.2]), array([1.1]))
    """

    buffer_names = ("running_mean", "running_var", "num_batches_tracked")
    weight: Value | None
    bias: Value | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        dtype: DTypeLike = float,
    ) -> None:
        if momentum is not None:
            momentum = share("BatchNorm1d", "momentum, if not None,", momentum)
        self.num_features = whole("BatchNorm1d", "num_features", num_features)
        self.eps = number("BatchNorm1d", "eps", eps, least=0)
        self.momentum = momentum
        dtype = float_type("BatchNorm1d", dtype)
        self.weight = Value(np.ones(num_features, dtype)) if affine else None
        self.bias = Value(np.zeros(num_features, dtype)) if affine else None
        self.running_mean = np.zeros(num_features, dtype)
        self.running_var = np.ones(num_features, dtype)
        self.num_batches_tracked = np.int64(0)

    def forward(self, x: Any) -> Any:
        check(self, x)
        x = as_operand(x)
        features = (-1, 1) if x.ndim == 3 else (-1,)  # so that (features,) broadcasts against x
        if self.training:
            axis = (0, 2) if x.ndim == 3 else (0,)
            z = standardize(x, axis, self.eps)
            self._follow(constant(x), axis)
        else:
            deviations = x - self.running_mean.reshape(features)
            z = deviations / np.sqrt(self.running_var + self.eps).reshape(features)
        if self.weight is None or self.bias is None:
            return z
        return z * self.weight.reshape(features) + self.bias.reshape(features)

    def _follow(self, x: np.ndarray, axis: tuple[int, ...]) -> None:
        count = self.num_batches_tracked + np.int64(1)
        mean, var = self.running_mean, self.running_var
        if x.size:  # the mean of nothing, nan, would stay in the running ones for good
            m = 1 / int(count) if self.momentum is None else self.momentum
            mean = ((1 - m) * mean + m * x.mean(axis)).astype(mean.dtype)
            var = ((1 - m) * var + m * x.var(axis, ddof=1)).astype(var.dtype)
        # In one call, which no interrupt can divide.
        vars(self).update(num_batches_tracked=count, running_mean=mean, running_var=var)

    def output_shape(self, shape: Shape) -> Shape:
        n = self.num_features
        if len(shape) not in (2, 3):
            raise Misfit(f"expected (batch, {n}) or (batch, {n}, length); put nn.Flatten() before it", ("batch", n))
        if shape[1] != n:
            raise Misfit(
                f"expected {n} features; make it BatchNorm1d({shape[1]}) or the layer before {n} wide",
                (shape[0], n, *shape[2:]),
            )
        if self.training and product((shape[0], *shape[2:])) == 1:
            raise Misfit(
                "expected more than one example, since one alone has no variance; "
                "use a larger batch, or .eval() for the running statistics",
                shape,
            )
        return shape

    def extra_repr(self) -> str:
        return (
            f"num_features={self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.weight is not None}"
        )
