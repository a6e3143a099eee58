"""The tasks as a user of this library writes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import Value, nn, optim
from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss


def scalar_net(p: Problem) -> Run:
    """With the update written out, as for micrograd."""
    w = [Value(number) for number in p.weights[0].tolist()]
    endless, rate = cycle(samples(p)), p.rate

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            E = net_loss(w, x1, x2, y, Value.sigmoid)
            for v in w:
                v.grad = None
            E.backward()
            for v in w:
                v.data -= rate * v.grad
        return E.data

    return Run(steps, lambda: [[v.data for v in w]])


def scalar_net_optim(p: Problem) -> Run:
    """With optim.SGD."""
    w = [Value(number) for number in p.weights[0].tolist()]
    endless, optimizer = cycle(samples(p)), optim.SGD(w, p.rate)

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            optimizer.zero_grad()
            E = net_loss(w, x1, x2, y, Value.sigmoid)
            E.backward()
            optimizer.step()
        return E.data

    return Run(steps, lambda: [[v.data for v in w]])


def scalar_moons(p: Problem) -> Run:
    w = [Value(number) for number in p.weights[0].tolist()]
    X, Y, rate = p.x.tolist(), p.y.tolist(), p.rate

    def steps(count: int) -> float:
        for _ in range(count):
            E = moons_loss(w, X, Y, Value.relu)
            for v in w:
                v.grad = None
            E.backward()
            for v in w:
                v.data -= rate * v.grad
        return E.data

    return Run(steps, lambda: [[v.data for v in w]])


def load(model: nn.Module, p: Problem) -> nn.Module:
    model.load_state_dict(dict(zip(model.state_dict(), p.weights, strict=True)))
    return model


def network(p: Problem) -> nn.Module:
    if p.kind == "convolutions":
        layers = [nn.Conv2d(1, 6, 5, dtype=p.dtype), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(6, 16, 5, dtype=p.dtype), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        return load(nn.Sequential(*layers, *nn.MLP([256, 120, 84, 10], "relu", dtype=p.dtype)), p)
    output = "sigmoid" if p.loss == "squares" else None
    return load(nn.MLP(p.sizes, p.activation, output, dtype=p.dtype), p)


def optimizer_of(p: Problem, model: nn.Module) -> optim.Optimizer:
    if p.optimizer == "momentum":
        return optim.Momentum(model.parameters(), p.rate, p.momentum)
    return {"adagrad": optim.Adagrad, "sgd": optim.SGD}[p.optimizer](model.parameters(), p.rate)


def dense(p: Problem) -> Run:
    """The loop of `learn.fit`, without its checks."""
    model = network(p)
    loss = nn.L2Loss() if p.loss == "squares" else nn.CrossEntropyLoss()
    optimizer, x, y = optimizer_of(p, model), p.x, p.y

    def steps(count: int) -> float:
        for _ in range(count):
            optimizer.zero_grad()
            E = loss(model(x), y)
            E.backward(retain_grads=False)
            optimizer.step()
        return E.item()

    return Run(steps, lambda: [w.data for w in model.parameters()])


def inference(p: Problem) -> Run:
    model, x = network(p).eval(), p.x

    def steps(count: int) -> Any:
        with ag.no_grad():
            for _ in range(count):
                output = model(x)
        return float(np.sum(output.data))

    return Run(steps, lambda: [w.data for w in model.parameters()])


def chain(p: Problem) -> Run:
    found: list[float] = []
    parts: dict[str, float] = {}
    (start, factor), c = p.weights[0].tolist(), p.x.item()

    def steps(count: int) -> float:
        for _ in range(count):
            begin = time.process_time()
            x, w = Value(start), Value(factor)
            v = x
            for _ in range(p.nodes // 2):
                v = v * w + c
            recorded = time.process_time()
            v.backward()
            differentiated = time.process_time()
            end, found[:] = v.data, [x.grad, w.grad]
            del v
            freed = time.process_time()
            parts.update(record=recorded - begin, backward=differentiated - recorded, free=freed - differentiated)
        return end

    return Run(steps, lambda: [found], parts)


BUILDERS: dict[str, dict[str, Callable[[Problem], Run]]] = {
    "ours": {
        "scalar net": scalar_net,
        "scalar moons": scalar_moons,
        "dense": dense,
        "convolutions": dense,
        "inference": inference,
        "chain": chain,
    },
    "ours optim.SGD": {"scalar net": scalar_net_optim},
}
