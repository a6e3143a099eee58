"""Damage model files in every way: each is refused with one error, or read as other readers read it.

`python -m tests.trust.fuzz_files 100000` from the repository's root runs 100 000 mutations of each
format; `test_fuzz_files.py` runs a few thousand. On each one: no exception but ModelFileError, no warning,
nothing executed, imported or opened but the file itself, memory within the file's size times a factor and a
constant. What is accepted is compared bit by bit with what zipfile, np.load and the package safetensors find.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from autograd_mini import nn
from autograd_mini.learn import files, npz_files
from autograd_mini.learn.architecture import FLAGS, describe
from autograd_mini.learn.files import ModelFileError, load_arrays, load_metadata, load_model, save_model
from autograd_mini.learn.stored import OWN
from tests.trust.damage import blind, structured, tampered

#: What a load may take: a multiple of the file, for what JSON may grow to, and a constant.
MEMORY_FACTOR, MEMORY_CONSTANT = 40, 256 << 10
#: What became of a file: blindly damaged with all checks on; blindly damaged where all checksums are said to
#: fit; changed field by field, with right CRCs and a digest that is said to fit; well formed, with right sums.
KINDS = ("damaged", "forged", "structured", "tampered")


def models(seed: int = 0) -> list[nn.Module]:
    rng = np.random.default_rng(seed)
    return [
        nn.MLP([2, 3, 1], "tanh", "sigmoid", rng=rng),
        nn.Sequential(
            nn.Conv2d(1, 2, 3, rng=rng, dtype=np.float32),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Sequential(nn.Linear(8, 4, bias=False, rng=rng), nn.BatchNorm1d(4), nn.Dropout(0.5)),
        ).eval(),
        nn.Sequential(
            nn.Embedding(3, 2, rng=rng), nn.LayerNorm(2), nn.MaskPoolDropout(0.5, 3, units=2), nn.LeakyReLU()
        ),
    ]


def bits(model: nn.Module) -> dict[str, tuple]:
    return array_bits(model.state_dict())


def array_bits(arrays: dict[str, Any]) -> dict[str, tuple]:
    found = {name: np.asarray(numbers) for name, numbers in arrays.items()}
    return {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in found.items()}


# -- what a load may do ----------------------------------------------------------------------------

_watched: list[str] = []
_strange: list[str] = []
_HARMLESS = {"object.__getattr__", "builtins.id"}


def _watch(event: str, arguments: tuple) -> None:
    if _watched:
        reading = event == "open" and arguments[0] == _watched[0] and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not reading and event not in _HARMLESS:
            _strange.append(f"{event} {arguments!r:.200}")


sys.addaudithook(_watch)


@contextmanager
def only_reading(path: Path) -> Iterator[None]:
    """Nothing is executed, compiled, imported, deleted or opened within but the file, for reading."""
    _strange.clear()
    _watched.append(str(path))
    try:
        yield
    finally:
        _watched.clear()
    assert not _strange, f"while it was read: {_strange}"


class AnyText(str):
    def __ne__(self, other: object) -> bool:
        return False


class AnyNumber(int):
    def __ne__(self, other: object) -> bool:
        return False


def gullible(stack: ExitStack, sums: bool) -> None:
    """The digest fits, and all other checksums: an attacker sees to that, and the checks behind them are reached."""
    stack.enter_context(mock.patch.object(files, "digest", return_value=AnyText()))
    if sums:
        any_sum = SimpleNamespace(crc32=lambda *args: AnyNumber())
        stack.enter_context(mock.patch("autograd_mini.learn.npz_files.zlib", any_sum))
        stack.enter_context(mock.patch("autograd_mini.learn.stored.zlib", any_sum))


# -- whether it is right ---------------------------------------------------------------------------


def read_by_others(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and texts as zipfile and np.load find them, or the package safetensors; CRCs aside."""
    if path.suffix == ".npz":
        with mock.patch.object(zipfile.ZipExtFile, "_update_crc"), zipfile.ZipFile(path) as archive:
            texts = archive.read(npz_files.METADATA) if npz_files.METADATA in archive.namelist() else b"{}"
            arrays = {}
            for name in archive.namelist():
                if name != npz_files.METADATA:
                    with archive.open(name) as member:
                        arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
                        assert not member.read(), "numbers behind the array"
        return arrays, json.loads(texts)
    from safetensors import safe_open

    with safe_open(path, "np") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata() or {}  # noqa: SIM118


def plain(node: dict[str, Any]) -> dict[str, Any]:
    """A description without what says nothing: flags as a new module has them, no arguments, rows from the end."""
    kept = {key: item for key, item in node.items() if not (key in FLAGS and item is getattr(nn.Module, key))}
    if not kept.get("arguments", True):
        del kept["arguments"]
    elif kept.get("arguments", {}).get("padding_idx") is not None:
        row, rows = (kept["arguments"][key] for key in ("padding_idx", "num_embeddings"))
        kept["arguments"] = kept["arguments"] | {"padding_idx": row % rows}
    return kept | ({"children": [plain(child) for child in node["children"]]} if "children" in node else {})


def attempt(load: Callable[[Path], Any], path: Path, found: dict[Callable, Any]) -> int:
    """The memory that a load takes; what it finds is found[load]."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with only_reading(path):
        try:
            found[load] = load(path)
        except ModelFileError as error:
            message = str(error)
            fit = message.startswith(f"{path}: ") and message.isprintable() and len(message) < len(str(path)) + 600
            if not fit:
                raise AssertionError(f"a message that names no file, moves the cursor or floods: {error!r}") from None
    return tracemalloc.get_traced_memory()[1] - before


def judge(path: Path, saved: list[nn.Module], limit: float) -> tuple[str, int]:
    """Load all that can be loaded: "refused", "texts", "arrays" or "model", and the memory it took at most.

    What is accepted must be one of the models saved, or, if there are none, what other readers find.
    """
    found: dict[Callable, Any] = {}
    most = 0
    for load in (load_model, load_arrays, load_metadata):
        used = attempt(load, path, found)
        if used > limit:  # the interpreter's own tables grow now and then, but not twice
            used = attempt(load, path, found)
        assert used <= limit, f"{load.__name__}: {used} bytes, at most {limit:.0f} are in order"
        most = max(most, used)
    if not found:
        return "refused", most
    assert load_model not in found or load_arrays in found
    if saved and load_model in found:
        same = [one for one in saved if describe(one) == describe(found[load_model])]
        assert same, "another architecture came back"
        assert bits(found[load_model]) in map(bits, same), "another model came back"
    elif load_arrays in found:
        arrays, texts = read_by_others(path)
        assert not saved or files.DIGEST not in texts or array_bits(arrays) in map(bits, saved), "other arrays"
        named = {name: item for name, item in found[load_arrays].items() if not isinstance(item, str)}
        assert array_bits(named) == array_bits(arrays), "others read other arrays"
        assert found[load_metadata] == {n: text for n, text in texts.items() if not n.startswith(OWN)}
        if load_model in found:
            model = found[load_model]
            assert bits(model) == array_bits(arrays), "others read other weights"
            assert describe(model) == plain(json.loads(texts[files.ARCHITECTURE])["model"]), "another architecture"
            again = path.with_name(f"again{path.suffix}")
            save_model(again, model)
            assert bits(load_model(again)) == bits(model)
    return ("model" if load_model in found else "arrays" if load_arrays in found else "texts"), most


def fuzz(suffix: str, count: int, seed: int, folder: Path) -> Counter[str]:
    """Try `count` mutations; what became of them. tracemalloc must be running."""
    rng = random.Random(seed)
    path = folder / f"mutated{suffix}"
    whole = []
    for model in models():
        save_model(path, model, metadata={"data": "XOR"})
        load_model(path)  # imports what is imported late
        whole.append((model, path.read_bytes()))
    outcome: Counter[str] = Counter()
    slowest = 0.0
    for i in range(count):
        model, raw = rng.choice(whole)
        kind = KINDS[i % len(KINDS)]
        if kind == "tampered":
            raw = tampered(suffix, model, rng)
        elif kind == "structured":
            raw = structured(suffix, raw, rng)
        else:
            raw = blind(raw, rng.choice(whole)[1], rng)
        path.write_bytes(raw)
        start = time.perf_counter()
        try:
            with ExitStack() as stack:
                stack.enter_context(warnings.catch_warnings())
                warnings.simplefilter("error")
                if kind in ("forged", "structured"):
                    gullible(stack, sums=kind == "forged")
                limit = MEMORY_FACTOR * len(raw) + MEMORY_CONSTANT
                result, used = judge(path, [model for model, _ in whole] if kind == "damaged" else [], limit)
        except BaseException:
            print(f"{suffix}, seed {seed}, mutation {i}, {kind}: kept in {path}", file=sys.stderr)
            raise
        slowest = max(slowest, time.perf_counter() - start)
        outcome[f"{kind}, {result}"] += 1
        outcome["most memory"] = max(outcome["most memory"], used)
    outcome["slowest, ms"] = round(1000 * slowest)
    return outcome


def main(count: int = 100_000, seed: int = 0) -> None:
    """Run `count` mutations of each format and print what became of them."""
    folder = Path(tempfile.mkdtemp())
    tracemalloc.start()
    for suffix in files.FORMATS:
        start = time.perf_counter()
        outcome = fuzz(suffix, count, seed, folder)
        print(suffix, f"{time.perf_counter() - start:.0f} s", dict(sorted(outcome.items())), flush=True)
    shutil.rmtree(folder)  # only here: a file that breaks something is kept


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
