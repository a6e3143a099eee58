"""Train parameters: optimizers turn gradients into updates Δw, one formula per file.

>>> from autograd_mini import Value, optim
>>> w = Value(3.0, name="w")
>>> optimizer = optim.SGD([w], learning_rate=0.25)
>>> for _ in range(3):
...     optimizer.zero_grad()
...     (w * w).backward()
...     optimizer.step()
>>> w.data
0.375
"""

from autograd_mini.optim.adagrad import Adagrad
from autograd_mini.optim.momentum import Momentum
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Momentum", "Optimizer"]
