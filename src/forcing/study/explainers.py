"""Which explainer an adapted model gets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.models import AdaptedBlackBox, AdaptedModel
from forcing.study.black_box import BlackBoxExplainer
from forcing.study.explainer import Explainer
from forcing.study.linear import LinearExplainer
from forcing.study.verification import Refit


def explainer_of(
    adapted: AdaptedModel | AdaptedBlackBox,
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    refit: Refit | None,
) -> Explainer:
    """Through the objective where the model has one, else by refits alone."""
    if not isinstance(adapted, AdaptedBlackBox):
        return LinearExplainer(adapted, X, y, sample_weight, refit)
    if refit is not None:
        raise ValueError(
            f"refit must be left out for a {adapted.description}: each of its removals is a refit "
            "of a clone already."
        )
    return BlackBoxExplainer(adapted)
