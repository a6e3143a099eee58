"""Saving: whatever happens in the middle of it, the old file is whole, and nothing is left lying about."""

import os

import pytest

from autograd_mini import nn
from autograd_mini.learn import safe_write
from autograd_mini.learn.files import load_model, save_model
from autograd_mini.learn.safe_write import remove_abandoned, replacing

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, modes and locks of POSIX")


def temporaries(folder):
    return [name for name in os.listdir(folder) if name.startswith(".autograd-mini-")]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    return path


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
