"""Products with an inverse Hessian that nobody factorised."""

from __future__ import annotations

from typing import Protocol

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.curvature import Curvature, corrected
from forcing.engine.objective import LinearObjective

TIGHT = 1e-10
"""Relative residual at which a solve counts as exact."""

MOST_ITERATIONS = 1_000


class Inverse(Protocol):
    """H^-1 at some model."""

    base: Curvature

    def solve(self, b: Array, rtol: float = TIGHT) -> Array:
        """For b of theta's shape, or with one more axis of many at the end; to this share of
        b in the norm of the preconditioner, where it is not exact anyway.
        """


class Conjugate:
    """H^-1 by conjugate gradients on H itself, preconditioned by the factor of an H nearby.

    Two passes over the design an iteration, many right-hand sides at once; few iterations
    where the factor is of a model a few removals away.
    """

    def __init__(self, objective: LinearObjective, hessian_weights: Array, base: Curvature) -> None:
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.base = base
        self.iterations = 0
        """Of the last solve."""

    def solve(self, b: Array, rtol: float = TIGHT, most: int = MOST_ITERATIONS) -> Array:
        xp = array_namespace(b)
        x, residual = xp.zeros_like(b), b
        direction = z = self.base.solve(residual)
        energy = self._inner(residual, z)
        enough = rtol * rtol * energy
        self.iterations = 0
        while self.iterations < most and bool(xp.any(energy > enough)):
            self.iterations += 1
            product = self.objective.hessian_product(self.hessian_weights, direction)
            bend = self._inner(direction, product)
            # Columns that have converged stand still.
            moving = (energy > enough) & (bend > 0)
            if not bool(xp.any(moving)):
                break
            length = xp.where(moving, energy / xp.where(moving, bend, 1.0), 0.0)
            x = x + length * direction
            residual = residual - length * product
            z = self.base.solve(residual)
            previous, energy = energy, self._inner(residual, z)
            direction = z + energy / xp.where(moving, previous, 1.0) * direction
        return x

    def _inner(self, a: Array, b: Array) -> Array:
        """() or (m,): over the axes of theta."""
        axes = tuple(range(len(self.objective.shape)))
        return array_namespace(a).sum(a * b, axis=axes)


def inverse_at(objective: LinearObjective, hessian_weights: Array, base: Curvature) -> Inverse:
    """H^-1 at these weights from a factor of a model nearby: the factor corrected for the rows
    whose curvature differs most where it is of one output, else by conjugate gradients.
    """
    if base.exact and not objective.outputs:
        most = max(8, objective.n_parameters // CORRECTED_SHARE)
        return corrected(base, hessian_weights, most)
    return Conjugate(objective, hessian_weights, base)


CORRECTED_SHARE = 8
"""A factor is corrected for up to p / 8 rows; that costs p^3 / 4, a new one n p^2 and more."""
