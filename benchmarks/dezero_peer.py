"""DeZero with its own functions and optimizers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import numpy as np

from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss

if not hasattr(np, "int"):
    setattr(np, "int", int)  # noqa: B010, it was written for a NumPy that still had this name

import dezero.functions as F
import dezero.functions_conv as conv
from dezero import Parameter, Variable, optimizers


def descend(w: list[Variable], loss: Variable, rate: float) -> None:
    for v in w:
        v.cleargrad()
    loss.backward()
    for v in w:
        v.data = v.data - rate * v.grad.data


def scalar_net(p: Problem) -> Run:
    w, endless = [Variable(np.array(number)) for number in p.weights[0].tolist()], cycle(samples(p))

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            loss = net_loss(w, x1, x2, y, F.sigmoid)
            descend(w, loss, p.rate)
        return float(loss.data)

    return Run(steps, lambda: [[float(v.data) for v in w]])


def scalar_moons(p: Problem) -> Run:
    w, X, Y = [Variable(np.array(number)) for number in p.weights[0].tolist()], p.x.tolist(), p.y.tolist()

    def steps(count: int) -> float:
        for _ in range(count):
            loss = moons_loss(w, X, Y, F.relu)
            descend(w, loss, p.rate)
        return float(loss.data)

    return Run(steps, lambda: [[float(v.data) for v in w]])


def layers(p: Problem, w: list[Any], h: Any) -> Any:
    g = F.sigmoid if p.activation == "sigmoid" else F.relu
    for i in range(0, len(w) - 2, 2):
        h = g(F.linear(h, w[i], w[i + 1]))
    return F.linear(h, w[-2], w[-1])


class Model:
    """What an optimizer asks for: the parameters."""

    def __init__(self, parameters: list[Parameter]) -> None:
        self.parameters = parameters

    def params(self) -> list[Parameter]:
        return self.parameters


def dense(p: Problem) -> Run:
    # Its dense weights are (in, out).
    w = [Parameter(weight.T.copy() if weight.ndim == 2 else weight.copy()) for weight in p.weights]
    x, y = Variable(p.x), Variable(p.y)
    make: dict[str, Callable[..., Any]] = {
        "momentum": lambda: optimizers.MomentumSGD(p.rate, p.momentum),
        "adagrad": lambda: optimizers.AdaGrad(p.rate, eps=0.0),
        "sgd": lambda: optimizers.SGD(p.rate),
    }
    optimizer = make[p.optimizer]().setup(Model(w))

    def steps(count: int) -> float:
        for _ in range(count):
            if p.kind == "convolutions":
                h = conv.pooling(F.relu(conv.conv2d(x, w[0], w[1])), 2, 2)
                h = conv.pooling(F.relu(conv.conv2d(h, w[2], w[3])), 2, 2)
                loss = F.softmax_cross_entropy(layers(p, w[4:], F.flatten(h)), y)
            elif p.loss == "squares":
                loss = 0.5 * F.sum((y - F.sigmoid(layers(p, w, x))) ** 2)
            else:
                loss = F.softmax_cross_entropy(layers(p, w, x), y)
            for v in w:
                v.cleargrad()
            loss.backward()
            optimizer.update()
        return float(loss.data)

    return Run(steps, lambda: [v.data.T if v.data.ndim == 2 else v.data for v in w])


def chain(p: Problem) -> Run:
    found: list[float] = []
    starts, c, operations = p.weights[0].tolist(), p.x.item(), p.nodes

    def steps(count: int) -> float:
        for _ in range(count):
            x, w = (Variable(np.array(v)) for v in starts)
            v = x
            for _ in range(operations // 2):
                v = v * w + c
            v.backward()
            found[:] = x.grad.data.item(), w.grad.data.item()
        return float(v.data)

    return Run(steps, lambda: [found])


BUILDERS = {
    "dezero": {
        "scalar net": scalar_net,
        "scalar moons": scalar_moons,
        "dense": dense,
        "convolutions": dense,
        "chain": chain,
    }
}
