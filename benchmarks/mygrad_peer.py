"""MyGrad, with its memory guard off, as its documentation advises for speed."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu, sigmoid
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss

mg.turn_memory_guarding_off()


def descend(w: list[Any], loss: Any, rate: float) -> None:
    loss.backward()
    for v in w:
        v.data -= rate * v.grad


def scalar_net(p: Problem) -> Run:
    w, endless = [mg.tensor(number) for number in p.weights[0].tolist()], cycle(samples(p))

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            loss = net_loss(w, x1, x2, y, sigmoid)
            descend(w, loss, p.rate)
        return loss.item()

    return Run(steps, lambda: [[v.item() for v in w]])


def scalar_moons(p: Problem) -> Run:
    w, X, Y = [mg.tensor(number) for number in p.weights[0].tolist()], p.x.tolist(), p.y.tolist()

    def steps(count: int) -> float:
        for _ in range(count):
            loss = moons_loss(w, X, Y, relu)
            descend(w, loss, p.rate)
        return loss.item()

    return Run(steps, lambda: [[v.item() for v in w]])


class Updates:
    """Momentum, Adagrad or plain descent, in place."""

    def __init__(self, p: Problem, w: list[Any]) -> None:
        self.p, self.w, self.memory = p, w, [np.zeros_like(v.data) for v in w]

    def __call__(self) -> None:
        p = self.p
        for w, memory in zip(self.w, self.memory, strict=True):
            g = w.grad
            if p.optimizer == "sgd":
                w.data -= p.rate * g
            elif p.optimizer == "momentum":
                memory *= p.momentum
                memory -= p.rate * g
                w.data += memory
            else:
                memory += g * g
                w.data -= p.rate * g / np.sqrt(memory)


def layers(p: Problem, w: list[Any], h: Any) -> Any:
    g = sigmoid if p.activation == "sigmoid" else relu
    for i in range(0, len(w) - 2, 2):
        h = g(mg.matmul(h, w[i].T) + w[i + 1])
    return mg.matmul(h, w[-2].T) + w[-1]


def dense(p: Problem) -> Run:
    w = [mg.tensor(weight.copy()) for weight in p.weights]
    x, y, update = p.x, p.y, Updates(p, w)

    def steps(count: int) -> float:
        for _ in range(count):
            if p.kind == "convolutions":
                h = max_pool(relu(conv_nd(x, w[0], stride=1) + w[1].reshape(1, -1, 1, 1)), (2, 2), 2)
                h = max_pool(relu(conv_nd(h, w[2], stride=1) + w[3].reshape(1, -1, 1, 1)), (2, 2), 2)
                loss = softmax_crossentropy(layers(p, w[4:], h.reshape(len(x), -1)), y)
            elif p.loss == "squares":
                loss = 0.5 * mg.sum((y - sigmoid(layers(p, w, x))) ** 2)
            else:
                loss = softmax_crossentropy(layers(p, w, x), y)
            loss.backward()
            update()
        return loss.item()

    return Run(steps, lambda: [v.data for v in w])


def chain(p: Problem) -> Run:
    found: list[float] = []
    starts, c, operations = p.weights[0].tolist(), p.x.item(), p.nodes

    def steps(count: int) -> float:
        for _ in range(count):
            x, w = (mg.tensor(v) for v in starts)
            v = x
            for _ in range(operations // 2):
                v = v * w + c
            v.backward()
            found[:] = x.grad.item(), w.grad.item()
        return v.item()

    return Run(steps, lambda: [found])


BUILDERS = {
    "mygrad": {
        "scalar net": scalar_net,
        "scalar moons": scalar_moons,
        "dense": dense,
        "convolutions": dense,
        "chain": chain,
    }
}
