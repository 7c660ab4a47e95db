"""The last word: the user's own estimator, refitted without the set."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forcing.engine.problem import Problem
from forcing.models import AdaptedModel
from forcing.models.rows import as_single
from forcing.records import Decision

TIE = 1e-9
"""Log-odds within which a refit, at its tolerance, decides neither way: no flip."""

Refit: TypeAlias = Callable[[NDArray[np.intp]], Any]
"""From the positions of the rows that stay to a fitted model that takes rows as the user has
them."""


@dataclass(frozen=True, eq=False)
class Verifier:
    """Refits the user's estimator and asks it about one target."""

    model: AdaptedModel
    x: Any
    """The target as the user gave it."""
    refit: Refit | None = None
    """The user's own way to refit; None clones the estimator that ends the pipeline."""
    X: Any = None
    """The training rows, whose kind of container a model of the user's takes; None: an array."""

    def decide(self, problem: Problem, rows: Sequence[int]) -> tuple[Decision, str, float]:
        """What it decides without these rows, what was refitted in words, and seconds."""
        began = time.perf_counter()
        kept = np.ones(problem.objective.n_rows, dtype=bool)
        kept[list(rows)] = False
        if self.refit is None:
            log_odds, words = self.model.refit(kept)
            value = log_odds(self.x)
        else:
            fitted = self.refit(np.flatnonzero(kept))
            value, words = log_odds_of(fitted, self.x, problem.classes, self.X), "your refit"
        margin = problem.sign * value - problem.log_odds
        return problem.decision(margin), words, time.perf_counter() - began


def log_odds_of(fitted: Any, x: Any, classes: tuple[Any, Any], X: Any = None) -> float:
    """log p(classes[1]) - log p(classes[0]) of a model fitted on rows as in X, at x.

    The model's own order of the classes counts, whatever that of `classes` is.
    """
    row = as_single(x, X)
    labels = np.asarray(getattr(fitted, "classes_", classes)).tolist()
    if hasattr(fitted, "decision_function"):
        scores = np.ravel(fitted.decision_function(row)).tolist()
        if len(scores) == 1:  # of two classes, the second's over the first's
            scores = [0.0, *scores]
        of = dict(zip(labels, scores, strict=True))
        return float(of[classes[1]] - of[classes[0]])
    if not hasattr(fitted, "predict_proba"):
        raise TypeError(
            f"refit returned a {type(fitted).__name__} without decision_function or "
            "predict_proba; return a fitted classifier."
        )
    p = dict(zip(labels, np.ravel(fitted.predict_proba(row)), strict=True))
    tiny = np.finfo(float).tiny
    return math.log(max(p[classes[1]], tiny)) - math.log(max(p[classes[0]], tiny))
