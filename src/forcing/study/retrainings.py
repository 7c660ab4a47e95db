"""Retrainings of one model: done again under chance, counted, and shared by all targets."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Container, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import joblib
import numpy as np
from numpy.typing import NDArray

from forcing.engine.chance import (
    FEWEST,
    FRESH,
    LEAVE_OUT,
    RETRAININGS,
    Chance,
    differ,
    is_most,
    varies,
)
from forcing.models.black_box import REFUSED
from forcing.models.leaves import Trained
from forcing.models.quiet import quietly
from forcing.records import Decision, Progress, Stability, Tally
from forcing.study import options

SEARCHERS = 5
"""Retrainings of each set that a search tries; their mean counts."""

PROBE_ROWS = 200
"""Most rows that are held out of the probe, to be asked about; a fifth where there are fewer."""

PROBES = 5
"""Trainings that tell whether training repeats itself."""

MOST_KEPT = 1_000_000_000
"""Bytes up to which all models trained on all rows are kept for the next target; of larger ones as
many as a search has, which holds them anyway."""

MOST_SHARED = 250_000_000
"""Bytes of models trained without random rows, kept for a set of the same size and classes."""

PROBE = FRESH // 2
"""Numbers of the trainings of the probe begin here."""

Ticks: TypeAlias = Generator[int, None, None]
"""How many trainings are done."""

Ask: TypeAlias = Callable[[Any, Any], Any]
"""What a fitted model says at a one-row container."""


class Trainer(Protocol):
    """Trains the user's model on some of the rows."""

    @property
    def n_rows(self) -> int: ...

    @property
    def draws(self) -> bool:
        """Whether there is a seed to be set."""

    def fit(
        self, kept: NDArray[np.intp], seed: int | None = None, y: NDArray[Any] | None = None
    ) -> Any:
        """A model fitted on these rows, to the labels `y` (n,) where they are given."""

    def answers(self, fitted: Any, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """What a model says at some training rows, as shares of 1."""

    def empties_a_class(self, kept: NDArray[np.intp], y: NDArray[Any] | None = None) -> bool:
        """Whether some class has no row among these."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the user wants training to be done again; checked.

    Raises `ValueError` that names the argument of `Study` that is wrong.
    """

    retrainings: int = RETRAININGS
    """Fresh retrainings of a verdict; 1 asks about a single training run."""
    leave_out: float = LEAVE_OUT
    """Share of the rows that each leaves out at random."""
    seeds: int | None = None
    """Different seeds; None: one for each retraining; 1: the estimator's own."""
    first: int = 0
    """Of the seeds, the one before the first."""

    def __post_init__(self) -> None:
        options.whole("retrainings", self.retrainings, 1)
        if 1 < self.retrainings < FEWEST:
            raise ValueError(
                f"retrainings must be 1 (one training run speaks) or at least {FEWEST}: fewer "
                f'cannot tell "most" from chance; got {self.retrainings!r}.'
            )
        expected = "must be a share of the rows, from 0 and below 0.5"
        options.number("leave_out", self.leave_out, 0.0, 0.5, expected=expected)
        if self.seeds is not None:
            options.whole("seeds", self.seeds, 1)
            if self.leave_out == 0 and self.seeds > 1:
                raise ValueError(
                    f"seeds={self.seeds!r} with leave_out=0 leaves no retraining that was never "
                    "used before: leave one of them out."
                )


def tally(decisions: Sequence[Decision]) -> Tally:
    flips = sum(decision.flipped for decision in decisions)
    return Tally(flips, tuple(decision.confidence for decision in decisions))


def middle(decisions: Sequence[Decision]) -> Decision:
    """The median decision: it flips where more than half do."""
    return sorted(decisions, key=lambda decision: decision.margin)[len(decisions) // 2]


def random_rows(
    sides: NDArray[Any], rows: Sequence[int], held: Sequence[int], chance: Chance, number: int
) -> tuple[int, ...]:
    """As many rows of each class as `rows` has, drawn at random for this retraining: what a set
    is compared with. `sides` (n,) are the classes; rows that are held stay.
    """
    random = np.random.default_rng([chance.first, number])
    free = np.ones(len(sides), dtype=bool)
    free[list(held)] = False
    of_set = sides[list(rows)]
    chosen: list[int] = []
    for side in np.unique(of_set):
        pool = np.flatnonzero(free & (sides == side))
        count = min(len(pool), int(np.sum(of_set == side)))
        chosen += random.choice(pool, count, replace=False).tolist()
    return tuple(chosen)


def unstable(stable: Stability) -> str | None:
    """Why no set of rows carries the decision; None where most retrainings decide as the model."""
    tallied = stable.tally
    if is_most(tallied.of - tallied.flips, tallied.of):
        return None
    counted = f"{tallied.flips} of {tallied.of} retrainings on the same rows decide otherwise"
    if is_most(tallied.flips, tallied.of):
        return (
            f"{counted}: the model at hand is the exception, which chance made and no set of rows."
        )
    return f"{counted}: no set of rows carries this decision, chance does."


def prepared(
    retrainings: Retrainings, targets: Callable[[], Mapping[str, Any]], ask: Ask, until: float
) -> Generator[Progress, None, None]:
    """What many targets share, trained before the first is explained, and at most until `until`
    of `time.time`; `Retrainings.share` says what `targets` and `ask` are.
    """
    for done in retrainings.probe():
        yield Progress("prepare", done, PROBES, "whether training repeats itself")
    if not retrainings.varies:
        return
    for done in retrainings.share(targets, ask):
        yield Progress("prepare", done, retrainings.wanted, "all rows")
        if time.time() > until:
            return


class Retrainings:
    """Of one study.

    Parameters
    ----------
    trainer
        Trains the user's model.
    settings
        How many retrainings a verdict takes, and what differs between them.
    always
        Whether it is known without a probe that training does not repeat itself, as of trees,
        whose splits jump.
    n_jobs
        How many trainings run at once; None is one, unless `joblib.parallel_config` says otherwise.
    """

    def __init__(
        self,
        trainer: Trainer,
        settings: Settings,
        *,
        always: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.trainer = trainer
        self.wanted = settings.retrainings
        self.chance = Chance(trainer.n_rows, settings.leave_out, settings.seeds, settings.first)
        self.n_jobs = n_jobs
        self.seconds: float | None = None
        """That the last training on all rows took; None as long as there was none."""
        self._whole: dict[int, Trained | str] = {}
        self._said: dict[str, dict[int, Any]] = {}
        self._controls: dict[tuple[int, tuple[int, ...]], Trained] = {}
        self._size: int | None = None
        self._varies: bool | None = None
        drawn = trainer.draws and settings.seeds != 1
        if self.wanted == 1 or (settings.leave_out == 0 and not drawn):
            self._varies = False
        elif always:
            self._varies = True

    @property
    def varies(self) -> bool | None:
        """Whether one training differs from the next; None as long as nobody has probed."""
        return self._varies

    def kept(self, number: int, gone: Iterable[int] = ()) -> NDArray[np.intp]:
        """Positions of the rows of a retraining: without those that chance leaves out, but for
        the last of a class, and without `gone`.
        """
        out = np.zeros(self.trainer.n_rows, dtype=bool)
        out[self.chance.left_out(number)] = True
        if self.trainer.empties_a_class(np.flatnonzero(~out)):
            out[:] = False
        out[list(gone)] = True
        return np.flatnonzero(~out)

    def trained(
        self, numbers: Iterable[int], gone: Iterable[int] = (), y: NDArray[Any] | None = None
    ) -> Iterator[Trained | str]:
        """A retraining for each number, without the rows `gone`, or to the labels `y`; a text
        where the model cannot be trained so.
        """
        gone = list(gone)
        jobs = [(self.kept(number, gone), self.chance.seed(number)) for number in numbers]
        width = int(joblib.effective_n_jobs(self.n_jobs))
        if width == 1:
            yield from (_trained(self.trainer, kept, seed, y) for kept, seed in jobs)
            return
        run = joblib.delayed(_trained)
        for begin in range(0, len(jobs), width):
            wave = jobs[begin : begin + width]
            parallel = joblib.Parallel(n_jobs=self.n_jobs)
            yield from parallel(run(self.trainer, kept, seed, y) for kept, seed in wave)

    def on_all_rows(self, count: int, but: Container[int] = ()) -> Iterator[Trained | str]:
        """The first retrainings of all rows, which every target of a study shares; without those
        whose number is among `but`.
        """
        numbers = [number for number in range(count) if number not in but]
        missing = iter(self.trained([n for n in numbers if n not in self._whole]))
        for number in numbers:
            if number in self._whole:
                yield self._whole[number]
                continue
            began = time.perf_counter()
            one = next(missing)
            self.seconds = time.perf_counter() - began
            if number < SEARCHERS or isinstance(one, str) or self._fit(self.wanted, one, MOST_KEPT):
                self._whole[number] = one
            yield one

    def has(self, number: int) -> bool:
        """Whether this retraining of all rows was done and kept."""
        return number in self._whole

    def share(self, targets: Callable[[], Mapping[str, Any]], ask: Ask) -> Ticks:
        """Train on all rows before many targets are asked about, so that nobody trains again for
        one of them. Of models that are too large to be kept it keeps what they say.

        `targets` are one-row containers by `joblib.hash`, and `ask` what a model says at one.
        """
        rows: Mapping[str, Any] | None = None
        for number, one in enumerate(self.on_all_rows(self.wanted)):
            if not self.has(number) and isinstance(one, Trained):
                rows = targets() if rows is None else rows
                for key, row in rows.items():
                    with suppress(ValueError):  # a run that asks again says what is wrong
                        self._said.setdefault(key, {})[number] = ask(one.model, row)
            yield number + 1

    def said(self, row: Any) -> Mapping[int, Any]:
        """By number, what retrainings of all rows that were not kept say at a target."""
        return self._said.get(str(joblib.hash(row)), {}) if self._said else {}

    def control(self, number: int, gone: Sequence[int]) -> Trained | str:
        """A retraining without random rows, which no target has chosen: where another one's set
        has the same size and classes, it is the same.
        """
        key = (number, tuple(gone))
        known = self._controls.get(key)
        if known is not None:
            return known
        one = next(iter(self.trained([number], gone)))
        if isinstance(one, Trained) and self._fit(len(self._controls) + 1, one, MOST_SHARED):
            self._controls[key] = one
        return one

    def __getstate__(self) -> dict[str, Any]:
        """To other processes go the models that each target needs."""
        return vars(self) | {"_controls": {}}

    def _fit(self, count: int, one: Trained, most: int) -> bool:
        """Whether so many models like this one take at most so many bytes."""
        if self._size is None:
            try:
                self._size = len(pickle.dumps(one.model, protocol=pickle.HIGHEST_PROTOCOL))
            except Exception:  # noqa: BLE001 - a model of another package may raise anything
                self._size = 0
        return self._size * count <= most

    def find_out(self) -> None:
        """The probe, at once."""
        for _ in self.probe():
            pass

    def probe(self) -> Ticks:
        """Find out whether training repeats itself, in at most `PROBES` trainings.

        Where another seed alone makes a difference, it does not. Else some rows are left out,
        then others, then both: see `forcing.engine.chance.varies`.
        """
        if self._varies is not None:
            return
        n = self.trainer.n_rows
        mixed = np.random.default_rng(self.chance.first).permutation(n)
        asked, rest = np.split(mixed, [min(PROBE_ROWS, max(1, n // 5))])
        some = max(1, round(self.chance.leave_out * n))
        parts = (slice(0, 0), slice(0, some), slice(some, 2 * some), slice(0, 2 * some))
        kept = [np.delete(rest, part) for part in parts]
        if any(self.trainer.empties_a_class(rows) for rows in kept):
            asked, kept = mixed, [np.delete(mixed, part) for part in parts]
        if any(self.trainer.empties_a_class(rows) for rows in kept):
            self._varies = self.trainer.draws  # too few rows to find out
            return
        answers = []
        for place, rows in enumerate([kept[0], *kept] if self.trainer.draws else kept):
            one = _trained(self.trainer, np.sort(rows), self.chance.seed(PROBE + place), None)
            if isinstance(one, str):  # what cannot be trained without a few rows
                self._varies = self.trainer.draws
                return
            try:
                answers.append(self.trainer.answers(one.model, asked))
            except REFUSED:
                self._varies = self.trainer.draws
                return
            yield place + 1
            if self.trainer.draws and place == 1 and differ(*answers):
                self._varies = True
                return
        self._varies = self.chance.leave_out > 0 and varies(*answers[-4:])


def _trained(
    trainer: Trainer, kept: NDArray[np.intp], seed: int | None, y: NDArray[Any] | None
) -> Trained | str:
    if trainer.empties_a_class(kept, y):
        return "a class has no row left"
    try:
        with quietly(Warning):
            return Trained(trainer.fit(kept, seed, y), kept)
    except REFUSED as error:
        return f"{type(error).__name__}: {error}"
