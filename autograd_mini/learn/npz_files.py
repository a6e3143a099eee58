"""Arrays in NumPy's npz format, a zip archive of .npy files: `np.load` reads what is written here.

Only what `np.savez` writes is read, stored members end to end, so that a file can declare no more
than it has bytes for: nothing compressed, no gaps, no objects (which would be pickles).
Formats: APPNOTE.TXT of PKWARE, 4.3; numpy.lib.format.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

import numpy as np

from autograd_mini.learn import strict_json
from autograd_mini.learn.safetensors_files import DTYPES
from autograd_mini.learn.stored import ModelFileError, Stored, shape_of, texts

METADATA = "__metadata__.json"
MOST_MEMBERS = 10_000

#: Beginnings of the parts of a zip archive, without their signatures' four bytes.
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")

_SIZES = rb"|[0-9]{1,15},|[0-9]{1,15}(?:, [0-9]{1,15})+"
_NPY = re.compile(
    rb"\{'descr': '([<|][a-z][0-9]{1,2})', 'fortran_order': (True|False), 'shape': \((" + _SIZES + rb")\), \} *\n"
)
_LONGEST_NPY_HEADER = 4096


def write(file: BinaryIO, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write the arrays, each as a member NAME.npy, and the metadata as JSON.

    Raises:
        ValueError: more than a plain zip archive holds.
    """
    if len(arrays) >= MOST_MEMBERS or sum(a.nbytes + 1024 for a in arrays.values()) >= 2**31:
        raise ValueError(".npz holds 2 GiB and 10 000 arrays at most; save as .safetensors")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            # A fixed date: the same model makes the same file.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        archive.writestr(zipfile.ZipInfo(METADATA), strict_json.compose(dict(metadata), "the metadata"))


class _Member(NamedTuple):
    """A stretch of the file, as the archive's list at its end has it."""

    name: str
    header: int
    """Where its local header stands."""
    size: int
    checksum: int


def read(file: BinaryIO, size: int) -> tuple[dict[str, Stored], dict[str, str]]:
    """What a file of `size` bytes declares: its arrays and its metadata.

    Raises:
        ModelFileError: anything that is not as `np.savez` or `write` would have it.
    """
    members, end = _members(file, size)
    arrays: dict[str, Stored] = {}
    metadata: dict[str, str] = {}
    position = 0
    for member in members:
        if member.header != position:
            raise ModelFileError(
                f"{member.name!r:.60} begins at byte {member.header}, expected {position}: gap or overlap"
            )
        start = _data_start(file, member)
        position = start + member.size
        if position > end:
            raise ModelFileError(f"{member.name!r:.60} ends at byte {position}, beyond the members' end {end}")
        if member.name == METADATA:
            metadata = _metadata(file, start, member)
        elif member.name.endswith(".npy"):
            arrays[member.name.removesuffix(".npy")] = _array(file, start, member)
        else:
            raise ModelFileError(f"{member.name!r:.60}: a member that is no .npy")
    if position != end:
        raise ModelFileError(f"the members end at byte {position}, their list begins at {end}: a gap or an overlap")
    return arrays, metadata


def _members(file: BinaryIO, size: int) -> tuple[list[_Member], int]:
    """The archive's list of its members, and where the list begins."""
    if size < _END.size:
        raise ModelFileError(f"no npz file: {size} bytes")
    file.seek(size - _END.size)
    signature, disk, list_disk, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\5\6" or comment:
        raise ModelFileError("no npz file, or one that was cut off or added to: it does not end as a zip archive does")
    if disk or list_disk or here != count or count > MOST_MEMBERS or start + length != size - _END.size:
        raise ModelFileError(f"the archive's list of {count} members does not fit the file of {size} bytes")
    file.seek(start)
    members, names = [], set()
    for i in range(count):
        head = file.read(_ENTRY.size)
        if len(head) < _ENTRY.size:
            raise ModelFileError(f"the archive's list ends before its member {i}")
        signature, _, needed, flags, method, _, _, checksum, packed, plain, *rest = _ENTRY.unpack(head)
        name_size, extra, note, disk, _, _, header = rest
        if signature != b"PK\1\2" or note or disk:
            raise ModelFileError(f"the archive's list is damaged at member {i}")
        name = _name(file.read(name_size), flags)
        file.seek(extra, 1)
        if method != zipfile.ZIP_STORED or packed != plain:
            raise ModelFileError(f"{name!r:.60} is compressed; only stored members are read: save with np.savez")
        if flags & ~0x800 or needed > 45:  # what stored members of any size need
            raise ModelFileError(f"{name!r:.60}: encrypted or otherwise unusual (flags {flags:#x}, version {needed})")
        if name in names:
            raise ModelFileError(f"the member {name[:60]!r} stands there twice")
        names.add(name)
        members.append(_Member(name, header, plain, checksum))
    if file.tell() != start + length:
        raise ModelFileError("the archive's list has another length than it says")
    return members, start


def _name(raw: bytes, flags: int) -> str:
    try:
        if b"\0" in raw:  # where other readers' names end
            raise ValueError
        return raw.decode("utf-8" if flags & 0x800 else "ascii")
    except ValueError:
        raise ModelFileError(f"a member's name is no text: {raw[:40]!r}") from None


def _data_start(file: BinaryIO, member: _Member) -> int:
    """Where a member's bytes begin, behind a local header that must tell the same name."""
    file.seek(member.header)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise ModelFileError(f"{member.name!r:.60}: no member begins at byte {member.header}")
    _, _, flags, method, _, _, _, _, _, name_size, extra = _LOCAL.unpack(head)
    if _name(file.read(name_size), flags) != member.name or method != zipfile.ZIP_STORED:
        raise ModelFileError(f"{member.name!r:.60}: the archive's list and the member's own header differ")
    return file.tell() + extra


def _metadata(file: BinaryIO, start: int, member: _Member) -> dict[str, str]:
    if member.size > strict_json.LONGEST:
        raise ModelFileError(f"{METADATA}: {member.size} bytes, at most {strict_json.LONGEST} are read")
    file.seek(start)
    raw = file.read(member.size)
    if zlib.crc32(raw) != member.checksum:
        raise ModelFileError(f"{METADATA}: the text does not fit its checksum")
    try:
        return texts(strict_json.parse(raw, METADATA), METADATA)
    except ModelFileError:
        raise
    except ValueError as error:
        raise ModelFileError(str(error)) from None


def _array(file: BinaryIO, start: int, member: _Member) -> Stored:
    """A .npy file: a magic number, a version, the header's length, the header, the numbers."""
    name = member.name.removesuffix(".npy")
    file.seek(start)
    head = file.read(min(12, member.size))
    if not head.startswith((b"\x93NUMPY\1\0", b"\x93NUMPY\2\0")) or len(head) < 12:
        raise ModelFileError(f"{name!r:.60}: no .npy of version 1 or 2")
    begin = 10 if head[6] == 1 else 12
    length = int.from_bytes(head[8:begin], "little")
    if length > min(_LONGEST_NPY_HEADER, member.size - begin):
        raise ModelFileError(f"{name!r:.60}: a header of {length} bytes does not fit")
    file.seek(start)
    head = file.read(begin + length)
    match = _NPY.fullmatch(head[begin:])
    if not match:
        raise ModelFileError(f"{name!r:.60}: not the header of an array of numbers: {head[begin:][:80]!r}")
    descr, fortran, sizes = match.groups()
    if descr.decode() not in DTYPES.values():
        raise ModelFileError(f"{name!r:.60}: dtype {descr.decode()!r} is not one of {', '.join(DTYPES.values())}")
    shape = shape_of([int(n) for n in sizes.replace(b",", b" ").split()], name)
    stored = Stored(
        np.dtype(descr.decode()),
        shape,
        start + begin + length,
        "F" if fortran == b"True" else "C",
        (member.checksum, zlib.crc32(head)),
    )
    there = member.size - begin - length
    if stored.nbytes != there:
        raise ModelFileError(
            f"{name!r:.60}: {stored.dtype} {shape} takes {stored.nbytes} bytes, the member has {there}"
        )
    return stored
