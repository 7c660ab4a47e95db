"""An inverse Hessian less a few rows."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, eye
from forcing.engine.curvature import Curvature, roughly


class Corrected:
    """The inverse of H + sum_T delta_i x_i x_i' for a few rows T, by Woodbury's identity.

    For rows that left (delta_i = -c_i), that came back, or whose curvature has changed much;
    of an objective with one output.
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
        removed = base.objective.design.rows(rows)
        self._members = removed
        self._deltas = deltas
        self._solved = base.solve(removed.T) if solved is None else solved
        # H'^-1 = H^-1 - H^-1 Z' (I + D Z H^-1 Z')^-1 D Z H^-1: nothing is divided by a delta of 0.
        self._core = eye(len(rows), removed) + deltas[:, None] * (removed @ self._solved)

    def without(self, row: int, remaining: Array | float = 0.0) -> Corrected:
        """The same with the curvature that the base has of one more row replaced by what is
        left of it (1,); costs p^2.
        """
        gone = remaining - self.base.hessian_weights[row : row + 1]
        xp = array_namespace(gone)
        if row in self.rows:
            place = self.rows.index(row)
            deltas = xp.asarray(self._deltas, copy=True)
            deltas[place] = gone[0]
            return Corrected(self.base, self.rows, deltas, self._solved)
        column = roughly(self.base, self.base.objective.design.rows([row])[0, :])[:, None]
        if not self.rows:
            return Corrected(self.base, (row,), gone, column)
        deltas = xp.concat([self._deltas, gone])
        solved = xp.concat([self._solved, column], axis=1)
        return Corrected(self.base, (*self.rows, row), deltas, solved)

    def solve(self, b: Array, rtol: float = 0.0) -> Array:  # noqa: ARG002 - it is exact
        """H'^-1 b for b of shape (p,) or (p, k)."""
        result = roughly(self.base, b)
        if not self.rows:
            return result
        xp = array_namespace(b)
        columns = result[:, None] if b.ndim == 1 else result
        inner = xp.linalg.solve(self._core, self._deltas[:, None] * (self._members @ columns))
        change = self._solved @ inner
        return result - (change[:, 0] if b.ndim == 1 else change)
