"""One run by refitting: search, steps, verification, bound, rankings; as one stream of records."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from forcing.engine.knockout import BudgetSpentError, Rows, ddmin, knockout, put_back_each
from forcing.engine.neighbours import Ballot, fewest, smallest_sets
from forcing.engine.relabel import RELABEL
from forcing.models.neighbours import AdaptedNeighbours
from forcing.models.orders import orders
from forcing.models.verdict import Question
from forcing.records import (
    Bound,
    Claim,
    End,
    Event,
    Label,
    Progress,
    Refined,
    Status,
    Step,
    Verified,
)
from forcing.study.options import LARGEST_SHARE, RunOptions
from forcing.study.refits import Refits, followed_up, keeping_classes, ranked

if TYPE_CHECKING:
    from forcing.study.black_box import BlackBoxExplainer

REFITS = 400
"""Most refits of a search unless `max_refits` says otherwise."""

SEARCHED = 0.75
"""Of the budget, for the search; the rest is for the confidence after each step of its set."""

SMALLER = 0.9
"""Times the size of the set that was told last, at most, for one to be told in the search."""

T = TypeVar("T")
Stage: TypeAlias = Generator[Event, None, T]


@dataclass(frozen=True, slots=True)
class _Found:
    status: Status
    reason: str
    rows: Rows | None = None
    bound: int = 1


class KnockoutRun:
    """One target, explained by refitting. Closing `events` stops the work."""

    def __init__(
        self,
        explainer: BlackBoxExplainer,
        question: Question,
        claim: Claim,
        row: Any,
        options: RunOptions,
    ) -> None:
        self.explainer = explainer
        self.recipe = explainer.model.recipe
        self.question = question
        self.claim = claim
        self.row = row
        self.options = options
        self.began = time.perf_counter()
        self.most = REFITS if options.max_refits is None else options.max_refits
        self.becomes: Label = claim.rival if options.search.method == RELABEL else None
        self.refits = Refits(
            self.recipe, row, question, claim.confidence, explainer.n_jobs, self.becomes
        )
        self.trials = self.refits.trials(0, slack=options.search.slack)
        self.shown: Rows = ()
        """The set that was told while the search goes on."""
        self._spend(SEARCHED)

    def events(self) -> Generator[Event, None, None]:
        """After `Start`, which the caller has told."""
        options = self.options
        found = yield from self._search()
        reason = found.reason
        if found.rows is not None:
            reason += yield from self._told(found.rows, found.bound)
            if reason.endswith(STRAY):
                yield End("failed", reason, self._seconds())
                return
        if options.bound and found.status != "unflippable":
            yield Bound(found.bound, 0.0)
        cap = max(options.limit, int(LARGEST_SHARE * len(self.recipe.y)))
        for name in options.baselines:
            yield (yield from followed_up(self.refits, self.trials, self._ranked(name), cap))
        yield End(found.status, reason, self._seconds())

    def _search(self) -> Stage[_Found]:
        ballot = self._ballot()
        if ballot is not None:
            return (yield from self._closed_form(ballot))
        seconds = self.explainer.refitted[1]
        cost = f"at most {self.most} refits of about {seconds:.2g} s each"
        yield Progress("prepare", 0, self.most, cost)
        self.trials.cost = f"{seconds:.2g} s a refit"
        method, refine = self.options.search.method, self.options.refine
        if method not in ("mfs", RELABEL):
            ways, refine = (
                [keeping_classes(self.recipe, self._free(self._ranked(method).rows))],
                False,
            )
        else:
            ways = self._ways()
        work = knockout(self.trials, ways, self.options.limit, refine, self._rest())
        found = yield from self._watched(work) if refine else work
        if found is None:
            return self._nothing(ways)
        return _Found("flipped", f"{_rows(len(found))} the decision.", found, self._singles())

    def _watched(self, work: Generator[Progress, None, Rows | None]) -> Stage[Rows | None]:
        """The same search; the set so far is told as soon as there is one, and as it shrinks."""
        while True:
            try:
                item = next(work)
            except StopIteration as done:
                found: Rows | None = done.value
                return found
            yield item
            best = self.trials.best
            if best is None or (self.shown and len(best) > SMALLER * len(self.shown)):
                continue
            steps = tuple(self._as_known(best))
            if self.shown:
                yield Refined(steps, len(self.trials.prefix or best), self._seconds())
            else:
                yield from steps
            self.shown = best

    def _as_known(self, rows: Rows) -> Iterator[Step]:
        """A step for each row, by the refits that happened to be made."""
        margin = self.claim.margin
        for number in range(1, len(rows) + 1):
            known = self.trials.known(rows[:number])
            margin = margin if known is None else known
            yield self._step(number, rows[number - 1], margin)

    def _ballot(self) -> Ballot | None:
        """The vote of the nearest rows, where the model is one with a closed form."""
        model = self.explainer.model
        if not isinstance(model, AdaptedNeighbours) or self.options.search.method != "mfs":
            return None
        if len(self.options.hold):  # the closed form takes rows from the front of the queue
            return None
        refitted, _ = self.explainer.refitted
        return model.ballot(refitted, self.row, self.question, self.trials.flips)

    def _closed_form(self, ballot: Ballot) -> Stage[_Found]:
        """The smallest set; where rows at equal distances change places, the smallest that flips
        when the estimator is refitted.
        """
        least = fewest(ballot)
        if least is None:
            reason = "No set was found: whichever rows are left, the nearest decide the same."
            return _Found("unflippable", reason)
        if least > self.options.limit:
            reason = (
                f"The smallest set has {least} rows, more than the {self.options.limit} allowed."
            )
            return _Found("limit", reason, bound=least)
        if self.options.max_refits is None:  # one refit a row to put back, one a step
            self.most = REFITS + 3 * least
            self._spend(SEARCHED)
        yield Progress("search", 0, None, f"{least} rows by the closed form")
        ways = self._ways()
        with suppress(BudgetSpentError):
            yield from self._realised(ballot, least, ways)
        best = self.trials.best
        if best is None:
            return replace(self._nothing(ways), bound=least)
        if len(best) > least:
            flips = f"{_rows(len(best))} the decision."
            reason = f"{flips} Rows at equal distances leave open whether fewer do."
            return _Found("flipped", reason, best, least)
        return _Found("flipped", f"{_rows(len(best))} the decision; fewer cannot.", best, least)

    def _realised(self, ballot: Ballot, least: int, ways: list[Rows]) -> Stage[None]:
        """Refit without the sets of the closed form, each order of equal distances in turn."""
        trials, refine = self.trials, self.options.refine
        for hopeful in (True, False):
            sets = smallest_sets(ballot, hopeful)
            for rows in sets:
                if len(rows) <= self.options.limit:
                    yield from trials.margin(rows)
                if trials.best is not None and len(trials.best) == least:
                    if refine:
                        yield from put_back_each(trials, trials.best)
                    return
        if trials.best is not None and refine:
            yield from ddmin(trials, trials.best)
        yield from knockout(trials, ways, self.options.limit, refine)

    def _ways(self) -> list[Rows]:
        weights = self.recipe.sample_weight
        found = orders(
            self.explainer.model.fitted,
            self.recipe.X,
            self.row,
            self.explainer.features,
            self.explainer.support(self.question),
            np.ones(len(self.recipe.y)) if weights is None else weights,
        )
        return [keeping_classes(self.recipe, self._free(order)) for order in found]

    def _free(self, order: Any) -> Any:
        """Without the rows that must stay."""
        return order[~np.isin(order, self.options.hold)]

    def _rest(self) -> Rows:
        rest = np.arange(len(self.recipe.y))
        if self.becomes is not None:  # a row that has the label already cannot get it
            rest = rest[self.recipe.y == self.claim.favoured]
        return tuple(self._free(rest).tolist())

    def _ranked(self, method: str) -> Any:
        support = self.explainer.support(self.question)
        return ranked(method, self.explainer.features, self.row, support, self.options.seed)

    def _nothing(self, ways: list[Rows]) -> _Found:
        limit = self.options.limit
        failed = self.refits.failed
        trouble = f" {len(failed)} refits failed ({failed[0]})." if failed else ""
        if self.trials.spent:
            reason = f"No set was found. {self._budget()}{trouble}"
            return _Found("limit", reason, bound=self._singles())
        if len(ways[0]) > limit:  # the order of the rows that speak for the decision
            reason = f"No set of at most {limit} rows, the most allowed, was found.{trouble}"
            return _Found("limit", reason, bound=self._singles())
        reason = (
            "No set was found: without all rows that speak for the decision but the last of a "
            f"class it is the same.{trouble}"
        )
        return _Found("unflippable", reason)

    def _budget(self) -> str:
        spent = f"The search ended after {self.trials.used} refits, its share of the budget"
        return f"{spent}: allow more with max_refits or max_seconds."

    def _singles(self) -> int:
        """2 where the decision stays without any one row, each refitted; else 1."""
        margins = [self.trials.known((row,)) for row in self._rest()]
        return 2 if all(m is not None and not self.trials.flips(m) for m in margins) else 1

    def _told(self, rows: Rows, bound: int) -> Stage[str]:
        """The set as records; returns what has to be added to the reason."""
        began, spent = time.perf_counter(), self._budget()
        self._spend(1.0)
        before = len(self.trials.prefix or rows)
        steps, skipped = yield from self._steps(self._in_order(rows))
        yield Refined(tuple(steps), before, time.perf_counter() - began)
        more = ""
        searched = self.options.refine and self.options.search.method in ("mfs", RELABEL)
        if searched and bound < len(rows) and self._irreducible(rows) is not True:
            more = f" A smaller set may be in it. {spent}"
        if skipped:
            were, they = ("step was", "it shows") if skipped == 1 else ("steps were", "they show")
            more += (
                f" {skipped} {were} not refitted, which the budget did not allow: {they} the "
                "confidence of the step before."
            )
        if self.options.verify:
            yield Progress("verify", 0, 1, "refit your estimator")
            verified = self._verified(tuple(step.row for step in steps))
            yield verified
            if not verified.flipped:
                more += STRAY
        return more

    def _in_order(self, rows: Rows) -> Rows:
        """First the row that, put back alone, restores the decision most."""
        margins = [self.trials.known(_without(rows, row)) for row in rows]
        if len(rows) == 1 or not self.options.refine or None in margins:
            return rows
        place = np.argsort([-(margin or 0.0) for margin in margins], kind="stable")
        return tuple(rows[i] for i in place)

    def _steps(self, rows: Rows) -> Stage[tuple[list[Step], int]]:
        """One for each row, refitted without it and those before."""
        trials = self.trials
        trials.phase, trials.note = "refine", "order of removal"
        chosen = self._affordable(rows)
        steps: list[Step] = []
        margin, skipped = self.claim.margin, 0
        for number, row in enumerate(rows, start=1):
            ahead = [rows[:k] for k in chosen if k >= number][: trials.width]
            if ahead and len(ahead[0]) == number:
                try:
                    yield from trials.all(ahead)
                except BudgetSpentError:
                    chosen = []
            known = trials.known(rows[:number])
            skipped += known is None
            margin = margin if known is None else known
            steps.append(self._step(number, row, margin))
            if not self.shown:  # else the view has steps, which the refined ones replace
                yield steps[-1]
        return steps, skipped

    def _affordable(self, rows: Rows) -> list[int]:
        """The prefixes that can be refitted, spread evenly where not all can."""
        new = [k for k in range(1, len(rows)) if self.trials.known(rows[:k]) is None]
        left = max(0, self.trials.most - self.trials.used)
        if len(new) <= left:
            return new
        return [new[int(i)] for i in np.linspace(0, len(new) - 1, left)]

    def _step(self, number: int, row: int, margin: float) -> Step:
        label = self.explainer.label(row, self.question)
        return Step(
            number=number,
            row=row,
            label=label,
            positive=label == self.claim.favoured,
            confidence=self.question.confidence(margin),
            margin=margin,
            loss_gap=math.nan,  # no loss is known
            seconds=self._seconds(),
            becomes=self.becomes,
        )

    def _verified(self, rows: Rows) -> Verified:
        began = time.perf_counter()
        kept, y = self.refits.training_without(rows)
        decision = self.explainer.decide(kept, self.row, self.question, y)
        return Verified(
            decision=decision,
            flipped=decision.flipped,
            irreducible=self._irreducible(rows) if self.options.refine else None,
            put_back=tuple(map(self.question.confidence, self._put_back(rows))),
            by=self.explainer.description,
            seconds=time.perf_counter() - began,
        )

    def _put_back(self, rows: Rows) -> list[float]:
        """Margins with each row put back alone; empty where not all of them were refitted."""
        if len(rows) == 1:
            says = self.explainer.says(self.explainer.refitted[0], self.row)
            return [self.question.decision(says).margin]
        margins = [self.trials.known(_without(rows, row)) for row in rows]
        known = [margin for margin in margins if margin is not None]
        return known if len(known) == len(rows) else []

    def _irreducible(self, rows: Rows) -> bool | None:
        """None where not every row was put back."""
        margins = self._put_back(rows)
        return not any(map(self.trials.flips, margins)) if margins else None

    def _spend(self, share: float) -> None:
        """Let the refits go on up to this share of the budget."""
        self.trials.most = max(1, math.ceil(share * self.most))
        self.trials.until = self.began + share * (self.options.max_seconds or math.inf)

    def _seconds(self) -> float:
        return time.perf_counter() - self.began


STRAY = (
    " Refitted once more without the set, the model decides as before: it is not the same from "
    "one refit to the next. Fix what is random in it."
)


def _rows(size: int) -> str:
    return "1 row flips" if size == 1 else f"{size} rows flip"


def _without(rows: Rows, row: int) -> Rows:
    return tuple(other for other in rows if other != row)
