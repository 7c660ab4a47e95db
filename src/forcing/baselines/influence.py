"""Influence functions (Koh and Liang, 2017) on the margin."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.problem import Problem


def influence(problem: Problem) -> Array:
    """(n,): by how much the margin falls, to first order, when the row is left out.

    Leaving row i out moves the parameters by H^-1 s_i rho_i x_i and the margin by
    a_i s_i rho_i with a_i = x_i . H^-1 v; support is the negative of that. Koh and Liang's
    mean form has the same order.
    """
    objective, fit = problem.objective, problem.fit
    lever = objective.design.times(fit.inverse.solve(problem.direction(fit.theta)))
    support = -fit.kept * objective.paired(objective.residuals(fit.predictor), lever)
    return support + array_namespace(support).zeros_like(support)  # no negative zeros
