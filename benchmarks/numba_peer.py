"""numba: the small networks as straight-line code with loops, compiled to machine code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from benchmarks.problems import Problem, Run


@njit
def net_step(w: Any, x: Any, y: float, rate: float) -> float:
    h1 = 1.0 / (1.0 + math.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
    h2 = 1.0 / (1.0 + math.exp(-(w[3] * x[0] + w[4] * x[1] + w[5])))
    o = 1.0 / (1.0 + math.exp(-(w[6] * h1 + w[7] * h2 + w[8])))
    e = y - o
    d = rate * e * o * (1.0 - o)
    d1 = d * w[6] * h1 * (1.0 - h1)
    d2 = d * w[7] * h2 * (1.0 - h2)
    w[0] += d1 * x[0]
    w[1] += d1 * x[1]
    w[2] += d1
    w[3] += d2 * x[0]
    w[4] += d2 * x[1]
    w[5] += d2
    w[6] += d * h1
    w[7] += d * h2
    w[8] += d
    return 0.5 * e * e


@njit
def net_steps(w: Any, X: Any, Y: Any, rate: float, first: int, count: int) -> float:
    loss = 0.0
    for i in range(first, first + count):
        loss = net_step(w, X[i % len(X)], Y[i % len(X)], rate)
    return loss


def scalar_net(p: Problem) -> Run:
    w, rate, done = p.weights[0].copy(), p.rate, 0
    rows = list(zip(p.x, p.y.tolist(), strict=True))

    def steps(count: int) -> float:
        nonlocal done
        for i in range(done, done + count):
            x, y = rows[i % 4]
            loss = net_step(w, x, y, rate)
        done += count
        return loss

    return Run(steps, lambda: [w])


def scalar_net_looped(p: Problem) -> Run:
    w, done = p.weights[0].copy(), 0

    def steps(count: int) -> float:
        nonlocal done
        loss = net_steps(w, p.x, p.y, p.rate, done, count)
        done += count
        return loss

    return Run(steps, lambda: [w])


@njit
def moons_epoch(flat: Any, X: Any, Y: Any, rate: float) -> float:
    n = len(X)
    W1, W2, w3 = flat[:48].reshape(16, 3), flat[48:320].reshape(16, 17), flat[320:]
    gradient = 2e-4 * flat
    G1, G2, g3 = gradient[:48].reshape(16, 3), gradient[48:320].reshape(16, 17), gradient[320:]
    h1, h2, back = np.empty(16), np.empty(16), np.empty(16)
    total = 0.0
    for k in range(n):
        for j in range(16):
            h1[j] = max(W1[j, 0] * X[k, 0] + W1[j, 1] * X[k, 1] + W1[j, 2], 0.0)
        score = w3[16]
        for j in range(16):
            s = W2[j, 16]
            for i in range(16):
                s += W2[j, i] * h1[i]
            h2[j] = max(s, 0.0)
            score += w3[j] * h2[j]
        margin = 1.0 - Y[k] * score
        if margin <= 0.0:
            continue
        total += margin
        d = -Y[k] / n
        back[:] = 0.0
        g3[16] += d
        for j in range(16):
            if h2[j] > 0.0:
                g3[j] += d * h2[j]
                d2 = d * w3[j]
                G2[j, 16] += d2
                for i in range(16):
                    G2[j, i] += d2 * h1[i]
                    back[i] += d2 * W2[j, i]
        for i in range(16):
            if h1[i] > 0.0:
                G1[i, 0] += back[i] * X[k, 0]
                G1[i, 1] += back[i] * X[k, 1]
                G1[i, 2] += back[i]
    penalty = 0.0
    for i in range(len(flat)):
        penalty += flat[i] * flat[i]
        flat[i] -= rate * gradient[i]
    return total / n + 1e-4 * penalty


def scalar_moons(p: Problem) -> Run:
    w = p.weights[0].copy()

    def steps(count: int) -> float:
        for _ in range(count):
            loss = moons_epoch(w, p.x, p.y, p.rate)
        return loss

    return Run(steps, lambda: [w])


@njit
def xor_step(w: Any, memory: Any, gradient: Any, X: Any, Y: Any, rate: float, momentum: float) -> float:
    gradient[:] = 0.0
    loss = 0.0
    for k in range(len(X)):
        x1, x2 = X[k]
        h1 = 1.0 / (1.0 + math.exp(-(w[0] * x1 + w[1] * x2 + w[4])))
        h2 = 1.0 / (1.0 + math.exp(-(w[2] * x1 + w[3] * x2 + w[5])))
        o = 1.0 / (1.0 + math.exp(-(w[6] * h1 + w[7] * h2 + w[8])))
        e = o - Y[k, 0]
        loss += 0.5 * e * e
        d = e * o * (1.0 - o)
        d1 = d * w[6] * h1 * (1.0 - h1)
        d2 = d * w[7] * h2 * (1.0 - h2)
        gradient[0] += d1 * x1
        gradient[1] += d1 * x2
        gradient[2] += d2 * x1
        gradient[3] += d2 * x2
        gradient[4] += d1
        gradient[5] += d2
        gradient[6] += d * h1
        gradient[7] += d * h2
        gradient[8] += d
    for i in range(9):
        memory[i] = momentum * memory[i] - rate * gradient[i]
        w[i] += memory[i]
    return loss


def xor(p: Problem) -> Run:
    """T3 alone: its nine weights are W₁ (2, 2), b₁ (2,), W₂ (1, 2), b₂ (1,), one after the other."""
    w = np.concatenate([weight.ravel() for weight in p.weights])
    memory, gradient = np.zeros((2, 9))

    def steps(count: int) -> float:
        for _ in range(count):
            loss = xor_step(w, memory, gradient, p.x, p.y, p.rate, p.momentum)
        return loss

    return Run(steps, lambda: [w[:4].reshape(2, 2), w[4:6], w[6:8].reshape(1, 2), w[8:]])


BUILDERS = {
    "numba": {"scalar net": scalar_net, "scalar moons": scalar_moons, "dense": xor},
    "numba looped": {"scalar net": scalar_net_looped},
}
