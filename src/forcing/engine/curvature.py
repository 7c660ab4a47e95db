"""Products with the inverse Hessian."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, triangular_inverse
from forcing.engine.objective import LinearObjective


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


class Downdated:
    """The inverse of H - sum_T c_i x_i x_i' for a few rows T, by Woodbury's identity.

    Exact for the curvature that leaves with the rows; what the other rows' curvature
    changes meanwhile is left to the refreshes of the caller.
    """

    def __init__(self, base: Curvature, rows: tuple[int, ...] = (), solved: Array = None) -> None:
        self.base = base
        self.rows = rows
        if not rows:
            return
        xp = array_namespace(base.root)
        members = xp.asarray(rows)
        removed = xp.take(base.objective.design, members, axis=0)
        self._removed = removed
        self._solved = base.solve(removed.T) if solved is None else solved
        weights = xp.take(base.hessian_weights, members)
        # H_S^-1 = H^-1 + H^-1 Z' (D^-1 - Z H^-1 Z')^-1 Z H^-1, scaled so that nothing is
        # divided by a c_i of 0.
        scale = xp.sqrt(weights)
        self._scale = scale
        eye = xp.eye(len(rows), dtype=removed.dtype)
        self._core = eye - scale[:, None] * (removed @ self._solved) * scale[None, :]

    def without(self, row: int) -> Downdated:
        """The same with one row less; costs p^2."""
        xp = array_namespace(self.base.root)
        column = self.base.solve(self.base.objective.design[row, :])[:, None]
        solved = xp.concat([self._solved, column], axis=1) if self.rows else column
        return Downdated(self.base, (*self.rows, row), solved)

    def solve(self, b: Array) -> Array:
        """H_S^-1 b for b of shape (p,) or (p, k)."""
        result = self.base.solve(b)
        if not self.rows:
            return result
        xp = array_namespace(self.base.root)
        scale = self._scale if b.ndim == 1 else self._scale[:, None]
        inner = scale * (self._removed @ result)
        columns = inner[:, None] if b.ndim == 1 else inner
        inner = xp.linalg.solve(self._core, columns)
        inner = scale * (inner[:, 0] if b.ndim == 1 else inner)
        return result + self._solved @ inner
