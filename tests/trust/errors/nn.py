"""The errors of `nn`: layers, losses, their functions, initialisation, state dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_mini import ShapeError, Value, nn
from autograd_mini.nn import functional as F
from autograd_mini.nn import init, penalties
from tests.trust.errors.rows import row

RNG = np.random.default_rng


def model() -> nn.Module:
    """A trained-looking model: with gradients, in training mode, with running statistics."""
    made = nn.Sequential(nn.Linear(2, 3, rng=RNG(0)), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1, rng=RNG(1)))
    nn.MSELoss()(made(RNG(2).normal(size=(4, 2))), np.zeros((4, 1))).backward()
    return made


def on(layer: Callable[[], nn.Module], *shape: int) -> tuple[Callable, Callable]:
    """Call a layer on zeros of a shape; the layer must stay as it was."""
    return lambda made: made(np.zeros(shape)), layer


def loss(function: Callable, prediction: Any, target: Any, **options: Any) -> tuple[Callable, Callable]:
    return lambda p: function(p, target, **options), lambda: Value(prediction, name="p")


def state(**changed: Any) -> Callable:
    def load(made: nn.Module) -> None:
        numbers = {**made.state_dict(), **{name.replace("__", "."): n for name, n in changed.items()}}
        made.load_state_dict({name: n for name, n in numbers.items() if n is not ...})

    return load


def vector() -> Value:
    w = Value([1.0, -2.0], name="w")
    w.grad = np.ones(2)
    return w


def bias() -> Value:
    return Value([1.0], name="0.bias")


class Nameless(nn.Module):
    pass


LOGITS = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]


def linear() -> nn.Module:
    return nn.Linear(3, 2, rng=RNG(0))


ROWS = [
    # -- modules -----------------------------------------------------------------------------------
    row("Module without forward", NotImplementedError, ["Nameless", "def forward(self, x)"], lambda m: m(1.0), Nameless),
    row("Module without output_shape", NotImplementedError, ["Nameless", "def output_shape(self, shape)"], lambda m: m.output_shape((1, 2)), Nameless),
    row("load_state_dict of a list", TypeError, ["names -> numbers", "got list"], lambda m: m.load_state_dict([1.0]), model),
    row("load_state_dict of another shape", ValueError, ["nothing was loaded", "0.weight: expected shape (3, 2), got (2, 3)"], state(**{"0__weight": np.zeros((2, 3))}), model),
    row("load_state_dict of text", ValueError, ["nothing was loaded", "3.bias: expected real numbers, got <U1"], state(**{"3__bias": "a"}), model),
    row("load_state_dict of unequal lists", ValueError, ["nothing was loaded", "3.bias: ", "one length"], state(**{"3__bias": [[1.0], [1.0, 2.0]]}), model),
    row("load_state_dict without an entry", ValueError, ["nothing was loaded", "1.running_mean", "missing"], state(**{"1__running_mean": ...}), model),
    row("load_state_dict with one too many", ValueError, ["nothing was loaded", "unexpected: 4.weight"], state(**{"4__weight": 0.0}), model),
    row("Sequential of a function", TypeError, ["Sequential", "argument 1", "Module", "ufunc 'tanh'"], lambda m: nn.Sequential(m, np.tanh), linear),
    row("Sequential of a class", TypeError, ["Sequential", "argument 1", "did you mean Tanh()?"], lambda m: nn.Sequential(m, nn.Tanh), linear),
    row("Sequential of a list", TypeError, ["Sequential", "argument 0", "one by one: Sequential(*modules)"], lambda m: nn.Sequential([m]), linear),
    row("a module that is not there", IndexError, ["module 4", "there are 4"], lambda m: m[4], model),
    row("an activation by number", TypeError, ["activation", "relu", "got int 3"], lambda: nn.MLP([1, 2, 1], activation=3)),
    row("an activation of another name", ValueError, ["activation", "'rellu'", "relu"], lambda: nn.MLP([1, 2, 1], activation="rellu")),
    row("MLP of one size", ValueError, ["MLP", "[inputs, ..., outputs]", "at least two", "[3]"], lambda: nn.MLP([3])),
    row("MLP of a number", ValueError, ["MLP", "[inputs, ..., outputs]", "got 3"], lambda: nn.MLP(3)),
    row("analyze of a function", TypeError, ["analyze", "Module", "ufunc"], lambda: nn.analyze(np.tanh, (1, 2))),
    row("summary of what does not fit", ShapeError, ["summary", "Linear", "3"], lambda m: nn.summary(m, (1, 5)), linear),
    # -- layers ------------------------------------------------------------------------------------
    row("Linear of other features", ShapeError, ["Linear: x (4, 5) @ weight.T (3, 2)", "x (..., 3)", "got 5 features"], *on(linear, 4, 5)),
    row("Linear of a number", ShapeError, ["Linear: x () @ weight.T (3, 2)", "got a single number"], *on(linear)),
    row("Linear of the transposed", ShapeError, ["Linear: x (3, 4)", "did you mean x.T?"], *on(linear, 3, 4)),
    row("Linear of size 0", ValueError, ["Linear", "in_features", "positive whole number", "got 0"], lambda: nn.Linear(0, 1)),
    row("Linear of half a unit", ValueError, ["Linear", "out_features", "positive whole number", "got 1.5"], lambda: nn.Linear(1, 1.5)),
    row("Linear of whole numbers", TypeError, ["Linear", "dtype", "float", "int64"], lambda: nn.Linear(1, 1, dtype=int)),
    row("Linear with a seed for rng", TypeError, ["numpy.random.Generator", "int 0", "np.random.default_rng(0)"], lambda: nn.Linear(1, 1, rng=0)),
    row("Linear with NumPy's old generator", TypeError, ["numpy.random.Generator", "RandomState", "default_rng(seed)"], lambda: nn.Linear(1, 1, rng=np.random.RandomState(0))),
    row("Linear with an init of another name", ValueError, ["init", "'xavier'", "known are", "f(shape, rng, layer)"], lambda: nn.Linear(1, 1, init="xavier")),
    row("Linear of an unknown type", TypeError, ["Linear", "dtype", "np.float32", "'flaot'"], lambda: nn.Linear(1, 1, dtype="flaot")),
    row("LeakyReLU with a slope of text", ValueError, ["LeakyReLU", "negative_slope", "finite number", "got 'a'"], lambda: nn.LeakyReLU("a")),
    row("ELU without α", ValueError, ["ELU", "alpha", "finite number", "got None"], lambda: nn.ELU(None)),
    row("LayerNorm with a negative ε", ValueError, ["LayerNorm", "eps", "finite number ≥ 0", "got -1"], lambda: nn.LayerNorm(3, eps=-1)),
    row("BatchNorm1d with ε = nan", ValueError, ["BatchNorm1d", "eps", "finite number ≥ 0", "got nan"], lambda: nn.BatchNorm1d(3, eps=np.nan)),
    row("hardtanh of text", ValueError, ["hardtanh", "min_val", "finite number", "got 'a'"], lambda x: F.hardtanh(x, "a"), vector),
    row("BatchNorm1d of momentum 2", ValueError, ["BatchNorm1d", "momentum", "if not None", "between 0 and 1", "got 2"], lambda: nn.BatchNorm1d(3, momentum=2)),
    row("BatchNorm1d of one example without a batch", ShapeError, ["BatchNorm1d(num_features=3", "(3,)", "(batch, 3)"], *on(lambda: nn.BatchNorm1d(3), 3)),
    row("BatchNorm1d of pictures", ShapeError, ["BatchNorm1d(num_features=3", "(2, 3, 4, 4)", "nn.Flatten()"], *on(lambda: nn.BatchNorm1d(3), 2, 3, 4, 4)),
    row("BatchNorm1d of other features", ShapeError, ["BatchNorm1d(num_features=3", "expected 3 features", "BatchNorm1d(5)"], *on(lambda: nn.BatchNorm1d(3), 2, 5)),
    row("BatchNorm1d of one example", ShapeError, ["BatchNorm1d(num_features=3", "more than one example", ".eval()"], *on(lambda: nn.BatchNorm1d(3), 1, 3)),
    row("Conv2d of pictures without channels", ShapeError, ["Conv2d", "(8, 8)", "(batch, 1, height, width)", "x[:, None]"], *on(lambda: nn.Conv2d(1, 2, 3, rng=RNG(0)), 8, 8)),
    row("Conv2d of other channels", ShapeError, ["Conv2d", "expected 1 channels, got 3", "Conv2d(3, …)"], *on(lambda: nn.Conv2d(1, 2, 3, rng=RNG(0)), 2, 3, 8, 8)),
    row("Conv2d of small pictures", ShapeError, ["Conv2d", "(2, 1, 2, 2)", "at least 3 × 3", "padding"], *on(lambda: nn.Conv2d(1, 2, 3, rng=RNG(0)), 2, 1, 2, 2)),
    row("Conv2d of three sizes", ValueError, ["Conv2d", "kernel_size", "(height, width)", "(3, 3, 3)"], lambda: nn.Conv2d(1, 2, (3, 3, 3))),
    row("Conv2d with negative padding", ValueError, ["Conv2d", "padding", "whole number ≥ 0", "got -1"], lambda: nn.Conv2d(1, 2, 3, padding=-1)),
    row("MaxPool2d with wide padding", ValueError, ["MaxPool2d", "at most half the kernel (2, 2)", "(2, 2)"], lambda: nn.MaxPool2d(2, padding=2)(np.zeros((1, 1, 4, 4)))),
    row("MaxPool2d of a vector", ShapeError, ["MaxPool2d", "(batch, channels, height, width)", "(4,)"], *on(lambda: nn.MaxPool2d(2), 4)),
    row("Dropout of p as text", ValueError, ["Dropout", "p must be between 0 and 1", "got 'a'"], lambda: nn.Dropout("a")),
    row("Dropout of p = 2", ValueError, ["Dropout", "p must be between 0 and 1", "got 2"], lambda: nn.Dropout(2)),
    row("Embedding with padding outside", ValueError, ["Embedding", "padding_idx is 4", "4 rows"], lambda: nn.Embedding(4, 2, padding_idx=4)),
    row("Flatten of a vector", ShapeError, ["Flatten", "axes 1 to -1", "batch missing"], *on(nn.Flatten, 4)),
    row("LayerNorm of other features", ShapeError, ["LayerNorm", "(3,)", "(2, 4)", "LayerNorm((4,))"], *on(lambda: nn.LayerNorm(3), 2, 4)),
    row("RNNCell of another nonlinearity", ValueError, ["RNNCell", "'tanh' or 'relu'", "'sigmoid'"], lambda: nn.RNNCell(2, 3, nonlinearity="sigmoid")),
    row("RNNCell of other features", ShapeError, ["RNNCell(input_size=2, hidden_size=3", "expected 2 features", "(1, 5)"], *on(lambda: nn.RNNCell(2, 3, rng=RNG(0)), 1, 5)),
    row("RNNCell with another state", ShapeError, ["RNNCell(input_size=2, hidden_size=3", "h (1, 4)", "x (1, 2)", "(1, 3)"], lambda m: m(np.zeros((1, 2)), np.zeros((1, 4))), lambda: nn.RNNCell(2, 3, rng=RNG(0))),
    row("MaskPoolDropout of p = 1", ValueError, ["MaskPoolDropout", "less than 1", "got 1"], lambda: nn.MaskPoolDropout(1)),
    row("MaskPoolDropout of p = 2", ValueError, ["MaskPoolDropout", "between 0 and 1", "got 2"], lambda: nn.MaskPoolDropout(2)),
    row("MaskPoolDropout of a number", ShapeError, ["MaskPoolDropout", "units", "single number"], *on(lambda: nn.MaskPoolDropout(0.5, rng=RNG(0)))),
    row("MaskPoolDropout of other units", ShapeError, ["MaskPoolDropout", "expected 3 units", "units=4"], *on(lambda: nn.MaskPoolDropout(0.5, rng=RNG(0), units=3), 2, 4)),
    row("MaskPoolDropout without masks", ValueError, ["MaskPoolDropout", "no masks yet", "units="], lambda m: m.presence(), lambda: nn.MaskPoolDropout(0.5, rng=RNG(0))),
    row("MaskPoolDropout's mask that is not there", ValueError, ["MaskPoolDropout", "no mask 16", "0 to 15"], lambda m: m.use(16), lambda: nn.MaskPoolDropout(0.5, rng=RNG(0), units=3)),
    # -- losses ------------------------------------------------------------------------------------
    row("MSELoss of another shape", ShapeError, ["mse_loss", "prediction (2, 1)", "target (2,)", "target.reshape((2, 1))"], *loss(F.mse_loss, [[1.0], [2.0]], [1.0, 2.0])),
    row("MSELoss of another size", ShapeError, ["mse_loss", "(2, 1)", "(3,)"], *loss(F.mse_loss, [[1.0], [2.0]], [1.0, 2.0, 3.0])),
    row("a loss of another reduction", ValueError, ["mse_loss", "sum, mean, none", "'avg'"], *loss(F.mse_loss, [1.0], [1.0], reduction="avg")),
    row("a loss module of another reduction", ValueError, ["MSELoss", "sum, mean, none", "'avg'"], lambda: nn.MSELoss("avg")),
    row("a loss with a text for a weight", TypeError, ["weight", "'sum'", "did you mean reduction='sum'"], lambda: nn.BCELoss("sum")),
    row("a loss of a text", TypeError, ["mse_loss: target: ", "real numbers", "'a'"], *loss(F.mse_loss, [1.0], ["a"])),
    row("a weight of another shape", ShapeError, ["weight (3,)", "prediction (2,)"], *loss(F.mse_loss, [1.0, 2.0], [1.0, 2.0], weight=[1.0, 2.0, 3.0])),
    row("a weight that does not broadcast", ShapeError, ["binary_cross_entropy", "weight (3,)", "(2,)"], *loss(F.binary_cross_entropy, [0.5, 0.5], [1.0, 0.0], weight=[1.0, 2.0, 3.0])),
    row("a probability above 1", ValueError, ["binary_cross_entropy", "between 0 and 1", "1.5", "logits"], *loss(F.binary_cross_entropy, [0.5, 1.5], [1.0, 0.0])),
    row("Huber's δ = 0", ValueError, ["huber_loss", "delta", "finite number > 0", "got 0"], *loss(F.huber_loss, [1.0], [1.0], delta=0)),
    row("Huber's δ as text", ValueError, ["huber_loss", "delta", "finite number > 0", "got 'a'"], *loss(F.huber_loss, [1.0], [1.0], delta="a")),
    row("hinge_loss of classes 0 and 1", ValueError, ["hinge_loss", "-1 or 1", "got 0", "2 * target - 1"], *loss(F.hinge_loss, [1.0, 2.0], [0, 1])),
    row("kl_div of negative targets", ValueError, ["kl_div", "-1", "log_target=True"], *loss(F.kl_div, [0.5, 0.5], [-1.0, 2.0])),
    row("kl_div's mean over a batch of one number", ShapeError, ["kl_div", "'batchmean'", "single number"], *loss(F.kl_div, 0.5, 0.5, reduction="batchmean")),
    row("cross_entropy with smoothing 2", ValueError, ["cross_entropy", "label_smoothing", "between 0 and 1", "got 2"], *loss(F.cross_entropy, LOGITS, [0, 1], label_smoothing=2)),
    row("CrossEntropyLoss with smoothing 2", ValueError, ["CrossEntropyLoss", "label_smoothing", "between 0 and 1", "got 2"], lambda: nn.CrossEntropyLoss(label_smoothing=2)),
    row("cross_entropy of probabilities without a class", ValueError, ["cross_entropy", "ignore_index", "probabilities"], *loss(F.cross_entropy, LOGITS, np.eye(3)[:2], ignore_index=1)),
    row("cross_entropy with a weight too many", ShapeError, ["cross_entropy", "(2, 3)", "3 classes", "weight (4,)"], *loss(F.cross_entropy, LOGITS, [0, 1], weight=[1.0] * 4)),
    row("cross_entropy of a number", ShapeError, ["cross_entropy", "(batch, classes", "()"], *loss(F.cross_entropy, 1.0, 0)),
    row("cross_entropy of too many targets", ShapeError, ["cross_entropy", "prediction (2, 3)", "classes (2,)", "target (3,)"], *loss(F.cross_entropy, LOGITS, [0, 1, 2])),
    row("cross_entropy of classes as texts", TypeError, ["cross_entropy: target: ", "real numbers", "'cat'"], *loss(F.cross_entropy, LOGITS, ["cat", "dog"])),
    row("nll_loss of classes as texts", TypeError, ["nll_loss: target: ", "real numbers", "'cat'"], *loss(F.nll_loss, LOGITS, ["cat", "dog"])),
    row("cross_entropy of classes as floats", TypeError, ["cross_entropy", "whole numbers", "float64", ".astype(int)"], *loss(F.cross_entropy, LOGITS, [0.0, 1.0])),
    row("cross_entropy of a class that is not there", ValueError, ["cross_entropy", "target[1] is class 3", "3 logits", "0 to 2"], *loss(F.cross_entropy, LOGITS, [0, 3])),
    row("cross_entropy of no probabilities", ValueError, ["cross_entropy", "probabilities", "smallest is -1", "sums to"], *loss(F.cross_entropy, LOGITS, [[-1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])),
    # -- functions ---------------------------------------------------------------------------------
    row("gelu of another approximation", ValueError, ["gelu", "'none' or 'tanh'", "'sigmoid'"], lambda x: F.gelu(x, "sigmoid"), vector),
    row("hardtanh of crossed bounds", ValueError, ["hardtanh", "min_val", "max_val", "1 and -1"], lambda x: F.hardtanh(x, 1, -1), vector),
    row("dropout of p = -1", ValueError, ["dropout", "p", "between 0 and 1", "got -1"], lambda x: F.dropout(x, -1), vector),
    row("linear of other features", ShapeError, ["linear", "x (2,)", "weight (3, 4)", "(out, in)"], lambda x: F.linear(x, np.zeros((3, 4))), vector),
    row("linear of another bias", ShapeError, ["linear", "weight (3, 2)", "bias (3,)", "got (2,)"], lambda x: F.linear(x, np.zeros((3, 2)), np.zeros(2)), vector),
    row("layer_norm of other features", ShapeError, ["layer_norm", "(..., 3)", "(2,)"], lambda x: F.layer_norm(x, 3), vector),
    row("layer_norm of another weight", ShapeError, ["layer_norm", "weight (2,)", "(3,)"], lambda x: F.layer_norm(x, 2, np.ones(3)), vector),
    row("embedding of a vector", ShapeError, ["embedding", "weight (words, features)", "(2,)"], lambda w: F.embedding([0], w), vector),
    row("embedding of floats", TypeError, ["embedding", "whole numbers", "float64", ".astype(int)"], lambda m: F.embedding([0.5], m.weight), linear),
    row("embedding of a word that is not there", IndexError, ["embedding", "indices[1] is 2", "2 rows", "0 to 1"], lambda m: F.embedding([0, 2], m.weight), linear),
    row("embedding with padding outside", ValueError, ["embedding", "padding_idx is 9", "2 rows"], lambda m: F.embedding([0], m.weight, padding_idx=9), linear),
    row("conv2d of a matrix", ShapeError, ["conv2d", "(..., in, H, W)", "(3, 3)", "weight (1, 1, 2, 2)"], lambda: F.conv2d(np.zeros((3, 3)), np.zeros((1, 1, 2, 2)))),
    row("conv2d of another bias", ShapeError, ["conv2d", "weight (1, 1, 2, 2)", "bias (1,)", "(3,)"], lambda: F.conv2d(np.zeros((1, 3, 3)), np.zeros((1, 1, 2, 2)), np.zeros(3))),
    row("max_pool2d of small pictures", ShapeError, ["max_pool2d", "(4, 4)", "(1, 2, 2)", "padding (0, 0)"], lambda: F.max_pool2d(np.zeros((1, 2, 2)), 4)),
    row("init of a bias alone", ValueError, ["init", "(3,)", "layer=(n_out, n_in)"], lambda: init.glorot_uniform((3,))),
    row("init with a seed", TypeError, ["numpy.random.Generator", "int 3", "default_rng(3)"], lambda: init.glorot_uniform((3, 2), 3)),
    # -- penalties ---------------------------------------------------------------------------------
    row("l2 of one Value", TypeError, ["l2", "model or a list", "write [w]"], lambda w: penalties.l2(w, 0.1), vector),
    row("l2 of numbers", TypeError, ["l2", "parameter 1", "Value", "got float 2.0"], lambda w: penalties.l2([w, 2.0], 0.1), vector),
    row("l2 of a weight twice", ValueError, ["l2", "twice"], lambda w: penalties.l2([w, w], 0.1), vector),
    row("l2 of biases", ValueError, ["l2", "biases=True"], lambda w: penalties.l2([w], 0.1), bias),
    row("l2 of nothing", ValueError, ["l2", "empty"], lambda: penalties.l2([], 0.1)),
    row("l2 of a negative strength", ValueError, ["l2", "finite number ≥ 0", "got -1"], lambda w: penalties.l2([w], -1), vector),
    row("l2 of a strength as text", ValueError, ["l2", "finite number ≥ 0", "got 'a'"], lambda w: penalties.l2([w], "a"), vector),
    row("max_norm of vectors", ValueError, ["max_norm", "two axes or more"], lambda w: penalties.max_norm([w], 1.0), vector),
    row("max_norm of nan", ValueError, ["max_norm", "W (1, 2)", "nan", "nothing was changed"], lambda w: penalties.max_norm([w], 1.0), lambda: Value([[np.nan, 5.0]], name="W")),
]  # fmt: skip
