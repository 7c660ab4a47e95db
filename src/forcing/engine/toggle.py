"""Many refits that differ from one fit in a single row each, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from array_api_compat import array_namespace

from forcing.engine.conjugate import Conjugate
from forcing.engine.fitting import DECREMENT, RESIDUAL, Fit, refit, step_lengths
from forcing.engine.problem import Problem
from forcing.records import Phase, Progress, Work

CHUNK = 32
"""Refits that run together, as columns of one matrix, """
TABLE = 2**24
"""where that has no more entries than this."""

MAX_STEPS = 12

SANE = 20.0
"""Change of a predictor beyond which a refit that has not converged starts afresh."""


def toggled_margins(
    problem: Problem, fit: Fit, rows: Sequence[int], phase: Phase
) -> Work[list[float]]:
    """The margins when one row alone changes sides: put back where `fit` leaves it out, left
    out where it does not; each at its own optimum, in the order of `rows`.
    """
    margins: list[float] = []
    wide = problem.objective.n_rows * max(1, problem.objective.outputs)
    size = max(1, min(CHUNK, TABLE // wide))
    for begin in range(0, len(rows), size):
        yield Progress(phase, begin, len(rows), "one row at a time")
        margins += _refit_together(problem, fit, rows[begin : begin + size])
    return margins


def _refit_together(problem: Problem, fit: Fit, rows: Sequence[int]) -> list[float]:
    """Newton's method in all columns at once, each with the Hessian of its own model; a column
    that does not arrive is refitted by itself.
    """
    objective = problem.objective
    xp = array_namespace(fit.theta)
    kept = xp.stack([fit.kept] * len(rows), axis=1)
    for column, row in enumerate(rows):
        kept[row, column] = problem.fit.kept[row] - fit.kept[row]
    theta = xp.stack([fit.theta] * len(rows), axis=-1)
    predictor = xp.stack([fit.predictor] * len(rows), axis=-1)
    axes, enough = tuple(range(theta.ndim - 1)), DECREMENT * DECREMENT
    for _ in range(MAX_STEPS):
        gradient = objective.gradient(theta, predictor, kept)
        weights = objective.hessian_weights(predictor, kept)
        step = -Conjugate(objective, weights, fit.curvature).solve(gradient, RESIDUAL)
        sizes = xp.sum(-gradient * step, axis=axes)
        change = objective.design.times(step)
        lengths = step_lengths(objective, kept, theta, predictor, step, change, sizes)
        theta = theta + lengths * step
        predictor = predictor + lengths * change
        if float(xp.max(sizes)) <= enough:
            break
    margins = []
    for column in range(len(rows)):
        reached = theta[..., column]
        if not 0.0 <= float(sizes[column]) <= enough:  # from where it is if that is sane
            there = Fit(reached, predictor[..., column], kept[:, column], fit.curvature)
            sane = float(xp.max(xp.abs(there.predictor - fit.predictor))) < SANE
            reached = refit(objective, there.kept, there if sane else fit).theta
        margins.append(problem.margin(reached))
    return margins
