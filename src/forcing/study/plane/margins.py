"""Margins of many rows at once: of the model as given, and of one refitted without a set."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from forcing.models.black_box import AdaptedBlackBox
from forcing.models.quiet import quietly
from forcing.models.registry import Scores
from forcing.models.verdict import Says
from forcing.records import Label, Step

Margins: TypeAlias = Callable[[Any], NDArray[np.float64]]
"""From rows, as the last step of the model takes them, to their margins (m,)."""


def prepared(model: Any, X: Any) -> Any:
    """Rows as the last step of a pipeline takes them; else as they are."""
    if isinstance(model, Pipeline) and len(model.steps) > 1:
        return model[:-1].transform(X)
    return X


class Both:
    """The two models of one claim."""

    def __init__(self, explainer: Any, x: Any, rival: Label, threshold: float | None) -> None:
        self._explainer = explainer
        self._x, self._rival, self._threshold = x, rival, threshold
        self._known: dict[tuple[int, ...], Margins | None] = {}

    def before(self) -> Margins:
        """Of the model as given."""
        found: Margins = self._margins(None, ())
        return found

    def after(self, steps: Sequence[Step]) -> Margins | None:
        """Of the model refitted as verification does; None where only its user can refit it."""
        rows = tuple(step.row for step in steps)
        if rows not in self._known:
            self._known = {rows: self._margins(rows, [step.becomes for step in steps])}
        return self._known[rows]

    def _margins(self, rows: Sequence[int] | None, becomes: Sequence[Label]) -> Any:
        explainer = self._explainer
        model = getattr(explainer, "model", None)
        if isinstance(model, AdaptedBlackBox):
            return self._of_black_box(model, rows)
        head = explainer.adapted.head or explainer.adapted
        problem = explainer.problem(self._x, self._rival, self._threshold)
        if rows is None:
            scores: Scores = head.scores
        elif head.refit is None:
            return None
        else:
            kept = np.ones(problem.objective.n_rows, dtype=bool)
            changed: tuple[NDArray[np.intp], ...] = ()
            if any(label is not None for label in becomes):
                codes = np.asarray(problem.codes).astype(np.intp)
                codes[list(rows)] = [problem.classes.index(label) for label in becomes]
                changed = (codes,)
            else:
                kept[list(rows)] = False
            scores, _ = head.refit(kept, None, *changed)

        def margins(batch: Any) -> NDArray[np.float64]:
            return np.array(
                [min(problem.margins_of(scores(row).tolist())) for row in each_row(batch)]
            )

        return margins

    def _of_black_box(self, model: AdaptedBlackBox, rows: Sequence[int] | None) -> Margins:
        explainer, recipe = self._explainer, model.recipe
        at = explainer.says(model.fitted, model.row(self._x))
        question = explainer._question(at, self._rival, self._threshold)  # noqa: SLF001
        fitted = model.fitted
        if rows is not None:
            fitted = recipe.fit(np.setdiff1d(np.arange(len(recipe.y)), rows))

        def margins(batch: Any) -> NDArray[np.float64]:
            with quietly(UserWarning):  # of columns without names
                told = many(fitted, batch, recipe.scale, model.classes)
            # Votes are 0 or 1 as often as not, whose logarithm says nothing about a distance.
            return np.tanh([0.5 * question.decision(says).margin for says in told])

        return margins


def many(fitted: Any, batch: Any, scale: str, classes: tuple[Label, ...]) -> list[Says]:
    """What a fitted estimator says of each row of a batch, as `ask` does of one."""
    if scale == "prediction":
        values = np.ravel(np.asarray(fitted.predict(batch), dtype=np.float64))
        return [Says(values[i : i + 1], None) for i in range(len(values))]
    if scale == "probability":
        scores = np.asarray(fitted.predict_proba(batch), dtype=np.float64)
        scores = np.log(np.maximum(scores, np.finfo(float).tiny))
    else:
        scores = np.asarray(fitted.decision_function(batch), dtype=np.float64)
        if scores.ndim == 1:
            scores = np.stack([np.zeros(len(scores)), scores], 1)
    own = np.asarray(getattr(fitted, "classes_", classes)).tolist()
    whole = np.full((len(scores), len(classes)), np.log(np.finfo(float).tiny))
    whole[:, [classes.index(label) for label in own]] = scores
    labels = np.asarray(fitted.predict(batch)).ravel().tolist()
    return [Says(row, label) for row, label in zip(whole, labels, strict=True)]


def each_row(batch: Any) -> list[Any]:
    """One target a row, in the quickest form that a model takes."""
    if hasattr(batch, "iloc"):
        if all(dtype.kind in "iuf" for dtype in batch.dtypes):
            return list(batch.to_numpy())
        return [batch.iloc[[i]] for i in range(len(batch))]
    if hasattr(batch, "toarray"):
        return [batch[[i]] for i in range(batch.shape[0])]
    return [batch[i] for i in range(len(batch))]


def timed_side(margins: Margins, sample: Any, most: int, budget: float) -> int:
    """Points a side of a grid that takes about `budget` seconds, at most so many."""
    began = time.perf_counter()
    margins(sample)
    cost = (time.perf_counter() - began) / max(1, len(each_row(sample)))
    return int(np.clip(np.sqrt(budget / max(cost, 1e-9)), 12, most))
