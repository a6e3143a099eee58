"""micrograd, with a sigmoid added from outside."""

from __future__ import annotations

import math
from itertools import cycle, islice

from micrograd.engine import Value

from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss


def sigmoid(v: Value) -> Value:
    out = Value(1.0 / (1.0 + math.exp(-v.data)), (v,), "sigmoid")

    def backward() -> None:
        v.grad += out.data * (1.0 - out.data) * out.grad

    out._backward = backward
    return out


def descend(w: list[Value], loss: Value, rate: float) -> None:
    for v in w:
        v.grad = 0
    loss.backward()
    for v in w:
        v.data -= rate * v.grad


def scalar_net(p: Problem) -> Run:
    w, endless = [Value(number) for number in p.weights[0].tolist()], cycle(samples(p))

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            loss = net_loss(w, x1, x2, y, sigmoid)
            descend(w, loss, p.rate)
        return loss.data

    return Run(steps, lambda: [[v.data for v in w]])


def scalar_moons(p: Problem) -> Run:
    w, X, Y = [Value(number) for number in p.weights[0].tolist()], p.x.tolist(), p.y.tolist()

    def steps(count: int) -> float:
        for _ in range(count):
            loss = moons_loss(w, X, Y, Value.relu)
            descend(w, loss, p.rate)
        return loss.data

    return Run(steps, lambda: [[v.data for v in w]])


def chain(p: Problem) -> Run:
    found: list[float] = []
    starts, c, operations = p.weights[0].tolist(), p.x.item(), p.nodes

    def steps(count: int) -> float:
        for _ in range(count):
            x, w = (Value(v) for v in starts)
            v = x
            for _ in range(operations // 2):
                v = v * w + c
            v.backward()
            found[:] = x.grad, w.grad
        return v.data

    return Run(steps, lambda: [found])


BUILDERS = {"micrograd": {"scalar net": scalar_net, "scalar moons": scalar_moons, "chain": chain}}
