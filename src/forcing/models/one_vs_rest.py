"""scikit-learn's OneVsRestClassifier over models with an objective."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.multiclass import OneVsRestClassifier
from sklearn.utils.validation import check_is_fitted

from forcing.engine.arrays import Array
from forcing.engine.objective import LinearObjective
from forcing.errors import UnsupportedModelError
from forcing.models.classes import AMONG_SEVERAL, codes_of
from forcing.models.registry import (
    AdaptedModel,
    Outlook,
    Scores,
    TrainingData,
    by_type,
    with_objective,
)


@by_type.register
def adapt_one_vs_rest(model: OneVsRestClassifier, data: TrainingData) -> AdaptedModel:
    """As many models of two classes, on the same rows, side by side."""
    check_is_fitted(model)
    if model.multilabel_:
        raise UnsupportedModelError("model decides several labels at once: fit one for each.")
    classes = tuple(model.classes_.tolist())
    codes = codes_of(model.classes_, data.y)
    positives = (1,) if len(classes) == 2 else range(len(classes))
    parts = [
        with_objective(by_type(estimator, replace(data, y=(codes == k).astype(np.intp))))
        for estimator, k in zip(model.estimators_, positives, strict=True)
    ]
    if any(part.cut or part.cut_at is not None for part in parts):
        raise UnsupportedModelError(
            "model compares scores of models that have thresholds or steps of their own. Put "
            "linear models inside OneVsRestClassifier."
        )
    told: dict[str, Any] = {
        "classes": classes,
        "codes": codes,
        "description": f"OneVsRestClassifier of {parts[0].description}",
    }
    if len(parts) == 1:
        return replace(parts[0], **told)
    return _side_by_side(parts, told)


def _side_by_side(parts: list[AdaptedModel], told: dict[str, Any]) -> AdaptedModel:
    first = parts[0]
    objective = _together([part.objective for part in parts])

    def outlook(x: Any) -> Outlook:
        seen = [part.outlook(x) for part in parts]
        directions = np.zeros((len(parts), *objective.shape))
        for k, own in enumerate(seen):
            directions[k, :, k] = own.directions[1] - own.directions[0]
        return Outlook(directions, tuple(own.constants[1] - own.constants[0] for own in seen))

    refits = [part.refit for part in parts if part.refit is not None]

    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        starts = [None if near is None else near[:, k] for k in range(len(parts))]
        own = [
            None if changed is None else (changed == k).astype(np.intp) for k in range(len(parts))
        ]
        fitted = [again(kept, *args) for again, *args in zip(refits, starts, own, strict=True)]
        return _gathered([scores for scores, _ in fitted]), f"{fitted[0][1]}, one for each class"

    def as_given() -> Array:
        own = [part.refit_as_given() for part in parts if part.refit_as_given is not None]
        return np.stack(own, axis=1)

    weights = [part.feature_weights for part in parts if part.feature_weights is not None]
    told["notes"] = (*dict.fromkeys(note for part in parts for note in part.notes), AMONG_SEVERAL)
    return replace(
        first,
        objective=objective,
        theta=np.stack([part.theta for part in parts], axis=1),
        outlook=outlook,
        scores=_gathered([part.scores for part in parts]),
        refit=refit if len(refits) == len(parts) else None,
        refit_as_given=as_given if all(part.refit_as_given for part in parts) else None,
        feature_weights=np.mean(weights, axis=0) if len(weights) == len(parts) else None,
        probabilities=False,
        scale=1.0 if first.probabilities else first.scale,
        **told,
    )


def _gathered(each: list[Scores]) -> Scores:
    """The score of each class is that of its own model."""

    def scores(x: Any) -> NDArray[np.float64]:
        return np.array([float(np.diff(own(x))[0]) for own in each])

    return scores


def _together(objectives: list[LinearObjective]) -> LinearObjective:
    """One objective with separate losses, where the rows, weights and penalties are the same."""
    first = objectives[0]
    probe = np.linspace(-1.0, 1.0, first.design.shape[1])
    for other in objectives[1:]:
        alike = (
            other.design.shape == first.design.shape
            and np.array_equal(other.design.times(probe), first.design.times(probe))
            and np.array_equal(other.weights, first.weights)
            and np.array_equal(other.penalty, first.penalty)
            and type(other.loss) is type(first.loss)
        )
        if not alike:
            raise UnsupportedModelError(
                "model has a model for each class that differ in more than their labels: in "
                "class weights, settings or preprocessing. Put preprocessing before "
                "OneVsRestClassifier, in a Pipeline, and fit without class_weight."
            )
    return replace(first, labels=np.stack([each.labels for each in objectives], axis=1))
