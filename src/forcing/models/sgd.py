"""scikit-learn's SGDClassifier with the logistic loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.utils.validation import check_is_fitted

from forcing.engine.losses import Logistic
from forcing.errors import UnsupportedModelError
from forcing.models.classes import class_notes, codes_of, one_hot, row_weights
from forcing.models.linear import Head, drawn, linear_model, tightly
from forcing.models.registry import AdaptedModel, TrainingData, by_type


@by_type.register
def adapt_sgd(model: SGDClassifier, data: TrainingData) -> AdaptedModel:
    """1/n sum_i s_i l_i + alpha/2 |w|^2 times n: lambda = alpha n, with n the number of rows.

    Each row that passes shrinks the weights by alpha, whatever the row weighs itself; the
    intercept is free. `average` changes the way to the optimum, not where that is.
    """
    check_is_fitted(model)
    classes = tuple(model.classes_.tolist())
    several = len(classes) > 2
    _check_settings(model, several)
    codes = codes_of(model.classes_, data.y)
    penalty = float(model.alpha) * len(data.y)
    head = Head(
        loss=Logistic(),
        labels=one_hot(codes, len(classes)) if several else codes.astype(np.float64),
        weights=row_weights(model, data),
        penalty=penalty,
        constant=float(model.fit_intercept),
    )
    same = LogisticRegression(C=1.0 / penalty, fit_intercept=model.fit_intercept)
    tight = [tightly(same), tightly(same, solver="newton-cholesky")]
    return linear_model(
        model,
        data,
        head,
        [OnePerClass(head) for head in tight] if several else tight,
        classes=classes,
        codes=codes,
        as_given=drawn(clone(model).set_params(warm_start=False)),
        warm=not several,
        spread=5.0,
        aside=", which has the optimum that SGDClassifier heads for",
        notes=(
            "alpha counts per row: its penalty stays that of all rows as rows leave.",
            *class_notes(model, len(classes)),
        ),
        probabilities=not several,
    )


class OnePerClass(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier of two classes for each class against all others, rows weighted."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(
        self, X: Any, y: NDArray[Any], sample_weight: NDArray[np.float64] | None = None
    ) -> OnePerClass:
        fitted = [clone(self.estimator).fit(X, y == label, sample_weight) for label in np.unique(y)]
        self.coef_ = np.concatenate([each.coef_ for each in fitted])
        self.intercept_ = np.concatenate([each.intercept_ for each in fitted])
        return self


def _check_settings(model: SGDClassifier, several: bool) -> None:
    for name, value in (("loss", "log_loss"), ("penalty", "l2"), ("early_stopping", False)):
        if (given := getattr(model, name)) != value:
            raise UnsupportedModelError(
                f"model has {name}={given!r}: what it minimises over which rows has no single "
                f"optimum that forcing can refit. Use SGDClassifier({name}={value!r})."
            )
    if not model.alpha > 0:
        raise UnsupportedModelError(
            "model has no penalty (alpha=0): separable rows have no optimum then. Use a small "
            "alpha, such as alpha=1e-6."
        )
    if several and model.class_weight is not None:
        raise UnsupportedModelError(
            "model has class_weight with several classes, where SGDClassifier weighs each row "
            "differently for each class. Fit without, or use LogisticRegression."
        )
