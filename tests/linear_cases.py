"""Every kind of linear model, each with the refit that its user would do to check an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_blobs, make_moons
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

ROWS = 60

TIGHT = {"tol": 1e-12, "max_iter": 100_000}


def two_moons(n=ROWS, seed=0):
    """X and labels in words."""
    X, y = make_moons(n, noise=0.35, random_state=seed)
    return X, np.where(y == 1, "yes", "no")


def three_blobs(n=ROWS, seed=1):
    X, y = make_blobs(n, centers=3, cluster_std=3.5, random_state=seed)
    return X / 5, np.array(["ash", "beech", "cedar"])[y]


def slope(n=50, seed=0, size=1.0):
    """X and a number that rises with it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, size * (X @ [1.0, -0.5, 0.0] + 0.7 * rng.normal(size=n) + 3)


@dataclass(frozen=True)
class Case:
    """A model, and an unfitted estimator that is what it is at its own optimum."""

    name: str
    model: Any
    tight: Callable[[Any], Any]
    """From the fitted model, of `ROWS` rows."""


CASES = [
    Case(
        "logistic",
        LogisticRegression(C=0.5),
        lambda m: clone(m).set_params(solver="newton-cholesky", **TIGHT),
    ),
    Case(
        "logistic-cv",
        LogisticRegressionCV(Cs=[0.1, 1.0], cv=3),
        lambda m: LogisticRegression(C=np.ravel(m.C_)[0], solver="newton-cholesky", **TIGHT),
    ),
    Case("ridge", RidgeClassifier(alpha=2.0), clone),
    Case(
        "ridge-sag",
        RidgeClassifier(alpha=0.3, solver="sag", random_state=0),
        lambda _: RidgeClassifier(alpha=0.3, solver="svd"),
    ),
    Case(
        "ridge-cv",
        RidgeClassifierCV(alphas=[0.5, 5.0]),
        lambda m: RidgeClassifier(alpha=m.alpha_),
    ),
    Case(
        "svc",
        LinearSVC(C=0.5, intercept_scaling=2.0, random_state=0),
        lambda m: clone(m).set_params(dual=False, **TIGHT),
    ),
    Case(
        "svc-dual",
        LinearSVC(dual=True, fit_intercept=False, random_state=0),
        lambda m: clone(m).set_params(dual=False, **TIGHT),
    ),
    Case(
        "sgd",
        SGDClassifier(loss="log_loss", alpha=0.02, random_state=0, average=True),
        lambda m: OneVsRestClassifier(
            LogisticRegression(C=1 / (m.alpha * ROWS), solver="newton-cholesky", **TIGHT)
        ),
    ),
    Case(
        "one-vs-rest",
        OneVsRestClassifier(LinearSVC(random_state=0)),
        lambda _: OneVsRestClassifier(LinearSVC(dual=False, **TIGHT)),
    ),
    Case(
        "grid",
        GridSearchCV(LinearSVC(dual=False), {"C": [0.1, 1.0]}, cv=3),
        lambda m: clone(m.best_estimator_).set_params(**TIGHT),
    ),
]


REGRESSIONS = [
    Case("ridge", Ridge(alpha=3.0), clone),
    Case("ridge-lsqr", Ridge(solver="lsqr", tol=1e-3), lambda _: Ridge(solver="svd")),
    Case("ridge-cv", RidgeCV(alphas=[1.0, 10.0]), lambda m: Ridge(alpha=m.alpha_)),
    Case("ridge-bare", Ridge(fit_intercept=False), clone),
    Case("least-squares", LinearRegression(), clone),
]


CALIBRATED = [
    CalibratedClassifierCV(LogisticRegression(), ensemble=False, cv=3),
    CalibratedClassifierCV(LinearSVC(random_state=0), ensemble=False, cv=3),
    CalibratedClassifierCV(LinearSVC(random_state=0), ensemble=False, cv=3, method="isotonic"),
    CalibratedClassifierCV(RidgeClassifier(), ensemble=False, cv=3, method="temperature"),
]


def named(cases):
    return {"argvalues": cases, "ids": [case.name for case in cases]}


def named_by_text(models):
    return {"argvalues": models, "ids": [str(model) for model in models]}
