"""scikit-learn's LogisticRegression with the L2 penalty, of two classes or more."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.utils.validation import check_is_fitted

from forcing.engine.losses import Logistic, Softmax
from forcing.errors import UnsupportedModelError
from forcing.models.classes import class_notes, codes_of, one_hot, row_weights
from forcing.models.linear import Head, drawn, linear_model, tightly
from forcing.models.registry import AdaptedModel, TrainingData, by_type

GRADIENT_SOLVERS = frozenset({"lbfgs", "newton-cg", "newton-cholesky"})
"""Solvers that end on the largest entry of the mean loss's gradient, and start where told."""

STOCHASTIC_SOLVERS = frozenset({"sag", "saga"})


@by_type.register
def adapt_logistic(model: LogisticRegression, data: TrainingData) -> AdaptedModel:
    """The objective C sum_i s_i l_i + 1/2 |w|^2 divided by C: lambda = 1 / C, sum scaling."""
    check_is_fitted(model)
    _check_settings(model)
    classes = tuple(model.classes_.tolist())
    codes = codes_of(model.classes_, data.y)
    several = len(classes) > 2
    constant, penalised = _intercept(model)
    separate = several and _is_one_vs_rest(model)
    head = Head(
        loss=Softmax() if several and not separate else Logistic(),
        labels=one_hot(codes, len(classes)) if several else codes.astype(np.float64),
        weights=row_weights(model, data, balanced_by_weight=True),
        penalty=1.0 / float(model.C),
        constant=constant,
        constant_penalty=penalised,
    )
    by_gradient = model.solver in GRADIENT_SOLVERS
    again = clone(model).set_params(warm_start=False)
    return linear_model(
        model,
        data,
        head,
        _tight(model),
        classes=classes,
        codes=codes,
        as_given=(again,) if by_gradient else drawn(again),
        warm=by_gradient,
        tolerance=model.tol if by_gradient else None,
        spread=3.0 if by_gradient else 100.0,
        notes=class_notes(model, len(classes)),
        probabilities=not separate,
    )


@by_type.register
def adapt_logistic_cv(model: LogisticRegressionCV, data: TrainingData) -> AdaptedModel:
    """An ordinary fit on all rows, with the C that cross-validation chose."""
    check_is_fitted(model)
    if not model.refit:
        raise UnsupportedModelError(
            "model has refit=False: its coefficients are averages over folds, no optimum on the "
            "training rows. Fit with refit=True."
        )
    chosen = np.unique(model.C_)
    if len(chosen) > 1:
        found = ", ".join(f"{C:g}" for C in chosen)
        raise UnsupportedModelError(
            f"model has a C of its own for each class ({found}), as liblinear's one-vs-rest "
            "chooses them. Use solver='lbfgs', which has one."
        )
    shared = LogisticRegression().get_params().keys() & model.get_params().keys()
    plain = LogisticRegression(**{name: getattr(model, name) for name in shared})
    plain.set_params(C=float(chosen[0]), l1_ratio=np.ravel(model.l1_ratio_)[0] or 0.0)
    for fitted in ("coef_", "intercept_", "classes_", "n_features_in_", "feature_names_in_"):
        if hasattr(model, fitted):
            setattr(plain, fitted, getattr(model, fitted))
    adapted = adapt_logistic(plain, data)
    note = f"C stays {chosen[0]:g}, as cross-validation chose it with all rows."
    return replace(adapted, description=type(model).__name__, notes=(note, *adapted.notes))


def _tight(model: LogisticRegression) -> tuple[Any, ...]:
    """The user's own solver, then another of scikit-learn's for where that does not get there:
    Newton's method, or for liblinear its primal form.
    """
    own = tightly(model)
    if model.solver in STOCHASTIC_SOLVERS:
        own.set_params(tol=1e-8)  # relative change of the parameters, a sharper measure
    other = {"dual": False} if model.solver == "liblinear" else {"solver": "newton-cholesky"}
    return own, tightly(model, **other)


def _is_one_vs_rest(model: LogisticRegression) -> bool:
    """Whether several classes are so many models of two."""
    return model.solver == "liblinear" or getattr(model, "multi_class", "") == "ovr"


def _intercept(model: LogisticRegression) -> tuple[float, float]:
    """The constant column (0 without one), and its penalty in units of 1 / C.

    liblinear penalises the intercept as the weight of a column of `intercept_scaling`.
    """
    if not model.fit_intercept:
        return 0.0, 0.0
    if model.solver == "liblinear":
        return float(model.intercept_scaling), 1.0
    return 1.0, 0.0


def _check_settings(model: LogisticRegression) -> None:
    penalty = getattr(model, "penalty", "deprecated")
    ratio = getattr(model, "l1_ratio", None) or 0
    l1 = penalty in {"l1", "elasticnet"} or (penalty == "deprecated" and ratio > 0)
    if l1:
        raise UnsupportedModelError(
            "model has an L1 penalty, whose optimum jumps as rows leave; forcing needs the L2 "
            "penalty alone (l1_ratio=0)."
        )
    if penalty is None or not math.isfinite(model.C):
        raise UnsupportedModelError(
            "model has no penalty (C=inf): separable rows have no optimum then. Use a large "
            "finite C, such as C=1e6."
        )
