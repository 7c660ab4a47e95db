"""What a fitted estimator says at one target, and what that means for a claim."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forcing.records import Claim, Decision, Label

Scale: TypeAlias = Literal["probability", "decision", "prediction"]
"""Which method of the estimator is asked: predict_proba, decision_function, or predict."""

TINY = float(np.finfo(float).tiny)

NOISE = 1e-9
"""Margins nearer to 0 are a tie: sums of many trees or votes round differently."""

BROKEN_TIE = -1e-12
"""The margin where the scores tie and `predict` breaks the tie against the favoured class."""


@dataclass(frozen=True, eq=False, slots=True)
class Says:
    """One fitted estimator at one target."""

    scores: NDArray[np.float64]
    """(K,): one for each class, on a log scale; (1,) for a regressor: its prediction."""
    label: Label
    """What `predict` returns."""


def ask(fitted: Any, row: Any, scale: Scale, classes: tuple[Label, ...]) -> Says:
    """Ask a fitted estimator about a one-row container.

    Raises `ValueError` where it does not answer with one finite number for each class.
    """
    if scale == "prediction":
        values = np.ravel(np.asarray(fitted.predict(row), dtype=np.float64))
        _check(values[None], 1, fitted, "predict")
        return Says(values, None)
    scores = class_scores(fitted, row, 1, scale, classes)[0]
    label = classes[int(np.argmax(scores))]
    if hasattr(fitted, "predict"):
        label = np.asarray(fitted.predict(row)).ravel()[0]
        label = label.item() if isinstance(label, np.generic) else label
    return Says(scores, label)


def class_scores(
    fitted: Any, rows: Any, n_rows: int, scale: Scale, classes: tuple[Label, ...]
) -> NDArray[np.float64]:
    """What a fitted classifier says at `n_rows` rows: (n_rows, K), on a log scale.

    Raises `ValueError` where it does not answer with one finite number for each class.
    """
    by_probability = scale == "probability"
    asked = fitted.predict_proba if by_probability else fitted.decision_function
    values = np.asarray(asked(rows), dtype=np.float64).reshape(n_rows, -1)
    if by_probability:
        values = np.log(np.maximum(values, TINY))
    elif values.shape[1] == 1:  # of two classes, the second's over the first's
        values = np.hstack([np.zeros_like(values), values])
    own = np.asarray(getattr(fitted, "classes_", classes)).tolist()
    _check(values, len(own), fitted, "predict_proba" if by_probability else scale)
    of = dict(zip(own, values.T, strict=True))
    unseen = np.full(n_rows, math.log(TINY))
    return np.stack([of.get(label, unseen) for label in classes], axis=1)


def _check(values: NDArray[np.float64], length: int, fitted: Any, method: str) -> None:
    """Of values (m, ...), as many as `length` for each row."""
    name = type(fitted).__name__
    if values.shape[1] != length:
        hint = " Use decision_function_shape='ovr'." if method == "decision" else ""
        raise ValueError(
            f"{name} answers with {values.shape[1]} numbers at one row where {length} were "
            f"expected ({method}).{hint}"
        )
    if np.isnan(values).any():
        raise ValueError(f"{name} answers with NaN ({method}).")


@dataclass(frozen=True, eq=False)
class Question:
    """Does the claim still hold? Takes what a model says, returns the decision."""

    classes: tuple[Label, ...]
    favoured: int
    rival: int | None
    """The only class whose win counts as a flip; None: any other."""
    log_odds: float = 0.0
    """Of the claim's threshold, for the favoured class."""
    by_predict: bool = True
    """Whether `predict` has the last word: no threshold of the user's, no chosen rival."""
    cut: float | None = None
    """For regressors: the value that separates the two sides."""
    spread: float = 1.0
    """For regressors: what counts as one unit of log-odds on the screen."""

    def decision(self, says: Says) -> Decision:
        if self.cut is not None:
            sign = 1.0 if self.favoured == 1 else -1.0
            margin = _settled(sign * (float(says.scores[0]) - self.cut))
            winner = self.favoured if margin >= 0 else 1 - self.favoured
            return Decision(self.classes[winner], self.confidence(margin), margin)
        best = self._strongest(says.scores)
        margin = _settled(float(says.scores[self.favoured] - says.scores[best]) - self.log_odds)
        label = self.classes[best if margin < 0 else self.favoured]
        if self.by_predict:
            # The user's own `predict` is what flips: it breaks ties, and may follow other scores.
            stays = says.label == self.classes[self.favoured]
            margin = max(margin, 0.0) if stays else min(margin, BROKEN_TIE)
            label = says.label
        return Decision(label, self.confidence(margin), margin)

    def confidence(self, margin: float) -> float:
        """Of the favoured class against the best rival."""
        return 0.5 * (1.0 + math.tanh(0.5 * (margin / self.spread + self.log_odds)))

    def _strongest(self, scores: NDArray[np.float64]) -> int:
        if self.rival is not None:
            return self.rival
        others = scores.copy()
        others[self.favoured] = -np.inf
        best = int(np.argmax(others))
        return best if best != self.favoured else (self.favoured + 1) % len(scores)

    def claim(self, says: Says) -> Claim:
        """What is explained, of the model that says this."""
        decision = self.decision(says)
        rival = 1 - self.favoured if self.cut is not None else self._strongest(says.scores)
        return Claim(
            favoured=self.classes[self.favoured],
            rival=self.classes[rival],
            confidence=decision.confidence,
            margin=decision.margin,
            threshold=1.0 / (1.0 + math.exp(-self.log_odds)),
            cut=self.cut,
            prediction=None if self.cut is None else float(says.scores[0]),
        )


def _settled(margin: float) -> float:
    return 0.0 if abs(margin) <= NOISE else margin
