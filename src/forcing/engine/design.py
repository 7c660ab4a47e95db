"""The training rows as a linear map: what the engine asks of them, dense or sparse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from array_api_compat import array_namespace

from forcing.engine.arrays import Array, indices, single


class Design(Protocol):
    """Rows x_i (n, p), with the intercept's column where there is one.

    Where the outputs share their parameters theta is (p,), also of K outputs, and row i is the
    matrix (K, p) that takes it to them: then X theta is (n, K).
    """

    shared: bool
    """Whether one theta (p,) makes all outputs of a row; else each has its own column."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def factorable(self) -> bool:
        """Whether X' diag(c) X can be formed."""

    @property
    def squared_norms(self) -> Array:
        """(n,): |x_i|^2."""

    @property
    def rough(self) -> Design:
        """The same in single precision, where that is quicker."""

    def times(self, theta: Array) -> Array:
        """X theta: (p, ...) to (n, ...); one pass over the rows."""

    def transposed(self, slopes: Array) -> Array:
        """X' slopes: (n, ...) to (p, ...); one pass over the rows."""

    def gram(self, weights: Array) -> Array:
        """X' diag(weights) X, (p, p), for weights (n,) >= 0."""

    def squares(self, weights: Array) -> Array:
        """(p, ...): sum_i weights_i x_ij^2, the diagonal of that, for weights (n, ...)."""

    def rows(self, members: Sequence[int]) -> Array:
        """(k, p), dense."""

    def subset(self, members: Sequence[int]) -> Design:
        """These rows alone."""

    def outer(self, scale: Array) -> Array:
        """X diag(scale) X', (n, n), for a scale (p,)."""


class Dense:
    """Rows in an array of any namespace."""

    shared = False
    factorable = True

    def __init__(self, array: Array) -> None:
        self.array = array

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.array.shape[0]), int(self.array.shape[1])

    @cached_property
    def squared_norms(self) -> Array:
        return array_namespace(self.array).sum(self.array * self.array, axis=1)

    @cached_property
    def rough(self) -> Design:
        return Dense(single(self.array))

    def times(self, theta: Array) -> Array:
        return _flat(self.array, theta)

    def transposed(self, slopes: Array) -> Array:
        return _flat(self.array.T, slopes)

    def gram(self, weights: Array) -> Array:
        xp = array_namespace(self.array)
        scaled = self.array * xp.sqrt(weights)[:, None]
        return scaled.T @ scaled  # one array with itself: BLAS does half the work

    def squares(self, weights: Array) -> Array:
        return _flat((self.array * self.array).T, weights)

    def rows(self, members: Sequence[int]) -> Array:
        xp = array_namespace(self.array)
        return xp.take(self.array, indices(members, self.array), axis=0)

    def subset(self, members: Sequence[int]) -> Design:
        return Dense(self.rows(members))

    def outer(self, scale: Array) -> Array:
        return (self.array * scale[None, :]) @ self.array.T


class Sparse:
    """Rows in a SciPy CSR matrix; never turned into a dense (n, p)."""

    shared = False
    factorable = True

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix.tocsr()
        self._transposed = self.matrix.T.tocsr()  # products with X' as quick as those with X

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])

    @cached_property
    def squared_norms(self) -> Array:
        return np.asarray(self.matrix.multiply(self.matrix).sum(axis=1)).ravel()

    @cached_property
    def rough(self) -> Design:
        return Sparse(self.matrix.astype(np.float32))

    def times(self, theta: Array) -> Array:
        return _flat(self.matrix, theta)

    def transposed(self, slopes: Array) -> Array:
        return _flat(self._transposed, slopes)

    def gram(self, weights: Array) -> Array:
        return (self._transposed @ self.matrix.multiply(weights[:, None]).tocsr()).toarray()

    def squares(self, weights: Array) -> Array:
        return _flat(self._transposed.multiply(self._transposed).tocsr(), weights)

    def rows(self, members: Sequence[int]) -> Array:
        dense: Array = self._few(members).toarray()
        return dense

    def subset(self, members: Sequence[int]) -> Design:
        return Sparse(self._few(members))

    def outer(self, scale: Array) -> Array:
        return (self.matrix.multiply(scale[None, :]).tocsr() @ self._transposed).toarray()

    def _few(self, members: Sequence[int]) -> Any:
        return self.matrix[[int(row) for row in members]]


def _flat(matrix: Array, b: Array) -> Array:
    """matrix @ b, for b of any number of axes."""
    if b.ndim <= 2:
        return matrix @ b
    xp = array_namespace(b)
    product = matrix @ xp.reshape(b, (b.shape[0], -1))
    return xp.reshape(product, (matrix.shape[0], *b.shape[1:]))
