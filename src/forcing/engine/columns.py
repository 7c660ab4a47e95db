"""Models side by side, and one step of Newton's method for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, indices
from forcing.engine.conjugate import Conjugate
from forcing.engine.fitting import DECREMENT, RESIDUAL, Fit, step_lengths
from forcing.engine.objective import LinearObjective

TRIAL = 0.03
"""Decrement below which a Newton step is the last one of a trial that is clear of its line: the
step leaves a thirtieth of it, a thousandth of a standard deviation."""

CLEAR = 2.0
"""How many times the most that a decrement can move a margin the margin has to be from its line
for its side to count as known."""


@dataclass(eq=False)
class Columns:
    """Columns side by side along the last axis of each array."""

    theta: Array
    """(p, T) or (p, K, T)"""
    predictor: Array
    """(n, T) or (n, K, T)"""
    kept: Array
    """(n, T)"""

    @classmethod
    def of(cls, starts: Sequence[Fit], kept: Sequence[Array]) -> Columns:
        xp = array_namespace(kept[0])
        return cls(
            xp.stack([s.theta for s in starts], axis=-1),
            xp.stack([s.predictor for s in starts], axis=-1),
            xp.stack(list(kept), axis=-1),
        )

    def only(self, columns: Sequence[int]) -> Columns:
        xp, at = array_namespace(self.theta), indices(columns, self.theta)
        return Columns(*(xp.take(a, at, axis=-1) for a in (self.theta, self.predictor, self.kept)))

    def fit(self, column: int, whole: Fit) -> Fit:
        xp = array_namespace(self.theta)
        arrays = (self.theta, self.predictor, self.kept)
        theta, predictor, kept = (xp.asarray(a[..., column], copy=True) for a in arrays)
        return Fit(theta, predictor, kept, whole.curvature)

    def newton_step(self, objective: LinearObjective, whole: Fit) -> Array:
        """Move every column by one step; (T,): the decrements before it."""
        xp = array_namespace(self.theta)
        gradient = objective.gradient(self.theta, self.predictor, self.kept)
        weights = objective.hessian_weights(self.predictor, self.kept)
        step = -Conjugate(objective, weights, whole.curvature).solve(gradient, RESIDUAL)
        change = objective.design.times(step)
        squared = inner(-gradient, step)
        squared = xp.where(squared > 0.0, squared, 0.0)
        lengths = step_lengths(
            objective, self.kept, self.theta, self.predictor, step, change, squared
        )
        self.theta = self.theta + lengths * step
        self.predictor = self.predictor + lengths * change
        return xp.sqrt(squared)


def inner(a: Array, b: Array) -> Array:
    """(T,): over all axes but the last."""
    xp = array_namespace(a)
    product = a * b
    return xp.sum(xp.reshape(product, (-1, product.shape[-1])), axis=0)


def is_known(distance: float, size: float, reach: float) -> bool:
    """Whether a model is near enough to its optimum to tell its side of the decision line.

    `distance` of its margin from the line, `size` of the step that was just taken (a decrement),
    `reach`: how far a decrement of 1 can move the margin; infinity asks for the optimum itself.
    """
    return size <= DECREMENT or (size <= TRIAL and abs(distance) > CLEAR * reach * size)
