"""Damage a model file: blindly, or field by field with the checks around it put right again."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

from autograd_mini import nn
from autograd_mini.learn import files, npz_files
from autograd_mini.learn.architecture import describe

# fmt: off
NUMBERS = [0, 1, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1]
WORDS = [b"NaN", b"1e999", b"-1", b"99999999999999999999", b"[[[[", b'"', b"{}", b"null", b"true", b"Linear",
         b"\\u0000", b"\\ud800", b"-0", b"1.0", b" ", b"\0", b"\xff", b"\xef\xbb\xbf", b"\n"]
NAMES = ["../../x", "/etc/passwd", "C:\\x", "a\0b", "\u0430", "\u202ex", "x" * 2000, "", "weight", "0.weight",
         "\x1b[2J"]
#: Sizes whose product overflows 64 bits to something small, and other shapes nobody has room for.
SHAPES = [[2**32, 2**32], [2**32, 2**32, 1], [2**63, 2], [2**61 + 1, 8], [0, 2**60], [2**60, 0], [0], [], [-1],
          [-2, -3], [2**47] * 3, [0, 2**47, 2**47], [1] * 33, [1] * 65, [2**64 - 1], [10**30], [1], [2], [6], [1, 6],
          [3, 2]]
DESCRS = ["|O", "O", "<f4", "<f8", ">f8", "<f2", "<i8", "|b1", "<c16", "<U2", "|S8", "|V8",
          "<M8[s]", "<f16", "|u1", "f8"]
# fmt: on
#: 16 MiB of zeros in 16 kB: what a reader that unpacks would take.
BOMB = zlib.compressobj(9, zlib.DEFLATED, -15)
BOMB = BOMB.compress(bytes(1 << 24)) + BOMB.flush()


def blind(raw: bytes, other: bytes, rng: random.Random) -> bytes:
    """Bits, bytes, pieces and numbers changed anywhere, with no knowledge of the format."""
    data = bytearray(raw)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at, to = rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)
        size = rng.choice([1, 2, 4, 8, 16, 64])
        kind = rng.randrange(11)
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
        elif kind == 9:  # the beginning of one file, the end of another
            data[at:] = other[min(at, len(other)) :]
        else:  # a number in the text becomes another
            digits = [i for i, byte in enumerate(data[:4096]) if 48 <= byte <= 57]
            if digits:
                data[rng.choice(digits)] = rng.choice(b"0123456789-.e")
    return bytes(data)


def tampered(suffix: str, model: nn.Module, rng: random.Random) -> bytes:
    """A well-formed file with right checksums, whose architecture or arrays have been tampered with."""
    text = _tree({"version": 1, "model": describe(model)}, rng)
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


def _tree(tree: Any, rng: random.Random) -> Any:
    strange = [None, True, -1, 0, 2**31 - 1, 10**18, 1e308, "", "Linear", "Sequential", [], {}, [2**31 - 1] * 3, "0"]
    if rng.random() < 0.03:
        return rng.choice(strange)
    if isinstance(tree, dict):
        return {k if rng.random() > 0.01 else "same": _tree(v, rng) for k, v in tree.items() if rng.random() > 0.01}
    if isinstance(tree, list):
        return [_tree(item, rng) for item in tree for _ in range(rng.choices([1, 0, 2], [96, 2, 2])[0])]
    return tree


def structured(suffix: str, raw: bytes, rng: random.Random) -> bytes:
    """One to three fields of the format changed, and lengths, offsets and CRCs around them set right."""
    return _npz(raw, rng) if suffix == ".npz" else _safetensors(raw, rng)


# -- JSON ------------------------------------------------------------------------------------------


def _text(text: bytes, rng: random.Random) -> bytes:
    """JSON that stays JSON more often than not."""
    at = rng.randrange(len(text) + 1)
    kind = rng.randrange(8)
    if kind == 0:  # a key twice
        return text[:1] + rng.choice([b'"a":1,', b'"__metadata__":{},', text[1:-1] + b","]) + text[1:]
    if kind == 1:
        return text[:-1] + b',"deep":' + b"[" * (n := rng.choice([50, 99, 101, 5000])) + b"]" * n + b"}"
    if kind == 2:
        return rng.choice([b" ", b"\n", b"\xef\xbb\xbf", b"\0"]) + text
    if kind == 3:
        return text + rng.choice([b" " * 7, b"\n", b"\0", b"}", b"//"])
    if kind == 4:  # a number becomes a word
        found = list(re.finditer(rb"(?<![\w.\"])-?\d+(?![\w.\"])", text))
        if not found:
            return text
        one = rng.choice(found)
        return text[: one.start()] + rng.choice([*WORDS[:4], b"1.0", b"-0", b"true", b"1e0"]) + text[one.end() :]
    if kind == 5:  # within a name or text
        quotes = [i for i, byte in enumerate(text) if byte == 34]
        at = rng.choice(quotes) + 1 if quotes else at
        odd = [b"\\ud800", b"\\u0000", b"\xff", b"\x1b", b"\\u202e", b"../", b"\xf0\x9f\x99\x82"]
        return text[:at] + rng.choice(odd) + text[at:]
    if kind == 6:
        return text[:at] + rng.choice(WORDS) + text[at:]
    return text.replace(b'"', b"'") if rng.random() < 0.2 else text[:at] + text[at + 1 :]


# -- safetensors -----------------------------------------------------------------------------------


def _safetensors(raw: bytes, rng: random.Random) -> bytes:
    length = int.from_bytes(raw[:8], "little")
    header, data = json.loads(raw[8 : 8 + length]), raw[8 + length :]
    edits, lie, tail = 0, None, b""
    for _ in range(rng.choice([1, 1, 2, 3])):
        names = [name for name in header if name != "__metadata__"]
        if not names:
            break
        name = rng.choice(names)
        kind = rng.randrange(14)
        if kind < 5:
            header[name] = _tensor(header[name], header[rng.choice(names)], rng)
        elif kind == 5:
            header[rng.choice(NAMES)] = header.pop(name)
        elif kind == 6:
            header[rng.choice(NAMES)] = rng.choice(
                [header[name], {**header[name], "data_offsets": [0, 0], "shape": [0]}]
            )
        elif kind == 7:
            del header[name]
        elif kind == 8:
            texts = dict(header.get("__metadata__") or {})
            header["__metadata__"] = rng.choice([{}, [], None, {"a": 1}, texts | {"a\0": "b\u202e"}, texts | {"": ""}])
        elif kind == 9:
            data = rng.choice([data[:-8], data + bytes(8), data[::-1], rng.randbytes(len(data))])
        elif kind == 10:  # the tensors in another order, each with its numbers
            header = {key: header[key] for key in sorted(header, key=lambda _: rng.random())}
        elif kind == 11:
            lie = rng.choice([*NUMBERS, length + 1, length - 1, length + len(data)])
        elif kind == 12:
            tail = rng.randbytes(rng.choice([1, 8]))
        else:
            edits += 1
    text = json.dumps(header, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")
    for _ in range(edits):
        text = _text(text, rng)
    return struct.pack("<Q", len(text) if lie is None else lie) + text + data + tail


def _tensor(entry: dict[str, Any], other: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    entry = {**entry}
    begin, end = entry["data_offsets"] if len(entry.get("data_offsets") or []) == 2 else (0, 8)
    kind = rng.randrange(8)
    if kind == 0:  # of the same bytes
        entry["dtype"] = rng.choice(["I64", "U64", "F64", "F32", "BOOL", "F16", "BF16", "C64", "F8_E4M3", None, 1])
    elif kind == 1:
        entry["shape"] = rng.choice([*SHAPES, None, 8, "8", [1.0], [True], [None], [[1]]])
    elif kind == 2 and type(entry.get("shape")) is list:
        entry["shape"] = rng.choice(
            [entry["shape"][::-1], [*entry["shape"], 1], [1, *entry["shape"]], entry["shape"][1:]]
        )
    elif kind == 3:
        entry["data_offsets"] = list(other.get("data_offsets") or [0, 0])
    elif kind == 4:
        step = rng.choice([1, 8, -1, -8])
        entry["data_offsets"] = [begin + step, end + step]
    elif kind == 5:
        entry["data_offsets"] = rng.choice([[end, begin], [begin], [], [begin, end, end], [-8, 0], [0.0, 8.0], None])
    elif kind == 6:
        entry["data_offsets"] = [rng.choice([begin, *NUMBERS]), rng.choice([end, *NUMBERS])]
    else:
        entry.pop(rng.choice(sorted(entry)), None)
        if rng.random() < 0.3:
            entry["file"] = "/etc/passwd"
    return entry


# -- npz -------------------------------------------------------------------------------------------

LOCAL = ["signature", "needed", "flags", "method", "time", "date", "crc", "packed", "plain", "name_size", "extra_size"]
ENTRY = [
    *("signature", "made", *LOCAL[1:], "note_size", "disk", "internal", "external", "header"),
]
END = ["signature", "disk", "list_disk", "here", "count", "length", "start", "comment_size"]
_FORMATS = {"local": "<4s5H3L2H", "entry": "<4s6H3L5H2L", "end": "<4s4H2LH"}


class Member:
    """A member: its bytes, and what is forced into its two headers."""

    def __init__(self, name: bytes, data: bytes) -> None:
        self.name, self.data, self.packed, self.method = name, data, data, 0
        self.local: dict[str, Any] = {}
        self.entry: dict[str, Any] = {}
        self.local_name = name
        self.local_extra = self.entry_extra = self.note = self.before = b""

    def fields(self) -> dict[str, Any]:
        return {"needed": 20, "made": 20, "flags": 0, "time": 0, "date": 33, "disk": 0, "internal": 0, "external": 0,
                "method": self.method, "crc": zlib.crc32(self.data), "packed": len(self.packed),
                "plain": len(self.data), "note_size": len(self.note)}  # fmt: skip


def assemble(members: list[Member], end: dict[str, Any], before_end: bytes = b"", comment: bytes = b"") -> bytes:
    """The archive, in which everything fits that is not forced to be otherwise."""
    body, listed = b"", b""
    for one in members:
        body += one.before
        fields = {**one.fields(), "header": len(body)}
        local = {**fields, "signature": b"PK\3\4", "name_size": len(one.local_name), "extra_size": len(one.local_extra)}
        entry = {**fields, "signature": b"PK\1\2", "name_size": len(one.name), "extra_size": len(one.entry_extra)}
        body += _packed("local", LOCAL, local | one.local) + one.local_name + one.local_extra + one.packed
        listed += _packed("entry", ENTRY, entry | one.entry) + one.name + one.entry_extra + one.note
    fields = {"signature": b"PK\5\6", "disk": 0, "list_disk": 0, "here": len(members), "count": len(members),
              "length": len(listed), "start": len(body), "comment_size": len(comment)} | end  # fmt: skip
    return body + listed + before_end + _packed("end", END, fields) + comment


def _packed(kind: str, names: list[str], fields: dict[str, Any]) -> bytes:
    widths = {"H": 2**16, "L": 2**32}
    codes = re.sub(r"(\d)([HL])", lambda m: m[2] * int(m[1]), _FORMATS[kind][3:])
    whole = [fields[name] % widths[code] for name, code in zip(names[1:], codes, strict=True)]
    return struct.pack(_FORMATS[kind], fields[names[0]], *whole)


def _npz(raw: bytes, rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = [Member(name.encode(), archive.read(name)) for name in archive.namelist()]
    end: dict[str, Any] = {}
    before_end = comment = prefix = suffix = b""
    for _ in range(rng.choice([1, 1, 2, 3])):
        one = rng.choice(members)
        kind = rng.randrange(20)
        if kind < 6:
            one.data = one.packed = (
                _text(one.data, rng) if one.name == npz_files.METADATA.encode() else _npy(one.data, rng)
            )
        elif kind == 6:
            members.insert(rng.randrange(len(members) + 1), one)  # a name twice
        elif kind == 7 and len(members) > 1:
            members.remove(one)
        elif kind == 8:
            rng.shuffle(members)
        elif kind == 9:
            name = rng.choice(NAMES).encode("utf-8") + rng.choice([b"", b".npy"])
            one.name = one.local_name = name
            one.local["flags"] = one.entry["flags"] = rng.choice([0, 0x800])
        elif kind == 10:
            one.local_name = rng.choice([b"other.npy", one.name[::-1], b"", one.name + b"\0"])
        elif kind == 11:
            one.before = rng.randbytes(rng.choice([1, 30, 100]))
        elif kind in (12, 13):  # the two headers differ, or both have an odd field
            field = rng.choice(LOCAL[1:])
            number = rng.choice([*NUMBERS, len(one.data) + 1, 8, 0x800])
            for header in rng.choice([[one.local], [one.entry], [one.local, one.entry]]):
                header[field] = number
        elif kind == 14:
            one.entry[rng.choice(ENTRY[1:])] = rng.choice([*NUMBERS, len(raw) // 2])
        elif kind == 15:  # compressed, encrypted
            one.method = rng.choice([8, 8, 8, 12, 14, 99])
            pack = zlib.compressobj(9, zlib.DEFLATED, -15)
            one.packed = pack.compress(one.data) + pack.flush()
            if rng.random() < 0.5:
                one.packed = BOMB
                sizes = {"plain": 1 << 24, "crc": zlib.crc32(bytes(1 << 10))}
                one.local |= sizes
                one.entry |= rng.choice([sizes, {"plain": len(BOMB)}, {"method": 0}])
            one.entry["flags"] = rng.choice([0, 0, 1, 0x41, 8])
        elif kind == 16:  # zip64: the sizes stand in an extra field
            extra = struct.pack(
                "<HHQQ", 1, 16, rng.choice([len(one.data), *NUMBERS]), rng.choice([len(one.data), *NUMBERS])
            )
            if rng.random() < 0.7:
                one.local_extra, sizes = extra, {"plain": 2**32 - 1, "packed": 2**32 - 1}
                one.local |= sizes
            if rng.random() < 0.5:
                one.entry_extra = extra
                one.entry |= {"plain": 2**32 - 1, "packed": 2**32 - 1} if rng.random() < 0.7 else {}
        elif kind == 17:
            count = rng.choice([len(members), *NUMBERS])
            before_end = struct.pack(
                "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, *rng.choices(NUMBERS, k=2)
            )
            before_end += struct.pack("<4sLQL", b"PK\6\7", 0, rng.choice([len(raw), *NUMBERS]), 1)
            end |= rng.choice([{}, {"count": 2**16 - 1, "here": 2**16 - 1}, {"start": 2**32 - 1}])
        elif kind == 18:
            end[rng.choice(END[1:])] = rng.choice([*NUMBERS, len(members) + 1, len(members) - 1])
        else:
            junk = rng.randbytes(rng.choice([1, 4, 22]))
            where = rng.randrange(5)
            comment, prefix, suffix = (junk if i == where else b"" for i in range(3))
            if where == 3:
                one.local_extra, one.entry_extra = junk, b""
            elif where == 4:
                one.note = junk
    return prefix + assemble(members, end, before_end, comment) + suffix


def _npy(raw: bytes, rng: random.Random) -> bytes:
    """The array's header or numbers changed, its length right unless that is what is changed."""
    if len(raw) < 12 or raw[6] not in (1, 2):
        return raw
    begin = 10 if raw[6] == 1 else 12
    length = int.from_bytes(raw[8:begin], "little")
    text, numbers = raw[begin : begin + length].decode("latin-1"), raw[begin + length :]
    version, lie = raw[6], None
    kind = rng.randrange(12)
    if kind in (0, 1):
        text = re.sub(r"'descr': '[^']*'", f"'descr': {rng.choice(DESCRS)!r}", text)
    elif kind == 2:
        text = re.sub(
            r"'descr': '[^']*'", f"'descr': {rng.choice(([('x', '<f8')], [('x', '|O')], ('<f8', (2,))))}", text
        )
    elif kind in (3, 4):
        shape = rng.choice(SHAPES)
        text = re.sub(r"\([^)]*\)", str(tuple(shape)), text, count=1)
        if rng.random() < 0.3 and 0 <= (size := int(np.prod(np.array(shape, object)))) < 1000:
            numbers = rng.randbytes(8 * size)
    elif kind == 5:
        text = text.replace("False", rng.choice(["True", "1", "None", "0", "not False"]))
    elif kind == 6:
        version = rng.choice([1, 2, 3, 0, 9])
    elif kind == 7:
        lie = rng.choice([*NUMBERS, length - 1, length + 1, length + len(numbers)])
    elif kind == 8:
        text = rng.choice(
            [
                *("__import__('os').mkdir('executed')\n", "(" * 3000, "{}", "", text + "\n", " " * 5000 + text),
                *(text.rstrip() + ", 'x': 1}\n", text.replace("}", ", 'shape': (1,)}")),
                *(text.replace("'descr'", "'fortran_order'"), text.replace("(", "[").replace(")", "]")),
            ]
        )
    elif kind == 9:
        numbers = rng.choice(
            [numbers[:-8], numbers[:-1], numbers + bytes(8), numbers[::-1], rng.randbytes(len(numbers))]
        )
    elif kind == 10:  # sizes the other way round: the same bytes, another array
        text = re.sub(r"\((\d+), (\d+)\)", r"(\2, \1)", text)
    else:
        return rng.choice([b"", raw[:11], b"\x80\x04]\x94.", raw[:6], b"PK\3\4" + raw, raw + raw])
    width = 2 if version == 1 else 4
    head = text.encode("latin-1")
    size = (len(head) if lie is None else lie) % 256**width
    return b"\x93NUMPY" + bytes([version, 0]) + size.to_bytes(width, "little") + head + numbers
