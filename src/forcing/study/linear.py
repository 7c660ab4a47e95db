"""Models with an objective of the engine, explained."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.baselines import ALL_UP_TO, BASELINES, follow_up, rank
from forcing.engine.arrays import Array, indices
from forcing.engine.problem import Problem
from forcing.errors import TrainingMismatchError
from forcing.models import AdaptedModel, Outlook
from forcing.records import Claim, Decision, Event, Label, Ranking, Work, finished
from forcing.study.many import Outcome, side_by_side
from forcing.study.options import LARGEST, number, one_of, probability
from forcing.study.polish import polish
from forcing.study.run import LARGEST_SHARE, Run, RunOptions, Tables
from forcing.study.training import check_classes
from forcing.study.verification import Refit, Verifier

BELOW, ABOVE = "below the threshold", "at or above the threshold"
"""What a regression decides."""


class LinearExplainer:
    """Finds the optimum of the objective once, factorises its Hessian once."""

    def __init__(
        self,
        adapted: AdaptedModel,
        X: Any,
        y: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,
        refit: Refit | None,
    ) -> None:
        self.adapted = adapted
        self.fit, self.polish = polish(adapted)
        self.classes = adapted.classes or (BELOW, ABOVE)
        self._X, self._y, self._weights, self._refit = X, y, sample_weight, refit
        self._tables = Tables()

    @property
    def description(self) -> str:
        return self.adapted.description

    @property
    def notes(self) -> tuple[str, ...]:
        own = [self.polish.note] if self.polish.note else []
        if not self.adapted.probabilities:
            own.append(
                "The model gives no probabilities: percentages are the logistic function of its "
                "score, 50 % the decision line."
            )
        return (*self.adapted.notes, *own)

    @property
    def feature_weights(self) -> NDArray[np.float64] | None:
        return self.adapted.feature_weights

    @property
    def n_parameters(self) -> int:
        return self.adapted.objective.n_parameters

    def claim(self, x: Any, rival: Label, threshold: float | None) -> Claim:
        return self.problem(x, rival, threshold).claim

    def events(
        self, x: Any, rival: Label, threshold: float | None, options: RunOptions
    ) -> Generator[Event, None, None]:
        problem = self.problem(x, rival, threshold)
        verifier = Verifier(self.adapted, x, self._refit, self._X)
        return Run(problem, options, verifier, self._tables).events()

    def outcomes(
        self, targets: Sequence[Any], threshold: float | None, options: RunOptions, until: float
    ) -> Work[list[Outcome]]:
        """Many targets side by side, until a time of `time.time`."""
        asked: list[Problem | Exception] = []
        for x in targets:
            try:
                asked.append(self.problem(x, None, threshold))
            except (TrainingMismatchError, ValueError) as error:
                asked.append(error)
        verifiers = [Verifier(self.adapted, x, self._refit, self._X) for x in targets]
        return (yield from side_by_side(asked, verifiers, options, self._tables, until))

    def predict_without(
        self, rows: list[int], x: Any, rival: Label, threshold: float | None
    ) -> Decision:
        problem = self.problem(x, rival, threshold)
        if not problem.free:
            weights = None if self._weights is None else np.delete(self._weights, rows)
            check_classes(np.delete(self._y, rows), weights, self.adapted.classes)
        return problem.decision(problem.refit(rows).theta)

    def rank(
        self, x: Any, method: str, rival: Label, threshold: float | None, seed: int | None
    ) -> Ranking:
        one_of("method", method, tuple(BASELINES))
        problem = self.problem(x, rival, threshold)
        longest = int(LARGEST_SHARE * len(self._y))
        return finished(follow_up(problem, rank(problem, method, seed), ALL_UP_TO, longest))

    def problem(self, x: Any, rival: Label = None, threshold: float | None = None) -> Problem:
        """The claim at x, in the coordinates of the objective."""
        adapted, theta = self.adapted, self.fit.theta
        cut = self._cut(threshold)
        outlook = adapted.outlook(x)
        ours = _scores(outlook, theta)
        favoured, as_fitted = _winner(ours, cut), _winner(adapted.scores(x), cut)
        if favoured != as_fitted:
            raise TrainingMismatchError(
                "the fitted model and the optimum of its objective decide differently at x "
                f"({self.classes[as_fitted]!r} and {self.classes[favoured]!r}): fit with a "
                "smaller tol and a larger max_iter, then ask again."
            )
        rivals = self._rivals(favoured, rival)
        shift = cut if favoured == 1 else -cut
        margins = [ours[favoured] - ours[r] - shift for r in rivals]
        nearest = int(np.argmin(margins))
        xp = array_namespace(theta)
        draft = Problem(
            objective=adapted.objective,
            fit=self.fit,
            directions=xp.stack(
                [outlook.directions[favoured, ...] - outlook.directions[r, ...] for r in rivals]
            ),
            offsets=tuple(
                shift - outlook.constants[favoured] + outlook.constants[r] for r in rivals
            ),
            shift=shift,
            favoured=favoured,
            rivals=rivals,
            claim=Claim(
                favoured=self.classes[favoured],
                rival=self.classes[rivals[nearest]],
                confidence=0.5,
                margin=margins[nearest],
                threshold=1 / (1 + math.exp(-shift)) if adapted.probabilities else 0.5,
            ),
            classes=self.classes,
            codes=self._codes(cut),
            free=not adapted.classes,
            scale=1.0 if adapted.probabilities else adapted.scale,
        )
        claim = replace(draft.claim, confidence=draft.confidence(margins[nearest]))
        return replace(draft, claim=claim)

    def _codes(self, cut: float) -> Array:
        codes = self.adapted.codes
        if not self.adapted.classes:
            codes = (self._y >= cut).astype(np.intp)
        return indices(codes.tolist(), self.fit.kept)

    def _cut(self, threshold: float | None) -> float:
        """Score from which on the second class is decided."""
        adapted = self.adapted
        if not adapted.classes:
            number("threshold", threshold, -LARGEST, expected=_OF_A_REGRESSION)
            return float(threshold or 0.0)
        if threshold is None:
            return adapted.cut
        if len(adapted.classes) > 2 or not adapted.probabilities:
            why = "gives no probabilities" if len(adapted.classes) == 2 else "has several classes"
            raise ValueError(f"threshold must be None: the model {why}; got {threshold!r}.")
        probability("threshold", threshold)
        return math.log(threshold / (1 - threshold))

    def _rivals(self, favoured: int, rival: Label) -> tuple[int, ...]:
        """All others, so that any change of the decision counts, or the one that was asked for."""
        others = tuple(k for k in range(len(self.classes)) if k != favoured)
        if rival is None:
            return others
        for k in others:
            if self.classes[k] == rival:
                return (k,)
        known = ", ".join(repr(self.classes[k]) for k in others)
        raise ValueError(
            f"rival must be {known if len(others) == 1 else f'one of {known}'}: the model decides "
            f"{self.classes[favoured]!r} at x; got {rival!r}."
        )


_OF_A_REGRESSION = "must be the prediction that separates the two decisions of a regression"


def _scores(outlook: Outlook, theta: Array) -> list[float]:
    xp = array_namespace(theta)
    axes = tuple(range(1, outlook.directions.ndim))
    values = xp.sum(outlook.directions * theta[None, ...], axis=axes)
    return [float(values[k]) + c for k, c in enumerate(outlook.constants)]


def _winner(scores: Any, cut: float) -> int:
    """Position of the class that is decided; ties as scikit-learn breaks them."""
    if len(scores) == 2:
        return int(scores[1] - scores[0] > cut)
    return int(np.argmax(np.asarray(scores)))
