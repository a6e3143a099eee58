"""Know what a file of arrays declares, checked, before any of its numbers is read."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

#: Names of metadata that are ours; a user's may not begin so.
OWN = "autograd_mini."
_LARGEST_SIZE, _MOST_AXES = 2**48, 32


class ModelFileError(ValueError):
    """A file is not a whole and valid file of a model or of arrays; the message says what is wrong.

    Nothing has been changed, and nothing in the file was executed.
    """


@dataclass(frozen=True)
class Stored:
    """Where an array lies in its file, and as what."""

    dtype: np.dtype
    shape: tuple[int, ...]
    start: int
    """Where its numbers begin, in bytes from the start of the file."""
    order: str = "C"
    """"F" for an array whose first axis runs fastest."""
    checksum: tuple[int, int] | None = None
    """CRC-32 of a stretch that ends with the numbers, and that of its beginning up to them."""

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self, file: BinaryIO, name: str) -> np.ndarray:
        """The numbers; as much memory as the file has bytes for them.

        Raises:
            ModelFileError: the file has become shorter, or a checksum does not fit.
        """
        numbers = np.empty(math.prod(self.shape), self.dtype)
        raw = numbers.view(np.uint8).data if numbers.size else memoryview(b"")
        file.seek(self.start)
        done = 0
        while done < len(raw):
            count = file.readinto(raw[done:])  # type: ignore[attr-defined]
            if not count:
                raise ModelFileError(f"{name!r:.60}: the file ended while it was read")
            done += count
        if self.checksum and zlib.crc32(raw, self.checksum[1]) != self.checksum[0]:
            raise ModelFileError(f"{name!r:.60}: the numbers do not fit their checksum")
        if self.dtype == bool and numbers.size and numbers.view(np.uint8).max() > 1:
            raise ModelFileError(f"{name!r:.60}: a byte that is neither False nor True")
        try:
            return numbers.reshape(self.shape, order=self.order)  # type: ignore[call-overload]
        except ValueError as error:  # an empty array whose other sizes multiply to more than NumPy allows
            raise ModelFileError(f"{name!r:.60}: shape {self.shape}: {error}") from None


def shape_of(sizes: object, name: str) -> tuple[int, ...]:
    """A declared shape as a tuple.

    Raises:
        ModelFileError: not a list of whole numbers from 0, or too large or too many.
    """
    if type(sizes) is not list or len(sizes) > _MOST_AXES or not all(type(n) is int for n in sizes):
        raise ModelFileError(f"{name!r:.60}: a shape must be a list of at most {_MOST_AXES} whole numbers")
    if not all(0 <= n < _LARGEST_SIZE for n in sizes):
        raise ModelFileError(f"{name!r:.60}: a size is negative or absurd: {str(sizes)[:100]}")
    return tuple(sizes)


def texts(metadata: object, what: str) -> dict[str, str]:
    """Metadata as the file has them.

    Raises:
        ModelFileError: not a mapping from texts to texts.
    """
    if type(metadata) is not dict or not all(type(item) is str for item in metadata.values()):
        raise ModelFileError(f"{what}: expected names -> texts")
    return metadata
