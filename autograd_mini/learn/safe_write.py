"""Write a file so that its name always stands for a whole one: the old, then the new, never a part.

>>> import tempfile
>>> path = os.path.join(tempfile.mkdtemp(), "numbers.txt")
>>> with replacing(path) as file:
...     _ = file.write(b"1 2 3")
>>> with open(path) as file:
...     file.read()
'1 2 3'
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted: no lock is needed there
    fcntl = None  # type: ignore[assignment]

#: A temporary file's name does not grow with the target's, which may have the longest allowed.
_TEMPORARY = re.compile(r"\.autograd-mini-[0-9a-f]{16}\.tmp")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file for writing that takes the place of `path` once the block has ended well.

    It lies in the same folder (a rename across file systems would copy), is written through to the
    disk, then renamed, in one step of the file system. Killed, out of space or interrupted at any
    moment, the old file is still whole. What a killed writer left behind is deleted by the next one
    that writes into the folder.

    A symbolic link stays one: the file it points to is replaced. An existing file's permissions are
    kept, a new one's follow the umask. As the name gets a new file, another hard link keeps the old.

    Raises:
        OSError: what the system says, and of which file: no such folder, no space left, no permission
            (a file that may not be written is not replaced either), not a regular file.
    """
    target = os.path.realpath(os.fspath(path))
    folder = os.path.dirname(target)
    try:
        mode = _mode(target)
        remove_abandoned(folder)
        file, temporary = _create(folder, mode)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if fcntl:
                    os.replace(temporary, target)  # while the lock is held, so that nobody takes it for abandoned
            if not fcntl:
                os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        if error.errno is None:
            raise
        # A full disk names no file, and others the temporary one.
        raise OSError(error.errno, error.strerror, target) from error
    _sync_folder(folder)


def _mode(target: str) -> int | None:
    """An existing file's permissions; None where there is no file yet."""
    try:
        found = os.stat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = IsADirectoryError if stat.S_ISDIR(found.st_mode) else OSError
        raise kind(f"{target} is not a regular file, so it cannot be replaced by one")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"{target} is read-only")
    return stat.S_IMODE(found.st_mode) & 0o777


def _create(folder: str, mode: int | None) -> tuple[BinaryIO, str]:
    """A new, locked, empty file, no more readable than the one it is to replace."""
    while True:
        temporary = os.path.join(folder, f".autograd-mini-{secrets.token_hex(8)}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666 if mode is None else mode & 0o600)
        try:
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            if fcntl:
                with suppress(OSError):  # a file system without locks: nothing there is ever taken for abandoned
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not fcntl or os.fstat(descriptor).st_nlink:
                return os.fdopen(descriptor, "wb"), temporary
            os.close(descriptor)  # between its creation and the lock, another process took it for abandoned
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            with suppress(OSError):
                os.unlink(temporary)
            raise


def remove_abandoned(folder: str | os.PathLike[str]) -> list[str]:
    """Delete the temporary files of writers that were killed, and say which; those in use stay.

    A writer holds a lock on its file, which the system takes back when the process ends in any way.
    """
    removed = []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _TEMPORARY.fullmatch(entry.name) and not entry.is_symlink()]
    for name in names:
        path = os.path.join(folder, name)
        with suppress(OSError):  # locked, gone, or another user's
            if not fcntl:
                os.unlink(path)
            else:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(path)
                finally:
                    os.close(descriptor)
            removed.append(path)
    return removed


def _sync_folder(folder: str) -> None:
    """Write the renaming through to the disk; not every system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
