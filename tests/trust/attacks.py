"""Hand-made hostile files: each is refused with one error, in little memory, and nothing in it is executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile

import numpy as np

from autograd_mini.learn import npz_files
from tests.trust.damage import BOMB, Member, assemble


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(start=0, end=8, shape=(1,), dtype="F64"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def npy(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


def archive(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as opened:
        for name, raw in members:
            opened.writestr(zipfile.ZipInfo(name), raw, compress_type=method)
    return file.getvalue()


def header(text):
    raw = text.encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(raw)) + raw


class Shot:
    """A pickle that leaves a trace if it is ever loaded."""

    def __reduce__(self):
        return (os.mkdir, ("a pickle was executed",))


def patched(raw, offset_from_end, numbers):
    data = bytearray(raw)
    at = len(data) + offset_from_end
    data[at : at + len(numbers)] = numbers
    return bytes(data)


GOOD = archive([("a.npy", npy(np.zeros(2)))])
LIST = struct.unpack("<L", GOOD[-6:-2])[0] - len(GOOD)  # where the archive's list begins, from the end
DICT = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n"


def _at(position: int, name: bytes, data: bytes) -> Member:
    """A member listed at a place where another stands, as the bombs of overlapping members are."""
    member = Member(name, data)
    member.entry["header"] = position
    return member


def _nested() -> list[Member]:
    """An array whose last numbers are another member, header and all; both end where the members do."""
    inner = Member(b"b.npy", npy(np.zeros(9)))
    alone = assemble([inner], {})
    blob = alone[: alone.index(b"PK\1\2")]
    outer = Member(b"a.npy", npy(np.frombuffer(blob, np.uint8)))
    begin = assemble([outer], {}).index(blob)
    inner.entry["header"] = begin
    inner.local_name = inner.packed = b""  # nothing of its own in front of the list
    inner.entry |= {"packed": len(inner.data), "plain": len(inner.data)}
    return [outer, inner]


def _without_second_header(members: list[Member]) -> bytes:
    """The archive in which the second member has no local header, and is only listed."""
    raw = assemble(members, {})
    at = raw.index(b"PK\3\4", raw.index(members[0].data) + len(members[0].data))
    body, rest = raw[:at], raw[at + 30 :]
    end = bytearray(rest)
    end[-6:-2] = struct.pack("<L", len(body))
    return body + bytes(end)


def _gap() -> Member:
    member = Member(b"b.npy", npy(np.zeros(1)))
    member.before = b"hidden"
    return member


def _zip64() -> Member:
    member = Member(b"a.npy", npy(np.zeros(1)))
    member.entry = {"plain": 2**32 - 1, "packed": 2**32 - 1}
    member.entry_extra = struct.pack("<HHQQ", 1, 16, len(member.data), len(member.data))
    return member


def _bomb(method: int = 8) -> Member:
    member = Member(b"a.npy", bytes(1 << 24))
    member.packed, member.method = BOMB, method
    return member


SAFETENSORS = {
    "empty": b"",
    "shorter than its length": b"\x08\0\0",
    "a length beyond the file": safetensors({}, length=100),
    "a length of 2^64 - 1": safetensors({}, length=2**64 - 1),
    "no JSON": safetensors(b"hello"),
    "no UTF-8": safetensors(b'{"\xff": 1}'),
    "not an object": safetensors([]),
    "deep JSON": safetensors(b"[" * 100_000),
    "deep JSON behind a quote": safetensors(b'{"\\"": ' + b"[" * 100_000),
    "a key twice": safetensors(
        b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}',
        bytes(8),
    ),
    "NaN as an offset": safetensors(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,NaN]}}', bytes(8)),
    "infinity as a size": safetensors(b'{"a":{"dtype":"F64","shape":[1e999],"data_offsets":[0,8]}}', bytes(8)),
    "a number of 5000 digits": safetensors(
        b'{"a":{"dtype":"F64","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}'
    ),
    "a float as a size": safetensors({"a": tensor(shape=(1.0,))}, bytes(8)),
    "true as a size": safetensors({"a": tensor(shape=(True,))}, bytes(8)),
    "negative sizes": safetensors({"a": tensor(shape=(-1, -1))}, bytes(8)),
    "a negative offset": safetensors({"a": tensor(-8, 0)}, bytes(8)),
    "sizes that overflow to the right product": safetensors({"a": tensor(shape=(2**32, 2**32, 1))}, bytes(8)),
    "an absurd empty shape": safetensors({"a": tensor(0, 0, (0, 2**47, 2**47))}),
    "ninety axes": safetensors({"a": tensor(shape=(1,) * 90)}, bytes(8)),
    "a shape larger than the file": safetensors({"a": tensor(0, 8 * 10**12, (10**12,))}, bytes(8)),
    "overlapping arrays": safetensors({"a": tensor(), "b": tensor()}, bytes(8)),
    "overlapping arrays of the right total": safetensors({"a": tensor(), "b": tensor()}, bytes(16)),
    "a gap": safetensors({"a": tensor(0, 8), "b": tensor(16, 24)}, bytes(24)),
    "numbers behind the last array": safetensors({"a": tensor()}, bytes(9)),
    "an unknown dtype": safetensors({"a": tensor(dtype="O")}, bytes(8)),
    "BF16": safetensors({"a": tensor(0, 2, dtype="BF16")}, bytes(2)),
    "a dtype that is a list": safetensors({"a": tensor(dtype=["F64"])}, bytes(8)),
    "a bool of 2": safetensors({"a": tensor(0, 1, dtype="BOOL")}, b"\2"),
    "an entry too many": safetensors({"a": {**tensor(), "file": "/etc/passwd"}}, bytes(8)),
    "metadata that are no texts": safetensors({"__metadata__": {"a": 1}}),
    "metadata that are a list": safetensors({"__metadata__": []}),
    "a header of 2 MB": safetensors(b"{" + b" " * 2_000_000 + b"}"),
    "a pickle": pickle.dumps({"a": 1}),
    "an architecture without a digest": safetensors({"__metadata__": {"autograd_mini.architecture": "{}"}}),
    "an absurd empty shape of two sizes": safetensors({"a": tensor(0, 0, (0, 2**60))}),
    "an offset beyond 64 bits": safetensors({"a": tensor(2**64, 2**64 + 8)}, bytes(8)),
    "a size beyond 64 bits": safetensors({"a": tensor(shape=(2**64 + 1,))}, bytes(8)),
    "minus zero as an offset": safetensors(b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[-0.0,8]}}', bytes(8)),
    "offsets the wrong way round": safetensors({"a": tensor(8, 0)}, bytes(8)),
    "a list of a million empty lists": safetensors(b"[" + b"[]," * 340_000 + b"[]]"),
    "a million braces in a text": safetensors(b'{"a":"' + b"{" * 1_000_000 + b'"}'),
    "half a character": safetensors(b'{"\\ud800":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}', bytes(8)),
    "a byte order mark": safetensors(b"\xef\xbb\xbf{}"),
    "two objects": safetensors(b"{}{}"),
    "an npz file": GOOD,
}


NPZ = {
    "empty": b"",
    "no zip": b"x" * 1000,
    "cut off": GOOD[:-1],
    "added to": GOOD + b"x",
    "a comment": archive([])[:-2] + b"\1\0x",
    "something before it": b"x" + GOOD,
    "a pickled object": archive([("a.npy", npy(np.array([Shot()], dtype=object)))]),
    "a bare pickle": archive([("a.npy", pickle.dumps(Shot()))]),
    "a pickle member": archive([("data.pkl", pickle.dumps(Shot()))]),
    "a structured dtype": archive([("a.npy", npy(np.zeros(1, dtype=[("x", "f8")])))]),
    "texts": archive([("a.npy", npy(np.array(["x"])))]),
    "complex numbers": archive([("a.npy", npy(np.array([1j])))]),
    "a compressed bomb": archive([("a.npy", npy(np.zeros(10**7)))], zipfile.ZIP_DEFLATED),
    "code as a header": archive([("a.npy", header("__import__('os').mkdir('executed')\n"))]),
    "a deep header": archive([("a.npy", header("(" * 60000))]),
    "a header beyond the member": archive([("a.npy", b"\x93NUMPY\1\0\xff\xff{}")]),
    "a header of 4 GB": archive([("a.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff{}")]),
    "version 9": archive([("a.npy", b"\x93NUMPY\x09\0" + bytes(100))]),
    "a shape larger than the file": archive([("a.npy", header(DICT % "(1000000000000,)"))]),
    "negative sizes": archive([("a.npy", header(DICT % "(-1, -1)") + bytes(8))]),
    "sizes that overflow": archive([("a.npy", header(DICT % "(4294967296, 4294967296)"))]),
    "a shape that is a number": archive([("a.npy", header(DICT % "(1)") + bytes(8))]),
    "an absurd empty shape": archive([("a.npy", header(DICT % "(0, 100000000000000, 100000000000000)"))]),
    "too few numbers": archive([("a.npy", npy(np.zeros(9))[:-8])]),
    "a name no text": archive([("aé.npy", npy(np.zeros(1)))]).replace("é".encode(), b"\xff\xff"),
    "two lengths in the list": patched(GOOD, LIST + 20, struct.pack("<LL", 10, 10**9)),
    "a size beyond the file": patched(GOOD, LIST + 20, struct.pack("<LL", 10**9, 10**9)),
    "a header position beyond the file": patched(GOOD, LIST + 42, struct.pack("<L", 10**9)),
    "encrypted": patched(GOOD, LIST + 8, b"\1"),
    "another checksum": patched(GOOD, LIST + 16, b"\1\2\3\4"),
    "60 000 members declared": patched(GOOD, -14, struct.pack("<HH", 60000, 60000)),
    "2 members declared": patched(GOOD, -14, struct.pack("<HH", 2, 2)),
    "another name in the member": GOOD.replace(b"a.npy", b"b.npy", 1),
    "metadata that are no JSON": archive([(npz_files.METADATA, b"hello")]),
    "metadata that are no texts": archive([(npz_files.METADATA, b'{"a": 1}')]),
    "metadata of 2 MB": archive([(npz_files.METADATA, b" " * 2_000_000)]),
    "deep metadata": archive([(npz_files.METADATA, b"[" * 100_000)]),
    "a zero byte in a name": assemble([Member(b"a\0.npy", npy(np.zeros(1)))], {}),
    "an array within another": _without_second_header(_nested()),
    "a gap between members": assemble([Member(b"a.npy", npy(np.zeros(1))), _gap()], {}),
    "a name twice": assemble([Member(b"a.npy", npy(np.zeros(1))), Member(b"a.npy", npy(np.ones(1)))], {}),
    "a thousand members in one place": assemble([_at(0, b"%d.npy" % k, npy(np.zeros(99))) for k in range(1000)], {}),
    "a structured dtype with objects": archive(
        [("a.npy", header(DICT.replace("'<f8'", "[('x', '|O')]") % "(1,)") + pickle.dumps(Shot()))]
    ),
    "an object dtype with numbers": archive(
        [("a.npy", header(DICT.replace("<f8", "|O") % "(1,)") + pickle.dumps(Shot()))]
    ),
    "a header of version 3": archive([("a.npy", npy(np.zeros(1)).replace(b"NUMPY\1\0v\0", b"NUMPY\3\0t\0\0\0"))]),
    "a shape of sixty axes": archive([("a.npy", header(DICT % ("(" + "1, " * 59 + "1)")) + bytes(8))]),
    "a shape in brackets": archive([("a.npy", header(DICT % "[1]") + bytes(8))]),
    "an absurd empty shape of two sizes": archive([("a.npy", header(DICT % f"(0, {2**60})"))]),
    "sizes that overflow to the right product": archive(
        [("a.npy", header(DICT % f"({2**32}, {2**32}, 1)") + bytes(8))]
    ),
    "big-endian numbers": archive([("a.npy", npy(np.zeros(2, ">f8")))]),
    "a list in zip64": GOOD[:-22]
    + struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 2**63, 2**63)
    + struct.pack("<4sLQL", b"PK\6\7", 0, 2**63, 1)
    + GOOD[-22:],
    "sizes in zip64 only": assemble([_zip64()], {}),
    "a bomb of 16 MiB": assemble([_bomb()], {}),
    "a bomb that says it is stored": assemble([_bomb(method=0)], {}),
    "a Word document": archive(
        [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")], zipfile.ZIP_DEFLATED
    ),
    "a file of PyTorch": archive(
        [("archive/data.pkl", pickle.dumps(Shot())), ("archive/version", b"3\n"), ("archive/data/0", bytes(16))]
    ),
    "a Python module": archive([("__init__.py", b"import os; os.mkdir('executed')")]),
    "text": b"hello, world\n" * 10,
    "a safetensors file": safetensors({"a": tensor()}, bytes(8)),
}

ATTACKS = [(".npz", name, raw) for name, raw in NPZ.items()] + [
    (".safetensors", name, raw) for name, raw in SAFETENSORS.items()
]
