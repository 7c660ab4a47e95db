"""Running an audit: chunks of targets, in parallel where asked for, within a time."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import joblib
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from forcing.errors import TrainingMismatchError
from forcing.records import Event, Progress, Work, finished
from forcing.study.asked import Asked
from forcing.study.audit import Audit
from forcing.study.explainer import Explainer
from forcing.study.linear import LinearExplainer
from forcing.study.many import LATE, Outcome, one_by_one
from forcing.study.options import LEAST, RunOptions, number, run_options, whole
from forcing.study.progress import EVERY, StatusLine
from forcing.study.suspects import Evidence

if TYPE_CHECKING:
    from forcing.study.study import Study

MEMORY = 256e6
"""Bytes of one chunk's arrays, """
ARRAYS = 12
"""so many of which hold a number for each row and target at the same time."""

FIRST, WIDEST = 16, 128
"""Targets of the first chunk, after which the time that is left is told; and of the largest:
products of matrices gain nothing from more columns."""

PATIENCE = 10.0
"""Seconds that a chunk should take: what an interrupt may lose."""


def targets_of(X_test: Any, study: Study) -> list[Any]:
    """X_test as a list of targets, each as `Study.explain` takes it."""
    if isinstance(X_test, str) or not np.iterable(X_test):
        raise ValueError(f"X_test must hold several targets, got {type(X_test).__name__}.")
    if len(getattr(study.X, "shape", np.shape(study.X))) != 2:  # texts, or mappings
        targets = list(X_test)
    else:
        X_test = X_test if hasattr(X_test, "shape") else np.asarray(X_test)
        if len(X_test.shape) != 2 or X_test.shape[1] != study.n_features:
            raise ValueError(
                f"X_test must have shape (targets, {study.n_features}), the columns that the "
                f"model was fitted on; got {tuple(X_test.shape)}. One target alone is X_test[[17]]."
            )
        matrix = X_test.tocsr() if hasattr(X_test, "tocsr") else X_test
        named = getattr(matrix, "iloc", None)
        rows = range(matrix.shape[0])
        targets = [matrix[i] if named is None else named[[i]] for i in rows]
    if not targets:
        raise ValueError("X_test has no rows.")
    return targets


def true_labels(
    y_test: Any, n_targets: int, classes: Sequence[Any], cut: float | None = None
) -> NDArray[Any] | None:
    """y_test as (T,), of labels that the model knows; of a regression with this `cut` the sides
    on which values lie.
    """
    if y_test is None:
        return None
    given = np.asarray(y_test.detach().cpu() if hasattr(y_test, "detach") else y_test)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.shape != (n_targets,):
        raise ValueError(
            f"y_test must have one label for each of the {n_targets} rows of X_test; "
            f"got shape {given.shape}."
        )
    if cut is not None and given.dtype.kind in "iuf":
        given = np.asarray(classes)[(given >= cut).astype(int)]
    unknown = sorted(set(given.tolist()) - set(classes), key=str)
    if unknown:
        known = ", ".join(map(repr, classes[:10]))
        raise ValueError(
            f"y_test has the label {unknown[0]!r}, which the model does not know: {known}."
        )
    return given


@dataclass
class Countdown:
    """A line that says how many targets are done, and how long the rest takes."""

    total: int
    shown: bool
    began: float = field(default_factory=time.monotonic)
    _last: float = 0.0
    _done: int = 0
    _line: StatusLine = field(default_factory=StatusLine)

    def tell(self, done: int, inside: Progress | None = None) -> None:
        now, self._done = time.monotonic(), done
        if not self.shown or now - self._last < EVERY:
            return
        self._last = now
        line = f"audit: {done} of {self.total} targets"
        if done:
            line += f", about {_duration((now - self.began) / done * (self.total - done))} left"
        if inside is not None:
            line += f" ({inside.note})"
        self._line.write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.shown:
            took = _duration(time.monotonic() - self.began)
            self._line.close(f"audit: {self._done} of {self.total} targets in {took}")


@dataclass(frozen=True)
class Plan:
    """How the targets are worked off."""

    threshold: float | None
    options: RunOptions
    until: float
    """Of `time.time`, which the processes of one machine agree on."""
    n_jobs: int | None
    chunk: int | None
    progress: bool


def audit(
    study: Study,
    X_test: Any,
    y_test: Any,
    *,
    n_jobs: int | None,
    progress: bool,
    threshold: float | None,
    max_seconds: float | None,
    chunk: int | None,
    **options: Any,
) -> Audit:
    """`Study.audit`, whose docstring explains the parameters."""
    began = time.perf_counter()
    if max_seconds is not None:
        number("max_seconds", max_seconds, 0.0, expected="must be a number of seconds")
    if chunk is not None:
        whole("chunk", chunk, 1)
    checked = run_options(study.n_rows, study.random_state, **options)
    targets = targets_of(X_test, study)
    classes = study.classes.tolist()
    # Labels of a regression are numbers; its classes are the sides of the threshold.
    cut = threshold if study.y[0] not in classes else None
    labels = true_labels(y_test, len(targets), classes, cut)
    until = math.inf if max_seconds is None else time.time() + max_seconds
    plan = Plan(threshold, checked, until, n_jobs, chunk, progress)
    told = {"threshold": threshold, "max_seconds": max_seconds, **options}
    asked = Asked(study, targets, told)
    outcomes: list[Outcome] = []

    def gathered() -> Audit:
        done = None if labels is None else labels[: len(outcomes)]
        seconds = time.perf_counter() - began
        explainer = study._explainer  # noqa: SLF001 - of one package
        some = targets[: len(outcomes)]
        evidence = Evidence(
            partial(explainer.doubts, some, done, study.random_state),
            partial(explainer.owed, some, done, threshold),
            slow=not isinstance(explainer, LinearExplainer),
        )
        return Audit(tuple(outcomes), done, study.y, study.row_ids, seconds, asked, evidence)

    try:
        for some in work_off(study._explainer, targets, plan):  # noqa: SLF001 - of one package
            outcomes += some
    except KeyboardInterrupt:
        study.interrupted_audit = gathered()
        raise
    return gathered()


def work_off(explainer: Explainer, targets: Sequence[Any], plan: Plan) -> Iterator[list[Outcome]]:
    """Outcomes as they come, in the order of the targets: a wave of chunks at a time."""
    settings = (plan.threshold, plan.options, plan.until)
    with suppress(TrainingMismatchError):  # at this target alone; its outcome says so
        explainer.claim(targets[0], None, plan.threshold)  # what is wrong with all shows in one
    parallel = joblib.Parallel(n_jobs=plan.n_jobs, prefer="threads")
    jobs = int(joblib.effective_n_jobs(plan.n_jobs))
    widest = plan.chunk or _widest(explainer)
    size = plan.chunk or min(FIRST, widest)
    line, done = Countdown(len(targets), plan.progress), 0
    with line, ExitStack() as limited:
        for ahead in explainer.prepare(targets, plan.options, plan.until):
            line.tell(0, ahead)
        # Threads that each call BLAS share the cores between them.
        share = max(1, joblib.cpu_count() // jobs) if jobs > 1 else None
        limited.enter_context(threadpool_limits(share))
        while done < len(targets):
            began = time.monotonic()
            last = min(done + jobs * size, len(targets))
            chunks = [targets[i : min(i + size, last)] for i in range(done, last, size)]
            if time.time() > plan.until:
                yield [Outcome(None, "cancelled", LATE)] * (len(targets) - done)
                return
            if jobs == 1:
                wave = [_told(explain_chunk(explainer, chunks[0], *settings), line, done)]
            else:
                run = joblib.delayed(_finished)
                wave = parallel(run(explainer, chunk, *settings) for chunk in chunks)
            yield [outcome for chunk in wave for outcome in chunk]
            done = last
            line.tell(done)
            if plan.chunk is None:
                each = (time.monotonic() - began) / size
                size = min(widest, max(FIRST, int(PATIENCE / max(each, 1e-6))))


def explain_chunk(
    explainer: Explainer,
    targets: Sequence[Any],
    threshold: float | None,
    options: RunOptions,
    until: float,
) -> Work[list[Outcome]]:
    """Side by side where the model has an objective of the engine, else one by one: also where
    each set is put to the test of the user's own training.
    """
    if isinstance(explainer, LinearExplainer) and not explainer.tests_each(options):
        return (yield from explainer.outcomes(targets, threshold, options, until))

    def events(x: Any) -> Generator[Event, None, None]:
        left = max(until - time.time(), LEAST)
        within = replace(options, max_seconds=None if math.isinf(until) else left)
        return explainer.events(x, None, threshold, within)

    return (yield from one_by_one(events, targets, until))


def _finished(*chunk: Any) -> list[Outcome]:
    return finished(explain_chunk(*chunk))


def _told(work: Work[list[Outcome]], line: Countdown, done: int) -> list[Outcome]:
    while True:
        try:
            line.tell(done, next(work))
        except StopIteration as end:
            result: list[Outcome] = end.value
            return result


def _widest(explainer: Explainer) -> int:
    """Targets that stand side by side within `MEMORY`."""
    if not isinstance(explainer, LinearExplainer):
        return WIDEST
    objective = explainer.adapted.objective
    each = 8 * ARRAYS * objective.n_rows * max(1, objective.outputs)
    return int(min(WIDEST, max(1, MEMORY // each)))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
