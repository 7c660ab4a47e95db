"""One claim at one target, in the coordinates of an objective."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.fitting import DECREMENT, Fit, refit
from forcing.engine.objective import LinearObjective
from forcing.records import Claim, Decision, Label, Step


@dataclass(frozen=True, eq=False)
class Problem:
    """Which rows does this decision stand on?"""

    objective: LinearObjective
    fit: Fit
    """The optimum on all rows."""
    target: Array
    """(p,): v, the target as a row of the design."""
    claim: Claim
    classes: tuple[Label, Label]
    """Labels that 0 and 1 stand for."""
    began: float = field(default_factory=time.perf_counter)

    @property
    def sign(self) -> float:
        """1 where label 1 is favoured, else -1."""
        return 1.0 if self.claim.favoured == self.classes[1] else -1.0

    @property
    def log_odds(self) -> float:
        """Of the claim's threshold."""
        return math.log(self.claim.threshold / (1.0 - self.claim.threshold))

    @property
    def direction(self) -> Array:
        """(p,): the gradient of the margin in theta."""
        return self.sign * self.target

    def margin(self, theta: Array) -> float:
        """log p(favoured) - log p(rival) - log-odds of the threshold, at the target."""
        xp = array_namespace(theta)
        return float(xp.sum(self.direction * theta)) - self.log_odds

    def confidence(self, margin: float) -> float:
        """Probability of the favoured class at this margin."""
        return 0.5 * (1.0 + math.tanh(0.5 * (margin + self.log_odds)))

    def decision(self, margin: float) -> Decision:
        label = self.claim.rival if margin < 0 else self.claim.favoured
        return Decision(label, self.confidence(margin), margin)

    def without(self, rows: Sequence[int]) -> Array:
        """(n,): the weights with these rows left out."""
        xp = array_namespace(self.fit.kept)
        kept = xp.asarray(self.fit.kept, copy=True)
        for row in rows:
            kept[row] = 0.0
        return kept

    def refit(
        self, rows: Sequence[int], start: Fit | None = None, decrement: float = DECREMENT
    ) -> Fit:
        """The optimum without these rows."""
        kept = self.without(rows)
        return refit(self.objective, kept, start or self.fit, decrement=decrement)

    def step(self, number: int, row: int, margin: float, loss_gap: float) -> Step:
        label = self.classes[int(self.objective.labels[row])]
        return Step(
            number=number,
            row=row,
            label=label,
            positive=label == self.claim.favoured,
            confidence=self.confidence(margin),
            margin=margin,
            loss_gap=loss_gap,
            seconds=time.perf_counter() - self.began,
        )

    def removable(self, kept: Array) -> Array:
        """(n,) of bool: rows that may go. The last row of a class stays: a model that has
        never seen a class does not decide for the other one, it cannot do otherwise.
        """
        alive = kept > 0
        for members in self.classes_of(kept):
            if _count(members) <= 1:
                alive = alive & ~members
        return alive

    def classes_of(self, kept: Array) -> tuple[Array, Array]:
        """Two (n,) of bool: the kept rows of label 0, and of label 1."""
        ones = self.objective.labels > 0.5
        return (kept > 0) & ~ones, (kept > 0) & ones

    def empties_a_class(self, rows: Sequence[int]) -> bool:
        return any(_count(members) == 0 for members in self.classes_of(self.without(rows)))


def _count(members: Array) -> int:
    xp = array_namespace(members)
    return int(xp.sum(xp.astype(members, xp.int64)))
