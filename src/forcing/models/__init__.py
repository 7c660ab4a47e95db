"""Fitted models seen as objectives: one adapter for each kind, found by the model's type."""

# Adapters register their types when they are imported.
from forcing.models import (  # noqa: F401
    calibrated,
    chosen,
    one_vs_rest,
    ridge,
    sgd,
    svm,
    thresholds,
    transformed_target,
)
from forcing.models.black_box import AdaptedBlackBox
from forcing.models.logistic import adapt_logistic
from forcing.models.module import TorchModel
from forcing.models.neighbours import AdaptedNeighbours
from forcing.models.pipeline import adapt_pipeline
from forcing.models.registry import AdaptedModel, Outlook, TrainingData, adapt, outlook_of, register

__all__ = [
    "AdaptedBlackBox",
    "AdaptedModel",
    "AdaptedNeighbours",
    "Outlook",
    "TorchModel",
    "TrainingData",
    "adapt",
    "adapt_logistic",
    "adapt_pipeline",
    "outlook_of",
    "register",
]
