"""Other sets that flip the same decision: the question asked again, with rows held in place."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from forcing.protocol import messages
from forcing.protocol.context import Context, Json
from forcing.records import Event

if TYPE_CHECKING:
    from forcing.explanation.explanation import Explanation

LARGER = 2
"""An alternative with more than so many times the rows of the first set is hardly one; """
SHARES = (1.0, 0.5, 0.25)
"""then less of each known set is held: the strongest half, a quarter; """
SINGLES = 5
"""then one row, of the first set so many in turn: without the strongest there may be no set."""

Watch: TypeAlias = Callable[[Event], bool]
"""Hears every record of a search, and says whether it goes on."""

REACH = 4
"""The search may go so many times as far as the first set, because refinement makes it smaller."""


class _EndedError(Exception):
    """A search was ended from outside."""


@dataclass(frozen=True, eq=False)
class Question:
    """What was asked in a run, so that it can be asked again."""

    context: Context
    options: Json
    """Of `Study.events`."""

    def again(
        self, answer: type[Explanation], hold: Sequence[int], limit: int | None, watch: Watch
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
        events = context.study.events(context.x, **options)
        return answer.gather(context, _watched(events, watch), options)


class Others:
    """The sets besides the first, each searched with rows of those before it held, and kept."""

    def __init__(self, first: Explanation, question: Question) -> None:
        self._first = first
        self._question = question
        self._found: list[Explanation] = []
        self._none_left = not first.flipped
        # A view may be looking for one when its owner asks for some.
        self._one_at_a_time = threading.Lock()

    @property
    def found(self) -> tuple[Explanation, ...]:
        """In the order in which they were found."""
        return tuple(self._found)

    def take(self, k: int) -> list[Explanation]:
        """Up to k sets, the smallest first; those that were found before are not searched again."""
        _check_count(k)
        while len(self._found) < k and self.next() is not None:
            pass
        return sorted(self._found[:k], key=lambda found: found.size)

    def next(self, watch: Watch = lambda _: True) -> Explanation | None:
        """One more set; None where there is none, or where `watch` ended the search."""
        with self._one_at_a_time:
            if self._none_left:
                return None
            try:
                other = _other([self._first, *self._found], self._question, watch)
            except _EndedError:
                return None
            if other is None:
                self._none_left = True
            else:
                self._found.append(other)
            return other

    def event(self, *, searching: bool = False, note: str = "") -> Json:
        """What was found, the smallest first, as the protocol's event."""
        sets, rows = [], {}
        for found in sorted(self._found, key=lambda other: other.size):
            state = found.run_state
            last, verified = state["steps"][-1], state["verified"]
            members = [step["row"] for step in state["steps"]]
            rows.update({str(row): state["rows"][str(row)] for row in members})
            told = {"label": state["start"]["claim"]["rival"], "confidence": last["confidence"]}
            if verified is not None:
                told = {key: verified[key] for key in told}
            shared = self._first.overlap(found)
            sets.append({"rows": members, "shared": shared, "verified": found.verified} | told)
        return messages.alternatives(sets, rows, searching=searching, note=note)


def _other(known: Sequence[Explanation], question: Question, watch: Watch) -> Explanation | None:
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
        found = question.again(type(first), hold, REACH * whole, watch)
        if found.flipped and (best is None or found.size < best.size):
            best = found
        if best is not None and best.size <= whole:
            break
    return best


def _watched(events: Iterable[Event], watch: Watch) -> Iterator[Event]:
    """The same records, until `watch` has had enough."""
    for event in events:
        yield event
        if not watch(event):
            raise _EndedError


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
