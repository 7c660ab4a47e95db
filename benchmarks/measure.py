"""How time, memory and bandwidth are measured, and how a model is refitted to check a flip."""

from __future__ import annotations

import multiprocessing
import re
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression

P = ParamSpec("P")
R = TypeVar("R")

_STATUS = Path("/proc/self/status")


def timed(work: Callable[[], R]) -> tuple[float, R]:
    """Seconds, and what came out."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def told(line: str) -> None:
    """Progress, apart from the results."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def in_child(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The function's result from a fresh process, whose memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


class PeakMemory:
    """Most memory that the process held within the block, beyond what it held before, in MiB.

    Of Linux alone; `mib` is NaN elsewhere.
    """

    mib = float("nan")

    def __enter__(self) -> Self:
        try:
            Path("/proc/self/clear_refs").write_text("5")  # sets the peak to what is held now
            self._before = _resident("VmRSS")
        except OSError:
            self._before = float("nan")
        return self

    def __exit__(self, *_: object) -> None:
        if self._before == self._before:
            self.mib = _resident("VmHWM") - self._before


def _resident(what: str) -> float:
    found = re.search(rf"{what}:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) / 1024 if found else float("nan")


def warm_up() -> None:
    """A small explanation: what is imported and allocated once is not to be measured."""
    import forcing

    X, y = make_moons(60, noise=0.2, random_state=0)
    forcing.explain(LogisticRegression().fit(X, y), X, y, X[0])


def bandwidth(mib: int = 512) -> float:
    """Bytes a second of one matrix-vector product over a matrix that no cache holds."""
    matrix = np.ones((mib * 2**20 // 8 // 1024, 1024))
    vector = np.ones(1024)
    seconds = min(timed(lambda: matrix @ vector)[0] for _ in range(7))
    return matrix.nbytes / seconds


def size_of(X: Any) -> int:
    """Bytes of a matrix, dense or in rows of non-zeros."""
    if hasattr(X, "indptr"):
        return int(X.data.nbytes + X.indices.nbytes + X.indptr.nbytes)
    return int(X.nbytes)


def tight(C: float, X: Any, y: NDArray[Any]) -> LogisticRegression:
    """As exact as scikit-learn goes: Newton's method, L-BFGS where that takes minutes."""
    small = X.shape[1] <= 500 and not hasattr(X, "indptr")
    solver = "newton-cholesky" if small else "lbfgs"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(C=C, solver=solver, tol=1e-10, max_iter=20_000).fit(X, y)


def decides(model: LogisticRegression, x: Any) -> Any:
    """The label at one target: a row (p,) or a sparse one (1, p)."""
    return model.predict(x.reshape(1, -1))[0]


def flips(
    C: float, X: Any, y: NDArray[Any], x: Any, rows: NDArray[np.intp] | list[int], favoured: Any
) -> bool:
    """Whether scikit-learn, refitted from a cold start without the rows, decides otherwise."""
    kept = np.setdiff1d(np.arange(len(y)), rows)
    if len(np.unique(y[kept])) < 2:
        return False
    return bool(decides(tight(C, X[kept], y[kept]), x) != favoured)


def evenly(n: int, most: int | None) -> NDArray[np.intp]:
    """Positions, evenly spread over n; all where there are no more."""
    return np.linspace(0, n - 1, n if most is None else min(most, n)).round().astype(np.intp)


def ranged(values: Sequence[float] | NDArray[np.float64], form: str = ".0f") -> str:
    """The median, and the ends."""
    low, high = (format(float(end(values)), form) for end in (min, max))
    return f"{format(float(np.median(values)), form)} ({low} – {high})"


def table(columns: tuple[str, ...] | list[str]) -> list[str]:
    """The first two lines of a Markdown table."""
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
