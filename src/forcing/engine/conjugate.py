"""Products with an inverse Hessian that nobody factorised."""

from __future__ import annotations

from typing import Protocol

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, in_single, single
from forcing.engine.curvature import Curvature, Solver, roughly
from forcing.engine.objective import LinearObjective

TIGHT = 1e-10
"""Relative residual at which a solve counts as exact."""

SINGLE = 1e-5
"""Residual that single precision reaches."""

MOST_ITERATIONS = 1_000

FLAT = 1e-10
"""Curvature, in units of the factor's, below which rounding has the word, """
DIVERGED = 1e8
"""and growth of the squared residual after which there is nothing to hope for."""


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
    where the factor is of a model a few removals away. Weights with one more axis are those of
    so many models, each with its own right-hand side.
    """

    def __init__(self, objective: LinearObjective, hessian_weights: Array, base: Curvature) -> None:
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.base = base
        self.iterations = 0
        """Of the last solve."""
        self.is_factor = base.exact and _same(hessian_weights, base.hessian_weights)
        """Whether there is nothing to iterate."""

    def solve(self, b: Array, rtol: float = TIGHT, most: int = MOST_ITERATIONS) -> Array:
        """Each column to this residual; in single precision where that is enough."""
        if self.is_factor:
            return self.base.solve(b) if rtol < SINGLE else roughly(self.base, b)
        double = rtol < SINGLE or not self.base.single
        if double or b.dtype != array_namespace(b).float64:
            return self._solve(self.objective, self.hessian_weights, self.base.solve, b, rtol, most)
        objective, weights = self.objective.rough, single(self.hessian_weights)

        def solve(part: Array) -> Array:
            return self._solve(objective, weights, self.base.rough, part, rtol, most)

        return in_single(solve, b, len(self.objective.shape))

    def _solve(
        self,
        objective: LinearObjective,
        weights: Array,
        precondition: Solver,
        b: Array,
        rtol: float,
        most: int,
    ) -> Array:
        xp = array_namespace(b)
        x, residual = xp.zeros_like(b), b
        direction = z = precondition(residual)
        energy = self._inner(residual, z)
        enough, too_much = rtol * rtol * energy, DIVERGED * energy
        self.iterations = 0
        while self.iterations < most and bool(xp.any(energy > enough)):
            self.iterations += 1
            product = objective.hessian_product(weights, direction)
            bend = self._inner(direction, product)
            # Columns that have converged stand still, and so do those that rounding drives off.
            moving = (energy > enough) & (energy < too_much) & (bend > FLAT * energy)
            if self.iterations == 1:  # too flat for even one step: what the factor says
                x = xp.where(moving | (energy <= enough), x, direction)
            if not bool(xp.any(moving)):
                break
            length = xp.where(moving, energy / xp.where(moving, bend, 1.0), 0.0)
            x = x + length * direction
            residual = residual - length * product
            z = precondition(residual)
            previous, energy = energy, self._inner(residual, z)
            share = xp.where(moving, energy / xp.where(moving, previous, 1.0), 0.0)
            direction = z + share * direction
        return x

    def _inner(self, a: Array, b: Array) -> Array:
        """() or (m,): over the axes of theta."""
        axes = tuple(range(len(self.objective.shape)))
        return array_namespace(a).sum(a * b, axis=axes)


def _same(a: Array, b: Array) -> bool:
    return bool(a.shape == b.shape and array_namespace(a).all(a == b))
