"""The errors of model files: what cannot be saved, and files that are damaged, forged or of another kind."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from autograd_mini import Value, nn
from autograd_mini.learn import files, load_arrays, load_model, npz_files, save_arrays, save_model, strict_json
from autograd_mini.learn.predictor import KEY, Predictor
from autograd_mini.learn.stored import ModelFileError, Stored
from tests.trust.errors.rows import Row, row

NAN, HALF_A_CHARACTER = float("nan"), "\ud800"


def linear(**changed: Any) -> dict[str, Any]:
    """The architecture of nn.Linear(1, 1), with some of it changed, or left out where it is `...`."""
    arguments = {"in_features": 1, "out_features": 1, "bias": True, **changed.pop("arguments", {})}
    node = {"class": "Linear", "arguments": arguments, **changed}
    return {key: item for key, item in node.items() if item is not ...}


WEIGHTS = {"weight": np.zeros((1, 1)), "bias": np.zeros(1)}


def forged(suffix: str, architecture: Any, arrays: dict[str, Any], text: str | None = None) -> None:
    """A well-formed file with the right digest."""
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    metadata = {files.ARCHITECTURE: json.dumps({"version": 1, "model": architecture}) if text is None else text}
    metadata[files.DIGEST] = files.digest(arrays, metadata)
    with open(f"model{suffix}", "wb") as file:
        files.FORMATS[suffix].write(file, arrays, metadata)


def model(name: str, says: list[str], architecture: Any, text: str | None = None, **arrays: Any) -> Row:
    """A forged model file is refused when it is loaded."""
    found = {key: a for key, a in {**WEIGHTS, **arrays}.items() if a is not ...}
    return row(
        f"model file: {name}", ModelFileError, ["model.npz: ", *says], lambda: load_model("model.npz"),
        lambda: forged(".npz", architecture, found, text),
    )  # fmt: skip


def safetensors(name: str, says: list[str], header: Any, numbers: bytes = b"", length: int | None = None) -> Row:
    """A safetensors file of this header is refused."""

    def write() -> None:
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        Path("a.safetensors").write_bytes(
            (len(raw) if length is None else length).to_bytes(8, "little") + raw + numbers
        )

    load = lambda: load_arrays("a.safetensors")  # noqa: E731
    return row(f"safetensors: {name}", ModelFileError, ["a.safetensors: ", *says], load, write)


def entry(dtype: Any = "F64", shape: Any = (1,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def npy(array: Any = (1.0, 2.0), **changed: bytes) -> bytes:
    """A .npy file, in which some bytes are replaced: `npy(header=b"...")` for the header's text."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    raw = file.getvalue()
    if "header" in changed:
        raw = raw[:8] + struct.pack("<H", len(changed["header"])) + changed["header"] + raw[128:]
    return changed.get("magic", raw[:8]) + raw[8:]


def archive(
    members: dict[str | bytes, bytes] | list[tuple[str | bytes, bytes]],
    *,
    first: bytes = b"",
    between: bytes = b"",
    before_list: bytes = b"",
    in_list: bytes = b"",
    local: dict[str, Any] | None = None,
    listed: dict[str, Any] | None = None,
    end: dict[str, Any] | None = None,
) -> bytes:
    """A zip archive as np.savez writes it, with fields of its parts as given."""
    body, table, count = first, b"", 0
    for name, raw in members.items() if isinstance(members, dict) else members:
        name = name.encode() if isinstance(name, str) else name
        fields = {
            "signature": b"PK\1\2",
            "needed": 20,
            "flags": 0,
            "method": 0,
            "crc": zlib.crc32(raw),
            "size": len(raw),
        }
        fields |= {"packed": len(raw), "comment": 0, "disk": 0, "header": len(body), **(listed or {})}
        table += struct.pack(
            "<4s6H3L5H2L", fields["signature"], 20, fields["needed"], fields["flags"], fields["method"], 0, 0,
            fields["crc"], fields["packed"], fields["size"], len(name), 0, fields["comment"], fields["disk"], 0, 0,
            fields["header"],
        ) + name  # fmt: skip
        own = {"signature": b"PK\3\4", "name": name, "method": 0, **(local or {})}
        sizes = zlib.crc32(raw), len(raw), len(raw), len(own["name"]), 0
        body += struct.pack("<4s5H3L2H", own["signature"], 20, 0, own["method"], 0, 0, *sizes) + own["name"] + raw
        body += between
        count += 1
    body += before_list
    table += in_list
    last = {"count": count, "length": len(table), "start": len(body), "disk": 0, **(end or {})}
    tail = struct.pack(
        "<4s4H2LH", b"PK\5\6", last["disk"], 0, last["count"], last["count"], last["length"], last["start"], 0
    )
    return body + table + tail


def npz(name: str, says: list[str], raw: Callable[[], bytes]) -> Row:
    """An archive of these bytes is refused."""

    def write() -> None:
        Path("a.npz").write_bytes(raw())

    load = lambda: load_arrays("a.npz")  # noqa: E731
    return row(f"npz: {name}", ModelFileError, ["a.npz: ", *says], load, write)


def compressed() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, a=np.zeros(3))
    return file.getvalue()


def with_metadata(text: bytes, crc: int | None = None) -> Callable[[], bytes]:
    listed = {} if crc is None else {"crc": crc}
    return lambda: archive({npz_files.METADATA: text}, listed=listed)


def damaged_numbers(suffix: str) -> None:
    """A model file whose numbers have changed by one bit, its own checksums put right again."""
    forged(suffix, linear(), WEIGHTS)
    path = Path(f"model{suffix}")
    if suffix == ".safetensors":
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        path.write_bytes(raw)


def without_digest() -> None:
    with open("model.npz", "wb") as file:
        npz_files.write(file, WEIGHTS, {files.ARCHITECTURE: "{}"})


def array_and_text() -> None:
    with open("a.npz", "wb") as file:
        npz_files.write(file, {"a": np.zeros(1)}, {files.TEXT + "a": "text"})
    arrays, metadata = {"a": np.zeros(1)}, {files.TEXT + "a": "text"}
    metadata[files.DIGEST] = files.digest(arrays, metadata)
    with open("a.npz", "wb") as file:
        npz_files.write(file, arrays, metadata)


def old_file() -> np.ndarray:
    """An array to save where a file stands already, which must survive."""
    save_arrays("a.npz", {"a": 1.0})
    return np.array([1.0, 2.0])


def nothing_but_a_file() -> None:
    old_file()


def without_memory() -> None:
    with mock.patch.object(Stored, "read", side_effect=MemoryError):
        load_arrays("a.npz")


def without_safetensors(array: np.ndarray) -> None:
    with mock.patch.dict(sys.modules, {"safetensors.numpy": None}):
        save_arrays("a.safetensors", {"a": array})


def on_full_disk(array: np.ndarray) -> None:
    with mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")):
        save_arrays("a.npz", {"a": array})


def on_read_only(array: np.ndarray) -> None:
    with mock.patch("os.access", return_value=False):
        save_arrays("a.npz", {"a": array})


class Own(nn.Linear):
    """A class that no file can hold."""


def own_class() -> nn.Module:
    return nn.Sequential(Own(1, 1))


def inside_itself() -> nn.Module:
    made = nn.Sequential(nn.Tanh())
    setattr(made, "1", made)
    return made


def with_named_member() -> nn.Module:
    made = nn.Sequential(nn.Tanh())
    made.extra = nn.Tanh()
    return made


def of_another_shape() -> nn.Module:
    made = nn.Linear(2, 1)
    made.weight = Value(np.zeros((3, 3)))
    return made


def two_floats() -> nn.Module:
    made = nn.Linear(2, 1)
    made.weight = Value(np.zeros((1, 2), np.float32))
    return made


def described(found: Any) -> Callable[[], None]:
    """A model file with this description of a table's columns."""
    return lambda: save_model("model.npz", nn.Linear(1, 1), metadata={} if found is None else {KEY: json.dumps(found)})


def description(**changed: Any) -> dict[str, Any]:
    scale = {"mean": [0.0], "scale": [1.0]}
    found = {"target": "y", "feature_names": ["x"], "class_names": [], "inputs": scale, "outputs": scale, **changed}
    return {key: item for key, item in found.items() if item is not ...}


def nested(depth: int) -> list:
    made: list = []
    for _ in range(depth):
        made = [made]
    return made


def many_modules() -> None:
    with mock.patch("autograd_mini.learn.architecture.MOST_MODULES", 2):
        load_model("model.npz")


def three_modules() -> None:
    save_model("model.npz", nn.Sequential(nn.Tanh(), nn.Tanh()))


def save(model: nn.Module) -> None:
    save_model("model.npz", model)


def array(name: Any, item: Any, **options: Any) -> tuple[Callable, Callable]:
    return lambda kept: save_arrays("a.npz", {name: item}, **options), old_file


NOT_JSON = "architecture: "

ROWS = [
    # -- saving ------------------------------------------------------------------------------------
    row("save a model under another suffix", ModelFileError, ["model.pkl", ".safetensors or .npz"], lambda m: save_model("model.pkl", m), lambda: nn.Linear(1, 1)),
    row("save a class of one's own", TypeError, ["module '0'", "errors.model_files.Own", "Linear, Conv2d", "save_arrays(path, model.state_dict())"], save, own_class),
    row("save a model inside itself", ValueError, ["module '1' contains itself"], save, inside_itself),
    row("save a Sequential with a member by name", ValueError, ["the model", "Sequential", "'0', '1'", "extra"], save, with_named_member),
    row("save a weight of another shape", ValueError, ["would not come back", "weight: Linear needs shape (1, 2)", "(3, 3)"], save, of_another_shape),
    row("save a layer of two precisions", ValueError, ["would not come back", "one float type", "float32", "float64"], save, two_floats),
    row("save an object", TypeError, ["a: expected numbers or a text", "got object"], *array("a", object())),
    row("save complex numbers", TypeError, ["a: dtype complex128", "real numbers"], *array("a", [1j])),
    row("save a masked array", TypeError, ["a: ", "masked", "x.filled(0)"], *array("a", np.ma.array([1.0, 2.0], mask=[0, 1]))),
    row("save a jagged list", ValueError, ["a: ", "one length"], *array("a", [[1.0], [1.0, 2.0]])),
    row("save a list for arrays", TypeError, ["save_arrays", "names -> numbers", "got list"], lambda kept: save_arrays("a.npz", [kept]), old_file),
    row("save with a text for metadata", ValueError, ["metadata", "names -> texts", "got str"], *array("a", 1.0, metadata="note")),
    row("save under no name", ValueError, ["''", "name in a file", "printable"], *array("", 1.0)),
    row("save under a number", ValueError, ["3", "name in a file", "printable"], *array(3, 1.0)),
    row("save with metadata of numbers", ValueError, ["metadata", "names -> texts", "'seed': 3", "str()"], *array("a", 1.0, metadata={"seed": 3})),
    row("save with metadata under our names", ValueError, ["metadata", "are taken", files.DIGEST], *array("a", 1.0, metadata={files.DIGEST: ""})),
    row("save with half a character", ValueError, ["metadata", "'note'", "half a character"], *array("a", 1.0, metadata={"note": HALF_A_CHARACTER})),
    row("save too many arrays as .npz", ValueError, ["10 000 arrays", ".safetensors"], lambda kept: save_arrays("a.npz", {str(i): 0.0 for i in range(10_000)}), old_file),
    row("save over a folder", IsADirectoryError, ["a.npz", "not a regular file"], lambda: save_arrays("a.npz", {"a": 1.0}), lambda: os.mkdir("a.npz")),
    row("save over what is read-only", PermissionError, ["a.npz", "read-only"], on_read_only, old_file),
    row("save on a full disk", OSError, ["No space left", "a.npz"], on_full_disk, old_file),
    row("save into no folder", FileNotFoundError, ["No such file", "missing"], lambda: save_arrays("missing/a.npz", {"a": 1.0})),
    row("save as .safetensors without the package", ModuleNotFoundError, ["safetensors", "pip install", ".npz needs no package"], without_safetensors, old_file),
    row("metadata nested without end", ValueError, ["text: nested more than 100 deep"], lambda: strict_json.compose(nested(100_000), "text")),
    # -- loading -----------------------------------------------------------------------------------
    row("load a missing file", ModelFileError, ["model.npz", "No such file"], lambda: load_model("model.npz")),
    row("load a name with a zero byte", ModelFileError, ["a\0.npz", "null"], lambda: load_model("a\0.npz")),
    row("load a folder", ModelFileError, ["model.npz", "Is a directory"], lambda: load_model("model.npz"), lambda: os.mkdir("model.npz")),
    row("load a pipe", ModelFileError, ["model.npz", "not a regular file"], lambda: load_model("model.npz"), lambda: os.mkfifo("model.npz")),
    row("load without memory", ModelFileError, ["a.npz", "not enough memory"], without_memory, nothing_but_a_file),
    row("load a model from arrays", ModelFileError, ["a.npz", "no architecture", "load_arrays"], lambda: load_model("a.npz"), nothing_but_a_file),
    row("load what is damaged", ModelFileError, ["model.safetensors", "digest", "damaged"], lambda: load_model("model.safetensors"), lambda: damaged_numbers(".safetensors")),
    row("load what lost its digest", ModelFileError, ["model.npz", "digest is missing", "damaged"], lambda: load_arrays("model.npz"), without_digest),
    row("load an array and a text of one name", ModelFileError, ["a.npz", files.TEXT + "a", "array and a text"], lambda: load_arrays("a.npz"), array_and_text),
    model("no JSON", [NOT_JSON, "Expecting value"], None, text="?"),
    model("a key twice", [NOT_JSON, "'a' stands there twice"], None, text='{"a": 1, "a": 2}'),
    model("NaN", [NOT_JSON, "NaN is not a JSON number"], None, text="[NaN]"),
    model("nested without end", [NOT_JSON, "nested more than 100 deep"], None, text="[" * 200 + "]" * 200),
    row("a text longer than will be read", ValueError, [f"header: {strict_json.LONGEST + 1} characters", f"at most {strict_json.LONGEST}"], lambda: strict_json.parse(" " * (strict_json.LONGEST + 1), "header")),
    model("no version", ["architecture", "a version and a model"], None, text='{"model": 1}'),
    model("a version to come", ["architecture: version 2", "reads 1"], None, text='{"version": 2, "model": 1}'),
    model("a layer that is no object", ["module ''", "expected an object, got 3"], 3),
    model("the same as nothing", ["module ''", "same as 'x'", "not built before"], {"same": "x"}),
    model("an unknown class", ["module ''", "unknown class 'os.system'"], {"class": "os.system"}),
    model("a flag that is a number", ["module ''", "flag", "true nor false"], linear(training=0)),
    model("an unknown key", ["module ''", "unknown keys", "'code'"], linear(code="1")),
    model("children that are no list", ["module ''", "list of children"], {"class": "Sequential", "children": 3}),
    model("another argument", ["module ''", "Linear takes the arguments in_features, out_features, bias"], linear(arguments={"units": 1})),
    model("an argument of another kind", ["module ''", "in_features", "expected int", "'1'"], linear(arguments={"in_features": "1"})),
    model("an argument without end", ["module ''", "in_features", "moderate whole numbers", str(2**40)], linear(arguments={"in_features": 2**40})),
    model("an argument that is not finite", ["module ''", "eps", "finite number", "inf"], {"class": "LayerNorm", "arguments": {"normalized_shape": [1], "eps": 1.0, "elementwise_affine": True, "bias": True}}, text='{"version": 1, "model": {"class": "LayerNorm", "arguments": {"normalized_shape": [1], "eps": 1e999, "elementwise_affine": true, "bias": true}}}'),
    model("an argument that the layer refuses", ["module ''", "p must be between 0 and 1", "got 2.0"], {"class": "Dropout", "arguments": {"p": 2.0}}, weight=..., bias=...),
    model("a missing array", ["weight: Linear needs shape (1, 1)", "lacks it"], linear(), weight=...),
    model("an array of another shape", ["weight: Linear needs shape (1, 1)", "the file has (2,)"], linear(), weight=np.zeros(2)),
    model("an array of whole numbers", ["module ''", "one float type", "int64"], linear(), weight=np.zeros((1, 1), int)),
    model("an array too many", ["belong to no layer", "'extra'"], linear(), extra=np.zeros(1)),
    model("a buffer of another type", ["not what the layer would have", "num_batches_tracked"], {"class": "BatchNorm1d", "arguments": {"num_features": 1, "eps": 1e-5, "momentum": 0.1, "affine": True}}, weight=np.ones(1), running_mean=np.zeros(1), running_var=np.ones(1), num_batches_tracked=np.zeros((), np.float32)),
    row("model file: modules without end", ModelFileError, ["model.npz", "more than 2 modules"], many_modules, three_modules),
    # -- safetensors -------------------------------------------------------------------------------
    safetensors("longer header than file", ["header should have 99 bytes", "the file has"], {}, length=99),
    safetensors("header longer than will be read", ["header of", "at most"], b" " * (strict_json.LONGEST + 1)),
    safetensors("no JSON", ["header: ", "Expecting value"], b"?"),
    safetensors("a list", ["header: expected names -> arrays"], []),
    safetensors("metadata of numbers", ["__metadata__", "names -> texts"], {"__metadata__": {"a": 1}}),
    safetensors("an entry without a shape", ["'a'", "dtype, shape and data_offsets"], {"a": {"dtype": "F64"}}),
    safetensors("an unknown dtype", ["'a'", "'C64'", "F64, F32"], {"a": entry("C64")}),
    safetensors("offsets that are none", ["'a'", "data_offsets", "two whole numbers"], {"a": entry(offsets=[0])}),
    safetensors("a shape that is none", ["'a'", "list of at most", "whole numbers"], {"a": entry(shape=3)}),
    safetensors("a negative size", ["'a'", "negative or absurd", "[-1]"], {"a": entry(shape=[-1])}),
    safetensors("a size beyond its offsets", ["'a'", "(2,) takes 16 bytes", "give it 8"], {"a": entry(shape=[2])}),
    safetensors("a gap", ["'a'", "expected", "leaves a gap before it"], {"a": entry(offsets=[8, 16])}, bytes(16)),
    safetensors("an overlap", ["'b'", "expected", "overlaps the one before it"], {"a": entry(), "b": entry()}, bytes(8)),
    safetensors("numbers too many", ["arrays end at byte", "the file at"], {"a": entry()}, bytes(16)),
    safetensors("a byte that is no bool", ["'a'", "neither False nor True"], {"a": entry("BOOL", [1], [0, 1])}, b"\2"),
    safetensors("an empty shape beyond all sizes", ["'a'", "shape (0,"], {"a": entry(shape=[0, *[2**47] * 3], offsets=[0, 0])}),
    row("safetensors: a file that shrinks", ModelFileError, ["'a'", "ended while it was read"], lambda: Stored(np.dtype(float), (1,), 0).read(io.BytesIO(), "a")),
    # -- npz ---------------------------------------------------------------------------------------
    npz("nothing", ["no npz file", "0 bytes"], bytes),
    npz("not a zip archive", ["no npz file", "cut off", "zip archive"], lambda: bytes(100)),
    npz("a list of another length", ["list of 1 members", "file of"], lambda: archive({"a.npy": npy()}, end={"start": 0})),
    npz("a list that ends early", ["list ends before its member 1"], lambda: archive({"a.npy": npy()}, end={"count": 2})),
    npz("a list that is longer", ["list has another length"], lambda: archive({"a.npy": npy()}, in_list=b"?")),
    npz("a damaged list", ["list is damaged at member 0"], lambda: archive({"a.npy": npy()}, listed={"signature": b"????"})),
    npz("compressed", ["'a.npy' is compressed", "np.savez"], compressed),
    npz("encrypted", ["'a.npy'", "encrypted", "flags 0x1"], lambda: archive({"a.npy": npy()}, listed={"flags": 1})),
    npz("a member twice", ["'a.npy' stands there twice"], lambda: archive([("a.npy", npy()), ("a.npy", npy())])),
    npz("a name with a zero byte", ["name is no text", "b'a\\x00.npy'"], lambda: archive({b"a\0.npy": npy()})),
    npz("a name of other bytes", ["name is no text", "\\xff"], lambda: archive({b"\xff.npy": npy()})),
    npz("a gap at the beginning", ["'a.npy' begins at byte 1, expected 0"], lambda: archive({"a.npy": npy()}, first=b"?")),
    npz("a member beyond the end", ["'a.npy' ends at byte", "beyond"], lambda: archive({"a.npy": npy()}, listed={"size": 9999, "packed": 9999})),
    npz("a member that is no array", ["'a.txt'", "no .npy"], lambda: archive({"a.txt": b"hello"})),
    npz("a gap at the end", ["members end at byte", "their list begins at"], lambda: archive({"a.npy": npy()}, before_list=b"?")),
    npz("no member where it should begin", ["'a.npy'", "no member begins at byte 0"], lambda: archive({"a.npy": npy()}, local={"signature": b"????"})),
    npz("another name in its own header", ["'a.npy'", "own header differ"], lambda: archive({"a.npy": npy()}, local={"name": b"b.npy"})),
    npz("metadata longer than will be read", [npz_files.METADATA, "bytes, at most"], with_metadata(b" " * (strict_json.LONGEST + 1))),
    npz("damaged metadata", [npz_files.METADATA, "checksum"], with_metadata(b"{}", crc=1)),
    npz("metadata that are no JSON", [npz_files.METADATA, "Expecting value"], with_metadata(b"?")),
    npz("metadata of numbers", [npz_files.METADATA, "names -> texts"], with_metadata(b'{"a": 1}')),
    npz("an array of another version", ["'a'", "no .npy of version 1 or 2"], lambda: archive({"a.npy": npy(magic=b"\x93NUMPY\3\0")})),
    npz("a header that does not fit", ["'a'", "a header of 65535 bytes does not fit"], lambda: archive({"a.npy": npy()[:8] + b"\xff\xff" + npy()[10:]})),
    npz("a header that is code", ["'a'", "not the header of an array", "import os"], lambda: archive({"a.npy": npy(header=b"import os\n")})),
    npz("objects", ["'a'", "not the header of an array", "'|O'"], lambda: archive({"a.npy": npy(np.array([None]))})),
    npz("complex numbers", ["'a'", "dtype '<c16'", "<f8, <f4"], lambda: archive({"a.npy": npy([1j])})),
    npz("fewer numbers than declared", ["'a'", "(2,) takes 16 bytes, the member has 8"], lambda: archive({"a.npy": npy()[:-8]})),
    npz("damaged numbers", ["'a'", "checksum"], lambda: archive({"a.npy": npy()}, listed={"crc": 1})),
    # -- predictors --------------------------------------------------------------------------------
    row("a predictor without its columns", ModelFileError, ["model.npz", "no names of columns", "autograd-mini train"], lambda: Predictor.load("model.npz"), described(None)),
    row("a predictor without a target", ModelFileError, ["model.npz", "'target' is missing"], lambda: Predictor.load("model.npz"), described(description(target=...))),
    row("a predictor of two inputs", ModelFileError, ["model.npz", "damaged"], lambda: Predictor.load("model.npz"), described(description(feature_names=["x", "z"]))),
    row("a predictor with classes and a scale", ModelFileError, ["model.npz", "damaged", "do not fit each other"], lambda: Predictor.load("model.npz"), described(description(class_names=["a"]))),
    row("a predictor with a scale of 0", ModelFileError, ["model.npz", "damaged", "as many means as positive scales"], lambda: Predictor.load("model.npz"), described(description(inputs={"mean": [0.0], "scale": [0.0]}))),
]  # fmt: skip
