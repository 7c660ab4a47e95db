"""The optimum on some of the rows, from a start nearby."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, beside
from forcing.engine.conjugate import Conjugate
from forcing.engine.curvature import Curvature, roughly
from forcing.engine.factorise import factorised
from forcing.engine.objective import LinearObjective
from forcing.errors import ConvergenceError

DECREMENT = 1e-9
"""A refit ends when its Newton decrement, sqrt(g' H^-1 g), is below: the error of a margin is
at most this times the target's norm in H^-1, far below scikit-learn's own tolerance."""

ROUNDING = 1e-14
"""Share of the objective's value that rounding may add to it."""

CONTRACTION = 0.1
"""A step that leaves more than this share of the decrement is followed by one that is solved
for by conjugate gradients, """
RESIDUAL = 0.03
"""down to this residual."""

Enough: TypeAlias = Callable[[Array, float], bool]
"""Whether these parameters will do, the last step having had this decrement."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Parameters at (or, in the search, close to) the optimum on the kept rows."""

    theta: Array
    """(p,) or (p, K)"""
    predictor: Array
    """(n,) or (n, K): for rows left out too."""
    kept: Array
    """(n,): weights, zero for rows left out."""
    curvature: Curvature
    """Of a model nearby; `inverse` adapts it to the kept rows."""
    steps: int = 0
    """Newton steps that it took."""
    decrement: float = 0.0
    """Of the start: how far that was, in standard deviations of the parameters."""

    @cached_property
    def inverse(self) -> Conjugate:
        """H^-1 here."""
        objective = self.curvature.objective
        weights = objective.hessian_weights(self.predictor, self.kept)
        return Conjugate(objective, weights, self.curvature)


def fit_at(objective: LinearObjective, theta: Array) -> Fit:
    """All rows, at these parameters, with the factor of exactly their Hessian."""
    predictor, kept = objective.predictor(theta), objective.weights
    curvature = factorised(objective, objective.hessian_weights(predictor, kept))
    return Fit(theta, predictor, kept, curvature)


def refresh(objective: LinearObjective, fit: Fit) -> Fit:
    """The same parameters with the factor of exactly their Hessian."""
    weights = objective.hessian_weights(fit.predictor, fit.kept)
    return replace(fit, curvature=factorised(objective, weights))


def refit(
    objective: LinearObjective,
    kept: Array,
    start: Fit,
    *,
    decrement: float = DECREMENT,
    enough: Enough | None = None,
    max_steps: int = 200,
) -> Fit:
    """Minimise P over the kept rows by Newton's method with a kept factor.

    The factor of `start` is used for as long as it contracts; each step costs two passes over
    the design. Where it does not, the step is solved for by conjugate gradients with that factor
    as preconditioner, and where even that is slow the factor is taken anew. `enough` may end it
    earlier. Raises `ConvergenceError` when the optimum is not reached, which on a strictly convex
    objective means overflow.
    """
    start = _sane(objective, kept, start)
    theta, predictor, curvature = start.theta, start.predictor, start.curvature
    first = previous = float("inf")
    plain = curvature.exact  # whether the factor by itself still contracts
    for number in range(max_steps):
        gradient = objective.gradient(theta, predictor, kept)
        direction, size = None, float("inf")
        if plain:
            direction = -roughly(curvature, gradient)
            size = _size(gradient, direction)
            plain = size <= max(CONTRACTION * previous, decrement)
        if direction is None or not plain:
            weights, before = objective.hessian_weights(predictor, kept), curvature
            curvature, direction = _solved(objective, weights, curvature, gradient)
            size = _size(gradient, direction)
            plain = curvature.exact and curvature is not before
        if number == 0:
            first = size
        change = objective.design.times(direction)
        squared = beside(size * size, theta)
        length = step_lengths(objective, kept, theta, predictor, direction, change, squared)
        theta = theta + length * direction
        predictor = predictor + length * change
        done = size <= decrement or (size >= previous and size < 1e-6)  # rounding is reached
        if done or (enough is not None and float(length) == 1.0 and enough(theta, size)):
            return Fit(theta, predictor, kept, curvature, number + 1, first)
        previous = size
    raise ConvergenceError(
        f"a refit did not reach its optimum in {max_steps} Newton steps. Scale the columns "
        "(StandardScaler) or use a smaller C."
    )


def _sane(objective: LinearObjective, kept: Array, start: Fit) -> Fit:
    """The start, or zero where that is nearer: where updates, or a solver, ended so far off, all
    curvature is lost, and the predictor may no longer be that of theta.
    """
    xp = array_namespace(start.theta)
    zero = xp.zeros_like(start.theta)
    at_zero = xp.zeros_like(start.predictor) if objective.offset is None else objective.offset
    value = objective.value(start.theta, start.predictor, kept)
    if bool(value <= objective.value(zero, at_zero, kept)):
        return start
    curvature = factorised(objective, objective.hessian_weights(at_zero, kept))
    return Fit(zero, at_zero, kept, curvature)


def _solved(
    objective: LinearObjective, weights: Array, curvature: Curvature, gradient: Array
) -> tuple[Curvature, Array]:
    """The Newton step at these weights, and the factor that it was found with: a new one where
    the present one would take longer.
    """
    if curvature.patience > 1:
        conjugate = Conjugate(objective, weights, curvature)
        direction = -conjugate.solve(gradient, RESIDUAL, curvature.patience)
        if conjugate.iterations < curvature.patience:
            return curvature, direction
    curvature = factorised(objective, weights)
    return curvature, -Conjugate(objective, weights, curvature).solve(gradient, RESIDUAL)


def _size(gradient: Array, direction: Array) -> float:
    """The decrement of a step; infinity where rounding has made it no descent."""
    squared = float(array_namespace(gradient).sum(-gradient * direction))
    return squared**0.5 if squared >= 0.0 else float("inf")


def step_lengths(
    objective: LinearObjective,
    kept: Array,
    theta: Array,
    predictor: Array,
    direction: Array,
    change: Array,
    squared: Array,
) -> Array:
    """() or (m,): 1 where no row's curvature can change much on the way; else halved until the
    objective falls (Armijo). Where rows are decided with near certainty a full step may go
    anywhere. `squared` are the squares of the steps' decrements.
    """
    xp = array_namespace(kept)
    axes = tuple(range(predictor.ndim - squared.ndim))
    moved = xp.max(xp.where(objective.counted(kept), xp.abs(change), 0.0), axis=axes)
    lengths, bold = xp.ones_like(squared), ~(moved < objective.loss.calm)
    if not bool(xp.any(bold)):
        return lengths
    value = objective.value(theta, predictor, kept)
    most = value + ROUNDING * xp.abs(value)  # near the optimum the objective falls by less
    for _ in range(60):
        trial = objective.value(theta + lengths * direction, predictor + lengths * change, kept)
        bold = bold & ~(trial <= most - 1e-4 * lengths * squared)
        if not bool(xp.any(bold)):
            break
        lengths = xp.where(bold, 0.5 * lengths, lengths)
    return lengths
