"""Times as ratios to one `LogisticRegression.fit`, and to one pass over X, in the same run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import (
    PeakMemory,
    bandwidth,
    in_child,
    row,
    size_of,
    table,
    timed,
    told,
    warm_up,
)
from benchmarks.problems import PROBLEMS, Named, digits
from benchmarks.settings import Settings
from forcing.records import Bound, Refined, Step, Verified

DATA = ("heloc", "adult", "enron", "dog-fish", "catdog", "catdog-10000")

COLUMNS = (
    "data",
    "C",
    "one fit, s",
    "one pass, ms",
    "Study",
    "search + refine",
    "rows in the set",
    "verify",
    "bound",
    "a step, in passes",
    "peak, in X",
)

LARGEST = 80
"""Rows of the sets that are timed."""

EXPLAINED = """\
One fit is scikit-learn's `LogisticRegression(tol=1e-8)`, lbfgs, on all rows; *Study* to *bound* are
in units of it. Medians over targets of the less confident half, more of them near the decision
line, that have a set of up to 80 rows; search and refinement together end with the irreducible set,
verification is the user's own estimator at tol 1e-10. One pass is reading X once at the measured
memory bandwidth; *a step* is the search's time over the rows that it removed. *Peak* is the memory
that Study and targets took beyond the data, in units of X.
"""


@dataclass(frozen=True)
class Timed:
    shape: str
    X_bytes: int
    fit: float
    study: float
    search_refine: float
    verify: float
    bound: float
    step: float
    """Seconds of the search for each row that it removed."""
    smallest: int
    largest: int
    mib: float


def speed(settings: Settings) -> Iterator[str]:
    yield "## Times, in units of one fit\n"
    rate = bandwidth()
    yield EXPLAINED
    yield f"Measured bandwidth: {rate / 1e9:.1f} GB/s (one matrix-vector product).\n"
    yield from table(COLUMNS)
    for name in DATA:
        named = PROBLEMS[name]
        if not settings.takes(named):
            yield row([name, "not run", *[""] * (len(COLUMNS) - 2)])
        elif not (settings.short and name == "catdog-10000"):
            told(name)
            found = in_child(measured, name, 3 if settings.short else 12)
            if found is None:
                yield row([name, "no set of up to 80 rows", *[""] * (len(COLUMNS) - 2)])
            else:
                yield _row(named, found, rate)
    yield ""
    yield from _start()


def _row(named: Named, t: Timed, rate: float) -> str:
    a_pass = t.X_bytes / rate
    ratios = (t.study, t.search_refine, t.verify, t.bound)
    study, search, verify, bound = (f"{seconds / t.fit:.2f}" for seconds in ratios)
    memory = f"{t.mib * 2**20 / t.X_bytes:.1f}" if t.mib == t.mib else "–"
    name = f"{named.name} {t.shape}"
    first = [name, f"{named.C:g}", f"{t.fit:.2g}", f"{a_pass * 1e3:.2g}", study, search]
    sizes = f"{t.smallest}–{t.largest}"
    return row([*first, sizes, verify, bound, f"{t.step / a_pass:.1f}", memory])


def measured(name: str, most: int) -> Timed | None:
    """Of one data set, in a process of its own; None where no target has a set to time."""
    named = PROBLEMS[name]
    data = named.load()
    warm_up()
    fit = LogisticRegression(C=named.C, tol=1e-8, max_iter=10_000)
    once, model = timed(lambda: fit.fit(data.X, data.y))
    with PeakMemory() as peak:
        made, study = timed(lambda: forcing.Study(model, data.X, data.y))
        runs = _runs(study, data.X_test, most)
    if not runs:
        return None
    searched, steps, verified, bounded, sizes = (
        np.array(column) for column in zip(*runs, strict=True)
    )
    return Timed(
        data.shape,
        size_of(data.X),
        once,
        made,
        float(np.median(searched)),
        float(np.median(verified)),
        float(np.median(bounded)),
        float(np.median(steps)),
        int(sizes.min()),
        int(sizes.max()),
        peak.mib,
    )


def _runs(study: forcing.Study, X_test: Any, most: int) -> list[tuple[float, ...]]:
    """Search and refine, a step, verify, bound in seconds, and the rows of the set."""
    confidence = [study.claim(X_test[i]).confidence for i in range(X_test.shape[0])]
    places = np.unique(np.geomspace(1, len(confidence) // 2, most).astype(int)) - 1
    runs: list[tuple[float, ...]] = []
    for target in np.argsort(confidence)[places]:
        told_of: dict[type, Any] = {}
        for event in study.events(X_test[target], max_removals=min(90, study.n_rows // 2)):
            told_of[type(event)] = event
        refined, last = told_of.get(Refined), told_of.get(Step)
        if refined is None or last is None or not 0 < len(refined.steps) <= LARGEST:
            continue
        search, verify, bound = last.seconds, told_of[Verified].seconds, told_of[Bound].seconds
        size = len(refined.steps)
        runs.append((search + refined.seconds, search / last.number, verify, bound, size))
    return runs


def _start() -> Iterator[str]:
    yield "### Starting\n"
    code = "import time; t = time.perf_counter(); import forcing; print(time.perf_counter() - t)"
    imports = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(5)
    ]
    yield f"- `import forcing`: {np.median(imports) * 1000:.0f} ms (median of 5)"
    data = digits()
    model = LogisticRegression().fit(data.X, data.y)

    def first() -> Step:
        return next(forcing.Study(model, data.X, data.y).steps(data.X_test[2]))

    first()
    yield f"- Study and first step, digits {data.shape}: {timed(first)[0] * 1000:.0f} ms"
    yield ""
