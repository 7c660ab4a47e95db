"""Explains models by refitting them: what `Study` asks of a model that has no objective."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts
from forcing.engine.relabel import RELABEL
from forcing.engine.search import SearchOptions
from forcing.errors import TrainingMismatchError
from forcing.models.black_box import AdaptedBlackBox
from forcing.models.leaves import Trained, is_of_trees
from forcing.models.neighbours import AdaptedNeighbours
from forcing.models.orders import Features
from forcing.models.verdict import Question, Says, ask
from forcing.records import Claim, Decision, Event, Label, Progress, Ranking, Start, finished
from forcing.study.knockout import REFITS, KnockoutRun
from forcing.study.options import LARGEST_SHARE, RunOptions, number, one_of, probability
from forcing.study.poll import TRAININGS, Poll
from forcing.study.rankings import followed_by_retrainings
from forcing.study.refit_doubts import refit_doubts
from forcing.study.refits import SCORERS, Refits, followed_up, ranked
from forcing.study.retrained_run import RetrainedRun
from forcing.study.retrainings import (
    PROBES,
    SEARCHERS,
    Retrainings,
    Settings,
    middle,
    prepared,
    tally,
)

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
    settings
        How many retrainings a verdict takes, and what differs between them.
    """

    n_parameters = 0

    def __init__(
        self,
        model: AdaptedBlackBox,
        *,
        n_jobs: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.model = model
        self.n_jobs = n_jobs
        closed_form = isinstance(model, AdaptedNeighbours)
        self.of_trees = is_of_trees(model.fitted)
        self.retrainings = Retrainings(
            model.recipe,
            Settings(retrainings=1) if closed_form else settings or Settings(),
            always=self.of_trees,
            n_jobs=n_jobs,
        )
        self.classes = model.classes
        self.description = model.description
        self.notes = model.notes
        self.feature_weights = model.feature_weights

    @property
    def n_rows(self) -> int:
        return len(self.model.recipe.y)

    @property
    def default_baselines(self) -> tuple[str, ...]:
        """None where each length of an order would take several trainings."""
        return () if self.retrainings.varies else ("nearest",)

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
        check_options(options, self.model)
        row = self.model.row(x)
        says = self.says(self.model.fitted, row)
        question = self._question(says, rival, threshold)
        self._check_training(question, row)
        return self._events(question, question.claim(says), row, options)

    def _events(
        self, question: Question, claim: Claim, row: Any, options: RunOptions
    ) -> Generator[Event, None, None]:
        one_run = self.retrainings.wanted == 1 and (self.of_trees or self.model.recipe.draws)
        method, limit = options.search.method, options.limit
        yield Start(claim, method, limit, options.baselines, one_run=one_run)
        yield Progress("prepare", 0, None, self._cost(options))
        for done in self.retrainings.probe():
            yield Progress("prepare", done, PROBES, "whether training repeats itself")
        if self.retrainings.varies:
            run = RetrainedRun(self, question, claim, row, options)
            yield from run.events()
        else:
            yield from KnockoutRun(self, question, claim, row, options).events()

    def _cost(self, options: RunOptions) -> str:
        """What is ahead, as far as it is known before the first training."""
        if self.retrainings.varies:
            most = TRAININGS if options.max_refits is None else options.max_refits
            seconds = self.retrainings.seconds
            return f"at most {most} trainings{f' of about {seconds:.2g} s' if seconds else ''}"
        most = REFITS if options.max_refits is None else options.max_refits
        return f"at most {most} refits of about {self.refitted[1]:.2g} s each"

    def prepare(
        self,
        targets: Sequence[Any],
        options: RunOptions,  # noqa: ARG002 - whatever is asked, it is asked of retrainings
        until: float,
    ) -> Generator[Progress, None, None]:
        """Find out whether training repeats itself; where it does not, train on all rows."""
        trainings = self.retrainings
        yield from prepared(trainings, lambda: self._rows(targets), self.says, until)
        if not trainings.varies and time.time() < until:
            _ = self.refitted  # else each thread would refit for itself

    def _rows(self, targets: Sequence[Any]) -> dict[str, Any]:
        rows = {}
        for x in targets:
            with suppress(TrainingMismatchError, ValueError):  # its outcome says what is wrong
                row = self.model.row(x)
                rows[str(joblib.hash(row))] = row
        return rows

    def predict_without(
        self, rows: Sequence[int], x: Any, rival: Label = None, threshold: float | None = None
    ) -> Decision:
        """What the model, refitted without these rows, decides at x."""
        recipe = self.model.recipe
        row = self.model.row(x)
        question = self._question(self.says(self.model.fitted, row), rival, threshold)
        gone = sorted(set(rows))
        kept = np.delete(np.arange(self.n_rows), gone)
        if recipe.empties_a_class(kept):
            raise ValueError(
                f"without these {self.n_rows - len(kept)} rows a class has no row left: a model "
                "that has never seen it does not decide against it."
            )
        self.retrainings.find_out()
        if not self.retrainings.varies:
            return self.decide(kept, row, question)
        wanted = self.retrainings.wanted
        trained = self.retrainings.on_all_rows(wanted)
        if gone:
            trained = self.retrainings.trained(range(wanted), gone)
        decisions = [self.decided(one, row, question, len(kept)) for one in trained]
        return replace(middle(decisions), tally=tally(decisions))

    def decide(
        self,
        kept: NDArray[np.intp],
        row: Any,
        question: Question,
        y: NDArray[Any] | None = None,
    ) -> Decision:
        """A refit on these rows decides, to the labels `y` (n,) where they are given."""
        says = self.model.recipe.says(kept, row, y=y)
        if isinstance(says, str):
            raise self._untrainable(len(kept), says)
        return question.decision(says)

    def decided(self, one: Trained | str, row: Any, question: Question, size: int) -> Decision:
        """What a retraining decides; raises `ValueError` where there is none."""
        if isinstance(one, str):
            raise self._untrainable(size, one)
        return question.decision(self.says(one.model, row))

    def _untrainable(self, size: int, why: str) -> ValueError:
        return ValueError(f"{self.description} cannot be refitted on {size} rows. {why}")

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
        """One baseline's order of the training rows, with `flips_at` by refitting; where training
        does not repeat itself, by the mean of several retrainings.
        """
        one_of("method", method, tuple(SCORERS))
        row = self.model.row(x)
        says = self.says(self.model.fitted, row)
        question = self._question(says, rival, threshold)
        ranking = ranked(method, self.features, row, self.support(question), seed)
        limit = int(LARGEST_SHARE * self.n_rows)
        self.retrainings.find_out()
        if self.retrainings.varies:
            claim, options = question.claim(says), default_options(self.n_rows)
            poll = Poll(self, question, claim, row, options)
            return finished(followed_by_retrainings(poll, ranking, limit))
        start = question.decision(says).confidence
        refits = Refits(self.model.recipe, row, question, start, self.n_jobs)
        return finished(followed_up(refits, refits.trials(0), ranking, limit))

    def support(self, question: Question) -> NDArray[np.float64]:
        """(n,): above 0 where a row speaks for the decision."""
        y = self.model.recipe.y
        if question.cut is not None:
            sign = 1.0 if question.favoured == 1 else -1.0
            return np.asarray(sign * (y.astype(np.float64) - question.cut))
        return np.where(y == self.classes[question.favoured], 1.0, -1.0)

    def lean(self, question: Question, claim: Claim) -> NDArray[np.float64]:
        """(n,): as `support`, but 0 for rows of a third class, which speak for neither."""
        support = self.support(question)
        if question.cut is None and len(self.classes) > 2:
            y = self.model.recipe.y
            support[(y != claim.favoured) & (y != claim.rival)] = 0.0
        return support

    def sides(self, question: Question) -> NDArray[Any]:
        """(n,): the class of each row; for a regressor the side on which its value lies."""
        y = self.model.recipe.y
        return y if question.cut is None else y.astype(np.float64) >= question.cut

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

    def _check_training(self, question: Question, row: Any) -> None:
        """Raise `TrainingMismatchError` where these data do not make the model that was given."""
        if self.retrainings.varies is None and self._flips_when_refitted(question, row):
            self.retrainings.find_out()
        if self.retrainings.varies is None:
            return
        if not self.retrainings.varies:
            if self._flips_when_refitted(question, row):
                raise TrainingMismatchError(
                    f"{self.description}, refitted on all rows, decides otherwise at x than the "
                    f"model given. {SAME_DATA}"
                )
            return
        # One that varies may decide otherwise by chance; on other data it does so everywhere.
        first = next(self.retrainings.on_all_rows(1))
        if isinstance(first, str):
            raise self._untrainable(self.n_rows, first)
        if question.decision(self.says(first.model, row)).flipped:
            self._check_everywhere()

    def _check_everywhere(self) -> None:
        """Compare the model with some retrainings on all rows, and these with one another."""
        again = [one for one in self.retrainings.on_all_rows(SEARCHERS) if not isinstance(one, str)]
        if len(again) < 2:
            return  # what retrainings do among themselves is not known
        some = np.unique(np.linspace(0, self.n_rows - 1, CHECKED).astype(np.intp))
        decides = [self.model.recipe.decides(one.model, some) for one in again]
        given = self.model.recipe.decides(self.model.fitted, some)
        apart = min(float(np.mean(given != other)) for other in decides)
        usual = max(float(np.mean(a != b)) for a, b in itertools.combinations(decides, 2))
        if apart > usual + MORE_APART:
            raise TrainingMismatchError(
                f"{self.description}, trained again on all rows, decides {apart:.0%} of the "
                f"training rows otherwise than the model given. {SAME_DATA}"
            )

    def _flips_when_refitted(self, question: Question, row: Any) -> bool:
        return question.decision(self.says(self.refitted[0], row)).flipped


CHECKED = 500
"""Training rows at which a model that varies is compared with its retrainings."""

MORE_APART = 0.1
"""Share of these rows that it may decide otherwise, beyond what they do among themselves."""

SAME_DATA = (
    "Pass the rows, labels and sample_weight that fit received; where the estimator draws at "
    "random, fit it with random_state=0."
)


def default_options(n_rows: int) -> RunOptions:
    """Those of a plain `explain`."""
    limit = max(1, int(LARGEST_SHARE * n_rows))
    return RunOptions(SearchOptions(), min(limit, n_rows - 1), True, True, True, (), 0)  # noqa: FBT003


def check_options(options: RunOptions, model: AdaptedBlackBox) -> None:
    """Refuse what needs an objective, which such a model does not have."""
    search = options.search
    if search.method in WITH_OBJECTIVE:
        raise ValueError(
            f"method {search.method!r} takes gradients of the model's objective, and this model "
            f"is known by its refits alone; use 'mfs', 'relabel' or one of {', '.join(SCORERS)}."
        )
    if search.method == RELABEL:
        if model.regressor:
            raise ValueError(
                f"method {RELABEL!r} changes labels, and a regression has none: its targets are "
                "numbers. Use method='mfs', which leaves rows out."
            )
        if model.recipe.training is not None:
            raise ValueError(
                f"method {RELABEL!r} needs training to other labels, and refit is told rows and no "
                "labels: make the Study without refit."
            )
    one_of("method", search.method, ("mfs", RELABEL, *SCORERS))
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
