# ruff: noqa: ARG002 - what stands in for something has its signature

from __future__ import annotations

import gc

import numpy as np
import pytest
import sklearn.base
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forcing.jupyter.fits import Fit, FitRecorder, held

X = np.random.default_rng(0).normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)


@pytest.fixture
def recorder():
    recorder = FitRecorder()
    originals = (LogisticRegression.fit, vars(BaseEstimator).get("__init_subclass__"))
    with recorder.recording():
        yield recorder
    assert (LogisticRegression.fit, vars(BaseEstimator).get("__init_subclass__")) == originals


def test_a_pipeline_is_one_fit(recorder):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    (fit,) = recorder.fits()
    assert fit.estimator is model
    assert fit.X is X
    assert fit.y is y


def test_the_last_fit_of_an_estimator_counts(recorder):
    model = LogisticRegression().fit(X, y)
    other = LogisticRegression().fit(X, y)
    model.fit(X[:30], y=y[:30])
    fits = recorder.fits()
    assert [fit.estimator for fit in fits] == [other, model]
    assert len(fits[1].X) == 30


@pytest.mark.parametrize(
    "call",
    [
        lambda w: LogisticRegression().fit(X, y, w),
        lambda w: LogisticRegression().fit(X=X, y=y, sample_weight=w),
        lambda w: make_pipeline(StandardScaler(), LogisticRegression()).fit(
            X, y, logisticregression__sample_weight=w
        ),
    ],
)
def test_weights(recorder, call):
    weights = np.ones(40)
    model = call(weights)
    assert recorder.fits()[0].estimator is model
    assert recorder.fits()[0].sample_weight is weights


def test_searches_are_their_own_fit_and_clones_are_forgotten(recorder):
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}).fit(X, y)
    cross_val_score(LogisticRegression(), X, y)
    gc.collect()
    assert [fit.estimator for fit in recorder.fits()] == [search]


def test_scalers_and_failed_fits_do_not_count(recorder):
    scaler = StandardScaler().fit(X, y)
    broken = LogisticRegression()
    with pytest.raises(ValueError, match="inconsistent numbers"):
        broken.fit(X, y[:3])
    kept = LogisticRegression().fit(X, y)
    assert scaler is not broken
    assert [fit.estimator for fit in recorder.fits()] == [kept]


def test_classes_made_meanwhile_are_seen(recorder):
    class Mine(sklearn.base.ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            return self

        def predict(self, X):
            return np.zeros(len(X))

    model = Mine().fit(X, y)
    assert recorder.fits()[0].estimator is model


def test_everything_is_put_back_after_an_error():
    fit = LogisticRegression.fit

    def interrupted():
        with FitRecorder().recording():
            assert LogisticRegression.fit is not fit
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert LogisticRegression.fit is fit
    assert "__init_subclass__" not in vars(BaseEstimator)


def test_nested_recordings_restore_in_order():
    fit = LogisticRegression.fit
    inner, outer = FitRecorder(), FitRecorder()
    with outer.recording(), inner.recording():
        model = LogisticRegression().fit(X, y)
    assert LogisticRegression.fit is fit
    assert inner.fits()[0].estimator is model


def test_held_goes_by_variable_or_value():
    model, other = LogisticRegression(), LogisticRegression()
    fits = [Fit(model, X, y), Fit(other, X, y)]

    class Holder:
        def __init__(self):
            self.inside = other

    assert list(held(fits, {"a": model, "_": other}, None)) == ["a"]
    assert list(held(fits, {}, other)) == ["LogisticRegression"]
    assert held(fits, {}, Holder())["LogisticRegression"].estimator is other
    assert held(fits, {"x": 1}, None) == {}
