"""Audits of models whose training does not repeat itself."""

import pickle
import re

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import forcing
from forcing.engine.chance import FRESH, RETRAININGS, is_most
from forcing.study import retrainings
from forcing.study.many import Outcome, gathered
from forcing.study.options import run_options
from forcing.study.retrainings import SEARCHERS

TARGETS = 6


class Counted(RandomForestClassifier):
    """A forest that counts its trainings, by how many rows each had."""

    fits: list[int] = []  # noqa: RUF012 - of all copies together

    def fit(self, X, y, sample_weight=None):
        Counted.fits.append(len(X))
        return super().fit(X, y, sample_weight)


def forest_study(kind=Counted):
    X, y = make_classification(300, 6, n_informative=3, flip_y=0.15, class_sep=0.7, random_state=0)
    model = kind(8, min_samples_leaf=3, random_state=0).fit(X[:250], y[:250])
    return forcing.Study(model, X[:250], y[:250]), X[250:], y[250:]


def some(study, X):
    """Targets near the decision line, of which some are unstable, and some that are not."""
    confidence = np.array([study.claim(x).confidence for x in X])
    order = np.argsort(confidence)
    return X[[*order[:2], *order[20 : 18 + TARGETS]]]


@pytest.fixture(scope="module")
def audited():
    study, X, _ = forest_study()
    targets = some(study, X)
    Counted.fits.clear()
    audit = study.audit(targets, progress=False)
    return study, targets, audit, list(Counted.fits)


def test_what_retrainings_decide_is_in_the_outcomes(audited):
    study, targets, audit, _ = audited
    statuses = [o.status for o in audit.outcomes]
    assert "unstable" in statuses
    assert "flipped" in statuses
    for x, outcome in zip(targets, audit.outcomes, strict=True):
        alone = gathered(study.events(x), np.inf)
        assert outcome == Outcome(
            **{
                name: getattr(alone, name) if name != "seconds" else outcome.seconds
                for name in Outcome.__slots__
            }
        )
        kept = round(outcome.stability * RETRAININGS)
        assert (outcome.status == "unstable") is not is_most(kept, RETRAININGS)
        if outcome.status == "unstable":
            assert (outcome.supports, outcome.agreement, outcome.verified) == ((), None, None)
        if outcome.status == "flipped":
            assert is_most(round(outcome.agreement * RETRAININGS), RETRAININGS)


def test_agreement_is_confirmed_by_trainings_of_the_test_s_own(audited):
    study, targets, audit, _ = audited
    for x, outcome in zip(targets, audit.outcomes, strict=True):
        if outcome.status != "flipped":
            continue
        draw = np.random.default_rng(5)
        kept, flips = np.setdiff1d(np.arange(study.n_rows), outcome.supports), 0
        for seed in range(21):
            rows = np.sort(draw.choice(kept, len(kept) - 2, replace=False))
            fresh = RandomForestClassifier(8, min_samples_leaf=3, random_state=900 + seed)
            fresh.fit(study.X[rows], study.y[rows])
            flips += fresh.predict(x[None])[0] != outcome.claim.favoured
        assert flips > 21 / 2


def test_the_frame_has_their_shares_where_there_are_any(audited):
    _, _, audit, _ = audited
    frame = audit.frame
    for name in ("stability", "agreement", "control"):
        given = [getattr(outcome, name) for outcome in audit.outcomes]
        expected = [np.nan if share is None else share for share in given]
        np.testing.assert_array_equal(frame[name], expected)
    X, y = make_classification(80, 4, random_state=1)
    repeats = forcing.Study(GaussianNB().fit(X, y), X, y).audit(X[:2], progress=False)
    assert not {"stability", "agreement", "control"} & set(repeats.frame.columns)
    assert not re.search("Stability|Agreement|Control", repeats._repr_html_())


def test_the_tables_have_them_and_the_report_says_what_they_mean(audited, tmp_path):
    _, _, audit, _ = audited
    unstable = sum(o.status == "unstable" for o in audit.outcomes)
    assert audit.summary()["unstable"] == f"{unstable}"
    page = audit.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    for html in (audit._repr_html_(), page):
        heads = re.findall(r"<th[^>]*>(\w+)</th>", html)
        assert {"Stability", "Agreement", "Control"} <= set(heads)
        for outcome in audit.outcomes:
            if outcome.status == "flipped":
                assert f">{100 * outcome.agreement:.0f}\u202f%<" in html
                assert "most retrainings flip" in html
    assert f"{unstable} unstable, carried by chance" in page
    assert "<b>Control</b> is the same share without as many random rows" in page


def test_rows_that_chance_could_replace_are_counted_and_marked():
    claim = forcing.Study(*_plain()).claim(_plain()[1][0])
    alike = Outcome(claim, "flipped", "", (1, 2), verified=True, stability=1.0, agreement=1.0,
                    control=0.9, alike=True)  # fmt: skip
    audit = forcing.Audit((alike,), None, np.array([0, 1, 0]))
    assert audit.summary()["no different from random rows"] == "1"
    assert "most retrainings flip, as without random rows" in audit._repr_html_()


def _plain():
    X, y = make_classification(80, 4, random_state=1)
    return LogisticRegression().fit(X, y), X, y


def test_all_rows_are_trained_once_for_all_targets(audited):
    study, _, _, fits = audited
    # A retraining of all rows leaves 1 % out, and no set of these targets is as small.
    assert fits.count(study.n_rows - round(0.01 * study.n_rows)) == RETRAININGS


def test_threads_train_on_all_rows_once_and_find_the_same(audited):
    _, _, audit, _ = audited
    study, X, _ = forest_study()
    targets = some(study, X)
    Counted.fits.clear()
    again = study.audit(targets, progress=False, n_jobs=2, chunk=1)
    assert Counted.fits.count(study.n_rows - round(0.01 * study.n_rows)) == RETRAININGS
    assert [_told(o) for o in again.outcomes] == [_told(o) for o in audit.outcomes]


def _told(outcome):
    return {name: getattr(outcome, name) for name in Outcome.__slots__ if name != "seconds"}


def test_models_too_large_to_be_kept_are_asked_about_all_targets_at_once(audited, monkeypatch):
    _, _, audit, _ = audited
    monkeypatch.setattr(retrainings, "MOST_KEPT", 0)
    study, X, _ = forest_study()
    targets = some(study, X)
    Counted.fits.clear()
    again = study.audit(targets, progress=False)
    assert Counted.fits.count(study.n_rows - round(0.01 * study.n_rows)) == RETRAININGS
    assert [_told(o) for o in again.outcomes] == [_told(o) for o in audit.outcomes]
    assert len(study._explainer.retrainings._whole) == SEARCHERS


def test_a_control_is_trained_once_for_the_same_rows(monkeypatch):
    study, _, _ = forest_study()
    shared = study._explainer.retrainings
    Counted.fits.clear()
    first = shared.control(FRESH, [3, 5])
    assert shared.control(FRESH, [3, 5]) is first
    assert len(Counted.fits) == 1
    assert shared.control(FRESH + 1, [3, 5]) is not first
    assert shared.control(FRESH, [3, 6]) is not first
    assert pickle.loads(pickle.dumps(shared))._controls == {}  # noqa: S301 - its own
    monkeypatch.setattr(retrainings, "MOST_SHARED", 0)
    assert shared.control(FRESH, [4, 6]) is not shared.control(FRESH, [4, 6])


def test_the_time_ends_the_trainings_that_targets_share():
    study, X, _ = forest_study()
    Counted.fits.clear()
    list(study._explainer.prepare(X, run_options(study.n_rows, 0), until=0.0))
    assert len(Counted.fits) == 1


class Tilted(ClassifierMixin, BaseEstimator):
    """A logistic regression that a draw moves."""

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y):
        self.inner_ = LogisticRegression().fit(X, y)
        self.classes_ = self.inner_.classes_
        self.shift_ = np.random.default_rng(self.random_state).normal(0, 0.3)
        return self

    def decision_function(self, X):
        return self.inner_.decision_function(X) + self.shift_


def test_a_refit_of_the_user_s_that_varies_is_asked_several_times():
    model, X, y = _plain()

    def refit(rows, seed):
        return Tilted(seed).fit(X[rows], y[rows])

    study = forcing.Study(model, X, y, refit=refit)
    margins = np.abs(model.decision_function(X))
    audit = study.audit(X[np.argsort(margins)[[0, 40]]], progress=False)
    assert all(outcome.stability is not None for outcome in audit.outcomes)
    assert audit[0].status == "unstable"
    assert audit[1].status == "flipped"
    assert is_most(round(audit[1].agreement * RETRAININGS), RETRAININGS)


def test_chunks_travel_to_processes_with_what_they_share(audited):
    _, _, audit, _ = audited
    study, X, _ = forest_study(RandomForestClassifier)
    with joblib.parallel_config("loky", n_jobs=2):
        again = study.audit(some(study, X)[:2], progress=False, chunk=1)
    assert [_told(o) for o in again.outcomes] == [_told(o) for o in audit.outcomes[:2]]
