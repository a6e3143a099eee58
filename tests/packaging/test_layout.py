"""nn/ and optim/ stand at the top of the repository and are installed inside autograd_mini: the
same classes are met by every path, however the package was obtained, and no other top-level
package appears.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOMS = ["nn", "optim"]

# One worker builds and installs; the others would only repeat it.
pytestmark = pytest.mark.xdist_group("packaging")

# What an interpreter that imports the package sees: where it lies, what is importable as top-level
# nn and optim, and which classes are not the ones that their own modules hold.
PROBE = """
import importlib, importlib.util, inspect, json, sys

found = {}
for room in ["nn", "optim"]:
    top_level = importlib.import_module(room) if room in sys.argv[1:] else None
    package = importlib.import_module(f"autograd_mini.{room}")
    classes = dict(inspect.getmembers(package, inspect.isclass))
    found[room] = {
        "file": package.__file__,
        "top_level": importlib.util.find_spec(room) is not None,
        "classes": sorted(classes),
        "copies": sorted(
            name for name, cls in classes.items()
            if not cls.__module__.startswith("autograd_mini.")
            or getattr(importlib.import_module(cls.__module__), cls.__name__) is not cls
            or top_level and getattr(top_level, name) is not cls
        ),
    }
print(json.dumps(found))
"""


def run(*command, cwd, **environment):
    # The caller's own PYTHONPATH could show the checkout where only an installation should be seen,
    # and compiled files in the copied checkout would find their way into what is built from it.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def probe(python, cwd, *top_level, **environment):
    return json.loads(run(python, "-c", PROBE, *top_level, cwd=cwd, **environment))


def assert_one_home(found, home):
    """Every class has one home, and each room lies where `home` says."""
    for room in ROOMS:
        assert found[room]["classes"]
        assert found[room]["copies"] == []
        assert Path(found[room]["file"]).resolve() == home(room).resolve() / "__init__.py"
    assert "Linear" in found["nn"]["classes"]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy of the repository, so that builds leave no traces in it."""
    copy = tmp_path_factory.mktemp("checkout") / "autograd-mini"
    unwanted = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist"
    )
    shutil.copytree(REPOSITORY, copy, symlinks=True, ignore=unwanted)
    return copy


@pytest.fixture(scope="session")
def build(checkout, tmp_path_factory):
    """Builds the named distribution of a source folder, without the network."""

    def build(kind, source=checkout):
        out = tmp_path_factory.mktemp(kind)
        # Setuptools leaves build/ behind and would reuse what lies there.
        copy = shutil.copytree(source, out / "source", symlinks=True)
        call = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(out)!r}))"
        return out / run(sys.executable, "-c", call, cwd=copy).splitlines()[-1]

    return build


@pytest.fixture(scope="session")
def wheel(build):
    return build("wheel")


@pytest.fixture(scope="session")
def new_venv(tmp_path_factory):
    """Makes environments that hold the dependencies, a given wheel, and nothing else."""
    dependencies = tmp_path_factory.mktemp("dependencies")
    for name in ["numpy", "graphviz"]:
        folder = Path(find_spec(name).origin).parent
        (dependencies / name).symlink_to(folder)

    def make(wheel=None):
        venv = tmp_path_factory.mktemp("venv")
        run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=venv)
        python = venv / "bin" / "python"
        purelib = "import sysconfig; print(sysconfig.get_path('purelib'))"
        site_packages = Path(run(python, "-c", purelib, cwd=venv).strip())
        (site_packages / "dependencies.pth").write_text(f"{dependencies}\n")
        if wheel:
            pip = [sys.executable, "-m", "pip", "--python", python]
            run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=venv)
        return python, site_packages

    return make


@pytest.fixture(scope="session")
def wheel_venv(wheel, new_venv):
    return new_venv(wheel)


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {n: archive.read(n) for n in archive.namelist() if not n.endswith("/RECORD")}


def test_wheel_holds_every_file_once(wheel, checkout):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    # rglob follows no links, so each room is found in its own folder only.
    folders = {"autograd_mini": checkout / "autograd_mini"}
    folders |= {f"autograd_mini/{room}": checkout / room for room in ROOMS}
    expected = [
        f"{package}/{path.relative_to(folder).as_posix()}"
        for package, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert sorted(names) == sorted(expected)
    assert "autograd_mini/py.typed" in names


def test_sdist_builds_the_same_wheel(wheel, build, tmp_path):
    shutil.unpack_archive(build("sdist"), tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for room in ROOMS:
        assert (unpacked / room / "__init__.py").exists()
        assert not (unpacked / "autograd_mini" / room).exists()
    assert contents(build("wheel", unpacked)) == contents(wheel)


def test_wheel_installs_one_top_level_package(wheel_venv):
    python, site_packages = wheel_venv
    found = probe(python, site_packages.parent)
    assert_one_home(found, lambda room: site_packages / "autograd_mini" / room)
    assert not any(found[room]["top_level"] for room in ROOMS)
    installed = {path.name for path in site_packages.iterdir() if path.suffix != ".dist-info"}
    assert installed == {"autograd_mini", "dependencies.pth"}


def test_console_script(wheel_venv, tmp_path):
    python, _ = wheel_venv
    assert "usage: autograd-mini" in run(python.with_name("autograd-mini"), "--help", cwd=tmp_path)


WITHOUT_EXTRAS = """
import autograd_mini as ag
from autograd_mini.lecture.network import worked_step

E, sgd = worked_step()
story = ag.trace(E, sgd)
print(len(story), len(ag.graph(E).nodes), ag.draw(E).svg("built-in").count('id="node-'))
print(ag.derive(E, "w_GD").lines[-1].text, ag.paths(E, "A").count, ag.source(E).run()["d_w_GD"])
print(ag.delta_rule(E, learning_rate=10).largest_difference < 1e-14, ag.draw_network(E).listing[:1])
for needs_an_extra in (story.to_dataframe, ag.graph(E).to_networkx, lambda: ag.step_through(E)):
    try:
        needs_an_extra()
    except ModuleNotFoundError as error:
        print("autograd-mini[explain]" in str(error))
"""


def test_explanations_need_no_extra_but_where_they_say_so(wheel_venv, tmp_path):
    python, _ = wheel_venv
    lines = run(python, "-c", WITHOUT_EXTRAS, cwd=tmp_path).splitlines()
    assert lines == ["67 36 36", "−0.0382 2 -0.03816470715743934", "True A", "True", "True", "True"]


def test_editable_install(build, new_venv, checkout, tmp_path):
    wheel = build("editable")
    python, site_packages = new_venv(wheel)
    found = probe(python, tmp_path)
    assert_one_home(found, lambda room: wheel.parent / "source" / room)
    assert not any(found[room]["top_level"] for room in ROOMS)
    assert not any((site_packages / room).exists() for room in ROOMS)


def test_links_are_relative():
    for room in ROOMS:
        assert os.readlink(REPOSITORY / "autograd_mini" / room) == f"../{room}"


def test_uninstalled_checkout(new_venv, checkout, tmp_path):
    python, _ = new_venv()
    for found in [probe(python, checkout), probe(python, tmp_path, PYTHONPATH=str(checkout))]:
        assert_one_home(found, lambda room: checkout / room)


@pytest.mark.parametrize("installed", [False, True], ids=["checkout", "wheel"])
def test_top_level_imports_share_the_classes(installed, new_venv, wheel_venv, checkout):
    """`import nn` works from the repository's root and makes no second copy of a class."""
    python, _ = wheel_venv if installed else new_venv()
    assert_one_home(probe(python, checkout, *ROOMS), lambda room: checkout / room)
