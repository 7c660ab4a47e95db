"""Many targets at once against one by one: time, sizes, and whether every set is what it says."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import flips
from benchmarks.problems import Data, catdog, digits, folder, heloc
from benchmarks.settings import Settings

COLUMNS = (
    "data",
    "C",
    "targets",
    "flipped",
    "irreducible",
    "audit, ms a target",
    "explain, ms a target",
    "ratio",
    "sets alone, ratio",
    "audit / explain size, median (max)",
)

EXPLAINED = """\
Processor time of this process, a target. *Audit*: `study.audit`, refined, verified and bounded, all
targets together; *explain*: the same, each by itself, on every fourth target. *Sets alone*: both
without verification and bound. *Flipped*: scikit-learn at tol 1e-10 from a cold start decides
otherwise without the set, on every fourth target.
"""


def audit(settings: Settings) -> Iterator[str]:
    yield "## Audits, many targets at once\n"
    yield EXPLAINED
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    yield _row("digits 3 or 8, 249 x 64", digits(), 1.0, 100)
    if folder("FORCING_DATA") is not None and not settings.short:
        yield _row("heloc 7896 x 23", heloc(), 1.0, 64)
        yield _row("cat-dog 4000 x 1280", catdog(), 0.01, 48)
    yield ""


def _row(name: str, data: Data, C: float, n_targets: int) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C, tol=1e-8, max_iter=10_000).fit(data.X, data.y)
    study = forcing.Study(model, data.X, data.y)
    chosen = np.random.default_rng(0).choice(len(data.X_test), n_targets, replace=False)
    X = data.X_test[chosen]
    bare: dict[str, Any] = {"verify": False, "bound": False}
    study.explain(X[0])  # the bound's tables are made once
    sample = X[::4]
    together, audit = _timed(lambda: study.audit(X, progress=False), len(X))
    sets, _ = _timed(lambda: study.audit(X, progress=False, **bare), len(X))
    alone, told = _timed(lambda: [study.explain(x) for x in sample], len(sample))
    bare_alone, _ = _timed(lambda: [study.explain(x, **bare) for x in sample], len(sample))
    sizes = [explanation.size for explanation in told]
    outcomes = audit.outcomes[::4]
    ratios = [len(o.supports) / size for o, size in zip(outcomes, sizes, strict=True)]
    flipped = sum(
        flips(C, data.X, data.y, x, list(o.supports), o.claim.favoured)
        for x, o in zip(sample, outcomes, strict=True)
    )
    sure = sum(bool(o.irreducible) for o in audit.outcomes)
    return (
        f"| {name} | {C:g} | {len(X)} | {flipped}/{len(sample)} | {sure}/{len(X)} "
        f"| {1000 * together:.1f} | {1000 * alone:.1f} | {alone / together:.1f} "
        f"| {bare_alone / sets:.1f} | {np.median(ratios):.2f} ({max(ratios):.2f}) |"
    )


def _timed(work: Callable[[], Any], targets: int) -> tuple[float, Any]:
    """Seconds of processor time a target, and the result."""
    began = time.process_time()
    result = work()
    return (time.process_time() - began) / targets, result
