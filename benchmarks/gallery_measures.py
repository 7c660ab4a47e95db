"""What of Figure 5 can be measured: which photographs a method shows, and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gallery_data import SPACES, Album, Floats, Rows
from benchmarks.measure import flips
from forcing.explanation import Explanation

NAN = float("nan")
FIRST = (3, 10)
"""Photographs of each sign: the paper's figure has three."""
SEARCHED = 40
"""Rows of the search with one-step updates, which need not come to an end."""
POSITIVE, NEGATIVE = SIGNS = ("positive", "negative")
BASELINES = ("influence", "representer")
SET, PRINTED, INFLUENCE, REPRESENTER, AGAINST, NEAREST = ORDERS = (
    "forcing set",
    "eq. 5 as printed",
    "influence",
    "representer",
    "representer, against",
    "nearest",
)
"""`SET`: the rows that are shown, of the refined set, or of the search where none was found.
`PRINTED`: the search with the paper's one-step updates. `AGAINST`: of negative ones, those that
count most against the decision. `NEAREST`: how alike photographs can be at most, in the features.
"""
COMPARED = (SET, INFLUENCE, REPRESENTER)
"""The three methods of the paper's figure."""


@dataclass(frozen=True)
class Shown:
    """What the methods show for one decision, and what of it can be measured."""

    target: int
    predicted: Any
    truth: Any
    confidence: float
    size: int | None
    """Of the irreducible set; None where none of at most `Album.most` rows was found."""
    flipped: bool | None
    """Without the set, by an independent refit; None where there is none."""
    removed: int
    """Rows of the set, or of the search that ended without one,"""
    negative: int
    """and of them those with another label than the decision."""
    flips_at: dict[str, int | None]
    """Of the baselines: how many of their first rows flip it, where the set did."""
    rows: dict[str, dict[str, list[int]]]
    """By sign and order, the first of them, at most the larger of `FIRST`."""
    away: dict[str, dict[str, dict[str, list[float]]]]
    """By space, sign and order the `distance` of the first 3 and 10; NaN where there are fewer."""

    @property
    def wrong(self) -> bool:
        return bool(self.predicted != self.truth)


def measured(album: Album, target: int, found: Explanation | None = None) -> Shown:
    """One decision; an explanation that is at hand has the `BASELINES`."""
    if found is None:
        found = explained(album, target)
    claim, y = found.claim, album.data.y
    other = y[found.supports] != claim.favoured
    rows = examples(album, target, found)
    has_set = bool(found.flipped)
    return Shown(
        target=target,
        predicted=claim.favoured,
        truth=album.data.y_test[target],
        confidence=claim.confidence,
        size=found.size if has_set else None,
        flipped=_confirmed(album, target, found) if has_set else None,
        removed=found.size,
        negative=int(other.sum()),
        flips_at={name: found.rankings[name].flips_at if has_set else None for name in BASELINES},
        rows={s: {o: r.tolist() for o, r in by.items()} for s, by in rows.items()},
        away=_away(album, target, claim.favoured, rows),
    )


def explained(album: Album, target: int) -> Explanation:
    """The irreducible set, where the search comes to a flip at all, with the `BASELINES`.

    A search without a flip is left as it is: attempts from elsewhere would take minutes. Its
    rankings are not refitted then, since there is no set to hold them beside.
    """
    search: dict[str, Any] = {"refine": False, "verify": False, "bound": False}
    found = album.explain(target, max_removals=album.most, **search)
    if found.flipped:
        return album.explain(target, max_removals=album.most, baselines=BASELINES, bound=False)
    ranked = album.explain(target, max_removals=1, baselines=BASELINES, **search)
    return replace(found, rankings=ranked.rankings)


def _confirmed(album: Album, target: int, found: Explanation) -> bool:
    C, x = album.model.C, album.X_test[target]
    return flips(C, album.X, album.data.y, x, found.supports, found.claim.favoured)


def examples(album: Album, target: int, found: Explanation) -> dict[str, dict[str, Rows]]:
    """By sign and order the first photographs that support the decision; fewer, or none, where
    an order has no more.
    """
    positive = album.data.y == found.claim.favoured
    near = np.argsort(album.apart("features, Euclidean", target), kind="stable")
    one_step = {"method": "mfs-newton", "max_removals": SEARCHED}
    printed = album.study.steps(album.X_test[target], **one_step)
    orders = {SET: found.supports, PRINTED: np.array([s.row for s in printed], dtype=np.intp)}
    for name in BASELINES:
        ranking = found.rankings[name]
        orders[name] = ranking.rows[ranking.scores > 0]
    orders[AGAINST] = found.rankings[REPRESENTER].rows[::-1]
    orders[NEAREST] = near
    shown = {
        sign: {
            name: rows[positive[rows] == (sign == POSITIVE)][: max(FIRST)]
            for name, rows in orders.items()
        }
        for sign in SIGNS
    }
    del shown[POSITIVE][AGAINST]
    return shown


def _away(
    album: Album, target: int, favoured: Any, examples: dict[str, dict[str, Rows]]
) -> dict[str, dict[str, dict[str, list[float]]]]:
    away: dict[str, dict[str, dict[str, list[float]]]] = {space: {} for space in SPACES}
    for space in SPACES:
        apart = album.apart(space, target)
        for sign, orders in examples.items():
            members = (album.data.y == favoured) == (sign == POSITIVE)
            away[space][sign] = {
                name: [distance(apart, members, rows[:k]) if len(rows) >= k else NAN for k in FIRST]
                for name, rows in orders.items()
            }
    return away


def distance(apart: Floats, members: NDArray[np.bool_], rows: Rows) -> float:
    """Mean distance of the rows from the target, in that of all training rows of their class.

    1 is what photographs of that class have that are drawn at random.
    """
    return float(apart[rows].mean() / apart[members].mean())


# Over many decisions


def shared(every: list[Shown], sign: str, one: str, other: str, first: int) -> list[int]:
    """Of each decision for which both orders have so many: how many photographs are in both."""
    pairs = [(each.rows[sign][one][:first], each.rows[sign][other][:first]) for each in every]
    return [len(set(a) & set(b)) for a, b in pairs if len(a) == len(b) == first]


def several(every: list[Shown], sign: str, first: int = FIRST[0]) -> list[bool]:
    """Of each decision for which all methods `COMPARED` have so many: is a photograph in more
    than one? Of the negative ones representer points count those `AGAINST`.
    """
    names = [AGAINST if name == REPRESENTER and sign == NEGATIVE else name for name in COMPARED]
    found = []
    for each in every:
        shown = [set(each.rows[sign][name][:first]) for name in names]
        if all(len(rows) == first for rows in shown):
            found.append(any(a & b for a, b in combinations(shown, 2)))
    return found


def repeated(every: list[Shown], order: str, first: int = FIRST[1]) -> float:
    """Of the first positive photographs of a decision, the share that is also shown for another
    decision of the same label, mean over all such pairs.
    """
    shares = [
        len(set(one.rows[POSITIVE][order][:first]) & set(other.rows[POSITIVE][order][:first]))
        / first
        for one, other in combinations(every, 2)
        if one.predicted == other.predicted
        and min(len(each.rows[POSITIVE][order]) for each in (one, other)) >= first
    ]
    return float(np.mean(shares)) if shares else NAN


def nearer(
    every: list[Shown], space: str, sign: str, other: str, first: int = FIRST[0], one: str = SET
) -> tuple[int, int]:
    """For how many decisions the first photographs of `one` are more alike than the other's, and
    of how many for which both have some and they are not the same.
    """
    place = FIRST.index(first)
    pairs = [
        (each.away[space][sign][one][place], each.away[space][sign][other][place]) for each in every
    ]
    # The same photographs in another order are as far, but for rounding.
    told = [(a, b) for a, b in pairs if np.isfinite([a, b]).all() and not np.isclose(a, b, 1e-9)]
    return sum(a < b for a, b in told), len(told)
