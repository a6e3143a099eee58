"""Hostile files and places: one error for all of them, little memory, nothing executed, nothing written."""

import json
import os
import re
import tempfile
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest

from autograd_mini import nn
from autograd_mini.learn import files
from autograd_mini.learn.files import ModelFileError, load_arrays, load_metadata, load_model, save_arrays, save_model
from tests.trust.attacks import ATTACKS, npy, safetensors, tensor
from tests.trust.damage import NAMES, Member, assemble
from tests.trust.fuzz_files import MEMORY_CONSTANT, MEMORY_FACTOR, only_reading

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and owners of POSIX")
SUFFIXES = [".npz", ".safetensors"]
LOADS = [load_arrays, load_model, load_metadata]
#: What only the numbers show, which `load_metadata` does not read.
IN_THE_NUMBERS = {"another checksum", "a bool of 2", "an absurd empty shape", "an architecture without a digest"}


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(("suffix", "name", "raw"), ATTACKS, ids=[f"{suffix}, {name}" for suffix, name, _ in ATTACKS])
def test_hostile_files_are_refused_in_little_memory(suffix, name, raw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"hostile{suffix}"
    path.write_bytes(raw)
    for load in LOADS:
        tracemalloc.start()
        try:
            with only_reading(path):
                if load is load_metadata and name in IN_THE_NUMBERS:
                    assert load(path) == {}
                else:
                    with pytest.raises(ModelFileError, match=f"hostile{suffix}: ") as error:
                        load(path)
                    assert str(error.value).isprintable()
            assert tracemalloc.get_traced_memory()[1] < MEMORY_FACTOR * len(raw) + MEMORY_CONSTANT
        finally:
            tracemalloc.stop()
    assert os.listdir() == [path.name]  # nothing was executed


def test_files_of_pytorch_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    for suffix in SUFFIXES:
        for item in (torch.nn.Linear(2, 3).state_dict(), torch.nn.Linear(2, 3)):
            torch.save(item, tmp_path / f"model{suffix}")
            with pytest.raises(ModelFileError):
                load_arrays(tmp_path / f"model{suffix}")


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name], ids=ascii)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_are_keys_and_lead_nowhere(suffix, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"arrays{suffix}"
    if suffix == ".npz":
        member = Member(f"{name}.npy".encode(), npy(np.ones(1)))
        member.local["flags"] = member.entry["flags"] = 0x800
        path.write_bytes(assemble([member], {}))
    else:
        path.write_bytes(safetensors({name: tensor()}, np.ones(1).tobytes()))
    with only_reading(path):
        assert load_arrays(path) == {name: [1.0]}
        with pytest.raises(ModelFileError):
            load_model(path)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_look_alike_is_another_name(suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    save_model(path, nn.Linear(1, 1, bias=False))
    alike = {"w\N{CYRILLIC SMALL LETTER IE}ight": load_arrays(path)["weight"]}
    linear = {"class": "Linear", "arguments": {"in_features": 1, "out_features": 1, "bias": False}}
    files._write(path, alike, {files.ARCHITECTURE: json.dumps({"version": 1, "model": linear})})
    with pytest.raises(ModelFileError, match=r"weight: Linear needs shape \(1, 1\), the file lacks it"):
        load_model(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_places_that_are_no_files_are_refused(tmp_path, suffix):
    paths = {name: tmp_path / f"{name}{suffix}" for name in ("pipe", "folder", "loop", "dangling", "zero\0", "x" * 300)}
    os.mkfifo(paths["pipe"])
    paths["folder"].mkdir()
    paths["loop"].symlink_to(paths["loop"])
    paths["dangling"].symlink_to(tmp_path / "nothing")
    for k, place in enumerate(["/dev/zero", "/dev/full", "/dev/tty", "/proc/self/mem", "/proc/self/environ", "/etc"]):
        paths[place] = tmp_path / f"{k}{suffix}"
        paths[place].symlink_to(place)
    for path in paths.values():
        for load in LOADS:
            with pytest.raises(ModelFileError):
                load(path)


def test_a_sparse_file_larger_than_memory_is_refused(tmp_path):
    path = tmp_path / "sparse.safetensors"
    size = 2**43
    head = safetensors({"a": tensor(0, size, (size // 8,))})
    with open(path, "wb") as file:
        file.write(head)
        try:
            file.truncate(len(head) + size)
        except OSError:
            pytest.skip("the file system has no files of that size")
    with pytest.raises(ModelFileError, match="not enough memory"):
        load_arrays(path)
    with pytest.raises(ModelFileError, match="no architecture"):
        load_model(path)
    path.rename(path.with_suffix(".npz"))
    with pytest.raises(ModelFileError, match="does not end as a zip archive does"):
        load_arrays(path.with_suffix(".npz"))


@pytest.fixture(params=SUFFIXES)
def meanwhile(request, tmp_path, monkeypatch):
    """A file, and a way to do something once its list of arrays has been read but none of its numbers."""
    path = tmp_path / f"model{request.param}"
    save_model(path, nn.Linear(300, 100, rng=np.random.default_rng(0)))  # more than is read ahead
    module = files.FORMATS[request.param]
    read = module.read

    def arrange(act):
        def then(file, size):
            found = read(file, size)
            act()
            return found

        monkeypatch.setattr(module, "read", then)

    return path, arrange


def test_a_file_that_is_replaced_while_it_is_read_comes_back_as_it_was(meanwhile):
    path, arrange = meanwhile
    before = load_arrays(path)
    arrange(lambda: save_arrays(path, {"other": 1.0}))
    found = load_arrays(path)
    assert found.keys() == before.keys()
    assert all(np.array_equal(found[name], before[name]) for name in before)


@pytest.mark.parametrize("load", [load_arrays, load_model])
@pytest.mark.parametrize("left", [0, 1, 1000, 200_000])
def test_a_file_that_shrinks_while_it_is_read_is_refused(left, load, meanwhile):
    path, arrange = meanwhile
    arrange(lambda: os.truncate(path, left))
    with pytest.raises(ModelFileError, match="the file ended while it was read"):
        load(path)


@pytest.mark.parametrize("load", [load_arrays, load_model])
def test_a_file_that_is_written_into_while_it_is_read_is_refused(load, meanwhile):
    path, arrange = meanwhile

    def write():
        with open(path, "r+b") as file:
            file.seek(100_000)
            file.write(b"other numbers")

    arrange(write)
    with pytest.raises(ModelFileError, match=r"checksum|digest"):
        load(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_where_nothing_may_be_written_nothing_changes(suffix):
    """A folder without permission to write, as a user that is not root."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder, user = Path(name), os.geteuid()
        path = folder / f"model{suffix}"
        save_model(path, nn.Tanh())
        before = path.read_bytes()
        path.chmod(0o666)
        folder.chmod(0o555)
        try:
            if user == 0:
                os.seteuid(65534)
            for target in (path, folder / f"new{suffix}"):
                with pytest.raises(PermissionError, match=re.escape(str(target))):
                    save_model(target, nn.ReLU())
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
        assert path.read_bytes() == before
        assert os.listdir(folder) == [path.name]
