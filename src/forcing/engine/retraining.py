"""Search for a forcing set of a learner whose training does not repeat itself.

Rows leave in chunks. After each chunk the model is trained again several times under common
chance: the same seeds and the same left-out rows for every candidate. The models trained without
the rows so far say which rows are to leave next, so that the order follows what really happened.
Once the mean is clearly on the other side, shorter lengths of the same order are tried.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from forcing.engine.knockout import BudgetSpentError, Rows
from forcing.records import Progress

CLEAR = 1.5
"""Standard deviations of one retraining by which the mean of several must be on the other side:
then more than nine in ten fresh retrainings are."""

FARTHEST = 4.0
"""Log-odds beyond which one retraining counts no more: a tree that answers 0 or 1 is not surer."""

PART, LEAST = 3.0, 0.15
"""A chunk aims at one third of the way that is left, at least at this share of the whole way."""

ROUNDS = 5
"""Chunks after which each is at least half as large as all before it."""

CLOSE = 8
"""Lengths closer than one eighth are not told apart: the noise would choose between them."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Several retrainings without some rows, asked about one target."""

    rows: Rows
    margins: NDArray[np.float64]
    """(m,): log-odds of the decision, at most `FARTHEST` to either side."""
    confidences: tuple[float, ...]
    flips: int
    models: Sequence[Any] = ()
    """What was trained, for whoever proposes the next rows."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.margins))


T = TypeVar("T")
Stage: TypeAlias = Generator[Progress, None, T]
Told: TypeAlias = Generator[Progress | Measured, None, T]
"""Yields each set as it is measured, too."""


class Measure(Protocol):
    """Trains again without these rows, under the common chance of the search.

    Raises `BudgetSpentError` where no budget is left.
    """

    def __call__(self, rows: Rows, /) -> Stage[Measured]: ...


class Propose(Protocol):
    """Rows that are to leave next, the most telling first, and the log-odds that all up to each
    are expected to take: until that is `enough` and at least so many rows, or none is left.
    """

    def __call__(
        self, so_far: Measured, enough: float, least: int, /
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]: ...


@dataclass
class RetrainingSearch:
    """One target. What `next_candidate` returns should pass a verdict; where it does not, the
    next one is larger.
    """

    measure: Measure
    propose: Propose
    start: Measured
    """On all rows."""
    limit: int
    shrink: bool = True
    clear: float = CLEAR
    path: dict[int, Measured] = field(default_factory=dict)
    """By the number of rows that left; the rows of each begin those of the next."""
    ratio: float = 1.0
    """What was expected to be taken, over what was."""
    exhausted: bool = False
    """Whether no further row may leave."""
    spent: bool = False
    """Whether the budget ended the search."""

    def __post_init__(self) -> None:
        self.path[0] = self.start

    @property
    def spread(self) -> float:
        """Standard deviation of one retraining's log-odds, pooled over all that was measured."""
        squares = sum(float(np.sum((m.margins - m.mean) ** 2)) for m in self.path.values())
        degrees = sum(len(m.margins) - 1 for m in self.path.values())
        return math.sqrt(squares / max(1, degrees))

    @property
    def need(self) -> float:
        """The mean from which on a set should pass."""
        return min(-self.clear * self.spread, -1e-9)

    @property
    def best(self) -> Measured | None:
        """The smallest set that should pass; else the one with the most flips."""
        passing = [m for m in self.path.values() if m.mean <= self.need]
        if passing:
            return min(passing, key=lambda m: len(m.rows))
        crossed = [m for m in self.path.values() if m.rows and m.mean < 0]
        return min(crossed, key=lambda m: (-m.flips, len(m.rows)), default=None)

    def next_candidate(self, failed: int = 0) -> Told[Measured | None]:
        """The smallest set found that should pass, larger than `failed` rows, the size of the
        candidate that did not; None where there is none.
        """
        try:
            found = yield from self._grown(failed)
            if found is not None and self.shrink:
                found = yield from self._shrunk(found, failed)
        except BudgetSpentError:
            self.spent = True
            best = self.best
            found = best if best is not None and len(best.rows) > failed else None
        return found

    def _grown(self, failed: int) -> Told[Measured | None]:
        """Chunk by chunk, until the mean is as far on the other side as is needed."""
        now = self.path[max(self.path)]
        rounds = 0
        while now.mean > self.need or len(now.rows) <= failed:
            size = len(now.rows)
            way = max(now.mean - self.need, 0.0)
            whole = max(self.start.mean - self.need, 1e-9)
            aim = max(way / PART, LEAST * whole) * self.ratio
            growth = size // (2 if rounds >= ROUNDS else CLOSE)
            least = max(growth, failed // CLOSE, 1)
            rows, expected = self.propose(now, aim, least)
            room = self.limit - size
            if not len(rows) or room <= 0:
                self.exhausted = True
                return None
            some = min(max(1 + int(np.searchsorted(expected, aim)), least), len(rows), room)
            before, now = now, (yield from self._measured((*now.rows, *rows[:some].tolist())))
            taken = before.mean - now.mean
            fell_short = float(expected[some - 1]) / max(taken, 1e-9)
            self.ratio = float(np.clip(math.sqrt(self.ratio * fell_short), 0.2, 10.0))
            rounds += 1
        return now

    def _shrunk(self, found: Measured, failed: int) -> Told[Measured]:
        """The shortest length of the same order that should pass, as close as noise allows."""
        shorter = [k for k, m in self.path.items() if k < len(found.rows) and m.mean > self.need]
        before = max([failed, *shorter])
        while len(found.rows) - before > max(1, len(found.rows) // CLOSE):
            middle = (len(found.rows) + before) // 2
            one = yield from self._measured(found.rows[:middle])
            if one.mean <= self.need:
                found = one
            else:
                before = middle
        return found

    def _measured(self, rows: Rows) -> Told[Measured]:
        known = self.path.get(len(rows))
        if known is not None:
            return known
        found = yield from self.measure(rows)
        self.path[len(rows)] = found
        for size in sorted(self.path)[:-1]:  # rows are proposed by the models of the longest alone
            self.path[size] = replace(self.path[size], models=())
        yield found
        return found

    def indistinct(self, found: Measured) -> tuple[int, int] | None:
        """Lengths of the order that the noise of the search does not tell from this set's; None
        where it was no length of it, where the mean does not fall with the length, or where only
        this one is left.
        """
        size = len(found.rows)
        if size < 2 or size not in self.path or self.path[size].rows != found.rows:
            return None
        shorter = min((k for k in self.path if size // 2 <= k < size), default=0)
        slope = (self.path[shorter].mean - found.mean) / (size - shorter)
        if slope <= 0:
            return None
        apart = 1.64 * self.spread * math.sqrt(2.0 / len(found.margins)) / slope
        low, high = max(1, round(size - apart)), round(size + apart)
        return (low, high) if low < size else None
