"""Bend the weighted sums: activation functions as modules, by class or by name.

Without one, layers of any depth collapse into a single linear layer (lecture 9). Each module is a
function of `nn.functional`, where the formula, its slopes at kinks and its source stand.
"""

from __future__ import annotations

from typing import Any

from autograd_mini.nn import functional as F
from autograd_mini.nn.module import Module
from autograd_mini.nn.shapes import Shape, number
from autograd_mini.value import Value
from autograd_mini.visible import shown


class Activation(Module):
    """A function of any shape whose output has the same shape."""

    def output_shape(self, shape: Shape) -> Shape:
        return shape


class Sigmoid(Activation):
    """σ(x) = 1/(1 + e^−x), with σ′ = σ(1 − σ); into (0, 1). Any shape.

    >>> Sigmoid()(2.2)
    0.9002495108803148
    """

    def forward(self, x: Any) -> Any:
        return x.sigmoid() if type(x) is Value else F.sigmoid(x)  # the short way: there are many small layers


class Tanh(Activation):
    """tanh(x) = (e^x − e^−x)/(e^x + e^−x), with tanh′ = 1 − tanh²; into (−1, 1). Any shape.

    >>> Tanh()([0.0, 1000.0])
    array([0., 1.])
    """

    def forward(self, x: Any) -> Any:
        return x.tanh() if type(x) is Value else F.tanh(x)


class ReLU(Activation):
    """max(x, 0), with slope 1 for x > 0, else 0 (also at 0, by choice). Any shape.

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.])
    """

    def forward(self, x: Any) -> Any:
        return x.relu() if type(x) is Value else F.relu(x)


class Identity(Activation):
    """x itself: a network of linear layers only, to see that it is no more than one of them.

    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        return x


class LeakyReLU(Activation):
    """x for x > 0, else a·x with the small slope a: `nn.functional.leaky_relu`. Any shape.

    >>> LeakyReLU(0.1)([-10.0, 2.0])
    array([-1.,  2.])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Activation):
    """x for x > 0, else α(e^x − 1): `nn.functional.elu`. Any shape.

    >>> ELU()([-1000.0, 2.0])
    array([-1.,  2.])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("ELU", "alpha", alpha)

    def forward(self, x: Any) -> Any:
        return F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class SELU(Activation):
    """λ elu(x, α), which keeps mean 0 and variance 1: `nn.functional.selu`. Any shape.

    >>> SELU()(1.0)
    1.0507009873554805
    """

    def forward(self, x: Any) -> Any:
        return F.selu(x)


class GELU(Activation):
    """x Φ(x), or its approximation by "tanh": `nn.functional.gelu`. Any shape.

    Raises:
        ValueError: another `approximate` than "none" and "tanh".

    >>> round(GELU()(1.0), 4), round(GELU("tanh")(1.0), 4)
    (0.8413, 0.8412)
    """

    def __init__(self, approximate: str = "none") -> None:
        F.gelu(0.0, approximate)  # an unknown one is refused here, not when first used
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Activation):
    """x σ(x), also called swish: `nn.functional.silu`. Any shape.

    >>> SiLU()([0.0, 1000.0])
    array([   0., 1000.])
    """

    def forward(self, x: Any) -> Any:
        return F.silu(x)


class Softplus(Activation):
    """ln(1 + e^(βx))/β, a smooth relu: `nn.functional.softplus`. Any shape.

    >>> Softplus()([-1000.0, 1000.0])
    array([   0., 1000.])
    """

    def __init__(self, beta: float = 1.0, threshold: float | None = None) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Any) -> Any:
        return F.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}" + ("" if self.threshold is None else f", threshold={self.threshold}")


class Softsign(Activation):
    """x/(1 + |x|): `nn.functional.softsign`. Any shape.

    >>> Softsign()([-3.0, 1.0])
    array([-0.75,  0.5 ])
    """

    def forward(self, x: Any) -> Any:
        return F.softsign(x)


class Hardtanh(Activation):
    """x cut off at both bounds: `nn.functional.hardtanh`. Any shape.

    Raises:
        ValueError: min_val is not less than max_val.

    >>> Hardtanh()([-3.0, 0.5])
    array([-1. ,  0.5])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        F.hardtanh(0.0, min_val, max_val)
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, x: Any) -> Any:
        return F.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class LogSigmoid(Activation):
    """ln σ(x), with the digits that σ loses near 0: `nn.functional.logsigmoid`. Any shape.

    >>> LogSigmoid()(-1000.0)
    -1000.0
    """

    def forward(self, x: Any) -> Any:
        return F.logsigmoid(x)


class Softmax(Activation):
    """e^x / Σ e^x along an axis, by default the last: positive and summing to 1 (lecture 9).

    `nn.CrossEntropyLoss` takes logits: it has a softmax of its own.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"


class LogSoftmax(Softmax):
    """ln softmax(x) = x − ln Σ e^x along an axis, with the digits that softmax loses near 0.

    >>> LogSoftmax()([0.0, 1000.0])
    array([-1000.,     0.])
    """

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, self.axis)


ACTIVATIONS: dict[str, type[Module]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "identity": Identity,
    "linear": Identity,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "selu": SELU,
    "gelu": GELU,
    "silu": SiLU,
    "swish": SiLU,
    "softplus": Softplus,
    "softsign": Softsign,
    "hard_tanh": Hardtanh,
    "hardtanh": Hardtanh,
    "log_sigmoid": LogSigmoid,
    "logsigmoid": LogSigmoid,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
}
_KNOWN = ", ".join(ACTIVATIONS)


def by_name(activation: str | type[Module] | Module) -> Module:
    """A module of that name or class; a module stays as it is.

    Raises:
        ValueError: an unknown name.
        TypeError: neither a name nor a Module.

    >>> by_name("tanh")
    Tanh()
    """
    if isinstance(activation, Module):
        return activation
    if isinstance(activation, type) and issubclass(activation, Module):
        return activation()
    if not isinstance(activation, str):
        raise TypeError(f"activation: expected a name ({_KNOWN}) or a Module, got {shown(activation)}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: unknown name {activation!r}; known are {_KNOWN}")
    return ACTIVATIONS[activation]()
