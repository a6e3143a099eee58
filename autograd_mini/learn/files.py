"""Save a model to one file, and load it: its layers' classes and arguments, and its weights; no pickle.

>>> import tempfile
>>> from autograd_mini import nn
>>> model = nn.MLP([2, 3, 1], "tanh", rng=np.random.default_rng(0))
>>> path = os.path.join(tempfile.mkdtemp(), "model.npz")
>>> save_model(path, model, metadata={"trained on": "XOR"})
>>> twin = load_model(path)
>>> twin(np.ones((1, 2))).data == model(np.ones((1, 2))).data
array([[ True]])
>>> load_metadata(path)
{'trained on': 'XOR'}

A loaded file is checked in every byte that matters before anything is built: sizes, shapes and
dtypes against the file's own size, names against the architecture, everything against a SHA-256
digest. That finds damage, not forgery: whoever can write the file can write its digest.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from autograd_mini.learn import npz_files, safetensors_files, strict_json
from autograd_mini.learn.architecture import Builder, describe
from autograd_mini.learn.safe_write import replacing
from autograd_mini.learn.stored import OWN, ModelFileError, Stored
from autograd_mini.nn.module import Module
from autograd_mini.numbers import as_array

FORMATS: dict[str, ModuleType] = {".safetensors": safetensors_files, ".npz": npz_files}
ARCHITECTURE, DIGEST, TEXT = OWN + "architecture", OWN + "sha256", OWN + "text."
_VERSION = 1

Path = str | os.PathLike[str]


# -- models ----------------------------------------------------------------------------------------


def save_model(path: Path, model: Module, *, metadata: Mapping[str, str] | None = None) -> None:
    """Write a model of our own layers: classes, arguments, parameters, buffers, `training` and `frozen`.

    Hooks, parameters' own names and the state of a layer's random generator are not saved. The file
    appears whole or not at all, see `learn.safe_write`.

    Args:
        path: ends in .safetensors (needs the package safetensors) or .npz.
        model: a layer, or a Sequential or MLP of them, nested at will; one module may stand in
            several places.
        metadata: texts to keep beside it, such as where the data came from.

    Raises:
        TypeError: a class that is not in the fixed list (`learn.architecture`), also one of your own.
        ValueError: another suffix; parameters that the layers would not have (replaced by another
            shape, of mixed dtypes, one Value shared by two layers); unfit metadata.
        OSError: the file cannot be written; an old one is still whole.

    >>> save_model("model.pkl", Module())
    Traceback (most recent call last):
    autograd_mini.learn.stored.ModelFileError: model.pkl: the suffix must be .safetensors or .npz
    """
    _format(path)
    architecture = describe(model)
    state = {name: _plain(name, numbers) for name, numbers in model.state_dict().items()}
    try:  # what is written can be read again
        Builder({name: (array.shape, array.dtype) for name, array in state.items()}).model(architecture)
    except ModelFileError as error:
        raise ValueError(f"this model would not come back from a file as it is: {error}") from None
    text = strict_json.compose({"version": _VERSION, "model": architecture}, "the architecture")
    _write(path, state, {**_checked_metadata(metadata), ARCHITECTURE: text})


def load_model(path: Path) -> Module:
    """Build the model that `save_model` wrote, with its dtypes, `training` and `frozen` flags.

    Memory: some four times the file's arrays at most, and a constant.

    Raises:
        ModelFileError: whatever is wrong, from a missing file to a flipped bit.

    >>> load_model("no such model.npz")
    Traceback (most recent call last):
    autograd_mini.learn.stored.ModelFileError: no such model.npz: No such file or directory
    """
    with _opened(path) as (file, stored, metadata):
        if ARCHITECTURE not in metadata or DIGEST not in metadata:
            raise ModelFileError("no model file: it holds no architecture, or no digest; try load_arrays")
        try:
            description = strict_json.parse(metadata[ARCHITECTURE], "architecture")
        except ValueError as error:
            raise ModelFileError(str(error)) from None
        if type(description) is not dict or description.keys() != {"version", "model"}:
            raise ModelFileError("architecture: expected a version and a model")
        if description["version"] != _VERSION or type(description["version"]) is not int:
            raise ModelFileError(f"architecture: version {description['version']!r:.40}, this reads {_VERSION}")
        model = Builder({name: (entry.shape, entry.dtype) for name, entry in stored.items()}).model(
            description["model"]
        )
        state = _numbers(file, stored, metadata)
    model.load_state_dict(state)
    return model


# -- arrays ----------------------------------------------------------------------------------------


def save_arrays(path: Path, arrays: Mapping[str, Any], *, metadata: Mapping[str, str] | None = None) -> None:
    """Write named arrays, numbers and texts: the state of a model, an optimizer, or both in a checkpoint.

    Args:
        path: ends in .safetensors (needs the package safetensors) or .npz.
        arrays: name -> real numbers of any shape and of at most 8 bytes each, or a text.
        metadata: texts to keep beside them.

    Raises:
        TypeError: something that is neither numbers nor a text.
        ValueError: another suffix, a name that cannot be one, unfit metadata.
        OSError: the file cannot be written; an old one is still whole.

    >>> import tempfile
    >>> from autograd_mini import Value, optim
    >>> path = os.path.join(tempfile.mkdtemp(), "optimizer.npz")
    >>> save_arrays(path, optim.SGD([Value(0.0)], learning_rate=0.1).state_dict())
    >>> optim.SGD([Value(0.0)], learning_rate=0.5).load_state_dict(load_arrays(path))
    """
    _format(path)
    if not isinstance(arrays, Mapping):
        raise TypeError(f"save_arrays: expected names -> numbers, got {type(arrays).__name__}")
    plain = {name: _plain(name, item) for name, item in arrays.items() if not isinstance(item, str)}
    named = {TEXT + _name(name): str(item) for name, item in arrays.items() if isinstance(item, str)}
    _write(path, plain, {**_checked_metadata(metadata), **named})


def load_arrays(path: Path) -> dict[str, Any]:
    """What `save_arrays` wrote, as arrays and texts; a model file's state; or any such file's arrays.

    Files of `np.savez` and of the package safetensors are read too, if their arrays are of real
    numbers; without a digest, damage to the numbers goes unseen in the latter.

    Raises:
        ModelFileError: whatever is wrong, from a missing file to a flipped bit.
    """
    with _opened(path) as (file, stored, metadata):
        found: dict[str, Any] = _numbers(file, stored, metadata)
    for key, text in metadata.items():
        if key.startswith(TEXT):
            if key.removeprefix(TEXT) in found:
                raise ModelFileError(f"{os.fspath(path)}: {key[:80]!r} names an array and a text")
            found[key.removeprefix(TEXT)] = text
    return found


def load_metadata(path: Path) -> dict[str, str]:
    """The texts that were saved beside a model or arrays; these are not read, nor the digest checked.

    Raises:
        ModelFileError: whatever else is wrong.
    """
    with _opened(path) as (_, _, metadata):
        return {name: text for name, text in metadata.items() if not name.startswith(OWN)}


# -- within ----------------------------------------------------------------------------------------


def _format(path: Path) -> ModuleType:
    suffix = PurePath(os.fspath(path)).suffix.lower()
    if suffix not in FORMATS:
        raise ModelFileError(f"{os.fspath(path)}: the suffix must be {' or '.join(FORMATS)}")
    return FORMATS[suffix]


def _write(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    metadata = {**metadata, DIGEST: digest(arrays, metadata)}
    strict_json.compose(dict(metadata), "the metadata")  # not more than will be read
    with replacing(path) as file:
        _format(path).write(file, arrays, metadata)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, dict[str, Stored], dict[str, str]]]:
    """The file and what it declares; whatever goes wrong within is a ModelFileError that names it."""
    try:
        module = _format(path)
        # A pipe that nobody writes to would block for ever.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ModelFileError("not a regular file")
            yield file, *module.read(file, found.st_size)
    except ModelFileError as error:
        name = os.fspath(path)
        raise (error if str(error).startswith(name) else ModelFileError(f"{name}: {error}")) from None
    except MemoryError:
        raise ModelFileError(f"{os.fspath(path)}: not enough memory for its arrays") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise ModelFileError(f"{os.fspath(path)}: {getattr(error, 'strerror', None) or error}") from error


def _numbers(file: BinaryIO, stored: Mapping[str, Stored], metadata: Mapping[str, str]) -> dict[str, np.ndarray]:
    """All arrays, if they and the metadata fit the digest that may stand among these."""
    arrays = {name: entry.read(file, name) for name, entry in stored.items()}
    if DIGEST in metadata:
        signed = {name: text for name, text in metadata.items() if name != DIGEST}
        if metadata[DIGEST] != digest(arrays, signed):
            raise ModelFileError("the contents do not fit their digest: the file is damaged")
    elif any(name.startswith(OWN) for name in metadata):
        raise ModelFileError("the digest is missing: the file is damaged")
    return arrays


def digest(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """SHA-256 of all names, dtypes, shapes, numbers and texts, in hexadecimal; their order does not matter.

    >>> digest({}, {})
    '5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9'
    """
    # Lengths come first, so that no two contents make the same stream.
    total = hashlib.sha256(str(len(metadata)).encode())
    for name, text in sorted(metadata.items()):
        total.update(repr((name, text)).encode())
    for name, array in sorted(arrays.items()):
        total.update(repr((name, array.dtype.str, array.shape)).encode())
        total.update(np.asarray(array, order="C").reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def _plain(name: Any, item: Any) -> np.ndarray:
    """The numbers as both formats take them: C-contiguous, little-endian, of a known dtype."""
    _name(name)
    if isinstance(item, np.ndarray | np.generic | int | float | list | tuple):
        try:
            array = as_array(item)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from None
    elif hasattr(item, "get") and hasattr(item, "__array_function__"):  # on a GPU
        array = item.get()
    else:
        raise TypeError(f"{name}: expected numbers or a text, got {type(item).__name__}")
    little = array.dtype.newbyteorder("<")
    if little.str not in safetensors_files.DTYPES.values():
        raise TypeError(f"{name}: dtype {array.dtype} cannot be saved, only real numbers of at most 8 bytes")
    # safetensors takes an array's memory as it lies: W.T would come back with its numbers in disorder.
    return np.asarray(array, dtype=little, order="C")


def _name(name: Any) -> str:
    """A name that both formats hold as it is."""
    if not isinstance(name, str) or not name or len(name) > 1000 or not name.isprintable() or name == "__metadata__":
        raise ValueError(
            f"{name!r:.60} cannot be a name in a file: expected a printable text of at most 1000 characters"
        )
    return name


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    if not (metadata is None or isinstance(metadata, Mapping)):
        raise ValueError(f"metadata: expected names -> texts, got {type(metadata).__name__}")
    metadata = dict(metadata or {})
    for name, text in metadata.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise ValueError(
                f"metadata: expected names -> texts, got {name!r:.40}: {text!r:.40}; use str() or json.dumps()"
            )
        try:
            (name + text).encode()
        except UnicodeEncodeError:  # which safetensors would not write
            raise ValueError(f"metadata: {name!r:.60} holds half a character, such as '\\ud800'") from None
        if name.startswith(OWN):
            raise ValueError(f"metadata: names that begin with {OWN!r} are taken, got {name!r:.60}")
    return metadata
