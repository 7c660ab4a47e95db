"""One run for a learner whose training does not repeat itself: is the decision stable, which set
turns most retrainings, and do fresh ones confirm it; as one stream of records.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from forcing.engine.chance import are_alike, can_pass, is_most, level_of
from forcing.engine.knockout import BudgetSpentError, Rows
from forcing.engine.relabel import RELABEL
from forcing.engine.retraining import Measured, RetrainingSearch
from forcing.models.verdict import Question
from forcing.records import (
    Band,
    Bound,
    Claim,
    Decision,
    End,
    Event,
    Refined,
    Stability,
    Status,
    Step,
    Tally,
    Verified,
)
from forcing.study.guide import Guide
from forcing.study.options import LARGEST_SHARE, RunOptions
from forcing.study.poll import Poll
from forcing.study.rankings import followed_by_retrainings
from forcing.study.refits import keeping_classes, ranked
from forcing.study.retrainings import middle, tally, unstable

if TYPE_CHECKING:
    from forcing.study.black_box import BlackBoxExplainer

FEW = 3
"""Rows of a set up to which each is put back by itself, where the noise allows to see it."""

STRICTER = 0.5
"""Standard deviations by which a set must be clearer after one that failed the verdict."""

LEAST_MARGIN = 0.1
"""Log-odds from which on orders that know nothing of the model expect a row's part."""

T = TypeVar("T")
Stage: TypeAlias = Generator[Event, None, T]


class RetrainedRun:
    """One target. Closing `events` stops the work."""

    def __init__(
        self,
        explainer: BlackBoxExplainer,
        question: Question,
        claim: Claim,
        row: Any,
        options: RunOptions,
    ) -> None:
        self.explainer = explainer
        self.question, self.claim, self.row, self.options = question, claim, row, options
        self.poll = Poll(explainer, question, claim, row, options)
        self.leave_out = explainer.retrainings.chance.leave_out
        self.began = time.perf_counter()
        self.shown: Rows = ()
        """The rows of the steps that were told last."""

    def events(self) -> Generator[Event, None, None]:
        """After `Start`, which the caller has told."""
        try:
            whole = yield from self.poll.on_all_rows()
        except BudgetSpentError:
            yield self._end(
                "limit", f"It is not known whether the decision is stable. {self._more()}"
            )
            return
        stable = Stability(Tally(whole.flips, whole.confidences), self.leave_out, self._seconds())
        yield stable
        if (why := unstable(stable)) is not None:
            yield self._end("unstable", why)
            return
        for event in self._candidates(self._searching(whole)):
            if isinstance(event, End):
                yield from self._rankings()
                yield replace(event, seconds=self._seconds())
            else:
                yield event

    def _rankings(self) -> Stage[None]:
        explainer, seed = self.explainer, self.options.seed
        cap = max(self.options.limit, int(LARGEST_SHARE * explainer.n_rows))
        support = explainer.support(self.question)
        for name in self.options.baselines:
            order = ranked(name, explainer.features, self.row, support, seed)
            yield (yield from followed_by_retrainings(self.poll, order, cap))

    def _candidates(self, search: RetrainingSearch) -> Stage[None]:
        """Each is put to the test; the first that passes is told, or the last that did not."""
        tested, number = None, 0
        while can_pass(number + 1, self.poll.wanted):
            candidate = yield from self._next(search, 0 if tested is None else len(tested.rows))
            if candidate is None:
                break
            yield from self._show(search, candidate)
            if not self.options.verify:
                yield self._end("flipped", f"The mean of retrainings turns at {_of(candidate)}.")
                return
            try:
                fresh = yield from self.poll.fresh(candidate.rows, number + 1)
            except BudgetSpentError:
                search.spent = True
                break
            number += 1
            tested, agreement = candidate, tally(fresh)
            if is_most(agreement.flips, agreement.of, level_of(number)):
                yield from self._confirmed(search, candidate, fresh, number)
                return
            last = fresh
            search.clear += STRICTER
        if tested is None:
            yield from self._nothing(search)
            return
        yield from self._show(search, tested)
        yield self._verified(last, number, flipped=False)
        yield self._end("limit", self._failed(tested, tally(last), number, search.spent))

    def _confirmed(
        self, search: RetrainingSearch, found: Measured, fresh: list[Decision], number: int
    ) -> Stage[None]:
        """Of few rows, those that can be spared go back first."""
        while True:
            needed, put_back, note, spare = yield from self._each_put_back(search, found, number)
            if spare is None:
                break
            smaller = tuple(row for row in found.rows if row != spare)
            again: list[Decision] = []
            with suppress(BudgetSpentError):
                if can_pass(number + 1, self.poll.wanted):
                    again = yield from self.poll.fresh(smaller, number + 1, then=self.poll.wanted)
                    number += 1
            if not again or not is_most(tally(again).flips, len(again), level_of(number)):
                break  # that the row can be spared is not known either
            found, fresh = self.poll.measured(smaller, again), again
            yield from self._show(search, found)
            yield _band([search.start, found])
        control: Tally | None = None
        with suppress(BudgetSpentError):  # what it would have shown is not known, and not said
            control = tally((yield from self.poll.control(found.rows, number)))
        yield self._verified(
            fresh,
            number,
            flipped=True,
            control=control,
            sizes=search.indistinct(found),
            irreducible=needed,
            put_back=put_back,
            note=note,
        )
        if self.options.bound:
            yield Bound(1, 0.0)  # no theorem is known: 1 says nothing
        verb = "turns" if len(found.rows) == 1 else "turn"
        yield self._end("flipped", f"{_of(found)} {verb} most retrainings.")

    def _verified(
        self,
        fresh: list[Decision],
        number: int,
        *,
        flipped: bool,
        control: Tally | None = None,
        **more: Any,
    ) -> Verified:
        agreement = tally(fresh)
        told = {"irreducible": None, "put_back": ()} | more
        return Verified(
            decision=middle(fresh),
            flipped=flipped,
            by=self.explainer.description,
            seconds=self._seconds(),
            agreement=agreement,
            control=control,
            alike=control is not None and are_alike(agreement.flips, control.flips, agreement.of),
            candidates=number,
            **told,
        )

    def _each_put_back(
        self, search: RetrainingSearch, found: Measured, number: int
    ) -> Stage[tuple[bool | None, tuple[float, ...], str, int | None]]:
        """Whether every row is needed, the confidence with each put back, why that is not known,
        and a row that can be spared: asked where one row's part of the change is above the noise,
        and rows are few.
        """
        rows, of_each = found.rows, self.poll.wanted
        if not self.options.refine or self.options.search.method not in ("mfs", RELABEL):
            return None, (), "", None
        if len(rows) == 1:
            return True, (float(np.mean(search.start.confidences)),), "", None
        part = (search.start.mean - found.mean) / len(rows)
        if part < 2 * search.spread / math.sqrt(of_each):
            note = "row by row is not meant here: one row's part is below the noise"
            return None, (), note, None
        if len(rows) > FEW:
            note = f"row by row was not asked: each row takes {of_each} trainings"
            return None, (), note, None
        backs: list[Tally] = []
        try:
            for row in rows:
                back = yield from self.poll.put_back(rows, row, number)
                backs.append(tally(back))
        except BudgetSpentError:
            return None, (), "the budget ended before each row was put back", None
        confidences = tuple(float(np.mean(back.confidences)) for back in backs)
        most = max(range(len(rows)), key=lambda place: backs[place].flips)
        if all(is_most(of_each - back.flips, of_each) for back in backs):
            return True, confidences, "", None
        note = "with some single row put back it is not known what most retrainings decide"
        return None, confidences, note, rows[most] if is_most(backs[most].flips, of_each) else None

    def _nothing(self, search: RetrainingSearch) -> Stage[None]:
        best = search.best
        if search.spent and best is not None:
            yield from self._show(search, best)
            yield self._end("limit", f"{_of(best)} found, not put to the test. {self._more()}")
        elif search.spent:
            yield self._end("limit", f"No set was found. {self._more()}")
        elif max(search.path) >= self.options.limit:
            reason = f"No set of at most {self.options.limit} rows, the most allowed, was found."
            yield self._end("limit", reason)
        else:
            reason = (
                "No set was found: without all rows that speak for the decision and may leave, it "
                "is the same."
            )
            yield self._end("unflippable", reason)

    def _searching(self, whole: Measured) -> RetrainingSearch:
        explainer, recipe = self.explainer, self.poll.recipe
        weights = recipe.sample_weight
        allowed = np.ones(recipe.n_rows, dtype=bool)
        allowed[self.poll.held] = False
        guide = Guide(
            recipe.X,
            self.row,
            explainer.features,
            explainer.lean(self.question, self.claim),
            np.ones(recipe.n_rows) if weights is None else weights,
            allowed,
            max(whole.mean, LEAST_MARGIN),
        )
        method, seed = self.options.search.method, self.options.seed
        if method not in ("mfs", RELABEL):
            support = explainer.support(self.question)
            guide.follow(ranked(method, explainer.features, self.row, support, seed).rows)

        def propose(
            so_far: Measured, enough: float, least: int
        ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
            rows, taken = guide(so_far, enough, least)
            both = np.array([*so_far.rows, *rows], dtype=np.intp)
            stays = np.isin(rows, keeping_classes(recipe, both))
            return rows[stays], taken[stays]

        limit, shrink = self.options.limit, self.options.refine
        return RetrainingSearch(self.poll.searched, propose, whole, limit, shrink)

    def _next(self, search: RetrainingSearch, failed: int) -> Stage[Measured | None]:
        """The next candidate; on the way the band, and each set that is better than the last."""
        work = search.next_candidate(failed)
        while True:
            try:
                item = next(work)
            except StopIteration as done:
                found: Measured | None = done.value
                return found
            if not isinstance(item, Measured):
                yield item
                continue
            yield _band(search.path.values())
            best = search.best
            if best is not None and len(best.rows) > failed:
                yield from self._show(search, best)

    def _show(self, search: RetrainingSearch, best: Measured) -> Stage[None]:
        """The set so far: its steps where none was shown before, else what it has become."""
        if best.rows == self.shown:
            return
        steps = tuple(self._steps(search, best))
        if self.shown:
            yield Refined(steps, max(search.path), self._seconds())
        else:
            yield from steps
        self.shown = best.rows

    def _steps(self, search: RetrainingSearch, found: Measured) -> Iterator[Step]:
        """One for each row; between two lengths that were trained, on the line between them."""
        told = [m for m in search.path.values() if m.rows == found.rows[: len(m.rows)]]
        known = sorted({len(m.rows): m for m in (*told, found)}.items())
        lengths = np.arange(1, len(found.rows) + 1)
        margins = np.interp(lengths, [k for k, _ in known], [m.mean for _, m in known])
        means = [float(np.mean(m.confidences)) for _, m in known]
        confidences = np.interp(lengths, [k for k, _ in known], means)
        for place, row in enumerate(found.rows):
            label = self.explainer.label(row, self.question)
            yield Step(
                number=place + 1,
                row=row,
                label=label,
                positive=label == self.claim.favoured,
                confidence=float(confidences[place]),
                margin=float(margins[place]) * self.question.spread,
                loss_gap=math.nan,  # no loss is known
                seconds=self._seconds(),
                becomes=self.poll.becomes,
            )

    def _failed(self, last: Measured, agreement: Tally, number: int, spent: bool) -> str:
        sets = "1 set was" if number == 1 else f"{number} sets were"
        reason = (
            f"{sets} put to the test; without the largest, {_of(last)}, {agreement.flips} of "
            f"{agreement.of} fresh retrainings decide otherwise: it is not known that most would."
        )
        return f"{reason} {self._more()}" if spent else reason

    def _more(self) -> str:
        return (
            f"The budget ended after {self.poll.used} trainings; allow more with max_refits or "
            f"max_seconds. A verdict and its control take {2 * self.poll.wanted}."
        )

    def _end(self, status: Status, reason: str) -> End:
        failed = self.poll.failed
        if failed:
            reason += f" {len(failed)} trainings failed ({failed[0]})."
        return End(status, reason, self._seconds())

    def _seconds(self) -> float:
        return time.perf_counter() - self.began


def _of(found: Measured) -> str:
    return "1 row" if len(found.rows) == 1 else f"{len(found.rows)} rows"


def _band(measured: Iterable[Measured]) -> Band:
    points = []
    for one in sorted(measured, key=lambda m: len(m.rows)):
        values = one.confidences
        points.append((len(one.rows), float(np.mean(values)), min(values), max(values)))
    return Band(tuple(points))
