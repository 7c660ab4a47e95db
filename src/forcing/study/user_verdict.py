"""Sets of a model with an objective, put to the test of the user's own training."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from forcing.engine.arrays import on_host
from forcing.engine.chance import FRESH, are_alike, can_pass, is_most, level_of
from forcing.engine.problem import Problem
from forcing.engine.retraining import CLEAR
from forcing.models import AdaptedModel
from forcing.models.black_box import lacks_a_class, take_rows
from forcing.models.leaves import Trained
from forcing.models.user_refit import UserRefit
from forcing.records import Decision, Event, Progress, Stability, Verified
from forcing.study.retrainings import PROBES, Retrainings, middle, random_rows, tally
from forcing.study.verification import Verifier


@dataclass(frozen=True, eq=False)
class UserTrainer:
    """Trains by the user's `refit`."""

    adapted: AdaptedModel
    X: Any
    y: NDArray[Any]
    sample_weight: NDArray[np.float64] | None
    refit: UserRefit

    @property
    def n_rows(self) -> int:
        return len(self.y)

    @property
    def draws(self) -> bool:
        return self.refit.takes_seed

    def fit(
        self,
        kept: NDArray[np.intp],
        seed: int | None = None,
        y: NDArray[Any] | None = None,  # noqa: ARG002 - refit is told rows alone
    ) -> Any:
        return self.refit(kept, seed)

    def answers(self, fitted: Any, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        found = []
        for row in rows:
            x = take_rows(self.X, np.array([row]))
            scores = Verifier(self.adapted, x, self.refit, self.X).scores(fitted)
            if self.adapted.classes:
                found.append(softmax(scores))
            else:
                found.append(expit(scores / (float(np.std(self.y.astype(np.float64))) or 1.0)))
        return np.array(found)

    def empties_a_class(
        self,
        kept: NDArray[np.intp],
        y: NDArray[Any] | None = None,  # noqa: ARG002
    ) -> bool:
        return lacks_a_class(self.y, self.sample_weight, len(self.adapted.classes), kept)


class UserVerdict:
    """For one target: is the decision stable, and do fresh trainings confirm a set."""

    def __init__(self, retrainings: Retrainings, problem: Problem, verifier: Verifier) -> None:
        self.retrainings, self.problem, self.verifier = retrainings, problem, verifier
        self.number = 0
        """How many candidates were put to the test."""
        self.short = 0.0
        """By how much the margin of the last one was short of what most trainings would flip."""

    @property
    def varies(self) -> bool:
        return bool(self.retrainings.varies)

    @property
    def over(self) -> bool:
        """Whether no further candidate could pass: each further test is another chance for luck."""
        return self.varies and not can_pass(self.number + 1, self.retrainings.wanted)

    def stability(self) -> Generator[Event, None, Stability | None]:
        """What retrainings on all rows decide; None where training repeats itself."""
        for done in self.retrainings.probe():
            yield Progress("prepare", done, PROBES, "whether your training repeats itself")
        if not self.varies:
            return None
        began, wanted = time.perf_counter(), self.retrainings.wanted
        whole = self.retrainings.on_all_rows(wanted)
        decisions = yield from self._asked(whole, "train on all rows again")
        seconds = time.perf_counter() - began
        return Stability(tally(decisions), self.retrainings.chance.leave_out, seconds)

    def verified(self, rows: Sequence[int]) -> Generator[Event, None, Verified]:
        """Fresh trainings without these rows; where they confirm the set, as many without random
        rows of the same classes.
        """
        began = time.perf_counter()
        self.number += 1
        first, wanted = FRESH * self.number, self.retrainings.wanted
        numbers = range(first, first + wanted)
        fresh = yield from self._asked(
            self.retrainings.trained(numbers, rows), "your training, fresh"
        )
        agreement = tally(fresh)
        margins = np.array([decision.margin for decision in fresh])
        self.short = max(0.0, float(np.mean(margins) + CLEAR * np.std(margins, ddof=1)))
        passed = is_most(agreement.flips, agreement.of, level_of(self.number))
        other = None
        if passed:
            random = (
                one for n in numbers for one in self.retrainings.trained([n], self._random(rows, n))
            )
            other = tally((yield from self._asked(random, "your training, without random rows")))
        return Verified(
            decision=middle(fresh),
            flipped=passed,
            irreducible=None,
            put_back=(),
            by="your refit",
            seconds=time.perf_counter() - began,
            agreement=agreement,
            control=other,
            alike=other is not None and are_alike(agreement.flips, other.flips, agreement.of),
            candidates=self.number,
            note="your own training is not asked row by row",
        )

    def _random(self, rows: Sequence[int], number: int) -> tuple[int, ...]:
        codes, held = on_host(self.problem.codes), self.problem.held
        stay = () if held is None else np.flatnonzero(on_host(held)).tolist()
        return random_rows(codes, rows, stay, self.retrainings.chance, number)

    def _asked(
        self, trained: Iterable[Trained | str], note: str
    ) -> Generator[Event, None, list[Decision]]:
        wanted, decisions = self.retrainings.wanted, []
        ahead = iter(trained)
        for done in range(wanted):
            yield Progress("verify", done, wanted, note)
            one = next(ahead)
            if isinstance(one, str):
                claim = self.problem.claim
                decisions.append(Decision(claim.favoured, claim.confidence, claim.margin))
            else:
                decisions.append(self.verifier.asked(self.problem, one.model))
        return decisions
