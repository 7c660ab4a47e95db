"""Refit-only search: a small forcing set for a model known by nothing but its refits.

Orders of the rows are galloped to a prefix that flips, the prefix is bisected, and delta
debugging (Zeller and Hildebrandt 2002, "Simplifying and isolating failure-inducing input")
makes the set 1-minimal: put any one row back and the decision is the old one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from forcing.records import Phase, Progress

Rows: TypeAlias = tuple[int, ...]
"""A set of rows, in the order in which they are removed."""

Margins: TypeAlias = Callable[[list[Rows]], list[float]]
"""Margins after refitting without each of these sets; infinity where that decides nothing."""

T = TypeVar("T")
Stage: TypeAlias = Generator[Progress, None, T]

PROBES = 128
"""Most rows whose single effect is measured."""

RESTARTS = 3
"""Further sets that are made 1-minimal, from other rows, in the hope of a smaller one."""


class BudgetSpentError(Exception):
    """No refit is left."""


class Trials:
    """Refits, remembered and counted; the smallest set that flipped is `best`.

    Candidates are evaluated `width` at a time, and consulted in their order: those that were
    refitted ahead and never asked for do not count. So neither the result nor the count
    depends on how many refits run at once.
    """

    def __init__(
        self,
        margins: Margins,
        *,
        most: int,
        until: float = math.inf,
        width: int = 1,
        slack: float = 0.0,
    ) -> None:
        self._margins = margins
        self._known: dict[frozenset[int], float] = {}
        self._ahead: dict[frozenset[int], float] = {}
        self.until = until
        self.width = width
        self.slack = slack
        self.most = most
        self.used = 0
        self.phase: Phase = "search"
        self.note = ""
        self.cost = ""
        """What a refit costs, for whoever waits."""
        self.best: Rows | None = None
        self.prefix: Rows | None = None
        """The first set that flipped, of which the search made a smaller one."""
        self.minimal: set[frozenset[int]] = set()
        """Sets of which every single row was put back, and the decision was the old one."""

    def flips(self, margin: float) -> bool:
        return margin < -self.slack

    def known(self, rows: Sequence[int]) -> float | None:
        """The margin without these rows, if it was refitted already."""
        return self._known.get(frozenset(rows))

    @property
    def spent(self) -> bool:
        return self.used >= self.most or time.perf_counter() >= self.until

    @property
    def irreducible(self) -> bool:
        return self.best is not None and frozenset(self.best) in self.minimal

    def all(self, candidates: Sequence[Rows]) -> Stage[list[float]]:
        """The margin of every candidate."""
        found = []
        for place, rows in enumerate(candidates):
            yield from self._prepare(candidates[place:])
            found.append(self._consult(rows))
        return found

    def first_flip(self, candidates: Sequence[Rows]) -> Stage[int | None]:
        """The place of the first candidate that flips; those after it stay untried."""
        for place, rows in enumerate(candidates):
            yield from self._prepare(candidates[place:])
            if self.flips(self._consult(rows)):
                return place
        return None

    def margin(self, rows: Rows) -> Stage[float]:
        return (yield from self.all([rows]))[0]

    def _prepare(self, waiting: Sequence[Rows]) -> Stage[None]:
        """Refit the first that waits if need be, and with it as many as fit side by side."""
        if not waiting or self._has(waiting[0]):
            return
        if self.spent and frozenset(waiting[0]) not in self._ahead:
            raise BudgetSpentError
        fresh: dict[frozenset[int], Rows] = {}
        for rows in waiting:
            if len(fresh) == min(self.width, self.most - self.used):
                break
            if not self._has(rows):
                fresh.setdefault(frozenset(rows), rows)
        words = ", ".join(filter(None, [self.note, self.cost]))
        yield Progress(self.phase, self.used, self.most, words)
        values = self._margins(list(fresh.values()))
        self._ahead.update(zip(fresh, values, strict=True))

    def _has(self, rows: Rows) -> bool:
        key = frozenset(rows)
        return key in self._known or key in self._ahead

    def _consult(self, rows: Rows) -> float:
        key = frozenset(rows)
        if key in self._ahead:
            if self.used >= self.most:
                raise BudgetSpentError
            self.used += 1
            self._known[key] = self._ahead.pop(key)
        margin = self._known[key]
        if self.flips(margin) and (self.best is None or len(rows) < len(self.best)):
            self.best = rows
        return margin


def knockout(
    trials: Trials,
    orders: Sequence[Iterable[int]],
    limit: int,
    refine: bool = True,
    rest: Iterable[int] = (),
) -> Stage[Rows | None]:
    """The smallest set found that flips, at most `limit` rows; None where none was found.

    `rest` are rows that may be removed too, though no order begins with them. Ends early, with
    what there is, where the budget of refits is spent; `trials.irreducible` says whether the set
    is 1-minimal.
    """
    ways = [tuple(int(i) for i in order) for order in orders]
    try:
        prefix = yield from shortest_prefix(trials, ways, limit)
        trials.prefix = prefix
        if prefix is not None and refine:
            yield from _shrink(trials, prefix, ways, tuple(rest))
    except BudgetSpentError:
        pass
    return trials.best


def shortest_prefix(trials: Trials, orders: Sequence[Rows], limit: int) -> Stage[Rows | None]:
    """The shortest prefix of any of the orders that was seen to flip.

    All orders are tried at a length before any is at a greater one; where one flips, the
    lengths between the last that did not and this one are bisected. The margin need not fall
    with every row: a shorter prefix may flip as well.
    """
    found: list[Rows] = []
    before = 0
    for length in doubled(limit):
        reached = [order[:length] for order in orders if len(order) > before]
        if not reached:
            return None
        margins = yield from trials.all(reached)
        for prefix, margin in zip(reached, margins, strict=True):
            if trials.flips(margin):
                found.append((yield from _bisected(trials, prefix, before)))
        if found:
            return min(found, key=len)
        before = length
    return None


def doubled(limit: int) -> list[int]:
    """1, 2, 4, 8, ... and the limit."""
    lengths, length = [], 1
    while length < limit:
        lengths.append(length)
        length *= 2
    return [*lengths, limit] if limit >= 1 else []


def _bisected(trials: Trials, prefix: Rows, before: int) -> Stage[Rows]:
    """`prefix` flips, its first `before` rows do not."""
    flips = len(prefix)
    while flips - before > 1:
        middle = (flips + before) // 2
        if trials.flips((yield from trials.margin(prefix[:middle]))):
            flips = middle
        else:
            before = middle
    return prefix[:flips]


def ddmin(trials: Trials, rows: Rows) -> Stage[Rows]:
    """A 1-minimal subset that flips, by delta debugging.

    Chunks of ever smaller size are put back, the last rows first; a chunk that the flip does not
    need stays out of the set for good. Ends after a pass over single rows in which none could be
    spared.
    """
    chunks = [rows[len(rows) // 2 :], rows[: len(rows) // 2]]
    while len(rows) > 1:
        place, tried = 0, 0
        single = all(len(chunk) <= 1 for chunk in chunks)
        while tried < len(chunks) > 1:
            # From where the last one was spared: those before it were needed a moment ago.
            waiting = [*chunks[place:], *(chunks[:place] if single else [])]
            waiting = waiting[: len(chunks) - tried]
            hit = yield from trials.first_flip([_without(rows, chunk) for chunk in waiting])
            if hit is None:
                break
            rows = _without(rows, waiting[hit])
            place = chunks.index(waiting[hit])
            chunks.remove(waiting[hit])
            tried = 0 if single else place
        if single:
            break
        chunks = [part for chunk in chunks for part in _halves(chunk)]
    trials.minimal.add(frozenset(rows))
    return rows


def _halves(chunk: Rows) -> list[Rows]:
    """The later half first."""
    middle = len(chunk) // 2
    return [part for part in (chunk[middle:], chunk[:middle]) if part]


def put_back_each(trials: Trials, rows: Rows) -> Stage[None]:
    """Refit with each single row of the set back in, and make it 1-minimal if one was spare."""
    if len(rows) > 1:
        hit = yield from trials.first_flip([_without(rows, (row,)) for row in rows])
        if hit is not None:
            yield from ddmin(trials, _without(rows, (rows[hit],)))
            return
    trials.minimal.add(frozenset(rows))


def _without(rows: Rows, chunk: Rows) -> Rows:
    gone = frozenset(chunk)
    return tuple(row for row in rows if row not in gone)


def _shrink(trials: Trials, prefix: Rows, orders: Sequence[Rows], rest: Rows) -> Stage[None]:
    """1-minimal; then the same from other starts, as long as there are refits left."""
    trials.phase, trials.note = "refine", "put rows back"
    size = len((yield from ddmin(trials, prefix)))
    if size == 1:
        return
    trials.note = "remove single rows"
    probes = tuple(dict.fromkeys((*_interleaved(orders), *rest)))
    probes = probes[: min(PROBES, (trials.most - trials.used) // 2)]
    effects = yield from trials.all([(row,) for row in probes])
    measured = tuple(probes[i] for i in np.argsort(effects, kind="stable"))
    trials.note = "start from other rows"
    shorter = yield from shortest_prefix(trials, [measured], size - 1)
    if shorter is not None:
        size = min(size, len((yield from ddmin(trials, shorter))))
    random = np.random.default_rng(0)
    for start in range(RESTARTS):
        if size == 1:
            return
        order = (measured, *orders)[start % (1 + len(orders))]
        wide = order[: 2 * size]
        shuffled = tuple(wide[i] for i in random.permutation(len(wide)))
        if trials.flips((yield from trials.margin(shuffled))):
            size = min(size, len((yield from ddmin(trials, shuffled))))


def _interleaved(orders: Sequence[Rows]) -> Rows:
    """The first of each order, then the second of each, ..., none twice."""
    longest = max((len(order) for order in orders), default=0)
    turns = (order[i] for i in range(longest) for order in orders if i < len(order))
    return tuple(dict.fromkeys(turns))
