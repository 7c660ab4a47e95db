"""Which explainer an adapted model gets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.models import AdaptedBlackBox, AdaptedModel
from forcing.study.black_box import BlackBoxExplainer
from forcing.study.explainer import Explainer
from forcing.study.linear import LinearExplainer
from forcing.study.verification import UserRefit


def explainer_of(
    adapted: AdaptedModel | AdaptedBlackBox,
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    refit: UserRefit | None,
    seeds: int,
) -> Explainer:
    """Through the objective where the model has one, else by refits alone."""
    if not isinstance(adapted, AdaptedBlackBox):
        if refit is None and seeds > 1:
            raise ValueError(
                f"seeds={seeds} asks refit for as many refits, but refit is None: pass "
                "refit=lambda rows, seed: ... that trains on these rows with that seed."
            )
        return LinearExplainer(adapted, X, y, sample_weight, refit)
    if refit is not None:
        raise ValueError(
            f"refit must be left out for a {adapted.description}: each of its removals is a refit "
            "of a clone already."
        )
    return BlackBoxExplainer(adapted, seeds=seeds)
