"""Bounds never exceed what exhaustive search finds; they are not all trivial either."""

import numpy as np
import pytest

from forcing.engine.bounds import bound_tables, lower_bound, newton_error_bound
from forcing.engine.search import SearchOptions, search
from forcing.records import Progress
from support import blobs, digits, problem, smallest_by_exhaustion, study_of, unsure


def bound(p, at_most=64):
    curvature = p.fit.curvature
    *_, size = lower_bound(p, curvature, bound_tables(p, curvature), at_most)
    return size


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("n", "p", "C"), [(16, 1, 0.05), (18, 2, 0.5), (14, 3, 5.0)])
def test_never_above_the_optimum(n, p, C, seed):
    X, y, model = blobs(n, p, seed=seed, C=C)
    study = study_of(X, y, model)
    for target in unsure(study, X, 0.8)[:4]:
        claim = study.claim(X[target])
        smallest = smallest_by_exhaustion(model, X, y, X[target], claim.favoured, 2)
        assert bound(problem(study, X[target])) <= (smallest or np.inf)


def test_is_close_where_rows_are_many_and_the_penalty_is_strong():
    X, y, model = blobs(1500, 2, seed=0, C=0.01)
    study = study_of(X, y, model)
    targets = [t for t in unsure(study, X, 0.7) if study.claim(X[t]).confidence > 0.505][:4]
    for target in targets:
        found = study.explain(X[target])
        assert found.flipped
        assert 0.4 * found.size <= found.lower_bound <= found.size


def test_large_problems_take_the_cheaper_form_which_is_weaker(monkeypatch):
    X, y, model = blobs(400, 2, seed=0, C=0.01)
    p = problem(study_of(X, y, model), X[7])
    exact = bound(p)
    monkeypatch.setattr("forcing.engine.bounds.GRAM_LIMIT", 10)
    assert 1 <= bound(p) <= exact


def test_single_rows_that_the_bound_leaves_are_refitted():
    X, y, model = blobs(40, 20, seed=0, C=10)
    study = study_of(X, y, model)
    seen = set()
    for x in X:
        p = problem(study, x)
        single = min(p.margin(p.refit([row]).theta) for row in range(40))
        size = bound(p)
        assert (size == 1) == (single < 0)
        seen.add(size)
    assert seen >= {1, 2}


@pytest.mark.parametrize("C", [0.001, 0.01, 0.1])
def test_proposition_1_holds_for_the_measured_error_of_one_step(C):
    X, y, model = digits(C=C)
    p = problem(study_of(X, y, model), X[5])
    promised = newton_error_bound(p)
    step = next(iter(search(p, p.fit, 5, SearchOptions(method="mfs-newton"))))
    error = abs(step.margin - p.margin(p.refit([step.row]).theta))
    assert error <= promised.of(1)
    assert promised.of(3) == pytest.approx(9 * promised.of(1))


def test_proposition_1_falls_with_regularisation():
    X, y, _ = digits()
    bounds = []
    for C in (1.0, 0.01, 0.0001):
        *_, model = digits(C=C)
        bounds.append(newton_error_bound(problem(study_of(X, y, model), X[5])).of())
    assert bounds[0] > bounds[1] > bounds[2]


def test_reports_progress():
    X, y, model = blobs(300, 2, seed=0, C=0.01)
    p = problem(study_of(X, y, model), X[7])
    curvature = p.fit.curvature
    *progress, size = lower_bound(p, curvature, bound_tables(p, curvature), 64)
    assert all(isinstance(item, Progress) for item in progress)
    assert isinstance(size, int)
