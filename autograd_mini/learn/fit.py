"""Train a model on data: batches, progress, history, validation, early stopping, checkpoints.

>>> from autograd_mini import nn, optim
>>> from autograd_mini.learn import accuracy, moons
>>> rng = np.random.default_rng(0)
>>> model = nn.MLP([2, 16, 2], rng=rng)
>>> optimizer = optim.Adam(model.parameters(), learning_rate=0.03)
>>> history = fit(model, moons(200, rng=rng), nn.CrossEntropyLoss(), optimizer, 50, rng=rng,
...               metrics={"accuracy": accuracy}, progress=False)
>>> history.last["accuracy"] > 0.95
True
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_mini.learn.callbacks import Callback, Training
from autograd_mini.learn.checkpoint import load_checkpoint, save_checkpoint
from autograd_mini.learn.divergence import Diverged, bad_loss
from autograd_mini.learn.history import History
from autograd_mini.learn.preprocessing import same_length
from autograd_mini.learn.training import Loss, evaluating, predict
from autograd_mini.learn.training import epochs as endless
from autograd_mini.nn.init import generator
from autograd_mini.nn.module import Module
from autograd_mini.optim.optimizer import Optimizer
from autograd_mini.optim.schedules import ReduceOnPlateau, Schedule, WarmUp
from autograd_mini.value import Value
from autograd_mini.visible import shown

Metric = Callable[[np.ndarray, np.ndarray], float]


def fit(
    model: Module,
    data: Iterable[np.ndarray],
    loss: Loss,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = 32,
    validation: Iterable[np.ndarray] | None = None,
    schedule: Schedule | None = None,
    callbacks: Sequence[Callable[[Training], None]] = (),
    rng: np.random.Generator | None = None,
    *,
    metrics: Mapping[str, Metric] | None = None,
    schedule_every: str = "epoch",
    clip_norm: float | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
    compile: bool = False,
) -> History:
    """Train for a number of epochs, and return what happened.

    The history's columns: `loss`, the mean of the epoch's batches' losses, each taken before its
    update; then, after the epoch's updates and with dropout off, `validation_loss` and
    `validation_<metric>`, or `<metric>` on the training data if there is no validation set; and
    `learning_rate`, the one the epoch began with (of the first group).

    Ctrl-C ends the training between two updates: the model is whole, and the history of all finished
    epochs is returned, its `stopped` set to "interrupted".

    Args:
        model: E = loss(model(x), y). It is set to training mode meanwhile.
        data: X, y, such as a `Dataset` or a pair; an example is a row.
        loss: a module from `nn`, or a function of predictions and targets.
        optimizer: made from the model's parameters.
        epochs: how many altogether, also where some are done already (`resume`).
        batch_size: examples in a batch, drawn in a new order every epoch; None: all at once.
        validation: X, y that are looked at after every epoch, never trained on.
        schedule: of the optimizer's learning rate. A ReduceOnPlateau gets the validation loss, or
            the loss.
        callbacks: functions called after each epoch, see `learn.callbacks`.
        rng: draws the batches; a fresh generator by default, which draws anew in a forked process.
        metrics: name -> function of predictions and targets, as arrays: see `learn.metrics`.
        schedule_every: "epoch" or "batch": after what the schedule's `step` is called.
        clip_norm: the longest gradient, as in `optim.clip_by_norm`.
        checkpoint: a file, .npz or .safetensors, to write after every epoch.
        resume: go on from that file, if there is one: with a model, optimizer, schedule and callbacks
            made as before, all goes on as if there had been no interruption, bit for bit. The `rng`
            is put to where it was.
        progress: show a bar on standard error, if tqdm is installed; only its last state where that
            is neither a terminal nor a notebook.
        compile: record one step and replay it (`autograd_mini.compile`): several times faster for small
            networks, with the same history and weights. Not with `clip_norm`.

    Raises:
        Diverged: a loss or a gradient became nan or inf. The message names the first layer that went
            bad and the usual remedies; the error's `history` holds the epochs before.
        ValueError: arguments that do not fit each other.
        TypeError: rng is not a numpy.random.Generator.
        ModelFileError: the checkpoint is damaged.
        OSError: the checkpoint cannot be written.
    """
    X, y = _pair("data", data)
    watched = None if validation is None else _pair("validation", validation)
    rng = generator(rng)
    _check(model, X, y, watched, optimizer, epochs, schedule, schedule_every)
    _check_functions(loss, callbacks, metrics)
    if compile and clip_norm is not None:
        raise ValueError("fit: compile=True takes whole steps, between which no gradient is clipped: leave one out")
    if resume and checkpoint is None:
        raise ValueError("fit: resume=True needs a checkpoint to go on from")
    training = Training(model, optimizer, schedule, rng, list(callbacks))
    if resume and checkpoint is not None and os.path.exists(checkpoint):
        load_checkpoint(checkpoint, training)
    history = training.history
    each_batch = schedule.step if schedule and schedule_every == "batch" else None
    options = {"clip_norm": clip_norm, "after_step": each_batch, "compile": compile}
    run = endless(model, loss, optimizer, X, y, size=batch_size, rng=rng, **options)  # type: ignore[arg-type]
    with evaluating(model, True), _bar(epochs, len(history), progress) as show:
        try:
            while len(history) < epochs and not history.stopped:
                rate = float(optimizer.groups[0]["learning_rate"])
                row = {"loss": next(run)}
                row |= _evaluate(model, loss, metrics or {}, (X, y), watched)
                if schedule and schedule_every == "epoch":
                    _step(schedule, row.get("validation_loss", row["loss"]))
                history.append({**row, "learning_rate": rate})
                for callback in training.callbacks:
                    callback(training)
                if checkpoint is not None:
                    save_checkpoint(checkpoint, training)
                show(history.last)
        except KeyboardInterrupt:
            training.stop("interrupted")
        except Diverged as error:
            error.history = history
            error.args = (f"epoch {len(history) + 1}: {error}",)
            raise
        finally:
            for callback in training.callbacks:
                if isinstance(callback, Callback):
                    callback.finish(training)
    return history


def _pair(name: str, data: Any) -> tuple[Any, Any]:
    try:
        X, y = data
    except (TypeError, ValueError):
        got = f"{type(data).__name__} {getattr(data, 'shape', '')}".rstrip()
        raise TypeError(f"fit, {name}: expected a pair X, y of inputs and targets, got {got}") from None
    return X, y


def _check_functions(loss: Any, callbacks: Any, metrics: Any) -> None:
    if isinstance(loss, type):
        raise TypeError(f"fit: the loss is the class {loss.__name__}: make one, {loss.__name__}()")
    if not callable(loss):
        raise TypeError(f"fit: the loss must be a function of predictions and targets, got {shown(loss)}")
    if not isinstance(callbacks, Iterable) or not all(map(callable, callbacks)):
        raise TypeError(f"fit: callbacks must be a list of functions, got {shown(callbacks)}")
    if not (metrics is None or (isinstance(metrics, Mapping) and all(map(callable, metrics.values())))):
        raise TypeError(f"fit: metrics must be a dict, name -> function, got {shown(metrics)}")


def _check(
    model: Module,
    X: np.ndarray,
    y: np.ndarray,
    watched: tuple[np.ndarray, ...] | None,
    optimizer: Optimizer,
    epochs: int,
    schedule: Schedule | None,
    schedule_every: str,
) -> None:
    for what, given, kind in (("model", model, Module), ("optimizer", optimizer, Optimizer)):
        if not isinstance(given, kind):
            raise TypeError(f"fit: the {what} must be of class {kind.__name__}, got {type(given).__name__}")
    for name, (inputs, targets) in {"data": (X, y), **({"validation": watched} if watched else {})}.items():
        same_length(f"fit, {name}", inputs, targets)
        if not len(inputs):
            raise ValueError(f"fit, {name}: no examples")
    if not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"fit: epochs must be a whole number ≥ 1, got {epochs!r}")
    own = {id(p) for p in model.parameters(include_frozen=True)}
    if not own & {id(p) for p in optimizer.parameters}:
        raise ValueError(
            f"fit: {optimizer!r} holds none of the model's parameters; was the model made anew? "
            "Make the optimizer after it, from model.parameters()"
        )
    if schedule_every not in ("epoch", "batch"):
        raise ValueError(f"fit: schedule_every must be 'epoch' or 'batch', got {schedule_every!r}")
    if schedule is not None and not isinstance(schedule, Schedule):
        raise TypeError(f"fit: the schedule must be of class Schedule, got {shown(schedule)}")
    if schedule and schedule.optimizer is not optimizer:
        raise ValueError("fit: the schedule is one of another optimizer")
    if schedule and schedule_every == "batch" and _wants_loss(schedule):
        raise ValueError("fit: a ReduceOnPlateau looks at whole epochs: schedule_every='epoch'")


def _evaluate(
    model: Module,
    loss: Loss,
    metrics: Mapping[str, Metric],
    trained: tuple[np.ndarray, np.ndarray],
    watched: tuple[np.ndarray, ...] | None,
) -> dict[str, float]:
    if watched is None and not metrics:
        return {}
    (X, y), prefix = (trained, "") if watched is None else (watched, "validation_")
    with evaluating(model), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        output = predict(model, X)
        row = {} if watched is None else {"validation_loss": float(loss(Value(output), y).item())}
        if not all(map(math.isfinite, row.values())):
            raise bad_loss(model, X, row["validation_loss"])
        return row | {prefix + name: float(metric(output, y)) for name, metric in metrics.items()}


def _wants_loss(schedule: Schedule) -> bool:
    return isinstance(schedule, ReduceOnPlateau) or (isinstance(schedule, WarmUp) and _wants_loss(schedule.then))


def _step(schedule: Schedule, loss: float) -> None:
    schedule.step(*([loss] if _wants_loss(schedule) else []))


@contextmanager
def _bar(total: int, done: int, wanted: bool) -> Iterator[Callable[[Mapping[str, float]], None]]:
    """A function that shows one more epoch on the bar."""
    try:
        # Not tqdm.auto: its widget is lost when a notebook is exported.
        from tqdm import tqdm
    except ModuleNotFoundError:
        wanted = False
    if not wanted:
        yield lambda row: None
        return
    live = sys.stderr.isatty() or "ipykernel" in sys.modules
    # A log file gets the last line only.
    interval = 0.1 if live else float("inf")
    with tqdm(total=total, initial=done, desc="training", unit="epoch", mininterval=interval, delay=1e-9) as bar:

        def show(row: Mapping[str, float]) -> None:
            shown = {name: f"{number:.4g}" for name, number in row.items() if name != "learning_rate"}
            bar.set_postfix(shown, refresh=False)
            bar.update()

        yield show
