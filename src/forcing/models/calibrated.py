"""scikit-learn's CalibratedClassifierCV around a model with an objective."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils.validation import check_is_fitted

from forcing.errors import UnsupportedModelError
from forcing.models.classes import codes_of
from forcing.models.registry import AdaptedModel, TrainingData, by_type, with_objective
from forcing.models.views import rescaled


@by_type.register
def adapt_calibrated(model: CalibratedClassifierCV, data: TrainingData) -> AdaptedModel:
    """The model inside, its decision where the calibrated probability says; the calibrator stays.

    A sigmoid or a temperature makes log-odds that are linear in the score, so that the
    probabilities shown are the calibrated ones; of steps (isotonic) only the decision line is.
    """
    check_is_fitted(model)
    if len(model.calibrated_classifiers_) != 1:
        raise UnsupportedModelError(
            f"model averages {len(model.calibrated_classifiers_)} models of different folds "
            "(ensemble=True), which no single objective has made. Fit with "
            "CalibratedClassifierCV(..., ensemble=False)."
        )
    pair = model.calibrated_classifiers_[0]
    if not hasattr(pair.estimator, "decision_function"):
        raise UnsupportedModelError(
            f"model calibrates the probabilities of a {type(pair.estimator).__name__}, which are "
            "not linear in its parameters. Calibrate a model that has a decision_function."
        )
    inner = with_objective(by_type(pair.estimator, _as_inside(model, pair.estimator, data)))
    told: dict[str, Any] = {
        "classes": tuple(model.classes_.tolist()),
        "description": f"{inner.description}, calibrated",
        "notes": (f"The calibration ({model.method}) stays as fitted with all rows.", *inner.notes),
    }
    if model.method == "isotonic":
        return _on_steps(inner, pair.calibrators, told)
    if model.method == "temperature":
        beta = np.full(len(inner.classes), float(np.ravel(pair.calibrators[0].beta_)[0]))
        # Of two classes with one score f the logits are -f and f.
        factors = 2.0 * beta if len(beta) == 2 else beta
        return rescaled(inner, factors, 0.0 * beta, probabilities=True, cut=0.0, **told)
    slopes = np.array([-float(each.a_) for each in pair.calibrators])
    shifts = np.array([-float(each.b_) for each in pair.calibrators])
    if len(slopes) == 1:  # two classes
        slopes, shifts = np.array([0.0, slopes[0]]), np.array([0.0, shifts[0]])
        return rescaled(inner, slopes, shifts, probabilities=True, cut=0.0, **told)
    # Each class's own probability, which all others divide by the same sum.
    return rescaled(inner, slopes, shifts, probabilities=False, scale=1.0, **told)


def _as_inside(model: CalibratedClassifierCV, estimator: Any, data: TrainingData) -> TrainingData:
    """The labels as the model inside was given them: some calibrations pass their positions."""
    if np.array_equal(np.asarray(estimator.classes_), model.classes_):
        return data
    return replace(data, y=codes_of(model.classes_, data.y))


def _on_steps(inner: AdaptedModel, calibrators: list[Any], told: dict[str, Any]) -> AdaptedModel:
    if len(inner.classes) != 2:
        raise UnsupportedModelError(
            "model is calibrated by steps (isotonic) for several classes, whose probabilities "
            "are not functions of linear scores. Use method='sigmoid'."
        )
    steps = calibrators[0]

    def crossing(probability: float) -> float:
        return _last_score(steps, probability)

    cut = crossing(0.5)
    if not math.isfinite(cut):
        raise UnsupportedModelError(
            "model is calibrated to probabilities on one side of 50 %: it decides the same "
            "whatever the target. Calibrate with more rows, or use method='sigmoid'."
        )
    return rescaled(
        inner,
        np.ones(2),
        np.zeros(2),
        probabilities=False,
        scale=1.0 if inner.probabilities else inner.scale,
        cut=cut,
        cut_at=crossing,
        **told,
    )


def _last_score(steps: Any, probability: float) -> float:
    """The largest score whose calibrated probability is not above this; it never falls."""
    scores = np.asarray(steps.X_thresholds_, dtype=np.float64)
    levels = np.asarray(steps.y_thresholds_, dtype=np.float64)
    if levels[0] > probability:
        return -math.inf
    last = int(np.flatnonzero(levels <= probability)[-1])
    if last == len(levels) - 1:
        return math.inf
    share = (probability - levels[last]) / (levels[last + 1] - levels[last])
    return float(scores[last] + share * (scores[last + 1] - scores[last]))
