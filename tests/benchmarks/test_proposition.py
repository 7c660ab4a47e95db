"""Proposition 1 beside measured errors: against steps written out by hand, on half moons."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks import proposition
from benchmarks.problems import moons
from benchmarks.proposition import ALONE, DRIFT_FREE, PRINTED, PROVED, STEPS


@pytest.fixture(scope="module")
def found():
    return proposition.errors(moons(), [0.1, 1.0, 100.0, 1000.0], targets=2)


def problem(alpha, target=98):
    data = moons()
    X = np.column_stack([data.X, np.ones(len(data.X))])
    model = LogisticRegression(C=1 / alpha, fit_intercept=False, tol=1e-12, max_iter=10_000)
    study = forcing.Study(model.fit(X, data.y), X, data.y)
    return study._explainer.problem(X[target]), X, data.y


@pytest.mark.parametrize(("step", "stays"), [(PRINTED, True), (PROVED, False)])
def test_one_step_is_the_formula(step, stays):
    p, X, y = problem(1.0)
    theta, row = p.fit.theta, 17
    q = 1 / (1 + np.exp(-X @ theta))
    weights = q * (1 - q)
    weights[row] *= stays
    hessian = (X * weights[:, None]).T @ X + np.eye(3)
    by_hand = theta + np.linalg.solve(hessian, (q[row] - y[row]) * X[row])
    assert proposition.stepped(p, p.fit, [row], step) == pytest.approx(by_hand, abs=1e-8)


@pytest.mark.parametrize("step", STEPS)
def test_the_error_is_that_against_scikit_learn(step):
    p, X, y = problem(1.0)
    kept = np.delete(np.arange(len(y)), [17, 40])
    refitted = LogisticRegression(fit_intercept=False, tol=1e-12, max_iter=10_000)
    refitted.fit(X[kept], y[kept])
    sign = np.sign(X[98] @ p.fit.theta)
    apart = sign * X[98] @ (refitted.coef_[0] - proposition.stepped(p, p.fit, [17, 40], step))
    assert proposition._error(p, [17, 40], step) == pytest.approx(abs(apart), abs=1e-6)


def test_the_bound_holds_for_the_step_of_the_proof(found):
    assert min(found.least_ratio[PROVED]) > 1


def test_the_bound_fails_for_the_printed_step_under_strong_regularisation(found):
    assert found.least_ratio[PRINTED][1] > 1
    assert found.least_ratio[PRINTED][-1] < 1


def test_the_printed_step_errs_by_the_second_power_and_the_bound_by_the_third():
    strong = proposition.errors(moons(), [1e3, 3e3, 1e4], targets=2)
    assert proposition.slope(strong.alphas, strong.bound) == pytest.approx(-3, abs=0.1)
    assert proposition.slope(strong.alphas, strong.single[PRINTED]) == pytest.approx(-2, abs=0.1)
    assert proposition.slope(strong.alphas, strong.single[PROVED]) < -3


def test_drift_free_updates_err_least_over_many_removals(found):
    last = {step: [each[-1] for each in found.several[step]] for step in STEPS}
    assert np.all(np.array(last[DRIFT_FREE]) < np.array(last[PRINTED]))


def test_every_list_is_as_long_as_it_says(found):
    assert {len(found.single[step]) for step in ALONE} == {4}
    assert np.shape(found.bound_of_several) == (4, len(proposition.REMOVED))
    assert found.bound_of_several[0][1] == pytest.approx(4 * found.bound[0])
