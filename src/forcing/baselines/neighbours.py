"""Rows near the target: nearest neighbours and KNN-Shapley, which know nothing of the model.

Distances are Euclidean, in the features as the model's last step takes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.engine.arrays import Array, on_host
from forcing.engine.design import Dense, Design, Sparse
from forcing.engine.problem import Problem

NEIGHBOURS = 5
"""K of KNN-Shapley."""

ROWS_AT_A_TIME = 4_096


def nearest(problem: Problem) -> NDArray[np.float64]:
    """(n,): `nearest_scores` of a problem's rows."""
    return _nearness(_distances_to_target(problem), _agrees(problem))


def knn_shapley(problem: Problem, neighbours: int = NEIGHBOURS) -> NDArray[np.float64]:
    """(n,): `shapley_scores` of a problem's rows; those of weight 0 take no part and have 0."""
    alive = on_host(problem.fit.kept) > 0
    scores = np.zeros(len(alive))
    distances = _distances_to_target(problem)[alive]
    scores[alive] = _shapley(distances, _agrees(problem)[alive], neighbours)
    return scores


def nearest_scores(
    features: Any, target: NDArray[np.float64], codes: NDArray[np.intp], favoured: int
) -> NDArray[np.float64]:
    """(n,): 1 / (1 + distance), negative for rows of another class than the favoured.

    So rows of the favoured class come first, the nearest before all; of the other classes the
    farthest come first. `features` is (n, p), dense or SciPy sparse, `target` (p,), `codes`
    (n,) class positions, `favoured` the position of the favoured class.
    """
    distances = _distances(_design(features), np.asarray(target, dtype=np.float64))
    return _nearness(distances, np.asarray(codes) == favoured)


def shapley_scores(
    features: Any,
    target: NDArray[np.float64],
    codes: NDArray[np.intp],
    favoured: int,
    neighbours: int = NEIGHBOURS,
) -> NDArray[np.float64]:
    """(n,): Shapley values of the rows in the vote of the K nearest for the favoured class.

    KNN-Shapley (Jia et al., 2019, theorem 1): a coalition's worth is the number of favoured
    rows among its K nearest to the target, divided by K; exact, from one sort. Arguments are
    those of `nearest_scores`; `neighbours` is K.
    """
    distances = _distances(_design(features), np.asarray(target, dtype=np.float64))
    return _shapley(distances, np.asarray(codes) == favoured, neighbours)


def _nearness(distances: NDArray[np.float64], agrees: NDArray[np.bool_]) -> NDArray[np.float64]:
    nearness = 1.0 / (1.0 + distances)
    return np.where(agrees, nearness, -nearness)


def _shapley(
    distances: NDArray[np.float64], agrees: NDArray[np.bool_], neighbours: int
) -> NDArray[np.float64]:
    """The recursion from the farthest row to the nearest; ties by position."""
    if neighbours < 1:
        raise ValueError(f"neighbours must be a whole number of at least 1, got {neighbours!r}.")
    n = len(distances)
    order = np.argsort(distances, kind="stable")
    own = agrees[order].astype(np.float64)
    places = np.arange(1, n + 1)
    weights = np.minimum(neighbours, places) / (neighbours * places)
    differences = np.append((own[:-1] - own[1:]) * weights[:-1], own[-1] * weights[-1])
    values = np.empty(n)
    values[order] = np.cumsum(differences[::-1])[::-1]
    return values


def _agrees(problem: Problem) -> NDArray[np.bool_]:
    agrees: NDArray[np.bool_] = on_host(problem.codes) == problem.favoured
    return agrees


def _distances_to_target(problem: Problem) -> NDArray[np.float64]:
    return _distances(problem.objective.design, _target_row(problem))


def _target_row(problem: Problem) -> Array:
    """(p,): the target as a row of the design. The margin over a rival rises along it in the
    column of the favoured class, and, of one output, along it or against it.
    """
    direction = problem.directions[0, ...]
    if problem.objective.outputs:
        return direction[:, problem.favoured]
    return direction if problem.favoured == 1 else -direction


def _design(features: Any) -> Design:
    if scipy.sparse.issparse(features):
        return Sparse(features)
    return Dense(np.asarray(features, dtype=np.float64))


def _distances(design: Design, target: Array) -> NDArray[np.float64]:
    """(n,)"""
    xp = array_namespace(target)
    if not isinstance(design, Dense):
        # Differences would be dense; features that are sparse are near 0, so little cancels.
        squared = design.squared_norms - 2.0 * design.times(target) + xp.sum(target * target)
        return np.sqrt(np.maximum(on_host(squared), 0.0))
    parts = []
    for first in range(0, design.shape[0], ROWS_AT_A_TIME):
        gap = design.array[first : first + ROWS_AT_A_TIME, :] - target
        parts.append(on_host(xp.sqrt(xp.sum(gap * gap, axis=1))))
    return np.concatenate(parts)
