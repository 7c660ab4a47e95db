"""What `make bench` measured, for the notebooks to show: results/*.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

_RESULTS = Path(__file__).parent / "results"


def keep(name: str, values: dict[str, Any]) -> None:
    """Lists, numbers and texts, arrays as lists; numbers with six digits; a line for each name."""
    _RESULTS.mkdir(exist_ok=True)
    lines = [f" {json.dumps(key)}: {json.dumps(_plain(value))}" for key, value in values.items()]
    (_RESULTS / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def kept(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((_RESULTS / f"{name}.json").read_text())
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.6g}") if isinstance(value, float) else value
