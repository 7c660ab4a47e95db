"""That the benchmark of wrong labels computes what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from benchmarks import debugging, debugging_elsewhere, debugging_numbers, record
from benchmarks.debugging_data import Mails, mails, spoilt
from benchmarks.debugging_measures import QUARTER, SINGLE, Inspected, inspected, measured, singles
from benchmarks.debugging_orders import REPAIR, SETS, SUSPECTS, Tables, knn_shapley, orders
from benchmarks.settings import Settings
from forcing.datasets import load_docstrings


def short(data, rows=240):
    """Fewer rows to train on."""
    return replace(data, X=data.X[:rows], y=data.y[:rows])


@pytest.fixture(scope="module")
def case():
    return spoilt(mails(short(load_docstrings())), 0.2, 0)


@pytest.fixture(scope="module")
def audit(case):
    some = case.mistakes[:6]
    return case.study.audit(case.mails.X_valid[some], case.mails.y_valid[some], progress=False)


def test_labels_are_turned_where_it_is_said(case):
    assert case.bugs.sum() == round(0.2 * len(case.y))
    assert ((case.y != case.mails.data.y) == case.bugs).all()
    assert set(case.y) == set(case.mails.data.y)
    again, other = (spoilt(case.mails, 0.2, seed) for seed in (0, 1))
    assert (again.y == case.y).all()
    assert (other.y != case.y).any()


def test_mistakes_are_wrong_and_the_surest_come_first(case):
    X, y = case.mails.X_valid[case.mistakes], case.mails.y_valid[case.mistakes]
    assert (case.model.predict(X) != y).all()
    assert (np.diff(case.model.predict_proba(X).max(axis=1)) <= 0).all()


def test_inspection_corrects_what_is_wrong_and_nothing_else(case):
    every = np.arange(len(case.y))
    right = case.fixed(every)
    fresh = type(right)(C=case.model.C, max_iter=10_000).fit(case.mails.X, case.mails.data.y)
    np.testing.assert_allclose(right.coef_, fresh.coef_, atol=1e-3)
    untouched = case.fixed(np.flatnonzero(~case.bugs))
    np.testing.assert_allclose(untouched.coef_, case.model.coef_, atol=1e-2)


def test_closed_forms_are_those_of_a_dense_hessian(case):
    tables, model = Tables(case), case.model
    X = np.column_stack([case.mails.X.toarray(), np.ones(len(case.y))])
    p = expit(model.decision_function(case.mails.X))
    penalty = np.append(np.full(X.shape[1] - 1, 1 / model.C), 0.0)
    inverse = np.linalg.inv(X.T @ (X * (p * (1 - p))[:, None]) + np.diag(penalty))
    np.testing.assert_allclose(tables.leverages(), np.sum((X @ inverse) * X, axis=1), rtol=1e-6)
    own = model.predict_proba(case.mails.X)[np.arange(len(X)), (case.y == model.classes_[1]) * 1]
    np.testing.assert_allclose(tables.losses(), -np.log(own), rtol=1e-8)


def test_influence_and_representer_are_the_packages_own_for_one_decision(case):
    tables = Tables(case)
    for target in case.mistakes[:2]:
        x = case.mails.X_valid[[target]]
        confidence = case.model.predict_proba(x).max()
        for name, scale in (("influence", confidence), ("representer", 1.0)):
            ranking = case.study.rank(x, name)
            mine = getattr(tables, name)(x)[0]
            np.testing.assert_allclose(mine[ranking.rows], scale * ranking.scores, atol=1e-4)


def test_knn_shapley_adds_up_to_the_share_of_neighbours_that_agree(case):
    some = case.mails.X_valid[case.mistakes[:3]]
    values = knn_shapley(case, some)
    similar = (case.mails.X @ some.T).toarray()  # of rows of length 1: the nearest
    for t, said in enumerate(case.model.predict(some)):
        nearest = np.argsort(-similar[:, t], kind="stable")[:5]
        assert values[t].sum() == pytest.approx((case.y[nearest] == said).mean(), abs=0.21)


def test_every_order_ranks_every_row_once(case, audit):
    found = orders(case, audit, case.mistakes[:6], 0)
    assert {SUSPECTS, REPAIR, SETS, "influence", "random", "training loss"} <= set(found)
    for rows in found.values():
        assert sorted(rows.tolist()) == list(range(len(case.y)))
    assert found[SUSPECTS].tolist() == audit.suspects()["row"].tolist()
    first = audit.suspect_rows("weight")
    assert found[SETS][: len(first)].tolist() == first.tolist()
    bugs = {name: case.bugs[rows[:30]].mean() for name, rows in found.items()}
    assert bugs[SUSPECTS] > 0.5 > bugs["random"]


def test_what_an_order_is_worth_is_counted(case):
    bugs = np.flatnonzero(case.bugs)
    perfect = np.concatenate([bugs, np.flatnonzero(~case.bugs)])
    one = inspected(case, perfect, case.mistakes)
    assert one.precision(len(bugs)) == one.recall(len(bugs)) == 1.0
    assert one.precision(2 * len(bugs)) == 0.5
    assert one.recall(len(bugs) // 2) == pytest.approx((len(bugs) // 2) / len(bugs))
    clean = case.fixed(bugs)
    X, y = case.mails.X_test, case.mails.data.y_test
    assert one.accuracy[-1] == pytest.approx(clean.score(X, y))  # 40 % of the rows: all bugs
    assert one.repaired_test[-1] == round((clean.score(X, y) - case.model.score(X, y)) * len(y))
    valid = case.mails.X_valid[case.mistakes]
    right = clean.predict(valid) == case.mails.y_valid[case.mistakes]
    assert one.repaired[-1] == right.sum()


def test_single_sets_are_held_beside_as_many_rows_of_others(case, audit):
    found = singles(case, audit, case.mistakes[:6], Tables(case), every=2)
    assert found[SINGLE].precision == pytest.approx(
        np.mean([case.bugs[list(rows)].mean() for rows in audit.supports])
    )
    suspects = audit.suspect_rows()
    assert found[SUSPECTS].precision == pytest.approx(
        np.mean([case.bugs[suspects[: len(rows)]].mean() for rows in audit.supports])
    )
    assert found[QUARTER].precision >= found[SINGLE].precision
    assert all(0 <= one.repaired <= 1 for one in found.values())


def test_the_lead_is_over_the_best_of_the_others():
    def ones(**hits):
        return debugging_elsewhere.Measured(
            2, 4, 1, 1, [], 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0,
            {name: Inspected(np.array(h), [], [], []) for name, h in hits.items()},
        )  # fmt: skip

    some = [ones(**{SUSPECTS: [1, 1, 2, 2], "a": [1, 2, 2, 2], "b": [0, 0, 0, 2]})]
    ahead, best = debugging_numbers.lead(some, 4)
    assert ahead.tolist() == [0.0, -0.5, 0.0, 0.0]
    assert best[1] == "a"


def test_the_section_runs_and_is_not_recorded_when_short(case, monkeypatch, tmp_path):
    small = case.mails
    monkeypatch.setattr(debugging, "mails", lambda: small)
    monkeypatch.setattr(debugging, "folder", lambda _: tmp_path)
    monkeypatch.setattr(record, "keep", lambda *_: pytest.fail("recorded"))
    lines = "\n".join(debugging.debugging(Settings(targets=4, short=True)))
    assert "Figure 4" in lines
    assert "suspects, repair" in lines
    monkeypatch.setattr(debugging, "folder", lambda _: None)
    assert "Not measured" in "\n".join(debugging.debugging(Settings()))


def test_what_is_kept_is_what_was_measured(case):
    one = measured(case, 0, most=3)
    kept = debugging_numbers.kept({0.2: [one, one]})["20 %"]
    rows = [round(share * one.rows) for share in debugging_numbers.BUDGETS]
    mean, spread = kept["precision"][SUSPECTS]
    assert mean == pytest.approx([one.inspected[SUSPECTS].precision(k) for k in rows], abs=1e-5)
    assert set(spread) == {0.0}
    assert kept["bugs"] == case.bugs.sum()


def test_other_data_come_in_the_same_form():
    setting = debugging_elsewhere.ELSEWHERE[-1]
    data: Mails = setting.load()
    parts = [data.X.shape[0], data.X_valid.shape[0], data.X_test.shape[0]]
    assert parts == [len(data.data.y), len(data.y_valid), len(data.data.y_test)]
    (one,) = debugging_elsewhere.compared(setting, 1)
    assert one.inspected[SUSPECTS].precision(one.bugs) > one.inspected["random"].precision(one.bugs)
