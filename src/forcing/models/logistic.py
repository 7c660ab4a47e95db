"""scikit-learn's LogisticRegression, two classes, L2."""

from __future__ import annotations

import inspect
import math
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted

from forcing.engine.objective import LinearObjective
from forcing.errors import TrainingMismatchError, UnsupportedModelError
from forcing.models.registry import AdaptedModel, TrainingData, adapt
from forcing.models.rows import as_matrix, as_row
from forcing.models.span import Span

TIGHT = 1e-10
"""Tolerance of a verifying refit: scikit-learn's default, 1e-4, makes and hides flips near 0."""

REACHED = 1e-6
"""Gradient of the mean loss below which a refit counts as converged."""

_quiet = threading.Lock()

GRADIENT_SOLVERS = frozenset({"lbfgs", "newton-cg", "newton-cholesky"})
"""Solvers that end on the largest entry of the mean loss's gradient."""

STOCHASTIC_SOLVERS = frozenset({"sag", "saga"})


@adapt.register
def adapt_logistic(model: LogisticRegression, data: TrainingData) -> AdaptedModel:
    """The objective C sum_i s_i l_i + 1/2 |w|^2 divided by C: lambda = 1 / C, sum scaling."""
    check_is_fitted(model)
    _check_settings(model)
    X = as_matrix(data.X)
    if X.shape[1] != model.n_features_in_:
        raise TrainingMismatchError(
            f"X has {X.shape[1]} columns, the model was fitted on {model.n_features_in_}: "
            "pass the X that fit received."
        )
    classes = tuple(model.classes_.tolist())
    weights = row_weights(model, data)
    span, design = Span.of(X)
    column, penalty = _intercept(model)
    strength = 1.0 / model.C
    penalties = np.full(design.shape[1], strength)
    if column:
        design = np.column_stack([design, np.full(len(X), column)])
        penalties = np.append(penalties, penalty * strength)

    def parameters(head: LogisticRegression) -> NDArray[np.float64]:
        theta = span.coordinates(np.asarray(head.coef_[0], dtype=np.float64))
        return np.append(theta, head.intercept_[0] / column) if column else theta

    def numbers(x: Any) -> NDArray[np.float64]:
        return as_row(x, model.n_features_in_, getattr(model, "feature_names_in_", None))

    def design_row(x: Any) -> NDArray[np.float64]:
        row = span.coordinates(numbers(x))
        return np.append(row, column) if column else row

    def decide(x: Any) -> float:
        return float(numbers(x) @ model.coef_[0] + (model.intercept_[0] if column else 0.0))

    def refit(kept: NDArray[np.bool_]) -> tuple[Callable[[Any], float], str]:
        head, words = refit_tightly(model, X[kept], data.y[kept], weights[kept])
        return lambda x: float(head.decision_function(numbers(x)[None])[0]), words

    def refit_as_given() -> NDArray[np.float64]:
        given = clone(model).set_params(warm_start=False)
        return parameters(_quietly_fitted(given, data.X, data.y, data.sample_weight))

    notes = []
    if model.class_weight is not None:
        notes.append("Class weights are kept as they were with all rows.")
    return AdaptedModel(
        objective=LinearObjective(
            design, (data.y == classes[1]).astype(np.float64), weights, penalties
        ),
        theta=parameters(model),
        classes=classes,
        design_row=design_row,
        decide=decide,
        refit=refit,
        refit_as_given=refit_as_given,
        tolerance=model.tol if model.solver in GRADIENT_SOLVERS else None,
        spread=3.0 if model.solver in GRADIENT_SOLVERS else 30.0,
        description=type(model).__name__,
        notes=tuple(notes),
        feature_weights=np.abs(model.coef_[0]) * X.std(axis=0),
    )


def refit_tightly(
    model: LogisticRegression,
    X: NDArray[np.float64],
    y: NDArray[Any],
    weights: NDArray[np.float64],
) -> tuple[LogisticRegression, str]:
    """A clone of the user's estimator, from a cold start, at `TIGHT` tolerance.

    Where its own solver does not get there, another of scikit-learn's does it, and the words
    say so: Newton's method, or for liblinear its primal form.
    """
    settings = {"tol": TIGHT, "max_iter": 20_000, "class_weight": None, "warm_start": False}
    if model.solver in STOCHASTIC_SOLVERS:
        settings["tol"] = 1e-8  # relative change of the parameters, a sharper measure
    if model.random_state is None:
        settings["random_state"] = 0
    head = _quietly_fitted(clone(model).set_params(**settings), X, y, weights)
    if _steepest(head, X, y, weights) > REACHED:
        other = {"dual": False} if model.solver == "liblinear" else {"solver": "newton-cholesky"}
        head = _quietly_fitted(head.set_params(tol=TIGHT, **other), X, y, weights)
    words = f"{type(head).__name__}(solver={head.solver!r}, tol={head.tol:g})"
    steepest = _steepest(head, X, y, weights)
    return head, words if steepest <= REACHED else f"{words}, which ended short of its optimum"


def _quietly_fitted(
    head: LogisticRegression, X: Any, y: NDArray[Any], weights: NDArray[np.float64] | None
) -> LogisticRegression:
    """The estimator, fitted without warnings: whether it converged is judged by its gradient.

    `catch_warnings` changes the whole process, hence one thread at a time.
    """
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return head.fit(X, y, sample_weight=weights)


def _steepest(
    head: LogisticRegression,
    X: NDArray[np.float64],
    y: NDArray[Any],
    weights: NDArray[np.float64],
) -> float:
    """Largest entry of the mean loss's gradient in the coefficients."""
    residuals = head.predict_proba(X)[:, 1] - (y == head.classes_[1])
    gradient = X.T @ (weights * residuals) + head.coef_[0] / head.C
    return float(np.max(np.abs(gradient)) / np.sum(weights))


def row_weights(model: LogisticRegression, data: TrainingData) -> NDArray[np.float64]:
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
    if len(model.classes_) != 2:
        raise UnsupportedModelError(
            f"model decides between {len(model.classes_)} classes; forcing explains "
            "LogisticRegression with two classes so far. Fit one class against the other "
            "that you want to ask about."
        )
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
