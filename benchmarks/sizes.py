"""Sizes of the sets against the smallest known, and whether the claimed flips are flips."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing

from .problems import OTHERS, SHIPPED, Data, folder

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
EXPLAINED = """\
Each target of the yardsticks. *Flipped*: scikit-learn's `newton-cholesky` (`lbfgs` beyond 500
columns) at tol 1e-10, from a cold start, decides otherwise without the set. *One-step*:
`mfs-newton` as the paper has it, unrefined and unverified, and how often its set flips on that
refit.
"""


def sizes() -> Iterator[str]:
    reference = folder("FORCING_REFERENCE")
    yield "## Sizes, against the smallest sets known\n"
    if reference is None:
        yield "Not measured: set FORCING_REFERENCE to the yardsticks.\n"
        return
    yield EXPLAINED
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    loaders = dict(SHIPPED, **(OTHERS if folder("FORCING_DATA") else {}))
    for name, load in loaders.items():
        known = json.loads((reference / f"{name}.json").read_text())
        yield _row(name, load(), known)
    yield ""


def _row(name: str, data: Data, known: dict) -> str:
    C = known["C"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _fit(C, data.X, data.y)
        study = forcing.Study(model, data.X, data.y)
    pairs, flips, kept_back, ratios, honest, bounds = [], 0, 0, [], 0, []
    for entry in known["results"]:
        x, best = data.X_test[entry["target"]], entry["best_known"]
        found = study.explain(x)
        pairs.append((found.size, best))
        flips += found.flipped and _flips(C, data, x, found.supports, found.claim.favoured)
        kept_back += bool(found.irreducible)
        bounds.append(found.lower_bound / found.size)
        if data.X.shape[1] <= 100:  # a Hessian at every step is slow beyond
            rows = [step.row for step in study.steps(x, method="mfs-newton")]
            ratios.append(len(rows) / found.size)
            honest += _flips(C, data, x, rows, found.claim.favoured)
    of = len(pairs)
    shown = " ".join(f"{ours}/{best}" if best else f"{ours}/–" for ours, best in pairs)
    step = f"{np.median(ratios):.2f} | {honest}/{of}" if ratios else "– | –"
    return (
        f"| {name} | {C:g} | {of} | {flips}/{of} | {kept_back}/{of} | {shown} | {step} "
        f"| {np.median(bounds):.2f} |"
    )


def _flips(C: float, data: Data, x: np.ndarray, rows: list[int], favoured: int) -> bool:
    kept = np.setdiff1d(np.arange(len(data.y)), rows)
    return bool(_fit(C, data.X[kept], data.y[kept]).predict(x[None])[0] != favoured)


def _fit(C: float, X: np.ndarray, y: np.ndarray) -> LogisticRegression:
    """As exact as scikit-learn goes: Newton's method, L-BFGS where that takes minutes."""
    solver = "newton-cholesky" if X.shape[1] <= 500 else "lbfgs"
    return LogisticRegression(C=C, solver=solver, tol=1e-10, max_iter=20_000).fit(X, y)
