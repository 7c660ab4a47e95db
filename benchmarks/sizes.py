"""Sizes of the sets against the smallest known, and whether the claimed flips are flips."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import forcing
from benchmarks.measure import flips, table, tight, told
from benchmarks.problems import PROBLEMS, Named, folder
from benchmarks.settings import Settings

COLUMNS = (
    "data",
    "C",
    "targets",
    "flipped",
    "irreducible",
    "ours / best known, by target",
    "one-step / ours, median",
    "one-step flips",
    "bound / ours, median",
)
WIDE = 100
"""Columns beyond which the one-step mode, with a Hessian at every step, takes too long."""

EXPLAINED = """\
Each target of the yardsticks. *Flipped*: scikit-learn's `newton-cholesky` (`lbfgs` beyond 500
columns) at tol 1e-10, from a cold start, decides otherwise without the set. *One-step*:
`mfs-newton` as the paper has it, unrefined and unverified, and how often its set flips on that
refit.
"""


def sizes(settings: Settings) -> Iterator[str]:
    yield "## Sizes, against the smallest sets known\n"
    if folder("FORCING_REFERENCE") is None:
        yield "Not measured: set FORCING_REFERENCE to the yardsticks.\n"
        return
    yield EXPLAINED
    yield from table(COLUMNS)
    for named in PROBLEMS.values():
        if settings.takes(named) and named.known:
            told(named.name)
            yield _row(named, settings)
    yield ""


def _row(named: Named, settings: Settings) -> str:
    data, C = named.load(), named.C
    study = forcing.Study(tight(C, data.X, data.y), data.X, data.y)
    pairs, flipped, kept_back, ratios, honest, bounds = [], 0, 0, [], 0, []
    entries = named.known
    for entry in (entries[i] for i in settings.some(list(range(len(entries))))):
        x, best = data.X_test[entry["target"]], entry["best_known"]
        found = study.explain(x)
        favoured = found.claim.favoured
        pairs.append((found.size, best))
        flipped += bool(found.flipped) and flips(C, data.X, data.y, x, found.supports, favoured)
        kept_back += bool(found.irreducible)
        if found.size and found.lower_bound:
            bounds.append(found.lower_bound / found.size)
        if data.X.shape[1] <= WIDE:
            rows = [step.row for step in study.steps(x, method="mfs-newton")]
            ratios.append(len(rows) / max(1, found.size))
            honest += flips(C, data.X, data.y, x, rows, favoured)
    of = len(pairs)
    shown = " ".join(f"{ours}/{best}" if best else f"{ours}/–" for ours, best in pairs)
    step = f"{np.median(ratios):.2f} | {honest}/{of}" if ratios else "– | –"
    return (
        f"| {named.name} | {C:g} | {of} | {flipped}/{of} | {kept_back}/{of} | {shown} | {step} "
        f"| {np.median(bounds):.2f} |"
    )
