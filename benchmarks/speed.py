"""Times as ratios to one `LogisticRegression.fit` on the same data, in the same run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing
from forcing.records import Bound, Refined, Step, Verified

from .problems import Data, catdog, dogfish, folder

COLUMNS = (
    "data",
    "C",
    "one fit, s",
    "Study",
    "search + refine",
    "rows in the set",
    "verify",
    "bound",
)

EXPLAINED = """\
One fit is scikit-learn's `LogisticRegression(tol=1e-8)`, lbfgs, on all rows. Medians over up to
five targets of the less confident half whose set has up to 80 rows; search and refinement together
end with the irreducible set, verification is the user's own estimator at tol 1e-10.
"""


def speed() -> Iterator[str]:
    yield "## Times, in units of one fit\n"
    if folder("FORCING_DATA") is None:
        yield "Not measured: set FORCING_DATA to the folder of the data sets.\n"
    else:
        yield EXPLAINED
        yield f"| {' | '.join(COLUMNS)} |"
        yield "|---" * len(COLUMNS) + "|"
        for name, load, C in (
            ("dog-fish 1800 x 1280", dogfish, 1.0),
            ("cat-dog 4000 x 1280", catdog, 0.01),
            ("cat-dog 10000 x 1280", partial(catdog, 10_000), 0.01),
        ):
            yield _row(name, load(), C)
        yield ""
    yield from _start()


def _row(name: str, data: Data, C: float) -> str:
    fit = LogisticRegression(C=C, tol=1e-8, max_iter=10_000)
    once, model = _timed(lambda: fit.fit(data.X, data.y))
    made, study = _timed(lambda: forcing.Study(model, data.X, data.y))
    searched, verified, bounded, found = [], [], [], []
    confidence = np.array([study.claim(x).confidence for x in data.X_test[:400]])
    targets = np.argsort(confidence)[np.linspace(0, len(confidence) // 2, 12).astype(int)]
    for x in data.X_test[targets]:
        told = {type(event): event for event in study.events(x, max_removals=90)}
        refined = told.get(Refined)
        if refined is None or len(refined.steps) > 80:
            continue
        searched.append(told[Step].seconds + refined.seconds)  # the last step's: since the start
        verified.append(told[Verified].seconds)
        bounded.append(told[Bound].seconds)
        found.append(len(refined.steps))
        if len(found) == 5:
            break
    ratios = [made, np.median(searched), np.median(verified), np.median(bounded)]
    study_, search, verify, bound = (f"{r / once:.2f}" for r in ratios)
    sizes = f"{min(found)}–{max(found)}"
    return f"| {name} | {C:g} | {once:.1f} | {study_} | {search} | {sizes} | {verify} | {bound} |"


def _start() -> Iterator[str]:
    yield "## Starting\n"
    code = "import time; t = time.perf_counter(); import forcing; print(time.perf_counter() - t)"
    imports = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(5)
    ]
    yield f"- `import forcing`: {np.median(imports) * 1000:.0f} ms (median of 5)"
    from .problems import digits

    data = digits()
    model = LogisticRegression().fit(data.X, data.y)

    def first() -> Step:
        return next(forcing.Study(model, data.X, data.y).steps(data.X_test[2]))

    first()
    yield f"- Study and first step, digits 249 x 64: {_timed(first)[0] * 1000:.0f} ms"
    yield ""


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
