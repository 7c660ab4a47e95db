"""Is every row of a set needed? Each put back alone, and the model refitted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, indices
from forcing.engine.columns import Columns, inner, is_known
from forcing.engine.fitting import RESIDUAL, Fit
from forcing.engine.problem import Problem

ROUGH = 3e-3
"""Residual of the levers, which say which rows to try and never whether they flip."""

MAX_STEPS = 12

SHRINKS = 0.5
"""Share of the step before that a step may have for its successors to be told from it."""

CHUNK = 64
"""Put-backs that are refitted together."""


class PutBack:
    """Refits of one target's set with a single row of it back, side by side.

    For objectives of one output: there one row more is a matrix of rank one more.
    """

    def __init__(self, problem: Problem, fit: Fit, rows: Sequence[int], decisive: float) -> None:
        objective = problem.objective
        xp = array_namespace(fit.theta)
        self.problem, self.fit, self.rows, self.decisive = problem, fit, rows, decisive
        self._members = indices(rows, fit.theta)
        self._block = objective.design.rows(rows).T  # (p, k)
        direction = problem.direction(fit.theta)
        self._weights = xp.take(problem.fit.kept, self._members)
        lever = fit.inverse.solve(direction, ROUGH)
        self._norm = math.sqrt(max(float(xp.sum(direction * lever)), 0.0))
        self._solved = fit.inverse.solve(self._block, ROUGH)

    def margins(self) -> list[float]:
        """In the order of the rows; NaN where no optimum was in reach.

        The first step is that of the quadratic model, whose gradient is the returning row's
        alone; after it one gradient nearly always says that the side of the line is known: in the
        norm of the inverse in use, which need not be exact, a step moves the margin by at most its
        decrement times that of the target, and steps that shrink by q add up to q / (1 - q) more.
        """
        objective = self.problem.objective
        waiting = list(range(len(self.rows)))
        found: dict[int, float] = {}
        models, gradient = self._start(), self._first_gradient()
        before = [math.inf] * len(self.rows)
        for number in range(MAX_STEPS):
            step = self._step(models, gradient, waiting)
            squared = inner(-gradient, step)
            models.theta = models.theta + step
            left = []
            for column, place in enumerate(waiting):
                margin = self.problem.margin(models.theta[..., column])
                size = float(squared[column]) ** 0.5 if float(squared[column]) >= 0 else math.inf
                shrink = max(size / before[place], 0.1)
                reach = self._norm * shrink / (1.0 - shrink) if shrink < SHRINKS else math.inf
                before[place] = size
                if number > 0 and is_known(margin + self.decisive, size, reach):
                    found[place] = margin
                else:
                    left.append(column)
            if not left:
                break
            models.predictor = models.predictor + objective.design.times(step)
            if len(left) < len(waiting):
                models, waiting = models.only(left), [waiting[c] for c in left]
            gradient = objective.gradient(models.theta, models.predictor, models.kept)
        return [found.get(place, math.nan) for place in range(len(self.rows))]

    def _start(self) -> Columns:
        fit, k = self.fit, len(self.rows)
        models = Columns(*(_repeated(a, k) for a in (fit.theta, fit.predictor, fit.kept)))
        for column, row in enumerate(self.rows):
            models.kept[row, column] = self.problem.fit.kept[row]
        return models

    def _first_gradient(self) -> Array:
        """(p, k): at the optimum without the set, that of the returning row alone."""
        objective = self.problem.objective
        xp = array_namespace(self._block)
        slopes = xp.take(objective.residuals(self.fit.predictor), self._members, axis=0)
        return self._block * (self._weights * slopes)

    def _step(self, models: Columns, gradient: Array, waiting: Sequence[int]) -> Array:
        objective = self.problem.objective
        xp = array_namespace(gradient)
        step = -self.fit.inverse.solve(gradient, RESIDUAL)
        # Each column has one row that the inverse lacks (Sherman-Morrison).
        at = indices(waiting, gradient)
        own, solved = xp.take(self._block, at, axis=1), xp.take(self._solved, at, axis=1)
        ours = [models.predictor[self.rows[place], j] for j, place in enumerate(waiting)]
        members = xp.take(self._members, at)
        labels = xp.take(objective.labels, members)
        c = xp.take(self._weights, at) * objective.loss.curvature(xp.stack(ours), labels)
        factor = c * xp.sum(own * step, axis=0) / (1.0 + c * xp.sum(own * solved, axis=0))
        return step - factor * solved


def _repeated(a: Array, times: int) -> Array:
    xp = array_namespace(a)
    return xp.asarray(xp.broadcast_to(a[..., None], (*a.shape, times)), copy=True)
