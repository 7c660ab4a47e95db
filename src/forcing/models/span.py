"""Rows in the coordinates of their own span: one path for more columns than rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Span:
    """An orthonormal basis of the rows' span.

    An L2 penalty does not notice a rotation, and the optimum lies in the span of the rows, so
    that n coordinates are enough where p > n. Without a basis the coordinates are the columns.
    """

    basis: NDArray[np.float64] | None
    """(p, n), orthonormal columns; None where p <= n."""

    @classmethod
    def of(cls, X: NDArray[np.float64]) -> tuple[Span, NDArray[np.float64]]:
        """The span of the rows of X (n, p), and X in its coordinates (n, min(n, p))."""
        n, p = X.shape
        if p <= n:
            return cls(None), X
        basis, triangle = scipy.linalg.qr(X.T, mode="economic", check_finite=False)
        return cls(basis), np.ascontiguousarray(triangle.T)

    def coordinates(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., p) to (..., n); what is orthogonal to the span meets no weight and is dropped."""
        return rows if self.basis is None else rows @ self.basis
