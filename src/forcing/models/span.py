"""Rows in the coordinates of their own span: one path for more columns than rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

JITTER = 1e-13
"""Added to the diagonal of X X', relative to its largest entry: rows may repeat."""


@dataclass(frozen=True, eq=False)
class Span:
    """Coordinates in which n numbers describe a row, where it has p > n columns.

    An L2 penalty does not notice a rotation, and the optimum lies in the span of the rows.
    With the Cholesky factor X X' = L L', the rows of L are the rows of X in an orthonormal
    basis of that span, and L^-1 X x are the coordinates of a target. Without a factor the
    coordinates are the columns.
    """

    X: NDArray[np.float64]
    factor: NDArray[np.float64] | None
    """(n, n): L; None where p <= n."""

    @classmethod
    def of(cls, X: NDArray[np.float64]) -> tuple[Span, NDArray[np.float64]]:
        """The span of the rows of X (n, p), and X in its coordinates (n, min(n, p))."""
        n, p = X.shape
        if p <= n:
            return cls(X, None), X
        gram = X @ X.T
        gram.flat[:: n + 1] += JITTER * np.max(np.diagonal(gram))
        factor = scipy.linalg.cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
        return cls(X, factor), factor

    def coordinates(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """(p,) to (min(n, p),); what is orthogonal to the span meets no weight and is dropped."""
        if self.factor is None:
            return row
        found: NDArray[np.float64] = scipy.linalg.solve_triangular(
            self.factor, self.X @ row, lower=True, check_finite=False
        )
        return found
