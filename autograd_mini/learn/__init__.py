"""What surrounds training: data sets and tables, batches, `fit`, metrics, checkpoints and model files."""

from autograd_mini.learn.callbacks import Callback, EarlyStopping, KeepBest, Training
from autograd_mini.learn.datasets import (
    Dataset,
    circles,
    diabetes,
    digits,
    iris,
    linear,
    logical_and,
    logical_or,
    moons,
    regression_curve,
    spirals,
    wine,
    xor,
)
from autograd_mini.learn.divergence import Diverged
from autograd_mini.learn.files import load_arrays, load_metadata, load_model, save_arrays, save_model
from autograd_mini.learn.fit import fit
from autograd_mini.learn.history import History
from autograd_mini.learn.metrics import accuracy, confusion_matrix, r_squared
from autograd_mini.learn.preprocessing import Standardizer, batches, one_hot, train_test_split
from autograd_mini.learn.stored import ModelFileError
from autograd_mini.learn.tables import TableError, load_csv
from autograd_mini.learn.training import epochs, predict

__all__ = [
    "Callback",
    "Dataset",
    "Diverged",
    "EarlyStopping",
    "History",
    "KeepBest",
    "ModelFileError",
    "Standardizer",
    "TableError",
    "Training",
    "accuracy",
    "batches",
    "circles",
    "confusion_matrix",
    "diabetes",
    "digits",
    "epochs",
    "fit",
    "iris",
    "linear",
    "load_arrays",
    "load_csv",
    "load_metadata",
    "load_model",
    "logical_and",
    "logical_or",
    "moons",
    "one_hot",
    "predict",
    "r_squared",
    "regression_curve",
    "save_arrays",
    "save_model",
    "spirals",
    "train_test_split",
    "wine",
    "xor",
]
