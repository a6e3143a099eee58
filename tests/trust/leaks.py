"""Do everything one does in a long session over and over, and see that memory does not grow by a byte a step.

`python -m tests.trust.leaks 100000` from the repository's root takes so many training steps, a tenth of that where a
step is itself of many, and a hundredth where it draws or writes; `test_load.py` takes fewer. The garbage collector is
off: references alone must free everything.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import pickle
import shutil
import statistics
import sys
import tempfile
import threading
import tracemalloc
from array import array
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np

import autograd_mini as ag
import autograd_mini.explain as explain
from autograd_mini import Value, learn, nn, optim
from autograd_mini.learn.callbacks import Training
from autograd_mini.learn.checkpoint import load_checkpoint, save_checkpoint
from autograd_mini.lecture.network import worked_step
from tests.trust.load import emptied_caches

MOST_BYTES_A_STEP = 1.0
SAMPLES = 12
#: Bounded memories, such as that of the last names that were written as LaTeX, are full after so many steps.
WARM_UP = 20

Step = Callable[[], Any]
OPTIMIZERS: dict[str, Callable[[list[Value]], optim.Optimizer]] = {
    "SGD": lambda parameters: optim.SGD(parameters, 0.01),
    "Momentum": lambda parameters: optim.Momentum(parameters, 0.01, momentum=0.9),
    "Nesterov": lambda parameters: optim.Nesterov(parameters, 0.01, momentum=0.9),
    "Adagrad": lambda parameters: optim.Adagrad(parameters, 0.01),
    "Adadelta": lambda parameters: optim.Adadelta(parameters),
    "RMSprop": lambda parameters: optim.RMSprop(parameters, 0.001),
    "Adam": lambda parameters: optim.Adam(parameters, 0.001),
    "AdamW": lambda parameters: optim.AdamW(parameters, 0.001),
}
X = np.random.default_rng(0).normal(size=(8, 3))
Y = np.tanh(X[:, :1])
CLASSES = np.arange(8) % 2


def mlp(*sizes: int) -> nn.MLP:
    return nn.MLP(list(sizes or (3, 4, 1)), "tanh", rng=np.random.default_rng(0))


def loss_of(model: nn.Module) -> Value:
    return nn.L2Loss()(model(X), Y)


# -- training --------------------------------------------------------------------------------------


def scalars(make: Callable[[list[Value]], optim.Optimizer]) -> Step:
    weights = [Value(0.1 * i - 0.5, name=f"w{i}") for i in range(9)]
    a, b, c, d, e, f, g, h, i = weights
    optimizer = make(weights)

    def step() -> None:
        optimizer.zero_grad()
        for x, y, target in ((0.0, 1.0, 1.0), (1.0, 1.0, 0.0)):
            left, right = (a * x + b * y + c).tanh(), (d * x + e * y + f).sigmoid()
            ((g * left + h * right + i - target) ** 2).backward()
        optimizer.step()

    return step


def arrays(make: Callable[[list[Value]], optim.Optimizer]) -> Step:
    model = mlp()
    optimizer = make(model.parameters())
    schedule = optim.ExponentialSchedule(optimizer, 0.999999)

    def step() -> None:
        optimizer.zero_grad()
        loss_of(model).backward(retain_grads=False)
        optim.clip_by_norm(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()

    return step


def explained_updates() -> Step:
    model = mlp()
    optimizer = optim.Adam(model.parameters(), 0.001)
    optimizer.explain = True
    return lambda: (
        optimizer.zero_grad(),
        loss_of(model).backward(),
        optimizer.step(),
        optimizer.last_update(model[0].weight),
    )


def every_layer() -> Step:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, 1, 6, 6))
    picture = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 4, rng=rng),
        nn.BatchNorm1d(4), nn.LayerNorm(4), nn.Dropout(0.3, rng=rng), nn.GELU(), nn.Linear(4, 2, rng=rng),
    )  # fmt: skip
    words, cell = nn.Embedding(5, 3, rng=rng), nn.GRUCell(3, 2, rng=rng)
    parameters = [*picture.parameters(), *words.parameters(), *cell.parameters()]
    optimizer = optim.SGD(parameters, 0.01)

    def step() -> None:
        optimizer.zero_grad()
        hidden = Value(np.zeros((2, 2)))
        for sentence in ([0, 1], [2, 3], [4, 0]):
            hidden = cell(words(np.array(sentence)), hidden)
        nn.CrossEntropyLoss()(picture(images) + hidden, np.array([0, 1])).backward()
        optimizer.step()

    return step


def fitting() -> Step:
    model = mlp(3, 4, 2)
    optimizer = optim.Adam(model.parameters(), 0.001)

    def step() -> None:
        schedule, callbacks = optim.CosineSchedule(optimizer, 8), [learn.EarlyStopping(5), learn.KeepBest()]
        learn.fit(
            model, (X, CLASSES), nn.CrossEntropyLoss(), optimizer, 2, 4, (X, CLASSES), schedule, callbacks,
            np.random.default_rng(0), metrics={"accuracy": learn.accuracy}, progress=False,
        )  # fmt: skip

    return step


def interrupted_fitting() -> Step:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), 0.001)

    def interrupt(training: Training) -> None:
        raise KeyboardInterrupt

    def step() -> None:
        learn.fit(model, (X, Y), nn.L2Loss(), optimizer, 3, callbacks=[interrupt], progress=False)
        with contextlib.suppress(learn.Diverged):
            learn.fit(model, (X, 1e200 * Y), nn.L2Loss(), optimizer, 3, progress=False)

    return step


def inference() -> Step:
    model = mlp()

    @ag.no_grad()
    def decorated() -> Value:
        return model(X)

    def step() -> None:
        with ag.no_grad():
            model(X)
        decorated()
        learn.predict(model, X, 3)

    return step


def threads() -> Step:
    model = mlp()

    def work() -> None:
        with ag.no_grad():
            model(X)
        loss_of(mlp()).backward()

    def step() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    return step


# -- derivatives -----------------------------------------------------------------------------------


def higher_order() -> Step:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) ** 3 * x)

    x = np.array([0.5, -1.0, 2.0])

    def step() -> None:
        ag.grad(ag.grad(lambda t: t**4 * np.exp(-t)))(2.0)
        ag.hessian(f)(x)
        ag.hvp(f, (x,), (np.ones(3),))
        ag.jacobian(lambda t: t * np.flip(t))(x)
        ag.value_and_grad(f)(x)
        ag.vjp(np.sin, x)[1](np.ones(3))
        ag.jvp(np.sin, (x,), (np.ones(3),))

    return step


def recorded_backward() -> Step:
    w = Value([0.5, 2.0])

    def step() -> None:
        # retain_grads: a node whose recorded gradient was computed from itself would be a cycle.
        np.sum(np.tanh(w * w)).backward(create_graph=True, retain_grads=False)
        first, w.grad = w.grad, None
        np.sum(first**2).backward(retain_grads=False)
        w.grad = None

    return step


def checked() -> Step:
    """A row of one's own each time."""
    numbers = count()

    def step() -> None:
        n = next(numbers) % 7
        cube = ag.Primitive("cube", lambda t: t**3 + n, ag.Local(lambda z, t: 3 * t**2), latex="{0}^3")
        assert ag.gradcheck(cube, 1.5).ok
        x = Value(2.0, name="x")
        ag.draw(cube(x)).text(), ag.derive(cube(x), x).text, explain.text(cube(x))

    return step


# -- errors ----------------------------------------------------------------------------------------


def errors() -> Step:
    def fail(grad: Any) -> Any:
        raise ZeroDivisionError

    def stale() -> None:
        w = Value(1.0)
        z = w * w
        w.data = 2.0
        z.backward()

    def in_hook() -> None:
        w = Value([1.0, 2.0])
        hooked = w * 2
        hooked.register_hook(fail)
        np.sum(hooked * w).backward()

    def nan() -> None:
        with ag.anomaly():
            np.sum(np.sqrt(Value([0.0, 1.0]))).backward()

    wrong: list[Callable[[], Any]] = [
        stale,
        in_hook,
        nan,
        lambda: Value([[1.0, 2.0]]) @ np.ones(3),
        lambda: (Value([1.0, 2.0]) * 2).backward(),
        lambda: np.linalg.matrix_rank(Value([[1.0]])),
        lambda: Value("text"),
        lambda: mlp()(np.ones((2, 7))),
        lambda: nn.CrossEntropyLoss()(mlp()(X), np.array([9] * 8)),
        lambda: mlp().load_state_dict({}),
        lambda: optim.SGD([Value(1.0)], -1.0),
        lambda: ag.grad(lambda t: t * np.ones(2))(1.0),
        lambda: ag.derive(Value(1.0) * 2, "w"),
        lambda: copy.deepcopy(Value(1.0) * 2),
        lambda: learn.load_model("no such file.npz"),
    ]

    def step() -> None:
        for attempt in wrong:
            try:
                attempt()
            except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):  # ours are among these
                continue
            raise AssertionError(attempt)

    return step


# -- looking on ------------------------------------------------------------------------------------


def hooks() -> Step:
    w, model = Value([1.0, 2.0]), mlp()

    def step() -> None:
        handle = w.register_hook(lambda grad: 2 * grad)
        with model.register_forward_hook(lambda *given: None), model.register_forward_pre_hook(lambda *given: None):
            model(X)
        fresh = Value([1.0, 1.0])
        fresh.register_hook(lambda grad: None)  # never removed
        inner = w * fresh
        inner.register_hook(lambda grad: None)
        np.sum(inner).backward()
        handle.remove()
        w.grad = None

    return step


def sources() -> Step:
    w = Value([1.0, 2.0])

    def step() -> None:
        with ag.record_sources():
            z = np.sum(w * w)
        str(ag.graph(z).output.source)
        with ag.anomaly():
            np.sum(w * w).backward()

    return step


def traces() -> Step:
    model = mlp(2, 2, 1)
    x, y = X[:1, :2], Y[:1]

    def step() -> None:
        E = nn.L2Loss()(model(x), y)
        len(ag.trace(E).steps), len(ag.steps(E))

    return step


def explanations() -> Step:
    model = mlp(2, 2, 1)
    loss = nn.L2Loss()
    x, y = X[:1, :2], Y[:1]
    optimizer = optim.Momentum(model.parameters(), 0.01)

    def step() -> None:
        E = loss(model(x), y)
        E.backward()
        ag.steps(E)
        graph = ag.graph(E)
        graph.to_json(), explain.Graph.from_dict(graph.to_dict()), graph.to_networkx()
        trace = ag.trace(E, optimizer)
        str(trace), trace.to_json(), trace.to_html(), trace.latex, str(trace.through(model[0].weight))
        for picture in (ag.draw(E), ag.draw(E, heat_map="data", gradient_colors=True, compact=True)):
            len(picture.text() + picture.source)
        derivation = ag.derive(E, model[0].weight)
        str(derivation.text + derivation.latex)
        scalar, _ = worked_step()
        ag.derive(scalar, "w_GD").text, ag.paths(scalar, "w_DA").text, ag.latex(scalar)
        optimizer.zero_grad()

    return step


def pages() -> Step:
    model = mlp(2, 2, 1)
    x, y = X[:1, :2], Y[:1]

    def step() -> None:
        E = nn.L2Loss()(model(x), y)
        len(ag.step_through(E, optim.SGD(model.parameters(), 0.1)).html)
        len(ag.draw_network(model, x, y).source)
        str(ag.delta_rule(model, x, y, 0.1))
        str(nn.summary(model, 2)), nn.analyze(model, 2)

    return step


def programs() -> Step:
    model = mlp(2, 2, 1)

    def step() -> None:
        ag.source(nn.L2Loss()(model(X[:1, :2]), Y[:1])).run()
        gc.collect()  # Python's ast.fix_missing_locations leaves a cycle of its own at every call

    return step


# -- keeping ---------------------------------------------------------------------------------------


def copies() -> Step:
    model = mlp()

    def step() -> None:
        loss_of(model).backward()
        twin = pickle.loads(pickle.dumps(copy.deepcopy(model)))
        twin.load_state_dict(model.state_dict())
        copy.copy(twin[0].weight)
        repr(twin)
        twin.zero_grad()

    return step


def files() -> Step:
    model = mlp()
    training = Training(model, optim.Adam(model.parameters(), 0.1), None, np.random.default_rng(0), [])
    folder = Path(tempfile.mkdtemp())  # one for all, for Python 3.12 keeps the names in every path for ever

    def step() -> None:
        folder.mkdir(exist_ok=True)
        for suffix in (".npz", ".safetensors"):
            path = folder / f"model{suffix}"
            learn.save_model(path, model, metadata={"of": "a test"})
            learn.load_model(path)
            learn.load_metadata(path)
            save_checkpoint(path, training)
            load_checkpoint(path, training)
        shutil.rmtree(folder)

    return step


def data() -> Step:
    def step() -> None:
        moons = learn.moons(20, rng=np.random.default_rng(0))
        learn.train_test_split(moons.X, moons.y, rng=np.random.default_rng(0))
        learn.Standardizer.fit(moons.X)
        learn.confusion_matrix(np.eye(2)[moons.y.astype(int)], moons.y)

    return step


#: Each case, and of how many training steps one of its own takes the place.
CASES: dict[str, tuple[Callable[[], Step], int]] = {
    **{f"scalars, {name}": (lambda make=make: scalars(make), 1) for name, make in OPTIMIZERS.items()},
    **{f"arrays, {name}": (lambda make=make: arrays(make), 1) for name, make in OPTIMIZERS.items()},
    **{f.__name__.replace("_", " "): (f, 1) for f in (explained_updates, inference, recorded_backward, hooks, sources)},
    "fitting": (fitting, 4),
    **{f.__name__.replace("_", " "): (f, 10) for f in (every_layer, interrupted_fitting, threads)},
    **{f.__name__.replace("_", " "): (f, 10) for f in (higher_order, traces, errors, copies, data)},
    **{f.__name__.replace("_", " "): (f, 100) for f in (checked, explanations, pages, programs, files)},
}


def growth(step: Step, steps: int, warm_up: int = WARM_UP) -> float:
    """By how many bytes memory grows with a step: the median of what it is between one sample and the next.

    The median is deaf to what happens once, such as a table that becomes larger, and hears what happens always.

    Raises:
        AssertionError: objects in cycles were left for the garbage collector.
    """
    every = steps // (SAMPLES - 1)
    memory, left = array("q", [0] * SAMPLES), 0
    gc.collect()
    gc.freeze()  # what was there before needs no look at every sample
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(warm_up):
            step()
            emptied_caches()  # as between samples: what is remembered from here on is in memory that was counted
        for sample in range(SAMPLES):
            for _ in range(every if sample else 0):
                step()
            found = emptied_caches()
            left += found if sample else 0  # importing leaves some
            memory[sample] = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
        gc.unfreeze()
    assert not left, f"{left / every / (SAMPLES - 1):.1f} objects a step are left for the garbage collector"
    return statistics.median((b - a) / every for a, b in pairwise(memory))


def growing(step: Step, steps: int) -> Iterator[str]:
    """The lines that allocated what was not freed, those of most bytes first."""
    tracemalloc.start(10)
    try:
        before = tracemalloc.take_snapshot()
        for _ in range(steps):
            step()
        emptied_caches()
        grown = tracemalloc.take_snapshot().compare_to(before, "traceback")
    finally:
        tracemalloc.stop()
    for difference in grown[:3]:
        yield f"{difference.size_diff / steps:.1f} bytes a step\n" + "\n".join(difference.traceback.format())


def main(steps: int = 100_000) -> None:
    """Take the steps of every case, and print by how many bytes memory has grown with each."""
    worst = 0.0
    for name, (make, cost) in CASES.items():
        step = make()
        taken = max(steps // cost, 2 * SAMPLES)
        grown = growth(step, taken)
        worst = max(worst, grown)
        print(f"{name:20} {taken:8,} steps {grown:10.3f} bytes a step", flush=True)
        if grown > MOST_BYTES_A_STEP:
            print(*growing(step, 200), sep="\n")
    sys.exit(worst > MOST_BYTES_A_STEP)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
