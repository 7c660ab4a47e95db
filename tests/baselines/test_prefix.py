"""First-order prefix sets against Yang, Jain and Wallace's algorithms, written out once more."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from baselines.problems import problem_of
from forcing.baselines import rank
from forcing.engine.losses import Softmax
from support import blobs, digits, moons, problem, sign, study_of, unflippable, unsure


class Yang:
    """Their algorithms on the margin; `effects` are changes of it, one row left out, of some
    members with the Hessian of all rows but the removed.
    """

    def __init__(self, n, margin, effects):
        self.n, self.margin, self.effects = n, margin, effects

    def shortest(self, members, effects):
        order = np.argsort(effects, kind="stable")  # those that lower the margin most first
        left = self.margin
        for k, place in enumerate(order, start=1):
            left += effects[place]
            if left < 0:
                return members[order[:k]]
        return None

    def algorithm_1(self):
        members = np.arange(self.n)
        return self.shortest(members, self.effects(members, []))

    def algorithm_2(self):
        chosen = self.algorithm_1()
        while chosen is not None:
            members = np.sort(chosen)
            fewer = self.shortest(members, self.effects(members, chosen))
            if fewer is None or len(fewer) == len(chosen):
                break
            chosen = fewer
        return chosen


def logistic(X, y, model, x):
    """L2 logistic regression with a free intercept, sum scaling."""
    tight = LogisticRegression(C=model.C, solver="newton-cholesky", tol=1e-12).fit(X, y)
    rows = np.hstack([X, np.ones((len(X), 1))])
    proba = tight.predict_proba(X)[:, 1]
    score = tight.decision_function(x[None])[0]
    v = np.sign(score) * np.append(x, 1.0)

    def effects(members, removed):
        kept = np.setdiff1d(np.arange(len(rows)), removed)
        F, w = rows[kept], (proba * (1 - proba))[kept]
        H = F.T @ np.diag(w) @ F + np.diag(np.append(np.full(X.shape[1], 1 / model.C), 0.0))
        return ((proba - y)[members, None] * rows[members]) @ np.linalg.solve(H, v)

    return Yang(len(rows), abs(score), effects)


CASES = [moons(), digits(C=0.05), blobs(300, 4, seed=1, C=0.3)]


@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.parametrize("method", ["prefix", "prefix-refined"])
def test_the_sets_are_those_of_the_paper(case, method):
    X, y, model = CASES[case]
    codes = np.searchsorted(model.classes_, y)
    study = study_of(X, y, model)
    sizes = []
    for target in unsure(study, X, 0.9)[::7]:
        yang = logistic(X, codes, model, X[target])
        expected = yang.algorithm_1() if method == "prefix" else yang.algorithm_2()
        ranking = rank(problem(study, X[target]), method)
        if expected is None:
            assert ranking.predicted is None
            continue
        sizes.append(ranking.predicted)
        np.testing.assert_array_equal(ranking.rows[: ranking.predicted], expected)
    assert len(set(sizes)) > 2


def test_refining_takes_rows_from_the_set_and_adds_none():
    X, y, model = CASES[1]
    study = study_of(X, y, model)
    fewer = 0
    for target in unsure(study, X, 0.95)[::5]:
        p = problem(study, X[target])
        first, refined = rank(p, "prefix"), rank(p, "prefix-refined")
        if first.predicted is None:
            continue
        assert set(refined.rows[: refined.predicted]) <= set(first.rows[: first.predicted])
        assert sorted(refined.rows) == sorted(first.rows)
        fewer += refined.predicted < first.predicted
    assert fewer > 0


def test_scores_of_a_set_add_up_to_more_than_the_margin():
    X, y, model = CASES[2]
    study = study_of(X, y, model)
    for target in unsure(study, X, 0.8)[::10]:
        p = problem(study, X[target])
        for method in ("prefix", "prefix-refined"):
            ranking = rank(p, method)
            sums, k = np.cumsum(ranking.scores), ranking.predicted
            assert sums[k - 1] > p.margin(p.fit.theta)
            assert k == 1 or sums[k - 2] <= p.margin(p.fit.theta)


def test_no_set_is_claimed_where_all_effects_do_not_suffice():
    X, y, model = unflippable()
    p = problem(study_of(X, y, model), np.array([3.0]))
    assert sign(p) == 1.0
    for method in ("prefix", "prefix-refined"):
        ranking = rank(p, method)
        assert ranking.predicted is None
        np.testing.assert_array_equal(ranking.rows, rank(p, "influence").rows)


def test_other_methods_claim_no_set():
    X, y, model = moons()
    p = problem(study_of(X, y, model), X[80])
    for method in ("influence", "tracin", "knn-shapley", "nearest", "random"):
        assert rank(p, method).predicted is None


def test_the_refined_set_of_several_classes():
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 3
    rows = rng.normal(size=(60, 3)) + 0.7 * np.eye(3)[codes]
    p = problem_of(rows, np.eye(3)[codes], Softmax(), 0.2 * rng.normal(size=3), 0.3)
    proba = p.objective.loss.slope(p.fit.predictor, 0.0)
    slopes, v = proba - np.eye(3)[codes], p.direction(p.fit.theta).reshape(-1)
    gradients = np.array([np.kron(x, s) for x, s in zip(rows, slopes, strict=True)])

    def effects(members, removed):
        kept = np.setdiff1d(np.arange(60), removed)
        pairs = zip(rows[kept], proba[kept], strict=True)
        H = sum(np.kron(np.outer(x, x), np.diag(q) - np.outer(q, q)) for x, q in pairs)
        return gradients[members] @ np.linalg.solve(H + 0.3 * np.eye(9), v)

    ranking = rank(p, "prefix-refined")
    expected = Yang(60, p.margin(p.fit.theta), effects).algorithm_2()
    assert len(expected) == ranking.predicted > 1
    np.testing.assert_array_equal(ranking.rows[: len(expected)], expected)
