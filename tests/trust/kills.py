"""Kill writers of model files at random moments, and see that the file is always whole: the old one or the new.

`python -m tests.trust.kills 1000` from the repository's root kills 1 000 processes with signal 9, each in the middle
of saving the same file over and over; `test_kills.py` kills a few. A writer says in shared memory which version it has
begun to save and which it has saved; what is found afterwards must be one of these two, in every number.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd_mini import nn, optim
from autograd_mini.learn.callbacks import Training
from autograd_mini.learn.checkpoint import load_checkpoint, save_checkpoint
from autograd_mini.learn.files import load_model, save_model

SIZES = [150, 100, 10]


def model_of(version: int) -> nn.Module:
    """A model whose numbers all say which version it is."""
    model = nn.MLP(SIZES, rng=np.random.default_rng(0))
    model.load_state_dict({name: np.full(np.shape(w), float(version)) for name, w in model.state_dict().items()})
    return model


def training_of(version: int) -> Training:
    model = model_of(version)
    optimizer = optim.Adam(model.parameters(), learning_rate=0.5)
    return Training(model, optimizer, None, np.random.default_rng(version), [])


def version_of(model: nn.Module) -> int:
    """Raises AssertionError if its numbers are of several versions."""
    (version,) = {float(number) for w in model.state_dict().values() for number in np.unique(w)}
    return int(version)


def read_checkpoint(path: Path) -> int:
    training = training_of(10**6)
    load_checkpoint(path, training)
    version = version_of(training.model)
    assert training.rng.bit_generator.state == np.random.default_rng(version).bit_generator.state
    return version


class Kind(NamedTuple):
    """A way to save a version, and to tell which one a file holds."""

    make: Callable[[int], Any]
    save: Callable[[Path, Any], None]
    read: Callable[[Path], int]


KINDS = {
    "model": Kind(model_of, save_model, lambda path: version_of(load_model(path))),
    "checkpoint": Kind(training_of, save_checkpoint, read_checkpoint),
}


def save_for_ever(kind: str, path: Path, first: int, progress: Any, last: float = float("inf")) -> None:
    """Save the versions from `first` to `last`; progress[0] is the one begun, progress[1] the one saved."""
    version = first
    while version <= last:
        item = KINDS[kind].make(version)
        progress[0] = version
        KINDS[kind].save(path, item)
        progress[1] = version
        version += 1


def processes() -> multiprocessing.context.ForkServerContext:
    """Processes that start in milliseconds, from one that has imported what takes long and runs no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["autograd_mini.learn", "autograd_mini.optim"])
    return context


def temporaries(folder: Path) -> set[str]:
    return {name for name in os.listdir(folder) if name.startswith(".autograd-mini-")}


def kill(kind: str, suffix: str, count: int, seed: int, folder: Path) -> Counter[str]:
    """Kill `count` writers, one after the other; what was found.

    Raises:
        AssertionError: a file that is neither the old nor the new one, or a temporary file that stays for good.
    """
    context, rng = processes(), random.Random(seed)
    path = folder / f"{kind}{suffix}"
    progress = context.RawArray("q", 2)
    KINDS[kind].save(path, KINDS[kind].make(0))
    version, outcome = 0, Counter[str]()
    for _ in range(count):
        left = temporaries(folder)
        assert len(left) <= 1, "what a killed writer left is not removed by the next one"
        process = context.Process(target=save_for_ever, args=(kind, path, version + 1, progress))
        process.start()
        while progress[1] <= version:  # it has saved at least once
            assert process.is_alive(), "the writer ended by itself"
            time.sleep(0.001)
        assert not left & temporaries(folder), "what a killed writer left is still there after the next saving"
        time.sleep(rng.uniform(0, 0.02))
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        begun, saved = progress
        found = KINDS[kind].read(path)
        assert found in (begun, saved), f"version {found}, when {saved} had been saved and {begun} begun"
        outcome["killed"] += 1
        outcome["in the middle of saving"] += begun != saved
        outcome["with a temporary file left"] += bool(temporaries(folder))
        outcome["the new one was there, though not known as saved"] += found == begun != saved
        version = begun
    KINDS[kind].save(path, KINDS[kind].make(0))
    assert os.listdir(folder) == [path.name]
    return outcome


def main(count: int = 1000, seed: int = 0) -> None:
    """Kill `count` writers, of both formats, of models and of checkpoints, and print what was found."""
    for kind in KINDS:
        for suffix in (".npz", ".safetensors"):
            with tempfile.TemporaryDirectory() as folder:
                print(f"{kind}{suffix}", dict(kill(kind, suffix, count // 4, seed, Path(folder))), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
