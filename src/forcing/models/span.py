"""Rows in the coordinates of their own span: one path for more columns than rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Span:
    """Coordinates in which n numbers describe a row, where it has p > n columns.

    An L2 penalty does not notice a rotation, and the optimum lies in the span of the rows. With
    X' = Q R, the rows of R' are the rows of X in the orthonormal basis Q, and Q' x are the
    coordinates of a target. Householder reflections keep every digit, also of rows that repeat
    or differ much in scale, which a Gram matrix would square away. Without reflections the
    coordinates are the columns.
    """

    reflections: tuple[NDArray[np.float64], NDArray[np.float64]] | None
    """LAPACK's (p, n) and (n,) form of Q; None where p <= n."""

    @classmethod
    def of(cls, X: NDArray[np.float64]) -> tuple[Span, NDArray[np.float64]]:
        """The span of the rows of X (n, p), and X in its coordinates (n, min(n, p))."""
        n, p = X.shape
        if p <= n:
            return cls(None), X
        reflections, triangle = scipy.linalg.qr(X.T, mode="raw", check_finite=False)
        return cls(reflections), np.ascontiguousarray(triangle.T)

    def coordinates(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """(p,) to (min(n, p),); what is orthogonal to the span meets no weight and is dropped."""
        if self.reflections is None:
            return row
        vectors, scales = self.reflections
        rotated, _, _ = scipy.linalg.lapack.dormqr("L", "T", vectors, scales, row[:, None], 1)
        found: NDArray[np.float64] = rotated[: len(scales), 0]
        return found
