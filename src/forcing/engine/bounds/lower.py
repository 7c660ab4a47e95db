"""How few rows cannot possibly flip the decision (docs/bound.md)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from forcing.engine.arrays import on_host
from forcing.engine.bounds.model import Floats
from forcing.engine.bounds.sums import largest_eigenvalue, top
from forcing.engine.bounds.tables import OUTWARD, BoundTables, Rung
from forcing.engine.problem import Problem
from forcing.engine.toggle import CHUNK, toggled_margins
from forcing.records import Progress

SINGLE_LIMIT = 2e8
"""Rows to refit alone times the entries of the design, above which that is left out."""

LIKELIEST = 8
"""Rows that are refitted even then, at most, for one that flips alone."""

EIGEN_LIMIT = 5e8
"""n p^2 above which the curvature that changes is bounded without an eigenvalue."""

TRIED = 2
"""Rungs that are tried for one size, from the smallest radius that holds."""

ROUNDING = 1e-7
"""Of the margin and of the target's norm, subtracted from every margin that the bound promises."""


@dataclass(frozen=True, slots=True)
class LowerBound:
    """What is proved about the size of a set that flips the decision."""

    rows: int
    """No set of fewer rows flips it."""
    single: int | None = None
    """A row whose absence alone was seen to flip it."""


def lower_bound(
    problem: Problem, tables: BoundTables | None, at_most: int
) -> Generator[Progress, None, LowerBound]:
    """The smallest size that is not excluded, up to `at_most`; see docs/bound.md for the proof.

    A size that is excluded excludes all below, so that the largest is galloped to and bisected.
    Where not even 1 is excluded, the single rows that are left are refitted.
    """
    if tables is None or at_most <= 1:
        return LowerBound(1)
    target = _Target.of(problem, tables)
    excluded = yield from _largest_excluded(target, min(at_most - 1, int(tables.sizes[-1])))
    if excluded > 0:
        return LowerBound(excluded + 1)
    return (yield from _single_rows(problem, target))


def _largest_excluded(target: _Target, longest: int) -> Generator[Progress, None, int]:
    excluded, left, step = 0, longest + 1, 1
    while left - excluded > 1:
        k = min(excluded + step, left - 1)
        if target.excludes(k):
            excluded = k
            yield Progress("bound", k, None)
            step = 2 * step if left > longest else max(1, (left - excluded) // 2)
        else:
            left = k
            step = max(1, (left - excluded) // 2)
    return excluded


@dataclass(frozen=True, eq=False)
class _Target:
    """One target in the terms of the proof."""

    tables: BoundTables
    margin: float
    effects: Floats
    """(n,): -a_i rho_i, what leaving row i out takes from the margin to first order."""
    lever: Floats
    """(n,): |a_i| with a_i = x_i . q."""
    residual: Floats
    """(p,): d - H q, which rounding leaves."""
    norm: float
    """|d| in H^-1."""

    @classmethod
    def of(cls, problem: Problem, tables: BoundTables) -> _Target:
        model = tables.model
        v = problem.direction(problem.fit.theta)
        direction, solved = on_host(v), on_host(problem.fit.inverse.solve(v))
        lever = model.design @ solved
        image = model.design.T @ (model.curvatures * lever) + model.penalty * solved
        return cls(
            tables=tables,
            margin=problem.margin(problem.fit.theta),
            effects=-lever * model.slopes,
            lever=np.abs(lever),
            residual=direction - image,
            norm=float(np.sqrt(np.maximum(direction @ solved, 0.0))),
        )

    def excludes(self, k: int) -> bool:
        """Whether no set of k rows or fewer flips the decision."""
        j = int(np.searchsorted(self.tables.sizes, k))
        holding = [r for r in self.tables.rungs if np.isfinite(r.reaches[j])]
        return any(self._excludes(k, j, rung) for rung in holding[:TRIED])

    def _excludes(self, k: int, j: int, rung: Rung) -> bool:
        left = self.margin - self._allowance(rung, float(rung.reaches[j]))
        return any(top(losses, k) < left for losses in self.losses(k, j, rung))

    def losses(self, k: int, j: int, rung: Rung) -> Iterator[Floats]:
        """(n,) each: what a set of up to k rows takes from the margin is at most their sum."""
        reach = float(rung.reaches[j])
        squares = rung.sums[:, j] / (1.0 - rung.kappa[j]) ** 2  # |D|^2 <= their sum over S
        own = self.lever * self.tables.model.curvatures
        pulls = np.divide(own**2, rung.omega, out=np.full_like(own, np.inf), where=rung.omega > 0)
        pulls[own == 0.0] = 0.0
        pulled = float(np.sqrt(top(pulls, k)))
        for changing in self._changing(rung, reach):
            yield self.effects + own * rung.norms * reach + changing * squares
            if 0.0 < pulled < np.inf:
                ratio = reach / pulled
                yield self.effects + 0.5 * ratio * pulls + (changing + 0.5 / ratio) * squares

    def single(self) -> list[int]:
        """Rows that may flip the decision alone, the likeliest first."""
        open_rows = np.ones(len(self.effects), dtype=bool)
        for rung in self.tables.rungs:
            lost, farthest = self.losses_alone(rung)
            open_rows &= ~(lost < self.margin - self._allowance(rung, farthest))
        likely = -self.effects / np.maximum(1.0 - self.tables.leverage, 1e-6)
        candidates = np.flatnonzero(open_rows)
        return [int(i) for i in candidates[np.argsort(likely[candidates], kind="stable")]]

    def losses_alone(self, rung: Rung) -> tuple[Floats, float]:
        """(n,): at most what each row alone takes from the margin; and the farthest reach.

        Infinite for a row without which the model may leave the radius.
        """
        model = self.tables.model
        share = (1.0 + OUTWARD) * rung.omega * rung.norms**2
        gradient = np.abs(model.slopes) * rung.norms + OUTWARD
        reach = np.divide(gradient, 1 - share, out=np.full_like(share, np.inf), where=share < 1)
        held = reach < rung.radius
        farthest = float(np.max(reach[held], initial=0.0))
        reach = np.where(held, reach, 0.0)
        own = self.lever * model.curvatures * rung.norms * reach
        lost = self.effects + own + min(self._changing(rung, farthest)) * reach**2
        return np.where(held, lost, np.inf), farthest

    def _changing(self, rung: Rung, reach: float) -> Iterator[float]:
        """B, the dearer the smaller: what the curvature that changes takes is at most B |D|^2."""
        model, more = self.tables.model, 1.0 + OUTWARD
        if model.fixed:
            yield 0.0
            return
        bends = model.bend(rung.norms * reach) * self.lever
        squares = bends * rung.norms**2
        heavy = rung.omega > 0.0
        light = float(np.sum(squares[~heavy]))
        spread = bends[heavy] * rung.norms[heavy] / np.sqrt(rung.omega[heavy])
        yield more * (light + min(float(np.linalg.norm(spread)), float(np.sum(squares[heavy]))))
        if model.design.shape[0] * model.design.shape[1] ** 2 <= EIGEN_LIMIT:
            scaled = (model.design * np.sqrt(bends)[:, None]) @ rung.root.T
            yield more * largest_eigenvalue(scaled)

    def _allowance(self, rung: Rung, reach: float) -> float:
        residual = float(np.linalg.norm(rung.root @ self.residual))
        return ROUNDING * (1.0 + self.margin + self.norm * (1.0 + reach)) + residual * reach


def _single_rows(problem: Problem, target: _Target) -> Generator[Progress, None, LowerBound]:
    """Refit without each row that may flip the decision alone; 2 where none does."""
    removable = on_host(problem.removable(problem.fit.kept))
    rows = [i for i in target.single() if removable[i]]
    objective = problem.objective
    affordable = int(SINGLE_LIMIT / (objective.n_rows * objective.n_parameters))
    proved = 2
    if len(rows) > affordable:
        proved, rows = 1, rows[: min(affordable, LIKELIEST)]
    allowance = ROUNDING * (1.0 + target.margin)
    for begin in range(0, len(rows), CHUNK):
        some = rows[begin : begin + CHUNK]
        margins = yield from toggled_margins(problem, problem.fit, some, "bound")
        best = int(np.argmin(margins))
        if margins[best] < -allowance:
            return LowerBound(1, some[best])
        if margins[best] <= allowance:
            proved = 1
    return LowerBound(proved)
