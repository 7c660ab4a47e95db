"""Orders in which refit-only search tries the training rows: those that matter come early.

None of them has to be right. A good order makes the first set that flips small, and the search
short; whether a set flips is always found out by refitting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.svm import SVC, NuSVC

from forcing.engine.losses import sigmoid
from forcing.models.leaves import applied

Vector: TypeAlias = NDArray[np.float64]

WIDEST = 2000
"""Columns up to which the surrogate, which factorises a matrix of that size, is fitted."""

SPARSE_COLUMNS = 512
"""Sparse matrices with more are described by their first 100 singular directions."""

CATEGORIES = 50
"""Most values of one column of words that count as numbers; the rarer ones are alike."""


@dataclass(frozen=True, eq=False)
class Features:
    """The training rows in numbers, each column with mean 0 and standard deviation 1."""

    matrix: NDArray[np.float64]
    """(n, q)"""
    row: Callable[[Any], Vector]
    """A one-row container of the kind of X as (q,)."""

    @classmethod
    def of(cls, X: Any) -> Features:
        """Missing values become the mean; words become one column for each frequent value."""
        encode = _encoder(X)
        raw = encode(X)
        counted = np.where(np.isfinite(raw), raw, np.nan)
        present = np.maximum(np.sum(~np.isnan(counted), axis=0), 1)
        mean = np.nansum(counted, axis=0) / present
        spread = np.sqrt(np.nansum((counted - mean) ** 2, axis=0) / present)
        spread[spread == 0] = 1.0

        def scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
            filled = np.where(np.isfinite(values), values, mean)
            return np.asarray((filled - mean) / spread, dtype=np.float64)

        return cls(scaled(raw), lambda row: scaled(encode(row))[0])


def _encoder(X: Any) -> Callable[[Any], NDArray[np.float64]]:
    if hasattr(X, "toarray"):
        if X.shape[1] <= SPARSE_COLUMNS:
            return lambda rows: np.asarray(rows.toarray(), dtype=np.float64)
        size = min(100, min(X.shape) - 1)
        directions = TruncatedSVD(size, random_state=0).fit(X)
        return lambda rows: np.asarray(directions.transform(rows), dtype=np.float64)
    try:
        _numbers(X)
    except (TypeError, ValueError):
        return _words(X)
    return _numbers


def _numbers(X: Any) -> NDArray[np.float64]:
    if hasattr(X, "detach"):  # torch
        X = X.detach().cpu().numpy()
    values = np.asarray(X, dtype=np.float64)
    return values.reshape(len(values), -1)


def _words(X: Any) -> Callable[[Any], NDArray[np.float64]]:
    """Columns of words, perhaps beside columns of numbers."""
    table = _objects(X)
    parts = [_column(table[:, j]) for j in range(table.shape[1])]

    def encode(rows: Any) -> NDArray[np.float64]:
        cells = _objects(rows)
        return np.hstack([part(cells[:, j]) for j, part in enumerate(parts)])

    return encode


def _objects(X: Any) -> NDArray[Any]:
    table = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X, dtype=object)
    return table.reshape(len(table), -1)


def _column(cells: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
    try:
        cells.astype(np.float64)
    except (TypeError, ValueError):
        values, counts = np.unique(cells.astype(str), return_counts=True)
        frequent = values[np.argsort(-counts, kind="stable")][:CATEGORIES]
        return lambda given: np.asarray(given.astype(str)[:, None] == frequent, dtype=np.float64)
    return lambda given: given.astype(np.float64)[:, None]


def orders(
    model: Any, X: Any, row: Any, features: Features, support: Vector, weights: Vector
) -> list[NDArray[np.intp]]:
    """Orders of the rows, the likeliest support of the decision first.

    Parameters
    ----------
    model
        As the user fitted it.
    X, row
        Training rows and target as the model takes them.
    features
        The same in numbers.
    support
        (n,): above 0 where the row speaks for the decision: 1 for the label of the favoured
        class and -1 for another; for a regressor, how far its value is on the favoured side.
    weights
        (n,): sample weights.
    """
    at = features.row(row)
    distance = np.sum((features.matrix - at) ** 2, axis=1)
    similarity = similarities(model, X, row)
    nearest = -distance
    main = nearest if similarity is None else similarity
    found = [_favoured_first(main, nearest, support)]
    if features.matrix.shape[1] <= WIDEST:
        influence = surrogate_support(features.matrix, at, support, weights)
        helps = influence > 0
        found.append(np.flatnonzero(helps)[np.argsort(-influence[helps], kind="stable")])
    if similarity is not None:
        found.append(_favoured_first(nearest, nearest, support))
    counted = weights > 0
    return [order[counted[order]] for order in found]


def _favoured_first(main: Vector, tie: Vector, support: Vector) -> NDArray[np.intp]:
    """Rows that speak for the decision, most similar first; the rest never comes."""
    rows = np.flatnonzero(support > 0)
    return rows[np.lexsort((-support[rows], -tie[rows], -main[rows]))]


def similarities(model: Any, X: Any, row: Any) -> Vector | None:
    """(n,): how alike the model finds each row and the target; None where it does not say."""
    try:
        if isinstance(model, SVC | NuSVC):
            return _kernel(model, X, row)
        leaves, at = applied(model, X), applied(model, row)
    except (AttributeError, TypeError, ValueError):
        return None  # another package's `apply` may mean another thing; any order will do
    if leaves is None or at is None:
        return None
    shared = leaves == at
    # A row's share of the leaf is its share of what the tree answers.
    return np.asarray((shared / np.maximum(shared.sum(axis=0), 1)).sum(axis=1), dtype=np.float64)


def _kernel(model: Any, X: Any, row: Any) -> Vector | None:
    """The kernel, with the support vectors, on which alone the model rests, before the rest."""
    if callable(model.kernel) or model.kernel == "precomputed":
        return None
    dense = [np.asarray(Z.toarray() if hasattr(Z, "toarray") else Z, float) for Z in (X, row)]
    gamma = model.gamma
    if isinstance(gamma, str):
        scale = dense[0].var() if gamma == "scale" else 1.0
        gamma = 1.0 / (dense[0].shape[1] * scale) if scale else 1.0
    values = pairwise_kernels(
        *dense,
        metric=model.kernel,
        filter_params=True,
        gamma=gamma,
        degree=model.degree,
        coef0=model.coef0,
    )[:, 0]
    rests = np.zeros(len(values))
    rests[model.support_[model.support_ < len(values)]] = 1.0
    return np.asarray(values + rests * (1.0 + np.ptp(values)), dtype=np.float64)


def surrogate_support(
    matrix: NDArray[np.float64], at: Vector, support: Vector, weights: Vector
) -> Vector:
    """(n,): minus the influence of removing each row on the margin of a linear surrogate.

    An L2 logistic regression (for a regressor: a ridge) on the features; to first order its
    margin at the target v moves by v' H^-1 x_i rho_i s_i, rho_i the slope of the row's loss.
    """
    A = np.column_stack([matrix, np.ones(len(matrix))])
    v = np.append(at, 1.0)
    if set(np.unique(support)) <= {-1.0, 1.0}:
        y = (support > 0).astype(np.float64)
        head = LogisticRegression(max_iter=1000).fit(matrix, y, sample_weight=weights)
        p = np.asarray(sigmoid(head.decision_function(matrix)))
        slope, curvature = p - y, p * (1 - p)
    else:
        head = Ridge().fit(matrix, support, sample_weight=weights)
        slope, curvature = head.predict(matrix) - support, np.ones(len(A))
    H = (A * (weights * curvature)[:, None]).T @ A
    H[np.diag_indices_from(H)] += np.append(np.ones(matrix.shape[1]), 1e-9)
    influence = (A @ scipy.linalg.solve(H, v, assume_a="pos")) * slope * weights
    return np.asarray(-influence, dtype=np.float64)
