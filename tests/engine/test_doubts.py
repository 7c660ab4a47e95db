"""Doubts about labels, against scikit-learn's own cross-validation and known wrong labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from forcing.engine import doubts as module
from forcing.engine import objective as objective_module
from forcing.engine.doubts import Trusted, label_doubts, told_apart
from support import digits, study_of


def turned(y, share, seed):
    """y with some labels replaced by others, and which."""
    rng = np.random.default_rng(seed)
    bad = np.zeros(len(y), bool)
    bad[rng.choice(len(y), round(share * len(y)), replace=False)] = True
    classes = np.unique(y)
    other = y.copy()
    other[bad] = [rng.choice(classes[classes != label]) for label in y[bad]]
    return other, bad


def of(X, y, C=1.0, trusted=None, **settings):
    model = LogisticRegression(C=C, tol=1e-8, max_iter=10_000, **settings).fit(X, y)
    explainer = study_of(X, y, model)._explainer
    codes = np.searchsorted(model.classes_, y)
    return label_doubts(explainer.adapted.objective, explainer.fit, codes, trusted)


def first(doubts, share):
    return np.argsort(-doubts.surprise)[: round(share * len(doubts.surprise))]


@pytest.fixture(scope="module")
def spoilt():
    X, y, _ = digits()
    labels, bad = turned(y, 0.15, 0)
    return X, labels, bad


def test_scale_and_share_are_those_that_made_the_labels():
    rng = np.random.default_rng(0)
    n, K = 4_000, 3
    scores = rng.normal(size=(n, K)) * 2
    true = np.array([rng.choice(K, p=p) for p in softmax(3.0 * scores, axis=1)])
    chance = rng.random(n) < 0.2
    codes = np.where(chance, rng.integers(0, K, n), true)
    found = told_apart(scores, codes, np.ones(n, bool))
    p = softmax(3.0 * scores, axis=1)[np.arange(n), codes]
    np.testing.assert_allclose(np.exp(-found.surprise), p, atol=0.05)
    wrong = codes != true
    assert found.wrong.sum() == pytest.approx(wrong.sum(), rel=0.1)
    believable = found.wrong < 0.1
    assert wrong[believable].mean() < 0.1
    assert wrong[found.wrong > 0.9].mean() > 0.9


def test_two_classes_may_have_one_score_or_two():
    rng = np.random.default_rng(1)
    score = rng.normal(size=500) * 3
    codes = (rng.random(500) < expit(score)).astype(int)
    one = told_apart(score, codes, np.ones(500, bool))
    two = told_apart(np.stack([-score / 2, score / 2], axis=1), codes, np.ones(500, bool))
    np.testing.assert_allclose(one.surprise, two.surprise, atol=1e-3)


@pytest.mark.parametrize("K", [2, 3])
def test_judges_have_not_seen_the_rows_that_they_judge(K, monkeypatch):
    """Each is scikit-learn's own fit on the other parts."""
    monkeypatch.setattr(module, "NEAR", 1e-6)
    X, y = load_digits(return_X_y=True)
    chosen = y < K
    X, y = X[chosen][:150] / 16, y[chosen][:150]
    seen = []
    real = module.told_apart

    def noted(predictor, codes, counted):
        seen.append(predictor)
        return real(predictor, codes, counted)

    monkeypatch.setattr(module, "told_apart", noted)
    monkeypatch.setattr(module, "ROUNDS", 0)
    of(X, y, C=0.1)
    folds = module.folds_of(y, module.FOLDS, np.random.default_rng(0))
    for fold in (0, 7):
        out = folds == fold
        head = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(X[~out], y[~out])
        # Of the first penalty, which is the model's own.
        np.testing.assert_allclose(seen[0][out], head.decision_function(X[out]), atol=1e-4)


def test_trusted_rows_are_seen_by_every_judge(spoilt, monkeypatch):
    monkeypatch.setattr(module, "NEAR", 1e-6)
    monkeypatch.setattr(module, "ROUNDS", 0)
    X, y, _ = spoilt
    codes = (y == "three").astype(int)
    extra = Trusted(np.column_stack([X[-20:], np.ones(20)]), codes[-20:], np.zeros(20))
    seen = []
    real = module.told_apart
    monkeypatch.setattr(module, "told_apart", lambda p, *rest: seen.append(p) or real(p, *rest))
    of(X[:200], y[:200], trusted=extra)
    out = module.folds_of(codes[:200], module.FOLDS, np.random.default_rng(0)) == 3
    kept = np.concatenate([np.flatnonzero(~out), np.arange(len(X) - 20, len(X))])
    head = LogisticRegression(tol=1e-10, max_iter=10_000).fit(X[kept], y[kept])
    assert len(seen[0]) == 200
    np.testing.assert_allclose(seen[0][out], head.decision_function(X[:200][out]), atol=1e-4)


@pytest.mark.parametrize("C", [1.0, 1e4])
def test_wrong_labels_come_first_also_where_the_model_fits_them(spoilt, C):
    X, y, bad = spoilt
    doubts = of(X, y, C=C)
    assert bad[first(doubts, 0.1)].mean() > 0.95
    assert doubts.wrong.sum() == pytest.approx(bad.sum(), rel=0.3)


def test_wrong_labels_that_a_model_has_learned_are_found_by_those_that_have_not(spoilt):
    X, y, bad = spoilt
    model = LogisticRegression(C=1e4, max_iter=10_000).fit(X, y)
    own = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    by_loss = np.argsort(own)[: bad.sum()]
    by_doubt = first(of(X, y, C=1e4), bad.mean())
    assert bad[by_doubt].mean() > bad[by_loss].mean() + 0.1


def test_several_classes_and_sparse_rows():
    X, y = load_digits(return_X_y=True)
    X = X[:600] / 16
    y, bad = turned(y[:600], 0.1, 0)
    dense, thin = of(X, y), of(sparse.csr_matrix(X), y)
    assert bad[first(dense, 0.08)].mean() > 0.95
    np.testing.assert_allclose(dense.surprise, thin.surprise, rtol=0.2, atol=0.2)


def test_trusted_rows_help():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 40))
    y = (X[:, :4].sum(axis=1) > 0).astype(int)
    noisy, bad = turned(y[:150], 0.3, 0)
    extra = Trusted(np.column_stack([X[150:], np.ones(750)]), y[150:], np.zeros(750))
    alone, helped = of(X[:150], noisy), of(X[:150], noisy, trusted=extra)
    hits = [bad[first(one, 0.3)].mean() for one in (alone, helped)]
    assert hits[1] > hits[0] + 0.1


def test_rows_without_weight_are_not_doubted(spoilt):
    X, y, _ = spoilt
    weight = np.ones(len(y))
    weight[:5] = 0.0
    model = LogisticRegression(tol=1e-8, max_iter=10_000).fit(X, y, sample_weight=weight)
    explainer = study_of(X, y, model, sample_weight=weight)._explainer
    doubts = label_doubts(
        explainer.adapted.objective, explainer.fit, np.searchsorted(model.classes_, y)
    )
    assert np.isneginf(doubts.surprise[:5]).all()
    assert (doubts.wrong[:5] == 0).all()
    assert np.isfinite(doubts.surprise[5:]).all()


def test_a_model_without_penalty_is_judged_without_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] > 0).astype(int)
    noisy, bad = turned(y, 0.1, 0)
    model = LogisticRegression(tol=1e-8).fit(X, noisy)
    explainer = study_of(X, noisy, model)._explainer
    objective = explainer.adapted.objective
    free = replace(objective, penalty=0.0 * objective.penalty)
    doubts = label_doubts(free, explainer.fit, noisy)
    assert bad[first(doubts, 0.08)].mean() > 0.95


def test_of_a_large_problem_there_is_one_round(spoilt, monkeypatch):
    monkeypatch.setattr(objective_module, "LARGE", 0.0)
    X, y, bad = spoilt
    rounds = []
    real = module.told_apart
    monkeypatch.setattr(module, "told_apart", lambda *a: rounds.append(1) or real(*a))
    doubts = of(X, y)
    assert len(rounds) == 1
    assert bad[first(doubts, 0.1)].mean() > 0.9


@pytest.mark.parametrize("which", [0, 1])
def test_labels_of_one_class_alone_may_be_wrong(which):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000, 10))
    y = (X[:, 0] + X[:, 1] > 0.5).astype(int)
    bad = np.isin(np.arange(1_000), rng.permutation(np.flatnonzero(y == which))[:80])
    doubts = of(X, np.where(bad, 1 - y, y), C=10.0)
    assert bad[first(doubts, 0.06)].mean() > 0.9
    assert doubts.wrong.sum() == pytest.approx(80, rel=0.3)
