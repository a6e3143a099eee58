"""Run the tests on every Python that is supported, each with the oldest and the newest NumPy that it allows.

`python -m tests.trust.versions` (`make test-all`) looks for the interpreters on the PATH, under pyenv and with uv,
makes each pair an environment of its own in a temporary folder, and prints a table; what follows is given to pytest.
It fails if a test fails, or if there is no interpreter at all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: Each Python, and the oldest NumPy that is allowed and built for it.
OLDEST = {"3.11": "2.0.0", "3.12": "2.0.0", "3.13": "2.1.0"}
NEWEST = ""
#: All but what needs a browser, JupyterLab, PyTorch, numba or the tools that check and build the project.
TESTS = [
    *(f"tests/{room}" for room in ("engine", "nn", "optim", "learn", "explain", "lecture", "replay", "trust")),
    *("tests/test_readme.py", "autograd_mini"),
]
#: Chosen by path, so that what is skipped in the others is seen.
WITHOUT = [
    *("tests/nn/test_against_torch.py", "tests/optim/test_against_torch.py"),
    *("tests/trust/test_functional_against_torch.py", "tests/trust/test_table_against_torch.py"),
    *("tests/trust/test_programs.py", "tests/trust/programs.py", "tests/trust/torch_twins.py"),
    *("tests/replay/test_programs.py", "tests/replay/test_tape.py", "tests/replay/test_kernel.py"),
]


class Result(NamedTuple):
    """What became of the tests; the counts of pytest's last line."""

    python: str
    numpy: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problem: str = ""

    def __str__(self) -> str:
        counts = f"{self.passed:8,} {self.failed:8,} {self.skipped:8,}"
        return f"{self.python:10} {self.numpy or 'newest':10} {counts}  {self.problem}".rstrip()


HEADINGS = f"{'Python':10} {'NumPy':10} {'passed':>8} {'failed':>8} {'skipped':>8}"


def candidates(version: str) -> Iterator[str]:
    """Interpreters that may be of this version, those on the PATH first."""
    yield from filter(None, (shutil.which(f"python{version}"), shutil.which("python3"), sys.executable))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    newest_first = sorted(pyenv.glob(f"versions/{version}.*"), key=lambda p: [*map(int, re.findall(r"\d+", p.name))])
    yield from (str(folder / "bin" / "python") for folder in reversed(newest_first))
    if shutil.which("uv"):
        listed = subprocess.run(["uv", "python", "find", version], capture_output=True, text=True)
        yield from listed.stdout.split("\n")[:1]


def interpreter(version: str) -> str | None:
    """One that is of this version and can make environments: a version manager may offer names that do not run."""
    check = f"import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    for python in candidates(version):
        try:
            if python and subprocess.run([python, "-c", check], capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    return None


def counts(output: str) -> dict[str, int]:
    """The numbers of pytest's last line.

    >>> counts("FAILED a\\n3 failed, 20 passed, 1 skipped, 2 errors in 5.0s\\n")
    {'failed': 3, 'passed': 20, 'skipped': 1, 'errors': 2}
    """
    last = output.rstrip().rpartition("\n")[2]
    return {word: int(number) for number, word in re.findall(r"(\d+) (failed|passed|skipped|errors?)", last)}


def run(python: str, numpy: str, folder: Path, arguments: list[str]) -> Result:
    """Install the project beside that NumPy, and run its tests."""
    environment = folder / "environment"
    subprocess.run([python, "-m", "venv", "--clear", environment], check=True)
    own = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = f"numpy=={numpy}" if numpy else "numpy"
    pip = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    installed = subprocess.run([*pip, "-e", f"{ROOT}[test]", wanted], capture_output=True, text=True)
    facts = "import platform, importlib.metadata as m; print(platform.python_version(), m.version('numpy'))"
    if installed.returncode:
        return Result(python, numpy, problem=f"could not be installed: {installed.stderr.strip()[-300:]}")
    version, numpy = subprocess.run([own, "-c", facts], capture_output=True, text=True).stdout.split()
    pytest = [own, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-n", "auto", *arguments]
    # Not CI's promise that nothing is missing: what these leave out is listed above.
    variables = {name: text for name, text in os.environ.items() if name != "CI"}
    tested = subprocess.run(pytest, capture_output=True, text=True, cwd=ROOT, env=variables)
    found = counts(tested.stdout)
    failed = sum(found.get(word, 0) for word in ("failed", "error", "errors"))
    problem = f"pytest ended with {tested.returncode}" if tested.returncode else ""
    if problem:
        print(tested.stdout[-10_000:], tested.stderr[-2000:], flush=True)
    return Result(version, numpy, found.get("passed", 0), failed, found.get("skipped", 0), problem)


def main(arguments: Iterable[str] = ()) -> None:
    """Print a line for each pair, and what failed above it."""
    results: list[Result] = []
    given = list(arguments) or [*TESTS, *(f"--ignore={path}" for path in WITHOUT)]
    for version, oldest in OLDEST.items():
        python = interpreter(version)
        if python is None:
            print(f"Python {version}: not found on the PATH, under pyenv or with uv", flush=True)
            continue
        for numpy in (oldest, NEWEST):
            with tempfile.TemporaryDirectory() as folder:
                results.append(run(python, numpy, Path(folder), given))
            print(HEADINGS, results[-1], sep="\n", flush=True)
    print(HEADINGS, *results, sep="\n")
    sys.exit(not results or any(result.problem for result in results))


if __name__ == "__main__":
    main(sys.argv[1:])
