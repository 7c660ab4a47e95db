"""What a measurement was made on, in a line."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path


def machine() -> str:
    packages = [
        "numpy",
        "scipy",
        "scikit-learn",
        "torch",
        "pydvl",
        "captum",
        "dattri",
        "cleanlab",
        "lightgbm",
        "xgboost-cpu",
        "catboost",
        "forcing",
    ]
    versions = ", ".join(f"{p} {v}" for p in packages if (v := _version(p)))
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return (
        f"{time.strftime('%Y-%m-%d')}; {_processor()}, {os.cpu_count()} cores, {_memory()}BLAS "
        f"threads: {threads}; Python {platform.python_version()}, {versions}."
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return ""
    return f"{size / 2**30:.0f} GiB, "
