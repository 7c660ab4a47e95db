"""scikit-learn's TransformedTargetRegressor around a regression with an objective."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.utils.validation import check_is_fitted

from forcing.errors import UnsupportedModelError
from forcing.models.registry import AdaptedModel, TrainingData, by_type, with_objective

GRID = 1_000
"""Points between the smallest and the largest y at which the transformation has to rise."""


@by_type.register
def adapt_transformed_target(model: TransformedTargetRegressor, data: TrainingData) -> AdaptedModel:
    """The regression inside, on transformed labels; a threshold is transformed with them.

    That is the same question where the transformation rises: then prediction and threshold are
    in the same order before and after it.
    """
    check_is_fitted(model)

    def transformed(y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.ravel(model.transformer_.transform(y.reshape(-1, 1))).astype(np.float64)

    y = np.asarray(data.y, dtype=np.float64)
    line = np.unique(np.concatenate([y, np.linspace(np.min(y), np.max(y), GRID)]))
    if not np.all(np.diff(transformed(line)) >= 0.0) or not np.ptp(transformed(line)) > 0.0:
        raise UnsupportedModelError(
            "model transforms its target by a function that does not rise everywhere, so that a "
            "threshold has no counterpart. Use one that rises, such as numpy.log1p."
        )

    def cut_at(threshold: float) -> float:
        with np.errstate(all="ignore"):
            cut = float(transformed(np.array([threshold]))[0])
        if not np.isfinite(cut):
            raise ValueError(
                f"threshold must be in the range of the target's transformation, got {threshold!r}."
            )
        return cut if inner.cut_at is None else inner.cut_at(cut)

    inner = with_objective(by_type(model.regressor_, replace(data, y=transformed(y))))
    note = "The transformation of the target stays as fitted on all rows."
    return replace(inner, cut_at=cut_at, notes=(note, *inner.notes))
