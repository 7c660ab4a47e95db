"""scikit-learn's least squares with the L2 penalty or none: classifiers and regressions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    LassoCV,
    LinearRegression,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
)
from sklearn.utils.validation import check_is_fitted

from forcing.engine.losses import Squared
from forcing.errors import UnsupportedModelError
from forcing.models.classes import class_notes, codes_of, one_hot, row_weights
from forcing.models.linear import Head, linear_model, tightly
from forcing.models.registry import AdaptedModel, TrainingData, by_type

HALF = 0.5
"""Of labels -1 and 1 the optimal score is 2 p - 1: at the decision line the logistic function of
a score divided by 1/2 rises as p does."""

ITERATIVE = frozenset({"sparse_cg", "lsqr", "sag", "saga"})
"""Solvers that end at a tolerance."""


@by_type.register(RidgeClassifier)
@by_type.register(RidgeClassifierCV)
def adapt_ridge_classifier(model: Any, data: TrainingData) -> AdaptedModel:
    """sum_i s_i (y_i - f_i)^2 + alpha |w|^2 on labels -1 and 1, halved: lambda = alpha."""
    check_is_fitted(model)
    alpha, notes = _alpha(model)
    classes = tuple(model.classes_.tolist())
    codes = codes_of(model.classes_, data.y)
    several = len(classes) > 2
    members = one_hot(codes, len(classes)) if several else codes.astype(np.float64)
    head = Head(
        loss=Squared(),
        labels=2.0 * members - 1.0,
        weights=row_weights(model, data),
        penalty=alpha,
        constant=float(model.fit_intercept),
    )
    own = _like(model, RidgeClassifier(alpha=alpha))
    own.set_params(class_weight=model.class_weight)
    return linear_model(
        model,
        data,
        head,
        _tight(own),
        classes=classes,
        codes=codes,
        as_given=(own,),
        notes=(*notes, *class_notes(model, len(classes))),
        probabilities=False,
        scale=HALF,
    )


@by_type.register(Ridge)
@by_type.register(RidgeCV)
@by_type.register(LinearRegression)
def adapt_regression(model: Any, data: TrainingData) -> AdaptedModel:
    """The same objective on any numbers y; which side of a threshold the prediction is on.

    Labels are centred and divided by the standard deviation of the residuals, so that losses
    are in nats of a normal error.
    """
    check_is_fitted(model)
    alpha, notes = (0.0, ()) if isinstance(model, LinearRegression) else _alpha(model)
    if np.ndim(model.coef_) > 1 and len(model.coef_) != 1:
        raise UnsupportedModelError(
            f"model predicts {len(model.coef_)} numbers at once: fit one model for each."
        )
    if model.positive if hasattr(model, "positive") else False:
        raise UnsupportedModelError(
            "model has positive=True, whose optimum jumps as rows leave; fit without."
        )
    y = _numbers(data.y)
    weights = np.ones(len(y)) if data.sample_weight is None else data.sample_weight
    origin = float(np.average(y, weights=weights)) if model.fit_intercept else 0.0
    unit = _spread(y - np.ravel(model.predict(data.X)), weights) or _spread(y, weights) or 1.0
    head = Head(
        loss=Squared(),
        labels=(y - origin) / unit,
        weights=weights,
        penalty=alpha,
        constant=float(model.fit_intercept),
        origin=origin,
        unit=unit,
    )
    own = LinearRegression() if isinstance(model, LinearRegression) else Ridge(alpha=alpha)
    own = _like(model, own)
    return linear_model(
        model,
        data,
        head,
        _tight(own),
        classes=(),
        codes=np.zeros(len(y), dtype=np.intp),
        as_given=(own,),
        notes=notes,
        probabilities=False,
        scale=unit,
    )


@by_type.register(ElasticNet)
@by_type.register(ElasticNetCV)
@by_type.register(LassoCV)
def refuse_l1(model: Any, data: TrainingData) -> AdaptedModel:  # noqa: ARG001 - an adapter's form
    """Of Lasso, too, which is an ElasticNet."""
    raise UnsupportedModelError(
        f"model is a {type(model).__name__}: under an L1 penalty the optimum jumps as rows leave. "
        "Use Ridge, which has the L2 penalty alone."
    )


def _alpha(model: Any) -> tuple[float, tuple[str, ...]]:
    """The penalty, and a note where cross-validation chose it."""
    chosen = hasattr(model, "alpha_")
    values = np.unique(model.alpha_ if chosen else model.alpha)
    if len(values) != 1:
        raise UnsupportedModelError(
            f"model has {len(values)} penalties, one for each class: use a single alpha."
        )
    alpha = float(values[0])
    note = f"alpha stays {alpha:g}, as cross-validation chose it with all rows."
    return alpha, (note,) if chosen else ()


def _like(model: Any, plain: Any) -> Any:
    """`plain` with the settings that it shares with the user's estimator, but alpha."""
    given = model.get_params(deep=False)
    shared = (plain.get_params(deep=False).keys() & given.keys()) - {"alpha"}
    return plain.set_params(**{name: given[name] for name in shared})


def _tight(own: Any) -> tuple[Any, ...]:
    """The user's own solver, then a direct one, then for sparse rows conjugate gradients."""
    tight = tightly(own)
    if "solver" not in own.get_params(deep=False):
        return (tight,)
    others = ("sparse_cg",) if own.solver in ITERATIVE else ()
    return tight, *(tightly(own, solver=solver) for solver in ("auto", *others))


def _numbers(y: NDArray[Any]) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers for a regression, got {y.dtype}.") from error
    if not np.isfinite(numbers).all():
        raise ValueError("y must be finite.")
    return numbers


def _spread(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Weighted standard deviation; 0 where it is lost in rounding."""
    mean = np.average(values, weights=weights)
    spread = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    return spread if spread > 1e-9 * float(np.max(np.abs(values), initial=1e-300)) else 0.0
