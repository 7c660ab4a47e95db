"""From a forcing set to a smaller one in which no row can be spared.

The search is greedy; refinement looks at whole sets. It alternates two moves, each judged
by refitting: *exchange* replaces the set by the same number of rows with the best effect at
the parameters refitted without it, *drop* puts back the rows that matter least. When neither
makes the set smaller, single put-backs and pair swaps are tried one by one, so that the
result is irreducible: put back any one row and the old decision returns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, indices, on_host
from forcing.engine.curvature import roughly
from forcing.engine.fitting import Fit
from forcing.engine.problem import Problem
from forcing.engine.toggle import toggled_margins
from forcing.records import Progress, Work

SWAP_CANDIDATES = 12
"""Rows on each side of a pair swap: 144 pairs are predicted, the best few are refitted."""

SWAP_TRIALS = 6

SMALL = 100_000
"""Entries of the design up to which a refit costs next to nothing, and every start is tried."""

TRIAL = 1e-6
"""Decrement at which trials are refitted; those that land near the decision line exactly."""

CLEAR = 10.0
"""Times that a margin has to exceed what the last step of a trial can have moved it by."""

NEAR = 1e-3
"""Log-odds within which a trial counts as near."""

ROUGH = 1e-3
"""Residual of what only predicts: which rows to try, not whether they flip."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A set of rows with the optimum without them."""

    rows: tuple[int, ...]
    fit: Fit
    margin: float
    put_back: tuple[float, ...] | None = None
    """Margins with each single row put back, in the order of `rows`; None where not tried."""


class Refinement:
    """Sets that flip one claim, each refitted at most once."""

    def __init__(self, problem: Problem, decisive: float = 0.0) -> None:
        self.problem = problem
        self.decisive = decisive
        """A set counts as flipping when its margin is below minus this."""
        self._known: dict[frozenset[int], float] = {}
        self.refits = 0

    def flips(self, margin: float) -> bool:
        return margin < -self.decisive

    def refit(self, rows: Iterable[int], near: Fit) -> Candidate:
        members = tuple(rows)
        if self.problem.empties_a_class(members):
            fit, margin = near, math.inf
        else:
            fit = self.problem.refit(members, near, TRIAL, self._is_clear)
            margin = self.problem.margin(fit.theta)
            if abs(margin + self.decisive) < NEAR:
                fit = self.problem.refit(members, fit)
                margin = self.problem.margin(fit.theta)
        self._known[frozenset(members)] = margin
        self.refits += 1
        return Candidate(members, fit, margin)

    def _is_clear(self, theta: Array, size: float) -> bool:
        """Whether a trial may end here: on which side of the line its optimum is, is plain."""
        return abs(self.problem.margin(theta) + self.decisive) > CLEAR * size * self.problem.reach

    def is_known(self, rows: Iterable[int]) -> bool:
        return frozenset(rows) in self._known

    def run(
        self, start: Candidate, others: Sequence[Sequence[int]] = ()
    ) -> Iterator[Progress | Candidate]:
        """Yield progress, and each smaller flipping set as it is found; the last is the result.

        `others` are orders of rows (of the baselines, say) whose prefixes are further starts.
        """
        best = start
        while True:
            smaller = yield from self._shrink(best)
            if smaller is None:
                smaller = yield from self._from_orders(best, others)
            if smaller is None:
                smaller = yield from self._by_swaps(best)
            if smaller is None:
                best = yield from self.put_back_each(best)
                smaller = yield from self._without_spare(best)
            if smaller is None:
                break
            best = smaller
            yield best
        yield best

    def put_back_each(self, best: Candidate) -> Work[Candidate]:
        """The same set with its margin and that of every single put-back, refitted exactly."""
        fit = self.problem.refit(best.rows, best.fit)
        best = replace(best, fit=fit, margin=self.problem.margin(fit.theta))
        margins = yield from toggled_margins(self.problem, best.fit, best.rows, "verify")
        return replace(best, put_back=tuple(margins))

    def _without_spare(self, best: Candidate) -> Work[Candidate | None]:
        """Without a row that can be put back and the decision stays flipped; none: irreducible."""
        margins = best.put_back or ()
        if len(best.rows) < 2 or not any(self.flips(m) for m in margins):
            return None
        spare = min(range(len(margins)), key=lambda j: margins[j])
        yield self._progress(best)
        smaller = self.refit(best.rows[:spare] + best.rows[spare + 1 :], best.fit)
        return smaller if self.flips(smaller.margin) else None

    def improve(self, start: Candidate) -> Iterator[Progress | Candidate]:
        """Exchange rows, then swap pairs, at this size; the result, flipping or not, last."""
        exchanged = yield from self._exchange(start)
        if self.flips(exchanged.margin):
            yield exchanged
        else:
            yield (yield from self._swap(exchanged))

    def _shrink(self, best: Candidate) -> Work[Candidate | None]:
        """Exchange at this size, then drop as many rows as the prediction allows."""
        current = yield from self._exchange(best)
        return (yield from self._drop(current, len(best.rows)))

    def _exchange(self, start: Candidate) -> Work[Candidate]:
        """Rows with the best effect at the refitted parameters, until they no longer change."""
        best = current = start
        while len(best.rows) > 0:
            effects = removal_effects(self.problem, current.fit)
            xp = array_namespace(effects)
            order = xp.argsort(effects, stable=True)[: len(best.rows)]
            rows = tuple(sorted(int(i) for i in order))
            if self.is_known(rows) or float(effects[order[-1]]) == xp.inf:
                break
            yield self._progress(best)
            current = self.refit(rows, current.fit)
            if current.margin >= best.margin:
                break
            best = current
        return best

    def _drop(self, start: Candidate, size: int) -> Work[Candidate | None]:
        """The smallest subset that flips when rows are put back weakest first.

        The prediction says how many may go; refits confirm, fewer at a time when they refuse.
        Returns None unless the result is smaller than `size`.
        """
        best = start
        while len(best.rows) > 1:
            changes = put_back_effects(self.problem, best.fit, best.rows)
            weakest = sorted(range(len(best.rows)), key=lambda j: (changes[j], -j))
            room, count = -best.margin - self.decisive, 0
            while count < len(best.rows) - 1 and changes[weakest[count]] < room:
                room -= changes[weakest[count]]
                count += 1
            found = None
            while found is None:
                gone = set(weakest[: max(count, 1)])
                rows = tuple(r for j, r in enumerate(best.rows) if j not in gone)
                if not self.is_known(rows):
                    yield self._progress(best)
                    trial = self.refit(rows, best.fit)
                    trial = (yield from self._exchange(trial)) if count <= 1 else trial
                    if self.flips(trial.margin):
                        found = trial
                        break
                if count <= 1:
                    break
                count //= 2
            if found is None:
                break
            best = found
        return best if len(best.rows) < size and self.flips(best.margin) else None

    def _from_orders(
        self, best: Candidate, others: Sequence[Sequence[int]]
    ) -> Work[Candidate | None]:
        """A set smaller by one, exchanged from the first rows of another order."""
        size = len(best.rows) - 1
        for order in others:
            rows = tuple(sorted(int(i) for i in order[:size]))
            if size < 1 or len(rows) < size or self.is_known(rows):
                continue
            yield self._progress(best)
            trial = yield from self._exchange(self.refit(rows, best.fit))
            if self.flips(trial.margin):
                return trial
        return None

    def _by_swaps(self, best: Candidate) -> Work[Candidate | None]:
        """One row less and one row other: drop the weakest, then swap pairs while it helps."""
        size = len(best.rows)
        if size < 2:
            return None
        changes = put_back_effects(self.problem, best.fit, best.rows)
        weakest = sorted(range(size), key=lambda j: (changes[j], -j))
        objective = self.problem.objective
        small = objective.n_rows * objective.n_parameters <= SMALL
        starts = size if small and size <= 2 * SWAP_CANDIDATES else 1  # of large sets all end alike
        for j in weakest[:starts]:
            rows = best.rows[:j] + best.rows[j + 1 :]
            yield self._progress(best)
            trial = yield from self._swap(self.refit(rows, best.fit))
            if self.flips(trial.margin):
                return trial
        return None

    def _swap(self, start: Candidate) -> Work[Candidate]:
        """Exchange single pairs, the best predicted first, for as long as the margin falls."""
        best = start
        improved = True
        while improved and not self.flips(best.margin):
            improved = False
            swaps = predicted_swaps(self.problem, best)[:SWAP_TRIALS]
            if not swaps or best.margin + len(best.rows) * swaps[0][0] > 0:
                break  # not even as many such swaps as there are rows would do
            for _, back, out in swaps:
                rows = tuple(sorted({*best.rows, out} - {back}))
                if self.is_known(rows):
                    continue
                yield self._progress(best)
                trial = self.refit(rows, best.fit)
                if trial.margin < best.margin - 1e-12:
                    best, improved = trial, True
                    break
        return best

    def _progress(self, best: Candidate) -> Progress:
        return Progress("refine", self.refits, None, f"{len(best.rows)} rows")


def removal_effects(problem: Problem, fit: Fit) -> Array:
    """(n,): what leaving each row out does to the margin at these parameters, to first order.

    Rows that are out count as if they were in: their present effect is what they withhold.
    Rows of weight zero and held ones have infinity, and the last row of each class in this order
    has: taken from the front, a class never empties.
    """
    xp = array_namespace(fit.theta)
    objective, given = problem.objective, problem.fit.kept
    lever = objective.design.times(fit.inverse.solve(problem.direction(fit.theta), ROUGH))
    effects = given * objective.paired(objective.residuals(fit.predictor), lever)
    effects = xp.where(given > 0, effects, -xp.inf)
    if problem.held is not None:  # a class with a held row needs no other one
        effects = xp.where(problem.held & (given > 0), xp.inf, effects)
    for members in problem.classes_of(given):
        last = int(xp.argmax(xp.where(members, effects, -xp.inf)))
        effects[last] = xp.inf
    return xp.where(problem.may_leave(given), effects, xp.inf)


def put_back_effects(problem: Problem, fit: Fit, rows: Sequence[int]) -> list[float]:
    """How much the margin rises when each of the rows, now out, is put back alone.

    Of one output -a_i rho_i / (1 + w_i x_i' H^-1 x_i), exact for the quadratic model but for
    the age of the factor that gives the leverage; of several, and of rows that nobody holds as an
    array, to first order, -a_i . rho_i.
    """
    xp = array_namespace(fit.theta)
    objective = problem.objective
    members = indices(rows, fit.theta)
    weights = xp.take(problem.fit.kept, members)
    slopes = xp.take(objective.residuals(fit.predictor), members, axis=0)
    lever = fit.inverse.solve(problem.direction(fit.theta), ROUGH)
    along = objective.design.subset(rows).times(lever)
    changes = -weights * objective.paired(slopes, along)
    if not _first_order(problem):
        block = objective.design.rows(rows)
        curvatures = objective.leaving_weights(fit.predictor, problem.fit.kept)
        leverage = xp.sum(block.T * roughly(fit.curvature, block.T), axis=0)
        changes = changes / (1.0 + xp.take(curvatures, members) * leverage)
    return [float(c) for c in changes]


def predicted_swaps(problem: Problem, candidate: Candidate) -> list[tuple[float, int, int]]:
    """(change of the margin, row to put back, row to take out), the lowest first.

    For each pair the quadratic model is solved exactly (a 2 x 2 Woodbury system).
    """
    fit, rows = candidate.fit, candidate.rows
    xp = array_namespace(fit.theta)
    changes = put_back_effects(problem, fit, rows)
    inside = [rows[j] for j in sorted(range(len(rows)), key=lambda j: (changes[j], j))]
    inside = inside[:SWAP_CANDIDATES]
    effects = removal_effects(problem, fit)
    taken = set(rows)
    order = xp.argsort(effects, stable=True)[: len(rows) + SWAP_CANDIDATES]
    outside = [int(i) for i in order if int(i) not in taken and float(effects[i]) < xp.inf]
    outside = outside[:SWAP_CANDIDATES]
    if not inside or not outside:
        return []
    members = inside + outside
    objective = problem.objective
    if _first_order(problem):  # what one brings and the other takes
        gain = dict(zip(rows, changes, strict=True))
        pairs = ((gain[i] + float(effects[j]), i, j) for i in inside for j in outside)
        return sorted(pairs)
    block, at = objective.design.rows(members), indices(members, fit.theta)
    solved = fit.inverse.solve(block.T, ROUGH)
    gram, lever = block @ solved, problem.direction(fit.theta) @ solved
    slope = xp.take(problem.fit.kept * objective.residuals(fit.predictor), at)
    curvature = xp.take(objective.leaving_weights(fit.predictor, problem.fit.kept), at)
    g, a, s, c = (on_host(x).tolist() for x in (gram, lever, slope, curvature))
    predicted = []
    for i in range(len(inside)):
        for j in range(len(inside), len(inside) + len(outside)):
            # Solve (I + G diag(+c_i, -c_j)) z = G (s_i, -s_j): the two rows' predictor changes.
            ci, cj, si, sj = c[i], -c[j], s[i], -s[j]
            p, q = 1 + g[i][i] * ci, g[i][j] * cj
            r, t = g[j][i] * ci, 1 + g[j][j] * cj
            u, w = g[i][i] * si + g[i][j] * sj, g[j][i] * si + g[j][j] * sj
            determinant = p * t - q * r
            if determinant <= 0:
                continue
            zi, zj = (u * t - q * w) / determinant, (p * w - r * u) / determinant
            change = -(a[i] * (si - ci * zi) + a[j] * (sj - cj * zj))
            predicted.append((change, inside[i], outside[j - len(inside)]))
    return sorted(predicted)


def _first_order(problem: Problem) -> bool:
    """Whether rows are judged by their gradients alone."""
    return bool(problem.objective.outputs) or not problem.objective.design.factorable
