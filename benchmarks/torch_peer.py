"""PyTorch, eager, one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import torch
from torch import nn

from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss

torch.set_num_threads(1)


def leaves(p: Problem) -> list[torch.Tensor]:
    return [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in p.weights[0].tolist()]


def descend(w: list[torch.Tensor], loss: torch.Tensor, rate: float) -> None:
    for v in w:
        v.grad = None
    loss.backward()
    with torch.no_grad():
        for v in w:
            v -= rate * v.grad


def scalar_net(p: Problem) -> Run:
    w, endless = leaves(p), cycle(samples(p))

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            loss = net_loss(w, x1, x2, y, torch.sigmoid)
            descend(w, loss, p.rate)
        return loss.item()

    return Run(steps, lambda: [[v.item() for v in w]])


def scalar_moons(p: Problem) -> Run:
    w, X, Y = leaves(p), p.x.tolist(), p.y.tolist()

    def steps(count: int) -> float:
        for _ in range(count):
            loss = moons_loss(w, X, Y, torch.relu)
            descend(w, loss, p.rate)
        return loss.item()

    return Run(steps, lambda: [[v.item() for v in w]])


def network(p: Problem) -> nn.Module:
    layers: list[nn.Module] = []
    rest = p.weights
    if p.kind == "convolutions":
        layers = [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]
        layers.append(nn.Flatten())
        rest = rest[4:]
    for weight in rest[::2]:
        layers += [nn.Linear(*weight.shape[::-1]), nn.Sigmoid() if p.activation == "sigmoid" else nn.ReLU()]
    layers.pop()
    model = nn.Sequential(*layers, *[nn.Sigmoid()] * (p.loss == "squares")).to(torch.from_numpy(p.x).dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), p.weights, strict=True):
            parameter.copy_(torch.from_numpy(weight))
    return model


def dense(p: Problem) -> Run:
    model, x, y = network(p), torch.from_numpy(p.x), torch.from_numpy(p.y)
    error: Callable[..., Any] = nn.functional.cross_entropy
    if p.loss == "squares":

        def error(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return 0.5 * ((prediction - target) ** 2).sum()

    make: dict[str, Callable[..., Any]] = {
        "momentum": lambda w: torch.optim.SGD(w, p.rate, momentum=p.momentum, foreach=False),
        "adagrad": lambda w: torch.optim.Adagrad(w, p.rate, eps=0, fused=True),
        "sgd": lambda w: torch.optim.SGD(w, p.rate, foreach=False),
    }
    optimizer = make[p.optimizer](model.parameters())

    def steps(count: int) -> float:
        for _ in range(count):
            optimizer.zero_grad()
            loss = error(model(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return Run(steps, lambda: [w.detach().numpy() for w in model.parameters()])


def inference(p: Problem) -> Run:
    model, x = network(p).eval(), torch.from_numpy(p.x)

    def steps(count: int) -> float:
        with torch.no_grad():
            for _ in range(count):
                output = model(x)
        return output.sum().item()

    return Run(steps, lambda: [w.detach().numpy() for w in model.parameters()])


def chain(p: Problem) -> Run:
    found: list[float] = []
    parts: dict[str, float] = {}
    starts, c, operations = p.weights[0].tolist(), p.x.item(), p.nodes

    def steps(count: int) -> float:
        for _ in range(count):
            begin = time.process_time()
            x, w = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in starts)
            v = x
            for _ in range(operations // 2):
                v = v * w + c
            recorded = time.process_time()
            v.backward()
            differentiated = time.process_time()
            end, found[:] = v.item(), [x.grad.item(), w.grad.item()]
            del v
            freed = time.process_time()
            parts.update(record=recorded - begin, backward=differentiated - recorded, free=freed - differentiated)
        return end

    return Run(steps, lambda: [found], parts)


BUILDERS = {
    "torch": {
        "scalar net": scalar_net,
        "scalar moons": scalar_moons,
        "dense": dense,
        "convolutions": dense,
        "inference": inference,
        "chain": chain,
    }
}
