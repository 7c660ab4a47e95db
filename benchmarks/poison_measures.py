"""What becomes of a decision when rows are poisoned, and who finds the poison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import decides, flips, tight
from benchmarks.poison_data import Case, head
from forcing.baselines import rank
from forcing.engine.problem import Problem
from forcing.explanation import Explanation
from forcing.study.linear import LinearExplainer

Array = NDArray[np.float64]

ORDERS = ("influence", "representer", "nearest")
NEXT = 10
"""Rows that the nearest one is compared with."""


@dataclass(frozen=True, eq=False)
class Poisoned:
    """The training rows with poisons after them, and the head that is trained on all."""

    X: Array
    y: NDArray[Any]
    poisons: NDArray[np.intp]
    """Their positions, the last ones."""
    C: float

    @cached_property
    def model(self) -> LogisticRegression:
        return head(self.C).fit(self.X, self.y)

    @cached_property
    def study(self) -> forcing.Study:
        return forcing.Study(self.model, self.X, self.y)


def poisoned(case: Case, features: Array, label: Any, C: float | None = None) -> Poisoned:
    """With poisons (k, p), all of one label."""
    return Poisoned(
        X=np.vstack([case.X, features]),
        y=np.append(case.y, [label] * len(features)),
        poisons=np.arange(len(case.X), len(case.X) + len(features)),
        C=case.C if C is None else C,
    )


def succeeds(data: Poisoned, x: Array, label: Any) -> bool:
    """Whether the head decides for the label of the poisons at the target."""
    return bool(decides(data.model, x) == label)


@dataclass(frozen=True)
class Found:
    """The forcing set of one decision of a poisoned head."""

    confidence: float
    margin: float
    size: int
    first: bool
    """Whether the first support is a poison."""
    poisons: int
    """How many of the set are."""
    flipped: bool
    """Without the set, by an independent refit."""
    irreducible: bool | None


@dataclass(frozen=True)
class Ordered:
    """Where other orders of the training rows have the poison."""

    place: dict[str, int]
    """The place of the first poison, from 1, """
    flips_at: dict[str, int | None]
    """and how many first rows have to go, refitted."""
    foretold: int | None
    """How many first rows influence functions themselves say suffice; None: no number does."""
    share: float
    """What they say the poison that comes first takes from the margin, in units of it: below 1,
    the decision should survive."""


def found(data: Poisoned, x: Array, explanation: Explanation | None = None) -> Found:
    one = data.study.explain(x, bound=False) if explanation is None else explanation
    return Found(
        confidence=one.claim.confidence,
        margin=one.claim.margin,
        size=one.size,
        first=bool(one.size and one.supports[0] in data.poisons),
        poisons=int(np.isin(one.supports, data.poisons).sum()),
        flipped=flips(data.C, data.X, data.y, x, one.supports, one.claim.favoured),
        irreducible=one.irreducible,
    )


def ordered(data: Poisoned, explanation: Explanation) -> Ordered:
    """Of an explanation with the `ORDERS` as baselines."""
    rankings = explanation.rankings
    places = {
        name: np.flatnonzero(np.isin(rankings[name].rows, data.poisons)).tolist()[0]
        for name in ORDERS
    }
    return Ordered(
        place={name: 1 + place for name, place in places.items()},
        flips_at={name: rankings[name].flips_at for name in ORDERS},
        foretold=foretold(explanation),
        share=float(rankings["influence"].scores[places["influence"]] / explanation.claim.margin),
    )


def foretold(explanation: Explanation) -> int | None:
    """The fewest first rows whose influences add up to more than the margin."""
    sums = np.cumsum(explanation.rankings["influence"].scores)
    enough = np.flatnonzero(sums > explanation.claim.margin)
    return int(enough[0]) + 1 if len(enough) else None


def unnoticed(case: Case, data: Poisoned, target: int) -> tuple[float, int]:
    """What the poisons change elsewhere: accuracy on the other test rows, after less before, and
    how many of their decisions are other ones.
    """
    others = np.arange(len(case.X_test)) != target
    before = case.model.predict(case.X_test[others])
    after = data.model.predict(case.X_test[others])
    truth = case.y_test[others]
    return float(np.mean(after == truth) - np.mean(before == truth)), int(np.sum(before != after))


# Signs of an attack at a decision


@dataclass(frozen=True)
class Signs:
    """What can be asked about a decision without knowing of an attack."""

    confidence: float
    size: float
    """Rows of its forcing set; infinite where none of so many was looked for."""
    strongest: float
    """The largest influence of one row, to first order, in units of the margin."""
    contribution: float
    """The largest share of the margin that one representer point contributes."""
    strangers: float
    """Of the rows after the nearest one, the share that have another label than it."""
    gap: float
    """The distance of the second nearest row over that of the nearest."""


def signs(study: forcing.Study, x: Array, size: float) -> Signs:
    problem = _problem(study, x)
    X, y = np.asarray(study.X), study.y
    margin = problem.margin(problem.fit.theta)
    apart = np.linalg.norm(X - x, axis=1)
    order = np.argsort(apart, kind="stable")[: NEXT + 1]
    return Signs(
        confidence=problem.claim.confidence,
        size=size,
        strongest=float(rank(problem, "influence").scores[0] / margin),
        contribution=float(rank(problem, "representer").scores[0] / margin),
        strangers=float(np.mean(y[order[1:]] != y[order[0]])),
        gap=float(apart[order[1]] / max(apart[order[0]], 1e-12)),
    )


def _problem(study: forcing.Study, x: Array) -> Problem:
    explainer = study._explainer  # noqa: SLF001 - scores alone; `Study.rank` goes on to refits
    assert isinstance(explainer, LinearExplainer)
    return explainer.problem(x)


SUSPICIOUS = {
    "set size": ("size", -1),
    "confidence": ("confidence", -1),
    "strongest influence": ("strongest", 1),
    "strongest representer": ("contribution", 1),
    "label of the nearest": ("strangers", 1),
    "distance of the nearest": ("gap", 1),
}
"""Signs by name: which, and whether a large value is suspicious, 1, or a small one."""


def suspicion(every: Sequence[Signs], name: str) -> Array:
    """(m,): larger, more suspicious."""
    field, sign = SUSPICIOUS[name]
    values = sign * np.array([getattr(one, field) for one in every], dtype=float)
    # Infinite sizes are the least suspicious of all.
    return np.asarray(np.nan_to_num(values, neginf=-1e12, posinf=1e12))


def roc(attacked: Array, clean: Array) -> tuple[Array, Array]:
    """Shares of clean and of attacked decisions that are at least so suspicious, from none to
    all.
    """
    cuts = np.unique(np.concatenate([attacked, clean]))[::-1]
    alarms = [np.mean(clean >= cut) for cut in cuts]
    caught = [np.mean(attacked >= cut) for cut in cuts]
    return np.array([0.0, *alarms]), np.array([0.0, *caught])


def area(attacked: Array, clean: Array) -> float:
    """Under the curve: how often an attacked decision is more suspicious than a clean one."""
    higher = attacked[:, None] > clean[None]
    return float(np.mean(higher + 0.5 * (attacked[:, None] == clean[None])))


def margin_without(data: Poisoned, x: Array, rows: Sequence[int]) -> float:
    """Log-odds of the class that the head decides for, after scikit-learn refits without rows."""
    kept = np.setdiff1d(np.arange(len(data.y)), rows)
    before, after = data.model, tight(data.C, data.X[kept], data.y[kept])
    value = float(after.decision_function(x[None])[0])
    return value if decides(before, x) == before.classes_[1] else -value
