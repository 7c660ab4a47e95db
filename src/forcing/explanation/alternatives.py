"""Other sets that flip the same decision: the question asked again, with rows held in place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forcing.protocol.context import Context, Json

if TYPE_CHECKING:
    from forcing.explanation.explanation import Explanation

LARGER = 2
"""An alternative with more than so many times the rows of the first set is hardly one; """
SHARES = (1.0, 0.5, 0.25)
"""then less of each known set is held: the strongest half, a quarter; """
SINGLES = 5
"""then one row, of the first set so many in turn: without the strongest there may be no set."""

REACH = 4
"""The search may go so many times as far as the first set, because refinement makes it smaller."""


@dataclass(frozen=True, eq=False)
class Question:
    """What was asked in a run, so that it can be asked again."""

    context: Context
    options: Json
    """Of `Study.events`."""

    def again(
        self, answer: type[Explanation], hold: Sequence[int], limit: int | None
    ) -> Explanation:
        """The answer with these rows held too, without comparisons and bound."""
        asked = self.context
        context = Context(asked.study, asked.x, asked.presenter, asked.name, asked.label)
        limits = [limit, self.options.get("max_removals")]
        options = self.options | {
            "hold": sorted({*_positions(self.options.get("hold")), *hold}),
            "max_removals": min((n for n in limits if n is not None), default=None),
            "baselines": (),
            "bound": False,
        }
        try:
            events = context.study.events(context.x, **options)
        except TypeError as error:  # the rest of the options did for the first run
            raise TypeError(
                "alternatives() searches again with rows of the known sets held in place, which "
                "needs a model with an objective; this one is known by its refits alone. "
                'explain() with another method, such as "nearest", may find another set.'
            ) from error
        return answer.gather(context, events, options)


def alternatives(first: Explanation, question: Question, k: int) -> list[Explanation]:
    """Up to k sets, each searched with rows of the first one and of those before it held."""
    _check_count(k)
    known = [first]
    while len(known) <= k:
        other = _other(known, question)
        if other is None:
            break
        known.append(other)
    return sorted(known[1:], key=lambda found: found.size)


def _other(known: Sequence[Explanation], question: Question) -> Explanation | None:
    """A set without the rows of the known ones, or without as many of their strongest as leaves
    one that is not much larger; None where the decision stays whatever goes.
    """
    first, whole = known[0], max(LARGER * known[0].size, known[0].size + 2)
    best: Explanation | None = None
    tried: set[frozenset[int]] = set()
    for hold in _holds(known):
        if frozenset(hold) in tried:
            continue
        tried.add(frozenset(hold))
        found = question.again(type(first), hold, REACH * whole)
        if found.flipped and (best is None or found.size < best.size):
            best = found
        if best is not None and best.size <= whole:
            break
    return best


def _holds(known: Sequence[Explanation]) -> Iterator[list[int]]:
    """Rows to hold, ever fewer: at least one of each known set, so that none is found again."""
    for share in SHARES:
        yield [row for found in known for row in strongest(found, share)]
    first, *others = (strongest(found, 1.0) for found in known)
    for place, row in enumerate(first[:SINGLES]):
        # A row that they share needs no other beside it.
        rest = [rows[min(place, len(rows) - 1)] for rows in others if row not in rows]
        yield [row, *rest]


def strongest(found: Explanation, share: float) -> list[int]:
    """The part of the set whose return would do most, at least one row: by the put-backs where
    they were refitted, else those that the search removed first.
    """
    rows = [int(row) for row in found.supports]
    back = found.verification.put_back if found.verification is not None else ()
    if len(back) == len(rows):
        order = sorted(range(len(rows)), key=lambda j: -back[j])
        rows = [rows[j] for j in order]
    return rows[: max(1, math.ceil(share * len(rows)))]


def _check_count(k: Any) -> None:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k must be a whole number of at least 1, got {k!r}.")


def _positions(hold: Any) -> list[int]:
    given = np.asarray(() if hold is None else list(hold))
    return [int(row) for row in (np.flatnonzero(given) if given.dtype == bool else given)]
