"""Explains models by refitting them: what `Study` asks of a model that has no objective."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts
from forcing.engine.relabel import RELABEL
from forcing.engine.search import SearchOptions
from forcing.errors import TrainingMismatchError
from forcing.models.black_box import AdaptedBlackBox
from forcing.models.orders import Features
from forcing.models.verdict import Question, Says, ask
from forcing.records import Claim, Decision, Event, Label, Ranking, finished
from forcing.study.knockout import KnockoutRun
from forcing.study.options import LARGEST_SHARE, RunOptions, number, one_of, probability
from forcing.study.refit_doubts import refit_doubts
from forcing.study.refits import SCORERS, Refits, followed_up, ranked

WITH_OBJECTIVE = ("mfs-newton", "mfs-retrain")
"""Methods that take gradients of the model."""


class BlackBoxExplainer:
    """A fitted model that can be refitted, ready to explain many targets.

    Parameters
    ----------
    model
        From `forcing.models.adapt`.
    n_jobs
        How many refits run at once; None is one, unless `joblib.parallel_config` says otherwise.
        The result is the same for any number.
    seeds
        With more than one, the set found is also verified with other values of random_state.
    """

    default_baselines = ("nearest",)
    n_parameters = 0

    def __init__(
        self, model: AdaptedBlackBox, *, n_jobs: int | None = None, seeds: int = 1
    ) -> None:
        self.model = model
        self.n_jobs = n_jobs
        self.seeds = seeds
        self.classes = model.classes
        self.description = model.description
        self.notes = model.notes
        self.feature_weights = model.feature_weights

    @property
    def n_rows(self) -> int:
        return len(self.model.recipe.y)

    @cached_property
    def features(self) -> Features:
        """The training rows in numbers, for orders and baselines."""
        return Features.of(self.model.recipe.X)

    @cached_property
    def refitted(self) -> tuple[Any, float]:
        """The user's estimator refitted on all rows, and the seconds that it took."""
        began = time.perf_counter()
        fitted = self.model.recipe.fit(np.arange(self.n_rows))
        return fitted, time.perf_counter() - began

    def claim(self, x: Any, rival: Label = None, threshold: float | None = None) -> Claim:
        """What the model decides at x, as the claim to be explained."""
        says = self.says(self.model.fitted, self.model.row(x))
        return self._question(says, rival, threshold).claim(says)

    def events(
        self,
        x: Any,
        rival: Label = None,
        threshold: float | None = None,
        options: RunOptions | None = None,
    ) -> Generator[Event, None, None]:
        """Every record of a run; bad input raises here, before the first record."""
        options = options or default_options(self.n_rows)
        check_options(options)
        row = self.model.row(x)
        says = self.says(self.model.fitted, row)
        question = self._question(says, rival, threshold)
        self._check_refit(question, row)
        return KnockoutRun(self, question, question.claim(says), row, options).events()

    def predict_without(
        self, rows: Sequence[int], x: Any, rival: Label = None, threshold: float | None = None
    ) -> Decision:
        """What the model, refitted without these rows, decides at x."""
        recipe = self.model.recipe
        row = self.model.row(x)
        question = self._question(self.says(self.model.fitted, row), rival, threshold)
        kept = np.setdiff1d(np.arange(self.n_rows), np.asarray(list(rows), dtype=np.intp))
        if recipe.empties_a_class(kept):
            raise ValueError(
                f"without these {self.n_rows - len(kept)} rows a class has no row left: a model "
                "that has never seen it does not decide against it."
            )
        return self.decide(kept, row, question)

    def decide(
        self, kept: NDArray[np.intp], row: Any, question: Question, seed: int | None = None
    ) -> Decision:
        """A refit on these rows decides."""
        says = self.model.recipe.says(kept, row, seed)
        if isinstance(says, str):
            raise ValueError(f"{self.description} cannot be refitted on {len(kept)} rows. {says}")  # noqa: TRY004
        return question.decision(says)

    def doubts(
        self, targets: Sequence[Any], labels: NDArray[Any] | None, seed: int | None
    ) -> Doubts | str:
        """By refits on parts of the rows; `refit_doubts` says how many."""
        return refit_doubts(self.model, targets, labels, seed, self.n_jobs)

    def owed(self, *_: Any) -> str | None:
        """Influence takes a gradient; by refits it would take one for each row."""
        if self.model.regressor:
            return None
        return f"{self.description} has no objective, and is known by its refits alone"

    def rank(
        self,
        x: Any,
        method: str,
        rival: Label = None,
        threshold: float | None = None,
        seed: int | None = 0,
    ) -> Ranking:
        """One baseline's order of the training rows, with `flips_at` by refitting."""
        one_of("method", method, tuple(SCORERS))
        row = self.model.row(x)
        says = self.says(self.model.fitted, row)
        question = self._question(says, rival, threshold)
        start = question.decision(says).confidence
        refits = Refits(self.model.recipe, row, question, start, self.n_jobs)
        ranking = ranked(method, self.features, row, self.support(question), seed)
        limit = int(LARGEST_SHARE * self.n_rows)
        return finished(followed_up(refits, refits.trials(0), ranking, limit))

    def support(self, question: Question) -> NDArray[np.float64]:
        """(n,): above 0 where a row speaks for the decision."""
        y = self.model.recipe.y
        if question.cut is not None:
            sign = 1.0 if question.favoured == 1 else -1.0
            return np.asarray(sign * (y.astype(np.float64) - question.cut))
        return np.where(y == self.classes[question.favoured], 1.0, -1.0)

    def label(self, row: int, question: Question) -> Label:
        """The class of a training row; for a regressor the side on which its value lies."""
        value = self.model.recipe.y[row]
        if question.cut is not None:
            return self.classes[int(float(value) >= question.cut)]
        return value.item() if isinstance(value, np.generic) else value

    def says(self, fitted: Any, row: Any) -> Says:
        """What a fitted estimator says at a one-row container."""
        return ask(fitted, row, self.model.recipe.scale, self.classes)

    def _question(self, says: Says, rival: Label, threshold: float | None) -> Question:
        if self.model.regressor:
            return self._of_a_regressor(says, rival, threshold)
        favoured = self._position(says.label)
        cut = 0.5 if threshold is None else threshold
        probability("threshold", cut)
        if cut != 0.5:
            if len(self.classes) > 2:
                raise ValueError(
                    f"threshold must be left out for {len(self.classes)} classes, of which the "
                    f"most probable is decided; got {threshold!r}."
                )
            log_odds = math.log(cut / (1 - cut))
            favoured = int(says.scores[1] - says.scores[0] > log_odds)
            shift = log_odds if favoured else -log_odds
            question = Question(self.classes, favoured, None, shift, by_predict=False)
        else:
            question = Question(self.classes, favoured, None)
        if rival is None:
            return question
        if rival not in self.classes or rival == self.classes[favoured]:
            others = [label for c, label in enumerate(self.classes) if c != favoured]
            raise ValueError(
                f"rival must be one of {', '.join(map(repr, others))}: the model decides "
                f"{self.classes[favoured]!r} at x; got {rival!r}."
            )
        if len(self.classes) == 2:
            return question
        return Question(self.classes, favoured, self._position(rival), by_predict=False)

    def _of_a_regressor(self, says: Says, rival: Label, threshold: float | None) -> Question:
        if threshold is None:
            raise ValueError(
                f"threshold must be given for {self.description}, a regressor: the value that "
                "the prediction must cross, such as threshold="
                f"{float(np.median(self.model.recipe.y)):.3g}."
            )
        number("threshold", threshold, -math.inf, expected="must be a finite number")
        cut = float(threshold)
        favoured = int(float(says.scores[0]) >= cut)
        if rival is not None and rival != self.classes[1 - favoured]:
            raise ValueError(
                f"rival must be {self.classes[1 - favoured]!r}, the other side of the threshold; "
                f"got {rival!r}."
            )
        spread = float(np.std(self.model.recipe.y.astype(np.float64))) or 1.0
        return Question(self.classes, favoured, None, by_predict=False, cut=cut, spread=spread)

    def _position(self, label: Label) -> int:
        return self.classes.index(label)

    def _check_refit(self, question: Question, row: Any) -> None:
        if question.decision(self.says(self.refitted[0], row)).flipped:
            raise TrainingMismatchError(
                f"{self.description}, refitted on all rows, decides otherwise at x than the "
                "model given. Pass the rows, labels and sample_weight that fit received; where "
                "the estimator draws at random, fit it with random_state=0."
            )


def default_options(n_rows: int) -> RunOptions:
    """Those of a plain `explain`."""
    limit = max(1, int(LARGEST_SHARE * n_rows))
    return RunOptions(SearchOptions(), min(limit, n_rows - 1), True, True, True, (), 0)  # noqa: FBT003


def check_options(options: RunOptions) -> None:
    """Refuse what needs an objective, which such a model does not have."""
    search = options.search
    if search.method in WITH_OBJECTIVE:
        raise ValueError(
            f"method {search.method!r} takes gradients of the model's objective, and this model "
            f"is known by its refits alone; use 'mfs' or one of {', '.join(SCORERS)}."
        )
    if options.hold or search.method == RELABEL:
        what = f"method {RELABEL!r}" if search.method == RELABEL else "hold="
        raise TypeError(
            f"{what} needs the model's objective, and this model is known by its refits alone."
        )
    one_of("method", search.method, ("mfs", *SCORERS))
    for name in options.baselines:
        one_of("baselines", name, tuple(SCORERS))
    if search.exit != "flip":
        raise ValueError(
            f"exit must be 'flip' for a model that is known by its refits alone: there is no loss "
            f"gap to close; got {search.exit!r}."
        )
    if search.qp_steps != 1:
        raise ValueError(
            "qp_steps must be left out for a model that is known by its refits alone: there is "
            f"no counterfactual to solve for; got {search.qp_steps!r}."
        )
