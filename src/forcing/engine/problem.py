"""One claim at one target, in the coordinates of an objective."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, count
from forcing.engine.fitting import DECREMENT, Enough, Fit, refit
from forcing.engine.objective import LinearObjective
from forcing.records import Claim, Decision, Label, Step


@dataclass(frozen=True, eq=False)
class Problem:
    """Which rows does this decision stand on?

    The favoured class has a margin over each rival that the claim admits, linear in theta;
    the decision flips where the smallest of them is below 0.
    """

    objective: LinearObjective
    fit: Fit
    """The optimum on all rows."""
    directions: Array
    """(R, *theta's shape): the gradient in theta of the margin over each rival."""
    offsets: tuple[float, ...]
    """Subtracted from each of these margins."""
    shift: float
    """How much more than its rival's the score of the favoured class has to be: the threshold's
    log-odds, say."""
    favoured: int
    """Position of the favoured class among `classes`, """
    rivals: tuple[int, ...]
    """and of these R rivals."""
    claim: Claim
    classes: tuple[Label, ...]
    codes: Array
    """(n,): positions in `classes` of the training labels."""
    free: bool = False
    """Whether a whole class may be left out: a regression has none to lose."""
    scale: float = 1.0
    """Margin that counts as one unit of log-odds, of a model without probabilities."""
    held: Array | None = None
    """(n,) of bool: rows that have to stay, beside those that no class can spare."""
    others: Array | None = None
    """(n,): where labels are changed, the position in `classes` of the label that each row gets
    instead of leaving; None where rows leave."""
    began: float = field(default_factory=time.perf_counter)

    @property
    def log_odds(self) -> float:
        """Of the claim's threshold."""
        return math.log(self.claim.threshold / (1.0 - self.claim.threshold))

    def margins(self, theta: Array) -> list[float]:
        """Over each rival."""
        xp = array_namespace(theta)
        axes = tuple(range(1, self.directions.ndim))
        scores = xp.sum(self.directions * theta[None, ...], axis=axes)
        return [float(scores[r]) - offset for r, offset in enumerate(self.offsets)]

    def margins_of(self, scores: Sequence[float]) -> list[float]:
        """Over each rival, from a model's score for each class."""
        own = float(scores[self.favoured]) - self.shift
        return [own - float(scores[rival]) for rival in self.rivals]

    def margin(self, theta: Array) -> float:
        """log p(favoured) - log p(rival) - log-odds of the threshold, at the target."""
        return min(self.margins(theta))

    def nearest(self, theta: Array) -> int:
        """Position among the rivals of the one with the smallest margin."""
        margins = self.margins(theta)
        return margins.index(min(margins))

    def direction(self, theta: Array) -> Array:
        """The gradient of the margin in theta, at theta."""
        return self.directions[self.nearest(theta), ...]

    def confidence(self, margin: float) -> float:
        """Probability of the favoured class, against that rival alone, at this margin."""
        return 0.5 * (1.0 + math.tanh(0.5 * (margin / self.scale + self.log_odds)))

    def decision(self, theta: Array) -> Decision:
        return self.decided(self.margins(theta))

    def decided(self, margins: Sequence[float]) -> Decision:
        """From the margin over each rival."""
        margin = min(margins)
        rival = self.rivals[list(margins).index(margin)]
        label = self.classes[rival if margin < 0 else self.favoured]
        return Decision(label, self.confidence(margin), margin)

    def without(self, rows: Sequence[int]) -> Array:
        """(n,): the weights with these rows left out."""
        xp = array_namespace(self.fit.kept)
        kept = xp.asarray(self.fit.kept, copy=True)
        for row in rows:
            kept[row] = 0.0
        return kept

    def refit(
        self,
        rows: Sequence[int],
        start: Fit | None = None,
        decrement: float = DECREMENT,
        enough: Enough | None = None,
    ) -> Fit:
        """The optimum without these rows."""
        kept = self.without(rows)
        start = start or self.fit
        return refit(self.objective, kept, start, decrement=decrement, enough=enough)

    @cached_property
    def reach(self) -> float:
        """|v| in H^-1: by how much a standard deviation of the parameters moves the margin."""
        v = self.direction(self.fit.theta)
        squared = float(array_namespace(v).sum(v * self.fit.inverse.solve(v, 1e-2)))
        return math.sqrt(squared)

    def step(self, number: int, row: int, margin: float, loss_gap: float) -> Step:
        label = self.classes[int(self.codes[row])]
        return Step(
            number=number,
            row=row,
            label=label,
            positive=label == self.claim.favoured,
            becomes=None if self.others is None else self.classes[int(self.others[row])],
            confidence=self.confidence(margin),
            margin=margin,
            loss_gap=loss_gap,
            seconds=time.perf_counter() - self.began,
        )

    def removable(self, kept: Array) -> Array:
        """(n,) of bool: rows that may go. The last row of a class stays: a model that has
        never seen a class does not decide for the other one, it cannot do otherwise.
        """
        alive = self.may_leave(kept)
        for members in self.classes_of(kept):
            if count(members) <= 1:
                alive = alive & ~members
        return alive

    def may_leave(self, kept: Array) -> Array:
        """(n,) of bool: rows that are in, and that nobody holds."""
        return kept > 0 if self.held is None else (kept > 0) & ~self.held

    def classes_of(self, kept: Array) -> list[Array]:
        """(n,) of bool for each class that must not be emptied: its kept rows, and those that
        were given its label.
        """
        if self.free:
            return []
        classes = range(len(self.classes))
        here = [(kept > 0) & (self.codes == k) for k in classes]
        if self.others is None:
            return here
        changed = (kept == 0) & (self.fit.kept > 0)
        return [here[k] | (changed & (self.others == k)) for k in classes]

    def empties_a_class(self, rows: Sequence[int]) -> bool:
        return any(count(members) == 0 for members in self.classes_of(self.without(rows)))
