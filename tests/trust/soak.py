"""Train random networks on random data in random ways, for as long as you like, and see that what must hold holds.

`python -m tests.trust.soak --minutes 30` from the repository's root; `test_load.py` does it for seconds. Each training
has a seed of its own, from which all is drawn; the one that fails is named, and `--seed 123` repeats it first.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import autograd_mini as ag
from autograd_mini import Value, learn, nn, optim
from autograd_mini.learn.callbacks import Training
from tests.trust.load import resident_bytes

#: By how many bytes the process may still grow once it has run for so many minutes.
MOST_GROWTH = 100_000_000
SETTLED_AFTER = 2.0
ACTIVATIONS = [
    "ReLU",
    "Tanh",
    "Sigmoid",
    "GELU",
    "ELU",
    "SiLU",
    "Softplus",
    "LeakyReLU",
    "Softsign",
    "SELU",
    "Hardtanh",
]
REGRESSION = ["L2Loss", "MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"]

nn_load = learn.load_model


def layers(rng: np.random.Generator, inputs: int, outputs: int, dtype: type, stochastic: bool) -> list[nn.Module]:
    """Of random widths, with activations, norms and dropout between."""
    found: list[nn.Module] = []
    for _ in range(rng.integers(0, 4)):
        width = int(rng.integers(1, 12))
        found += [nn.Linear(inputs, width, rng=rng, dtype=dtype), getattr(nn, str(rng.choice(ACTIVATIONS)))()]
        if rng.random() < 0.2:
            found.append(nn.LayerNorm(width, dtype=dtype))
        if stochastic and rng.random() < 0.3:
            found.append(
                nn.Dropout(rng.uniform(0, 0.6), rng=rng) if rng.random() < 0.5 else nn.BatchNorm1d(width, dtype=dtype)
            )
        inputs = width
    return [*found, nn.Linear(inputs, outputs, rng=rng, dtype=dtype)]


def model_and_data(
    rng: np.random.Generator, stochastic: bool = True
) -> tuple[nn.Module, nn.Module, np.ndarray, np.ndarray]:
    """A network, a loss, inputs and targets that fit each other."""
    dtype = np.float64 if rng.random() < 0.7 else np.float32
    examples, features, outputs = (int(n) for n in rng.integers([2, 1, 1], [40, 8, 5]))
    X: np.ndarray = rng.normal(scale=10.0 ** rng.uniform(-2, 1), size=(examples, features)).astype(dtype)
    if rng.random() < 0.5:
        outputs += 1
        loss, y = nn.CrossEntropyLoss(), rng.integers(0, outputs, examples)
    else:
        loss = getattr(nn, str(rng.choice(REGRESSION)))()
        y = rng.normal(size=(examples, outputs)).astype(dtype)
    model = nn.Sequential(*layers(rng, features, outputs, dtype, stochastic))
    if rng.random() < 0.15:  # of pictures
        X = rng.normal(size=(examples, 1, 6, 6)).astype(dtype)
        pool = nn.MaxPool2d(2) if rng.random() < 0.5 else nn.AvgPool2d(2)
        front = [nn.Conv2d(1, 2, 3, rng=rng, dtype=dtype), nn.ReLU(), pool, nn.Flatten()]
        model = nn.Sequential(*front, *layers(rng, 8, outputs, dtype, stochastic))
    return model, loss, X, y


def optimizer_of(rng: np.random.Generator, parameters: list[Value]) -> optim.Optimizer:
    rate = 10.0 ** (rng.uniform(-4, 1) if rng.random() < 0.9 else rng.uniform(1, 100))  # some are to diverge
    decay = float(rng.choice([0.0, 0.01]))
    makers: list[Callable[[], optim.Optimizer]] = [
        lambda: optim.SGD(parameters, rate, weight_decay=decay),
        lambda: optim.Momentum(parameters, rate, momentum=rng.uniform(0, 0.95)),
        lambda: optim.Nesterov(parameters, rate, momentum=rng.uniform(0, 0.95)),
        lambda: optim.Adagrad(parameters, rate),
        lambda: optim.Adadelta(parameters),
        lambda: optim.RMSprop(parameters, rate),
        lambda: optim.Adam(parameters, rate),
        lambda: optim.AdamW(parameters, rate, weight_decay=decay),
    ]
    return makers[rng.integers(len(makers))]()


def schedule_of(rng: np.random.Generator, optimizer: optim.Optimizer) -> optim.Schedule | None:
    makers: list[Callable[[], optim.Schedule | None]] = [
        lambda: None,
        lambda: optim.StepSchedule(optimizer, 2, 0.5),
        lambda: optim.ExponentialSchedule(optimizer, 0.9),
        lambda: optim.CosineSchedule(optimizer, 5),
        lambda: optim.WarmUp(optim.InverseTimeSchedule(optimizer, 0.1), 2),
        lambda: optim.ReduceOnPlateau(optimizer, patience=1),
    ]
    return makers[rng.integers(len(makers))]()


def same(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes(), "not equal bit for bit"


def descends(rng: np.random.Generator) -> None:
    """Small steps down the gradient of the whole batch make the loss smaller."""
    model, loss, X, y = model_and_data(rng, stochastic=False)
    for p in model.parameters():
        p.data = p.data.astype(float)  # keeps its precision
    E = loss(model(X), y)
    E.backward(retain_grads=False)
    before, squared = E.item(), sum(float(np.sum(np.square(p.grad, dtype=float))) for p in model.parameters())
    if p.dtype != float or not squared > 1e-12:
        return  # float32 rounds away what so small a step changes
    # By so small a rate that the slope alone tells: each tenth of it is tried, for the loss may bend sharply.
    state = model.state_dict()
    for rate in 10.0 ** -np.arange(2, 12):
        model.load_state_dict(state)
        optim.SGD(model.parameters(), rate / max(squared, 1.0)).step()
        after = loss(model(X), y).item()
        if after < before:
            return
    raise AssertionError(f"the loss {before} did not decrease along its gradient, of squared length {squared}")


def explained(rng: np.random.Generator, model: nn.Module, loss: nn.Module, X: np.ndarray, y: np.ndarray) -> None:
    """Looking at a step changes nothing in it."""
    E = loss(model(X[:2]), y[:2])
    E.backward()
    grads = [np.array(p.grad) for p in model.parameters()]
    parameter = model.parameters()[0]
    ways: list[Callable[[], Any]] = [
        lambda: ag.steps(E),
        lambda: str(ag.trace(E)),
        lambda: ag.draw(E, max_nodes=10_000).text(),
        lambda: ag.graph(E).to_json(),
        lambda: ag.derive(E, parameter).text,
        lambda: str(nn.summary(model, X.shape[1:])),
        lambda: ag.source(E).run(),
    ]
    for _ in range(2):
        ways[rng.integers(len(ways))]()
    for p, grad in zip(model.parameters(), grads, strict=True):
        same(p.grad, grad)


def misused(rng: np.random.Generator, model: nn.Module, loss: nn.Module, X: np.ndarray, y: np.ndarray) -> None:
    """Mistakes are refused, and change nothing."""
    state = model.state_dict()
    mistakes: list[Callable[[], Any]] = [
        lambda: model(np.ones((2, 99))),
        lambda: model(X).backward() if len(X) > 1 else model(np.ones((2, 99))),
        lambda: model.load_state_dict({}),
        lambda: optim.SGD(model.parameters(), -1.0),
        lambda: learn.load_model("no such file.npz"),
        lambda: loss(model(X), y[:1, None, None]),
    ]
    try:
        with np.errstate(all="ignore"):
            mistakes[rng.integers(len(mistakes))]()
    except (ValueError, TypeError, RuntimeError):
        pass
    else:
        raise AssertionError("a mistake was not refused")
    for name, numbers in model.state_dict().items():
        if "running_" not in name and "num_batches" not in name:  # a forward pass may move these
            same(numbers, state[name])


def train(seed: int, folder: Path) -> str:
    """One random training.

    Returns:
        What became of it: "trained", "interrupted" or "diverged".
    """
    rng = np.random.default_rng(seed)
    descends(rng)
    model, loss, X, y = model_and_data(rng)
    optimizer = optimizer_of(rng, model.parameters())
    interrupted_at = int(rng.integers(1, 5)) if rng.random() < 0.2 else 0

    def between(training: Training) -> None:
        if rng.random() < 0.1:
            misused(rng, model, loss, X, y)
        if len(training.history) == interrupted_at:
            raise KeyboardInterrupt

    # One example alone, such as a last batch may be, has no variance.
    normed = any(isinstance(module, nn.BatchNorm1d) for module in model.modules())
    batch_size = None if normed else int(rng.integers(1, 40))
    outcome = "interrupted" if interrupted_at else "trained"
    try:
        history = learn.fit(
            model, (X, y), loss, optimizer, int(rng.integers(5, 20)), batch_size,
            (X, y) if rng.random() < 0.5 else None, schedule_of(rng, optimizer), [between], rng,
            clip_norm=1.0 if rng.random() < 0.5 else None, progress=False,
        )  # fmt: skip
        assert np.isfinite(history["loss"]).all()
        assert (history.stopped == "interrupted") == bool(interrupted_at)
    except FloatingPointError as error:
        outcome, said = "diverged", str(error)
    if outcome == "diverged":
        names = "|".join(re.escape(path) for path, _ in (*model.named_parameters(), *model.named_modules()) if path)
        where = rf"(layer '|weights |went bad at |of )({names})\b|the loss itself overflowed"
        assert re.search(where, said), f"names nothing: {said}"
        assert all(np.isfinite(p.data).all() for p in model.parameters()), "a step that cannot be taken was taken"
    model.eval()
    with np.errstate(all="ignore"):
        expected = learn.predict(model, X)
        path = folder / str(rng.choice(["model.npz", "model.safetensors"]))
        learn.save_model(path, model)
        same(learn.predict(learn.load_model(path), X), expected)
        if outcome != "diverged":
            model.zero_grad()
            explained(rng, model, loss, X, y)
            same(learn.predict(model, X), expected)
    return outcome


def soak(minutes: float, seed: int) -> int:
    """Train for so many minutes of the wall clock; how many trainings there were.

    Raises:
        AssertionError: something that must hold did not; the message tells the seed.
    """
    start = time.monotonic()
    outcomes: dict[str, int] = {}
    settled = None
    with tempfile.TemporaryDirectory() as folder:
        while True:
            try:
                outcome = train(seed, Path(folder))
                elapsed = (time.monotonic() - start) / 60
                if settled is None and elapsed >= SETTLED_AFTER:
                    settled = resident_bytes()
                grown = resident_bytes() - settled if settled else 0
                assert grown <= MOST_GROWTH or settled is None, f"grown by {grown} bytes since minute {SETTLED_AFTER}"
            except Exception as error:
                raise AssertionError(f"python -m tests.trust.soak --seed {seed}: {error!r}") from error
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            seed += 1
            if elapsed >= minutes:
                count = sum(outcomes.values())
                print(f"{count} trainings, {outcomes}; grown by {grown:,} bytes since minute {SETTLED_AFTER}")
                return count


def main() -> None:
    """Soak, as the arguments say."""
    parser = argparse.ArgumentParser(description=soak.__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    soak(options.minutes, options.seed)


if __name__ == "__main__":
    main()
