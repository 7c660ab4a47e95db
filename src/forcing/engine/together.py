"""Refits and first-order effects of many targets side by side, as products of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.engine.arrays import Array, indices, on_host, widened
from forcing.engine.conjugate import Conjugate
from forcing.engine.fitting import CHEAP, DECREMENT, RESIDUAL, Fit, refit, refresh
from forcing.engine.objective import LinearObjective
from forcing.engine.problem import Problem
from forcing.engine.refine import Candidate

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

CHUNK = 64
"""Put-backs that are refitted together."""

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
        squared = inner(v, self.whole.curvature.solve(v))
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
        models = Models.of(
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
        models = Models.of(fits, [fit.kept for fit in fits])
        xp = array_namespace(given)
        v = [self.problems[t].direction(f.theta) for t, f in zip(which, fits, strict=True)]
        weights = objective.hessian_weights(models.predictor, models.kept)
        inverse = Conjugate(objective, weights, self.whole.curvature)
        along = objective.design.times(inverse.solve(xp.stack(v, axis=-1), ROUGH))
        slopes = objective.residuals(models.predictor)
        effects: NDArray[np.float64] = on_host(
            given[:, None] * objective.paired(slopes, along)
        ).T.copy()
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
        margins: list[float] = []
        for begin in range(0, len(best.rows), CHUNK):
            back = PutBack(problem, fit, best.rows[begin : begin + CHUNK], self.decisive)
            margins += back.margins(best.rows)
        return replace(best, put_back=tuple(margins))


@dataclass(eq=False)
class Models:
    """Models side by side along the last axis of each array."""

    theta: Array
    """(p, T) or (p, K, T)"""
    predictor: Array
    """(n, T) or (n, K, T)"""
    kept: Array
    """(n, T)"""

    @classmethod
    def of(cls, starts: Sequence[Fit], kept: Sequence[Array]) -> Models:
        xp = array_namespace(kept[0])
        return cls(
            xp.stack([s.theta for s in starts], axis=-1),
            xp.stack([s.predictor for s in starts], axis=-1),
            xp.stack(list(kept), axis=-1),
        )

    def only(self, columns: Sequence[int]) -> Models:
        xp, at = array_namespace(self.theta), indices(columns, self.theta)
        return Models(*(xp.take(a, at, axis=-1) for a in (self.theta, self.predictor, self.kept)))

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
        penalty = widened(objective.penalty, theta)
        value = value + 0.5 * inner(penalty * theta, theta)
        tilt = objective.tilt
        return value if tilt is None else value + inner(widened(tilt, theta), theta)


def inner(a: Array, b: Array) -> Array:
    """(T,): over all axes but the last."""
    xp = array_namespace(a)
    product = a * b
    return xp.sum(xp.reshape(product, (-1, product.shape[-1])), axis=0)


class PutBack:
    """Refits of one target's set with a single row of it back, side by side."""

    def __init__(self, problem: Problem, fit: Fit, rows: Sequence[int], decisive: float) -> None:
        objective = problem.objective
        xp = array_namespace(fit.theta)
        self.problem, self.fit, self.rows, self.decisive = problem, fit, rows, decisive
        self._members = indices(rows, fit.theta)
        self._block = objective.design.rows(rows).T  # (p, k)
        direction = problem.direction(fit.theta)
        # The first solve with the inverse is shared: of the levers of the rows and of the target.
        self._weights = xp.take(problem.fit.kept, self._members)
        lever = fit.inverse.solve(direction, ROUGH)
        self._norm = math.sqrt(max(float(xp.sum(direction * lever)), 0.0))
        self._solved = None if objective.outputs else fit.inverse.solve(self._block, ROUGH)

    def margins(self, members: Sequence[int]) -> list[float]:
        """In the order of the rows; `members` is the whole set.

        The first step is that of the quadratic model, whose gradient is the returning row's
        alone; after it one gradient nearly always says that the side of the line is known.
        """
        objective = self.problem.objective
        waiting = list(range(len(self.rows)))
        found: dict[int, float] = {}
        models, gradient = self._start(), self._first_gradient()
        for number in range(MAX_PUT_BACK_STEPS):
            step = self._step(models, gradient, waiting)
            squared = inner(-gradient, step)
            models.theta = models.theta + step
            left = []
            for column, place in enumerate(waiting):
                margin = self.problem.margin(models.theta[..., column])
                if number > 0 and self._is_known(margin, float(squared[column])):
                    found[place] = margin
                else:
                    left.append(column)
            if not left:
                break
            models.predictor = models.predictor + objective.design.times(step)
            if len(left) < len(waiting):
                models, waiting = models.only(left), [waiting[c] for c in left]
            gradient = objective.gradient(models.theta, models.predictor, models.kept)
        return [
            found[place] if place in found else self._alone(row, members)
            for place, row in enumerate(self.rows)
        ]

    def _is_known(self, margin: float, squared: float) -> bool:
        if not squared >= 0.0:
            return False
        size = math.sqrt(squared)
        apart = CLEAR * self._norm * size
        return size <= DECREMENT or (size <= TRIAL and abs(margin + self.decisive) > apart)

    def _start(self) -> Models:
        fit, k = self.fit, len(self.rows)
        models = Models(*(_repeated(a, k) for a in (fit.theta, fit.predictor, fit.kept)))
        for column, row in enumerate(self.rows):
            models.kept[row, column] = self.problem.fit.kept[row]
        return models

    def _first_gradient(self) -> Array:
        """(p, k) or (p, K, k)"""
        objective = self.problem.objective
        xp = array_namespace(self._block)
        slopes = xp.take(objective.residuals(self.fit.predictor), self._members, axis=0)
        slopes = widened(self._weights, slopes) * slopes
        if not objective.outputs:
            return self._block * slopes
        return self._block[:, None, :] * slopes.T[None, :, :]

    def _step(self, models: Models, gradient: Array, waiting: Sequence[int]) -> Array:
        objective = self.problem.objective
        xp = array_namespace(gradient)
        step = -self.fit.inverse.solve(gradient, RESIDUAL)
        if self._solved is None:
            return step
        # Each column has one row that the inverse lacks (Sherman-Morrison).
        at = indices(waiting, gradient)
        own, solved = xp.take(self._block, at, axis=1), xp.take(self._solved, at, axis=1)
        ours = [models.predictor[self.rows[place], j] for j, place in enumerate(waiting)]
        members = xp.take(self._members, at)
        labels = xp.take(objective.labels, members)
        c = xp.take(self._weights, at) * objective.loss.curvature(xp.stack(ours), labels)
        factor = c * xp.sum(own * step, axis=0) / (1.0 + c * xp.sum(own * solved, axis=0))
        return step - factor * solved

    def _alone(self, row: int, members: Sequence[int]) -> float:
        others = [other for other in members if other != row]
        kept = self.problem.without(others)
        return self.problem.margin(refit(self.problem.objective, kept, self.fit).theta)


def _repeated(a: Array, times: int) -> Array:
    xp = array_namespace(a)
    return xp.asarray(xp.broadcast_to(a[..., None], (*a.shape, times)), copy=True)
