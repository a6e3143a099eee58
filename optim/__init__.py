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

from autograd_mini.optim.adadelta import Adadelta
from autograd_mini.optim.adagrad import Adagrad
from autograd_mini.optim.adam import Adam
from autograd_mini.optim.adamw import AdamW
from autograd_mini.optim.clipping import clip_by_norm, clip_by_value
from autograd_mini.optim.momentum import Momentum
from autograd_mini.optim.nesterov import Nesterov
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.optim.rmsprop import RMSprop
from autograd_mini.optim.schedules import (
    ConstantSchedule,
    CosineSchedule,
    ExponentialSchedule,
    InverseTimeSchedule,
    OneCycleSchedule,
    ReduceOnPlateau,
    Schedule,
    StepSchedule,
    WarmUp,
)
from autograd_mini.optim.sgd import SGD
from autograd_mini.optim.update import Update

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "ConstantSchedule",
    "CosineSchedule",
    "ExponentialSchedule",
    "InverseTimeSchedule",
    "Momentum",
    "Nesterov",
    "OneCycleSchedule",
    "Optimizer",
    "RMSprop",
    "ReduceOnPlateau",
    "Schedule",
    "StepSchedule",
    "Update",
    "WarmUp",
    "clip_by_norm",
    "clip_by_value",
]
