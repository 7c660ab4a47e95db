"""KNN-Shapley against the definition of a Shapley value, neighbours against sorted distances."""

import itertools
import math

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression

from baselines.problems import problem_of
from forcing.baselines import nearest_scores, rank, shapley_scores
from forcing.baselines.neighbours import knn_shapley, nearest
from forcing.engine.design import Sparse
from forcing.engine.losses import Softmax
from support import blobs, problem, study_of


def by_definition(distances, agrees, neighbours):
    """Shapley values from every coalition of rows."""
    n = len(distances)
    order = np.argsort(distances, kind="stable")

    def worth(coalition):
        near = [row for row in order if row in coalition][:neighbours]
        return sum(agrees[row] for row in near) / neighbours

    values = np.zeros(n)
    for row in range(n):
        others = [other for other in range(n) if other != row]
        for size in range(n):
            weight = 1 / (n * math.comb(n - 1, size))
            for coalition in itertools.combinations(others, size):
                values[row] += weight * (worth({*coalition, row}) - worth(set(coalition)))
    return values


@pytest.mark.parametrize("neighbours", [1, 2, 5, 20])
def test_knn_shapley_is_the_shapley_value(neighbours):
    rng = np.random.default_rng(neighbours)
    for n in (1, 2, 8):
        X, codes, target = rng.normal(size=(n, 2)), rng.integers(3, size=n), rng.normal(size=2)
        expected = by_definition(np.linalg.norm(X - target, axis=1), codes == 1, neighbours)
        scores = shapley_scores(X, target, codes, 1, neighbours)
        np.testing.assert_allclose(scores, expected, atol=1e-12)


def test_knn_shapley_shares_out_the_vote():
    X, y, _ = blobs(100, 3, seed=0)
    distances = np.linalg.norm(X - X[4], axis=1)
    vote = np.mean(y[np.argsort(distances)[:5]] == 1)
    assert np.sum(shapley_scores(X, X[4], y, 1)) == pytest.approx(vote)


def test_no_neighbours_is_refused():
    with pytest.raises(ValueError, match="neighbours must be a whole number of at least 1, got 0"):
        shapley_scores(np.eye(2), np.zeros(2), np.array([0, 1]), 0, neighbours=0)


def test_nearest_begins_with_the_nearest_rows_of_the_favoured_class():
    X, y, model = blobs(100, 3, seed=0)
    p = problem(study_of(X, y, model), X[4])
    order = rank(p, "nearest").rows
    own = np.flatnonzero(y == p.favoured)
    distances = np.linalg.norm(X - X[4], axis=1)
    np.testing.assert_array_equal(order[: len(own)], own[np.argsort(distances[own])])
    np.testing.assert_array_equal(np.sign(nearest_scores(X, X[4], y, 1)), 2 * y - 1)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", ["tall", "wide", "sparse"])
def test_a_problem_has_the_scores_of_its_features(classes, kind):
    rng = np.random.default_rng(classes)
    n, p = (40, 5) if kind == "tall" else (30, 50)
    X, y = rng.normal(size=(n, p)) + 3.0, rng.integers(classes, size=n)
    x = rng.normal(size=p) + 3.0
    if kind == "sparse":
        X = scipy.sparse.csr_matrix(np.where(rng.uniform(size=X.shape) < 0.3, X, 0.0))
    study = study_of(X, y, LogisticRegression(max_iter=1_000).fit(X, y))
    q = problem(study, x)
    for of_problem, of_features in ((knn_shapley, shapley_scores), (nearest, nearest_scores)):
        expected = of_features(X, x, y, q.favoured)
        order = np.argsort(-expected, kind="stable")
        np.testing.assert_array_equal(np.argsort(-of_problem(q), kind="stable"), order)
        if kind != "wide":  # which drops what no row has a part in; the order stays
            np.testing.assert_allclose(of_problem(q), expected, rtol=1e-9)
        dense = X.toarray() if kind == "sparse" else X
        np.testing.assert_allclose(of_features(dense, x, y, q.favoured), expected, rtol=1e-9)


def test_rows_of_weight_zero_take_no_part():
    rng = np.random.default_rng(0)
    rows, codes, target = rng.normal(size=(30, 3)), np.arange(30) % 3, rng.normal(size=3)
    weights = np.where(np.arange(30) % 4 == 0, 0.0, 2.0)
    p = problem_of(rows, np.eye(3)[codes], Softmax(), target, 1.0, weights=weights)
    alive = weights > 0
    expected = shapley_scores(rows[alive], target, codes[alive], p.favoured)
    scores = knn_shapley(p)
    np.testing.assert_allclose(scores[alive], expected, rtol=1e-12)
    assert not np.any(scores[~alive])
    assert set(rank(p, "nearest").rows) == set(np.flatnonzero(alive))


def test_far_from_zero_small_distances_still_count():
    features = 1e8 + np.array([[0.0], [3.0], [1.0], [2.0]])
    scores = nearest_scores(features, np.array([1e8]), np.zeros(4, int), 0)
    np.testing.assert_allclose(scores, [1.0, 0.25, 0.5, 1 / 3])


def test_sparse_rows_are_never_made_dense(monkeypatch):
    monkeypatch.setattr(Sparse, "rows", None)
    monkeypatch.setattr(scipy.sparse.csr_matrix, "toarray", None)
    X = scipy.sparse.csr_matrix(np.eye(4))
    scores = nearest_scores(X, np.array([1.0, 0, 0, 0]), np.zeros(4, int), 0)
    np.testing.assert_allclose(scores, [1.0, *[1 / (1 + np.sqrt(2))] * 3])
