"""scikit-learn's classifiers with a decision threshold of their own, since 1.5."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from sklearn import model_selection
from sklearn.utils.validation import check_is_fitted

from forcing.errors import UnsupportedModelError
from forcing.models.registry import AdaptedModel, TrainingData, by_type, with_objective


def adapt_fixed_threshold(model: Any, data: TrainingData) -> AdaptedModel:
    """`FixedThresholdClassifier`: the model inside, which decides from another score on."""
    fitted = getattr(model, "estimator_", model.estimator)  # it may come fitted
    method = _response(model, fitted)
    threshold = model.threshold
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    return _decided_at(
        with_objective(by_type(fitted, data)), float(threshold), method, model.pos_label
    )


def adapt_tuned_threshold(model: Any, data: TrainingData) -> AdaptedModel:
    """`TunedThresholdClassifierCV`: the same, with the threshold that it has found."""
    check_is_fitted(model, "estimator_")
    positive = model._curve_scorer._get_pos_label()  # noqa: SLF001 - what its own predict asks
    method = _response(model, model.estimator_)
    return _decided_at(
        with_objective(by_type(model.estimator_, data)),
        float(model.best_threshold_),
        method,
        positive,
    )


for _name, _adapter in (
    ("FixedThresholdClassifier", adapt_fixed_threshold),
    ("TunedThresholdClassifierCV", adapt_tuned_threshold),
):
    if hasattr(model_selection, _name):
        by_type.register(getattr(model_selection, _name), _adapter)


def _response(model: Any, fitted: Any) -> str:
    """The method of the model inside whose values the threshold is compared with."""
    if model.response_method != "auto":
        return str(model.response_method)
    return "predict_proba" if hasattr(fitted, "predict_proba") else "decision_function"


def _decided_at(inner: AdaptedModel, threshold: float, method: str, positive: Any) -> AdaptedModel:
    """The positive class, by default the second, is decided from `threshold` on."""
    first = positive is not None and positive == inner.classes[0]
    if method == "predict_proba":
        cut = _score_at(inner, 1.0 - threshold if first else threshold)
    else:
        cut = -threshold if first else threshold
    if not math.isfinite(cut):
        raise UnsupportedModelError(
            f"model has a threshold of {threshold:g}, which no target is on the other side of: "
            "its decision cannot be flipped. Choose one that both classes are decided at."
        )
    what = "probability" if method == "predict_proba" else "score"
    label = inner.classes[0 if first else 1]
    note = f"{label!r} is decided from a {what} of {threshold:.4g} on, a threshold that stays."
    return replace(
        inner,
        cut=cut,
        description=f"{inner.description} with a threshold",
        notes=(note, *inner.notes),
    )


def _score_at(inner: AdaptedModel, probability: float) -> float:
    if inner.cut_at is not None:
        return inner.cut_at(probability)
    if not inner.probabilities:
        raise UnsupportedModelError(
            "model has a threshold on a probability, which the model inside does not give as a "
            "function of its score. Use response_method='decision_function'."
        )
    if not 0.0 < probability < 1.0:
        return math.inf
    return math.log(probability / (1.0 - probability))
