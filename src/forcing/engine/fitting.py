"""The optimum on some of the rows, from a start nearby."""

from __future__ import annotations

from dataclasses import dataclass

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.curvature import Curvature, Downdated
from forcing.engine.objective import LinearObjective

DECREMENT = 1e-9
"""A refit ends when its Newton decrement, sqrt(g' H^-1 g), is below: the error of a margin is
at most this times the target's norm in H^-1, far below scikit-learn's own tolerance."""

REFRESH = 0.3
"""Factorise anew when a step with a kept factor shrinks the decrement by less than this."""

SAFE_CHANGE = 0.5
"""A row's curvature changes by at most exp of the change of its linear predictor: below this,
by less than two thirds, and Newton's step needs no line search."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Parameters at (or, in the search, close to) the optimum on the kept rows."""

    theta: Array
    """(p,)"""
    predictor: Array
    """(n,): X theta, for rows left out too."""
    kept: Array
    """(n,): weights, zero for rows left out."""
    curvature: Curvature
    """Of a model nearby; `inverse_hessian` adapts it to the kept rows."""
    steps: int = 0
    """Newton steps that it took."""
    decrement: float = 0.0
    """Of the start: how far that was, in standard deviations of the parameters."""


def left_out(fit: Fit) -> tuple[int, ...]:
    """Rows that the fit's kept factor still holds, and the fit does not."""
    xp = array_namespace(fit.kept)
    gone = xp.nonzero((fit.kept == 0) & (fit.curvature.hessian_weights > 0))[0]
    return tuple(int(i) for i in gone)


def inverse_hessian(fit: Fit) -> Downdated:
    """H^-1 on the kept rows, with the row curvatures of the kept factor."""
    return Downdated(fit.curvature, left_out(fit))


def refresh(objective: LinearObjective, fit: Fit) -> Fit:
    """The same parameters with the factor of exactly their Hessian."""
    weights = objective.hessian_weights(fit.predictor, fit.kept)
    curvature = Curvature(objective, weights)
    return Fit(fit.theta, fit.predictor, fit.kept, curvature, fit.steps, fit.decrement)


def refit(
    objective: LinearObjective,
    kept: Array,
    start: Fit,
    *,
    decrement: float = DECREMENT,
    max_steps: int = 200,
) -> Fit:
    """Minimise P over the kept rows by Newton's method with a kept factor.

    The factor of `start` is used, less the rows that are gone (Woodbury), for as long as it
    contracts; each step costs two passes over the design. Raises `ArithmeticError` when the
    optimum is not reached, which on a strictly convex objective means overflow.
    """
    xp = array_namespace(kept)
    theta, predictor, curvature = start.theta, start.predictor, start.curvature
    current = Fit(theta, predictor, kept, curvature)
    if _is_far(current, objective):
        current = refresh(objective, current)
    inverse = inverse_hessian(current)
    first = previous = float("inf")
    length = 1.0
    for number in range(max_steps):
        gradient = objective.gradient(theta, predictor, kept)
        direction = -inverse.solve(gradient)
        size = float(xp.sum(-gradient * direction)) ** 0.5
        if number == 0:
            first = size
        elif (size > REFRESH * previous or length < 0.5) and size > decrement:
            current = refresh(objective, Fit(theta, predictor, kept, curvature))
            curvature = current.curvature
            inverse = Downdated(curvature)
            direction = -inverse.solve(gradient)
            size = float(xp.sum(-gradient * direction)) ** 0.5
        change = objective.design @ direction
        length = _step_length(objective, kept, theta, predictor, direction, change, size)
        theta = theta + length * direction
        predictor = predictor + length * change
        if size <= decrement or (size >= previous and size < 1e-6):  # rounding is reached
            return Fit(theta, predictor, kept, current.curvature, number + 1, first)
        previous = size
        curvature = current.curvature
    raise ArithmeticError(f"the refit did not converge in {max_steps} Newton steps")


def _is_far(fit: Fit, objective: LinearObjective) -> bool:
    """Whether a new factor is cheaper than Woodbury with so many rows."""
    return len(left_out(fit)) > max(8, objective.n_parameters // 4)


def _step_length(
    objective: LinearObjective,
    kept: Array,
    theta: Array,
    predictor: Array,
    direction: Array,
    change: Array,
    size: float,
) -> float:
    """1 where no row's curvature can change much on the way; else halved until the objective
    falls (Armijo). Where rows are decided with near certainty a full step may go anywhere.
    """
    xp = array_namespace(kept)
    if float(xp.max(xp.where(kept > 0, xp.abs(change), 0.0))) < SAFE_CHANGE:
        return 1.0
    value = objective.value(theta, predictor, kept)
    length = 1.0
    while length > 1e-18:
        trial = objective.value(theta + length * direction, predictor + length * change, kept)
        if trial <= value - 1e-4 * length * size * size:
            return length
        length /= 2
    return length
