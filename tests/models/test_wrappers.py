"""Models inside calibration, thresholds and searches: decided where the whole is."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import model_selection
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import forcing
from forcing.models import TrainingData, adapt
from forcing.models.views import behind
from forcing.records import Verified
from linear_cases import CALIBRATED, named_by_text, slope, three_blobs, two_moons
from support import assert_by_refits

TIGHT = {"tol": 1e-10, "max_iter": 100_000}


def tight(inner):
    """The model inside at its own optimum."""
    settings = {name: value for name, value in TIGHT.items() if name in inner.get_params()}
    extra = {"dual": False} if isinstance(inner, LinearSVC) else {}
    return clone(inner).set_params(**settings, **extra)


def recalibrated(model, X, y, kept):
    """The calibrated model with the one inside refitted, its calibrator as it was."""
    pair = model.calibrated_classifiers_[0]
    inside = y if pair.estimator.classes_[0] in y else np.searchsorted(model.classes_, y)
    again = tight(pair.estimator).fit(X[kept], inside[kept])
    fresh = type(pair)(again, pair.calibrators, classes=pair.classes, method=pair.method)
    return lambda x: model.classes_[np.argmax(fresh.predict_proba(x[None])[0])]


def doubtful(study, X, most=0.9):
    confidence = np.array([study.claim(x).confidence for x in X])
    return [int(i) for i in np.argsort(confidence) if confidence[i] < most]


@pytest.mark.parametrize("model", **named_by_text(CALIBRATED))
@pytest.mark.parametrize("data", [two_moons, three_blobs])
def test_calibrated_models_flip_where_the_calibrated_probability_does(model, data):
    X, y = data()
    model = clone(model).fit(X, y)
    if data is three_blobs and model.method == "isotonic":
        assert_by_refits("method='sigmoid'", model, X, y)
        return
    study = forcing.Study(model, X, y)
    assert f"calibration ({model.method}) stays" in study.notes[0]
    optimum = recalibrated(model, X, y, np.arange(len(y)))
    for i in doubtful(study, X)[2:30:14]:
        x = X[i]
        assert study.claim(x).favoured == model.predict(x[None])[0] == optimum(x)
        ex = study.explain(x, bound=False)
        assert ex.verified
        everything = np.arange(len(y))
        assert recalibrated(model, X, y, np.setdiff1d(everything, ex.supports))(x) != optimum(x)
        for row in ex.supports:
            kept = np.setdiff1d(everything, np.setdiff1d(ex.supports, row))
            assert recalibrated(model, X, y, kept)(x) == optimum(x)


def test_the_calibrated_probability_is_shown_and_takes_a_threshold():
    X, y = two_moons(100)
    for method in ("sigmoid", "temperature"):
        inner = LinearSVC(C=0.1, dual=False, tol=1e-8)
        model = CalibratedClassifierCV(inner, ensemble=False, method=method).fit(X, y)
        study = forcing.Study(model, X, y)
        chances = model.predict_proba(X)
        for x, chance in zip(X[:8], chances, strict=False):
            assert study.claim(x).confidence == pytest.approx(chance.max(), abs=1e-5)
        i = int(np.argmin(np.abs(chances[:, 1] - 0.6)))
        assert study.claim(X[i]).favoured == "yes"
        claim = study.claim(X[i], threshold=0.7)
        assert (claim.favoured, claim.rival) == ("no", "yes")
        assert study.explain(X[i], threshold=0.7, bound=False).verified


def test_steps_of_an_isotonic_calibration_take_a_threshold():
    X, y = two_moons(200)
    order = np.argsort(LogisticRegression().fit(X, y).decision_function(X))
    y[order[:6]], y[order[-6:]] = "yes", "no"  # so that no step is at 0 or 1
    model = CalibratedClassifierCV(LogisticRegression(), ensemble=False, method="isotonic")
    study = forcing.Study(model.fit(X, y), X, y)
    chances = model.predict_proba(X)[:, 1]
    for threshold in (0.35, 0.5, 0.6):
        for x, chance in zip(X[:60], chances, strict=False):
            favoured = study.claim(x, threshold=threshold).favoured
            assert favoured == ("yes" if chance > threshold else "no")
    with pytest.raises(ValueError, match="on both sides of"):
        study.claim(X[0], threshold=1e-9)


def test_the_users_own_refit_of_steps_is_read_by_its_probability():
    X, y = two_moons(100)
    model = CalibratedClassifierCV(LogisticRegression(), ensemble=False, method="isotonic")
    model.fit(X, y)
    pair = model.calibrated_classifiers_[0]

    def refit(kept):
        whole = clone(model).fit(X[kept], y[kept])
        whole.calibrated_classifiers_[0].calibrators = pair.calibrators
        return whole

    study = forcing.Study(model, X, y, refit=refit)
    i = doubtful(study, X)[4]
    ex = study.explain(X[i], bound=False)
    kept = np.setdiff1d(np.arange(len(y)), ex.supports)
    assert ex.verified
    assert refit(kept).predict(X[[i]])[0] != model.predict(X[[i]])[0]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            CalibratedClassifierCV(
                CalibratedClassifierCV(LinearSVC(), ensemble=False), ensemble=False
            ),
            "probabilities of a CalibratedClassifierCV",
        ),
        (
            OneVsRestClassifier(
                CalibratedClassifierCV(LinearSVC(), ensemble=False, method="isotonic")
            ),
            "thresholds or steps of their own",
        ),
    ],
    ids=["twice", "steps"],
)
def test_scores_that_are_not_linear_are_refitted(model, words):
    X, y = three_blobs() if isinstance(model, OneVsRestClassifier) else two_moons()
    assert_by_refits(words, model.fit(X, y), X, y)


def test_an_average_over_folds_is_refitted():
    X, y = two_moons()
    assert_by_refits(
        r"5 models.*ensemble=False", CalibratedClassifierCV(LogisticRegression()).fit(X, y), X, y
    )


@pytest.mark.skipif(
    not hasattr(model_selection, "FixedThresholdClassifier"), reason="scikit-learn 1.5 has them"
)
class TestThresholds:
    FIXED = (
        (LogisticRegression(), {"threshold": 0.7}),
        (LogisticRegression(), {"threshold": 0.7, "pos_label": "no"}),
        (LogisticRegression(), {"threshold": 0.8, "response_method": "decision_function"}),
        (LinearSVC(), {"threshold": 0.3, "pos_label": "no"}),
        (LinearSVC(), {}),
        (CalibratedClassifierCV(LinearSVC(), ensemble=False), {"threshold": 0.3}),
        (
            CalibratedClassifierCV(LinearSVC(), ensemble=False, method="isotonic"),
            {"threshold": 0.7},
        ),
    )

    @pytest.mark.parametrize(("inner", "settings"), FIXED, ids=str)
    def test_fixed(self, inner, settings):
        X, y = two_moons(80)
        model = model_selection.FixedThresholdClassifier(inner, **settings).fit(X, y)
        study = forcing.Study(model, X, y)
        decided = model.predict(X)
        assert [study.claim(x).favoured for x in X] == decided.tolist()
        assert "a threshold that stays" in study.notes[0]
        x = X[doubtful(study, X)[3]]
        ex = study.explain(x, bound=False)
        kept = np.setdiff1d(np.arange(len(y)), ex.supports)
        if isinstance(inner, CalibratedClassifierCV):
            again = model.estimator_
            pair = again.calibrated_classifiers_[0]
            pair.estimator = tight(pair.estimator).fit(X[kept], y[kept])
        else:
            again = tight(inner).fit(X[kept], y[kept])
        before = model.predict(x[None])[0] if again is not model.estimator_ else ex.claim.favoured
        model.estimator_ = again
        assert ex.verified
        assert model.predict(x[None])[0] != before

    @pytest.mark.parametrize("inner", [LogisticRegression(), RidgeClassifier()], ids=str)
    def test_tuned(self, inner):
        X, y = two_moons(80)
        y = np.where(y == "yes", 1, 0)
        model = model_selection.TunedThresholdClassifierCV(inner, scoring="f1").fit(X, y)
        study = forcing.Study(model, X, y)
        assert [study.claim(x).favoured for x in X] == model.predict(X).tolist()
        x = X[doubtful(study, X)[3]]
        before = model.predict(x[None])[0]
        ex = study.explain(x, bound=False)
        kept = np.setdiff1d(np.arange(len(y)), ex.supports)
        model.estimator_ = tight(inner).fit(X[kept], y[kept])
        assert ex.verified
        assert model.predict(x[None])[0] != before

    def test_a_threshold_of_the_caller_comes_first(self):
        X, y = two_moons()
        model = model_selection.FixedThresholdClassifier(LogisticRegression(), threshold=0.9)
        study = forcing.Study(model.fit(X, y), X, y)
        plain = LogisticRegression().fit(X, y)
        for x in X[:20]:
            assert study.claim(x, threshold=0.5).favoured == plain.predict(x[None])[0]

    def test_one_that_nothing_reaches_is_refitted(self):
        X, y = two_moons()
        model = model_selection.FixedThresholdClassifier(LogisticRegression(), threshold=1.0)
        assert_by_refits("both classes are decided", model.fit(X, y), X, y)


def test_a_model_frozen_before_its_calibration():
    frozen = pytest.importorskip("sklearn.frozen")
    X, y = two_moons(80)
    other, labels = two_moons(60, seed=5)
    inner = frozen.FrozenEstimator(make_pipeline(StandardScaler(), LinearSVC()).fit(X, y))
    study = forcing.Study(CalibratedClassifierCV(inner).fit(other, labels), X, y)
    ex = study.explain(X[doubtful(study, X)[3]])
    assert ex.verified
    assert study.model_description == "LinearSVC in a Pipeline, calibrated"


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_a_search_is_the_estimator_that_it_chose(search):
    X, y = two_moons()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    extra = {"n_iter": 2, "random_state": 0} if search is RandomizedSearchCV else {}
    model = search(pipeline, {"logisticregression__C": [0.1, 1.0]}, **extra).fit(X, y)
    study, plain = (forcing.Study(m, X, y) for m in (model, model.best_estimator_))
    assert study.explain(X[3]).supports.tolist() == plain.explain(X[3]).supports.tolist()
    assert "logisticregression__C=" in study.notes[0]
    with pytest.raises(forcing.UnsupportedModelError, match="refit=True"):
        forcing.Study(clone(model).set_params(refit=False).fit(X, y), X, y)


def test_a_search_among_regressions():
    X, y = slope()
    model = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}).fit(X, y)
    threshold = float(model.predict(X[:1])[0] - 0.1)
    assert forcing.Study(model, X, y).explain(X[0], threshold=threshold).verified


def test_one_vs_rest_of_pipelines_that_are_alike():
    X, y = three_blobs()
    model = OneVsRestClassifier(make_pipeline(StandardScaler(), RidgeClassifier())).fit(X, y)
    study = forcing.Study(model, X, y)
    x = X[doubtful(study, X)[2]]
    events = list(study.events(x, bound=False))
    found = next(e for e in events if isinstance(e, Verified))
    assert found.flipped
    assert found.by.endswith("one for each class")
    whole = RidgeClassifier().fit(StandardScaler().fit_transform(X), y)  # has several by itself
    plain = forcing.Study(make_pipeline(StandardScaler().fit(X), whole), X, y)
    assert study.claim(x).margin == pytest.approx(plain.claim(x).margin)


def test_what_only_its_user_can_refit_stays_so_behind_preprocessing():
    X, y = two_moons()
    adapted = adapt(LogisticRegression().fit(X, y), TrainingData(X, y))
    alone = replace(adapted, refit=None, scores_of=lambda fitted: fitted)
    seen = behind(alone, lambda x: 2 * x)
    assert seen.refit is None
    np.testing.assert_array_equal(seen.scores_of(lambda x: x)(X[0]), 2 * X[0])
    np.testing.assert_array_equal(seen.scores(X[0]), adapted.scores(2 * X[0]))
