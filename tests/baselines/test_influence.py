"""Influence against true leave-one-out refits, and iterative inverses against Cholesky's."""

import array_api_strict as strict
import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge

from baselines.problems import fall_without, problem_of, scores_of
from forcing.baselines import influence, leverage
from forcing.baselines.influence import influence_1exact
from forcing.baselines.inverses import influence_arnoldi, influence_cg, influence_lissa
from forcing.engine.arrays import on_host
from forcing.engine.design import Sparse
from forcing.engine.losses import Logistic, Softmax, Squared
from support import blobs, digits, problem, study_of


def data(n=60, p=4, classes=2, seed=0):
    """Rows with a constant column, class positions, and a target."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % classes
    rows = rng.normal(size=(n, p)) + rng.normal(size=(classes, p))[codes]
    return np.hstack([rows, np.ones((n, 1))]), codes, np.append(rng.normal(size=p), 1.0)


def of_kind(kind, n=60, **more):
    classes = 2 if kind == "logistic" else 3
    rows, codes, target = data(n, classes=classes)
    penalty = np.array([0.5] * 4 + [0.0 if kind != "softmax" else 1e-3])
    labels = codes if kind == "logistic" else np.eye(3)[codes]
    loss = {"logistic": Logistic(), "softmax": Softmax(), "separate": Logistic()}[kind]
    return problem_of(rows, labels, loss, target, penalty, **more)


def test_1exact_is_leave_one_out_of_ridge():
    rows, codes, target = data()
    weights = np.random.default_rng(1).uniform(0.2, 3.0, len(codes))
    p = problem_of(rows, codes, Squared(), target, [1.0] * 4 + [0.0], weights=weights)
    full = Ridge(alpha=1.0).fit(rows[:, :-1], codes, sample_weight=weights)
    sign = 1.0 if p.favoured == 1 else -1.0
    scores = scores_of(p, "influence-1exact")
    for row in range(len(codes)):
        kept = np.arange(len(codes)) != row
        without = clone(full).fit(rows[kept, :-1], codes[kept], sample_weight=weights[kept])
        fall = sign * (full.predict(target[None, :-1]) - without.predict(target[None, :-1]))[0]
        assert scores[row] == pytest.approx(fall, rel=1e-8, abs=1e-12)


def test_1exact_is_leave_one_out_of_ridge_on_each_class():
    rows, codes, target = data(classes=3)
    p = problem_of(rows, np.eye(3)[codes], Squared(), target, [1.0] * 4 + [0.0])
    scores = scores_of(p, "influence-1exact")
    falls = [fall_without(p, row) for row in range(len(codes))]
    np.testing.assert_allclose(scores, falls, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("kind", ["logistic", "separate", "softmax"])
def test_1exact_is_nearer_to_leave_one_out_than_influence(kind):
    p = of_kind(kind)
    falls = np.array([fall_without(p, row) for row in range(60)])
    plain, exact = (scores_of(p, m) for m in ("influence", "influence-1exact"))
    top = np.argsort(-np.abs(falls))[:15]
    errors = [np.median(np.abs(s[top] / falls[top] - 1)) for s in (plain, exact)]
    assert errors[1] < 0.06
    assert errors[1] < 0.5 * errors[0]


def test_1exact_of_a_softmax_is_a_newton_step_without_the_row():
    p = of_kind("softmax")
    o, theta = p.objective, p.fit.theta
    rows, proba = o.design.array, np.asarray(o.loss.slope(p.fit.predictor, 0.0))
    v, scores = p.direction(theta).reshape(-1), scores_of(p, "influence-1exact")

    def hessian(kept):
        blocks = [
            np.kron(np.outer(x, x), np.diag(q) - np.outer(q, q))
            for x, q in zip(rows[kept], proba[kept], strict=True)
        ]
        return sum(blocks) + np.kron(np.diag(o.penalty), np.eye(3))

    for row in (0, 7, 31):
        gradient = np.outer(rows[row], proba[row] - o.labels[row]).reshape(-1)
        step = np.linalg.solve(hessian(np.arange(60) != row), gradient)
        assert scores[row] == pytest.approx(-v @ step, rel=1e-8)


def test_softmax_influence_is_leave_one_out_of_scikit_learn():
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(C=0.1, max_iter=10_000).fit(X, y)
    study = study_of(X, y, model)
    p = problem(study, X[70])
    tight = clone(model).set_params(solver="newton-cholesky", tol=1e-10)
    nearest = p.rivals[p.nearest(p.fit.theta)]

    def margin(kept):
        values = clone(tight).fit(X[kept], y[kept]).decision_function(X[70][None])[0]
        return values[p.favoured] - values[nearest]

    plain, exact = (scores_of(p, m) for m in ("influence", "influence-1exact"))
    full = margin(np.arange(150))
    for row in np.argsort(-np.abs(plain))[:15]:
        fall = full - margin(np.arange(150) != row)
        assert plain[row] == pytest.approx(fall, rel=0.25)
        assert exact[row] == pytest.approx(fall, rel=0.06)


def test_signs_follow_the_prediction_where_it_is_wrong():
    X, y, model = blobs(200, 3, seed=2)
    study = study_of(X, y, model)
    wrong = np.flatnonzero(model.predict(X) != y)
    assert len(wrong) > 5
    for target in wrong[:5]:
        p = problem(study, X[target])
        assert p.favoured != y[target]
        scores = np.asarray(influence(p))
        assert fall_without(p, np.argmax(scores)) > 0 > fall_without(p, np.argmin(scores))
        assert scores[target] < 0  # its own label speaks against the decision


@pytest.mark.parametrize("kind", ["logistic", "separate", "softmax"])
def test_iterative_inverses_agree_with_cholesky(kind):
    p = of_kind(kind)
    exact = np.asarray(influence(p))
    scale = np.max(np.abs(exact))
    np.testing.assert_allclose(influence_cg(p), exact, atol=1e-6 * scale)
    np.testing.assert_allclose(influence_arnoldi(p), exact, atol=1e-6 * scale)
    whole = influence_lissa(p, depth=20_000 if kind == "softmax" else 2_000, batch=60)
    np.testing.assert_allclose(whole, exact, atol=1e-3 * scale)
    drawn = influence_lissa(p, depth=2_000, batch=30)
    assert np.corrcoef(drawn, exact)[0, 1] > 0.99


@pytest.mark.parametrize("kind", ["logistic", "softmax"])
def test_a_sparse_design_gives_what_a_dense_one_does(kind):
    rows, codes, target = data(classes=2 if kind == "logistic" else 3)
    rows = rows * (np.random.default_rng(0).uniform(size=rows.shape) < 0.7)
    labels, loss = (codes, Logistic()) if kind == "logistic" else (np.eye(3)[codes], Softmax())
    dense = problem_of(rows, labels, loss, target, 0.5)
    matrix = scipy.sparse.csr_matrix(rows)
    sparse = problem_of(matrix, labels, loss, target, 0.5, design=Sparse)
    for method in (influence, influence_1exact, influence_cg, influence_arnoldi):
        np.testing.assert_allclose(method(sparse), method(dense), rtol=1e-5, atol=1e-9)
    drawn = [influence_lissa(p, depth=300, batch=30) for p in (sparse, dense)]
    np.testing.assert_allclose(*drawn, rtol=1e-9, atol=1e-12)


def test_arnoldi_of_few_eigenpairs_is_the_inverse_on_their_span():
    X, y, model = digits()
    p = problem(study_of(X, y, model), X[30])
    rows = p.objective.design.array
    proba = 1 / (1 + np.exp(-p.fit.predictor))
    hessian = rows.T @ (rows * (proba * (1 - proba))[:, None]) + np.diag(p.objective.penalty)
    values, vectors = np.linalg.eigh(hessian)
    span = vectors[:, -20:]
    lever = rows @ span @ np.diag(1 / values[-20:]) @ span.T @ p.direction(p.fit.theta)
    expected = -(proba - p.objective.labels) * lever
    np.testing.assert_allclose(influence_arnoldi(p, rank=20), expected, atol=1e-9)
    error = [np.linalg.norm(influence_arnoldi(p, rank=r) - influence(p)) for r in (20, 60, 200)]
    assert error[0] > error[1] > 1e3 * error[2]


def test_lissa_is_the_same_for_the_same_seed():
    p = of_kind("logistic")
    first, again, other = (influence_lissa(p, s, depth=200, batch=8) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", ["logistic", "softmax"])
def test_estimated_leverages_are_near_the_true_ones(kind, monkeypatch):
    p = of_kind(kind)
    exact, plain = influence_1exact(p), influence(p)
    c = p.objective.hessian_weights(p.fit.predictor, p.fit.kept)
    estimated = leverage._sketched(p, c, 0)
    true = leverage._exact(p, p.fit.curvature.solve)
    if kind == "softmax":  # what all classes have in common is arbitrary
        centre = np.eye(3) - 1 / 3
        estimated, true = centre @ estimated @ centre, centre @ true @ centre
        estimated, true = (np.trace(g, axis1=1, axis2=2) for g in (estimated, true))
    assert np.std(estimated / true - 1) < 0.15
    monkeypatch.setattr(type(p.fit.curvature), "exact", False)
    monkeypatch.setattr(leverage, "FEW", 0)
    far, near = (np.linalg.norm(s - exact) for s in (plain, influence_1exact(p)))
    assert 0 < near < 0.25 * far


@pytest.mark.parametrize("kind", ["logistic", "softmax"])
@pytest.mark.parametrize("method", [influence_1exact, influence_cg, influence_arnoldi])
def test_any_array_namespace_gives_the_same(kind, method):
    ours, theirs = method(of_kind(kind)), method(of_kind(kind, xp=strict))
    np.testing.assert_allclose(on_host(theirs), ours, rtol=1e-5, atol=1e-9)
