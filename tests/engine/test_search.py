"""Algorithm 1 against its formulas written out, and against refits by scikit-learn."""

import numpy as np
import pytest

from forcing.engine.search import SearchOptions, search
from support import blobs, digits, moons, problem, refit_margin, study_of, unflippable, unsure


def run(problem, **options):
    return list(search(problem, problem.fit, problem.objective.n_rows, SearchOptions(**options)))


def test_newton_mode_is_equations_3_to_5_to_the_letter():
    X, y, model = moons()
    study = study_of(X, y, model)
    p = problem(study, X[80])
    A = np.column_stack([X, np.ones(len(y))])
    R = np.diag([1.0, 1.0, 0.0])
    v, theta, alive = A[80], np.asarray(p.fit.theta), np.ones(len(y))
    sign = np.sign(v @ theta)

    def sigma(f):
        return 1 / (1 + np.exp(-f))

    def losses(t):
        return np.log1p(np.exp(A @ t)) - y * (A @ t)

    expected = []
    while sign * (v @ theta) >= 0:
        q = sigma(A @ theta)
        H = (A * (alive * q * (1 - q))[:, None]).T @ A + R
        gradient = A.T @ (alive * (q - y)) + R @ theta
        newton = theta - np.linalg.solve(H, gradient)  # eq. 4 without its constraint
        u = np.linalg.solve(H, v)
        opposite = newton - u * (v @ newton) / (v @ u)  # KKT: on the decision line
        row = int(np.argmax(np.where(alive > 0, losses(opposite) - losses(theta), -np.inf)))  # 3
        theta = theta + np.linalg.solve(H, (q[row] - y[row]) * A[row])  # eq. 5
        alive[row] = 0
        expected.append((row, sign * (v @ theta)))

    steps = run(p, method="mfs-newton")
    assert [s.row for s in steps] == [row for row, _ in expected]
    np.testing.assert_allclose([s.margin for s in steps], [m for _, m in expected], rtol=1e-9)


def test_retrain_mode_is_a_refit_at_every_step():
    X, y, model = moons()
    study = study_of(X, y, model)
    steps = run(problem(study, X[80]), method="mfs-retrain")
    claim = study.claim(X[80])
    rows = [s.row for s in steps]
    for k, step in enumerate(steps, start=1):
        truth = refit_margin(model, X, y, X[80], rows[:k], claim.favoured)
        assert step.margin == pytest.approx(truth, abs=1e-7)
        assert step.confidence == pytest.approx(1 / (1 + np.exp(-truth)), abs=1e-7)


def test_default_mode_stays_with_the_refits():
    X, y, model = digits()
    study = study_of(X, y, model)
    target = unsure(study, X, 0.95)[-1]
    steps = run(problem(study, X[target]))
    assert len(steps) > 10
    claim, rows = study.claim(X[target]), [s.row for s in steps]
    for k in (1, len(rows) // 2, len(rows)):
        truth = refit_margin(model, X, y, X[target], rows[:k], claim.favoured)
        assert steps[k - 1].margin == pytest.approx(truth, abs=0.05)


def test_the_first_row_is_the_one_that_the_counterfactual_violates_most():
    X, y, model = blobs(60, 4, seed=0)
    study = study_of(X, y, model)
    p = problem(study, X[5])
    theta, v = np.asarray(p.fit.theta), np.append(X[5], 1.0)
    A = np.column_stack([X, np.ones(len(y))])
    q = 1 / (1 + np.exp(-A @ theta))
    H = (A * (q * (1 - q))[:, None]).T @ A + np.diag([1.0] * 4 + [0.0])
    u = np.linalg.solve(H, v)
    opposite = theta - u * (v @ theta) / (v @ u)
    added = (
        np.logaddexp(0, A @ opposite)
        - y * (A @ opposite)
        - np.logaddexp(0, A @ theta)
        + y * (A @ theta)
    )
    assert run(p)[0].row == int(np.argmax(added))


def test_more_quadratic_programmes_go_to_the_constrained_optimum():
    """Eq. 2 by scipy's own constrained optimiser."""
    from scipy.optimize import minimize

    from forcing.engine.counterfactual import counterfactual
    from forcing.engine.updates import begin

    X, y, model = blobs(60, 3, seed=1)
    p = problem(study_of(X, y, model), X[7])
    A, v = np.column_stack([X, np.ones(len(y))]), np.append(X[7], 1.0)
    R = np.array([1.0, 1.0, 1.0, 0.0])

    def loss(t):
        return np.sum(np.logaddexp(0, A @ t) - y * (A @ t)) + 0.5 * np.sum(R * t * t)

    truth = minimize(
        loss,
        np.zeros(4),
        constraints={"type": "eq", "fun": lambda t: v @ t},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    model = begin(p, p.fit)
    once = counterfactual(p, model, slack=0.0, qp_steps=1)
    often = counterfactual(p, model, slack=0.0, qp_steps=30)
    assert often.loss_gap == pytest.approx(truth.fun - loss(p.fit.theta), abs=1e-7)
    assert loss(once.theta) >= loss(often.theta)
    assert p.margin(often.theta) == pytest.approx(0.0, abs=1e-9)


def test_the_quadratic_loss_gap_closes_with_the_margin():
    X, y, model = moons()
    steps = run(problem(study_of(X, y, model), X[80]))
    assert all(s.loss_gap >= 0 for s in steps)
    assert steps[-1].loss_gap == 0.0  # flipped: the model is its own counterfactual
    assert steps[-1].margin < 0 <= steps[-2].margin


def test_loss_gap_and_likelihood_ratio_end_earlier():
    X, y, model = moons()
    p = problem(study_of(X, y, model), X[29])
    whole = run(p)
    gap = run(p, exit="loss-gap", delta=0.05)
    ratio = run(p, exit="likelihood-ratio")
    assert gap == whole[: len(gap)] or [s.row for s in gap] == [s.row for s in whole][: len(gap)]
    assert gap[-1].loss_gap < 0.05 <= gap[-2].loss_gap
    assert 2 * ratio[-1].loss_gap < 3.8415
    assert len(ratio) < len(gap) < len(whole)


def test_ends_where_no_row_supports_the_claim():
    """Never the last row of a class: what has not seen a class cannot decide otherwise."""
    X, y, model = unflippable()
    steps = run(problem(study_of(X, y, model), np.array([3.0])))
    left = np.setdiff1d(np.arange(len(y)), [s.row for s in steps])
    assert set(y[left]) == {0, 1}
    assert all(s.margin > 0 for s in steps)


def test_duplicates_are_broken_by_position():
    X, y, model = blobs(40, 3, seed=2)
    X, y = np.vstack([X, X]), np.concatenate([y, y])
    model = model.fit(X, y)
    rows = [s.row for s in run(problem(study_of(X, y, model), X[1]))]
    assert len(set(rows)) == len(rows)
    first = rows[0]
    assert first < 40
    assert first + 40 in rows


def test_the_generator_can_be_closed_at_any_step():
    X, y, model = moons()
    p = problem(study_of(X, y, model), X[80])
    steps = search(p, p.fit, 100, SearchOptions())
    next(steps)
    steps.close()
    assert list(steps) == []
