"""Refits and first-order effects of many targets side by side, as products of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.engine.arrays import on_host
from forcing.engine.columns import Columns, inner, is_known
from forcing.engine.conjugate import Conjugate
from forcing.engine.fitting import Fit, refit, refresh
from forcing.engine.objective import LinearObjective
from forcing.engine.problem import Problem
from forcing.engine.put_back import CHUNK, ROUGH, PutBack
from forcing.engine.refine import Candidate

MAX_STEPS = 60

AGED = 8
"""A factor is taken anew for put-backs where more than a share of 1 / 8 of p rows are out."""

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
        models = Columns.of(
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
                reach = math.inf if exact else self.norms[which[place]]
                if is_known(margin + self.decisive, size, reach):
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
        models = Columns.of(fits, [fit.kept for fit in fits])
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
        fit = best.fit
        many = AGED * len(best.rows) >= self.objective.n_parameters
        if many and not self.objective.outputs and fit.curvature.exact:
            fit = refresh(self.objective, fit)
        margins: list[float] = []
        for begin in range(0, len(best.rows), CHUNK):
            rows = best.rows[begin : begin + CHUNK]
            if self.objective.outputs:
                sets = [tuple(r for r in best.rows if r != row) for row in rows]
                trials = self.refit([target] * len(rows), sets, [best.fit] * len(rows))
                margins += [trial.margin for trial in trials]
            else:
                margins += PutBack(self.problems[target], fit, rows, self.decisive).margins()
        for place, row in enumerate(best.rows):
            if not math.isfinite(margins[place]):  # no optimum was in reach side by side
                others = self.problems[target].without([r for r in best.rows if r != row])
                back = refit(self.objective, others, fit)
                margins[place] = self.problems[target].margin(back.theta)
        return replace(best, put_back=tuple(margins))
