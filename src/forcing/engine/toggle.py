"""Many refits that differ from one fit in a single row each, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.columns import Columns
from forcing.engine.fitting import DECREMENT, Fit, refit
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
    """A column that does not arrive is refitted by itself."""
    objective = problem.objective
    xp = array_namespace(fit.theta)
    models = Columns.of([fit] * len(rows), [_toggled(problem, fit, row) for row in rows])
    for _ in range(MAX_STEPS):
        sizes = models.newton_step(objective, fit)
        if float(xp.max(sizes)) <= DECREMENT:
            break
    margins = []
    for column in range(len(rows)):
        reached = models.fit(column, fit)
        if not float(sizes[column]) <= DECREMENT:  # from where it is if that is sane
            sane = float(xp.max(xp.abs(reached.predictor - fit.predictor))) < SANE
            start = reached if sane else fit
            reached = refit(objective, reached.kept, start)
        margins.append(problem.margin(reached.theta))
    return margins


def _toggled(problem: Problem, fit: Fit, row: int) -> Array:
    """(n,): the weights with this row on the other side."""
    kept = array_namespace(fit.kept).asarray(fit.kept, copy=True)
    kept[row] = problem.fit.kept[row] - fit.kept[row]
    return kept
