"""Many refits that differ from one fit in a single row each, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.fitting import DECREMENT, Fit, refit
from forcing.engine.problem import Problem
from forcing.records import Phase, Progress

CHUNK = 32
"""Refits that run together, as columns of one matrix."""

MAX_STEPS = 12

SANE = 20.0
"""Change of a predictor beyond which a refit that has not converged starts afresh."""


def toggled_margins(
    problem: Problem, fit: Fit, rows: Sequence[int], phase: Phase
) -> Iterator[Progress | list[float]]:
    """The margins when one row alone changes sides: put back where `fit` leaves it out, left
    out where it does not; each at its own optimum.

    The refits run as matrix products with one shared factor; one that does not contract is
    refitted by itself. Yields progress, and the margins, in the order of `rows`, last.
    """
    margins: list[float] = []
    for begin in range(0, len(rows), CHUNK):
        yield Progress(phase, begin, len(rows), "one row at a time")
        margins += _refit_together(problem, fit, rows[begin : begin + CHUNK])
    yield margins


def _refit_together(problem: Problem, fit: Fit, rows: Sequence[int]) -> list[float]:
    objective = problem.objective
    xp = array_namespace(fit.theta)
    labels, penalty = objective.labels[:, None], objective.penalty[:, None]
    members = xp.asarray(list(rows))
    kept = xp.stack([fit.kept] * len(rows), axis=1)
    for column, row in enumerate(rows):
        kept[row, column] = problem.fit.kept[row] - fit.kept[row]
    own_rows = xp.take(objective.design, members, axis=0).T
    before = xp.take(objective.hessian_weights(fit.predictor, fit.kept), members)
    inverse = fit.inverse
    solved = inverse.solve(own_rows)
    leverage = xp.sum(own_rows * solved, axis=0)
    theta = xp.stack([fit.theta] * len(rows), axis=1)
    predictor = xp.stack([fit.predictor] * len(rows), axis=1)
    enough = DECREMENT * DECREMENT
    for _ in range(MAX_STEPS):
        gradient = objective.design.T @ (kept * objective.loss.slope(predictor, labels))
        gradient = gradient + penalty * theta
        step = -inverse.solve(gradient)
        # Each column has one row that the shared Hessian lacks, or has too much (Sherman-Morrison).
        change = _own(kept * objective.loss.curvature(predictor), rows) - before
        factor = change * xp.sum(own_rows * step, axis=0) / (1.0 + change * leverage)
        step = step - factor * solved
        sizes = xp.sum(-gradient * step, axis=0)
        theta = theta + step
        predictor = predictor + objective.design @ step
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
