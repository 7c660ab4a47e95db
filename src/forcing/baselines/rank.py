"""A baseline's `Ranking`, and how many of its first rows really flip the decision."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from forcing.baselines.methods import selected
from forcing.engine.arrays import on_host
from forcing.engine.fitting import Fit
from forcing.engine.problem import Problem
from forcing.records import Progress, Ranking, Work

ALL_UP_TO = 32
"""Every prefix up to this length is refitted, so that `flips_at` is the smallest there."""

CURVE_POINTS = 64
"""Prefixes refitted along the part of the curve that a view shows."""


def rank(problem: Problem, method: str, seed: int | None = 0) -> Ranking:
    """The order of the training rows by `method`, strongest support first; nothing refitted yet.

    Rows that must not be left out (the last of a class, weight zero) are not ranked. The set
    that a method itself claims to suffice comes before all others.
    """
    began = time.perf_counter()
    selection = selected(problem, method, seed)
    scores, chosen = selection.scores, selection.chosen
    rows = np.flatnonzero(on_host(problem.removable(problem.fit.kept)))
    last = np.ones(len(scores)) if chosen is None else ~np.isin(np.arange(len(scores)), chosen)
    rows = rows[np.lexsort((-scores[rows], last[rows]))]
    return Ranking(
        method,
        rows,
        scores[rows],
        seconds=time.perf_counter() - began,
        predicted=None if chosen is None else len(chosen),
    )


def follow_up(problem: Problem, ranking: Ranking, reach: int, limit: int) -> Work[Ranking]:
    """The ranking with `flips_at` and its curve, by refitting without its first rows.

    The first 32 prefixes are all refitted. Beyond, up to `reach`, evenly spread ones are; then,
    up to `limit`, ever longer ones until the decision flips, and the flip is bisected. There
    `flips_at` is a prefix that flips while the one before it does not; an even shorter one may
    exist, because the margin need not fall with every row.
    """
    began = time.perf_counter()
    walk = _Walk(problem, ranking, min(limit, longest_prefix(problem, ranking)))
    for k in _grid(reach):
        if k > walk.limit or (k > reach and walk.first_flip() is not None):
            break
        yield Progress("rank", k, None, ranking.method)
        walk.margin(k)
    k = max(walk.margins)
    while walk.first_flip() is None and k < walk.limit:
        k = min(walk.limit, max(k + 1, int(1.4 * k)))
        yield Progress("rank", k, None, ranking.method)
        walk.margin(k)
    flip = walk.first_flip()
    while flip is not None and flip - (before := walk.before(flip)) > 1:
        yield Progress("rank", flip, None, ranking.method)
        walk.margin((flip + before) // 2)
        flip = walk.first_flip()
    curve = tuple((k, problem.confidence(m)) for k, m in sorted(walk.margins.items()))
    return replace(
        ranking,
        flips_at=flip,
        tried=max(walk.margins),
        curve=curve,
        seconds=ranking.seconds + time.perf_counter() - began,
    )


def _grid(reach: int) -> list[int]:
    short = list(range(1, ALL_UP_TO + 1))
    spread = np.linspace(ALL_UP_TO, max(reach, ALL_UP_TO), CURVE_POINTS - ALL_UP_TO)
    return short + [int(k) for k in np.unique(np.round(spread)) if k > ALL_UP_TO]


class _Walk:
    """Margins after removing prefixes of one ranking, each refitted from its nearest neighbour."""

    def __init__(self, problem: Problem, ranking: Ranking, limit: int) -> None:
        self.problem = problem
        self.rows = [int(i) for i in ranking.rows]
        self.limit = limit
        self.margins = {0: problem.margin(problem.fit.theta)}
        self._fits: dict[int, Fit] = {0: problem.fit}

    def margin(self, k: int) -> float:
        if k not in self.margins:
            near = min(self._fits, key=lambda other: abs(other - k))
            fit = self.problem.refit(self.rows[:k], self._fits[near])
            self.margins[k] = self.problem.margin(fit.theta)
            # Two fits are enough to start from: the last one, and the last that did not flip.
            if self.margins[k] >= 0:
                self._fits = {0: self.problem.fit, k: fit}
        return self.margins[k]

    def first_flip(self) -> int | None:
        flips = [k for k, m in self.margins.items() if m < 0]
        return min(flips) if flips else None

    def before(self, flip: int) -> int:
        """The longest refitted prefix that is shorter."""
        return max(k for k in self.margins if k < flip)


def longest_prefix(problem: Problem, ranking: Ranking) -> int:
    """How many first rows may go before a class would be gone."""
    if problem.free:
        return len(ranking.rows)
    codes, alive = on_host(problem.codes), on_host(problem.fit.kept) > 0
    longest = len(ranking.rows)
    for code in range(len(problem.classes)):
        members = codes[ranking.rows] == code
        total = int(np.sum(alive & (codes == code)))
        if int(members.sum()) >= total:
            longest = min(longest, int(np.flatnonzero(members)[total - 1]))
    return longest
