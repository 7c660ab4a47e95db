"""What a model decides at many targets: in one batch where it answers so, else one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forcing.errors import TrainingMismatchError
from forcing.records import Claim, Label

if TYPE_CHECKING:
    from forcing.study.study import Study


@dataclass(frozen=True)
class Prediction:
    """What is decided at one target."""

    label: Label
    """None where the model does not answer."""
    confidence: float
    """Probability of the decision; of scores and values, against the next in line."""


def predictions(
    study: Study, X_test: Any, targets: Sequence[Any], threshold: float | None = None
) -> list[Prediction]:
    """One for each target; `targets` are the rows of X_test, as `Study.explain` takes them."""
    try:
        found = _batch(study, X_test, targets, threshold)
    except Exception:  # noqa: BLE001 - a user's model; asked row by row it may well answer
        found = None
    if found is not None and len(found) == len(targets):
        return found
    return [_one(study, x, threshold) for x in targets]


def _one(study: Study, x: Any, threshold: float | None) -> Prediction:
    try:
        claim = _claim(study, x, threshold)
    except TrainingMismatchError:  # at this target alone; its run will say so
        return Prediction(None, 0.0)
    return Prediction(claim.favoured, claim.confidence)


def _claim(study: Study, x: Any, threshold: float | None) -> Claim:
    return study._explainer.claim(x, None, threshold)  # noqa: SLF001 - of one package


def _batch(
    study: Study, X_test: Any, targets: Sequence[Any], threshold: float | None
) -> list[Prediction] | None:
    """None where the model has no such method, or one that speaks of other classes."""
    model, classes = study.model, study.classes.tolist()
    if study.y.tolist()[0] not in classes:
        return _values(study, X_test, targets[0], threshold)
    if np.asarray(getattr(model, "classes_", ())).tolist() != classes:
        return None
    if threshold is not None and len(classes) != 2:
        return None
    if hasattr(model, "predict_proba"):
        chances = np.asarray(model.predict_proba(X_test), dtype=np.float64)
        places = _places(model, X_test, classes, chances, threshold)
        return _told(classes, places, chances[np.arange(len(places)), places])
    if threshold is not None or not hasattr(model, "decision_function"):
        return None
    scores = np.asarray(model.decision_function(X_test), dtype=np.float64)
    if scores.ndim == 1:
        scores = np.column_stack([np.zeros(len(scores)), scores])
    places = _places(model, X_test, classes, scores, None)
    own = scores[np.arange(len(places)), places]
    others = np.where(np.arange(len(classes)) == places[:, None], -np.inf, scores).max(axis=1)
    unit = _unit(_claim(study, targets[0], None))
    return _told(classes, places, _logistic((own - others) / unit))


def _values(
    study: Study, X_test: Any, first: Any, threshold: float | None
) -> list[Prediction] | None:
    """Of a regression: on which side of the threshold its predictions are, and how far from it."""
    claim = _claim(study, first, threshold)
    if claim.cut is None or claim.prediction is None:
        return None
    values = np.ravel(np.asarray(study.model.predict(X_test), dtype=np.float64))
    places = (values >= claim.cut).astype(np.intp)
    return _told(
        study.classes.tolist(), places, _logistic(np.abs(values - claim.cut) / _unit(claim))
    )


def _places(
    model: Any,
    X_test: Any,
    classes: list[Label],
    scores: NDArray[np.float64],
    threshold: float | None,
) -> NDArray[np.intp]:
    """(T,): position of the class that is decided; `predict` has the last word."""
    if threshold is not None:
        return (scores[:, 1] > threshold).astype(np.intp)
    if not hasattr(model, "predict"):
        return np.asarray(np.argmax(scores, axis=1))
    place = {label: k for k, label in enumerate(classes)}
    return np.array([place[label] for label in np.asarray(model.predict(X_test)).tolist()])


def _unit(claim: Claim) -> float:
    """Difference of scores that is drawn like one unit of log-odds."""
    inside = min(1 - 1e-12, max(1e-12, claim.confidence))
    odds = math.log(inside / (1 - inside)) - math.log(claim.threshold / (1 - claim.threshold))
    # What a saturated confidence was rounded from is not known.
    return claim.margin / odds if 1e-9 < abs(odds) < 25 and claim.margin else 1.0


def _logistic(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (1 + np.tanh(odds / 2)))


def _told(
    classes: list[Label], places: NDArray[np.intp], confidence: NDArray[np.float64]
) -> list[Prediction]:
    pairs = zip(places.tolist(), confidence.tolist(), strict=True)
    return [Prediction(classes[place], sure) for place, sure in pairs]
