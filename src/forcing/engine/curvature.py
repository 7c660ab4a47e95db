"""Products with the inverse Hessian."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, triangular_inverse
from forcing.engine.objective import LinearObjective

NEGLIGIBLE = 1e-4
"""Changes of curvature below this share of the largest are left to the iterations."""


class Curvature:
    """H = X' diag(c) X + R, factorised once; H^-1 = root' root with root = L^-1, H = L L'.

    The inverse of the triangular factor is kept because matrix-vector products with it
    exist, and are fast, in every array namespace. Costs n p^2 + p^3 operations and p^2 memory.
    """

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        xp = array_namespace(objective.design)
        self.objective = objective
        self.hessian_weights = hessian_weights
        scaled = objective.design * xp.sqrt(hessian_weights)[:, None]
        hessian = scaled.T @ scaled  # one array with itself: BLAS does half the work
        eye = xp.eye(objective.n_parameters, dtype=hessian.dtype)
        hessian = hessian + eye * objective.penalty[:, None]
        # Where all rows are decided with certainty (separable data, huge C) H is singular to
        # working precision. A jitter of rounding size keeps the factor; refits stay exact,
        # because they end on the gradient, not on the factor.
        jitter = 1e-14 * float(xp.max(xp.linalg.diagonal(hessian)))
        self.root = triangular_inverse(xp.linalg.cholesky(hessian + jitter * eye))

    def solve(self, b: Array) -> Array:
        """H^-1 b for b of shape (p,) or (p, k)."""
        return self.root.T @ (self.root @ b)


class Corrected:
    """The inverse of H + sum_T delta_i x_i x_i' for a few rows T, by Woodbury's identity.

    For rows that left (delta_i = -c_i), that came back, or whose curvature has changed much.
    """

    def __init__(
        self,
        base: Curvature,
        rows: tuple[int, ...] = (),
        deltas: Array = None,
        solved: Array = None,
    ) -> None:
        self.base = base
        self.rows = rows
        if not rows:
            return
        xp = array_namespace(base.root)
        removed = xp.take(base.objective.design, xp.asarray(rows), axis=0)
        self._members = removed
        self._deltas = deltas
        self._solved = base.solve(removed.T) if solved is None else solved
        # H'^-1 = H^-1 - H^-1 Z' (I + D Z H^-1 Z')^-1 D Z H^-1: nothing is divided by a delta of 0.
        eye = xp.eye(len(rows), dtype=removed.dtype)
        self._core = eye + deltas[:, None] * (removed @ self._solved)

    def without(self, row: int) -> Corrected:
        """The same without the curvature that the base has of one more row; costs p^2."""
        xp = array_namespace(self.base.root)
        gone = -self.base.hessian_weights[row : row + 1]
        if row in self.rows:
            place = self.rows.index(row)
            deltas = xp.asarray(self._deltas, copy=True)
            deltas[place] = gone[0]
            return Corrected(self.base, self.rows, deltas, self._solved)
        column = self.base.solve(self.base.objective.design[row, :])[:, None]
        if not self.rows:
            return Corrected(self.base, (row,), gone, column)
        deltas = xp.concat([self._deltas, gone])
        solved = xp.concat([self._solved, column], axis=1)
        return Corrected(self.base, (*self.rows, row), deltas, solved)

    def solve(self, b: Array) -> Array:
        """H'^-1 b for b of shape (p,) or (p, k)."""
        result = self.base.solve(b)
        if not self.rows:
            return result
        xp = array_namespace(self.base.root)
        columns = result[:, None] if b.ndim == 1 else result
        inner = xp.linalg.solve(self._core, self._deltas[:, None] * (self._members @ columns))
        change = self._solved @ inner
        return result - (change[:, 0] if b.ndim == 1 else change)


def corrected(base: Curvature, hessian_weights: Array, most: int) -> Corrected:
    """The base with the weights of up to `most` rows brought up to date, the weightiest first."""
    xp = array_namespace(base.root)
    deltas = hessian_weights - base.hessian_weights
    importance = xp.abs(deltas) * base.objective.squared_norms
    largest = float(xp.max(importance))
    if largest == 0.0:
        return Corrected(base)
    order = xp.argsort(-importance, stable=True)[:most]
    weighty = [int(i) for i in order if float(importance[i]) > NEGLIGIBLE * largest]
    return Corrected(base, tuple(weighty), xp.take(deltas, xp.asarray(weighty)))
