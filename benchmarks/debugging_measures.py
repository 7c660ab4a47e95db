"""What an order of rows to inspect is worth, and what single forcing sets are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

import forcing
from benchmarks.debugging_data import Spoilt
from benchmarks.debugging_orders import SUSPECTS, Rows, Tables, knn_shapley, orders
from benchmarks.measure import timed

MISTAKES = 24
"""Most wrong decisions of the validation part that are audited: the most confident."""
BUDGETS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
"""Shares of the training rows that are inspected."""
RETRAINED = (0.003, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4)
"""Those after which the model is trained again on the corrected labels."""
SINGLE, QUARTER = "forcing set", "a quarter of the set"
EVERY = 3
"""Of the audited mistakes, every third is repaired by itself."""


@dataclass(frozen=True, eq=False)
class Inspected:
    """One order, on one spoilt training set; budgets are `BUDGETS` and `RETRAINED`."""

    hits: NDArray[np.intp]
    """(n,): bugs among the first 1, 2, ..., n rows."""
    accuracy: list[float]
    """On the test part, after the bugs among the first rows are corrected."""
    repaired: list[int]
    """Audited mistakes that are right then;"""
    repaired_test: list[int]
    """and by how many wrong decisions there are fewer on the test part."""

    def precision(self, rows: int) -> float:
        return float(self.hits[rows - 1] / rows)

    def recall(self, rows: int) -> float:
        return float(self.hits[rows - 1] / self.hits[-1])


@dataclass(frozen=True, eq=False)
class Single:
    """Of the rows that one method names for one wrong decision, as many as its forcing set has:
    means over the decisions.
    """

    precision: float
    repaired: float
    """Share of decisions that are right when the bugs among those rows are corrected."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Everything about one spoilt training set."""

    bugs: int
    rows: int
    mistakes: int
    """Wrong decisions of the validation part;"""
    audited: int
    """of them audited."""
    sizes: list[int]
    """Of their sets;"""
    verified: int
    """so many of which flip, as scikit-learn says."""
    union: int
    """Rows in any of the sets."""
    expected: float
    """Wrong labels, by the audit."""
    before: float
    """Accuracy on the test part, as trained on wrong labels;"""
    clean: float
    """and on right ones."""
    seconds: float
    """Of the audit;"""
    judged: float
    """and of the doubts about labels."""
    inspected: dict[str, Inspected] = field(default_factory=dict)
    single: dict[str, Single] = field(default_factory=dict)


def measured(case: Spoilt, seed: int, most: int = MISTAKES) -> Measured:
    """Audit the confident mistakes, inspect rows in every order, correct and train again."""
    mistakes = case.mistakes[:most]
    X, y = case.mails.X_valid[mistakes], case.mails.y_valid[mistakes]
    audit = case.study.audit(X, y, bound=False, progress=False)
    judged, doubts = timed(lambda: audit.doubts)
    test = case.mails.X_test, case.mails.data.y_test
    right = case.fixed(np.flatnonzero(case.bugs))
    tables = Tables(case)
    return Measured(
        bugs=int(case.bugs.sum()),
        rows=len(case.y),
        mistakes=len(case.mistakes),
        audited=len(mistakes),
        sizes=[len(rows) for rows in audit.supports],
        verified=sum(bool(outcome.verified) for outcome in audit.outcomes),
        union=len(audit.suspect_rows("weight")),
        expected=0.0 if doubts is None else float(doubts.wrong.sum()),
        before=float(case.model.score(*test)),
        clean=float(right.score(*test)),
        seconds=audit.seconds,
        judged=judged,
        inspected={
            name: inspected(case, rows, mistakes)
            for name, rows in orders(case, audit, mistakes, seed, tables).items()
        },
        single=singles(case, audit, mistakes, tables),
    )


def inspected(case: Spoilt, rows: Rows, mistakes: Rows) -> Inspected:
    """An order of all rows, whose first ones somebody looks at and corrects."""
    mails, found = case.mails, Inspected(np.cumsum(case.bugs[rows]), [], [], [])
    y_test = mails.data.y_test
    wrong = int((case.model.predict(mails.X_test) != y_test).sum())
    for share in RETRAINED:
        model = case.fixed(rows[: round(share * len(rows))])
        still = int((model.predict(mails.X_test) != y_test).sum())
        now = model.predict(mails.X_valid[mistakes]) == mails.y_valid[mistakes]
        found.accuracy.append(1.0 - still / len(y_test))
        found.repaired.append(int(now.sum()))
        found.repaired_test.append(wrong - still)
    return found


def singles(
    case: Spoilt, audit: forcing.Audit, mistakes: Rows, tables: Tables, every: int = EVERY
) -> dict[str, Single]:
    """The paper's protocol: of each wrong decision, the |S| rows that each method puts first."""
    targets = case.mails.X_valid[mistakes]
    scores = {
        "influence": tables.influence(targets),
        "representer": tables.representer(targets),
        "KNN-Shapley": knn_shapley(case, targets),
    }
    firsts: dict[str, list[Rows]] = {SINGLE: [np.array(s, dtype=np.intp) for s in audit.supports]}
    sizes = [len(rows) for rows in firsts[SINGLE]]
    for name, each in scores.items():
        ranked = np.argsort(-each, axis=1, kind="stable")
        firsts[name] = [row[:k] for row, k in zip(ranked, sizes, strict=True)]
    suspects = audit.suspect_rows("label")
    firsts[SUSPECTS] = [suspects[:k] for k in sizes]
    place = {int(row): i for i, row in enumerate(suspects)}
    firsts[QUARTER] = [
        np.array(sorted(rows.tolist(), key=place.__getitem__)[: max(1, len(rows) // 4)])
        for rows in firsts[SINGLE]
    ]
    return {name: _single(case, rows, mistakes, every) for name, rows in firsts.items()}


def _single(case: Spoilt, firsts: Sequence[Rows], mistakes: Rows, every: int) -> Single:
    known = [t for t, rows in enumerate(firsts) if len(rows)]
    right = []
    for t in known[::every]:
        said = case.fixed(firsts[t]).predict(case.mails.X_valid[mistakes[[t]]])[0]
        right.append(said == case.mails.y_valid[mistakes[t]])
    precision = [float(case.bugs[firsts[t]].mean()) for t in known]
    return Single(float(np.mean(precision)), float(np.mean(right)))
