"""What explanations leave behind in a kernel: memory, threads, listeners."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import row, table, told

ROWS, COLUMNS = 20_000, 50


def kept_in_kernel(views: int) -> list[str]:
    """Memory of this process over so many explanations: of one study, then each of its own."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS))
    y = (X @ rng.normal(size=COLUMNS) + rng.normal(size=ROWS) > 0).astype(int)
    model = LogisticRegression(tol=1e-8).fit(X, y)
    order = np.argsort(np.abs(model.decision_function(X)))
    targets = [X[i] for i in order[20 : 20 + 4 * views]]
    study = forcing.Study(model, X, y)

    def same(i: int) -> None:
        study.view(targets[i], baselines=()).wait(120)

    def fresh(i: int) -> None:
        forcing.Study(model, X, y).view(targets[i], baselines=()).wait(120)

    lines = [
        "### Memory over explanations, in the kernel\n",
        f"One process, {ROWS} x {COLUMNS} ({X.nbytes / 1e6:.0f} MB); memory beyond the first 3.\n",
        *table(["", "explanations", "memory, MB", "threads of ours"]),
    ]
    for i in range(3):
        same(i)
    begun = _resident()
    for name, explain in {"of one study": same, "each of a study of its own": fresh}.items():
        lines += _over(name, explain, views, begun)
    return [*lines, ""]


def _over(name: str, explain: Callable[[int], None], views: int, begun: float) -> list[str]:
    lines = []
    for i in range(2 * views):
        explain(i)
        if i + 1 in (views // 5, views, 2 * views):
            told(f"{name}: {i + 1}")
            ours = sum(thread.name.startswith("forcing") for thread in threading.enumerate())
            lines.append(row([name, str(i + 1), f"{_resident() - begun:.0f}", str(ours)]))
    return lines


def _resident() -> float:
    gc.collect()
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1000 if found else float("nan")
