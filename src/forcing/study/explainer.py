"""How a kind of model is explained: what `Study` asks of it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts
from forcing.records import Claim, Decision, Event, Label, Progress, Ranking
from forcing.study.options import RunOptions


class Explainer(Protocol):
    """Everything about one fitted model and its training data; targets come with each call."""

    @property
    def classes(self) -> tuple[Label, ...]:
        """In scikit-learn's order."""

    @property
    def description(self) -> str:
        """Such as "LogisticRegression in a Pipeline"."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of a result must know."""

    @property
    def feature_weights(self) -> NDArray[np.float64] | None:
        """Weight of each of the user's columns on the margin, where that is known."""

    @property
    def n_parameters(self) -> int:
        """Of the objective; 0 where there is none."""

    @property
    def default_baselines(self) -> tuple[str, ...]:
        """Shown beside a set unless others are asked for."""

    def claim(self, x: Any, rival: Label, threshold: float | None) -> Claim:
        """What the model decides at x."""

    def events(
        self, x: Any, rival: Label, threshold: float | None, options: RunOptions
    ) -> Generator[Event, None, None]:
        """A whole run; what is wrong with the target raises here, before the first record."""

    def prepare(
        self, targets: Sequence[Any], options: RunOptions, until: float
    ) -> Generator[Progress, None, None]:
        """Whatever many targets share, done once before they are explained side by side; ends at
        `until` of `time.time`.
        """

    def predict_without(
        self, rows: list[int], x: Any, rival: Label, threshold: float | None
    ) -> Decision:
        """What the model decides at x when it is refitted without these rows."""

    def rank(
        self, x: Any, method: str, rival: Label, threshold: float | None, seed: int | None
    ) -> Ranking:
        """A baseline's order of the training rows, with `flips_at` by refitting."""

    def doubts(
        self, targets: Sequence[Any], labels: NDArray[Any] | None, seed: int | None
    ) -> Doubts | str | None:
        """How likely each training label is wrong, in view of targets whose true labels are
        known. Where that cannot be told, a text says why; None says no more.
        """

    def owed(
        self, targets: Sequence[Any], labels: NDArray[Any] | None, threshold: float | None
    ) -> NDArray[np.float64] | str | None:
        """(n,): what the wrong decisions (all, without labels) owe to each training row; None
        where there is none. A text says why there is no telling.
        """
