"""Which explainer an adapted model gets."""

from __future__ import annotations

from typing import Any

from forcing.models import AdaptedBlackBox, AdaptedModel, TrainingData
from forcing.models.black_box import adapt_black_box
from forcing.models.user_refit import UserRefit
from forcing.study.black_box import BlackBoxExplainer
from forcing.study.explainer import Explainer
from forcing.study.linear import LinearExplainer
from forcing.study.retrainings import Settings


def explainer_of(
    adapted: AdaptedModel | AdaptedBlackBox,
    model: Any,
    data: TrainingData,
    refit: UserRefit | None,
    settings: Settings,
) -> Explainer:
    """Through the objective where the model has one, else by refits alone: by those of the user
    where there is a `refit`, of the whole model.
    """
    if not isinstance(adapted, AdaptedBlackBox):
        return LinearExplainer(adapted, data, refit, settings)
    if refit is not None:
        adapted = adapt_black_box(model, data, training=refit)
    return BlackBoxExplainer(adapted, settings=settings)
