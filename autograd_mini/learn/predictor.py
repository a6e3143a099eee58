"""Keep with a trained model what it takes to use it on raw rows: columns, scales and the classes' names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_mini.functions import softmax
from autograd_mini.learn import strict_json
from autograd_mini.learn.files import Path, load_metadata, load_model, save_model
from autograd_mini.learn.preprocessing import Standardizer
from autograd_mini.learn.stored import ModelFileError
from autograd_mini.learn.training import predict
from autograd_mini.nn.module import Module

KEY = "predictor"


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model that was trained on standardised rows, with all that leads from raw rows to answers.

    A classifier has one output a class, logits; any other model has one output, standardised.
    """

    model: Module
    target: str
    """The name of what is predicted."""
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    """Empty for a number to predict."""
    inputs: Standardizer
    outputs: Standardizer | None
    """Of the target, where it is a number."""

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Of each class, for raw rows: (examples, features) -> (examples, classes)."""
        return np.asarray(softmax(predict(self.model, self.inputs(X)), axis=-1))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """The classes (examples,) or the numbers (examples, 1) for raw rows (examples, features)."""
        if self.outputs is None:
            return np.argmax(predict(self.model, self.inputs(X)), axis=1)
        return self.outputs.inverse(predict(self.model, self.inputs(X)))

    def save(self, path: Path) -> None:
        """Write the model, with the rest as its metadata; see `save_model`."""
        described = {
            "target": self.target,
            "feature_names": self.feature_names,
            "class_names": self.class_names,
            "inputs": _numbers(self.inputs),
            "outputs": self.outputs and _numbers(self.outputs),
        }
        save_model(path, self.model, metadata={KEY: json.dumps(described, allow_nan=False)})

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """The predictor that `save` wrote.

        Raises:
            ModelFileError: whatever is wrong, also a model file that was not written by `save`.
        """
        model, metadata = load_model(path), load_metadata(path)  # load_model checks the digest of both
        try:
            found = strict_json.parse(metadata[KEY], KEY)
            names, classes = (tuple(map(str, found[key])) for key in ("feature_names", "class_names"))
            inputs, outputs = _standardizer(found["inputs"]), found["outputs"] and _standardizer(found["outputs"])
            predictor = cls(model, str(found["target"]), names, classes, inputs, outputs)
            output = predict(model, np.zeros((1, len(names))))
            if (
                inputs.mean.shape != (len(names),)
                or output.shape != (1, len(classes) or 1)
                or bool(classes) == bool(outputs)
            ):
                raise ValueError("its parts do not fit each other")
        except KeyError as error:
            hint = "it holds a model, but no names of columns; was it written by `autograd-mini train`?"
            raise ModelFileError(f"{path}: {hint if error.args == (KEY,) else f'{error} is missing'}") from None
        except (TypeError, ValueError) as error:
            raise ModelFileError(f"{path}: its description of the data is damaged: {error}") from None
        return predictor


def _numbers(standardizer: Standardizer) -> dict[str, Any]:
    return {"mean": standardizer.mean.tolist(), "scale": standardizer.scale.tolist()}


def _standardizer(found: Any) -> Standardizer:
    mean, scale = (np.array(found[key], dtype=float) for key in ("mean", "scale"))
    if mean.ndim != 1 or mean.shape != scale.shape or not (scale > 0).all():
        raise ValueError("expected as many means as positive scales")
    return Standardizer(mean, scale)
