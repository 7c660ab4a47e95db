"""What every baseline keeps to, on every kind of problem."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression

from forcing.baselines import BASELINES, rank
from support import moons, problem, study_of


def kinds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(36, 6))
    two, three = np.arange(36) % 2, np.arange(36) % 3
    wide = rng.normal(size=(36, 80))
    sparse = scipy.sparse.random(36, 50, 0.2, format="csr", random_state=0)
    weights = np.where(np.arange(36) % 5 == 0, 0.0, rng.uniform(0.5, 2.0, 36))
    return {
        "binary": (X, two, None),
        "multiclass": (X, three, None),
        "sparse": (sparse, two, None),
        "sparse multiclass": (sparse, three, None),
        "fewer rows than columns": (wide, two, None),
        "fewer rows, multiclass": (wide, three, None),
        "weights of zero": (X, two, weights),
        "weights of zero, multiclass": (X, three, weights),
    }


@pytest.fixture(scope="module", params=kinds())
def target(request):
    X, y, weights = kinds()[request.param]
    model = LogisticRegression().fit(X, y, sample_weight=weights)
    return problem(study_of(X, y, model, sample_weight=weights), X[3]), weights


@pytest.mark.parametrize("method", BASELINES)
def test_a_ranking_is_whole_and_in_order(target, method):
    p, weights = target
    ranking = rank(p, method)
    alive = np.arange(36) if weights is None else np.flatnonzero(weights)
    assert ranking.method == method
    np.testing.assert_array_equal(np.sort(ranking.rows), alive)
    assert np.all(np.isfinite(ranking.scores))
    first = ranking.predicted or 0
    assert np.all(np.diff(ranking.scores[:first]) <= 0)
    assert np.all(np.diff(ranking.scores[first:]) <= 0)
    again = rank(p, method)
    np.testing.assert_array_equal(again.rows, ranking.rows)
    np.testing.assert_array_equal(again.scores, ranking.scores)


@pytest.mark.parametrize("method", [m for m in BASELINES if not m.startswith("random")])
def test_the_first_row_supports_the_decision_and_the_last_does_not(target, method):
    p, _ = target
    ranking = rank(p, method)
    assert ranking.scores[0] > 0 >= ranking.scores[-1]


@pytest.mark.parametrize("method", BASELINES)
def test_a_study_ranks_and_explains_by_each_method(method):
    X, y, model = moons(n=40)
    study = study_of(X, y, model)
    ranking = study.rank(X[8], method)
    assert ranking.tried > 0
    assert ranking.curve[0][0] == 0
    explanation = study.explain(X[8], method="mfs", baselines=[method], bound=False)
    np.testing.assert_array_equal(explanation.rankings[method].rows, ranking.rows)
    assert explanation.rankings[method].predicted == ranking.predicted


def test_random_favoured_draws_from_the_favoured_class_first():
    X, y, model = moons()
    study = study_of(X, y, model)
    p = problem(study, X[80])
    own = int(np.sum(y == p.favoured))
    order = rank(p, "random-favoured", 0).rows
    assert np.all(y[order[:own]] == p.favoured)
    assert not np.any(y[order[own:]] == p.favoured)
    assert not np.array_equal(order, rank(p, "random-favoured", 1).rows)


def test_a_method_that_flips_only_by_its_claim_keeps_it_when_saved(tmp_path):
    import forcing

    X, y, model = moons()
    study = study_of(X, y, model)
    x = X[80]
    explanation = study.explain(x, baselines=["prefix", "influence"], bound=False)
    explanation.save(tmp_path / "case.json")
    found = forcing.load(tmp_path / "case.json").rankings
    assert found["prefix"].predicted == explanation.rankings["prefix"].predicted is not None
    assert found["influence"].predicted is None
