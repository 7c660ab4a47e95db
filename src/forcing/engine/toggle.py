"""Many refits that differ from one fit in a single row each, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace

from forcing.engine.fitting import DECREMENT, Fit, inverse_hessian
from forcing.engine.problem import Problem
from forcing.records import Phase, Progress

CHUNK = 32
"""Refits that run together, as columns of one matrix."""

MAX_STEPS = 30


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
    columns = len(rows)
    labels, penalty = objective.labels[:, None], objective.penalty[:, None]
    kept = xp.stack([fit.kept] * columns, axis=1)
    for column, row in enumerate(rows):
        kept[row, column] = problem.fit.kept[row] - fit.kept[row]
    theta = xp.stack([fit.theta] * columns, axis=1)
    predictor = xp.stack([fit.predictor] * columns, axis=1)
    inverse = inverse_hessian(fit)
    enough = DECREMENT * DECREMENT
    largest = float("inf")
    for _ in range(MAX_STEPS):
        slopes = kept * objective.loss.slope(predictor, labels)
        gradient = objective.design.T @ slopes + penalty * theta
        step = -inverse.solve(gradient)
        sizes = xp.sum(-gradient * step, axis=0)
        theta = theta + step
        predictor = predictor + objective.design @ step
        previous, largest = largest, float(xp.max(sizes))
        if largest <= enough or not largest <= previous:
            break
    out = {int(i) for i in xp.nonzero((fit.kept == 0) & (problem.fit.kept > 0))[0]}
    return [
        problem.margin(theta[:, column])
        if float(sizes[column]) <= enough
        else problem.margin(problem.refit(sorted(out ^ {row}), fit).theta)
        for column, row in enumerate(rows)
    ]
