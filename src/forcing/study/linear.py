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
from forcing.engine.arrays import Array, count, indices
from forcing.engine.doubts import Doubts
from forcing.engine.problem import Problem
from forcing.engine.relabel import RELABEL, relabelling
from forcing.errors import TrainingMismatchError
from forcing.models import AdaptedModel, Outlook, TrainingData
from forcing.models.user_refit import UserRefit
from forcing.records import Claim, Decision, Event, Label, Progress, Ranking, Work, finished
from forcing.study import doubts
from forcing.study.many import Outcome, side_by_side
from forcing.study.options import LARGEST, LARGEST_SHARE, RunOptions, number, one_of, probability
from forcing.study.polish import polish
from forcing.study.retrainings import Retrainings, Settings, prepared
from forcing.study.run import Run, Tables
from forcing.study.training import check_classes
from forcing.study.user_verdict import UserTrainer, UserVerdict
from forcing.study.verification import Verifier

BELOW, ABOVE = "below", "above"
"""What a regression decides: its prediction is below the threshold, or not."""


class LinearExplainer:
    """Finds the optimum of the objective once, factorises its Hessian once."""

    default_baselines = ("influence", "representer")

    def __init__(
        self,
        adapted: AdaptedModel,
        data: TrainingData,
        refit: UserRefit | None,
        settings: Settings,
    ) -> None:
        self.adapted = adapted
        self.fit, self.polish = polish(adapted)
        self.classes = adapted.classes or (BELOW, ABOVE)
        self._X, self._y, self._weights, self._refit = data.X, data.y, data.sample_weight, refit
        self._retrainings: Retrainings | None = None
        if refit is not None:
            trainer = UserTrainer(adapted, data.X, data.y, data.sample_weight, refit)
            self._retrainings = Retrainings(trainer, settings)
        self._tables = Tables()

    @property
    def description(self) -> str:
        return self.adapted.description

    @property
    def notes(self) -> tuple[str, ...]:
        own = [self.polish.note] if self.polish.note else []
        if not self.adapted.classes and self.adapted.cut_at is not None:
            own.append(
                "Percentages are the logistic function of the distance between the transformed "
                "prediction and threshold, 50 % the threshold."
            )
        elif self.adapted.classes and not self.adapted.probabilities:
            own.append(
                "The model gives no probabilities: percentages are the logistic function of its "
                "score, 50 % the decision line."
            )
        if not self._verifiable:
            own.append(
                "Sets are not verified: only its user can retrain this model. Verification needs "
                "refit=, a function from the rows that stay to the model trained on them."
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
        if options.hold:
            problem = replace(problem, held=self._mask(options.hold))
        if options.search.method == RELABEL:
            self._check_labels(options)
            problem = relabelling(problem)
        verifier = Verifier(self.adapted, x, self._refit, self._X)
        able = replace(self._able(options), limit=min(options.limit, self._most()))
        verdict = None
        if self._retrainings is not None:
            verdict = UserVerdict(self._retrainings, problem, verifier)
        return Run(problem, able, verifier, self._tables, verdict).events()

    def _able(self, options: RunOptions) -> RunOptions:
        """Without what nobody can do for this model."""
        return replace(
            options,
            verify=options.verify and self._verifiable,
            bound=options.bound and not self.adapted.linearised,
        )

    @property
    def _verifiable(self) -> bool:
        """Whether there is anybody to ask for a refit."""
        return self._refit is not None or self.adapted.refit is not None

    def _most(self) -> int:
        """Rows that may leave and the rest still determine a model without a penalty."""
        objective = self.adapted.objective
        rows, free = count(objective.weights > 0), count(objective.penalty == 0)
        return max(1, rows - free - 1) if free > 1 else rows

    def _check_labels(self, options: RunOptions) -> None:
        if not self.adapted.classes:
            raise ValueError(
                f"method {RELABEL!r} changes labels, and a regression has none: its targets are "
                "numbers. Use method='mfs', which leaves rows out."
            )
        if options.verify and self._refit is not None:
            raise ValueError(
                f"method {RELABEL!r} cannot be verified by refit, which is told rows and no "
                "labels: make the Study without refit, or pass verify=False."
            )

    def _mask(self, rows: Sequence[int]) -> Array:
        xp = array_namespace(self.fit.kept)
        held = xp.zeros_like(self.fit.kept)
        for row in rows:
            held[row] = 1.0
        return held > 0

    def prepare(
        self,
        targets: Sequence[Any],  # noqa: ARG002 - the user's own models are kept where there is room
        options: RunOptions,
        until: float,
    ) -> Generator[Progress, None, None]:
        """The user's own training on all rows, where it has the last word and varies."""
        if self._retrainings is not None and options.verify:
            yield from prepared(self._retrainings, dict, lambda *_: None, until)

    def tests_each(self, options: RunOptions) -> bool:
        """Whether every set is put to the test of several trainings, target by target."""
        varies = self._retrainings is not None and self._retrainings.varies
        return bool(varies and options.verify)

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
        able = self._able(options)
        return (yield from side_by_side(asked, verifiers, able, self._tables, until))

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

    def doubts(
        self, targets: Sequence[Any], labels: NDArray[Any] | None, seed: int | None
    ) -> Doubts | None:
        return doubts.doubts(self.adapted, self.fit, self._X, targets, labels, seed)

    def owed(
        self, targets: Sequence[Any], labels: NDArray[Any] | None, threshold: float | None
    ) -> NDArray[np.float64] | None:
        wrong = []
        for place, x in enumerate(targets):
            try:
                problem = self.problem(x, None, threshold)
            except (TrainingMismatchError, ValueError):
                continue  # its outcome says what is wrong with it
            if labels is None or problem.claim.favoured != labels[place]:
                wrong.append(problem)
        return doubts.owed(wrong) if wrong else None

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
                f"({self.classes[as_fitted]!r} and {self.classes[favoured]!r}): fit closer "
                "to the optimum (a smaller tol, a larger max_iter, more epochs), then ask again."
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
                cut=None if adapted.classes or threshold is None else float(threshold),
                prediction=None if adapted.classes or adapted.cut_at else ours[1] - ours[0],
            ),
            classes=self.classes,
            codes=self._codes(threshold),
            free=not adapted.classes,
            scale=1.0 if adapted.probabilities else adapted.scale,
        )
        claim = replace(draft.claim, confidence=draft.confidence(margins[nearest]))
        return replace(draft, claim=claim)

    def _codes(self, threshold: float | None) -> Array:
        codes = self.adapted.codes
        if not self.adapted.classes:
            codes = (self._y >= threshold).astype(np.intp)
        return indices(codes.tolist(), self.fit.kept)

    def _cut(self, threshold: float | None) -> float:
        """Score from which on the second class is decided."""
        adapted = self.adapted
        if not adapted.classes:
            number("threshold", threshold, -LARGEST, expected=_OF_A_REGRESSION)
            value = float(threshold or 0.0)
            return value if adapted.cut_at is None else adapted.cut_at(value)
        if threshold is None:
            return adapted.cut
        known = adapted.probabilities or adapted.cut_at is not None
        if len(adapted.classes) > 2 or not known:
            why = "gives no probabilities" if len(adapted.classes) == 2 else "has several classes"
            raise ValueError(f"threshold must be None: the model {why}; got {threshold!r}.")
        probability("threshold", threshold)
        if adapted.cut_at is None:
            return math.log(threshold / (1 - threshold))
        cut = adapted.cut_at(float(threshold))
        if not math.isfinite(cut):
            raise ValueError(
                f"threshold must be a probability that the model can be on both sides of, got "
                f"{threshold!r}."
            )
        return cut

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
