"""Rules that need no package: each written out from its paper, on the head's own arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.linalg import LinearOperator, cg

from benchmarks.peers.contract import Head, Score, Vector

DENSE_HESSIAN = 3_000
"""Parameters up to which the Hessian is factorised; beyond, conjugate gradients."""


def influence(head: Head) -> Score:
    """Koh and Liang 2017, on the margin, exact: -s rho_i x_i . H^-1 v."""
    p = head.probability
    residual, curvature = p - head.y, p * (1 - p)
    solve = _cholesky(head, curvature) if len(head.w) < DENSE_HESSIAN else _cg(head, curvature)

    def score(x: Any) -> Vector:
        lever = solve(np.append(_dense(x), 1.0))
        return np.asarray(-head.sign(x) * residual * (head.X @ lever[:-1] + lever[-1]))

    return score


def _cholesky(head: Head, curvature: Vector) -> Any:
    X = head.X.toarray() if hasattr(head.X, "toarray") else head.X
    tilted = np.column_stack([X, np.ones(len(X))])
    hessian = (tilted * curvature[:, None]).T @ tilted
    hessian[np.diag_indices(len(head.w))] += 1 / head.C
    factor = cho_factor(hessian)
    return lambda v: cho_solve(factor, v)


def _cg(head: Head, curvature: Vector) -> Any:
    size = len(head.w) + 1

    def product(v: Vector) -> Vector:
        weighted = curvature * (head.X @ v[:-1] + v[-1])
        return np.append(head.X.T @ weighted + v[:-1] / head.C, weighted.sum())

    return lambda v: cg(LinearOperator((size, size), matvec=product), v, rtol=1e-10)[0]


def representer(head: Head) -> Score:
    """Yeh et al. 2018: what the row contributes to the margin, s alpha_i x_i . x*."""
    alpha = -head.C * (head.probability - head.y)
    return lambda x: head.sign(x) * alpha * np.asarray(head.X @ _dense(x))


def neighbours(head: Head) -> Score:
    """Rows with the label that is decided, the nearest first; the others are left alone."""
    squares = _squares(head.X)

    def score(x: Any) -> Vector:
        distance = squares - 2 * np.asarray(head.X @ _dense(x))
        return np.where(head.y == head.favoured(x), -distance, -np.inf)

    return score


def chance(head: Head) -> Score:
    """Rows with the label that is decided, in random order: what an order has to beat."""

    def score(x: Any) -> Vector:
        draw = np.random.default_rng(0).uniform(size=len(head.y))
        return np.where(head.y == head.favoured(x), draw, -np.inf)

    return score


def _dense(x: Any) -> Vector:
    return np.ravel(x.toarray() if hasattr(x, "toarray") else x).astype(float)


def _squares(X: Any) -> Vector:
    return np.ravel(X.multiply(X).sum(axis=1) if hasattr(X, "multiply") else (X * X).sum(axis=1))
