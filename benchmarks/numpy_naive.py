"""NumPy as a textbook writes it: one line a formula, new arrays everywhere."""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np

from benchmarks.problems import Problem, Run


def sigmoid(s: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-s))


def relu(s: np.ndarray) -> np.ndarray:
    return np.maximum(s, 0)


def forward(p: Problem, w: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """The layers' outputs, the input first; the last without an activation."""
    g = sigmoid if p.activation == "sigmoid" else relu
    h = [x]
    for i in range(0, len(w) - 2, 2):
        h.append(g(h[-1] @ w[i].T + w[i + 1]))
    return [*h, h[-1] @ w[-2].T + w[-1]]


def error(p: Problem, output: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The loss, and its derivative by the output before the activation."""
    if p.loss == "squares":
        prediction = sigmoid(output)
        return 0.5 * np.sum((y - prediction) ** 2), (prediction - y) * prediction * (1 - prediction)
    e = np.exp(output - np.max(output, axis=1, keepdims=True))
    probability = e / np.sum(e, axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.mean(np.log(probability[rows, y]))
    delta = probability.copy()
    delta[rows, y] -= 1
    return loss, delta / len(y)


def backward(
    p: Problem, w: list[np.ndarray], h: list[np.ndarray], delta: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """The weights' gradients, and the delta of the first layer."""
    gradients: list[np.ndarray] = []
    for i in range(len(w) - 2, -1, -2):
        gradients = [delta.T @ h[i // 2], np.sum(delta, axis=0), *gradients]
        if i:
            out = h[i // 2]
            delta = (delta @ w[i]) * (out * (1 - out) if p.activation == "sigmoid" else (out > 0))
    return gradients, delta


class Updates:
    """Momentum, Adagrad or plain descent, parameter by parameter."""

    def __init__(self, p: Problem, weights: list[np.ndarray]) -> None:
        self.p, self.memory = p, [np.zeros_like(w) for w in weights]

    def __call__(self, weights: list[np.ndarray], gradients: list[np.ndarray]) -> None:
        p = self.p
        for i, g in enumerate(gradients):
            if p.optimizer == "sgd":
                weights[i] = weights[i] - p.rate * g
            elif p.optimizer == "momentum":
                self.memory[i] = p.momentum * self.memory[i] - p.rate * g
                weights[i] = weights[i] + self.memory[i]
            else:
                self.memory[i] = self.memory[i] + g**2
                weights[i] = weights[i] - p.rate * g / np.sqrt(self.memory[i])


def dense(p: Problem) -> Run:
    w = [weight.copy() for weight in p.weights]
    x, y, update = p.x, p.y, Updates(p, w)

    def steps(count: int) -> float:
        for _ in range(count):
            h = forward(p, w, x)
            loss, delta = error(p, h[-1], y)
            update(w, backward(p, w, h, delta)[0])
        return loss

    return Run(steps, lambda: w)


def scalar_net(p: Problem) -> Run:
    """The 2-2-1 network as two matrices, one example a step."""
    flat = p.weights[0]
    W, b, v, c = flat[[0, 1, 3, 4]].reshape(2, 2), flat[[2, 5]], flat[6:8].copy(), flat[8]
    endless = cycle(list(zip(p.x, p.y, strict=True)))

    def steps(count: int) -> float:
        nonlocal W, b, v, c
        for x, y in islice(endless, count):
            h = sigmoid(W @ x + b)
            o = sigmoid(v @ h + c)
            loss = 0.5 * (y - o) ** 2
            d = (o - y) * o * (1 - o)
            dh = d * v * h * (1 - h)
            W = W - p.rate * np.outer(dh, x)
            b = b - p.rate * dh
            v = v - p.rate * d * h
            c = c - p.rate * d
        return loss

    return Run(steps, lambda: [np.array([*W[0], b[0], *W[1], b[1], *v, c])])


def inference(p: Problem) -> Run:
    w = [weight.copy() for weight in p.weights]

    def steps(count: int) -> float:
        for _ in range(count):
            output = forward(p, w, p.x)[-1]
        return float(np.sum(output))

    return Run(steps, lambda: w)


def windows(x: np.ndarray, k: int) -> np.ndarray:
    """Every k × k window of the pictures as a row: (batch, out, out, channels · k · k)."""
    seen = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
    return seen.transpose(0, 2, 3, 1, 4, 5).reshape(len(x), *seen.shape[2:4], -1)


def spread(rows: np.ndarray, shape: tuple[int, ...], k: int) -> np.ndarray:
    """The transpose of `windows`: adds each row back to where it was seen."""
    n, channels, height, width = shape
    x = np.zeros(shape, rows.dtype)
    parts = rows.reshape(n, height - k + 1, width - k + 1, channels, k, k)
    for i in range(k):
        for j in range(k):
            x[:, :, i : i + height - k + 1, j : j + width - k + 1] += parts[..., i, j].transpose(0, 3, 1, 2)
    return x


def convolve(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = windows(x, w.shape[-1])
    return (rows @ w.reshape(len(w), -1).T + b).transpose(0, 3, 1, 2), rows


def pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest of every 2 × 2, and which of the four it is (the first of equals)."""
    n, c, height, width = x.shape
    fours = x.reshape(n, c, height // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, height // 2, -1, 4)
    which = fours.argmax(axis=-1)[..., None]
    return np.take_along_axis(fours, which, axis=-1)[..., 0], which


def unpool(g: np.ndarray, which: np.ndarray) -> np.ndarray:
    n, c, height, width = g.shape
    fours = np.zeros((n, c, height, width, 4), g.dtype)
    np.put_along_axis(fours, which, g[..., None], axis=-1)
    return fours.reshape(n, c, height, width, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * height, 2 * width)


def convolution_gradients(g: np.ndarray, rows: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, ...]:
    """∂E/∂w, ∂E/∂b, and ∂E/∂(the windows)."""
    g = g.transpose(0, 2, 3, 1).reshape(-1, len(w))
    flat = rows.reshape(len(g), -1)
    return (g.T @ flat).reshape(w.shape), g.sum(axis=0), (g @ w.reshape(len(w), -1)).reshape(rows.shape)


def convolutions(p: Problem) -> Run:
    w = [weight.copy() for weight in p.weights]
    x, y, update = p.x, p.y, Updates(p, w)

    def steps(count: int) -> float:
        for _ in range(count):
            s1, rows1 = convolve(x, w[0], w[1])
            pooled1, which1 = pool(relu(s1))
            s2, rows2 = convolve(pooled1, w[2], w[3])
            pooled2, which2 = pool(relu(s2))
            h = forward(p, w[4:], pooled2.reshape(len(x), -1))
            loss, delta = error(p, h[-1], y)
            dense_gradients, delta = backward(p, w[4:], h, delta)
            back = unpool((delta @ w[4]).reshape(pooled2.shape), which2) * (s2 > 0)
            gw2, gb2, grows = convolution_gradients(back, rows2, w[2])
            back = unpool(spread(grows, pooled1.shape, 5), which1) * (s1 > 0)
            gw1, gb1, _ = convolution_gradients(back, rows1, w[0])
            update(w, [gw1, gb1, gw2, gb2, *dense_gradients])
        return loss

    return Run(steps, lambda: w)


BUILDERS = {"naive": {"scalar net": scalar_net, "dense": dense, "inference": inference, "convolutions": convolutions}}
