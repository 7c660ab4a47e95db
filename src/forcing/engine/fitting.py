"""The optimum on some of the rows, from a start nearby."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.curvature import Corrected, Curvature, corrected
from forcing.engine.objective import LinearObjective
from forcing.errors import ConvergenceError

DECREMENT = 1e-9
"""A refit ends when its Newton decrement, sqrt(g' H^-1 g), is below: the error of a margin is
at most this times the target's norm in H^-1, far below scikit-learn's own tolerance."""

AGE = 0.1
"""A kept factor is corrected when a step leaves more than this share of the decrement, """
REFRESH = 0.3
"""and taken anew when, just corrected, it leaves more than this."""

CORRECTED_SHARE = 8
"""A factor is corrected for up to p / 8 rows; that costs p^3 / 4, a new one n p^2 and more."""

CHEAP = 64
"""Parameters up to which a new factor costs no more than correcting the old one."""

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
    """Of a model nearby; `inverse` adapts it to the kept rows."""
    steps: int = 0
    """Newton steps that it took."""
    decrement: float = 0.0
    """Of the start: how far that was, in standard deviations of the parameters."""

    @cached_property
    def inverse(self) -> Corrected:
        """H^-1 here: the kept factor, corrected for the rows whose curvature differs most."""
        objective = self.curvature.objective
        weights = objective.hessian_weights(self.predictor, self.kept)
        most = max(8, objective.n_parameters // CORRECTED_SHARE)
        return corrected(self.curvature, weights, most)


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

    The factor of `start` is used for as long as it contracts; each step costs two passes over
    the design. Where it does not, it is corrected for the rows whose curvature has changed most,
    and taken anew if that is not enough. Raises `ConvergenceError` when the optimum is not
    reached, which on a strictly convex objective means overflow.
    """
    theta, predictor, curvature = start.theta, start.predictor, start.curvature
    inverse = Fit(theta, predictor, kept, curvature).inverse
    first = previous = float("inf")
    length, young = 1.0, True  # whether the factor has just been brought up to date
    for number in range(max_steps):
        gradient = objective.gradient(theta, predictor, kept)
        direction, size = _newton(inverse, gradient)
        if number == 0:
            first = size
        if size > decrement and (
            size == float("inf")
            or (number > 0 and (length < 0.5 or size > previous * (REFRESH if young else AGE)))
        ):
            here = Fit(theta, predictor, kept, curvature)
            if young or objective.n_parameters <= CHEAP:
                here = refresh(objective, here)
            curvature, inverse = here.curvature, here.inverse
            direction, size = _newton(inverse, gradient)
            young = True
        else:
            young = False
        change = objective.design @ direction
        length = _step_length(objective, kept, theta, predictor, direction, change, size)
        theta = theta + length * direction
        predictor = predictor + length * change
        if size <= decrement or (size >= previous and size < 1e-6):  # rounding is reached
            return Fit(theta, predictor, kept, curvature, number + 1, first)
        previous = size
    raise ConvergenceError(
        f"a refit did not reach its optimum in {max_steps} Newton steps. Scale the columns "
        "(StandardScaler) or use a smaller C."
    )


def _newton(inverse: Corrected, gradient: Array) -> tuple[Array, float]:
    """The Newton step, and its decrement; infinity where rounding has made it no descent."""
    xp = array_namespace(gradient)
    direction = -inverse.solve(gradient)
    squared = float(xp.sum(-gradient * direction))
    return direction, squared**0.5 if squared >= 0.0 else float("inf")


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
