"""TracIn against gradients written out, along a gradient descent written out."""

import numpy as np
import pytest

from baselines.problems import problem_of, scores_of
from forcing.baselines.tracin import descent, tracin
from forcing.engine.losses import Logistic, Softmax, SquaredHinge, sigmoid
from support import blobs, digits, problem, study_of


def test_logistic_scores_are_products_of_gradients():
    X, y, model = blobs(80, 3, seed=0)
    p = problem(study_of(X, y, model), X[5])
    rows = np.hstack([X, np.ones((80, 1))])
    penalty = np.array([1.0, 1.0, 1.0, 0.0])
    # At theta = 0 every row has the curvature 1 / 4.
    eta = 1 / np.linalg.eigvalsh(rows.T @ rows / 4 + np.diag(penalty))[-1]
    theta, expected = np.zeros(4), np.zeros(80)
    for _ in range(100):
        residuals = sigmoid(rows @ theta) - y
        of_target = (sigmoid(rows[5] @ theta) - p.favoured) * rows[5]
        expected += eta * residuals * (rows @ of_target)
        theta -= eta * (rows.T @ residuals + penalty * theta)
    np.testing.assert_allclose(tracin(p), expected, rtol=1e-6, atol=1e-9)


def test_softmax_scores_are_products_of_gradients():
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 3
    rows = rng.normal(size=(60, 3)) + np.eye(3)[codes]
    weights, target = rng.uniform(0.5, 2.0, 60), rng.normal(size=3)
    p = problem_of(rows, np.eye(3)[codes], Softmax(), target, 0.5, weights=weights)
    expected = np.zeros(60)
    for eta, theta, _ in descent(p, 20):
        proba, of_target = (np.exp(x @ theta) for x in (rows, target))
        slopes = proba / proba.sum(axis=1, keepdims=True) - np.eye(3)[codes]
        of_target = np.outer(target, of_target / of_target.sum() - np.eye(3)[p.favoured])
        for row in range(60):
            gradient = weights[row] * np.outer(rows[row], slopes[row])
            expected[row] += eta * np.sum(gradient * of_target)
    np.testing.assert_allclose(tracin(p, 20), expected, rtol=1e-10)


@pytest.mark.parametrize("loss", [Logistic(), SquaredHinge()])
def test_the_descent_starts_at_zero_and_falls(loss):
    rng = np.random.default_rng(0)
    rows, codes = rng.normal(size=(50, 4)) * [3.0, 1.0, 1.0, 0.5], rng.integers(2, size=50)
    p = problem_of(rows, codes, loss, rng.normal(size=4), 1.0)
    points = list(descent(p, 60))
    assert len(points) == 60
    assert not np.any(points[0][1])
    values = [p.objective.value(theta, f, p.objective.weights) for _, theta, f in points]
    assert np.all(np.diff(values) <= 1e-12 * np.abs(values[0]))
    optimum = p.objective.value(p.fit.theta, p.fit.predictor, p.objective.weights)
    assert values[-1] - optimum < 0.1 * (values[0] - optimum)


def test_a_row_equal_to_the_target_supports_its_own_label():
    X, y, model = digits()
    study = study_of(X, y, model)
    wrong = np.flatnonzero(model.predict(X) != y)
    right = np.flatnonzero(model.predict(X) == y)
    for target in [*wrong[:3], *right[:3]]:
        p = problem(study, X[target])
        says = 1.0 if y[target] == p.claim.favoured else -1.0
        assert says * scores_of(p, "tracin")[target] > 0
