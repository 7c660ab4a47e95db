"""What becomes of the model when a row leaves: three readings of Algorithm 1, line 7."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.counterfactual import Iterate
from forcing.engine.curvature import Corrected, Curvature
from forcing.engine.fitting import Fit, refit, refresh
from forcing.engine.problem import Problem

Update: TypeAlias = Callable[[Problem, Iterate, int], Iterate]

CONTRACTION = 0.25
"""The drift-free update factorises anew when one step leaves more than this of the gradient."""


def begin(problem: Problem, fit: Fit) -> Iterate:
    """The iterate at an optimum."""
    inverse = fit.inverse
    lever = inverse.solve(problem.direction)
    return Iterate(
        fit.theta, fit.predictor, fit.kept, inverse, lever, problem.objective.design @ lever
    )


def drift_free(problem: Problem, model: Iterate, row: int) -> Iterate:
    """One Newton step with the true gradient of what remains (`mfs`).

    Eq. 5 takes the gradient at the current parameters for zero; over many removals it is
    not. Two passes over the design: one for the gradient, one for its step and for the next
    lever together. The factor is kept, less the rows that left, until it stops contracting.
    """
    objective = problem.objective
    xp = array_namespace(model.theta)
    kept = leave_out(model.kept, row)
    inverse = model.inverse
    gradient = objective.gradient(model.theta, model.predictor, kept)
    if _has_drifted(problem, model, row, gradient) or _is_long(inverse, problem):
        fit = Fit(model.theta, model.predictor, kept, inverse.base)
        inverse = Corrected(refresh(objective, fit).curvature)
    else:
        inverse = inverse.without(row)
    solved = inverse.solve(xp.stack([-gradient, problem.direction], axis=1))
    moved = objective.design @ solved
    return Iterate(
        model.theta + solved[:, 0],
        model.predictor + moved[:, 0],
        kept,
        inverse,
        solved[:, 1],
        moved[:, 1],
    )


def one_step_newton(problem: Problem, model: Iterate, row: int) -> Iterate:
    """theta + H^-1 grad l(z_i), to the letter of eq. 5 (`mfs-newton`).

    H is the Hessian at the current parameters of the rows before this removal; the gradient
    that the step leaves behind stays, and enters the next counterfactual through eq. 4.
    """
    objective = problem.objective
    hessian = Curvature(objective, objective.hessian_weights(model.predictor, model.kept))
    residual = objective.residuals(model.predictor)[row] * model.kept[row]
    theta = model.theta + hessian.solve(residual * objective.design[row, :])
    predictor = objective.design @ theta
    kept = leave_out(model.kept, row)
    inverse = Corrected(Curvature(objective, objective.hessian_weights(predictor, kept)))
    lever = inverse.solve(problem.direction)
    newton = -inverse.solve(objective.gradient(theta, predictor, kept))
    return Iterate(
        theta,
        predictor,
        kept,
        inverse,
        lever,
        objective.design @ lever,
        newton,
        objective.design @ newton,
    )


def retrain(problem: Problem, model: Iterate, row: int) -> Iterate:
    """The optimum without the row (`mfs-retrain`)."""
    start = Fit(model.theta, model.predictor, model.kept, model.inverse.base)
    fit = refit(problem.objective, leave_out(model.kept, row), start)
    return begin(problem, refresh(problem.objective, fit))


UPDATES: dict[str, Update] = {
    "mfs": drift_free,
    "mfs-newton": one_step_newton,
    "mfs-retrain": retrain,
}


def leave_out(kept: Array, row: int) -> Array:
    xp = array_namespace(kept)
    kept = xp.asarray(kept, copy=True)
    kept[row] = 0.0
    return kept


def _is_long(inverse: Corrected, problem: Problem) -> bool:
    """Whether a new factor is cheaper than one more row of Woodbury."""
    return len(inverse.rows) >= max(8, problem.objective.n_parameters // 16)


def _has_drifted(problem: Problem, model: Iterate, row: int, gradient: Array) -> bool:
    """Whether the last step left a gradient worth more than `CONTRACTION` of a removal's.

    The gradient of the rows that were kept then is the present one plus the leaving row's.
    """
    xp = array_namespace(gradient)
    objective = problem.objective
    residual = objective.residuals(model.predictor)[row] * model.kept[row]
    leaving = residual * objective.design[row, :]
    pull = abs(float(xp.sum(leaving * model.lever)))
    left = abs(float(xp.sum((gradient + leaving) * model.lever)))
    return left > CONTRACTION * pull
