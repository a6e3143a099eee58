"""Describe the machine and the programs that a measurement was made with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.implementations import IMPLEMENTATIONS
from benchmarks.workers import ONE_THREAD


def described() -> dict[str, Any]:
    """Names and texts, as printed, stored in the JSON and shown on the page."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index]
    packages = sorted({where.package for where in IMPLEMENTATIONS.values()})
    return {
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "BLAS": f"{blas.get('name')} {blas.get('version')}",
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", "not set"),
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "threads": ", ".join(f"{name}={value}" for name, value in ONE_THREAD.items() if name.endswith("THREADS")),
        "clang, for tinygrad": clang(),
        "packages": {name: version(name) for name in packages},
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def clang() -> str:
    found = shutil.which("clang")
    return (
        subprocess.run([found, "--version"], capture_output=True, text=True).stdout.split("\n")[0] if found else "none"
    )


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def lines(environment: dict[str, Any]) -> list[str]:
    packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    return [*(f"{name}: {text}" for name, text in environment.items() if name != "packages"), f"packages: {packages}"]
