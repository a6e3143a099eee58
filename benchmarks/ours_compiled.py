"""The tasks recorded once and replayed: `ag.compile`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import Value, nn, optim
from benchmarks.implementations import Unavailable
from benchmarks.ours import network, optimizer_of
from benchmarks.problems import Problem, Run, samples
from benchmarks.scalars import moons_loss, net_loss


def compiled(function: Callable[..., Any], optimizer: optim.Optimizer, numba: bool) -> Any:
    if not hasattr(ag, "compile"):
        raise Unavailable("not available")
    return ag.compile(function, optimizer=optimizer, **({"numba": True} if numba else {}))


def number(loss: Any) -> float:
    return float(loss.data if type(loss) is Value else loss)


def scalar_net(p: Problem, numba: bool = False, each: bool = False) -> Run:
    w = [Value(number) for number in p.weights[0].tolist()]
    step = compiled(lambda x1, x2, y: net_loss(w, x1, x2, y, Value.sigmoid), optim.SGD(w, p.rate), numba)
    endless = cycle(samples(p))

    def steps(count: int) -> float:
        for x1, x2, y in islice(endless, count):
            loss = step(x1, x2, y)
        return number(loss)

    table, start = np.array(samples(p)), 0

    def steps_inside(count: int) -> float:
        nonlocal start
        losses = step.each(table[np.arange(start, start + count) % len(table)])
        start += count
        return number(losses[-1])

    return Run(steps_inside if each else steps, lambda: [[v.data for v in w]])


def scalar_moons(p: Problem, numba: bool = False) -> Run:
    w, X, Y = [Value(number) for number in p.weights[0].tolist()], p.x.tolist(), p.y.tolist()
    step = compiled(lambda: moons_loss(w, X, Y, Value.relu), optim.SGD(w, p.rate), numba)

    def steps(count: int) -> float:
        for _ in range(count):
            loss = step()
        return number(loss)

    return Run(steps, lambda: [[v.data for v in w]])


def dense(p: Problem, numba: bool = False) -> Run:
    model = network(p)
    error = nn.L2Loss() if p.loss == "squares" else nn.CrossEntropyLoss()
    step = compiled(lambda x, y: error(model(x), y), optimizer_of(p, model), numba)
    x, y = p.x, p.y

    def steps(count: int) -> float:
        for _ in range(count):
            loss = step(x, y)
        return number(loss)

    return Run(steps, lambda: [w.data for w in model.parameters()])


BUILDERS: dict[str, dict[str, Callable[[Problem], Run]]] = {
    "ours compiled": {
        "scalar net": scalar_net,
        "scalar moons": scalar_moons,
        "dense": dense,
        "convolutions": dense,
    },
    "ours compiled numba": {
        "scalar net": partial(scalar_net, numba=True),
        "scalar moons": partial(scalar_moons, numba=True),
        "dense": partial(dense, numba=True),
    },
    "ours compiled each": {"scalar net": partial(scalar_net, each=True)},
    "ours compiled numba each": {"scalar net": partial(scalar_net, numba=True, each=True)},
}
