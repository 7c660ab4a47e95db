"""Scores against true leave-one-out and the identity they come from; flips against refits."""

import numpy as np
import pytest

from forcing.baselines import influence, representer
from support import blobs, digits, moons, problem, refit_margin, sign, study_of, unflippable, unsure


def test_influence_is_leave_one_out_to_first_order():
    X, y, model = blobs(400, 3, seed=0, C=0.1)
    p = problem(study_of(X, y, model), X[11])
    scores = np.asarray(influence(p))
    before = p.margin(p.fit.theta)
    for row in np.argsort(-np.abs(scores))[:20]:  # on random rows nearly all are 0: a weak check
        fall = before - p.margin(p.refit([int(row)]).theta)
        assert scores[row] == pytest.approx(fall, rel=0.05)


def test_influence_has_the_sign_of_the_prediction():
    X, y, model = moons()
    study = study_of(X, y, model)
    a, b = problem(study, X[80]), problem(study, -X[80] + 2 * X.mean(axis=0))
    for p in (a, b):
        top = int(np.argmax(np.asarray(influence(p))))
        assert p.margin(p.refit([top]).theta) < p.margin(p.fit.theta)


@pytest.mark.parametrize("weighted", [False, True])
def test_representer_contributions_add_up_to_the_margin(weighted):
    X, y, model = digits()
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else None
    model.fit(X, y, sample_weight=weights)
    p = problem(study_of(X, y, model, sample_weight=weights), X[17])
    intercept = sign(p) * float(p.fit.theta[-1])
    assert np.sum(representer(p)) == pytest.approx(p.margin(p.fit.theta) - intercept, abs=1e-10)


def test_flips_at_is_the_shortest_prefix_that_flips():
    X, y, model = moons()
    study = study_of(X, y, model)
    for target in unsure(study, X, 0.8)[-2:]:
        x, claim = X[target], study.claim(X[target])
        for method in ("influence", "representer", "random"):
            ranking = study.rank(x, method)
            margins = [
                refit_margin(model, X, y, x, ranking.rows[:k], claim.favoured)
                for k in range(1, min(ranking.tried, 32) + 1)
            ]
            flips = [k for k, m in enumerate(margins, start=1) if m < 0]
            if ranking.flips_at is not None and ranking.flips_at <= 32:
                assert ranking.flips_at == flips[0]
            else:
                assert not flips


def test_a_long_flip_is_bisected():
    X, y, model = digits()
    study = study_of(X, y, model)
    target = unsure(study, X, 0.99)[-1]
    ranking = study.rank(X[target], "influence")
    k, favoured = ranking.flips_at, study.claim(X[target]).favoured
    assert k > 32
    assert refit_margin(model, X, y, X[target], ranking.rows[:k], favoured) < 0
    assert refit_margin(model, X, y, X[target], ranking.rows[: k - 1], favoured) >= 0


def test_the_curve_is_made_of_refits():
    X, y, model = moons()
    study = study_of(X, y, model)
    ranking = study.rank(X[80], "influence")
    favoured = study.claim(X[80]).favoured
    assert ranking.curve[0] == (0, pytest.approx(study.claim(X[80]).confidence))
    for k, confidence in ranking.curve[1:12]:
        margin = refit_margin(model, X, y, X[80], ranking.rows[:k], favoured)
        assert confidence == pytest.approx(1 / (1 + np.exp(-margin)), abs=1e-7)


def test_random_is_the_same_for_the_same_seed():
    X, y, model = moons()
    first, again, other = (
        study_of(X, y, model, random_state=seed).rank(X[80], "random").rows for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_does_not_flip_says_so():
    X, y, model = unflippable()
    ranking = study_of(X, y, model).rank(np.array([3.0]), "influence")
    assert ranking.flips_at is None
    assert 0 < ranking.tried < len(y)
