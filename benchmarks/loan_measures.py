"""What of Figure 6 can be measured: where supports are, and what correcting them changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.loan_data import SPACES, Applicants, C
from benchmarks.measure import decides, flips, tight
from forcing.explanation import Explanation

Rows: TypeAlias = NDArray[np.intp]

FIRST, FOLLOWING = 10, 30
"""Rows of each order that the paper's figure shows large, and small after them."""
BASELINES = ("influence", "representer", "nearest")
TRUE_SIGNS = "influence, signs of the truth"
ORDERS = ("forcing set", "influence", TRUE_SIGNS, "representer", "nearest")

REMOVED = "forcing set removed"
RELABELLED = "fewest labels changed"
NEGATIVE = "labels of the negative supports changed"
DISPUTED = (REMOVED, RELABELLED, NEGATIVE)


def orders(found: Explanation, wrong: bool) -> dict[str, Rows]:
    """`ORDERS` of the training rows; the explanation has the `BASELINES`."""
    influence = found.rankings["influence"].rows
    return {
        "forcing set": found.supports,
        "influence": influence,
        TRUE_SIGNS: influence[::-1] if wrong else influence,
        "representer": found.rankings["representer"].rows,
        "nearest": found.rankings["nearest"].rows,
    }


def distance(case: Applicants, space: str, target: int, rows: Rows) -> float:
    """Mean distance of the rows from the target, in that of all training rows: 1 is chance."""
    points, targets = case.spaces[space]
    apart = np.linalg.norm(points - targets[target], axis=1)
    return float(apart[rows].mean() / apart.mean())


@dataclass(frozen=True)
class Decision:
    """One decision, and what of the figure can be measured on it."""

    target: int
    predicted: Any
    truth: Any
    confidence: float
    size: int
    bound: int
    negative: int
    """Supports with another label than the decision."""
    flipped: bool
    """Without the set, by an independent refit."""
    flips_at: dict[str, int | None]
    """Of the baselines: how many of their first rows flip it."""
    decided: dict[str, tuple[float, float]]
    """Of each order the share of rows with the label of the decision: first, following."""
    away: dict[str, dict[str, tuple[float, float]]]
    """Of each space and order the `distance`: first, following; NaN where a set has no more."""
    sides: dict[str, tuple[float, float]]
    """Of each space the `distance` of the set's positive and of its negative supports."""

    @property
    def wrong(self) -> bool:
        return bool(self.predicted != self.truth)


def measured(case: Applicants, target: int, found: Explanation | None = None) -> Decision:
    """The explanation, if it is at hand, has the `BASELINES`."""
    found = case.explain(target, baselines=BASELINES) if found is None else found
    claim, y, (Z, Z_test) = found.claim, case.data.y, case.prepared
    truth = case.data.y_test[target]
    positive = y[found.supports] == claim.favoured
    signs = (found.supports[positive], found.supports[~positive])
    parts = {
        name: (rows[:FIRST], rows[FIRST : FIRST + FOLLOWING])
        for name, rows in orders(found, claim.favoured != truth).items()
    }

    def both(measure: Callable[[Rows], float], pair: tuple[Rows, Rows]) -> tuple[float, float]:
        one, other = (measure(rows) if len(rows) else float("nan") for rows in pair)
        return one, other

    def share(rows: Rows) -> float:
        return float(np.mean(y[rows] == claim.favoured))

    def far(space: str) -> Callable[[Rows], float]:
        return lambda rows: distance(case, space, target, rows)

    return Decision(
        target=target,
        predicted=claim.favoured,
        truth=truth,
        confidence=claim.confidence,
        size=found.size,
        bound=found.lower_bound or 1,
        negative=len(signs[1]),
        flipped=flips(C, Z, y, Z_test[target], found.supports, claim.favoured),
        flips_at={name: found.rankings[name].flips_at for name in BASELINES},
        decided={name: both(share, pair) for name, pair in parts.items()},
        away={
            space: {name: both(far(space), pair) for name, pair in parts.items()}
            for space in SPACES
        },
        sides={space: both(far(space), signs) for space in SPACES},
    )


# What changes when rows that a decision stands on are corrected


@dataclass(frozen=True)
class Correction:
    what: str
    """One of `DISPUTED`."""
    rows: int
    flipped: bool
    accuracy: float
    """On the other test rows, after less before."""
    changed: int
    """Other test decisions that change, """
    better: int
    """and those of them that are right now."""


def corrections(case: Applicants, target: int, found: Explanation) -> list[Correction]:
    """Each way to correct the data, by refitting."""
    y = case.data.y
    relabelled = case.explain(target, method="relabel", bound=False)
    negative = np.array([s.row for s in found.steps if not s.positive], dtype=np.intp)
    kept = np.ones(len(y), dtype=bool)
    kept[found.supports] = False
    return [
        corrected(case, target, REMOVED, found.supports, y, kept),
        corrected(case, target, RELABELLED, relabelled.supports, switched(y, relabelled.supports)),
        corrected(case, target, NEGATIVE, negative, switched(y, negative)),
    ]


def switched(y: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """The labels with those of the rows changed to the other one of the two."""
    first, second = np.unique(y)
    labels = y.copy()
    labels[rows] = np.where(y[rows] == first, second, first)
    return labels


def corrected(
    case: Applicants,
    target: int,
    what: str,
    rows: Rows,
    y: NDArray[Any],
    kept: NDArray[np.bool_] | None = None,
) -> Correction:
    """What a refit with these labels, and on the rows kept, decides otherwise than before."""
    Z, Z_test = case.prepared
    before = tight(C, Z, case.data.y)
    after = tight(C, Z, y) if kept is None else tight(C, Z[kept], y[kept])
    others = np.arange(len(Z_test)) != target
    truth = case.data.y_test[others]
    old, new = (model.predict(Z_test[others]) for model in (before, after))
    return Correction(
        what=what,
        rows=len(rows),
        flipped=bool(decides(after, Z_test[target]) != decides(before, Z_test[target])),
        accuracy=float(np.mean(new == truth) - np.mean(old == truth)),
        changed=int(np.sum(new != old)),
        better=int(np.sum((new != old) & (new == truth))),
    )
