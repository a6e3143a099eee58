"""Saving: whatever happens in the middle of it, the old file is whole, and nothing is left lying about."""

import errno
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from autograd_mini import nn
from autograd_mini.learn import safe_write
from autograd_mini.learn.files import load_arrays, load_model, save_arrays, save_model
from autograd_mini.learn.safe_write import remove_abandoned, replacing

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, modes and locks of POSIX")

KILLS = 30
WRITER = """
import sys, numpy as np
from autograd_mini.learn.files import save_arrays
print("ready", flush=True)
k = 0
while True:
    k += 1
    save_arrays(sys.argv[1], {"k": k, "numbers": np.full(200_000, k)})
"""


def temporaries(folder):
    return [name for name in os.listdir(folder) if name.startswith(".autograd-mini-")]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    return path


def test_kill_9_at_any_moment_leaves_a_whole_file(tmp_path):
    path = tmp_path / "numbers.npz"
    save_arrays(path, {"k": 0, "numbers": np.zeros(200_000, int)})
    rng = random.Random(0)
    versions, left_over = set(), 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        left_over += len(temporaries(tmp_path))
        found = load_arrays(path)
        assert np.all(found["numbers"] == found["k"])
        versions.add(int(found["k"]))
        assert len(temporaries(tmp_path)) <= 1  # the next writer has removed those before
    assert left_over >= KILLS // 10, "no kill struck during a write: the test has shown nothing"
    assert len(versions) > 1
    save_arrays(path, {"k": 1})
    assert os.listdir(tmp_path) == [path.name]


class Failing:
    """A file whose disk is full after some bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, raw):
        self.room -= len(raw)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(raw)

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("room", [0, 100, 1000])
def test_a_full_disk_leaves_the_old_file_whole(room, suffix, tmp_path, monkeypatch):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    path, model = tmp_path / f"model{suffix}", nn.MLP([20, 10, 5])
    save_model(path, model)
    before = path.read_bytes()
    fdopen = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda *args: Room(fdopen(*args), room))
    with pytest.raises(OSError, match="No space left"):
        save_model(path, nn.MLP([20, 10, 5]))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]
    assert load_model(path)


class Room(Failing):
    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *exception):
        return self.file.__exit__(*exception)


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_disk_that_fails_last_leaves_the_old_file_whole(function, path, monkeypatch):
    def fail(*args):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OSError, match="error"):
        save_model(path, nn.Linear(1, 1))
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_an_interrupt_leaves_the_old_file_whole(path):
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:  # noqa: PT012
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_the_numbers_reach_the_disk_before_the_name(path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: calls.append("fsync") or fsync(f))
    monkeypatch.setattr(os, "replace", lambda a, b: calls.append("replace") or replace(a, b))
    save_model(path, nn.Linear(1, 1))
    assert calls == ["fsync", "replace", "fsync"]  # the file, the name, the folder


def test_abandoned_temporaries_are_removed_and_others_stay(path):
    stale = path.with_name(".autograd-mini-0123456789abcdef.tmp")
    stale.write_bytes(b"half")
    similar = path.with_name(".autograd-mini-notes.tmp")
    similar.write_bytes(b"mine")
    link = path.with_name(".autograd-mini-fedcba9876543210.tmp")
    link.symlink_to(similar)
    assert remove_abandoned(path.parent) == [str(stale)]
    assert {stale.exists(), similar.exists(), link.is_symlink()} == {False, True}
    stale.write_bytes(b"half")
    save_model(path, nn.Tanh())
    assert not stale.exists()


def test_a_writer_at_work_is_not_disturbed_by_another(path):
    with replacing(path) as file:
        file.write(b"first")
        assert remove_abandoned(path.parent) == []
        with replacing(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"


def test_a_temporary_taken_for_abandoned_before_its_lock_is_made_anew(path, monkeypatch):
    lock, taken = safe_write.fcntl.flock, []

    def late(descriptor, how):
        if not taken:
            taken.extend(temporaries(path.parent))
            os.unlink(path.parent / taken[0])  # what another process's remove_abandoned does
        lock(descriptor, how)

    monkeypatch.setattr(safe_write.fcntl, "flock", late)
    with replacing(path) as file:
        file.write(b"new")
    assert len(taken) == 1
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_an_existing_files_permissions_are_kept(mode, path):
    path.chmod(mode)
    save_model(path, nn.Tanh())
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_files_permissions_follow_the_umask(mask, mode, tmp_path):
    before = os.umask(mask)
    try:
        save_model(tmp_path / "new.npz", nn.Tanh())
    finally:
        os.umask(before)
    assert (tmp_path / "new.npz").stat().st_mode & 0o777 == mode


def test_a_private_files_numbers_are_never_readable_by_others(path):
    path.chmod(0o600)
    with replacing(path):
        (name,) = temporaries(path.parent)
        assert (path.parent / name).stat().st_mode & 0o777 == 0o600


def test_through_a_symbolic_link_the_file_behind_it_is_replaced(path, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "latest.npz"
    link.symlink_to(path)
    save_model(link, nn.Tanh())
    assert link.is_symlink()
    assert isinstance(load_model(path), nn.Tanh)
    assert os.listdir(folder) == [link.name]


def test_a_folder_a_device_and_a_missing_folder_are_refused(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "device.npz").symlink_to("/dev/null")
    for name, error in [("folder.npz", IsADirectoryError), ("device.npz", OSError), ("no/x.npz", FileNotFoundError)]:
        with pytest.raises(error):
            save_model(tmp_path / name, nn.Tanh())


def test_a_read_only_file_is_not_replaced(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *args: False)  # the tests may run as root, who may write all
    with pytest.raises(PermissionError, match="read-only"):
        save_model(path, nn.Tanh())
    assert path.read_bytes() == b"old"


def test_a_name_of_the_greatest_length(tmp_path):
    path = tmp_path / ("x" * 251 + ".npz")
    save_model(path, nn.Tanh())
    assert load_model(path)
