"""HIPS autograd: `value_and_grad` of a loss written in its NumPy, updates as a textbook writes them."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from benchmarks.numpy_naive import Updates
from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss


def sigmoid(s: Any) -> Any:
    return 1 / (1 + anp.exp(-s))


def relu(s: Any) -> Any:
    return anp.maximum(s, 0.0)


def relu_of_scalar(s: Any) -> Any:
    return s * (s > 0)  # at a tie `maximum` gives half the gradient; and this is quicker


def scalar_net(p: Problem) -> Run:
    w, endless = p.weights[0].tolist(), cycle(samples(p))
    both = value_and_grad(lambda w, x1, x2, y: net_loss(w, x1, x2, y, sigmoid))

    def steps(count: int) -> float:
        for sample in islice(endless, count):
            loss, gradient = both(w, *sample)
            w[:] = [v - p.rate * g for v, g in zip(w, gradient, strict=True)]
        return loss

    return Run(steps, lambda: [w])


def scalar_moons(p: Problem) -> Run:
    w, X, Y = p.weights[0].tolist(), p.x.tolist(), p.y.tolist()
    both = value_and_grad(lambda w: moons_loss(w, X, Y, relu_of_scalar))

    def steps(count: int) -> float:
        for _ in range(count):
            loss, gradient = both(w)
            w[:] = [v - p.rate * g for v, g in zip(w, gradient, strict=True)]
        return loss

    return Run(steps, lambda: [w])


def dense(p: Problem) -> Run:
    w = [weight.copy() for weight in p.weights]
    x, y, g, update = p.x, p.y, sigmoid if p.activation == "sigmoid" else relu, Updates(p, w)
    rows = np.arange(len(y))

    def loss_of(w: list[Any]) -> Any:
        h = x
        for i in range(0, len(w) - 2, 2):
            h = g(anp.dot(h, w[i].T) + w[i + 1])
        z = anp.dot(h, w[-2].T) + w[-1]
        if p.loss == "squares":
            return 0.5 * anp.sum((y - sigmoid(z)) ** 2)
        z = z - anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[rows, y])

    both = value_and_grad(loss_of)

    def steps(count: int) -> float:
        for _ in range(count):
            loss, gradients = both(w)
            update(w, gradients)
        return loss

    return Run(steps, lambda: w)


def chain(p: Problem) -> Run:
    c, operations, found = p.x.item(), p.nodes, p.weights[0].tolist()

    def chained(start: Any) -> Any:
        v, w = start
        for _ in range(operations // 2):
            v = v * w + c
        return v

    both, start = value_and_grad(chained), list(found)

    def steps(count: int) -> float:
        for _ in range(count):
            end, found[:] = both(start)
        return end

    return Run(steps, lambda: [found])


BUILDERS = {"autograd": {"scalar net": scalar_net, "scalar moons": scalar_moons, "dense": dense, "chain": chain}}
