"""Refits and first-order effects of many targets side by side, as products of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.engine.arrays import Array, indices, on_host
from forcing.engine.conjugate import Conjugate
from forcing.engine.fitting import CHEAP, DECREMENT, RESIDUAL, Fit, refit, refresh
from forcing.engine.objective import LinearObjective
from forcing.engine.problem import Problem
from forcing.engine.refine import Candidate
from forcing.errors import ConvergenceError

TRIAL = 0.03
"""Decrement below which a Newton step is the last one of a trial that is clear of its line: the
step leaves a thirtieth of it, a thousandth of a standard deviation."""

CLEAR = 2.0
"""How many times the most that a decrement can move a margin the margin has to be from its line
for its side to count as known."""

ROUGH = 3e-3
"""Residual of the levers, which say which rows to try and never whether they flip."""

MAX_STEPS = 60

MAX_PUT_BACK_STEPS = 12

DIGITS = 9
"""Of an effect, relative to the largest. Rows that differ in less, repeated rows among them, are
ordered by position, however many targets stand side by side."""


@dataclass(frozen=True, eq=False)
class Together:
    """Targets of one model: one objective, one optimum on all rows, one factor."""

    problems: Sequence[Problem]
    decisive: float = 0.0
    """A set flips where its margin is below minus this."""

    @property
    def objective(self) -> LinearObjective:
        return self.problems[0].objective

    @property
    def whole(self) -> Fit:
        return self.problems[0].fit

    @cached_property
    def norms(self) -> NDArray[np.float64]:
        """(T,): sqrt(v' H^-1 v), how far a decrement of 1 can move the margin."""
        xp = array_namespace(self.whole.theta)
        v = xp.stack([p.direction(self.whole.theta) for p in self.problems], axis=-1)
        squared = _inner(v, self.whole.curvature.solve(v))
        return np.asarray(np.sqrt(np.maximum(on_host(squared), 0.0)))

    def refit(
        self,
        which: Sequence[int],
        sets: Sequence[tuple[int, ...]],
        starts: Sequence[Fit],
        *,
        exact: bool = False,
    ) -> list[Candidate]:
        """The optimum without `sets[j]` for the target `which[j]`, from `starts[j]`.

        Newton's method on all columns at once; each step is solved for by conjugate gradients
        with the factor of the whole model. A trial ends where its side of the line is known and
        its parameters serve for the next effects, an exact one at `DECREMENT`. A column without
        an optimum in reach has an infinite margin.
        """
        models = _Models.of(
            starts, [self.problems[t].without(r) for t, r in zip(which, sets, strict=True)]
        )
        found: dict[int, Candidate] = {}
        waiting = list(range(len(which)))
        for _ in range(MAX_STEPS):
            sizes = models.newton_step(self.objective, self.whole)
            ready = []
            for column, place in enumerate(waiting):
                problem = self.problems[which[place]]
                margin, size = problem.margin(models.theta[..., column]), float(sizes[column])
                apart = CLEAR * self.norms[which[place]] * size
                clear = not exact and size <= TRIAL and abs(margin + self.decisive) > apart
                if clear or size <= DECREMENT:
                    fit = models.fit(column, self.whole)
                    found[place] = Candidate(sets[place], fit, margin)
                    ready.append(column)
            if len(ready) == len(waiting):
                break
            if ready:
                left = [c for c in range(len(waiting)) if c not in set(ready)]
                models, waiting = models.only(left), [waiting[c] for c in left]
        lost = [Candidate(r, s, math.inf) for r, s in zip(sets, starts, strict=True)]
        return [found.get(place, lost[place]) for place in range(len(which))]

    def effects(self, which: Sequence[int], fits: Sequence[Fit]) -> NDArray[np.float64]:
        """(T, n): `refine.removal_effects` of each target at its own parameters."""
        objective, given = self.objective, self.whole.kept
        models = _Models.of(fits, [fit.kept for fit in fits])
        xp = array_namespace(given)
        v = [self.problems[t].direction(f.theta) for t, f in zip(which, fits, strict=True)]
        weights = objective.hessian_weights(models.predictor, models.kept)
        inverse = Conjugate(objective, weights, self.whole.curvature)
        along = objective.design.times(inverse.solve(xp.stack(v, axis=-1), ROUGH))
        slopes = objective.residuals(models.predictor)
        effects = on_host(given[:, None] * objective.paired(slopes, along)).T.copy()
        scale = np.max(np.abs(effects), axis=1, keepdims=True)
        effects = np.round(effects / np.where(scale > 0, scale, 1.0), DIGITS) * scale
        for members in self.problems[0].classes_of(given):
            rows = np.flatnonzero(np.asarray(on_host(members)))
            last = rows[np.argmax(effects[:, rows], axis=1)]
            effects[np.arange(len(effects)), last] = np.inf
        effects[:, on_host(given) == 0] = np.inf
        return effects

    def put_back_each(self, target: int, best: Candidate) -> Candidate:
        """The same set with the margin of every single put-back, each refitted until its side
        of the line is known.
        """
        problem, fit = self.problems[target], best.fit
        if self.objective.design.shape[1] <= CHEAP and fit.curvature.exact:
            fit = refresh(self.objective, fit)
        margins = _put_back(problem, fit, best.rows, self.decisive)
        return replace(best, put_back=tuple(margins))


@dataclass(eq=False)
class _Models:
    """Models side by side along the last axis of each array."""

    theta: Array
    """(p, T) or (p, K, T)"""
    predictor: Array
    """(n, T) or (n, K, T)"""
    kept: Array
    """(n, T)"""

    @classmethod
    def of(cls, starts: Sequence[Fit], kept: Sequence[Array]) -> _Models:
        xp = array_namespace(kept[0])
        return cls(
            xp.stack([s.theta for s in starts], axis=-1),
            xp.stack([s.predictor for s in starts], axis=-1),
            xp.stack(list(kept), axis=-1),
        )

    def only(self, columns: Sequence[int]) -> _Models:
        xp, at = array_namespace(self.theta), indices(columns, self.theta)
        return _Models(*(xp.take(a, at, axis=-1) for a in (self.theta, self.predictor, self.kept)))

    def fit(self, column: int, whole: Fit) -> Fit:
        xp = array_namespace(self.theta)
        arrays = (a[..., column] for a in (self.theta, self.predictor, self.kept))
        return Fit(*(xp.asarray(a, copy=True) for a in arrays), whole.curvature)

    def newton_step(self, objective: LinearObjective, whole: Fit) -> Array:
        """Move every column by one step; (T,): the decrements before it."""
        xp = array_namespace(self.theta)
        gradient = objective.gradient(self.theta, self.predictor, self.kept)
        weights = objective.hessian_weights(self.predictor, self.kept)
        step = -Conjugate(objective, weights, whole.curvature).solve(gradient, RESIDUAL)
        change = objective.design.times(step)
        squared = xp.maximum(
            _inner(-gradient, step), 0.0 * step[0, ..., :].reshape(-1, step.shape[-1])[0]
        )
        lengths = self._lengths(objective, step, change, squared)
        self.theta = self.theta + lengths * step
        self.predictor = self.predictor + lengths * change
        return xp.sqrt(squared)

    def _lengths(
        self, objective: LinearObjective, step: Array, change: Array, squared: Array
    ) -> Array:
        """(T,): 1 where no row's curvature can change much on the way; else halved until the
        objective falls (Armijo), as `fitting` does it for one.
        """
        xp = array_namespace(step)
        moved = xp.where(objective.each(self.kept) > 0, xp.abs(change), 0.0)
        largest = xp.max(xp.reshape(moved, (-1, moved.shape[-1])), axis=0)
        lengths = xp.ones_like(squared)
        wild = largest >= objective.loss.calm
        if not bool(xp.any(wild)):
            return lengths
        value = self._values(objective, self.theta, self.predictor)
        for _ in range(60):
            theta, predictor = self.theta + lengths * step, self.predictor + lengths * change
            short = self._values(objective, theta, predictor) > value - 1e-4 * lengths * squared
            if not bool(xp.any(wild & short)):
                break
            lengths = xp.where(wild & short, 0.5 * lengths, lengths)
        return lengths

    def _values(self, objective: LinearObjective, theta: Array, predictor: Array) -> Array:
        """(T,): the objective of each column."""
        xp = array_namespace(theta)
        value = xp.sum(self.kept * objective.row_losses(predictor), axis=0)
        penalty = xp.reshape(objective.penalty, (-1, *([1] * (theta.ndim - 1))))
        value = value + 0.5 * _inner(penalty * theta, theta)
        if objective.tilt is not None:
            value = value + _inner(objective.tilt[..., None] + 0.0 * theta, theta)
        return value


def _inner(a: Array, b: Array) -> Array:
    """(T,): over all axes but the last."""
    xp = array_namespace(a)
    product = a * b
    return xp.sum(xp.reshape(product, (-1, product.shape[-1])), axis=0)


def _put_back(problem: Problem, fit: Fit, rows: Sequence[int], decisive: float) -> list[float]:
    """Margins with each of the rows back alone; the first step is the quadratic model's."""
    objective, inverse = problem.objective, fit.inverse
    xp = array_namespace(fit.theta)
    direction, members = problem.direction(fit.theta), indices(rows, fit.theta)
    norm = math.sqrt(max(float(xp.sum(direction * inverse.solve(direction, ROUGH))), 0.0))
    block = objective.design.rows(rows)  # (k, p)
    kept = xp.stack([fit.kept] * len(rows), axis=-1)
    for column, row in enumerate(rows):
        kept[row, column] = problem.fit.kept[row]
    models = _Models.of([fit] * len(rows), [kept[:, j] for j in range(len(rows))])
    solved = None if objective.outputs else inverse.solve(block.T, ROUGH)
    leverage = None if solved is None else xp.sum(block.T * solved, axis=0)
    margins = [math.nan] * len(rows)
    waiting = list(range(len(rows)))
    for number in range(MAX_PUT_BACK_STEPS):
        gradient = objective.gradient(models.theta, models.predictor, models.kept)
        step = -inverse.solve(gradient, RESIDUAL)
        if solved is not None and leverage is not None:
            # Each column has one row that the inverse lacks (Sherman-Morrison).
            at = indices(waiting, fit.theta)
            own, ours = xp.take(block.T, at, axis=1), xp.take(solved, at, axis=1)
            weights = objective.hessian_weights(models.predictor, models.kept)
            c = xp.stack([weights[rows[place], j] for j, place in enumerate(waiting)])
            factor = c * xp.sum(own * step, axis=0) / (1.0 + c * xp.take(leverage, at))
            step = step - factor * ours
        sizes = _inner(-gradient, step)
        models.theta = models.theta + step
        left = []
        for column, place in enumerate(waiting):
            margin, squared = problem.margin(models.theta[..., column]), float(sizes[column])
            size = math.sqrt(squared) if squared >= 0 else math.inf
            if number > 0 and (
                size <= DECREMENT
                or (size <= TRIAL and abs(margin + decisive) > CLEAR * norm * size)
            ):
                margins[place] = margin
            else:
                left.append(column)
        if not left:
            return margins
        models.predictor = models.predictor + objective.design.times(step)
        if len(left) < len(waiting):
            models, waiting = models.only(left), [waiting[c] for c in left]
    for place in waiting:
        back = [r for r in rows if r != rows[place]]
        margins[place] = problem.margin(refit(objective, problem.without(back), fit).theta)
    return margins
