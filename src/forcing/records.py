"""The frozen records that a run yields, in the order in which they come.

A run is one stream: `Start`, then `Step`s while the search removes rows, `Ranking`s
for the baselines that were asked for, `Refined`, `Verified`, `Bound`, and last `End`.
Of a model whose training does not repeat itself `Stability` comes before the steps, a
`Band` with every length that was retrained, and `Refined` with every better set.
`Progress` may come between any two. Records hold numbers and labels only: how a row
looks is the business of `forcing.display`, how a record travels that of
`forcing.protocol`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Label: TypeAlias = Any
"""A class label as the user wrote it: a string, a number, a boolean."""

Status: TypeAlias = Literal[
    "flipped", "unflippable", "unstable", "limit", "cancelled", "exited", "failed"
]
Phase: TypeAlias = Literal["prepare", "search", "refine", "verify", "bound", "rank"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What is explained: p(favoured | target) > p(rival | target) (paper, section III)."""

    favoured: Label
    rival: Label
    confidence: float
    """Probability of the favoured class at the target, before any removal."""
    margin: float
    """log p(favoured) - log p(rival) - the threshold's log-odds; the decision flips below 0."""
    threshold: float = 0.5
    """Probability of the favoured class below which the decision is the rival."""
    cut: float | None = None
    """Of a regression: the value that separates its two decisions."""
    prediction: float | None = None
    """Of a regression whose margin is prediction - cut, or its opposite: the prediction."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What several retrainings, which differ by chance alone, decide at the target."""

    flips: int
    """How many decide otherwise than the model."""
    confidences: tuple[float, ...]
    """(m,): probability of the favoured class, one for each retraining."""

    @property
    def of(self) -> int:
        return len(self.confidences)

    @property
    def share(self) -> float:
        """Of the retrainings, those that decide otherwise."""
        return self.flips / self.of


@dataclass(frozen=True, slots=True)
class Decision:
    """What a model decides at the target."""

    label: Label
    confidence: float
    """Probability of the *favoured* class of the claim, whatever was decided."""
    margin: float
    tally: Tally | None = None
    """What several retrainings decide, of which this is the median; None of a single refit."""

    @property
    def flipped(self) -> bool:
        return self.margin < 0


@dataclass(frozen=True, slots=True)
class Start:
    """The first record of a run."""

    claim: Claim
    method: str
    limit: int
    """Most rows that the search may remove."""
    baselines: tuple[str, ...] = ()
    one_run: bool = False
    """Whether the user asked about one training run (`retrainings=1`) of a model whose training may
    come out otherwise the next time."""


@dataclass(frozen=True, slots=True)
class Stability:
    """What retrainings on all rows decide, of a model whose training does not repeat itself."""

    tally: Tally
    leave_out: float
    """Share of the rows that each retraining leaves out at random."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Band:
    """Confidence after the first so many rows of an order left, over several retrainings."""

    points: tuple[tuple[int, float, float, float], ...]
    """(rows removed, mean, lowest, highest), by rows; it replaces the band told before."""


@dataclass(frozen=True, slots=True)
class Step:
    """One removal (Algorithm 1, lines 4 to 8), and the model after it."""

    number: int
    """Place in the order of removal, from 1."""
    row: int
    """Position of the training row."""
    label: Label
    positive: bool
    """True where the row has the label of the favoured class."""
    confidence: float
    margin: float
    loss_gap: float
    """L(counterfactual) - L(model) on the rows that remain, sum scaling, in nats."""
    seconds: float
    """Since the run began."""
    becomes: Label = None
    """The label that the row gets, where labels are changed and no row is removed."""


@dataclass(frozen=True, slots=True)
class Refined:
    """The set after refinement, in order of removal; it replaces the steps of the search."""

    steps: tuple[Step, ...]
    before: int
    """How many rows the search had removed."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Verified:
    """What the user's own estimator decides when it is refitted without the set."""

    decision: Decision
    flipped: bool
    irreducible: bool | None
    """True where each single row put back brings the old decision back; None if not checked."""
    put_back: tuple[float, ...]
    """Confidence in the favoured class with that one support put back, in order of removal."""
    by: str
    """The estimator that was refitted, in words."""
    seconds: float
    agreement: Tally | None = None
    """Fresh retrainings without the set, that the search never saw; None of a model whose training
    repeats itself, and of a single run."""
    control: Tally | None = None
    """Retrainings without as many random rows of the same classes."""
    alike: bool = False
    """Whether the control cannot be told from the set: any rows of these classes may do."""
    candidates: int = 1
    """How many sets were put to the test of fresh retrainings, the one shown included."""
    sizes: tuple[int, int] | None = None
    """Lengths of the same order that the noise of retraining does not tell from this one."""
    note: str = ""
    """Why nothing is said of irreducibility."""


@dataclass(frozen=True, slots=True)
class Bound:
    """No set with fewer than `rows` rows flips the decision."""

    rows: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """A baseline's order of the training rows for one target."""

    method: str
    rows: NDArray[np.intp]
    """Row positions, the strongest support of the decision first."""
    scores: NDArray[np.float64]
    """Support of the decision, in the order of `rows`, in the method's own unit."""
    flips_at: int | None = None
    """How many of its first rows, removed with refitting, flip the decision. Where training does
    not repeat itself: without how many of them the mean log-odds of three common retrainings turns,
    to within one eighth. That is no verdict, which takes fresh retrainings."""
    tried: int = 0
    """Longest prefix that was removed and refitted."""
    curve: tuple[tuple[int, float], ...] = ()
    """(k, confidence after removing the first k rows and refitting), k rising from 0; of several
    retrainings the mean."""
    seconds: float = 0.0
    predicted: int | None = None
    """How many of its first rows the method itself says suffice; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; `total` is None where the end is not known."""

    phase: Phase
    done: int
    total: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The last record of a run."""

    status: Status
    reason: str
    seconds: float


T = TypeVar("T")
Work: TypeAlias = Generator[Progress, None, T]
"""Long work of the engine: it reports progress and returns a T."""


def finished(work: Work[T]) -> T:
    """The result of long work, its progress left aside."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result


Event: TypeAlias = (
    Start | Stability | Step | Band | Refined | Verified | Bound | Ranking | Progress | End
)
