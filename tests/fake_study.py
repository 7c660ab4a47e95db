"""A study without numerics: it yields the records that a test gives it."""

# ruff: noqa: ARG002 - it has the signatures of `forcing.Study`

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from forcing.records import (
    Band,
    Bound,
    Claim,
    Decision,
    End,
    Event,
    Progress,
    Ranking,
    Refined,
    Stability,
    Start,
    Step,
    Tally,
    Verified,
)

ROWS, FEATURES = 12, 3


def step(number: int, row: int, confidence: float, margin: float = 0.5) -> Step:
    positive = row % 2 == 0
    label = np.str_("good" if positive else "bad")
    return Step(number, row, label, positive, confidence, margin, 0.01 * number, 0.1 * number)


STEPS = (step(1, 2, 0.7), step(2, 4, 0.6), step(3, 5, 0.55), step(4, 6, 0.45, -0.2))
REFINED = (step(1, 4, 0.6), step(2, 6, 0.48, -0.1))
RANKING = Ranking(
    "influence",
    rows=np.arange(ROWS)[::-1].copy(),
    scores=np.linspace(1.0, -1.0, ROWS),
    flips_at=3,
    tried=5,
    curve=((0, 0.8), (1, 0.7), (2, 0.65), (3, 0.4), (5, 0.3)),
    seconds=0.2,
)


def whole_run() -> list[Event]:
    """Every kind of record, in the order of a run."""
    return [
        Start(Claim(np.str_("good"), np.str_("bad"), 0.8, 1.4), "mfs", 7, ("influence",)),
        Progress("prepare", 0),
        *STEPS,
        Progress("refine", 1, 4, "trim"),
        Refined(REFINED, 5, 0.5),  # not the number of steps told, so that tests tell them apart
        Verified(
            Decision(np.str_("bad"), np.float64(0.48), -0.1),
            flipped=True,
            irreducible=True,
            put_back=(0.55, 0.52),
            by="LogisticRegression(tol=1e-10)",
            seconds=0.3,
        ),
        Bound(2, 0.1),
        RANKING,
        End("flipped", "2 rows flip the decision.", 1.5),
    ]


def noisy_run() -> list[Event]:
    """The run of a model whose training does not repeat itself, every new record in it."""
    start, *_ = whole_run()
    verified = next(record for record in whole_run() if isinstance(record, Verified))
    return [
        start,
        Stability(Tally(0, (0.79, 0.8, np.float64(0.83))), 0.01, 0.4),
        *STEPS,
        Band(((0, 0.8, 0.77, 0.84), (2, 0.6, 0.56, 0.7))),
        Refined(STEPS[:3], 4, 0.5),
        Band(((0, 0.8, 0.77, 0.84), (2, 0.6, 0.56, 0.7), (4, 0.45, 0.4, 0.52))),
        Refined(STEPS, 3, 0.7),  # a set may grow again
        replace(
            verified,
            irreducible=None,
            put_back=(),
            agreement=Tally(2, (0.45, 0.48, 0.51)),
            control=Tally(0, (0.77, 0.79, 0.8)),
            alike=False,
            candidates=2,
            sizes=(3, 5),
            note="Single rows are below the noise of retraining.",
        ),
        End("flipped", "4 rows flip the decision.", 1.5),
    ]


def unstable_run() -> list[Event]:
    return [
        whole_run()[0],
        Stability(Tally(2, (0.48, 0.49, 0.55)), 0.01, 0.4),
        End("unstable", "Retrainings on the same rows do not agree.", 0.5),
    ]


class FakeStudy:
    """The surface of `forcing.Study` that the notebook side uses."""

    default_baselines = ("influence", "representer")

    def __init__(
        self,
        script: Callable[[], Iterable[Event]] = whole_run,
        *,
        X: Any = None,
        display: Any = None,
        weights: Any = None,
        feature_names: list[str] | None = None,
        row_ids: Any = None,
    ) -> None:
        self.script = script
        self.X = np.arange(ROWS * FEATURES, dtype=float).reshape(ROWS, FEATURES) if X is None else X
        self.y = np.array(["good", "bad"] * (ROWS // 2))
        self.classes = np.array(["bad", "good"])
        self.class_names = ["bad", "good"]
        self.n_rows = ROWS
        self.n_features = FEATURES
        self.feature_names = feature_names
        self.row_ids = row_ids
        self.display = display
        self.random_state = 0
        self.data_hash = "0" * 40
        self.model_description = "FakeModel"
        self.notes = ["Preprocessing is kept as fitted."]
        self.closed = False
        self.asked: list[list[int]] = []
        self._weights = weights

    def weights_for_display(self) -> Any:
        return self._weights

    def events(self, x: Any, **options: Any) -> Generator[Event, None, None]:
        self.options = options

        def run() -> Generator[Event, None, None]:
            try:
                yield from self.script()
            finally:
                self.closed = True

        return run()

    def predict_without(
        self, rows: list[int], x: Any, *, rival: Any = None, threshold: float | None = None
    ) -> Decision:
        self.asked.append(rows)
        return Decision(np.str_("bad"), 0.4, -0.3)
