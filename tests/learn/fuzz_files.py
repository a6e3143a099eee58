"""Damage model files in every way, and see that each is refused with one error or is a right model.

`python -m tests.learn.fuzz_files 100000` from the repository's root runs 100 000 mutations of each
format; the tests run a few thousand.
"""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np

from autograd_mini import nn
from autograd_mini.learn import files
from autograd_mini.learn.architecture import describe
from autograd_mini.learn.files import ModelFileError, load_model, save_model

#: What a load may take: a multiple of the file, and a constant for what JSON may grow to.
MEMORY_FACTOR, MEMORY_CONSTANT = 16, 2 << 20
NUMBERS = [0, 1, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1]
WORDS = [
    b"NaN",
    b"1e999",
    b"-1",
    b"99999999999999999999",
    b"[[[[",
    b'"',
    b"{}",
    b"null",
    b"true",
    b"Linear",
    b"\\u0000",
]


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
    arrays = {name: np.asarray(numbers) for name, numbers in model.state_dict().items()}
    return {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}


class AnyText(str):
    def __ne__(self, other: object) -> bool:
        return False


class AnyNumber(int):
    def __ne__(self, other: object) -> bool:
        return False


@contextmanager
def gullible() -> Iterator[None]:
    """All checksums fit: what an attacker would do, so that the checks behind them are reached."""
    any_sum = SimpleNamespace(crc32=lambda *args: AnyNumber())
    with (
        mock.patch.object(files, "digest", return_value=AnyText()),
        mock.patch("autograd_mini.learn.npz_files.zlib", any_sum),
        mock.patch("autograd_mini.learn.stored.zlib", any_sum),
    ):
        yield


def mutate(raw: bytes, other: bytes, rng: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at, to = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
        size = rng.choice([1, 2, 4, 8, 16, 64])
        kind = rng.randrange(10)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 2:
            del data[at : at + size]
        elif kind == 3:
            data[at:at] = rng.randbytes(size)
        elif kind == 4:
            del data[at:]
        elif kind == 5:
            width = rng.choice([2, 4, 8])
            data[at : at + width] = (rng.choice(NUMBERS) % 256**width).to_bytes(width, rng.choice(["little", "big"]))
        elif kind == 6:
            data[at : at + size] = data[to : to + size]
        elif kind == 7:
            data[at:at] = other[to : to + size]
        elif kind == 8:
            word = rng.choice(WORDS)
            data[at : at + rng.choice([0, 1, len(word)])] = word
        else:  # a number in the text becomes another
            digits = [i for i, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
            if digits:
                data[rng.choice(digits)] = rng.choice(b"0123456789-.e")
    return bytes(data)


def rebuilt(suffix: str, model: nn.Module, rng: random.Random) -> bytes:
    """A well-formed file with right checksums, whose architecture or arrays have been tampered with."""
    tree = {"version": 1, "model": describe(model)}
    text = mutate_tree(tree, rng)
    arrays = {name: np.asarray(numbers) for name, numbers in model.state_dict().items()}
    for name in list(arrays):
        kind = rng.randrange(12)
        if kind == 0:
            arrays[name] = arrays[name].reshape(rng.choice([(-1,), (1, -1), (-1, 1)]))
        elif kind == 1:  # weights cast to bytes overflow, and NumPy says so
            with np.errstate(all="ignore"):
                arrays[name] = arrays[name].astype(rng.choice(["f2", "i4", "u1", "?", "f4"]))
        elif kind == 2:
            arrays[rng.choice(["../" + name, name + ".0", "/etc/passwd", "weight"])] = arrays.pop(name)
    metadata = {files.ARCHITECTURE: json.dumps(text)}
    metadata[files.DIGEST] = files.digest(arrays, metadata)
    written = io.BytesIO()
    files.FORMATS[suffix].write(written, arrays, metadata)
    return written.getvalue()


def mutate_tree(tree: object, rng: random.Random) -> object:
    strange = [None, True, -1, 0, 2**31 - 1, 10**18, 1e308, "", "Linear", "Sequential", [], {}, [2**31 - 1] * 3, "0"]
    if rng.random() < 0.03:
        return rng.choice(strange)
    if isinstance(tree, dict):
        return {
            k if rng.random() > 0.01 else "same": mutate_tree(v, rng) for k, v in tree.items() if rng.random() > 0.01
        }
    if isinstance(tree, list):
        return [mutate_tree(item, rng) for item in tree for _ in range(rng.choices([1, 0, 2], [96, 2, 2])[0])]
    return tree


def judge(path: Path, original: nn.Module | None) -> str:
    """Load; "refused" or "right". With the original, right means equal to it bit by bit."""
    try:
        model = load_model(path)
    except ModelFileError:
        return "refused"
    if original is not None:
        assert bits(model) == bits(original), "another model came back"
        assert describe(model) == describe(original), "another architecture came back"
    else:
        again = path.with_name(f"again{path.suffix}")
        save_model(again, model)  # complete: every parameter where its layer says
        assert all(np.asarray(p.data).dtype.kind == "f" for p in model.parameters())
    return "right"


def fuzz(suffix: str, count: int, seed: int, folder: Path) -> Counter[str]:
    """Try `count` mutations; what became of them. tracemalloc must be running."""
    rng = random.Random(seed)
    path = folder / f"mutated{suffix}"
    whole = []
    for model in models():
        save_model(path, model, metadata={"data": "XOR"})
        whole.append((model, path.read_bytes()))
    outcome: Counter[str] = Counter()
    for i in range(count):
        model, raw = rng.choice(whole)
        kind = ("damaged", "forged", "tampered")[i % 3]
        other = rng.choice(whole)[1]
        raw = rebuilt(suffix, model, rng) if kind == "tampered" else mutate(raw, other, rng)
        path.write_bytes(raw)
        check: Callable[[], str] = lambda kind=kind, model=model: judge(path, model if kind == "damaged" else None)  # noqa: E731
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        try:
            if kind == "forged":
                with gullible():
                    result = check()
            else:
                result = check()
        except BaseException:
            print(f"{suffix}, seed {seed}, mutation {i}, {kind}: kept in {path}", file=sys.stderr)
            raise
        used = tracemalloc.get_traced_memory()[1] - before
        assert used <= MEMORY_FACTOR * len(raw) + MEMORY_CONSTANT, (
            f"mutation {i}: {used} bytes for a file of {len(raw)}"
        )
        outcome[f"{kind}, {result}"] += 1
        outcome["most memory"] = max(outcome["most memory"], used)
    return outcome


def main(count: int = 100_000, seed: int = 0) -> None:
    """Run `count` mutations of each format and print what became of them."""
    with tempfile.TemporaryDirectory() as folder:
        tracemalloc.start()
        for suffix in files.FORMATS:
            start = time.perf_counter()
            outcome = fuzz(suffix, count, seed, Path(folder))
            print(suffix, f"{time.perf_counter() - start:.0f} s", dict(sorted(outcome.items())))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
