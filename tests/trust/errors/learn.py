"""The errors of `learn`: training, checkpoints, data, metrics, tables and plots."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.figure import Figure

from autograd_mini import Value, nn, optim
from autograd_mini.learn import (
    EarlyStopping,
    History,
    Standardizer,
    batches,
    datasets,
    fit,
    load_csv,
    metrics,
    one_hot,
    plots,
    predict,
    r_squared,
    save_model,
    train_test_split,
)
from autograd_mini.learn.callbacks import Training
from autograd_mini.learn.checkpoint import load_checkpoint, save_checkpoint
from autograd_mini.learn.divergence import Diverged
from autograd_mini.learn.stored import ModelFileError
from autograd_mini.learn.tables import TableError, load_features
from tests.trust.errors.rows import Row, row

RNG = np.random.default_rng
X, Y = np.arange(8.0).reshape(4, 2), np.zeros((4, 1))


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3, rng=RNG(0)), nn.Tanh(), nn.Linear(3, 1, rng=RNG(1)))


def trained() -> tuple[nn.Module, optim.Optimizer, np.random.Generator]:
    """A model with gradients, an optimizer with a memory, and a generator: a refused training leaves them alone."""
    made = model()
    optimizer = optim.Momentum(made.parameters(), 0.1)
    nn.MSELoss()(made(X), Y).backward()
    optimizer.step()
    return made, optimizer, RNG(3)


def fitting(name: str, error: type[Exception], says: list[str], data: Any = (X, Y), **options: Any) -> Row:
    def call(made: nn.Module, optimizer: optim.Optimizer, rng: np.random.Generator) -> None:
        others = {
            key: item(optimizer) if isinstance(item, types.FunctionType) else item for key, item in options.items()
        }
        fit(
            made,
            data,
            **{"loss": nn.MSELoss(), "optimizer": optimizer, "epochs": 2, "rng": rng, "progress": False, **others},
        )

    return row(f"fit: {name}", error, says, call, trained)


def diverging(name: str, says: list[str], first: Callable[[nn.Module], Any], X: np.ndarray = X, **options: Any) -> Row:
    """A training that does not even begin: the weights are those before."""

    def given() -> nn.Module:
        made = model()
        first(made)
        made.zero_grad()
        return made

    def call(made: nn.Module) -> None:
        before = [p.grad for p in made.parameters()]
        try:
            fit(
                made,
                (X, Y),
                nn.MSELoss("sum"),
                optim.SGD(made.parameters(), 0.1),
                2,
                rng=RNG(0),
                progress=False,
                **options,
            )
        finally:  # the gradients that led to the error may be looked at
            for p, grad in zip(made.parameters(), before, strict=True):
                p.grad = grad

    return row(f"fit diverges: {name}", Diverged, [*says, "Usual remedies", "learning rate"], call, given)


def fill(made: nn.Module, number: float) -> None:
    for p in made.parameters():
        p.data = np.full(p.shape, number)


def training(optimizer: Callable = optim.Momentum) -> Training:
    made = model()
    return Training(made, optimizer(made.parameters(), 0.1), None, RNG(0), [])


def saved(part: Training | None = None) -> Training:
    """A training, and a checkpoint of another one in the working folder."""
    save_checkpoint("a.npz", part or training())
    return training()


def deeper() -> Training:
    made = nn.Sequential(nn.Linear(2, 1, rng=RNG(0)))
    return Training(made, optim.Momentum(made.parameters(), 0.1), None, RNG(0), [])


def with_schedule() -> Training:
    made = training()
    return Training(made.model, made.optimizer, optim.CosineSchedule(made.optimizer, 5), RNG(0), [])


def table(name: str, says: list[str], text: str | bytes | None, target: str = "y", **options: Any) -> Row:
    """A CSV file that load_csv refuses."""

    def write() -> None:
        if text is not None:
            Path("a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())

    return row(f"load_csv: {name}", TableError, ["a.csv: ", *says], lambda: load_csv("a.csv", target, **options), write)


def loss(made: nn.Module) -> Value:
    return nn.MSELoss()(made(X), Y)


def history() -> History:
    made = History()
    made.append({"loss": 1.0})
    return made


def without(module: str, function: Callable) -> Callable:
    def call() -> None:
        with mock.patch.dict(sys.modules, {module: None}):
            function()

    return call


def bad_validation() -> None:
    made = model()  # which the epoch before has trained
    fit(made, (X, Y), nn.MSELoss(), optim.SGD(made.parameters(), 0.001), 2, validation=(X * np.nan, Y), progress=False)


def decaying() -> None:
    made = model()  # which has moved
    plots.descend(made, loss, optim.SGD(made.parameters(), 0.01, weight_decay=0.1), A, B, steps=1)


def nan_loss(made: nn.Module) -> float:
    return np.nan


class Silent(nn.Module):
    """Has a layer that it does not call."""

    def __init__(self) -> None:
        self.layer, self.other = nn.Linear(2, 1, rng=RNG(0)), nn.Tanh()

    def forward(self, x: Any) -> Any:
        return self.layer(x)


CSV = "x,y\n1,a\n2,b\n3,a\n4,b\n"
A, B = ("0.weight", (0, 0)), ("0.weight", (0, 1))

ROWS = [
    # -- training ----------------------------------------------------------------------------------
    fitting("unequal lengths", ValueError, ["fit, data", "X has 4 examples, y has 3"], (X, Y[:3])),
    fitting("no examples", ValueError, ["fit, data", "no examples"], (X[:0], Y[:0])),
    fitting("unequal lengths of validation", ValueError, ["fit, validation", "X has 4 examples, y has 3"], validation=(X, Y[:3])),
    fitting("no epochs", ValueError, ["epochs", "whole number ≥ 1", "got 0"], epochs=0),
    fitting("half an epoch", ValueError, ["epochs", "whole number ≥ 1", "got 0.5"], epochs=0.5),
    fitting("batches of none", ValueError, ["batches", "size", "at least 1", "got 0"], batch_size=0),
    fitting("another model's optimizer", ValueError, ["SGD", "none of the model's parameters", "model.parameters()"], optimizer=lambda _: optim.SGD(model().parameters(), 0.1)),
    fitting("a schedule at other times", ValueError, ["schedule_every", "'epoch' or 'batch'", "'step'"], schedule_every="step"),
    fitting("another optimizer's schedule", ValueError, ["schedule", "another optimizer"], schedule=lambda _: optim.CosineSchedule(optim.SGD(model().parameters(), 0.1), 3)),
    fitting("a plateau of batches", ValueError, ["ReduceOnPlateau", "schedule_every='epoch'"], schedule=lambda o: optim.ReduceOnPlateau(o), schedule_every="batch"),
    fitting("resuming without a checkpoint", ValueError, ["resume=True", "checkpoint"], resume=True),
    fitting("compiled, with clipping", ValueError, ["compile=True", "between which no gradient is clipped", "leave one out"], compile=True, clip_norm=1.0),
    fitting("a seed for rng", TypeError, ["rng", "numpy.random.Generator", "int 3", "default_rng(3)"], rng=3),
    fitting("data that are no pair", TypeError, ["fit, data", "X, y", "ndarray"], X),
    fitting("a loss's class", TypeError, ["loss", "class MSELoss", "make one, MSELoss()"], loss=lambda _: nn.MSELoss),
    fitting("a text for a loss", TypeError, ["loss", "function of predictions and targets", "str 'mse'"], loss="mse"),
    fitting("one callback", TypeError, ["callbacks", "list of functions", "EarlyStopping"], callbacks=lambda _: EarlyStopping()),
    fitting("callbacks that are no functions", TypeError, ["callbacks", "list of functions", "list ['stop']"], callbacks=["stop"]),
    fitting("a list of metrics", TypeError, ["metrics", "dict, name -> function", "list"], metrics=[r_squared]),
    fitting("a text for a schedule", TypeError, ["schedule", "class Schedule", "str 'cosine'"], schedule="cosine"),
    fitting("lists for data", TypeError, ["fit, data", "X must be an array", "row for each example", "list"], (X.tolist(), Y.tolist())),
    row("predict by a function", TypeError, ["predict", "Module", "ufunc"], lambda: predict(np.tanh, X)),
    row("predict a list", TypeError, ["predict", "X must be an array", "list [[1.0, 2.0]]"], lambda m: predict(m, [[1.0, 2.0]]), model),
    row("predict by batches of 0", ValueError, ["predict", "size", "at least 1", "got 0"], lambda m: predict(m, X, 0), model),
    row("a split by a seed", TypeError, ["numpy.random.Generator", "int 3", "default_rng(3)"], lambda: train_test_split(X, Y, rng=3)),
    row("a split by text", ValueError, ["train_test_split", "held_out=half"], lambda: train_test_split(X, Y, "half")),
    row("moons by a seed", TypeError, ["numpy.random.Generator", "int 3", "default_rng(3)"], lambda: datasets.moons(10, rng=3)),
    row("moons of half an example", ValueError, ["moons", "2 examples", "got 2.5"], lambda: datasets.moons(2.5)),
    row("EarlyStopping with patience of text", ValueError, ["EarlyStopping", "patience ≥ 1", "got long"], lambda: EarlyStopping("long")),
    row("fit: a function for a model", TypeError, ["fit", "model", "Module", "function"], lambda o: fit(lambda x: x, (X, Y), nn.MSELoss(), o, 1, progress=False), lambda: optim.SGD(model().parameters(), 0.1)),
    row("fit: a model for an optimizer", TypeError, ["fit", "optimizer", "Sequential"], lambda m: fit(m, (X, Y), nn.MSELoss(), m, 1, progress=False), model),
    diverging("inputs of nan", ["epoch 1", "the loss is nan", "the inputs hold nan or inf"], lambda m: None, X=np.full((4, 2), np.nan)),
    diverging("inputs of nan, compiled", ["epoch 1", "the loss is nan", "the inputs hold nan or inf"], lambda m: None, X=np.full((4, 2), np.nan), compile=True),
    diverging("a gradient that overflows, compiled", ["epoch 1", "the loss is finite, its gradient is not", "0.weight"], lambda m: (fill(m, 1e150), setattr(m[0].weight, "data", np.zeros((3, 2)))) and setattr(m[0].bias, "data", np.zeros(3)), X=np.full((4, 2), 1e300), compile=True),
    diverging("weights of inf", ["epoch 1", "the weights 0.weight hold nan or inf"], lambda m: fill(m, np.inf)),
    diverging("a layer that overflows", ["epoch 1", "layer '0: Linear", "first whose output is nan or inf", "1e+308"], lambda m: fill(m, 1e308)),
    diverging("a loss that overflows", ["epoch 1", "every layer's output is finite", "the loss itself overflowed"], lambda m: fill(m, 1e200)),
    diverging("a gradient that overflows", ["epoch 1", "the loss is finite, its gradient is not", "0.weight"], lambda m: (fill(m, 1e150), setattr(m[0].weight, "data", np.zeros((3, 2)))) and setattr(m[0].bias, "data", np.zeros(3)), X=np.full((4, 2), 1e300)),
    row("fit diverges: in validation", Diverged, ["epoch 1", "the loss is nan", "the inputs hold nan or inf"], bad_validation),
    row("predict nothing", ValueError, ["predict", "at least one example", "(0, 2)"], lambda m: predict(m, X[:0]), model),
    row("EarlyStopping without patience", ValueError, ["EarlyStopping", "patience ≥ 1", "got 0"], lambda: EarlyStopping(0)),
    row("History of other columns", ValueError, ["history", "columns loss", "got error"], lambda h: h.append({"error": 1.0}), history),
    row("History's column that is not there", KeyError, ["'los'", "there are loss"], lambda h: h["los"], history),
    # -- checkpoints -------------------------------------------------------------------------------
    row("a model file for a checkpoint", ModelFileError, ["a.npz", "no checkpoint", "save_model"], lambda t: load_checkpoint("a.npz", t), lambda: save_model("a.npz", model()) or training()),
    row("a checkpoint of another training", ValueError, ["a.npz", "another training", "schedule"], lambda t: load_checkpoint("a.npz", t), lambda: saved(with_schedule())),
    row("a checkpoint of another model", ValueError, ["a.npz", "does not fit this training", "0.weight"], lambda t: load_checkpoint("a.npz", t), lambda: saved(deeper())),
    row("a checkpoint of another optimizer", ValueError, ["a.npz", "does not fit this training", "expected Momentum, got SGD"], lambda t: load_checkpoint("a.npz", t), lambda: saved(training(optim.SGD))),
    # -- data --------------------------------------------------------------------------------------
    row("linear with a wide margin", ValueError, ["linear", "margin", "0 … 0.5", "got 2"], lambda: datasets.linear(margin=2)),
    row("circles inside out", ValueError, ["circles", "inner", "between 0 and 1", "got 2"], lambda: datasets.circles(inner=2)),
    row("spirals of one class", ValueError, ["spirals", "classes", "got 1"], lambda: datasets.spirals(classes=1)),
    row("moons of one example", ValueError, ["moons", "2 examples", "got 1"], lambda: datasets.moons(1)),
    row("moons of noise below 0", ValueError, ["moons", "noise ≥ 0", "-1"], lambda: datasets.moons(10, noise=-1)),
    row("one_hot of floats", ValueError, ["one_hot", "whole numbers (examples,)", "float64 (2,)"], lambda: one_hot([0.0, 1.0])),
    row("one_hot of too few classes", ValueError, ["one_hot", "0 … 1", "got 0 … 2"], lambda: one_hot([0, 2], 2)),
    row("a split that leaves nothing", ValueError, ["train_test_split", "held_out=1", "4 examples", "empty"], lambda: train_test_split(X, Y, 1)),
    row("a split of unequal lengths", ValueError, ["train_test_split", "4 examples, y has 3"], lambda: train_test_split(X, Y[:3])),
    row("Standardizer of a vector", ValueError, ["Standardizer", "(examples, features)", "(4,)"], lambda: Standardizer.fit(np.zeros(4))),
    row("Standardizer of nan", ValueError, ["Standardizer", "X[1, 0] is nan", "remove or fill"], lambda: Standardizer.fit(np.array([[1.0], [np.nan]]))),
    row("Standardizer of other features", ValueError, ["Standardizer", "(..., 2)", "(4, 1)"], lambda s: s(np.zeros((4, 1))), lambda: Standardizer.fit(X)),
    row("batches of unequal lengths", ValueError, ["batches", "4 examples, y has 3"], lambda: next(batches(X, Y[:3]))),
    row("batches of half a row", ValueError, ["batches", "size", "got 0.5"], lambda: next(batches(X, Y, 0.5))),
    # -- metrics -----------------------------------------------------------------------------------
    row("classes of a stack", ValueError, ["classes_of", "(examples, classes)", "(2, 3, 4)"], lambda: metrics.classes_of(np.zeros((2, 3, 4)))),
    row("a confusion of more classes", ValueError, ["confusion_matrix", "0 … 1", "largest is 2"], lambda: metrics.confusion_matrix([0, 2], [0, 1], 2)),
    row("accuracy of unequal lengths", ValueError, ["accuracy", "as many predictions as targets", "2 and 3"], lambda: metrics.accuracy([0, 1], [0, 1, 1])),
    row("r_squared of another shape", ValueError, ["r_squared", "one shape", "(2,) and (3,)"], lambda: r_squared([1.0, 2.0], [1.0, 2.0, 3.0])),
    # -- tables ------------------------------------------------------------------------------------
    row("load_csv: an unknown task", ValueError, ["load_csv", "'classification' or 'regression'", "'cluster'"], lambda: load_csv("a.csv", "y", task="cluster")),
    table("a missing file", ["No such file"], None),
    table("an empty file", ["empty"], ""),
    table("another encoding", ["not a text in utf-8-sig", "latin-1"], "x,y\né,1\n".encode("latin-1")),
    table("an unknown encoding", ["unknown encoding 'utf-9'"], CSV, encoding="utf-9"),
    table("rows of unequal length", ["no table", "line 3"], "x,y\n1,2\n1,2,3\n"),
    table("another delimiter", ["one column only", "';', not ','"], "x;y\n1;2\n"),
    table("control characters", ["no table", "control characters"], "x\x01,y\n1,2\n"),
    table("a column without a name", ["column 1 has no name", "index=False"], ",y\n1,2\n"),
    table("a name twice", ["'x'", "1 and 2"], "x,x,y\n1,2,3\n"),
    table("a misspelt target", ["no column 'Y'", "did you mean 'y'?", "'x', 'y'"], CSV, "Y"),
    table("a target by its number", ["no column 1", "'x', 'y'"], CSV, 1),  # type: ignore[arg-type]
    table("no features", ["no column is left", "'y'"], CSV, ignore=["x"]),
    table("one row", ["1 row of data", "two at least"], "x,y\n1,2\n"),
    table("one class", ["'y' is 'a' in every row", "nothing to learn"], "x,y\n1,a\n2,a\n"),
    table("as many classes as rows", ["4 different entries in 4 rows"], "x,y\n1,a\n2,b\n3,c\n4,d\n"),
    table("a cell of text", ["row 3, column 'x'", "'two' is not a number"], "x,y\n1,a\ntwo,b\n3,a\n4,b\n"),
    table("a cell with a decimal comma", ["row 2, column 'x'", "decimal point"], 'x,y\n"1,5",a\n2,b\n3,a\n4,b\n'),
    table("a column of text", ["column 'x'", "leave the column out"], "x,y\na,a\nb,b\nc,a\nd,b\n"),
    table("a number too large", ["row 2, column 'x'", "too large a number"], "x,y\n1e999,a\n2,b\n3,a\n4,b\n"),
    table("a missing cell", ["row 3, column 'x'", "missing", "fill them in"], "x,y\n1,a\n,b\n3,a\n4,b\n"),
    row("load_features without rows", TableError, ["a.csv", "no rows of data"], lambda: load_features("a.csv", ["x"]), lambda: Path("a.csv").write_text("x\n") and None),
    # -- plots -------------------------------------------------------------------------------------
    row("plots without matplotlib", ModuleNotFoundError, ["matplotlib", "pip install 'autograd-mini[plot]'"], without("matplotlib.figure", lambda: plots.loss_curves([1.0]))),
    row("loss_curves of nothing", ValueError, ["loss_curves", "a loss per epoch", "dict of such lists"], lambda: plots.loss_curves([])),
    row("activations of softmax", ValueError, ["activations", "each output of softmax depends on all inputs"], lambda: plots.activations(["softmax"])),
    row("lecture_pictures on too few axes", ValueError, ["lecture_pictures", "pictures, but 1 axes"], lambda: plots.lecture_pictures([Figure().add_subplot()])),
    row("hidden_units of a unit that is not there", ValueError, ["hidden_units", "'0' has the units 0 … 2, not 3"], lambda m: plots.hidden_units(m, "0", X, np.zeros(4, int), unit=3), model),
    row("hidden_units of a layer that is not there", ValueError, ["hidden_units", "no layer 'hidden'", "'0', '1', '2'"], lambda m: plots.hidden_units(m, "hidden", X), model),
    row("hidden_units of a layer that is not called", ValueError, ["hidden_units", "'other'", "the model does not call it"], lambda m: plots.hidden_units(m, "other", X), Silent),
    row("decision_boundary of three inputs", ValueError, ["X (examples, 2)", "two inputs to a plane", "(4, 3)"], lambda m: plots.decision_boundary(m, np.zeros((4, 3)), np.zeros(4)), model),
    row("decision_boundary of too few classes", ValueError, ["whole number y ≥ 0", "4 examples", "(3,)"], lambda m: plots.decision_boundary(m, X, np.zeros(3)), model),
    row("descend with weight decay", RuntimeError, ["descend", "other weights than the two moved", "without weight decay"], decaying),
    row("loss_surface of no parameter", ValueError, ["no parameter 'weight'", "'0.weight', '0.bias'"], lambda m: plots.loss_surface(m, loss, ("weight", 0), B), model),
    row("loss_surface of no single weight", ValueError, ["0.weight[0]", "not one weight of 0.weight (3, 2)"], lambda m: plots.loss_surface(m, loss, ("0.weight", 0), B), model),
    row("loss_surface with another path", ValueError, ["loss_surface", "(steps, 2) or (steps, 3)", "(4,)"], lambda m: plots.loss_surface(m, loss, A, B, path=np.zeros(4)), model),
    row("loss_surface with a path of nan", ValueError, ["loss_surface", "no finite point", "limits"], lambda m: plots.loss_surface(m, loss, A, B, path=np.full((2, 2), np.nan)), model),
    row("loss_surface of nan", ValueError, ["loss_surface", "nan or inf at every point"], lambda m: plots.loss_surface(m, nan_loss, A, B, resolution=2), model),
    row("histograms of nan", ValueError, ["histograms", "no finite parameter"], lambda m: plots.histograms(m), lambda: (m := model(), fill(m, np.nan))[0]),
    row("histograms without gradients", ValueError, ["histograms", "0.weight has no gradient yet", "backward()"], lambda m: plots.histograms(m, gradients=True), model),
    row("heat_map of nothing", ValueError, ["heat_map", "E (0, 2) has no numbers"], plots.heat_map, lambda: Value(np.zeros((0, 2)), name="E")),
    row("confusion_matrix that is no square", ValueError, ["confusion_matrix", "(classes, classes)", "int64 (2, 3)"], lambda: plots.confusion_matrix(np.zeros((2, 3), int))),
    row("confusion_matrix of other labels", ValueError, ["confusion_matrix", "2 classes, but 1 labels"], lambda: plots.confusion_matrix(np.eye(2, dtype=int), ["cat"])),
]  # fmt: skip
