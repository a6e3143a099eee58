"""tinygrad on the processor, the step under TinyJit. Its compiler, clang, has to be there."""

from __future__ import annotations

import os
import shutil
from typing import Any

from benchmarks.implementations import Unavailable

os.environ.setdefault("DEV", "CPU")
if os.environ["DEV"] == "CPU" and not shutil.which(os.environ.get("CC", "clang")):
    raise Unavailable("needs clang, which is not installed")

from tinygrad import Tensor, TinyJit

from benchmarks.problems import Problem, Run


def dense(p: Problem) -> Run:
    w = [Tensor(weight.copy()).contiguous().realize() for weight in p.weights]
    memory = [Tensor.zeros(*v.shape, dtype=v.dtype).contiguous().realize() for v in w]
    x, y = Tensor(p.x).realize(), Tensor(p.y).realize()

    @TinyJit
    def step() -> Tensor:
        h = x
        for i in range(0, len(w), 2):
            h = h @ w[i].T + w[i + 1]
            if i < len(w) - 2:
                h = h.sigmoid() if p.activation == "sigmoid" else h.relu()
        loss = 0.5 * ((y - h.sigmoid()) ** 2).sum() if p.loss == "squares" else h.sparse_categorical_crossentropy(y)
        gradients = loss.gradient(*w)
        changed = []
        for v, m, g in zip(w, memory, gradients, strict=True):
            if p.optimizer == "momentum":
                changed += [m.assign(p.momentum * m - p.rate * g), v.assign(v + m)]
            elif p.optimizer == "adagrad":
                changed += [m.assign(m + g * g), v.assign(v - p.rate * g / m.sqrt())]
            else:
                changed.append(v.assign(v - p.rate * g))
        return loss.realize(*changed)

    def steps(count: int) -> Any:
        for _ in range(count):
            loss = step()
        return loss.item()

    return Run(steps, lambda: [v.numpy() for v in w])


BUILDERS = {"tinygrad": {"dense": dense}}
