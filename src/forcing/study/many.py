"""What became of each of many targets: side by side where the engine can, else one by one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forcing.engine.arrays import on_host
from forcing.engine.batch import Found, smallest_sets
from forcing.engine.bounds import lower_bound
from forcing.engine.problem import Problem
from forcing.engine.refine import Candidate
from forcing.errors import ConvergenceError, TrainingMismatchError
from forcing.records import (
    Bound,
    Claim,
    End,
    Event,
    Progress,
    Refined,
    Stability,
    Start,
    Status,
    Step,
    Tally,
    Verified,
    Work,
    finished,
)
from forcing.study.options import LARGEST_SHARE, RunOptions
from forcing.study.run import Run, Tables
from forcing.study.verification import TIE, Verifier


@dataclass(frozen=True, slots=True)
class Outcome:
    """One target of an audit: an `Explanation` without its story."""

    claim: Claim | None
    """None where the target could not even be asked about."""
    status: Status
    reason: str
    supports: tuple[int, ...] = ()
    """Row positions of the set, the strongest first where put-backs were refitted side by side;
    empty where none was found."""
    verified: bool | None = None
    """Whether the user's estimator, refitted without the set, decides otherwise."""
    irreducible: bool | None = None
    lower_bound: int | None = None
    seconds: float = 0.0
    """Its own, and its share of what was done for many together."""
    stability: float | None = None
    """Share of the retrainings on all rows that decide as the model does; None, like the next two,
    where training repeats itself or was not done again."""
    agreement: float | None = None
    """Share of fresh retrainings without the set that decide otherwise; where no set passed this
    test, of the last one that was put to it."""
    control: float | None = None
    """Share of retrainings without as many random rows of the same classes that do."""
    alike: bool = False
    """Whether the control cannot be told from the set: any rows of these classes may do."""
    candidates: int = 1
    """How many sets were put to the test of fresh retrainings, where any was."""

    @property
    def flipped(self) -> bool:
        return self.status == "flipped" if self.verified is None else self.verified


def gathered(events: Iterable[Event], until: float) -> Outcome:
    """The outcome of a run of one target, which is cancelled at `until` of `time.time`."""
    began = time.perf_counter()
    claim: Claim | None = None
    steps: list[Step] = []
    stable: Stability | None = None
    verified: Verified | None = None
    bound: int | None = None
    end = End("cancelled", LATE, 0.0)
    for event in events:
        match event:
            case Start():
                claim = event.claim
            case Stability():
                stable = event
            case Step():  # a set that only the user's estimator flips is not refined
                steps.append(event)
            case Refined():
                steps = list(event.steps)
            case Verified():
                verified = event
            case Bound():
                bound = event.rows
            case End():
                end = event
        if time.time() > until:
            break
    flipped = end.status == "flipped"
    return Outcome(
        claim=claim,
        status=end.status,
        reason=end.reason,
        supports=tuple(step.row for step in steps) if flipped else (),
        verified=verified.flipped if verified is not None else None,
        irreducible=verified.irreducible if verified is not None and flipped else None,
        lower_bound=bound,
        seconds=time.perf_counter() - began,
        stability=None if stable is None else 1.0 - stable.tally.share,
        agreement=None if verified is None else _share(verified.agreement),
        control=None if verified is None else _share(verified.control),
        alike=verified is not None and verified.alike,
        candidates=1 if verified is None else verified.candidates,
    )


def _share(tally: Tally | None) -> float | None:
    return None if tally is None else tally.share


def one_by_one(
    events: Callable[[Any], Generator[Event, None, None]], targets: Sequence[Any], until: float
) -> Work[list[Outcome]]:
    """Each target by a run of its own, which heeds the time itself: what it found counts."""
    outcomes = []
    for number, x in enumerate(targets):
        yield Progress("search", number, len(targets), "one by one")
        if time.time() > until:
            outcomes.append(Outcome(None, "cancelled", LATE))
            continue
        try:
            run = events(x)
        except (TrainingMismatchError, ValueError) as error:
            outcomes.append(Outcome(None, "failed", str(error)))
            continue
        outcomes.append(gathered(run, math.inf))
        run.close()
    return outcomes


def side_by_side(
    asked: Sequence[Problem | Exception],
    verifiers: Sequence[Verifier],
    options: RunOptions,
    tables: Tables,
    until: float,
) -> Work[list[Outcome]]:
    """Sets found by products of matrices; a target that they do not settle gets its own run."""
    began = time.perf_counter()
    good = [t for t, problem in enumerate(asked) if isinstance(problem, Problem)]
    problems = [p for p in asked if isinstance(p, Problem) and _weighs_something(p)]
    able = [t for t in good if any(asked[t] is p for p in problems)]
    found: dict[int, Found] = {}
    if problems:
        own_line = verifiers[0].refit is None  # else the objective's is not the one that counts
        work = smallest_sets(
            problems, options.limit, TIE, refine=options.refine, check=own_line, until=until
        )
        found = dict(zip(able, (yield from work), strict=True))
    shared = (time.perf_counter() - began) / max(1, len(asked))
    outcomes = []
    for t, problem in enumerate(asked):
        yield Progress("verify", t, len(asked), "your estimator, target by target")
        if isinstance(problem, Exception):
            outcomes.append(Outcome(None, "failed", str(problem)))
            continue
        outcome = _settled(problem, found.get(t), verifiers[t], options, tables)
        if outcome is None:
            outcome = gathered(Run(problem, options, verifiers[t], tables).events(), until)
        outcomes.append(replace(outcome, seconds=outcome.seconds + shared))
    return outcomes


def _weighs_something(problem: Problem) -> bool:
    return any(bool(np.any(on_host(d))) for d in problem.directions)


def _settled(
    problem: Problem, found: Found | None, verifier: Verifier, options: RunOptions, tables: Tables
) -> Outcome | None:
    """None where the target needs a run of its own."""
    began = time.perf_counter()
    if found is None:
        return None
    if found.cut_short:
        return Outcome(problem.claim, "cancelled", LATE)
    asked_for_less = options.limit < int(LARGEST_SHARE * problem.objective.n_rows)
    if found.best is None:
        if asked_for_less and found.tried >= options.limit:
            reason = f"Without {found.tried} rows, the most allowed, the decision is the same."
            return Outcome(problem.claim, "limit", reason)
        return None
    best = found.best
    try:
        verified = None
        if options.verify:
            decision, _, _ = verifier.decide(problem, best.rows, best.fit.theta)
            verified = decision.margin < -TIE
            if not verified:
                return None
        bound = _bound(problem, tables, len(best.rows)) if options.bound else None
    except ConvergenceError:
        return None
    what = "1 row flips" if len(best.rows) == 1 else f"{len(best.rows)} rows flip"
    return Outcome(
        claim=problem.claim,
        status="flipped",
        reason=f"{what} the decision.",
        supports=_strongest_first(best),
        verified=verified,
        irreducible=found.irreducible,
        lower_bound=bound,
        seconds=time.perf_counter() - began,
    )


def _strongest_first(best: Candidate) -> tuple[int, ...]:
    """By how far each row, put back alone, lifts the margin; by position where nobody asked."""
    back = best.put_back or (0.0,) * len(best.rows)
    ranked = sorted(zip(back, best.rows, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return tuple(row for _, row in ranked)


def _bound(problem: Problem, tables: Tables, at_most: int) -> int:
    return finished(lower_bound(problem, tables.get(problem), at_most)).rows


LATE = "The time ran out."
