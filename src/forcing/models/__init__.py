"""Fitted models seen as objectives: one adapter for each kind, found by the model's type."""

from forcing.models.black_box import AdaptedBlackBox
from forcing.models.logistic import adapt_logistic
from forcing.models.neighbours import AdaptedNeighbours
from forcing.models.pipeline import adapt_pipeline
from forcing.models.registry import AdaptedModel, Outlook, TrainingData, adapt, outlook_of, register

__all__ = [
    "AdaptedBlackBox",
    "AdaptedModel",
    "AdaptedNeighbours",
    "Outlook",
    "TrainingData",
    "adapt",
    "adapt_logistic",
    "adapt_pipeline",
    "outlook_of",
    "register",
]
