"""The optimum without rows, and products with the inverse Hessian, against plain linear algebra."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from forcing.engine.corrected import Corrected
from forcing.engine.curvature import Whole
from forcing.engine.fitting import refresh
from forcing.engine.toggle import toggled_margins
from forcing.records import finished
from support import blobs, digits, problem, sign, study_of, tight_fit


def hessian(objective, fit):
    A, w = objective.design.array, objective.hessian_weights(fit.predictor, fit.kept)
    return (A * w[:, None]).T @ A + np.diag(objective.penalty)


@pytest.mark.parametrize("C", [1e-4, 1.0, 1e4])
def test_refit_is_scikit_learns_optimum(C):
    X, y, model = blobs(80, 5, seed=0, C=C)
    p = problem(study_of(X, y, model), X[0])
    rows = [3, 4, 11, 30, 31, 32, 60]
    kept = np.setdiff1d(np.arange(80), rows)
    truth = tight_fit(model, X, y, kept)
    fit = p.refit(rows)
    np.testing.assert_allclose(fit.theta[:-1], truth.coef_[0], rtol=1e-6, atol=1e-9)
    assert fit.theta[-1] == pytest.approx(truth.intercept_[0], rel=1e-6, abs=1e-9)


def test_refit_far_away_takes_a_new_factor():
    X, y, model = blobs(200, 4, seed=0)
    p = problem(study_of(X, y, model), X[0])
    rows = list(range(150))
    truth = tight_fit(model, X, y, np.arange(150, 200))
    np.testing.assert_allclose(p.refit(rows).theta[:-1], truth.coef_[0], rtol=1e-7)


def test_woodbury_is_the_inverse_without_the_rows():
    X, y, model = blobs(50, 6, seed=1)
    p = problem(study_of(X, y, model), X[0])
    curvature = Whole(p.objective, p.objective.hessian_weights(p.fit.predictor, p.fit.kept))
    smaller = Corrected(curvature).without(3).without(17).without(40)
    w = np.array(curvature.hessian_weights)
    w[[3, 17, 40]] = 0
    A = p.objective.design.array
    truth = np.linalg.inv((A * w[:, None]).T @ A + np.diag(p.objective.penalty))
    np.testing.assert_allclose(smaller.solve(np.eye(7)), truth, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(smaller.solve(A[5]), truth @ A[5], rtol=1e-5, atol=1e-6)


def test_inverse_hessian_of_a_fit_leaves_out_its_rows():
    X, y, model = blobs(50, 6, seed=1)
    p = problem(study_of(X, y, model), X[0])
    fit = refresh(p.objective, p.refit([1, 2, 3]))
    b = np.arange(7.0)
    truth = np.linalg.solve(hessian(p.objective, fit), b)
    np.testing.assert_allclose(fit.inverse.solve(b), truth, rtol=1e-9)


def test_many_refits_side_by_side_are_refits():
    X, y, model = digits()
    study = study_of(X, y, model)
    p = problem(study, X[10])
    rows = list(range(0, 80, 2))
    fit = p.refit(rows)
    toggled = [0, 2, 78, 101, 200]  # three are put back, two are left out
    margins = finished(toggled_margins(p, fit, toggled, "verify"))
    for row, margin in zip(toggled, margins, strict=True):
        alone = p.refit(sorted(set(rows) ^ {row}))
        assert margin == pytest.approx(p.margin(alone.theta), abs=1e-8)


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e5])
def test_a_row_out_of_scale_costs_no_digits_where_columns_are_many(scale):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 60)), np.arange(30) % 2
    X[0] *= scale
    model = LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(X, y)
    study = study_of(X, y, model)
    x = rng.normal(size=60)
    value = float(model.decision_function(x[None])[0])
    assert study.claim(x).margin == pytest.approx(abs(value), rel=1e-6)
    assert study.claim(x).favoured == int(value > 0)


def test_more_columns_than_rows_is_the_same_problem():
    X, y, model = blobs(30, 200, seed=3)
    study = study_of(X, y, model)
    p = problem(study, X[4] + 0.1)
    assert p.objective.n_parameters == 31
    rows = [0, 5, 9]
    truth = tight_fit(model, X, y, np.setdiff1d(np.arange(30), rows))
    value = float(truth.decision_function((X[4] + 0.1)[None])[0])
    assert sign(p) * p.margin(p.refit(rows).theta) == pytest.approx(value, abs=1e-6)
