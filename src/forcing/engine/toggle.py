"""Many refits that differ from one fit in a single row each, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, indices
from forcing.engine.fitting import DECREMENT, Fit, refit
from forcing.engine.problem import Problem
from forcing.engine.updates import leave_out
from forcing.records import Phase, Progress, Work

CHUNK = 32
"""Refits that run together, as columns of one matrix."""

MAX_STEPS = 12

SANE = 20.0
"""Change of a predictor beyond which a refit that has not converged starts afresh."""


def toggled_margins(
    problem: Problem, fit: Fit, rows: Sequence[int], phase: Phase
) -> Work[list[float]]:
    """The margins when one row alone changes sides: put back where `fit` leaves it out, left
    out where it does not; each at its own optimum, in the order of `rows`.

    Of one output the refits run as matrix products with one shared factor; one that does not
    contract is refitted by itself.
    """
    margins: list[float] = []
    together = fit.curvature.exact and not problem.objective.outputs
    size = CHUNK if together else 1
    for begin in range(0, len(rows), size):
        yield Progress(phase, begin, len(rows), "one row at a time")
        chunk = rows[begin : begin + size]
        margins += (
            _refit_together(problem, fit, chunk) if together else [_alone(problem, fit, chunk[0])]
        )
    return margins


def _alone(problem: Problem, fit: Fit, row: int) -> float:
    other = float(problem.fit.kept[row]) - float(fit.kept[row])
    return problem.margin(refit(problem.objective, leave_out(fit.kept, row, other), fit).theta)


def _refit_together(problem: Problem, fit: Fit, rows: Sequence[int]) -> list[float]:
    objective = problem.objective
    xp = array_namespace(fit.theta)
    members = indices(rows, fit.theta)
    kept = xp.stack([fit.kept] * len(rows), axis=1)
    for column, row in enumerate(rows):
        kept[row, column] = problem.fit.kept[row] - fit.kept[row]
    own_rows = objective.design.rows(rows).T
    before = xp.take(objective.hessian_weights(fit.predictor, fit.kept), members)
    inverse = fit.inverse
    solved = inverse.solve(own_rows)
    leverage = xp.sum(own_rows * solved, axis=0)
    theta = xp.stack([fit.theta] * len(rows), axis=1)
    predictor = xp.stack([fit.predictor] * len(rows), axis=1)
    enough = DECREMENT * DECREMENT
    for _ in range(MAX_STEPS):
        gradient = objective.gradient(theta, predictor, kept)
        step = -inverse.solve(gradient)
        # Each column has one row that the shared Hessian lacks, or has too much (Sherman-Morrison).
        change = _own(objective.hessian_weights(predictor, kept), rows) - before
        factor = change * xp.sum(own_rows * step, axis=0) / (1.0 + change * leverage)
        step = step - factor * solved
        sizes = xp.sum(-gradient * step, axis=0)
        theta = theta + step
        predictor = predictor + objective.design.times(step)
        if float(xp.max(sizes)) <= enough:
            break
    margins = []
    for column in range(len(rows)):
        reached = theta[:, column]
        if not 0.0 <= float(sizes[column]) <= enough:  # from where it is if that is sane
            there = Fit(reached, predictor[:, column], kept[:, column], fit.curvature)
            sane = float(xp.max(xp.abs(there.predictor - fit.predictor))) < SANE
            reached = refit(objective, there.kept, there if sane else fit).theta
        margins.append(problem.margin(reached))
    return margins


def _own(table: Array, rows: Sequence[int]) -> Array:
    """(k,): entry (rows[j], j) of each column."""
    xp = array_namespace(table)
    return xp.stack([table[row, column] for column, row in enumerate(rows)])
