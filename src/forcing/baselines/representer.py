"""Representer points (Yeh et al., 2018)."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, widened
from forcing.engine.problem import Problem


def representer(problem: Problem) -> Array:
    """(n,): what each row contributes to the margin, alpha_i x_i . x*, signed by the claim.

    At the optimum the penalised weights are w = sum_i alpha_i x_i with
    alpha_i = -s_i rho_i / lambda, so the contributions add up to the margin less the
    threshold's log-odds and a free intercept, which is no sum over rows.
    """
    objective, fit = problem.objective, problem.fit
    xp = array_namespace(fit.theta)
    penalised = objective.penalty > 0
    scale = xp.where(penalised, 1.0 / xp.where(penalised, objective.penalty, 1.0), 0.0)
    direction = problem.direction(fit.theta)
    likeness = objective.design.times(widened(scale, direction) * direction)
    return -fit.kept * objective.paired(objective.residuals(fit.predictor), likeness)
