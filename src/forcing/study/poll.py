"""Several retrainings, asked about one target, within a budget."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forcing.engine.chance import FRESH
from forcing.engine.knockout import BudgetSpentError, Rows
from forcing.engine.relabel import RELABEL
from forcing.engine.retraining import FARTHEST, Measured
from forcing.models.leaves import Trained
from forcing.models.verdict import Question, Says, ask
from forcing.records import Claim, Decision, Label, Phase, Progress, Work
from forcing.study.options import RunOptions
from forcing.study.retrainings import SEARCHERS, random_rows

if TYPE_CHECKING:
    from forcing.study.black_box import BlackBoxExplainer

TRAININGS = 100
"""Most trainings for a target unless `max_refits` says otherwise."""

RANKERS = 3
"""Retrainings of each length of a baseline's order; their mean counts."""

SEARCHED = 0.6
"""Of the time, for the search; the rest is for the verdict and its control."""


class Poll:
    """What retrainings decide at one target, without some rows or with their labels changed.

    Every call raises `BudgetSpentError` before it begins what the budget does not allow whole.
    """

    def __init__(
        self,
        explainer: BlackBoxExplainer,
        question: Question,
        claim: Claim,
        row: Any,
        options: RunOptions,
    ) -> None:
        self.explainer = explainer
        self.retrainings = explainer.retrainings
        self.recipe = explainer.model.recipe
        self.question, self.claim, self.row = question, claim, row
        self.held = list(options.hold)
        self.becomes: Label = claim.rival if options.search.method == RELABEL else None
        """The label that rows get instead of being removed; None: they are removed."""
        self.began = time.perf_counter()
        self.most = TRAININGS if options.max_refits is None else options.max_refits
        self.until = self.began + (options.max_seconds or math.inf)
        self.reserved = 2 * self.retrainings.wanted if options.verify else 0
        """Trainings of a verdict and its control, which the search leaves."""
        self.used = 0
        """Trainings, those included that other targets share."""
        """Trainings that count; those without random rows also where another target had them done,
        so that what is found does not depend on the order of targets."""
        self.failed: list[str] = []
        """Why retrainings were not possible."""
        self._trainings, self._seconds = 0, 0.0

    @property
    def wanted(self) -> int:
        """Retrainings of a verdict."""
        return self.retrainings.wanted

    def on_all_rows(self) -> Work[Measured]:
        """The retrainings that say whether the decision is stable."""
        return self._measured((), range(self.wanted), "prepare", "all rows")

    def searched(self, rows: Rows) -> Work[Measured]:
        """The retrainings of a search, the same for every set."""
        most = self.most - self.reserved
        late = self.began + SEARCHED * (self.until - self.began)
        if self.used + SEARCHERS > most or time.perf_counter() > late:
            raise BudgetSpentError
        note = f"without {len(rows)} rows" if self.becomes is None else f"{len(rows)} new labels"
        return self._measured(rows, range(SEARCHERS), "search", note)

    def allow(self, more: int) -> None:
        """So many further trainings, whatever was used before; the time stays as it is."""
        self.most = self.used + more

    def ranked(self, rows: Rows, method: str) -> Work[Measured]:
        """The retrainings of a baseline, the same for every length of every order."""
        found = yield from self._measured(rows, range(RANKERS), "rank", method)
        return replace(found, models=())

    def fresh(self, rows: Rows, candidate: int, then: int = 0) -> Work[list[Decision]]:
        """Retrainings that no search has seen, nor the verdict on another candidate; if `then`
        so many more may follow.
        """
        self._afford(self.wanted + then)
        return self._decisions(rows, self._fresh(candidate), "verify", "fresh retrainings")

    def control(self, rows: Rows, candidate: int) -> Work[list[Decision]]:
        """The same chance with as many other rows of each class, drawn at random each time."""
        decisions = []
        for number in self._fresh(candidate):
            others = self._random(rows, number)
            decisions += yield from self._decisions(
                others, [number], "verify", "random rows", shared=True
            )
        return decisions

    def put_back(self, rows: Rows, row: int, candidate: int) -> Work[list[Decision]]:
        """The retrainings of the verdict with one row of the set in place."""
        self._afford(2 * self.wanted)  # the control comes after it
        without = tuple(other for other in rows if other != row)
        return self._decisions(without, self._fresh(candidate), "refine", "put rows back")

    def _fresh(self, candidate: int) -> range:
        return range(FRESH * candidate, FRESH * candidate + self.wanted)

    def _random(self, rows: Rows, number: int) -> Rows:
        sides = self.explainer.sides(self.question)
        return random_rows(sides, rows, self.held, self.retrainings.chance, number)

    def _measured(
        self, rows: Rows, numbers: Sequence[int], phase: Phase, note: str
    ) -> Work[Measured]:
        models: list[Trained] = []
        decisions = yield from self._decisions(rows, numbers, phase, note, models)
        return self.measured(rows, decisions, models)

    def measured(
        self, rows: Rows, decisions: Sequence[Decision], models: Sequence[Trained] = ()
    ) -> Measured:
        """What was decided, for a search."""
        margins = np.array([decision.margin for decision in decisions]) / self.question.spread
        return Measured(
            rows,
            np.clip(margins, -FARTHEST, FARTHEST),
            tuple(decision.confidence for decision in decisions),
            sum(decision.flipped for decision in decisions),
            tuple(models),
        )

    def _afford(self, trainings: int) -> None:
        if self.used + trainings > self.most or time.perf_counter() > self.until:
            raise BudgetSpentError

    def _decisions(
        self,
        rows: Rows,
        numbers: Sequence[int],
        phase: Phase,
        note: str,
        models: list[Trained] | None = None,
        *,
        shared: bool = False,
    ) -> Work[list[Decision]]:
        """One for each number; the first models go to `models`."""
        said = {} if rows else self.retrainings.said(self.row)
        known = [not rows and (n in said or self.retrainings.has(n)) for n in numbers]
        # What an earlier target has paid for counts too, so that the budget of a target, and with
        # it the result, does not depend on which was asked first.
        self._afford(len(known))
        decisions: list[Decision] = []
        trained = iter(self._trained(rows, numbers, said, shared=shared))
        for place, (number, is_known) in enumerate(zip(numbers, known, strict=True)):
            yield self._progress(phase, note)
            self.used += 1
            if number in said:
                decisions.append(self._asked(said[number]))
                continue
            began = time.perf_counter()
            one = next(trained)
            if not is_known:
                self._trainings += 1
                self._seconds += time.perf_counter() - began
            decisions.append(self._asked(one))
            if models is not None and isinstance(one, Trained) and place < SEARCHERS:
                models.append(one)
        return decisions

    def _trained(
        self, rows: Rows, numbers: Sequence[int], said: Mapping[int, Says], *, shared: bool
    ) -> Iterable[Trained | str]:
        if not rows:
            return self.retrainings.on_all_rows(len(numbers), said)
        if self.becomes is None:
            if shared:
                return (self.retrainings.control(number, rows) for number in numbers)
            return self.retrainings.trained(numbers, rows)
        y = self.recipe.y.copy()
        y[list(rows)] = self.becomes
        return self.retrainings.trained(numbers, (), y)

    def _asked(self, one: Trained | Says | str) -> Decision:
        """A model that cannot be trained decides nothing: as before."""
        if isinstance(one, str):
            self.failed.append(one)
        else:
            try:
                if isinstance(one, Trained):
                    one = ask(one.model, self.row, self.recipe.scale, self.recipe.classes)
                return self.question.decision(one)
            except ValueError as error:
                self.failed.append(str(error))
        return Decision(self.claim.favoured, self.claim.confidence, self.claim.margin)

    def _progress(self, phase: Phase, note: str) -> Progress:
        if self._trainings:
            each = self._seconds / self._trainings
            left = each * max(0, self.most - self.used)
            note += f", {each:.2g} s a training, at most {left:.0f} s left"
        return Progress(phase, min(self.used, self.most), self.most, note)
