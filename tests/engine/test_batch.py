"""Sets of many targets side by side, against refits by scikit-learn and the one-by-one way."""

import time

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from forcing.engine.batch import smallest_sets
from forcing.engine.refine import removal_effects
from forcing.engine.together import Together
from forcing.records import finished
from support import (
    blobs,
    digits,
    moons,
    problem,
    refit_margin,
    smallest_by_exhaustion,
    study_of,
    tight_fit,
    unflippable,
)

TIE = 1e-9


def found_for(study, X, **options):
    problems = [problem(study, x) for x in X]
    limit = int(0.6 * study.n_rows)
    return problems, finished(smallest_sets(problems, limit, TIE, **options))


@pytest.mark.parametrize("make", [moons, digits, lambda: blobs(60, 90, seed=1)])
def test_every_set_flips_and_none_can_spare_a_row(make):
    X, y, model = make()
    study = study_of(X, y, model)
    problems, found = found_for(study, X[:12])
    for x, p, f in zip(X[:12], problems, found, strict=True):
        rows, favoured = f.best.rows, p.claim.favoured
        assert f.irreducible is True
        assert refit_margin(model, X, y, x, rows, favoured) < 0
        some = rows if len(rows) < 8 else rows[:: len(rows) // 6]
        for row in some:
            others = [r for r in rows if r != row]
            assert refit_margin(model, X, y, x, others, favoured) >= -TIE


def test_margins_of_put_backs_lie_on_the_side_of_a_refit_alone():
    X, y, model = digits()
    study = study_of(X, y, model)
    p = problem(study, X[5])
    found = finished(smallest_sets([p], 200, TIE))[0].best
    assert len(found.put_back) == len(found.rows) > 3
    for row, margin in zip(found.rows, found.put_back, strict=True):
        others = [r for r in found.rows if r != row]
        exact = refit_margin(model, X, y, X[5], others, p.claim.favoured)
        assert np.sign(margin) == np.sign(exact)
        assert margin == pytest.approx(exact, abs=0.1)


def test_effects_are_those_of_one_target_alone():
    X, y, model = blobs(80, 6, seed=2)
    study = study_of(X, y, model)
    problems = [problem(study, x) for x in X[:5]]
    together = Together(problems)
    side_by_side = together.effects(range(5), [p.fit for p in problems])
    for p, ours in zip(problems, side_by_side, strict=True):
        alone = removal_effects(p, p.fit)
        finite = np.isfinite(alone)
        assert np.array_equal(finite, np.isfinite(ours))
        enough = 5e-3 * np.abs(alone[finite]).max()
        np.testing.assert_allclose(ours[finite], alone[finite], atol=enough)


def test_refits_side_by_side_end_at_scikit_learns_optimum():
    X, y, model = blobs(70, 5, seed=4)
    study = study_of(X, y, model)
    problems = [problem(study, x) for x in X[:6]]
    rng = np.random.default_rng(0)
    sets = [tuple(sorted(rng.choice(70, 3 + 4 * k, replace=False).tolist())) for k in range(6)]
    together = Together(problems)
    refitted = together.refit(range(6), sets, [p.fit for p in problems], exact=True)
    for rows, candidate in zip(sets, refitted, strict=True):
        head = tight_fit(model, X, y, np.setdiff1d(np.arange(70), rows))
        np.testing.assert_allclose(candidate.fit.theta[:-1], head.coef_[0], atol=1e-6)
        assert candidate.fit.theta[-1] == pytest.approx(head.intercept_[0], abs=1e-6)


def test_sets_are_the_smallest_there_are_on_problems_small_enough_to_try_all():
    best, ours = [], []
    for seed in range(3):
        X, y, model = blobs(12, 2, seed=seed)
        study = study_of(X, y, model)
        problems, found = found_for(study, X[:6])
        for x, p, f in zip(X[:6], problems, found, strict=True):
            smallest = smallest_by_exhaustion(model, X, y, x, p.claim.favoured, 3)
            if smallest is not None:
                assert f.best is not None
                best.append(smallest)
                ours.append(len(f.best.rows))
    assert len(best) > 6
    assert np.all(np.array(ours) >= best)
    assert np.mean(np.array(ours) == best) >= 0.9


def test_several_classes_flip_to_any_other():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    model = LogisticRegression(max_iter=1000, tol=1e-6).fit(X[:300], y[:300])
    study = study_of(X[:300], y[:300], model)
    problems, found = found_for(study, X[300:308])
    for x, p, f in zip(X[300:308], problems, found, strict=True):
        assert f.irreducible is True
        kept = np.setdiff1d(np.arange(300), f.best.rows)
        head = LogisticRegression(max_iter=5000, tol=1e-10).fit(X[kept], y[kept])
        assert head.predict(x[None])[0] != p.claim.favoured


def test_repeated_rows_go_in_the_order_of_their_positions_however_many_targets():
    X, y, model = blobs(40, 3, seed=5)
    X, y = np.repeat(X, 3, axis=0), np.repeat(y, 3)
    study = study_of(X, y, model.fit(X, y))
    _, together = found_for(study, X[:24:3])
    for x, f in zip(X[:24:3], together, strict=True):
        _, (alone,) = found_for(study, x[None])
        assert alone.best.rows == f.best.rows


def test_what_no_set_flips_comes_back_without_one():
    X, y, model = unflippable()
    _, found = found_for(study_of(X, y, model), X[:2])
    assert [f.best for f in found] == [None, None]


def test_targets_that_the_time_did_not_reach_say_so():
    X, y, model = moons()
    _, found = found_for(study_of(X, y, model), X[:3], until=time.time() - 1)
    assert all(f.cut_short and f.best is None for f in found)


def test_unrefined_sets_flip_and_promise_no_more():
    X, y, model = moons()
    problems, found = found_for(study_of(X, y, model), X[:10], refine=False)
    for x, p, f in zip(X[:10], problems, found, strict=True):
        assert f.irreducible is None
        assert refit_margin(model, X, y, x, f.best.rows, p.claim.favoured) < 0
