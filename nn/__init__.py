"""Build networks: modules that hold parameters, layers, activations, losses and initialisations.

>>> import numpy as np
>>> from autograd_mini import nn
>>> net = nn.MLP([2, 3, 1], activation="sigmoid", rng=np.random.default_rng(0))
>>> E = nn.L2Loss()(net(np.array([[0.0, 1.0]])), np.array([[1.0]]))
>>> E.backward()
>>> [(name, p.grad.shape) for name, p in net.named_parameters()]
[('0.weight', (3, 2)), ('0.bias', (3,)), ('2.weight', (1, 3)), ('2.bias', (1,))]
"""

from autograd_mini.nn import functional, init, penalties
from autograd_mini.nn.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    SELU,
    Hardtanh,
    Identity,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from autograd_mini.nn.analyze import analyze
from autograd_mini.nn.batch_norm import BatchNorm1d
from autograd_mini.nn.conv import Conv2d
from autograd_mini.nn.dropout import Dropout
from autograd_mini.nn.embedding import Embedding
from autograd_mini.nn.flatten import Flatten
from autograd_mini.nn.layer_norm import LayerNorm
from autograd_mini.nn.linear import Linear
from autograd_mini.nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HingeLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    L2Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from autograd_mini.nn.mask_pool import MaskPoolDropout
from autograd_mini.nn.mlp import MLP
from autograd_mini.nn.module import Module
from autograd_mini.nn.pool import AvgPool2d, MaxPool2d
from autograd_mini.nn.recurrent import GRUCell, RNNCell
from autograd_mini.nn.sequential import Sequential
from autograd_mini.nn.shapes import Misfit
from autograd_mini.nn.summary import summary

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "MLP",
    "SELU",
    "AvgPool2d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "Hardtanh",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "L2Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaskPoolDropout",
    "MaxPool2d",
    "Misfit",
    "Module",
    "NLLLoss",
    "RNNCell",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
    "analyze",
    "functional",
    "init",
    "penalties",
    "summary",
]
