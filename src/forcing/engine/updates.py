"""What becomes of the model when a row leaves: three readings of Algorithm 1, line 7."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.conjugate import Conjugate, Inverse
from forcing.engine.corrected import Corrected
from forcing.engine.counterfactual import Iterate
from forcing.engine.curvature import CHEAP, Curvature
from forcing.engine.factorise import factorised
from forcing.engine.fitting import Fit, refit, refresh
from forcing.engine.problem import Problem

Update: TypeAlias = Callable[[Problem, Iterate, Sequence[int]], Iterate]
"""The iterate without these rows: one, but for drift-free updates of large problems."""

CONTRACTION = 0.25
"""The drift-free update factorises anew when one step leaves more than this of the gradient."""

ROUGH = 0.03
"""Residual of a drift-free step by conjugate gradients; the next step makes up for it."""


def begin(problem: Problem, fit: Fit) -> Iterate:
    """The iterate at an optimum."""
    rival = problem.nearest(fit.theta)
    lever = fit.inverse.solve(problem.directions[rival, ...], ROUGH)
    along = problem.objective.design.times(lever)
    keeps = fit.inverse.is_factor and not problem.objective.outputs
    inverse = Corrected(fit.curvature) if keeps else fit.inverse
    return Iterate(fit.theta, fit.predictor, fit.kept, inverse, rival, lever, along)


def drift_free(problem: Problem, model: Iterate, rows: Sequence[int]) -> Iterate:
    """One Newton step with the true gradient of what remains (`mfs`).

    Eq. 5 takes the gradient at the current parameters for zero; over many removals it is
    not. Two passes over the design: one for the gradient, one for its step and for the next
    lever together. The factor is kept, less the rows that left, until it stops contracting.
    """
    objective = problem.objective
    xp = array_namespace(model.theta)
    kept = leave_out(model.kept, *rows)
    gradient = objective.gradient(model.theta, model.predictor, kept)
    inverse = _without(problem, model, rows, kept, gradient)
    rival = problem.nearest(model.theta)
    solved = inverse.solve(xp.stack([-gradient, problem.directions[rival, ...]], axis=-1), ROUGH)
    moved = objective.design.times(solved)
    return Iterate(
        model.theta + solved[..., 0],
        model.predictor + moved[..., 0],
        kept,
        inverse,
        rival,
        solved[..., 1],
        moved[..., 1],
    )


def _without(
    problem: Problem, model: Iterate, rows: Sequence[int], kept: Array, gradient: Array
) -> Inverse:
    """H^-1 for the next step: the factor less the rows that left, for as long as that contracts;
    then conjugate gradients, with a new factor where they take longer than that.
    """
    objective, inverse = problem.objective, model.inverse
    if isinstance(inverse, Corrected) and len(rows) == 1:
        row = rows[0]
        if not (_has_drifted(problem, model, row, gradient) or _is_long(inverse, problem)):
            return inverse.without(row, objective.remaining_weight(model.predictor, row))
        if objective.n_parameters <= CHEAP:
            return Corrected(_anew(problem, model, kept))
    base = inverse.base
    if isinstance(inverse, Conjugate) and inverse.iterations > base.patience:
        base = _anew(problem, model, kept)
    return Conjugate(objective, objective.hessian_weights(model.predictor, kept), base)


def _anew(problem: Problem, model: Iterate, kept: Array) -> Curvature:
    return factorised(problem.objective, problem.objective.hessian_weights(model.predictor, kept))


def one_step_newton(problem: Problem, model: Iterate, rows: Sequence[int]) -> Iterate:
    """theta + H^-1 grad l(z_i), to the letter of eq. 5 (`mfs-newton`).

    H is the Hessian at the current parameters of the rows before this removal; the gradient
    that the step leaves behind stays, and enters the next counterfactual through eq. 4.
    """
    objective = problem.objective
    before = refresh(objective, Fit(model.theta, model.predictor, model.kept, model.inverse.base))
    kept = leave_out(model.kept, *rows)
    alone = model.kept - kept
    leaving = objective.gradient(0.0 * model.theta, model.predictor, alone)
    leaving = leaving if objective.tilt is None else leaving - objective.tilt
    theta = model.theta + before.inverse.solve(leaving)
    predictor = objective.predictor(theta)
    after = refresh(objective, Fit(theta, predictor, kept, before.curvature))
    rival = problem.nearest(theta)
    lever = after.inverse.solve(problem.directions[rival, ...])
    newton = -after.inverse.solve(objective.gradient(theta, predictor, after.kept))
    return Iterate(
        theta,
        predictor,
        after.kept,
        after.inverse,
        rival,
        lever,
        objective.design.times(lever),
        newton,
        objective.design.times(newton),
    )


def retrain(problem: Problem, model: Iterate, rows: Sequence[int]) -> Iterate:
    """The optimum without the rows (`mfs-retrain`)."""
    start = Fit(model.theta, model.predictor, model.kept, model.inverse.base)
    fit = refit(problem.objective, leave_out(model.kept, *rows), start)
    return begin(problem, refresh(problem.objective, fit))


UPDATES: dict[str, Update] = {
    "mfs": drift_free,
    "mfs-newton": one_step_newton,
    "mfs-retrain": retrain,
    "relabel": drift_free,
}


def leave_out(kept: Array, *rows: int) -> Array:
    xp = array_namespace(kept)
    kept = xp.asarray(kept, copy=True)
    for row in rows:
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
    slopes = objective.leaving_slopes(model.predictor, model.kept)
    pull = float(objective.paired(slopes, model.lever_predictor)[row])
    left = float(xp.sum(gradient * model.lever)) + pull
    return abs(left) > CONTRACTION * abs(pull)
