"""One run: search, confirm, refine, verify, bound, rank; as one stream of records."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias, TypeVar

import numpy as np

from forcing.baselines import follow_up, longest_prefix, rank
from forcing.engine.arrays import Array, on_host
from forcing.engine.bounds import BoundTables, LowerBound, bound_tables, lower_bound
from forcing.engine.fitting import Fit
from forcing.engine.problem import Problem
from forcing.engine.refine import Candidate, Refinement
from forcing.engine.search import SearchOptions, exit_condition, follow, search
from forcing.engine.updates import UPDATES
from forcing.errors import ConvergenceError
from forcing.records import Bound, End, Event, Progress, Refined, Start, Status, Step, Verified
from forcing.study.options import LARGEST_SHARE, RunOptions
from forcing.study.retrainings import unstable
from forcing.study.user_verdict import UserVerdict
from forcing.study.verification import TIE, Verifier

STARTS = ("influence", "representer")
"""Baselines whose prefixes are further starts of the search for a set."""

SMALL, FEW = 1_000_000, 40
"""Numbers in the design, and rows of a set, up to which the model is refitted after each row."""

NEAR = 1e-5
"""Decrement of the parameters that the user's estimator starts from, in a large problem."""

T = TypeVar("T")
Stage: TypeAlias = Generator[Event, None, T]
"""Part of a run: yields records, returns what the next part needs."""


class Run:
    """One target, explained. `events` is the whole story; closing it stops the work."""

    def __init__(
        self,
        problem: Problem,
        options: RunOptions,
        verifier: Verifier,
        tables: Tables,
        verdict: UserVerdict | None = None,
    ) -> None:
        self.problem = problem
        self.options = options
        self.verifier = verifier
        self.tables = tables
        self.verdict = verdict
        """The user's own training, where that has the last word."""
        self.began = time.perf_counter()
        self.late = False
        """Whether the time ran out, so that something is missing."""

    def events(self) -> Generator[Event, None, None]:
        options = self.options
        yield Start(self.problem.claim, options.search.method, options.limit, options.baselines)
        try:
            yield from self._estimate()
            if self.verdict is not None and options.verify:
                stable = yield from self.verdict.stability()
                if stable is not None:
                    yield stable
                    if (why := unstable(stable)) is not None:
                        yield End("unstable", why, self._seconds())
                        return
            found = yield from self._forcing_set()
        except ConvergenceError as error:  # the steps that were told stay
            yield End("failed", str(error), self._seconds())
            return
        reason = found.reason
        try:
            if options.bound and found.status != "unflippable" and not self._is_late():
                proved = yield from self._bound(found)
                if proved.single is not None and len(found.rows) > 1 and found.status == "flipped":
                    found = yield from self._alone(proved.single, found)
            reach = max(8, int(1.3 * len(found.rows)))
            for name in options.baselines:
                if self._is_late():
                    break
                ranking = rank(self.problem, name, options.seed)
                yield (yield from follow_up(self.problem, ranking, reach, self._cap()))
        except ConvergenceError as error:  # and so does the set
            reason = f"{reason} What should have followed is missing: {error}"
        if self.late:
            over = f"the {options.max_seconds:g} seconds allowed were over"
            reason = f"{reason} What should have followed is missing: {over}."
        yield End(found.status, reason, self._seconds())

    def _is_late(self) -> bool:
        most = self.options.max_seconds
        self.late = self.late or (most is not None and self._seconds() > most)
        return self.late

    def _estimate(self) -> Iterator[Progress]:
        """What is ahead, where it is long enough to be worth a word."""
        objective = self.problem.objective
        if objective.is_large:
            began = time.perf_counter()
            objective.design.times(self.problem.fit.theta)
            seconds = time.perf_counter() - began
            yield Progress(
                "prepare",
                0,
                None,
                f"a pass over the rows takes {seconds:.2g} s; a set takes hundreds",
            )

    def _forcing_set(self) -> Stage[_Found]:
        """Remove rows until the decision flips and, if asked, the user's estimator agrees."""
        problem = self.problem
        if not any(np.any(on_host(d)) for d in problem.directions):
            return _Found("unflippable", "The target has nothing that the model weighs.", ())
        options = replace(self.options.search, slack=max(self.options.search.slack, TIE))
        candidate = Candidate((), problem.fit, problem.claim.margin)
        steps: list[Step] = []
        while True:
            if candidate.margin >= -options.slack:
                before, ended = len(steps), exit_condition(options)
                for step in self._steps(candidate.fit, options):
                    steps.append(step)
                    yield step
                    if self._is_late():
                        break
                candidate = self._refit(steps, candidate.fit, options)
                if candidate.margin >= -options.slack:
                    if self._is_late():
                        return (yield from self._not_flipped(candidate))
                    if len(steps) == before or not ended(steps[-1]):
                        return (yield from self._other_starts(steps, candidate, options))
                    if steps[-1].margin >= -options.slack:
                        return (yield from self._exited(candidate, steps[-1].loss_gap))
                    continue  # the updates had it flipped, the optimum has not: go on from there
            refined, verified = yield from self._checked(steps, candidate, options)
            if verified is None or verified.flipped:
                return (yield from self._flipped(refined, verified))
            if self.verdict is not None and self.verdict.over:
                return (yield from self._failed(refined, verified))
            # The user's estimator disagrees: ask for a flip that is clearer by the difference.
            reached = refined.steps[-1].margin
            slack = 2 * max(options.slack, abs(verified.decision.margin - reached))
            if self.verdict is not None and self.verdict.varies:
                slack = max(options.slack, 1.1 * self.verdict.short - reached)
            options = replace(options, slack=slack)

    def _flipped(self, refined: Refined, verified: Verified | None) -> Stage[_Found]:
        yield refined
        if verified is not None:
            yield verified
        rows = _rows(refined.steps)
        noun = "row" if self.problem.others is None else "changed label"
        what = f"1 {noun} flips" if len(rows) == 1 else f"{len(rows)} {noun}s flip"
        return _Found("flipped", f"{what} the decision.", rows)

    def _failed(self, refined: Refined, verified: Verified) -> Stage[_Found]:
        """No set passed the test of the user's own trainings, and no further one could."""
        yield refined
        yield verified
        return _Found("limit", _of_own_training(verified), _rows(refined.steps))

    def _other_starts(
        self, steps: list[Step], greedy: Candidate, options: SearchOptions
    ) -> Stage[_Found]:
        """Where the greedy search ended without a flip: the baselines' prefixes, then exchanges.

        Each removal was the best next one; a set may flip all the same.
        """
        refines = self.options.refine and options.method in UPDATES
        for start in self._starts(greedy, options) if refines else ():
            if isinstance(start, Progress):
                yield start
                continue
            refined, verified = yield from self._checked(steps, start, options)
            if verified is None or verified.flipped:
                return (yield from self._flipped(refined, verified))
        return (yield from self._not_flipped(greedy))

    def _starts(self, greedy: Candidate, options: SearchOptions) -> Iterator[Progress | Candidate]:
        refinement = Refinement(self.problem, options.slack)
        for name in STARTS:
            ranking = rank(self.problem, name)
            ranking = yield from follow_up(self.problem, ranking, 0, self.options.limit)
            if ranking.flips_at is not None:
                rows = tuple(int(i) for i in ranking.rows[: ranking.flips_at])
                candidate = refinement.refit(rows, self.problem.fit)
                if refinement.flips(candidate.margin):
                    yield candidate
        if greedy.rows:
            for improved in refinement.improve(greedy):
                if isinstance(improved, Progress) or refinement.flips(improved.margin):
                    yield improved

    def _steps(self, fit: Fit, options: SearchOptions) -> Iterator[Step]:
        """Of Algorithm 1; of a baseline's order where the method is one."""
        limit = self.options.limit
        if options.method in UPDATES:
            yield from search(self.problem, fit, limit, options)
            return
        ended = exit_condition(options)
        ranking = rank(self.problem, options.method, self.options.seed)
        order = ranking.rows[: min(limit, longest_prefix(self.problem, ranking))]
        already = int(np.sum(on_host(self.problem.fit.kept - fit.kept) > 0))
        for step in follow(self.problem, order, options):
            if step.number > already:
                yield step
                if ended(step):
                    return

    def _refit(self, steps: list[Step], near: Fit, options: SearchOptions) -> Candidate:
        return Refinement(self.problem, options.slack).refit(_rows(steps), near)

    def _checked(
        self, steps: list[Step], found: Candidate, options: SearchOptions
    ) -> Stage[tuple[Refined, Verified | None]]:
        """Refine and verify a set that flips at the optimum of the objective."""
        began = time.perf_counter()
        refinement = Refinement(self.problem, options.slack)
        best = found
        if self.options.refine and self.options.search.method in UPDATES:
            more = len(found.rows) > 1
            orders = [rank(self.problem, name).rows.tolist() for name in STARTS] if more else []
            for item in refinement.run(found, orders):
                if isinstance(item, Progress):
                    yield item
                else:
                    best = item
                if self._is_late():
                    break
        ordered = yield from self._ordered(steps, best)
        refined = Refined(ordered, len(steps), time.perf_counter() - began)
        if not self.options.verify:
            return refined, None
        quick = self.options.refine or not self.problem.objective.is_large
        quick = quick and not self._is_late()
        if best.put_back is None and self.verifier.refit is None and quick:
            best = yield from refinement.put_back_each(best)
        if self.verdict is not None and self.verdict.varies:
            return refined, (yield from self.verdict.verified(best.rows))
        yield Progress("verify", 0, 1, "refit your estimator")
        return refined, self._verified(best, ordered)

    def _ordered(self, steps: list[Step], best: Candidate) -> Stage[tuple[Step, ...]]:
        """The set in order of removal, refitted after each row where that is soon done; the last
        step has the margin of the refit in any case, the others else those of the updates.
        """
        if set(best.rows) != set(_rows(steps)):
            steps = []
            for step in follow(self.problem, best.rows, self.options.search, among=True):
                steps.append(step)
                yield Progress("refine", len(steps), len(best.rows), "order of removal")
        margins = [step.margin for step in steps[:-1]] + [best.margin]
        n, p = self.problem.objective.design.shape
        if n * p * max(1, self.problem.objective.outputs) <= SMALL and len(steps) <= FEW:
            margins[:-1] = self._margins_on_the_way(_rows(steps), margins)
        confidence = self.problem.confidence
        return tuple(
            replace(step, margin=margin, confidence=confidence(margin))
            for step, margin in zip(steps, margins, strict=True)
        )

    def _margins_on_the_way(self, rows: tuple[int, ...], tracked: list[float]) -> list[float]:
        """After each row but the last, refitted; as tracked where the time or a class runs out."""
        fit, margins = self.problem.fit, []
        for size in range(1, len(rows)):
            margin = tracked[size - 1]
            if not self._is_late() and not self.problem.empties_a_class(rows[:size]):
                fit = self.problem.refit(rows[:size], fit)
                margin = self.problem.margin(fit.theta)
            margins.append(margin)
        return margins

    def _verified(self, best: Candidate, ordered: tuple[Step, ...]) -> Verified:
        decision, by, seconds = self.verifier.decide(self.problem, best.rows, self._near(best))
        flipped = decision.margin < -TIE
        if self.verifier.refit is not None or best.put_back is None:  # or its line is another
            return Verified(decision, flipped, None, (), by, seconds)
        margins = dict(zip(best.rows, best.put_back, strict=True))
        line = max(self.options.search.slack, TIE)
        return Verified(
            decision=decision,
            flipped=flipped,
            irreducible=all(m >= -line for m in margins.values()),
            put_back=tuple(self.problem.confidence(margins[s.row]) for s in ordered),
            by=by,
            seconds=seconds,
        )

    def _near(self, best: Candidate) -> Array | None:
        """Parameters for the user's estimator to start from, where a cold start takes minutes."""
        if not self.problem.objective.is_large:
            return None
        return self.problem.refit(best.rows, best.fit, NEAR).theta

    def _exited(self, candidate: Candidate, loss_gap: float) -> Stage[_Found]:
        """The loss gap closed before the decision flipped."""
        yield from self._verify_unflipped(candidate)
        reason = f"The loss gap fell to {loss_gap:.3g} nats before the decision flipped."
        return _Found("exited", reason, candidate.rows)

    def _not_flipped(self, candidate: Candidate) -> Stage[_Found]:
        """The rows ran out, or the limit was reached."""
        verified = yield from self._verify_unflipped(candidate)
        size = len(candidate.rows)
        nouns = "rows" if self.problem.others is None else "changed labels"
        if verified is not None and verified.flipped:
            slack = self.options.search.slack
            clearly = f", though not by {slack:g} log-odds" if slack else ""
            return _Found("flipped", f"{size} {nouns} flip the decision{clearly}.", candidate.rows)
        if verified is not None and verified.agreement is not None:
            return _Found("limit", _of_own_training(verified), candidate.rows)
        if size >= self.options.limit:
            with_them = (
                f"Without {size} rows" if self.problem.others is None else f"With {size} new labels"
            )
            reason = f"{with_them}, the most allowed, the decision is the same."
            return _Found("limit", reason, candidate.rows)
        if self.late:
            reason = f"After {size} {nouns} the decision is the same."
            return _Found("limit", reason, candidate.rows)
        reason = (
            "No set was found: no further row supports the decision."
            if self.options.search.method in UPDATES
            else "The order of the method is exhausted."
        )
        return _Found("unflippable", reason, candidate.rows)

    def _verify_unflipped(self, candidate: Candidate) -> Stage[Verified | None]:
        if not self.options.verify or not candidate.rows:
            return None
        if self.verdict is not None and self.verdict.varies:
            judged = yield from self.verdict.verified(candidate.rows)
            yield judged
            return judged
        yield Progress("verify", 0, 1, "refit your estimator")
        decision, by, seconds = self.verifier.decide(
            self.problem, candidate.rows, self._near(candidate)
        )
        verified = Verified(decision, decision.margin < -TIE, None, (), by, seconds)
        yield verified
        return verified

    def _alone(self, row: int, found: _Found) -> Stage[_Found]:
        """The proof of the bound met a single row that flips: a smaller set than was found."""
        candidate = Refinement(self.problem).refit((row,), self.problem.fit)
        refined, verified = yield from self._checked([], candidate, self.options.search)
        if verified is not None and not verified.flipped:
            return found
        return (yield from self._flipped(refined, verified))

    def _bound(self, found: _Found) -> Stage[LowerBound]:
        began = time.perf_counter()
        yield Progress("bound", 0, None)
        at_most = len(found.rows) if found.status == "flipped" else self.options.limit
        proved = yield from lower_bound(self.problem, self.tables.get(self.problem), at_most)
        yield Bound(proved.rows, time.perf_counter() - began)
        return proved

    def _cap(self) -> int:
        return max(self.options.limit, int(LARGEST_SHARE * self.problem.objective.n_rows))

    def _seconds(self) -> float:
        return time.perf_counter() - self.began


class Tables:
    """The bound's worst cases, made once for all targets of a study, when first asked for.

    They take several times the memory of the data, so only the studies that asked last keep
    theirs: in a notebook every cell with `%%mfs` makes a study, and results hold on to them.
    """

    _kept: ClassVar[deque[Tables]] = deque(maxlen=3)

    def __init__(self) -> None:
        self._made: list[BoundTables | None] = []

    def drop(self) -> None:
        self._made = []

    def get(self, problem: Problem) -> BoundTables | None:
        """None for a loss that has no bound."""
        made = self._made or [bound_tables(problem)]
        self._made = made
        with _lock:
            # The newest last; who leaves on the left makes them again if asked.
            if self in self._kept:
                self._kept.remove(self)
            elif len(self._kept) == self._kept.maxlen:
                self._kept[0].drop()
            self._kept.append(self)
        return made[0]


_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Found:
    status: Status
    reason: str
    rows: tuple[int, ...]


def _of_own_training(verified: Verified) -> str:
    """Why a set is not verified that was put to the test of the user's own trainings."""
    agreement, number = verified.agreement, verified.candidates
    counted = "" if agreement is None else f" {agreement.flips} of {agreement.of}"
    sets = "1 set was" if number == 1 else f"{number} sets were"
    return (
        f"{sets} put to the test of your own training; without the last one{counted} fresh "
        "trainings decide otherwise: it is not known that most would."
    )


def _rows(steps: list[Step] | tuple[Step, ...]) -> tuple[int, ...]:
    return tuple(step.row for step in steps)
