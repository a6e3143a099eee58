"""JAX: the whole step, update included, under `jit`, its buffers donated."""

from __future__ import annotations

from functools import partial
from itertools import cycle, islice
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import net_loss


def scalar_net(p: Problem) -> Run:
    jax.config.update("jax_enable_x64", True)
    w, endless, rate = jnp.array(p.weights[0]), cycle(samples(p)), p.rate

    @partial(jax.jit, donate_argnums=0)
    def step(w: Any, x1: float, x2: float, y: float) -> Any:
        loss, g = jax.value_and_grad(net_loss)(w, x1, x2, y, jax.nn.sigmoid)
        return w - rate * g, loss

    def steps(count: int) -> float:
        nonlocal w
        for sample in islice(endless, count):
            w, loss = step(w, *sample)
        return float(loss)

    return Run(steps, lambda: [w])


def scores(p: Problem, w: list[Any], x: Any) -> Any:
    if p.kind == "convolutions":
        for kernel, b in ((w[0], w[1]), (w[2], w[3])):
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"))
            x = jax.nn.relu(x + b[:, None, None])
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        x, w = x.reshape(len(x), -1), w[4:]
    g = jax.nn.sigmoid if p.activation == "sigmoid" else jax.nn.relu
    for i in range(0, len(w) - 2, 2):
        x = g(x @ w[i].T + w[i + 1])
    return x @ w[-2].T + w[-1]


def error(p: Problem, w: list[Any], x: Any, y: Any) -> Any:
    z = scores(p, w, x)
    if p.loss == "squares":
        return 0.5 * jnp.sum((y - jax.nn.sigmoid(z)) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def updated(p: Problem, w: Any, g: Any, memory: Any) -> tuple[Any, Any]:
    if p.optimizer == "sgd":
        return w - p.rate * g, memory
    if p.optimizer == "momentum":
        memory = p.momentum * memory - p.rate * g
        return w + memory, memory
    memory = memory + g * g
    return w - p.rate * g / jnp.sqrt(memory), memory


def dense(p: Problem) -> Run:
    jax.config.update("jax_enable_x64", p.dtype.name == "float64")
    w = [jnp.array(weight) for weight in p.weights]
    memory, x, y = [jnp.zeros_like(v) for v in w], jnp.array(p.x), jnp.array(p.y)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(w: list[Any], memory: list[Any], x: Any, y: Any) -> Any:
        loss, g = jax.value_and_grad(partial(error, p))(w, x, y)
        pairs = [updated(p, *parts) for parts in zip(w, g, memory, strict=True)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs], loss

    def steps(count: int) -> float:
        nonlocal w, memory
        for _ in range(count):
            w, memory, loss = step(w, memory, x, y)
        return float(jax.block_until_ready(loss))

    return Run(steps, lambda: w)


def inference(p: Problem) -> Run:
    jax.config.update("jax_enable_x64", p.dtype.name == "float64")
    w, x = [jnp.array(weight) for weight in p.weights], jnp.array(p.x)
    run = jax.jit(partial(scores, p))

    def steps(count: int) -> float:
        for _ in range(count):
            output = run(w, x)
        return float(output.sum())

    return Run(steps, lambda: w)


BUILDERS = {"jax": {"scalar net": scalar_net, "dense": dense, "convolutions": dense, "inference": inference}}
