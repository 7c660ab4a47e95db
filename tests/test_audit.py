"""Audits of whole test sets."""

import re
import sys
import time

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

import forcing
from forcing.records import Refined, finished
from forcing.study import audit_run
from forcing.study.many import Outcome, one_by_one
from forcing.study.options import run_options
from support import digits, moons, refit_margin, study_of, unflippable


@pytest.fixture(scope="module")
def three_or_eight():
    """A study of 200 rows, and 40 targets with their labels."""
    X, y, _ = digits()
    model = LogisticRegression().fit(X[:200], y[:200])
    return study_of(X[:200], y[:200], model), X[200:240], y[200:240]


@pytest.fixture(scope="module")
def audit(three_or_eight):
    study, X, y = three_or_eight
    return study.audit(X, y, progress=False)


def test_every_row_of_the_frame_is_confirmed_by_a_refit(three_or_eight, audit):
    study, X, _ = three_or_eight
    frame = audit.frame
    assert len(frame) == 40
    assert frame["verified"].all()
    assert frame["irreducible"].all()
    assert (frame["lower_bound"] <= frame["size"]).all()
    for row in frame.itertuples():
        margin = refit_margin(
            study.model, study.X, study.y, X[row.target], list(row.supports), row.predicted
        )
        assert margin < 0
        assert row.size == len(row.supports) == len(set(row.supports))


def test_the_frame_says_what_the_model_says(three_or_eight, audit):
    study, X, y = three_or_eight
    frame = audit.frame
    assert list(frame["predicted"]) == study.model.predict(X).tolist()
    assert list(frame["wrong"]) == (study.model.predict(X) != y).tolist()
    np.testing.assert_allclose(
        frame["confidence"], study.model.predict_proba(X).max(axis=1), atol=5e-3
    )
    assert (frame["rival"] != frame["predicted"]).all()


def test_sizes_are_those_of_explain_within_a_few_percent(three_or_eight, audit):
    study, X, _ = three_or_eight
    ratios = [
        len(audit[t].supports) / study.explain(X[t], verify=False, bound=False).size
        for t in range(0, 40, 4)
    ]
    assert np.median(ratios) <= 1.01
    assert max(ratios) <= 1.25


@pytest.mark.parametrize("options", [{"chunk": 1}, {"chunk": 7}, {"n_jobs": 2, "chunk": 9}])
def test_sets_do_not_depend_on_chunks_and_jobs(three_or_eight, audit, options):
    study, X, y = three_or_eight
    other = study.audit(X[:20], y[:20], progress=False, **options)
    assert other.supports == audit.supports[:20]
    assert [o.lower_bound for o in other.outcomes] == [o.lower_bound for o in audit.outcomes[:20]]


def test_chunks_travel_to_processes(three_or_eight, audit):
    study, X, y = three_or_eight
    with joblib.parallel_config(backend="loky"):
        other = study.audit(X[:12], y[:12], n_jobs=2, chunk=6, progress=False)
    assert other.supports == audit.supports[:12]


def test_flipped_labels_are_among_the_first_suspects():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 8))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    noisy, bad = y.copy(), rng.choice(200, 20, replace=False)
    noisy[bad] = 1 - noisy[bad]
    model = LogisticRegression(C=10.0).fit(X[:200], noisy[:200])
    audit = study_of(X[:200], noisy[:200], model).audit(
        X[200:], y[200:], progress=False, bound=False
    )
    suspects = audit.suspects()
    assert audit.wrong.sum() >= 5
    assert suspects["row"][:10].isin(bad).mean() >= 0.8  # a tenth of the rows are
    assert len(suspects) == 200
    surprise = audit.doubts.surprise[suspects["row"]]
    assert (np.diff(surprise) <= 0).all()
    assert suspects["score"].tolist() == audit.doubts.wrong[suspects["row"]].tolist()
    assert suspects["score"].sum() == pytest.approx(20, rel=0.3)
    carrying = audit.suspects("weight")
    first = carrying.iloc[0]
    wrong = [s for s, w in zip(audit.supports, audit.wrong, strict=True) if w]
    assert first["wrong"] == sum(first["row"] in s for s in wrong)
    assert first["score"] == pytest.approx(sum(1 / len(s) for s in wrong if first["row"] in s))
    assert first["share"] == first["wrong"] / sum(first["row"] in s for s in audit.supports)
    counted = audit.suspects("count")
    assert counted["wrong"].is_monotonic_decreasing
    assert set(counted["row"]) == set(carrying["row"])
    same = suspects.set_index("row").loc[carrying["row"]]
    for column in ("label", "wrong", "sets", "share"):
        assert same[column].tolist() == carrying[column].tolist()


def test_without_labels_suspects_count_all_sets(three_or_eight):
    study, X, _ = three_or_eight
    audit = study.audit(X[:6], progress=False, bound=False)
    suspects = audit.suspects()
    assert audit.wrong is None
    assert "wrong" not in audit.frame
    assert "wrong" not in suspects
    assert suspects["sets"].sum() == sum(map(len, audit.supports))


def test_rows_come_in_the_forms_that_models_take():
    X, y, _ = moons()
    named = pd.DataFrame(X, columns=["east", "north"])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(named, y)
    framed = study_of(named, y, model, row_ids=[f"r{i}" for i in range(100)])
    audit = framed.audit(named[:6], y[:6], progress=False)
    assert all(o.verified for o in audit.outcomes)
    assert set(audit.suspects()["name"]) <= set(framed.row_ids)
    matrix = sparse.csr_matrix(X)
    thin = study_of(matrix, y, LogisticRegression().fit(matrix, y))
    dense = study_of(X, y, LogisticRegression().fit(X, y))
    found = [s.audit(R[:6], progress=False).supports for s, R in ((thin, matrix), (dense, X))]
    assert found[0] == found[1]


def test_several_classes_name_the_rival_and_flip_to_any():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    model = LogisticRegression(max_iter=1000, tol=1e-6).fit(X[:250], y[:250])
    audit = study_of(X[:250], y[:250], model).audit(X[250:256], y[250:256], progress=False)
    assert all(o.verified and o.irreducible for o in audit.outcomes)
    scores = model.decision_function(X[250:256])
    assert list(audit.frame["rival"]) == np.argsort(scores, axis=1)[:, -2].tolist()


def test_what_cannot_flip_is_told_and_not_counted():
    X, y, model = unflippable()
    study = study_of(X, y, model)
    audit = study.audit(X[:3], y[:3], progress=False)
    assert [o.status for o in audit.outcomes] == [study.explain(x).status for x in X[:3]]
    assert audit.frame["size"].isna().all()
    assert not audit.frame["flipped"].any()
    assert len(audit.suspects("weight")) == 0


def test_a_limit_is_kept_and_told(three_or_eight):
    study, X, _ = three_or_eight
    audit = study.audit(X[:12], max_removals=5, progress=False)
    assert all(len(s) <= 5 for s in audit.supports)
    assert {"limit"} <= {o.status for o in audit.outcomes} <= {"limit", "flipped"}


def test_options_turn_work_off(three_or_eight):
    study, X, _ = three_or_eight
    audit = study.audit(X[:4], refine=False, verify=False, bound=False, progress=False)
    for outcome in audit.outcomes:
        assert outcome.status == "flipped"
        assert outcome.flipped
        assert (outcome.verified, outcome.irreducible, outcome.lower_bound) == (None, None, None)


def test_when_time_runs_out_the_rest_is_cancelled(three_or_eight):
    study, X, y = three_or_eight
    audit = study.audit(X, y, max_seconds=0.0, progress=False)
    assert len(audit) == 40
    assert {o.status for o in audit.outcomes} == {"cancelled"}
    assert audit.frame["size"].isna().all()


def test_an_interrupt_keeps_what_was_done(three_or_eight, audit, monkeypatch):
    study, X, y = three_or_eight
    real, calls = audit_run.explain_chunk, []

    def second_time_interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return (yield from real(*arguments))

    monkeypatch.setattr(audit_run, "explain_chunk", second_time_interrupted)
    with pytest.raises(KeyboardInterrupt):
        study.audit(X, y, chunk=10, progress=False)
    assert study.interrupted_audit.supports == audit.supports[:10]
    assert len(study.interrupted_audit.frame) == 10


def test_progress_tells_what_is_left(three_or_eight, capsys, monkeypatch):
    study, X, _ = three_or_eight
    monkeypatch.setattr(audit_run, "EVERY", 0.0)
    study.audit(X[:8], chunk=4, progress=True)
    told = capsys.readouterr().err
    assert "4 of 8 targets" in told
    assert " left" in told
    study.audit(X[:2], progress=False)
    assert capsys.readouterr().err == ""


def test_errors_at_the_door_say_what_was_expected(three_or_eight):
    study, X, y = three_or_eight
    for X_test, y_test, words in [
        (X[:, :5], None, r"X_test must have shape \(targets, 64\).*got \(40, 5\)"),
        (X[0], None, r"X_test must have shape .*X_test\[\[17\]\]"),
        (X[:0], None, "X_test has no rows"),
        (X, y[:7], r"y_test must have one label for each of the 40 rows.*\(7,\)"),
        (X, np.where(y == "three", "nine", y), "y_test has the label 'nine'.*'eight', 'three'"),
        (np.full((2, 64), np.nan), None, "NaN"),
    ]:
        with pytest.raises(ValueError, match=words):
            study.audit(X_test, y_test, progress=False)
    for options, words in [
        ({"max_seconds": -1}, "max_seconds"),
        ({"chunk": 0}, "chunk"),
        ({"max_removals": 0}, "max_removals"),
    ]:
        with pytest.raises(ValueError, match=words):
            study.audit(X, progress=False, **options)
    with pytest.raises(ValueError, match="score must be one of label, repair, weight, count"):
        study.audit(X[:2], progress=False).suspects("weihgt")


def test_one_bad_target_does_not_cost_the_others(three_or_eight):
    study, X, _ = three_or_eight
    mixed = X[:3].copy()
    mixed[1, 0] = np.nan
    audit = study.audit(mixed, progress=False)
    assert [o.status for o in audit.outcomes] == ["flipped", "failed", "flipped"]
    assert "NaN" in audit[1].reason
    assert len(audit.frame) == 3


def test_a_refit_of_the_users_own_has_the_last_word():
    X, y, _ = moons()
    model = LogisticRegression().fit(X, y)
    study = study_of(
        X, y, model, refit=lambda kept: LogisticRegression(tol=1e-9).fit(X[kept], y[kept])
    )
    for outcome in study.audit(X[:5], progress=False).outcomes:
        assert outcome.verified is True
        assert outcome.irreducible is None


def test_one_by_one_gives_the_same_kind_of_outcome(three_or_eight):
    study, X, _ = three_or_eight
    options = run_options(study.n_rows, 0)
    work = one_by_one(
        lambda x: study._explainer.events(x, None, None, options), X[:2], until=float("inf")
    )
    for outcome, x in zip(finished(work), X[:2], strict=True):
        told = study.explain(x)
        assert isinstance(outcome, Outcome)
        assert outcome.supports == tuple(told.supports.tolist())
        assert (outcome.verified, outcome.irreducible) == (True, True)
        assert outcome.lower_bound == told.lower_bound
    work = one_by_one(lambda x: study._explainer.events(x, None, None, options), X[:2], until=0.0)
    assert {o.status for o in finished(work)} == {"cancelled"}


def test_the_summary_shows_text_from_data_as_text(audit):
    X, y, _ = moons()
    labels = np.where(y == 1, "<b>one</b>", "zero")
    model = LogisticRegression(C=0.1).fit(X, labels)
    audit = study_of(X, labels, model, row_ids=["<i>"] * 100).audit(X, labels, progress=False)
    html = audit._repr_html_()
    assert audit.wrong.any()
    assert "<b>one" not in html
    assert "<i>" not in html
    assert "&lt;i&gt;" in html
    assert "median size" in repr(audit)


def test_the_figure_marks_wrong_decisions(audit):
    pytest.importorskip("bqplot")
    right, wrong = audit.plot().marks
    assert len(wrong.x) == audit.wrong.sum()
    assert len(right.x) + len(wrong.x) == 40
    assert sorted([*right.y, *wrong.y]) == sorted(map(len, audit.supports))
    claims = [audit[t].claim.confidence for t in np.flatnonzero(audit.wrong)]
    assert 1 / (1 + np.exp(-wrong.x)) == pytest.approx(claims)


def test_the_axis_of_the_figure_tells_sure_decisions_apart():
    pytest.importorskip("bqplot")
    from forcing.jupyter.plots.scatter import size_over_confidence as sizes

    sure = np.array([0.55, 0.999, 0.9999, 1.0])
    figure = sizes(sure, np.array([1, 30, 60, 400]), None)
    (points,) = figure.marks
    assert np.diff(points.x).min() > 1.5
    assert np.isfinite(points.x).all()
    axis = figure.axes[0]
    assert axis.tick_labels["0"] == "50%"
    assert list(axis.tick_labels.values())[-1] == "99.9999%"
    assert np.diff(axis.tick_values).min() >= 1.0
    assert len(axis.tick_values) == len(axis.tick_labels)
    assert sizes(np.array([]), np.array([], dtype=int), None).marks[0].x.size == 0


def test_without_pandas_the_records_are_there(audit, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"Audit\.frame needs pandas"):
        _ = audit.frame
    with pytest.raises(ImportError, match="suspect_rows"):
        audit.suspects()
    assert len(audit.suspect_rows()) > 0


def test_audit_is_public():
    from forcing.study.audit import Audit

    assert forcing.Audit is Audit


def test_a_model_known_by_its_refits_gets_the_time_that_is_left(monkeypatch):
    X, y, _ = moons()
    study, given = study_of(X, y, GaussianNB().fit(X, y)), []
    real = study._explainer.events

    def noted(x, rival, threshold, options):
        given.append(options.max_seconds)
        return real(x, rival, threshold, options)

    monkeypatch.setattr(study._explainer, "events", noted)
    study.audit(X[:2], progress=False, max_seconds=1000.0)
    study.audit(X[:1], progress=False)
    first, second, unlimited = given
    assert 1000 > first > second > 0
    assert unlimited is None


def test_a_run_that_heeds_the_time_itself_keeps_what_it_found():
    X, y, model = moons()
    study = study_of(X, y, model)
    until = time.time() + 0.5

    def slow(x):
        for event in study.events(x):
            yield event
            if isinstance(event, Refined):
                time.sleep(max(0.0, until + 0.1 - time.time()))

    first, second = finished(one_by_one(slow, X[:2], until))
    assert (first.status, first.verified) == ("flipped", True)
    assert second.status == "cancelled"


def test_classes_stay_as_they_are_beside_a_target_without_a_claim():
    X, y, model = moons()
    mixed = X[:3].copy()
    mixed[1, 0] = np.nan
    frame = study_of(X, y, model).audit(mixed, progress=False).frame
    for name in ("predicted", "rival"):
        first, none, last = frame[name].tolist()
        assert {type(first), type(last)} == {int}
        assert none is None


# What a notebook shows


def cells(html, caption):
    """The lines of the table with this caption, a list of texts each."""
    table = html.split(f"<caption>{caption}")[1].split("</table>")[0]
    lines = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]


def test_wrong_decisions_on_few_rows_come_first(audit):
    lines = cells(audit._repr_html_(), "Decisions and the rows they stand on, wrong ones (✗) first")
    wrong = [line[2].endswith("✗") for line in lines]
    assert wrong == sorted(wrong, reverse=True)
    assert sum(wrong) == min(20, audit.wrong.sum())
    for kind in (True, False):
        sizes = [int(line[3]) for line, is_wrong in zip(lines, wrong, strict=True)
                 if is_wrong is kind]  # fmt: skip
        assert sizes == sorted(sizes)
    bars = [len(line[4]) for line in lines]
    sizes = [int(line[3]) for line in lines]
    assert bars[sizes.index(max(sizes))] == max(bars) == 12
    assert min(bars) >= 1
    for line in lines:
        assert int(line[3]) == len(audit[int(line[0])].supports)
    assert "and 20 more: <code>.frame</code> has all" in audit._repr_html_()


def test_the_suspects_have_a_table_of_their_own(audit):
    lines = cells(audit._repr_html_(), "Training rows that wrong decisions stand on")
    frame = audit.suspects()
    frame = frame[frame["wrong"] > 0]
    assert [int(line[0]) for line in lines] == frame["row"].tolist()[:10]
    for line, score in zip(lines, frame["score"], strict=False):
        assert float(line[2].rstrip("\u202f%")) == pytest.approx(100 * score, abs=0.51)
    assert [int(line[3]) for line in lines] == frame["wrong"].tolist()[:10]
    assert [int(line[5]) for line in lines] == frame["sets"].tolist()[:10]


def test_the_tables_say_what_their_columns_are_and_leave_out_empty_ones(three_or_eight):
    study, X, _ = three_or_eight
    html = study.audit(X[:3], verify=False, bound=False, progress=False)._repr_html_()
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html)
    assert heads == ["Target", "Decided", "Rows", "", "Checked"]
    assert html.count("<caption>") == html.count("<table>") == 1
    assert html.count('<th scope="row"') == 3
    assert not re.search(r"<script|<style|\bid=|\bon\w+=", html)


def test_an_audit_without_any_set_has_a_table_too(three_or_eight):
    study, X, y = three_or_eight
    html = study.audit(X[:4], y[:4], max_seconds=0.0, progress=False)._repr_html_()
    assert "Checked" in html
    assert len(cells(html, "Decisions and the rows they stand on")) == 4


# Whose label is wrong


def test_targets_with_true_labels_are_evidence_and_those_without_are_not(three_or_eight, audit):
    study, X, _ = three_or_eight
    blind = study.audit(X, max_removals=1, progress=False)
    surprises = [one.doubts.surprise for one in (blind, audit)]
    assert min(map(np.min, surprises)) > 0
    assert not np.allclose(*map(np.log, surprises), atol=0.01)
    assert audit.doubts is audit.doubts
    some = study.audit(X[:5], max_removals=1, progress=False)
    np.testing.assert_allclose(some.doubts.surprise, surprises[0])


@pytest.mark.parametrize("kind", ["pipeline", "ridge", "calibrated", "several"])
def test_labels_are_doubted_whatever_the_model(kind):
    X, y, _ = digits()
    if kind == "several":
        X, y = load_digits(return_X_y=True)
        X = X / 16
    rng = np.random.default_rng(0)
    noisy, bad = y[:250].copy(), rng.choice(250, 25, replace=False)
    for row in bad:
        noisy[row] = rng.choice(np.unique(y)[np.unique(y) != y[row]])
    model = {
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression(C=10.0, tol=1e-6)),
        "ridge": RidgeClassifier(),
        "calibrated": CalibratedClassifierCV(LogisticRegression(tol=1e-6), ensemble=False, cv=3),
        "several": LogisticRegression(tol=1e-6, max_iter=1_000),
    }[kind].fit(X[:250], noisy)
    audit = study_of(X[:250], noisy, model).audit(
        X[250:260], y[250:260], max_removals=1, progress=False
    )
    assert np.isin(audit.suspect_rows()[:15], bad).mean() >= 0.9


def test_where_labels_cannot_be_judged_rows_are_ranked_by_weight():
    X, y, _ = moons()
    value = X[:, 0] + 0.1 * X[:, 1]
    linear, tree = Ridge().fit(X, value), DecisionTreeRegressor(random_state=0).fit(X, value)
    voters = KNeighborsClassifier(95).fit(X, y)  # of a part of the rows there are too few
    audits = {
        "no classes": study_of(X, value, linear).audit(
            X[:3], value[:3], threshold=0.5, max_removals=5, progress=False
        ),
        "DecisionTreeRegressor is a regressor": study_of(X, value, tree).audit(
            X[:3], value[:3], threshold=0.5, max_removals=5, progress=False
        ),
        "refitted on .* fails": study_of(X, y, voters).audit(X[:3], y[:3], progress=False),
    }
    for why, audit in audits.items():
        assert audit.doubts is None
        assert audit.suspect_rows().tolist() == audit.suspect_rows("weight").tolist()
        with pytest.raises(ValueError, match=f"'label' and 'repair' ask how likely.*{why}"):
            audit.suspects("label")


def test_for_repair_likely_ones_come_in_the_order_of_what_mistakes_owe_to_them():
    X, y, _ = digits()
    noisy, bad = y[:250].copy(), np.random.default_rng(0).choice(250, 40, replace=False)
    noisy[bad] = np.where(noisy[bad] == "three", "eight", "three")
    model = LogisticRegression(tol=1e-8).fit(X[:250], noisy)
    study = study_of(X[:250], noisy, model)
    audit = study.audit(X[250:], y[250:], max_removals=1, progress=False)
    assert audit.wrong.sum() >= 2
    owed = np.zeros(250)
    for t in np.flatnonzero(audit.wrong):
        ranking = study.rank(X[250 + t], "influence")
        owed[ranking.rows] += ranking.scores * audit[t].claim.confidence
    np.testing.assert_allclose(audit.owed, owed, atol=1e-6)
    rows = audit.suspect_rows("repair")
    likely = audit.doubts.wrong > 0.5
    k = likely.sum()
    assert set(rows[:k]) == set(np.flatnonzero(likely))
    assert (np.diff(owed[rows[:k]]) < 1e-9).all()
    by_label = audit.suspect_rows()
    assert rows[k:].tolist() == by_label[k:].tolist()
    assert audit.suspects("repair")["score"].tolist() == audit.doubts.wrong[rows].tolist()


@pytest.mark.parametrize("classes", [(3, 8), (3, 5, 8)])
def test_labels_of_a_network_are_doubted_by_its_last_layer(classes):
    pytest.importorskip("torch")
    from torch import nn

    import networks

    X, y, X_test, y_test = networks.digits(classes, 240)
    rng = np.random.default_rng(0)
    bad = rng.choice(240, 24, replace=False)
    noisy = y.clone()
    noisy[bad] = (y[bad] + 1) % len(classes)
    untrained = nn.Sequential(nn.Flatten(), nn.Linear(64, len(classes)))
    module = networks.trained(untrained, X, noisy, 40)
    head = forcing.TorchModel(module, weight_decay=networks.DECAY)
    audit = study_of(X, noisy, head).audit(X_test[:8], y_test[:8], max_removals=1, progress=False)
    assert np.isin(audit.suspect_rows()[:15], bad).mean() >= 0.9
    assert sorted(audit.suspect_rows("repair").tolist()) == list(range(240))
    tangent = forcing.TorchModel(module, weight_decay=networks.DECAY, parameters=["1.bias"])
    assert study_of(X, noisy, tangent)._explainer.doubts([], None, 0) is None
