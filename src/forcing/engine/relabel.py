"""Rows that get another label instead of leaving (Yang, Jain and Wallace, 2023).

Everything that removes rows (the search, refinement, refits) says which ones by their weights,
zero for a row that is out. Here a row that is out counts with its other label, so that all of it
answers the second question as well: what is linear in "out or not" is the difference of the two
losses, and that of the other label is there anyway.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields, replace
from functools import cached_property

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, indices, widened
from forcing.engine.fitting import Fit
from forcing.engine.objective import LinearObjective
from forcing.engine.problem import Problem

RELABEL = "relabel"
"""The method of that name."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Relabelled(LinearObjective):
    """P(theta) = sum_i [s_i loss(f_i, y'_i) + kept_i (loss(f_i, y_i) - loss(f_i, y'_i))] + ...

    With kept_i = s_i row i has its own label y_i, with 0 the other one, y'_i. Losses and slopes
    of a row are those differences; of a logistic loss and a squared one they have no curvature.
    """

    others: Array
    """(n,) or (n, K): y'."""

    @cached_property
    def _changed(self) -> LinearObjective:
        """The same objective with all labels changed."""
        given = {f.name: getattr(self, f.name) for f in fields(LinearObjective)}
        return LinearObjective(**given | {"labels": self.others})

    def row_losses(self, predictor: Array) -> Array:
        return super().row_losses(predictor) - self._changed.row_losses(predictor)

    def residuals(self, predictor: Array) -> Array:
        return super().residuals(predictor) - self._changed.residuals(predictor)

    def slopes(self, predictor: Array, kept: Array) -> Array:
        own, changed = super().residuals(predictor), self._changed.residuals(predictor)
        return self.each(kept) * own + self.each(self._rest(kept)) * changed

    def value(self, theta: Array, predictor: Array, kept: Array) -> Array:
        changed = self._changed.row_losses(predictor)
        rest = array_namespace(changed).sum(widened(self.weights, changed) * changed, axis=0)
        return super().value(theta, predictor, kept) + rest

    def hessian_weights(self, predictor: Array, kept: Array) -> Array:
        changed = self._changed.hessian_weights(predictor, self._rest(kept))
        return super().hessian_weights(predictor, kept) + changed

    def leaving_weights(self, predictor: Array, kept: Array) -> Array:
        changed = self._changed.hessian_weights(predictor, kept)
        return super().hessian_weights(predictor, kept) - changed

    def remaining_weight(self, predictor: Array, row: int) -> Array:
        here = slice(row, row + 1)
        curvature = self.loss.curvature(predictor[here, ...], self.others[here, ...])
        return self.each(self.weights[here]) * curvature

    def counted(self, kept: Array) -> Array:
        return self.each(widened(self.weights, kept)) > 0

    def _rest(self, kept: Array) -> Array:
        """Weights of the rows with their other label."""
        return widened(self.weights, kept) - kept


def relabelling(problem: Problem) -> Problem:
    """The same claim, where labels change and no row leaves.

    Of several classes a row gets the one that takes most from the margin at the optimum on the
    rows as they are, to first order.
    """
    objective = problem.objective
    xp = array_namespace(objective.labels)
    others = _most_effective(problem)
    given = {f.name: getattr(objective, f.name) for f in fields(LinearObjective)}
    labels = xp.take(_labels(problem), others, axis=0)
    relabelled = Relabelled(**given, others=labels)
    # With all labels as they are it is the same function, with the same factor.
    curvature = copy.copy(problem.fit.curvature)
    curvature.objective = relabelled
    fit = Fit(problem.fit.theta, problem.fit.predictor, problem.fit.kept, curvature)
    return replace(problem, objective=relabelled, fit=fit, others=others)


def _labels(problem: Problem) -> Array:
    """(K,) or (K, outputs): each class as the loss has it, which its first row tells."""
    xp, codes = array_namespace(problem.codes), problem.codes
    first = [int(xp.argmax(xp.astype(codes == k, xp.int64))) for k in range(len(problem.classes))]
    labels = problem.objective.labels
    return array_namespace(labels).take(labels, indices(first, labels), axis=0)


def _most_effective(problem: Problem) -> Array:
    """(n,): for each row the other class whose label lowers the margin most."""
    objective, fit = problem.objective, problem.fit
    xp = array_namespace(fit.theta)
    lever = objective.design.times(fit.inverse.solve(problem.direction(fit.theta)))
    own, table = objective.residuals(fit.predictor), _labels(problem)
    effects = []
    for k in range(len(problem.classes)):
        labels = 0.0 * objective.labels + table[k, ...]
        gain = own - objective.loss.slope(fit.predictor, labels)
        effect = objective.paired(gain, lever)
        effects.append(xp.where(problem.codes == k, xp.inf, effect))
    return xp.argmin(xp.stack(effects), axis=0)
