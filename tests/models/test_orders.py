"""Orders of rows for refit-only search, against what the models themselves compute."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from forcing.models.orders import Features, orders, similarities, surrogate_support


def problem(n=50, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 3))
    return X, (X[:, 0] + random.normal(size=n) > 0).astype(int), random.normal(size=3)


def test_shared_leaves_are_the_weights_of_a_forest():
    """Without bootstrap a forest's prediction is the weighted mean of the labels."""
    X, y, x = problem()
    model = RandomForestRegressor(5, bootstrap=False, max_features=1, max_depth=3, random_state=0)
    model.fit(X, y)
    weights = similarities(model, X, x[None]) / 5
    assert weights @ y == pytest.approx(model.predict(x[None])[0])


def test_the_kernel_is_that_of_the_svc():
    """Decision function of an SVC: its dual coefficients times the kernel with the target."""
    X, y, x = problem()
    model = SVC().fit(X, y)
    found = similarities(model, X, x[None])
    kernel = np.exp(-np.sum((X - x) ** 2, axis=1) / (3 * X.var()))
    order = np.argsort(-found)
    assert set(order[: len(model.support_)]) == set(model.support_)
    rest = np.setdiff1d(np.arange(50), model.support_)
    np.testing.assert_allclose(found[rest], kernel[rest])
    decision = model.dual_coef_[0] @ kernel[model.support_] + model.intercept_[0]
    assert decision == pytest.approx(model.decision_function(x[None])[0])


def test_the_surrogate_agrees_with_leaving_one_out():
    X, y, x = problem(200)
    support = np.where(y == 1, 1.0, -1.0)
    found = surrogate_support(X, x, support, np.ones(200))

    def margin(kept):
        head = LogisticRegression(tol=1e-10, max_iter=1000).fit(X[kept], y[kept])
        return head.decision_function(x[None])[0]

    every = np.arange(200)
    truth = np.array([margin(every) - margin(np.delete(every, i)) for i in every])
    assert np.corrcoef(found, truth)[0, 1] > 0.99
    strong = np.argsort(-np.abs(truth))[:50]
    assert (np.sign(found[strong]) == np.sign(truth[strong])).all()


@pytest.mark.parametrize("model", [GradientBoostingClassifier(n_estimators=3), SVC(), GaussianNB()])
def test_rows_that_speak_for_the_decision_come_first(model):
    X, y, x = problem()
    weights = np.ones(50)
    weights[7] = 0.0
    support = np.where(y == 1, 1.0, -1.0)
    found = orders(model.fit(X, y), X, x[None], Features.of(X), support, weights)
    for order in found:
        assert len(set(order.tolist())) == len(order)
        assert 7 not in order
    assert set(found[0].tolist()) == set(np.flatnonzero(y == 1)) - {7}


def test_features_have_one_scale_and_no_holes():
    X = np.array([[1.0, 5.0, 3.0], [3.0, np.nan, 3.0], [5.0, 7.0, 3.0]])
    features = Features.of(X)
    np.testing.assert_allclose(features.matrix.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(features.matrix[:, 0].std(), 1)
    np.testing.assert_array_equal(features.row(X[[1]]), features.matrix[1])
    assert np.isfinite(features.row(np.array([[np.nan, np.inf, 4.0]]))).all()


def test_words_become_columns():
    X = np.array([["red", 1.0], ["blue", 2.0], ["red", 4.0]], dtype=object)
    features = Features.of(X)
    assert features.matrix.shape == (3, 3)
    assert np.linalg.norm(features.matrix[0] - features.matrix[2]) < np.linalg.norm(
        features.matrix[0] - features.matrix[1]
    )
    assert np.isfinite(features.row(np.array([["green", 3.0]], dtype=object))).all()


@pytest.mark.parametrize("columns", [10, 600])
def test_sparse_rows(columns):
    X = sp.random_array((40, columns), density=0.1, format="csr", random_state=0)
    features = Features.of(X)
    assert features.matrix.shape == (40, min(columns, 39))
    np.testing.assert_allclose(features.row(X[[3]]), features.matrix[3], atol=1e-8)
