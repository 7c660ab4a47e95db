"""Refits of the user's estimator for one question, and the rankings that they measure."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import joblib
import numpy as np
from numpy.typing import NDArray

from forcing.baselines.neighbours import nearest_scores, shapley_scores
from forcing.engine.knockout import BudgetSpentError, Rows, Stage, Trials, shortest_prefix
from forcing.models.black_box import Recipe
from forcing.models.orders import Features
from forcing.models.quiet import quietly
from forcing.models.verdict import Question
from forcing.records import Label, Ranking

RANK_REFITS = 48
"""Most refits along the order of one baseline."""

Scorer: TypeAlias = Callable[
    [NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], int | None],
    NDArray[np.float64],
]
"""From the features (n, q), those of the target (q,), which rows speak for the decision (n,) and
a seed to how much each row supports the decision (n,)."""


def _random(
    features: NDArray[np.float64],
    at: NDArray[np.float64],  # noqa: ARG001 - chance does not look
    support: NDArray[np.bool_],  # noqa: ARG001
    seed: int | None,
) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(size=len(features))


def _nearest(
    features: NDArray[np.float64],
    at: NDArray[np.float64],
    support: NDArray[np.bool_],
    seed: int | None,  # noqa: ARG001 - nothing is drawn
) -> NDArray[np.float64]:
    return nearest_scores(features, at, support.astype(np.intp), 1)


def _shapley(
    features: NDArray[np.float64],
    at: NDArray[np.float64],
    support: NDArray[np.bool_],
    seed: int | None,  # noqa: ARG001
) -> NDArray[np.float64]:
    return shapley_scores(features, at, support.astype(np.intp), 1)


SCORERS: dict[str, Scorer] = {"nearest": _nearest, "knn-shapley": _shapley, "random": _random}
"""Baselines that need no gradient."""


class Refits:
    """The margins of one question, found by refitting; what went wrong is counted."""

    def __init__(
        self,
        recipe: Recipe,
        row: Any,
        question: Question,
        start: float,
        n_jobs: int | None = None,
        becomes: Label = None,
    ) -> None:
        self.recipe = recipe
        self.row = row
        self.question = question
        self.start = start
        """Confidence before any removal."""
        self.n_jobs = n_jobs
        self.becomes = becomes
        """The label that rows get instead of being removed; None: they are removed."""
        self.failed: list[str] = []

    def training_without(self, rows: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[Any] | None]:
        """The rows that stay, and the labels (n,) where some are changed."""
        every = np.arange(self.recipe.n_rows)
        if self.becomes is None:
            return np.delete(every, list(rows)), None
        y = self.recipe.y.copy()
        y[list(rows)] = self.becomes
        return every, y

    def trials(self, most: int, until: float = math.inf, slack: float = 0.0) -> Trials:
        width = int(joblib.effective_n_jobs(self.n_jobs))
        return Trials(self._margins, most=most, until=until, width=width, slack=slack)

    def _margins(self, sets: list[Rows]) -> list[float]:
        trainings = [self.training_without(rows) for rows in sets]
        possible = [not self.recipe.empties_a_class(*training) for training in trainings]
        with quietly(Warning):
            answers = iter(
                joblib.Parallel(n_jobs=self.n_jobs)(
                    joblib.delayed(self.recipe.says)(kept, self.row, y=y)
                    for (kept, y), fits in zip(trainings, possible, strict=True)
                    if fits
                )
            )
        margins = []
        for fits in possible:
            says = next(answers) if fits else ""
            if isinstance(says, str):
                self.failed += [says] if says else []
                margins.append(math.inf)
            else:
                margins.append(self.question.decision(says).margin)
        return margins


def keeping_classes(recipe: Recipe, order: NDArray[np.intp]) -> Rows:
    """The order without the rows that would be the last of their class."""
    if recipe.scale == "prediction":
        return tuple(int(row) for row in order[: len(recipe.y) - 2])
    y, weights = recipe.y, recipe.sample_weight
    counted = np.ones(len(y), dtype=bool) if weights is None else weights > 0
    left = {label: int(np.sum(counted & (y == label))) for label in recipe.classes}
    rows = []
    for row in order.tolist():
        label = y[row].item() if isinstance(y[row], np.generic) else y[row]
        if not counted[row] or left[label] == 1:
            continue
        left[label] -= 1
        rows.append(row)
    return tuple(rows)


def ranked(
    method: str, features: Features, row: Any, support: NDArray[np.float64], seed: int | None
) -> Ranking:
    """The order of the training rows by `method`, strongest support first; nothing refitted."""
    began = time.perf_counter()
    scores = SCORERS[method](features.matrix, features.row(row), support > 0, seed)
    rows = np.argsort(-scores, kind="stable")
    return Ranking(method, rows, scores[rows], seconds=time.perf_counter() - began)


def followed_up(refits: Refits, trials: Trials, ranking: Ranking, limit: int) -> Stage[Ranking]:
    """The ranking with its `flips_at`: refitted without ever longer prefixes until the decision
    flips, then bisected. A shorter prefix may flip as well: the margin need not fall with
    every row.
    """
    began = time.perf_counter()
    trials.phase, trials.note = "rank", ranking.method
    trials.most = trials.used + RANK_REFITS
    order = keeping_classes(refits.recipe, ranking.rows)
    flips_at = None
    try:
        prefix = yield from shortest_prefix(trials, [order], min(limit, len(order)))
        flips_at = None if prefix is None else len(prefix)
    except BudgetSpentError:
        pass
    margins = {k: trials.known(order[:k]) for k in range(1, min(limit, len(order)) + 1)}
    known = [(k, margin) for k, margin in margins.items() if margin is not None]
    start = refits.start
    curve = ((0, start), *((k, refits.question.confidence(margin)) for k, margin in known))
    return replace(
        ranking,
        rows=np.asarray(order, dtype=np.intp),
        scores=ranking.scores[np.isin(ranking.rows, order)],
        flips_at=flips_at,
        tried=max((k for k, _ in known), default=0),
        curve=curve,
        seconds=ranking.seconds + time.perf_counter() - began,
    )
