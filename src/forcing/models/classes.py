"""Labels and weights of a classifier's rows, as scikit-learn takes them."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from forcing.models.registry import TrainingData


def codes_of(classes: Any, y: NDArray[Any]) -> NDArray[np.intp]:
    """(n,): positions of the labels among the classes, which are sorted."""
    codes: NDArray[np.intp] = np.searchsorted(np.asarray(classes), y)
    return codes


def one_hot(codes: NDArray[np.intp], n_classes: int) -> NDArray[np.float64]:
    return np.eye(n_classes)[codes]


def row_weights(
    model: Any, data: TrainingData, balanced_by_weight: bool = False
) -> NDArray[np.float64]:
    """(n,): sample weights times class weights.

    `balanced_by_weight`: whether "balanced" counts the weights of the rows, which some of
    scikit-learn's estimators do since 1.8, or just the rows.
    """
    weights = np.ones(len(data.y)) if data.sample_weight is None else data.sample_weight.copy()
    if model.class_weight is None:
        return weights
    extra = {}
    if balanced_by_weight and "sample_weight" in signature(compute_class_weight).parameters:
        extra["sample_weight"] = data.sample_weight
    factors: NDArray[np.float64] = compute_class_weight(
        model.class_weight, classes=model.classes_, y=data.y, **extra
    )
    weights *= factors[codes_of(model.classes_, data.y)]
    return weights


def class_notes(model: Any, n_classes: int) -> tuple[str, ...]:
    """What a reader must know of class weights, and of confidence among several classes."""
    notes = []
    if model.class_weight is not None:
        notes.append("Class weights are kept as they were with all rows.")
    if n_classes > 2:
        notes.append(AMONG_SEVERAL)
    return tuple(notes)


AMONG_SEVERAL = (
    "Confidence is that of the favoured class against its nearest rival alone, so that "
    "it falls below 50 % where the decision flips."
)
