"""How few rows cannot possibly flip the decision, and how far one-step Newton can err."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.engine.arrays import on_host
from forcing.engine.curvature import Curvature, Whole
from forcing.engine.problem import Problem
from forcing.engine.toggle import CHUNK, toggled_margins
from forcing.records import Progress

GRAM_LIMIT = 1_000
"""Above so many rows the bound sums norms of gradients instead of their inner products."""

SINGLE_LIMIT = 2e8
"""Rows to refit alone times the entries of the design, above which that is left out."""

ROUNDING = 1e-9
"""Subtracted from every margin that the bound promises: far more than the arithmetic can lose."""


@dataclass(frozen=True, eq=False)
class BoundTables:
    """What the bound needs of the model, whatever the target; k = 1 .. length."""

    gradient: NDArray[np.float64]
    """G(k): at least the H^-1 norm of the sum of any k rows' gradients."""
    curvature: NDArray[np.float64]
    """kappa(k): leaving k rows out leaves at least (1 - kappa) H."""
    single: NDArray[np.float64]
    """(n, 2): G and kappa of each row alone: the H^-1 norm of its gradient, its leverage."""
    reach: float
    """max_i |x_i| in H^-1."""


def bound_tables(problem: Problem, curvature: Curvature, longest: int = 64) -> BoundTables:
    """Worst cases over all sets of k rows; n^2 p operations for small n, n p^2 for large."""
    objective, fit = problem.objective, problem.fit
    whitened = on_host(objective.design.times(Whole(objective, curvature.hessian_weights).root.T))
    gradients = whitened * on_host(fit.kept * objective.residuals(fit.predictor))[:, None]
    scale = np.sqrt(on_host(objective.hessian_weights(fit.predictor, fit.kept)))
    curvatures = whitened * scale[:, None]
    longest = min(longest, objective.n_rows)
    norms = [np.sum(rows * rows, axis=1) for rows in (gradients, curvatures)]
    return BoundTables(
        gradient=np.sqrt(_worst_sums(gradients, longest, power=1)),
        curvature=np.sqrt(_worst_sums(curvatures, longest, power=2)),
        single=np.stack([np.sqrt(norms[0]), norms[1]], axis=1),
        reach=float(np.sqrt(np.max(np.sum(whitened * whitened, axis=1)))),
    )


def _worst_sums(rows: NDArray[np.float64], longest: int, power: int) -> NDArray[np.float64]:
    """(longest,): for each k at least max over S of sum_{i, j in S} <r_i, r_j>^power.

    Top-k over i of the top-k over j of the Gram matrix, each row itself included; where the
    Gram matrix is too large, the norms bound its entries (Cauchy-Schwarz).
    """
    norms = np.sum(rows * rows, axis=1)
    if len(rows) > GRAM_LIMIT:
        sizes = -np.sort(-(norms ** (power / 2)))[:longest]
        return np.cumsum(sizes) ** 2
    gram = rows @ rows.T
    own = gram.diagonal() ** power
    pairs = gram**power
    np.fill_diagonal(pairs, -np.inf)
    best = -np.sort(-np.partition(pairs, -longest, axis=1)[:, -longest:], axis=1)
    best = np.where(np.isfinite(best), best, 0.0)
    # Row i itself, and its k - 1 best partners: a set of exactly k rows has no other choice,
    # even where the best partners have negative products.
    sums = own[:, None] + np.concatenate(
        [np.zeros((len(rows), 1)), np.cumsum(best[:, : longest - 1], axis=1)], axis=1
    )
    ranked = -np.sort(-sums, axis=0)
    totals = np.array([np.sum(ranked[: k + 1, k]) for k in range(longest)])
    worst: NDArray[np.float64] = np.maximum(totals, 0.0)
    return worst


def lower_bound(
    problem: Problem, curvature: Curvature, tables: BoundTables, at_most: int
) -> Iterator[Progress | int]:
    """The smallest size that is not excluded; yields progress, the size last.

    For L2 logistic regression (proof in docs/bound.md): the margin after leaving out any k
    rows is at least the first-order worst case, less what the curvature that leaves and the
    curvature that changes can add. Single rows that this does not exclude are refitted.
    """
    objective, fit = problem.objective, problem.fit
    xp = array_namespace(fit.theta)
    solved = curvature.solve(problem.direction(fit.theta))
    lever = on_host(objective.design.times(solved))
    norm = float(xp.sum(problem.direction(fit.theta) * solved)) ** 0.5
    effects = lever * on_host(fit.kept * objective.residuals(fit.predictor))
    pulls = np.cumsum(np.sort(np.minimum(effects, 0.0)))
    margin = problem.margin(fit.theta)
    allowance = ROUNDING * (1.0 + margin)
    size = 1
    for k in range(1, min(at_most, len(tables.gradient)) + 1):
        g, kappa = tables.gradient[k - 1], tables.curvature[k - 1]
        worst = margin + pulls[k - 1] - _second_order(g, kappa, tables.reach, norm)
        if not worst > allowance:
            break
        size = k + 1
        yield Progress("bound", k, None)
    if size == 1 and at_most > 1:
        second = [_second_order(g, k, tables.reach, norm) for g, k in tables.single]
        candidates = np.flatnonzero(~(margin + effects - np.array(second) > allowance))
        # The likeliest first: one row that flips alone settles it.
        likely = effects / np.maximum(1.0 - tables.single[:, 1], 1e-6)
        candidates = candidates[np.argsort(likely[candidates], kind="stable")]
        size += yield from _no_single_row(problem, candidates, allowance)
    yield min(size, at_most)


def _no_single_row(
    problem: Problem, candidates: NDArray[np.intp], allowance: float
) -> Generator[Progress, None, bool]:
    """Whether none of the rows flips the decision alone; False where that would cost too much."""
    removable = on_host(problem.removable(problem.fit.kept))
    rows = [int(i) for i in candidates if removable[i]]
    if len(rows) * problem.objective.n_rows * problem.objective.n_parameters > SINGLE_LIMIT:
        return False
    for begin in range(0, len(rows), CHUNK):
        margins = yield from toggled_margins(
            problem, problem.fit, rows[begin : begin + CHUNK], "bound"
        )
        if min(margins) <= allowance:
            return False
    return True


def _second_order(g: float, kappa: float, reach: float, norm: float) -> float:
    """At most what k rows can take from the margin beyond the first order."""
    if kappa >= 1.0:
        return float("inf")
    shrink = np.sqrt(1.0 - kappa)
    nu, radius = g / shrink, reach / shrink
    if radius * nu >= 1.0:
        return float("inf")
    r = -np.log1p(-radius * nu)
    if r < 1e-12:
        changes = r
    else:
        phi, psi = -np.expm1(-r) / r, np.expm1(r) / r
        changes = max(1.0 / phi - 1.0, 1.0 - 1.0 / psi)
    leaving = norm * kappa * g / (1.0 - kappa)
    return float(leaving + norm * nu / shrink * changes)


@dataclass(frozen=True, slots=True)
class NewtonErrorBound:
    """Proposition 1 and the constants in it.

    The sum-scaled Hessian with the Lipschitz constant of one row's: in this reading eq. 6 is
    the same statement as in mean scaling, and n^3 times tighter than its letters there.
    """

    lipschitz_margin: float
    """L_F of F(theta) = the margin: |v|."""
    lipschitz_hessian: float
    """L_H of one row's loss: max_i |x_i|^3 / (6 sqrt 3), from the logistic's third derivative."""
    largest_gradient: float
    """N_g: max_i |grad l_i| at the optimum."""
    smallest_eigenvalue: float
    """lambda_min + alpha of the Hessian at the optimum."""
    n_rows: int

    def of(self, m: int = 1) -> float:
        """Bound on the error of the margin after m one-step removals (eq. 6 and its remark)."""
        constants = self.lipschitz_margin * self.lipschitz_hessian * self.largest_gradient**2
        return self.n_rows * m * m * constants / self.smallest_eigenvalue**3


def newton_error_bound(problem: Problem) -> NewtonErrorBound:
    """The constants of Proposition 1 for this model and target."""
    objective, fit = problem.objective, problem.fit
    design = on_host(objective.design.rows(range(objective.n_rows)))
    norms = np.sqrt(np.sum(design * design, axis=1))
    weights = on_host(objective.hessian_weights(fit.predictor, fit.kept))
    hessian = (design * weights[:, None]).T @ design + np.diag(on_host(objective.penalty))
    slopes = np.abs(on_host(objective.residuals(fit.predictor)))
    return NewtonErrorBound(
        lipschitz_margin=float(np.linalg.norm(on_host(problem.direction(fit.theta)))),
        lipschitz_hessian=float(np.max(norms) ** 3 / (6 * np.sqrt(3))),
        largest_gradient=float(np.max(slopes * norms)),
        smallest_eigenvalue=float(np.linalg.eigvalsh(hessian)[0]),
        n_rows=objective.n_rows,
    )
