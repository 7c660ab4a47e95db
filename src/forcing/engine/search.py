"""Algorithm 1 as a generator of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, count, indices
from forcing.engine.counterfactual import Counterfactual, Iterate, counterfactual
from forcing.engine.fitting import Fit
from forcing.engine.problem import Problem
from forcing.engine.updates import UPDATES, begin, drift_free
from forcing.records import Step

Exit: TypeAlias = Literal["flip", "loss-gap", "likelihood-ratio"]

CHI2_1_95 = 3.841458820694124
"""The 95 % quantile of chi-squared with one degree of freedom."""


SHARE = 0.5
"""Of the margin that is left, which rows that leave together are to take, """
SHARED = 256
"""and how many they may be."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How Algorithm 1 is read."""

    method: str = "mfs"
    exit: Exit = "flip"
    delta: float = 1e-3
    """For exit "loss-gap": end where L(counterfactual) - L(model) is below, in nats (the
    paper's condition; as printed, L(c) + delta < L, it can never hold)."""
    slack: float = 0.0
    """epsilon of eq. 2: how far beyond the decision line the opposite decision has to be."""
    qp_steps: int = 1
    """Quadratic programmes per counterfactual; 1 is eq. 4, more go to the optimum of eq. 2."""


def search(problem: Problem, fit: Fit, limit: int, options: SearchOptions) -> Iterator[Step]:
    """Remove rows from `fit` until the claim falls; ends early where no row supports it.

    Line numbers are those of Algorithm 1. The rows that `fit` leaves out already count as
    removed; `limit` is the size of the set, not the number of further steps.
    """
    update, ended = UPDATES[options.method], exit_condition(options)
    removed = count((fit.kept == 0) & (problem.fit.kept > 0))
    model = begin(problem, fit)  # 2
    opposite = _opposite(problem, model, options)  # 4
    while removed < limit:  # 3
        rows = select(problem, model, opposite, limit - removed)  # 5
        if not rows:
            return
        falls = _falls(problem, model, rows)
        before, model = model, update(problem, model, rows)  # 6, 7, 8
        opposite = _opposite(problem, model, options)  # 4 of the next round
        margins = _on_the_way(problem.margin(before.theta), problem.margin(model.theta), falls)
        for row, margin in zip(rows, margins, strict=True):
            removed += 1
            step = problem.step(removed, row, margin, opposite.loss_gap)
            yield step
            if ended(step):  # 9
                return


def select(problem: Problem, model: Iterate, opposite: Counterfactual, most: int = 1) -> list[int]:
    """The row that the counterfactual violates most (eq. 3), ties to the lowest position; none
    where removing any row would only strengthen the claim.

    Where a solve takes long, the next ones too, up to half of what the first order asks for: they
    share one update.
    """
    xp = array_namespace(model.kept)
    scores = _violations(problem, model, opposite)
    scores = xp.where(problem.removable(model.kept), scores, -xp.inf)
    if not problem.objective.is_large:
        best = int(xp.argmax(scores))
        return [best] if float(scores[best]) > 0 else []
    spare = min([most, *(count(c) - 1 for c in problem.classes_of(model.kept))])
    order = xp.argsort(-scores, stable=True)[: min(SHARED, spare)]
    rows = [int(row) for row in order if float(scores[row]) > 0]
    left, taken = SHARE * problem.margin(model.theta), 0
    for fall in _falls(problem, model, rows):
        taken, left = taken + 1, left - fall
        if left <= 0:
            break
    return rows[:taken]


def _falls(problem: Problem, model: Iterate, rows: Sequence[int]) -> list[float]:
    """What each row takes from the margin when it leaves, to first order."""
    xp, objective = array_namespace(model.kept), problem.objective
    slopes = objective.leaving_slopes(model.predictor, model.kept)
    pull = objective.paired(slopes, model.lever_predictor)
    return [-float(f) for f in xp.take(pull, indices(rows, pull))] if rows else []


def _on_the_way(before: float, after: float, falls: Sequence[float]) -> list[float]:
    """Margins after each of the rows that left together, in proportion to what each takes."""
    if len(falls) == 1:
        return [after]
    share, total = 0.0, sum(falls)
    margins = []
    for place, fall in enumerate(falls, start=1):
        share += fall / total if total > 0 else 1.0 / len(falls)
        margins.append(after if place == len(falls) else before + share * (after - before))
    return margins


def exit_condition(options: SearchOptions) -> Callable[[Step], bool]:
    """Section III A b. The flip always ends the search: there is nothing left to explain."""

    def flipped(step: Step) -> bool:
        return step.margin < -options.slack

    if options.exit == "loss-gap":
        return lambda step: flipped(step) or step.loss_gap < options.delta
    if options.exit == "likelihood-ratio":
        return lambda step: flipped(step) or 2 * step.loss_gap < CHI2_1_95
    return flipped


def follow(
    problem: Problem, order: Iterable[int], options: SearchOptions, among: bool = False
) -> Iterator[Step]:
    """Remove the rows of `order` one after the other, with drift-free updates, and stop at nothing.

    With `among`, the order is eq. 3's among these rows: each time the one violated most. Where a
    solve takes long they leave together, in the order of what they take to first order.
    """
    waiting = [int(i) for i in order]
    model = begin(problem, problem.fit)
    opposite = _opposite(problem, model, options)
    number = 0
    while waiting:
        if among and problem.objective.is_large:
            pulls = sorted(zip(_falls(problem, model, waiting), waiting, strict=True), reverse=True)
            rows = [row for _, row in pulls]
        else:
            rows = [_most_violated(problem, model, opposite, waiting) if among else waiting[0]]
        for row in rows:
            waiting.remove(row)
        falls = _falls(problem, model, rows)
        before, model = model, drift_free(problem, model, rows)
        opposite = _opposite(problem, model, options)
        margins = _on_the_way(problem.margin(before.theta), problem.margin(model.theta), falls)
        for row, margin in zip(rows, margins, strict=True):
            number += 1
            yield problem.step(number, row, margin, opposite.loss_gap)


def _most_violated(
    problem: Problem, model: Iterate, opposite: Counterfactual, rows: Sequence[int]
) -> int:
    xp = array_namespace(model.kept)
    violation = _violations(problem, model, opposite)
    return rows[int(xp.argmax(xp.take(violation, indices(rows, violation))))]


def _violations(problem: Problem, model: Iterate, opposite: Counterfactual) -> Array:
    """(n,): what the counterfactual adds to each row's loss (the bracket of eq. 3)."""
    objective = problem.objective
    added = objective.row_losses(opposite.predictor) - objective.row_losses(model.predictor)
    return model.kept * added


def _opposite(problem: Problem, model: Iterate, options: SearchOptions) -> Counterfactual:
    return counterfactual(problem, model, slack=options.slack, qp_steps=options.qp_steps)
