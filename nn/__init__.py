"""Build networks: modules that hold parameters, layers, activations, losses and initialisations.

>>> import numpy as np
>>> from autograd_mini import nn
>>> net = nn.MLP([2, 3, 1], activation="sigmoid", rng=np.random.default_rng(0))
>>> E = nn.L2Loss()(net(np.array([[0.0, 1.0]])), np.array([[1.0]]))
>>> E.backward()
>>> [(name, p.grad.shape) for name, p in net.named_parameters()]
[('0.weight', (3, 2)), ('0.bias', (3,)), ('2.weight', (1, 3)), ('2.bias', (1,))]
"""

from autograd_mini.nn import init
from autograd_mini.nn.activations import ACTIVATIONS, Identity, ReLU, Sigmoid, Tanh
from autograd_mini.nn.linear import Linear
from autograd_mini.nn.losses import CrossEntropyLoss, L2Loss
from autograd_mini.nn.mlp import MLP
from autograd_mini.nn.module import Module
from autograd_mini.nn.sequential import Sequential

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "CrossEntropyLoss",
    "Identity",
    "L2Loss",
    "Linear",
    "Module",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "init",
]
