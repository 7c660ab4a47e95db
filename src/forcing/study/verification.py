"""The last word: the user's own estimator, refitted without the set."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import Array, on_host
from forcing.engine.problem import Problem
from forcing.models import AdaptedModel
from forcing.models.rows import as_single
from forcing.models.user_refit import UserRefit
from forcing.models.views import told
from forcing.records import Decision

TIE = 1e-9
"""Log-odds within which a refit, at its tolerance, decides neither way: no flip."""


@dataclass(frozen=True, eq=False)
class Verifier:
    """Refits the user's estimator and asks it about one target."""

    model: AdaptedModel
    x: Any
    """The target as the user gave it."""
    refit: UserRefit | None = None
    """None clones the estimator that ends the pipeline."""
    X: Any = None
    """The training rows, whose kind of container a model of the user's takes; None: an array."""

    def decide(
        self, problem: Problem, rows: Sequence[int], near: Array | None = None
    ) -> tuple[Decision, str, float]:
        """What it decides without these rows (or with their other labels, where the problem is
        one of labels), what was refitted in words, and seconds.
        """
        began = time.perf_counter()
        kept = np.ones(problem.objective.n_rows, dtype=bool)
        changed = None
        if problem.others is None:
            kept[list(rows)] = False
        else:
            changed = _changed(problem, problem.others, rows)
        if self.refit is not None:
            decision, words = self.asked(problem, self.refit(np.flatnonzero(kept))), "your refit"
        elif self.model.refit is not None:
            model, words = self.model.refit(kept, near, *told(changed))
            decision = _decision(problem, model(self.x))
        else:
            raise TypeError(f"nobody can refit a {self.model.description} but its user.")
        return decision, words, time.perf_counter() - began

    def asked(self, problem: Problem, fitted: Any) -> Decision:
        """What a model of the user's training decides."""
        return _decision(problem, self.scores(fitted))

    def scores(self, fitted: Any) -> NDArray[np.float64]:
        """Of a model of the user's, in the unit in which the decision line is."""
        if self.model.scores_of is not None:
            return self.model.scores_of(fitted)(self.x)
        scores = scores_of(fitted, self.x, self.model.classes, self.X)
        line = self.model.cut_at
        if line is None or (self.model.classes and hasattr(fitted, "decision_function")):
            return scores
        value = float(scores[1])
        return np.array([0.0, line(math.exp(value) if self.model.classes else value)])


def _decision(problem: Problem, scores: NDArray[np.float64]) -> Decision:
    return problem.decided(problem.margins_of(scores.tolist()))


def _changed(problem: Problem, others: Array, rows: Sequence[int]) -> NDArray[np.intp]:
    """(n,): positions of the labels, with those of these rows changed."""
    codes = on_host(problem.codes).astype(np.intp)
    codes[list(rows)] = on_host(others).astype(np.intp)[list(rows)]
    return codes


def scores_of(fitted: Any, x: Any, classes: tuple[Any, ...], X: Any = None) -> NDArray[np.float64]:
    """Scores (K,) of a model fitted on rows as in X, at x, in the order of `classes`.

    The model's own order of the classes counts, whatever that of `classes` is. A class that it
    has not seen has minus infinity.
    """
    row = as_single(x, X)
    if not classes:  # a regression
        return np.array([0.0, float(np.ravel(fitted.predict(row))[0])])
    labels = np.asarray(getattr(fitted, "classes_", classes)).tolist()
    if hasattr(fitted, "decision_function"):
        values = np.ravel(fitted.decision_function(row)).tolist()
        if len(values) == 1:  # of two classes, the second's over the first's
            values = [0.0, *values]
    elif hasattr(fitted, "predict_proba"):
        tiny = np.finfo(float).tiny
        values = np.log(np.maximum(np.ravel(fitted.predict_proba(row)), tiny)).tolist()
    else:
        raise TypeError(
            f"refit returned a {type(fitted).__name__} without decision_function or "
            "predict_proba; return a fitted classifier."
        )
    of = dict(zip(labels, values, strict=True))
    return np.array([of.get(label, -math.inf) for label in classes])
