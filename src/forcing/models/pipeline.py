"""A scikit-learn Pipeline: its last step, on rows as the steps before it leave them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from forcing.engine.arrays import Array
from forcing.models.registry import AdaptedModel, Scores, TrainingData, adapt
from forcing.models.rows import as_single


@adapt.register
def adapt_pipeline(model: Pipeline, data: TrainingData) -> AdaptedModel:
    """Preprocessing stays as fitted: the objective is that of the last step alone."""
    last = model.steps[-1][1]
    check_is_fitted(last)
    steps = [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
    if not steps:
        return adapt(last, data)
    before = model[:-1]
    transformed = before.transform(data.X)
    head = adapt(last, replace(data, X=transformed))

    def through(x: Any) -> Any:
        return before.transform(as_single(x, data.X))

    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        scores, words = (
            head.refit(kept, near) if changed is None else head.refit(kept, near, changed)
        )
        return lambda x: scores(through(x)), words

    names = ", ".join(type(step).__name__ for step in steps)
    stays = "stays" if len(steps) == 1 else "stay"
    weights = head.feature_weights
    columns = getattr(data.X, "shape", (0, 0))[-1]
    return replace(
        head,
        outlook=lambda x: head.outlook(through(x)),
        scores=lambda x: head.scores(through(x)),
        refit=refit,
        description=f"{head.description} in a Pipeline",
        notes=(f"Preprocessing ({names}) {stays} as fitted on all rows.", *head.notes),
        # Scalers and imputers keep the columns; where their number changes, no weight is known.
        feature_weights=weights if weights is not None and len(weights) == columns else None,
    )
