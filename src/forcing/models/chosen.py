"""scikit-learn's searches for settings, and models that are frozen: what counts is inside."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.utils.validation import check_is_fitted

from forcing.errors import UnsupportedModelError
from forcing.models.black_box import AdaptedBlackBox
from forcing.models.registry import AdaptedModel, TrainingData, adapt, by_type


@by_type.register(GridSearchCV)
@by_type.register(RandomizedSearchCV)
def adapt_search(model: Any, data: TrainingData) -> AdaptedModel | AdaptedBlackBox:
    """The estimator that the search fitted on all rows; its settings stay."""
    check_is_fitted(model)
    if not hasattr(model, "best_estimator_"):
        raise UnsupportedModelError(
            "model has refit=False, so that the search kept no fitted estimator. Use refit=True."
        )
    inner = adapt(model.best_estimator_, data)
    chosen = ", ".join(f"{name}={value!r}" for name, value in model.best_params_.items())
    note = f"Settings stay as the search chose them with all rows: {chosen}."
    return replace(inner, notes=(note, *inner.notes))


def adapt_frozen(model: Any, data: TrainingData) -> AdaptedModel | AdaptedBlackBox:
    """`FrozenEstimator`, since 1.6: a fitted model that others leave as it is."""
    return adapt(model.estimator, data)


if find_spec("sklearn.frozen"):
    by_type.register(import_module("sklearn.frozen").FrozenEstimator, adapt_frozen)
