"""Saving, killed, out of space or failing at any step: the file is the old one or the new one, whole, and is named."""

import errno
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from autograd_mini.learn import safe_write
from tests.trust.kills import KINDS, kill, processes, save_for_ever, temporaries

pytest.importorskip("safetensors")
resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, modes and locks of POSIX")

FILES = [(kind, suffix) for kind in KINDS for suffix in (".npz", ".safetensors")]


@pytest.fixture(params=FILES, ids="".join)
def saved(request, tmp_path):
    """A way to save, and the file of version 1."""
    kind, suffix = request.param
    path = tmp_path / f"{kind}{suffix}"
    KINDS[kind].save(path, KINDS[kind].make(1))
    return KINDS[kind], path


# -- kill -9 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "suffix"), FILES)
def test_kill_9_at_any_moment_leaves_the_old_file_or_the_new(kind, suffix, tmp_path):
    outcome = kill(kind, suffix, 8, seed=0, folder=tmp_path)
    assert outcome["in the middle of saving"] > 0, "no kill struck while saving: the test has shown nothing"


@pytest.mark.parametrize(("kind", "suffix"), FILES)
def test_of_two_writers_at_once_one_wins_each_time(kind, suffix, tmp_path):
    context, path = processes(), tmp_path / f"{kind}{suffix}"
    KINDS[kind].save(path, KINDS[kind].make(0))
    firsts = (1000, 2000)
    progress = [context.RawArray("q", 2) for _ in firsts]
    writers = [
        context.Process(target=save_for_ever, args=(kind, path, first, seen, first + 60))
        for first, seen in zip(firsts, progress, strict=True)
    ]
    for writer in writers:
        writer.start()
    found = set()
    while any(writer.is_alive() for writer in writers):
        before = [seen[1] for seen in progress]
        version = KINDS[kind].read(path)
        after = [seen[0] for seen in progress]
        # Between what each had saved and what it has begun, and no other.
        assert version == 0 or any(
            first <= version <= last and version // 1000 == one // 1000
            for first, last, one in zip(before, after, firsts, strict=True)
        )
        found.add(version)
        time.sleep(0.001)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(found) > 2, "nothing was read while they wrote"
    assert KINDS[kind].read(path) in {first + 60 for first in firsts}
    assert os.listdir(tmp_path) == [path.name]


# -- disks that fail -------------------------------------------------------------------------------


class Failing:
    """Stands for the module os: from its call number `first` on, one call fails, or all do."""

    CALLS = ("stat", "access", "scandir", "open", "fchmod", "fstat", "fdopen", "fsync", "replace", "close", "unlink")

    def __init__(self, first, last, number):
        self.first, self.last, self.number = first, last, number
        self.count, self.failed = 0, []

    def __getattr__(self, name):
        found = getattr(os, name)
        return self.counted(name, found) if name in self.CALLS else found

    def counted(self, name, function):
        def call(*args, **options):
            self.count += 1
            if self.first <= self.count <= self.last:
                self.failed.append(name)
                if name == "close":
                    function(*args)  # what was open is closed even so
                raise OSError(self.number, os.strerror(self.number))
            result = function(*args, **options)
            return Written(self, result) if name == "fdopen" else result

        return call


class Written:
    """A file whose writing may fail."""

    def __init__(self, failing, file):
        self.file = file
        self.write, self.flush = failing.counted("write", file.write), failing.counted("flush", file.flush)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *exception):
        return self.file.__exit__(*exception)


@pytest.mark.parametrize(("number", "for_good"), [(errno.ENOSPC, False), (errno.EIO, True)])
def test_whichever_call_fails_the_file_is_whole(number, for_good, saved, monkeypatch):
    kind, path = saved
    new, seen = kind.make(2), set()
    for first in range(1, 1000):
        kind.save(path, kind.make(1))
        failing = Failing(first, 10**9 if for_good else first, number)
        monkeypatch.setattr(safe_write, "os", failing)
        try:
            kind.save(path, new)
            raised = None
        except OSError as error:
            raised = error
        finally:
            monkeypatch.undo()
        if not failing.failed:
            break
        seen |= set(failing.failed[:1])
        assert kind.read(path) == (1 if raised else 2)
        assert raised is None or (raised.errno == number and str(path) in str(raised)), repr(raised)
        # One call alone that fails never leaves anything behind.
        assert for_good or not temporaries(path.parent)
    assert first < 999
    assert seen >= {"stat", "scandir", "open", "fchmod", "fstat", "fdopen", "write", "flush", "fsync", "replace"}
    kind.save(path, new)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("room", [0, 1, 1000, 50_000])
def test_a_file_that_may_not_grow_leaves_the_old_one_whole(room, saved):
    kind, path = saved
    new, limits = kind.make(2), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))  # Python ignores the signal: EFBIG comes instead
    try:
        with pytest.raises(OSError, match=f"File too large.*{re.escape(str(path))}"):
            kind.save(path, new)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert kind.read(path) == 1
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_device_without_room_leaves_the_old_file_whole(saved, monkeypatch):
    kind, path = saved
    full = lambda folder, mode: (open("/dev/full", "wb"), f"{folder}/none")  # noqa: E731, SIM115
    monkeypatch.setattr(safe_write, "_create", full)
    with pytest.raises(OSError, match=f"No space left.*{re.escape(str(path))}"):
        kind.save(path, kind.make(2))
    assert kind.read(path) == 1
    assert os.listdir(path.parent) == [path.name]


ON_A_SMALL_DISK = """
import os, sys
from pathlib import Path
from tests.trust.kills import KINDS
folder, kind, name = Path(sys.argv[1]), KINDS[sys.argv[2]], sys.argv[3]
path = folder / name
kind.save(path, kind.make(1))
(folder / "filler").write_bytes(bytes(os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize - int(sys.argv[4])))
try:
    kind.save(path, kind.make(2))
except OSError as error:
    assert "No space left" in str(error) and str(path) in str(error), error
else:
    raise AssertionError("there was room enough")
assert kind.read(path) == 1
assert set(os.listdir(folder)) == {"filler", name}
(folder / "filler").unlink()
kind.save(path, kind.make(2))
assert kind.read(path) == 2
print("whole")
"""


def small_disk(folder, *command):
    """Run a command where `folder` is a disk of its own, of 4 MiB."""
    mount = f'mount -t tmpfs -o size=4m tmpfs {folder} && exec "$@"'
    return subprocess.run(["unshare", "-rm", "sh", "-c", mount, "sh", *command], capture_output=True, text=True)


@pytest.mark.parametrize("room", [0, 4096, 65536])
@pytest.mark.parametrize(("kind", "suffix"), FILES)
def test_a_full_disk_leaves_the_old_file_whole(kind, suffix, room, tmp_path):
    if not shutil.which("unshare") or small_disk(tmp_path, "true").returncode:
        pytest.skip("no mounting here; the two tests above fill a file and a device instead")
    command = [sys.executable, "-c", ON_A_SMALL_DISK, tmp_path, kind, f"{kind}{suffix}", str(room)]
    found = small_disk(tmp_path, *command)
    assert found.stdout == "whole\n", found.stderr
