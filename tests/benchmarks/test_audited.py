"""That the benchmark of audits computes what it says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmarks import audited
from forcing import datasets
from support import digits, moons, study_of


def made(confidence, size, wrong):
    """Numbers of an audit that never was."""
    n = len(size)
    return audited.Audited(
        "100 x 2", confidence, np.asarray(size), np.asarray(wrong), np.zeros(n), n, n
    )


def sure(log_odds):
    return 1 / (1 + np.exp(-log_odds))


@pytest.fixture(scope="module")
def audit():
    rng = np.random.default_rng(0)
    X, y, _ = digits()
    noisy = y[:200].copy()
    bad = rng.choice(200, 20, replace=False)
    noisy[bad] = np.where(noisy[bad] == "three", "eight", "three")
    model = LogisticRegression().fit(X[:200], noisy)
    return study_of(X[:200], noisy, model).audit(X[200:240], y[200:240], progress=False)


def test_numbers_are_those_of_the_audit(audit):
    one = audited.numbers(audit, (200, 64), np.linspace(0, 1, 40))
    frame = audit.frame[audit.frame["size"].notna()]
    assert one.size.tolist() == frame["size"].tolist()
    assert one.wrong.tolist() == frame["wrong"].tolist()
    np.testing.assert_allclose(one.confidence, frame["confidence"])
    assert one.unsteady.tolist() == np.linspace(0, 1, 40)[frame["target"]].tolist()
    assert (one.verified, one.targets, one.shape) == (40, 40, "200 x 64")


def test_correlation_and_spread_of_known_sizes():
    confidence = np.linspace(0.5, 0.99, 200)
    assert audited.correlation(made(confidence, np.arange(1, 201), [False] * 200)) == 1.0
    assert audited.spread(made(confidence, np.full(200, 7), [False] * 200)) == 1.0
    alternating = np.where(np.arange(200) % 2, 4, 40)
    assert audited.spread(made(confidence, alternating, [False] * 200)) == 10.0


def test_size_that_says_more_than_confidence_is_found():
    rng = np.random.default_rng(0)
    log_odds, size = rng.uniform(0, 4, 600), rng.integers(1, 100, 600)
    wrong = rng.random(600) < sure(2 - 1.5 * np.log(size))
    says = audited.wrongness(made(sure(log_odds), size, wrong))
    assert says.p < 1e-6
    assert says.coefficient < 0
    assert says.told_both > says.told_confidence + 0.1
    assert says.fewer > 2 * says.more


def test_size_that_says_nothing_beyond_confidence_is_not_praised():
    rng = np.random.default_rng(0)
    log_odds = rng.uniform(0, 4, 600)
    size = np.maximum(1, np.round(np.exp(log_odds) * rng.uniform(0.5, 2, 600))).astype(int)
    wrong = rng.random(600) < sure(-log_odds)
    says = audited.wrongness(made(sure(log_odds), size, wrong))
    assert says.p > 0.01
    assert abs(says.told_both - says.told_confidence) < 0.02
    assert says.by_confidence > 0.6


def test_too_few_of_a_kind_are_not_tested():
    confidence = np.linspace(0.5, 0.99, 60)
    says = audited.wrongness(made(confidence, np.arange(1, 61), np.arange(60) == 3))
    assert np.isnan(says.p)
    assert says.share == pytest.approx(1 / 60)


def test_unsteady_decisions_are_those_near_the_boundary():
    X, y, model = moons()
    shares = audited.unsteady_shares(model, X, y, X, refits=20)
    confidence = model.predict_proba(X).max(axis=1)
    order = np.argsort(confidence)
    assert shares[order[:10]].mean() > 0.1
    assert shares[order[-30:]].max() == 0.0


def test_leaving_out_rows_with_wrong_labels_repairs_decisions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 5))
    y = (X[:, 0] > 0).astype(int)
    noisy, bad = y[:100].copy(), np.flatnonzero(y[:100])[:20]
    noisy[bad] = 0
    model = LogisticRegression().fit(X[:100], noisy)
    tests = (X[100:500], y[100:500]), (X[500:], y[500:])
    without = audited.left_out(model, X[:100], noisy, bad, *tests, shares=(0.0, 0.2), draws=2)
    assert without.rows == [0, 20]
    assert without.audited[0] == pytest.approx(1 - model.score(*tests[0]), abs=0.01)
    assert without.audited[1] < 0.7 * without.audited[0]
    assert without.fresh[1] < 0.7 * without.fresh[0]
    assert without.fresh_chance[1] > without.fresh[1] + 0.02


def test_a_whole_problem_is_measured_and_checked():
    problem = audited.Problem(
        lambda: datasets.load_digits((3, 8)), lambda: audited.linear(1.0), targets=6, checks=3
    )
    one = audited.measured(problem, 6)
    assert one.targets == len(one.size) == one.verified == 6
    assert one.checked == (3, 3)
    assert one.left_out is not None
    assert one.left_out.rows[0] == 0
    assert one.left_out.audited[0] == one.wrong.mean()
