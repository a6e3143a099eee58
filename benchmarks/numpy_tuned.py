"""NumPy as fast as one can write it: buffers made once, everything in place, all weights in one flat array.

The learning rate and 1/batch are folded into the output's delta, so that gradients come out as −µ g; biases are a
column of the weights; constants are ready arrays, since a Python number costs a conversion at every call.
"""

from __future__ import annotations

import math
from itertools import cycle, islice, pairwise

import numpy as np

from benchmarks.problems import Problem, Run

dot, exp = np.dot, np.exp
add, subtract, multiply, divide, maximum, greater = np.add, np.subtract, np.multiply, np.divide, np.maximum, np.greater

#: Larger arrays of weights are updated in pieces that stay in the cache through all the lines of the update.
PIECE = 32_768

#: np.dot is called faster than np.matmul, but copies a matrix that is part of a wider one.
SMALL = 4_096


def views(flat: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    parts, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        parts.append(flat[start : start + size].reshape(shape))
        start += size
    return parts


class Updates:
    """One update of all weights, from the flat array of gradients (which it may overwrite)."""

    def __init__(self, p: Problem, flat: np.ndarray, gradient: np.ndarray) -> None:
        count = flat.size
        memory = np.zeros_like(flat)
        cuts = [*range(0, count, PIECE), count]
        self.pieces = [(flat[a:b], gradient[a:b], memory[a:b]) for a, b in pairwise(cuts)]
        small = min(count, PIECE)
        self.momentum = np.full(small, p.momentum, flat.dtype)
        self.rate = np.full(small, p.rate, flat.dtype)
        self.squares = np.empty(small, flat.dtype)
        self.step = {"momentum": self.with_momentum, "adagrad": self.adagrad, "sgd": self.sgd}[p.optimizer]

    def with_momentum(self) -> None:
        for w, g, previous in self.pieces:
            np.multiply(previous, self.momentum[: w.size], out=previous)
            np.add(previous, g, out=previous)
            np.add(w, previous, out=w)

    def adagrad(self) -> None:
        """Whatever factor the gradients have cancels: g/√Σg²."""
        for w, g, total in self.pieces:
            root = self.squares[: w.size]
            np.multiply(g, g, out=root)
            np.add(total, root, out=total)
            np.sqrt(total, out=root)
            np.divide(g, root, out=g)
            np.multiply(g, self.rate[: w.size], out=g)
            np.subtract(w, g, out=w)

    def sgd(self) -> None:
        for w, g, _ in self.pieces:
            np.add(w, g, out=w)


class Layer:
    """One dense layer's buffers, a column for each example. W is (out, in + 1): the last column is the bias.

    Under a sigmoid outputs are kept negative, k = −h = −1/(1 + exp(−s)): the next layer's product is then −s at once.
    """

    def __init__(self, w: np.ndarray, g: np.ndarray, n: int, sign: int) -> None:
        self.w, self.g, self.sign = w, g, sign
        out = len(w)
        self.below = np.full((out + 1, n), sign, w.dtype)  # the last row, of ±1, meets the next layer's bias
        self.out, self.out_t = self.below[:out], self.below.T
        self.w_t = w[:, :-1].T
        self.back = dot if w.size <= SMALL else np.matmul
        self.delta = np.empty((out, n), w.dtype)
        if sign < 0:
            self.slope = np.empty((out, n), w.dtype)
            self.one, self.minus = np.ones((out, n), w.dtype), np.full((out, n), -1, w.dtype)
        else:
            self.mask = np.empty((out, n), bool)
            self.zero = np.zeros((out if out * n <= PIECE else 1, n), w.dtype)  # a row is enough, if a little slower


class Dense:
    """A dense network: `forward()`, `error()`, then `backward()`, which leaves −µ g in the flat gradient."""

    def __init__(self, p: Problem, flat: np.ndarray, gradient: np.ndarray) -> None:
        n, dtype = len(p.x), p.dtype
        sign = -1 if p.activation == "sigmoid" else 1
        shapes = [(out, m + 1) for m, out in pairwise(p.sizes)]
        self.squares, self.sign = p.loss == "squares", sign
        self.weights = views(flat, shapes)
        pairs = zip(self.weights, views(gradient, shapes), strict=True)
        self.layers = [Layer(w, g, n, sign) for w, g in pairs]
        for layer, w, b in zip(self.layers, p.weights[::2], p.weights[1::2], strict=True):
            layer.w[:, :-1], layer.w[:, -1] = w, b
        self.x = np.full((p.sizes[0] + 1, n), sign, dtype)
        self.x[:-1] = sign * p.x.T
        self.inputs = [self.x, *[layer.below for layer in self.layers[:-1]]]
        self.last = last = self.layers[-1]
        # Adagrad's update does not depend on the gradients' scale. The sign is that of the inputs in `backward`.
        scale = sign if p.optimizer == "adagrad" else -sign * p.rate / (1 if self.squares else n)
        self.scale = None if scale == 1 else np.full((p.sizes[-1], n), scale, dtype)
        self.target = np.zeros((p.sizes[-1], n), dtype)
        if self.squares:
            self.target[...] = -p.y.T
        else:
            self.target[p.y, np.arange(n)] = 1
            self.right = p.y * n + np.arange(n)
        self.row, self.picked, self.error_row = np.empty((1, n), dtype), np.empty(n, dtype), last.delta.reshape(-1)
        self.negative = np.full_like(last.out, -1) if sign < 0 and not self.squares else None

    def forward(self) -> None:
        last = self.last
        for x, layer in zip(self.inputs, self.layers, strict=True):
            out = layer.out
            dot(layer.w, x, out=out)
            if self.sign > 0:
                if layer is not last:
                    maximum(out, layer.zero, out=out)
            elif layer is not last or self.squares:
                exp(out, out=out)
                add(out, layer.one, out=out)
                divide(layer.minus, out, out=out)

    def error(self) -> float:
        """The loss; the last layer's delta is ready afterwards."""
        last = self.last
        out, delta = last.out, last.delta
        if self.squares:
            subtract(self.target, out, out=delta)  # −y + ŷ
            loss = 0.5 * dot(self.error_row, self.error_row)
            subtract(last.minus, out, out=last.slope)
            multiply(last.slope, out, out=last.slope)
            multiply(delta, last.slope, out=delta)
        else:
            if self.negative is not None:
                multiply(out, self.negative, out=out)
            np.maximum.reduce(out, axis=0, keepdims=True, out=self.row)
            subtract(out, self.row, out=delta)
            exp(delta, out=delta)
            np.add.reduce(delta, axis=0, keepdims=True, out=self.row)
            divide(delta, self.row, out=delta)
            delta.take(self.right, out=self.picked, mode="clip")  # "raise" would buffer
            np.log(self.picked, out=self.picked)
            loss = -np.add.reduce(self.picked) / len(self.picked)
            subtract(delta, self.target, out=delta)
        if self.scale is not None:
            multiply(delta, self.scale, out=delta)
        return loss

    def backward(self) -> None:
        layers = self.layers
        for i in range(len(layers) - 1, 0, -1):
            layer, before = layers[i], layers[i - 1]
            dot(layer.delta, before.out_t, out=layer.g)
            delta = before.delta
            layer.back(layer.w_t, layer.delta, out=delta)
            if self.sign > 0:
                greater(before.out, before.zero, out=before.mask)
                multiply(delta, before.mask, out=delta)
            else:
                subtract(before.minus, before.out, out=before.slope)
                multiply(before.slope, before.out, out=before.slope)
                multiply(delta, before.slope, out=delta)
        dot(layers[0].delta, self.x.T, out=layers[0].g)


def dense(p: Problem) -> Run:
    flat = np.empty(sum(w.size for w in p.weights), p.dtype)
    gradient = np.empty_like(flat)
    network, update = Dense(p, flat, gradient), Updates(p, flat, gradient).step

    def steps(count: int) -> float:
        for _ in range(count):
            network.forward()
            loss = network.error()
            network.backward()
            update()
        return loss

    return Run(steps, lambda: [part for w in network.weights for part in (w[:, :-1], w[:, -1])])


def inference(p: Problem) -> Run:
    flat = np.empty(sum(w.size for w in p.weights), p.dtype)
    network = Dense(p, flat, flat)

    def steps(count: int) -> float:
        for _ in range(count):
            network.forward()
        return network.sign * float(np.sum(network.last.out))

    return Run(steps, lambda: [part for w in network.weights for part in (w[:, :-1], w[:, -1])])


def scalar_net(p: Problem) -> Run:
    """The 2-2-1 network, one example a step: vectors with a 1 behind stand for the biases."""
    flat = p.weights[0].copy()
    W, v = flat[:6].reshape(2, 3), flat[6:]
    gradient = np.empty(9)
    gW, gv = gradient[:6].reshape(2, 3), gradient[6:]
    h, slope, delta = np.ones(3), np.empty(2), np.empty((2, 1))
    units, deltas, v2, one = h[:2], delta[:, 0], v[:2], np.ones(2)
    examples = [(np.array([*x, 1.0]), y) for x, y in zip(p.x, p.y.tolist(), strict=True)]
    examples = [(x, x[None], y) for x, y in examples]
    endless, rate, exp = cycle(examples), p.rate, math.exp

    def steps(count: int) -> float:
        for x, row, y in islice(endless, count):
            np.dot(W, x, out=units)
            np.negative(units, out=units)
            np.exp(units, out=units)
            np.add(units, one, out=units)
            np.divide(one, units, out=units)
            o = 1.0 / (1.0 + exp(-v.dot(h)))
            e = y - o
            loss = 0.5 * e * e
            d = rate * e * o * (1.0 - o)
            np.subtract(one, units, out=slope)
            np.multiply(slope, units, out=slope)
            np.multiply(v2, d, out=deltas)
            np.multiply(deltas, slope, out=deltas)
            np.multiply(delta, row, out=gW)
            np.multiply(h, d, out=gv)
            np.add(flat, gradient, out=flat)
        return loss

    return Run(steps, lambda: [flat])


BUILDERS = {"tuned": {"scalar net": scalar_net, "dense": dense, "inference": inference}}
