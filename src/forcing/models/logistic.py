"""scikit-learn's LogisticRegression with the L2 penalty, of two classes or more."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted

from forcing.engine.losses import Logistic, Softmax, sigmoid
from forcing.errors import UnsupportedModelError
from forcing.models.linear import Head, codes_of, linear_model, one_hot, quietly_fitted
from forcing.models.registry import AdaptedModel, TrainingData, adapt

TIGHT = 1e-10
"""Tolerance of a verifying refit: scikit-learn's default, 1e-4, makes and hides flips near 0."""

REACHED = 1e-6
"""Gradient of the mean loss below which a refit counts as converged."""

GRADIENT_SOLVERS = frozenset({"lbfgs", "newton-cg", "newton-cholesky"})
"""Solvers that end on the largest entry of the mean loss's gradient."""

STOCHASTIC_SOLVERS = frozenset({"sag", "saga"})


@adapt.register
def adapt_logistic(model: LogisticRegression, data: TrainingData) -> AdaptedModel:
    """The objective C sum_i s_i l_i + 1/2 |w|^2 divided by C: lambda = 1 / C, sum scaling."""
    check_is_fitted(model)
    _check_settings(model)
    classes = tuple(model.classes_.tolist())
    codes = codes_of(model.classes_, data.y)
    several = len(classes) > 2
    constant, penalised = _intercept(model)
    separate = several and is_one_vs_rest(model)
    head = Head(
        loss=Softmax() if several and not separate else Logistic(),
        labels=one_hot(codes, len(classes)) if several else codes.astype(np.float64),
        weights=row_weights(model, data),
        penalty=1.0 / float(model.C),
        constant=constant,
        constant_penalty=penalised,
    )

    def tight(X: Any, y: NDArray[Any], weights: NDArray[np.float64], start: Any) -> Any:
        return refit_tightly(model, X, y, weights, start)

    def as_given() -> LogisticRegression:
        given = clone(model).set_params(warm_start=False)
        return quietly_fitted(given, data.X, data.y, data.sample_weight)

    notes = []
    if model.class_weight is not None:
        notes.append("Class weights are kept as they were with all rows.")
    if several:
        notes.append(
            "Confidence is that of the favoured class against its nearest rival alone, so that "
            "it falls below 50 % where the decision flips."
        )
    return linear_model(
        model,
        data,
        head,
        tight,
        classes=classes,
        codes=codes,
        as_given=as_given,
        tolerance=model.tol if model.solver in GRADIENT_SOLVERS else None,
        spread=3.0 if model.solver in GRADIENT_SOLVERS else 30.0,
        description=type(model).__name__,
        notes=tuple(notes),
        probabilities=not separate,
    )


def refit_tightly(
    model: LogisticRegression,
    X: Any,
    y: NDArray[Any],
    weights: NDArray[np.float64],
    start: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> tuple[LogisticRegression, str]:
    """A clone of the user's estimator at `TIGHT` tolerance, from a cold start unless told.

    Where its own solver does not get there, another of scikit-learn's does it, and the words
    say so: Newton's method, or for liblinear its primal form.
    """
    settings = {"tol": TIGHT, "max_iter": 20_000, "class_weight": None, "warm_start": False}
    if model.solver in STOCHASTIC_SOLVERS:
        settings["tol"] = 1e-8  # relative change of the parameters, a sharper measure
    if model.random_state is None:
        settings["random_state"] = 0
    head = clone(model).set_params(**settings)
    warm = start is not None and model.solver in GRADIENT_SOLVERS
    if warm and start is not None:
        head.set_params(warm_start=True)
        # Fitted to nothing yet: scikit-learn starts from what it finds here.
        head.coef_, head.intercept_ = start[0].copy(), start[1].copy()
        head.classes_ = np.unique(y)
    head = quietly_fitted(head, X, y, weights)
    if _steepest(head, X, y, weights) > REACHED:
        other = {"dual": False} if model.solver == "liblinear" else {"solver": "newton-cholesky"}
        head = quietly_fitted(head.set_params(tol=TIGHT, **other), X, y, weights)
    words = f"{type(head).__name__}(solver={head.solver!r}, tol={head.tol:g})"
    words += ", started at the engine's optimum" if warm else ""
    steepest = _steepest(head, X, y, weights)
    return head, words if steepest <= REACHED else f"{words}, which ended short of its optimum"


def _steepest(
    head: LogisticRegression,
    X: Any,
    y: NDArray[Any],
    weights: NDArray[np.float64],
) -> float:
    """Largest entry of the mean loss's gradient in the coefficients."""
    codes = codes_of(head.classes_, y)
    if len(head.classes_) == 2:
        residuals = (head.predict_proba(X)[:, 1] - codes)[:, None]
    elif is_one_vs_rest(head):
        residuals = sigmoid(head.decision_function(X)) - one_hot(codes, len(head.classes_))
    else:
        residuals = head.predict_proba(X) - one_hot(codes, len(head.classes_))
    gradient = (X.T @ (weights[:, None] * residuals)).T + head.coef_ / head.C
    return float(np.max(np.abs(gradient)) / np.sum(weights))


def is_one_vs_rest(model: LogisticRegression) -> bool:
    """Whether several classes are so many models of two."""
    return model.solver == "liblinear" or getattr(model, "multi_class", "") == "ovr"


def row_weights(model: Any, data: TrainingData) -> NDArray[np.float64]:
    """(n,): sample weights times class weights."""
    weights = np.ones(len(data.y)) if data.sample_weight is None else data.sample_weight.copy()
    if model.class_weight is None:
        return weights
    extra = {}
    if "sample_weight" in inspect.signature(compute_class_weight).parameters:
        extra["sample_weight"] = data.sample_weight  # "balanced" counts weights since 1.8
    factors: NDArray[np.float64] = compute_class_weight(
        model.class_weight, classes=model.classes_, y=data.y, **extra
    )
    weights *= factors[np.searchsorted(model.classes_, data.y)]
    return weights


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
