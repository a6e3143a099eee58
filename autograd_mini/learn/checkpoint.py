"""Write a training down between two epochs, and go on from there bit for bit.

A checkpoint holds numbers and texts, no code and no pickle: the state of the model, the optimizer,
the schedule, the callbacks and the history, and where every random generator stands.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_mini.learn.callbacks import Callback, Training
from autograd_mini.learn.files import load_arrays, load_metadata, save_arrays
from autograd_mini.learn.stored import ModelFileError

_KIND = {"kind": "autograd-mini checkpoint 1"}


def save_checkpoint(path: str | os.PathLike[str], training: Training) -> None:
    """Write all that the rest of a training depends on; the file appears whole or not at all.

    Args:
        path: ends in .npz, or in .safetensors (needs the package safetensors).

    Raises:
        ValueError: another suffix.
        OSError: the file cannot be written; an old one is still whole.
    """
    arrays = {f"{name}:{key}": item for name, part in _parts(training) for key, item in part.state_dict().items()}
    arrays |= {f"generator:{name}": _text(generator) for name, generator in _generators(training)}
    save_arrays(path, arrays, metadata=_KIND)


def load_checkpoint(path: str | os.PathLike[str], training: Training) -> None:
    """Put a training made like the saved one to where that was.

    Raises:
        ModelFileError: the file is damaged, or no checkpoint.
        ValueError: another model, optimizer, schedule or list of callbacks.

    If anything is raised, Ctrl-C included, nothing has changed.
    """
    if load_metadata(path) != _KIND:
        raise ModelFileError(f"{os.fspath(path)}: no checkpoint of a training; was it written by save_model?")
    arrays = load_arrays(path)
    parts, generators = dict(_parts(training)), dict(_generators(training))
    sections: dict[str, dict[str, Any]] = {name: {} for name in parts}
    sections["generator"] = {}
    for name, item in arrays.items():
        section, _, key = name.partition(":")
        sections.setdefault(section, {})[key] = item
    if sections.keys() - parts.keys() != {"generator"} or sections["generator"].keys() != generators.keys():
        raise ValueError(f"{os.fspath(path)}: the checkpoint is of another training: it holds {', '.join(sections)}")
    before = [(part, part.state_dict()) for part in parts.values()]
    stood = [(generator.bit_generator, generator.bit_generator.state) for generator in generators.values()]
    try:
        for name, part in parts.items():
            part.load_state_dict(sections[name])
        for name, generator in generators.items():
            generator.bit_generator.state = _state(sections["generator"][name])
    except BaseException as error:
        for part, state in before:
            part.load_state_dict(state)
        for bits, state in stood:
            bits.state = state
        if not isinstance(error, KeyError | TypeError | ValueError):
            raise
        raise ValueError(f"{os.fspath(path)}: the checkpoint does not fit this training: {error}") from error


def _parts(training: Training) -> Iterator[tuple[str, Any]]:
    """All that has a state, by the name of its section."""
    yield "model", training.model
    yield "optimizer", training.optimizer
    if training.schedule is not None:
        yield "schedule", training.schedule
    for i, callback in enumerate(training.callbacks):
        if isinstance(callback, Callback):
            yield f"callback {i}", callback
    yield "history", training.history


def _generators(training: Training) -> Iterator[tuple[str, np.random.Generator]]:
    """That of the batches, and those of layers that draw: dropout."""
    yield "batches", training.rng
    for path, module in training.model.named_modules():
        rng = getattr(module, "rng", None)
        if isinstance(rng, np.random.Generator):
            yield f"layer {path}", rng


def _text(generator: np.random.Generator) -> str:
    # Some generators keep whole numbers of 128 bits, others arrays.
    return json.dumps(generator.bit_generator.state, default=lambda array: array.tolist())


def _state(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text)
    return found
