"""Results of long runs, one file each in the temporary folder, so that a run can be taken up."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


class Store:
    """Of one run, told apart by what it depends on; `clear` it when the run is through."""

    def __init__(self, name: str, depends_on: Any) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"forcing-{name}-{digest(depends_on)}"

    def values(self, key: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What JSON can hold."""
        file = self.folder / f"{key}.json"
        if not file.exists():
            result = compute()
            self.folder.mkdir(exist_ok=True)
            file.write_text(json.dumps(result))
        values: dict[str, Any] = json.loads(file.read_text())
        return values

    def arrays(self, key: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        file = self.folder / f"{key}.npz"
        if not file.exists():
            result = compute()
            self.folder.mkdir(exist_ok=True)
            np.savez_compressed(file, **result)
        with np.load(file) as arrays:
            return dict(arrays)

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def digest(value: Any) -> str:
    """Of what the value is written as."""
    return hashlib.sha1(repr(value).encode(), usedforsecurity=False).hexdigest()[:10]
