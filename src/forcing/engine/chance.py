"""Chance in training: what differs from one retraining to the next, and what several of them say.

A learner that draws at random, or whose answer jumps when any row is missing, answers a slightly
different question each time. What is claimed of it is claimed of the training procedure: most
retrainings decide so. Most is counted, and only said where the count leaves no doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, hypergeom

RETRAININGS = 11
"""Fresh retrainings of a verdict, unless `Study(retrainings=)` says otherwise."""

FEWEST = 5
"""Fewer cannot tell "most" from an even chance: all of four agree once in sixteen times."""

LEAVE_OUT = 0.01
"""Share of the rows that a retraining leaves out, unless `Study(leave_out=)` says otherwise: they
stand for the rows that might as well not have been collected."""

LEVEL = 0.05
"""Probability of an error that a statement about "most" may have."""

FRESH = 1_000
"""Numbers of retrainings from here on are those of verdicts; a search uses smaller ones."""


@dataclass(frozen=True)
class Chance:
    """Retrainings by number: the same number means the same seed and the same rows left out, so
    that candidates differ by their rows and not by luck.
    """

    n_rows: int
    leave_out: float = LEAVE_OUT
    seeds: int | None = None
    """How many different seeds there are; None: each retraining has its own; 1: that of the
    estimator stays as it is."""
    first: int = 0

    def seed(self, number: int) -> int | None:
        """For whatever draws at random; None: as the estimator has it."""
        if self.seeds == 1:
            return None
        return self.first + 1 + (number if self.seeds is None else number % self.seeds)

    def left_out(self, number: int) -> NDArray[np.intp]:
        """Positions of the rows that this retraining leaves out; at least one, if any are."""
        if self.leave_out == 0:
            return np.empty(0, dtype=np.intp)
        count = max(1, round(self.leave_out * self.n_rows))
        draw = np.random.default_rng([self.first, number])
        return draw.choice(self.n_rows, size=min(count, self.n_rows - 1), replace=False)


def is_most(count: int, of: int, level: float = LEVEL) -> bool:
    """Whether so many of so many tell that more than half would: the sign test. An even chance
    gives as many or more with a probability of at most `level`.
    """
    return bool(binom.sf(count - 1, of, 0.5) <= level)


def level_of(candidate: int) -> float:
    """What the candidate with this number, from 1, may be wrong by: all together have `LEVEL`.

    A second candidate comes to the test because the first one failed, and each further test is
    another occasion for luck; 2/3, 2/9, 2/27, ... of the level add up to all of it.
    """
    return LEVEL * 2.0 / 3.0**candidate


def can_pass(candidate: int, of: int) -> bool:
    """Whether so many retrainings can tell enough for the candidate with this number."""
    return is_most(of, of, level_of(candidate))


def are_alike(flips: int, control: int, of: int) -> bool:
    """Whether `flips` of `of` retrainings cannot be told from `control` of as many: Fisher's
    exact test, one-sided.
    """
    return bool(hypergeom.sf(flips - 1, 2 * of, flips + control, of) > LEVEL)


Answers: TypeAlias = NDArray[np.float64]
"""Of a trained model at several points, as shares of 1."""

NOISE = 0.005
"""Of an answer, as a share of 1: less from one training to the next is no noise worth a word."""

OWN = 0.1
"""Of the squared effects of leaving rows out, what may be no sum of the effects of the parts."""


def differ(one: Answers, other: Answers) -> bool:
    """Whether two trainings on the same rows answer differently, beyond what is worth a word."""
    return math.sqrt(float(np.mean((one - other) ** 2))) > NOISE


def varies(whole: Answers, one: Answers, other: Answers, both: Answers) -> bool:
    """Whether training answers differently for reasons other than the rows.

    Takes the answers, shares of 1, at the same held-out points of four trainings, each with a
    seed of its own: on some rows, without some of them, without some others, without both. Where
    answers follow the rows, small effects add up: both = one + other - whole. What does not add
    up is noise, whatever the number of rows.
    """
    apart = both - one - other + whole
    noise = math.sqrt(float(np.mean(apart**2))) / 2.0  # four answers, each with its own noise
    effects = float(np.mean((one - whole) ** 2) + np.mean((other - whole) ** 2))
    return noise > NOISE and float(np.mean(apart**2)) > OWN * effects
