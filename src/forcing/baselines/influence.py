"""Influence functions (Koh and Liang, 2017) on the margin, with the exact inverse Hessian."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.baselines.leverage import stretched
from forcing.engine.arrays import Array
from forcing.engine.problem import Problem


def influence(problem: Problem) -> Array:
    """(n,): by how much the margin falls, to first order, when the row is left out.

    Leaving row i out moves the parameters by H^-1 s_i rho_i x_i and the margin by
    a_i s_i rho_i with a_i = x_i . H^-1 v; support is the negative of that. Koh and Liang's
    mean form has the same order. Where several rivals could win, v is of the nearest.
    """
    return supports(problem, problem.fit.inverse.solve(problem.direction(problem.fit.theta)))


def influence_1exact(problem: Problem, seed: int | None = 0) -> Array:
    """(n,): the same with the curvature of the row gone too, divided by 1 - h_i.

    Exactly leave-one-out for the squared loss; for others one full Newton step of it. Of a
    softmax, 1 - h_i is the K x K matrix I - W_i G_i.
    """
    objective, fit = problem.objective, problem.fit
    lever = objective.design.times(fit.inverse.solve(problem.direction(fit.theta)))
    slopes = objective.leaving_slopes(fit.predictor, fit.kept)
    return _unsigned_zeros(-objective.paired(stretched(problem, slopes, seed), lever))


def supports(problem: Problem, solved: Array) -> Array:
    """(n,): the supports that this H^-1 v, of theta's shape, gives."""
    objective, fit = problem.objective, problem.fit
    lever = objective.design.times(solved)
    return _unsigned_zeros(-fit.kept * objective.paired(objective.residuals(fit.predictor), lever))


def _unsigned_zeros(support: Array) -> Array:
    return support + array_namespace(support).zeros_like(support)
