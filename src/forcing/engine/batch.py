"""Small forcing sets of many targets at once: the moves of `refine`, side by side.

For one target the search removes a row at a time and refinement then looks at whole sets. Of
many targets only whole sets are looked at: at the parameters refitted without its set a target
proposes the rows with the best effect there, as many as the prediction asks for; one batch of
refits judges the proposals of all.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forcing.engine.fitting import Fit
from forcing.engine.problem import Problem
from forcing.engine.refine import Candidate
from forcing.engine.together import Together
from forcing.records import Progress, Work

SHARE = 0.6
"""Of the rows that a prediction asks for, how many leave at once: as supporters leave, those
that stay weigh more, so that the prediction asks for too many."""

EXCHANGES = 6
"""Refits that a size gets to flip before it counts as too small."""


@dataclass(frozen=True, eq=False)
class Found:
    """What became of one target."""

    best: Candidate | None
    """A set that flips at the optimum; None where the rounds ended without one."""
    irreducible: bool | None
    """None where not checked."""
    tried: int
    """Rows of the last trial."""
    cut_short: bool = False
    """Whether the time ran out first."""


class Hunt:
    """One target's sets: what to try next, and what the trials have shown."""

    def __init__(
        self, whole: Fit, margin: float, limit: int, decisive: float, refine: bool
    ) -> None:
        self.at = Candidate((), whole, margin)
        """Where the next effects are taken."""
        self.best: Candidate | None = None
        self.limit, self.decisive, self.refine = limit, decisive, refine
        self._too_small = 0
        """Largest size that is given up."""
        self._size = 0
        """The size under trial, """
        self._tries = 0
        """its trials so far, """
        self._lowest = math.inf
        """and the lowest margin among them."""
        self._known: set[tuple[int, ...]] = {()}

    def proposal(self, effects: NDArray[np.float64]) -> tuple[int, ...] | None:
        """The next set to refit, given the effects at `at`; None when nothing is left to try."""
        order = np.argsort(effects, kind="stable")
        ranked = effects[order]
        inside = effects[list(self.at.rows)]
        start = self.at.margin - float(np.sum(inside[np.isfinite(inside)]))
        supporters = int(np.searchsorted(ranked, 0.0))
        predicted = start + np.cumsum(ranked[:supporters])
        enough = np.flatnonzero(predicted < -self.decisive)
        wanted = int(enough[0]) + 1 if len(enough) else supporters
        size = self._next_size(wanted)
        while size is not None:
            rows = tuple(sorted(order[:size].tolist()))
            if size <= supporters and rows not in self._known:
                return rows
            size = self._next_size(wanted, exhausted=True, supporters=supporters)
        return None

    def _next_size(
        self, wanted: int, *, exhausted: bool = False, supporters: int = 0
    ) -> int | None:
        """How many rows to try; `exhausted`: the last answer has been tried with these rows."""
        now = len(self.at.rows)
        if self.best is None:
            if exhausted:
                self._size += 1
                return self._size if self._size <= min(self.limit, supporters) else None
            self._size = now if wanted <= now else now + math.ceil(SHARE * (wanted - now))
            self._size = max(1, min(self._size, self.limit))
            return self._size
        if not self.refine:
            return None
        if exhausted:
            self._too_small, self._size = max(self._too_small, self._size), 0
        if self._size == 0:
            self._tries, self._lowest = 0, math.inf
            least, most = self._too_small + 1, len(self.best.rows) - 1
            if least > most:
                return None
            self._size = min(max(wanted, least), most)
        return self._size

    def judge(self, trial: Candidate) -> None:
        self._known.add(trial.rows)
        flips = trial.margin < -self.decisive
        if flips and (self.best is None or len(trial.rows) < len(self.best.rows)):
            self.best = self.at = trial
            self._size = 0
            return
        if self.best is None:
            if math.isfinite(trial.margin):
                self.at = trial
            return
        self._tries += 1
        if trial.margin < self._lowest and self._tries < EXCHANGES:
            self.at, self._lowest = trial, trial.margin  # exchange at this size
            return
        self._too_small, self._size = max(self._too_small, self._size), 0
        if math.isfinite(trial.margin) and trial.margin < self._lowest:
            self.at = trial

    def spare(self, smaller: Candidate) -> None:
        """A row could be put back: go on from the set without it."""
        self._known.add(smaller.rows)
        self.best = self.at = smaller
        self._size, self._too_small = 0, min(self._too_small, len(smaller.rows) - 1)


def smallest_sets(
    problems: Sequence[Problem],
    limit: int,
    decisive: float,
    *,
    refine: bool = True,
    check: bool = True,
    until: float = math.inf,
) -> Work[list[Found]]:
    """A set for each target that flips it at the optimum, refined unless told otherwise.

    With `check` single put-backs are refitted, and a row that can be spared leaves the set, so
    that it ends irreducible. `until` is a time of `time.time`.
    """
    together = Together(problems, decisive)
    whole = together.whole
    hunts = [Hunt(whole, p.margin(whole.theta), limit, decisive, refine) for p in problems]
    irreducible: dict[int, bool] = {}
    hunting, settled = list(range(len(hunts))), 0
    while hunting and time.time() < until:
        yield Progress("search", settled, len(hunts), "targets side by side")
        proposals = _proposals(together, hunts, hunting)
        done = [t for t in hunting if t not in proposals]
        hunting = list(proposals)
        if hunting:
            starts = [hunts[t].at.fit for t in hunting]
            for t, trial in zip(
                hunting, together.refit(hunting, list(proposals.values()), starts), strict=True
            ):
                hunts[t].judge(trial)
        if not (refine and check):
            settled += len(done)
            continue
        again = _without_spare(together, hunts, done, irreducible)
        settled += len(done) - len(again)
        hunting = sorted([*hunting, *again])
    late = set(hunting)
    return [
        Found(
            hunt.best if t not in late else None, irreducible.get(t), len(hunt.at.rows), t in late
        )
        for t, hunt in enumerate(hunts)
    ]


def _proposals(
    together: Together, hunts: Sequence[Hunt], hunting: Sequence[int]
) -> dict[int, tuple[int, ...]]:
    effects = together.effects(hunting, [hunts[t].at.fit for t in hunting])
    proposed = {t: hunts[t].proposal(e) for t, e in zip(hunting, effects, strict=True)}
    return {t: rows for t, rows in proposed.items() if rows is not None}


def _without_spare(
    together: Together, hunts: Sequence[Hunt], done: Sequence[int], irreducible: dict[int, bool]
) -> list[int]:
    """Check the put-backs of these targets; those whose set has a row to spare hunt on."""
    found = [(t, best) for t in done if (best := hunts[t].best) is not None]
    if not found:
        return []
    targets = [t for t, _ in found]
    exact = together.refit(
        targets, [b.rows for _, b in found], [b.fit for _, b in found], exact=True
    )
    again = []
    for t, candidate in zip(targets, exact, strict=True):
        checked = together.put_back_each(t, candidate)
        smaller = _spared(together, t, checked)
        if smaller is None:
            hunts[t].best, irreducible[t] = checked, True
        else:
            hunts[t].spare(smaller)
            again.append(t)
    return again


def _spared(together: Together, target: int, checked: Candidate) -> Candidate | None:
    """The set without the first row, weakest first, that a refit confirms it can spare."""
    back = zip(checked.put_back or (), checked.rows, strict=True)
    for margin, row in sorted(back):
        if margin >= -together.decisive or len(checked.rows) < 2:
            break
        rows = tuple(r for r in checked.rows if r != row)
        (smaller,) = together.refit([target], [rows], [checked.fit], exact=True)
        if smaller.margin < -together.decisive:
            return smaller
    return None
