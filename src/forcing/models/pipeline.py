"""A scikit-learn Pipeline: its last step, on rows as the steps before it leave them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from forcing.errors import UnsupportedModelError
from forcing.models.black_box import AdaptedBlackBox
from forcing.models.registry import AdaptedModel, TrainingData, adapt, by_type
from forcing.models.rows import as_single
from forcing.models.views import behind


@by_type.register
def adapt_pipeline(model: Pipeline, data: TrainingData) -> AdaptedModel | AdaptedBlackBox:
    """Preprocessing stays as fitted: the objective is that of the last step alone."""
    last = model.steps[-1][1]
    if last in (None, "passthrough"):
        raise UnsupportedModelError("model is a Pipeline that ends in no model: add one.")
    check_is_fitted(last)
    steps = [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
    if not steps:
        return adapt(last, data)
    before = model[:-1]
    head = adapt(last, replace(data, X=before.transform(data.X)))

    def through(x: Any) -> Any:
        return before.transform(as_single(x, data.X))

    names = ", ".join(type(step).__name__ for step in steps)
    stays = "stays" if len(steps) == 1 else "stay"
    note = f"Preprocessing ({names}) {stays} as fitted on all rows."
    description = head.description.removesuffix(INSIDE) + INSIDE
    if isinstance(head, AdaptedBlackBox):
        return head.behind(through, description, note)
    weights = head.feature_weights
    columns = getattr(data.X, "shape", (0, 0))[-1]
    return behind(
        head,
        through,
        head=head,
        description=description,
        notes=(note, *head.notes),
        # Scalers and imputers keep the columns; where their number changes, no weight is known.
        feature_weights=weights if weights is not None and len(weights) == columns else None,
    )


INSIDE = " in a Pipeline"
