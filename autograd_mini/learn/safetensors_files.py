"""Arrays in the safetensors format: eight bytes of length, a JSON header, then the numbers end to end.

Format: https://github.com/huggingface/safetensors, "Format". Writing needs the package safetensors;
reading is done here, since every byte of the header has to be checked anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

from autograd_mini.learn import strict_json
from autograd_mini.learn.stored import ModelFileError, Stored, shape_of, texts

# fmt: off
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
}
# fmt: on


def write(file: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write little-endian, C-contiguous arrays.

    Raises:
        ModuleNotFoundError: safetensors is not installed.
    """
    try:
        from safetensors.numpy import save
    except ImportError:
        raise ModuleNotFoundError(
            "writing .safetensors needs the package safetensors: pip install 'autograd-mini[safetensors]'; "
            "a file name that ends in .npz needs no package"
        ) from None
    file.write(save(dict(arrays), metadata=dict(metadata)))


def read(file: BinaryIO, size: int) -> tuple[dict[str, Stored], dict[str, str]]:
    """What a file of `size` bytes declares: its arrays and its metadata.

    Raises:
        ModelFileError: anything that is not as the format says, gaps and overlaps included.
    """
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise ModelFileError(f"the header should have {length} bytes, the file has {size}")
    if length > strict_json.LONGEST:
        raise ModelFileError(f"a header of {length} bytes, at most {strict_json.LONGEST} are read")
    try:
        header = strict_json.parse(file.read(length), "header")
    except ValueError as error:
        raise ModelFileError(str(error)) from None
    if type(header) is not dict:
        raise ModelFileError("header: expected names -> arrays")
    metadata = texts(header.pop("__metadata__", {}), "header: __metadata__")
    begin = 8 + length
    arrays = {name: _entry(name, entry, begin) for name, entry in header.items()}
    end = begin
    # Empty arrays lie where the next one begins, so they go first.
    for name, stored in sorted(arrays.items(), key=lambda item: (item[1].start, item[1].nbytes)):
        if stored.start != end:
            kind = "overlaps the one before it" if stored.start < end else "leaves a gap before it"
            raise ModelFileError(f"{name!r:.60}: its numbers lie at {stored.start}, expected {end}: it {kind}")
        end += stored.nbytes
    if end != size:
        raise ModelFileError(f"the arrays end at byte {end}, the file at {size}")
    return arrays, metadata


def _entry(name: str, entry: object, begin: int) -> Stored:
    if type(entry) is not dict or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"{name!r:.60}: expected dtype, shape and data_offsets")
    if type(entry["dtype"]) is not str or entry["dtype"] not in DTYPES:
        raise ModelFileError(f"{name!r:.60}: dtype {entry['dtype']!r:.40} is not one of {', '.join(DTYPES)}")
    offsets = entry["data_offsets"]
    if type(offsets) is not list or len(offsets) != 2 or not all(type(n) is int and n >= 0 for n in offsets):
        raise ModelFileError(f"{name!r:.60}: data_offsets must be two whole numbers, begin and end")
    stored = Stored(np.dtype(DTYPES[entry["dtype"]]), shape_of(entry["shape"], name), begin + offsets[0])
    if offsets[1] - offsets[0] != stored.nbytes:
        raise ModelFileError(
            f"{name!r:.60}: {entry['dtype']} {stored.shape} takes {stored.nbytes} bytes, "
            f"data_offsets give it {offsets[1] - offsets[0]}"
        )
    return stored
