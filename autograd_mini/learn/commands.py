"""The commands `autograd-mini train` and `autograd-mini predict`, once their options have been read."""

from __future__ import annotations

import csv
import io
import json
import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from autograd_mini import nn, optim
from autograd_mini.learn.datasets import Dataset
from autograd_mini.learn.divergence import Diverged
from autograd_mini.learn.fit import fit
from autograd_mini.learn.history import History
from autograd_mini.learn.metrics import accuracy, confusion_matrix, r_squared
from autograd_mini.learn.predictor import Predictor
from autograd_mini.learn.preprocessing import Standardizer, train_test_split
from autograd_mini.learn.safe_write import replacing
from autograd_mini.learn.stored import ModelFileError
from autograd_mini.learn.tables import TableError, load_csv, load_features
from autograd_mini.visible import visible

#: Optimizers by name, each with a learning rate for standardised data and some ten to a hundred units.
OPTIMIZERS: dict[str, tuple[type[optim.Optimizer], float]] = {
    "sgd": (optim.SGD, 0.1),
    "momentum": (optim.Momentum, 0.03),
    "nesterov": (optim.Nesterov, 0.03),
    "adagrad": (optim.Adagrad, 0.05),
    "adadelta": (optim.Adadelta, 1.0),
    "rmsprop": (optim.RMSprop, 0.005),
    "adam": (optim.Adam, 0.01),
    "adamw": (optim.AdamW, 0.01),
}
#: What they need besides NumPy, by import name.
NEEDED = {"pandas": "pandas", "matplotlib": "matplotlib", "safetensors": "safetensors"}
FEWEST_ROWS = 10


class CommandError(Exception):
    """What the user is told in one line before the command ends with status 2."""


def run(command: Any, options: Namespace) -> int:
    """Run `train` or `predict`; the exit status: 0, 1 (it failed on the way), 2 (the input cannot be used)."""
    try:
        command(options)
    except (CommandError, TableError, ModelFileError) as error:
        status, line = 2, str(error)
    except (Diverged, OSError) as error:
        status, line = 1, str(error)
    else:
        return 0
    print(f"autograd-mini {options.command}: {visible(' '.join(line.split()))}", file=sys.stderr)
    return status


def train(options: Namespace) -> None:
    """Train a network on a CSV file; write the model and its plots."""
    suffix = options.out.suffix.lower()
    if suffix not in (".safetensors", ".npz"):
        raise CommandError(f"--out {options.out}: the name must end in .safetensors or .npz")
    _installed("pandas", "matplotlib", *(["safetensors"] if suffix == ".safetensors" else []))
    data = load_csv(
        options.data, options.target, task=options.task, ignore=options.ignore, delimiter=options.delimiter
    )  # fmt: skip
    predictor, history, parts = _trained(data, options)
    measured = {name: _measure(predictor, *part) for name, part in parts.items()}
    pictures = _plots(options.out, predictor, history, *parts["held_out"])
    predictor.save(options.out)
    written = [options.out]
    for path, figure in pictures.items():
        with replacing(path) as file:
            figure.savefig(file, format="png", dpi=120, bbox_inches="tight")
        written.append(path)
    counts = {name: len(y) for name, (_, y) in parts.items()}
    if options.json:
        report = {"task": data.task, "target": data.target_name, "rows": counts, "classes": data.class_names}
        report |= {**measured, "history": json.loads(history.to_json())["rows"], "files": [str(p) for p in written]}
        print(json.dumps(report, indent=2, allow_nan=False))
    elif options.quiet:
        print(options.out)
    else:
        print(f"{visible(data.name)}: {len(data.X)} rows, {len(data.feature_names)} features; {_task_sentence(data)}")
        for name, rows in counts.items():
            figures = ", ".join(f"{metric.replace('_', ' ')} {_shown(x)}" for metric, x in measured[name].items())
            print(f"{name.replace('_', ' ') + ':':<10} {rows} rows, {figures}")
        print(f"written: {visible(', '.join(map(str, written)))}")


def predict(options: Namespace) -> None:
    """Print or write what a trained model says to each row of a CSV file."""
    _installed("pandas", *(["safetensors"] if options.model.suffix.lower() == ".safetensors" else []))
    predictor = Predictor.load(options.model)
    X = load_features(options.data, predictor.feature_names, delimiter=options.delimiter)
    rows: list[dict[str, Any]]
    if predictor.class_names:
        p = predictor.probabilities(X)
        certainty = "probability" if predictor.target != "probability" else "its probability"
        rows = [
            {predictor.target: predictor.class_names[k], certainty: float(p[i, k])}
            for i, k in enumerate(p.argmax(axis=1))
        ]
    else:
        rows = [{predictor.target: float(y)} for y in predictor(X)[:, 0]]
    text = json.dumps(rows, indent=2, allow_nan=False) + "\n" if options.json else _as_csv(rows)
    if options.out is None:
        # A pipe gets the texts as the model file has them; on a terminal they steer nothing.
        print(visible(text, keep="\n") if sys.stdout.isatty() else text, end="")
    else:
        with replacing(options.out) as file:
            file.write(text.encode())


def _trained(data: Dataset, options: Namespace) -> tuple[Predictor, History, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """The trained model, how it went, and the raw examples it was trained on and those held out."""
    if len(data.X) < FEWEST_ROWS:
        raise CommandError(f"{data.name}: {len(data.X)} rows are too few to train and test on; {FEWEST_ROWS} at least")
    rng = np.random.default_rng(options.seed)
    try:
        X, X_test, y, y_test = train_test_split(data.X, data.y, options.held_out, rng)
    except ValueError as error:
        raise CommandError(f"{data.name}: {error}") from None
    inputs = Standardizer.fit(X)
    outputs = None if data.class_names else Standardizer.fit(y)
    sizes = [X.shape[1], *options.hidden, len(data.class_names) or 1]
    model = nn.MLP(sizes, options.activation, rng=rng)
    make, rate = OPTIMIZERS[options.optimizer]
    optimizer = make(model.parameters(), learning_rate=options.learning_rate or rate)
    scaled = outputs or (lambda targets: targets)
    history = fit(
        model,
        (inputs(X), scaled(y)),
        nn.CrossEntropyLoss() if data.class_names else nn.MSELoss(),
        optimizer,
        options.epochs,
        options.batch_size,
        (inputs(X_test), scaled(y_test)),
        rng=rng,
        progress=not options.quiet,
        compile=options.compile,
    )
    if history.stopped:
        raise KeyboardInterrupt
    predictor = Predictor(model, data.target_name, data.feature_names, data.class_names, inputs, outputs)
    return predictor, history, {"trained_on": (X, y), "held_out": (X_test, y_test)}


def _measure(predictor: Predictor, X: np.ndarray, y: np.ndarray) -> dict[str, float | None]:
    predicted = predictor(X)
    if predictor.class_names:
        return {"accuracy": accuracy(predicted, y)}
    r2 = r_squared(predicted, y)
    return {
        "r_squared": None if np.isnan(r2) else r2,
        "root_mean_square_error": float(np.sqrt(np.mean((predicted - y) ** 2))),
    }


def _plots(out: Path, predictor: Predictor, history: History, X: np.ndarray, y: np.ndarray) -> dict[Path, Any]:
    """The figures, by the paths to write them to."""
    from autograd_mini.learn.plots.canvas import canvas, literal
    from autograd_mini.learn.plots.curves import loss_curves

    curves = loss_curves({"training": history["loss"], "held out": history["validation_loss"]})
    found = {out.with_name(f"{out.stem}-loss.png"): curves.figure}
    if names := predictor.class_names:
        table = confusion_matrix(predictor(X), y, len(names))
        side = 3.0 + 0.5 * len(names)
        ax = canvas(None, (side, side))
        ax.imshow(table, cmap="Blues")
        for (row, column), count in np.ndenumerate(table):
            ax.text(
                column, row, str(count), ha="center", va="center", color="white" if count > table.max() / 2 else "black"
            )
        labels = [literal(name) for name in names]
        ax.set_xticks(range(len(names)), labels, rotation=45, ha="right")
        ax.set_yticks(range(len(names)), labels)
        ax.set(xlabel="predicted", ylabel=literal(predictor.target), title=f"{len(y)} rows held out")
        found[out.with_name(f"{out.stem}-confusion.png")] = ax.figure
    return found


def _installed(*modules: str) -> None:
    missing = [NEEDED[module] for module in modules if find_spec(module) is None]
    if missing:
        raise CommandError(f"not installed: {', '.join(missing)}; pip install 'autograd-mini[csv]'")


def _task_sentence(data: Dataset) -> str:
    if not data.class_names:
        return f"{data.target_name!r} is a number to predict (regression)"
    return f"{data.target_name!r} is one of {len(data.class_names)} classes: {visible(', '.join(data.class_names))}"


def _shown(x: float | None) -> str:
    return "undefined" if x is None else f"{x:.4g}"


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
