"""Time and memory against the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import PeakMemory, in_child, row, table, timed, told, warm_up
from benchmarks.peers.contract import Head, predicted_set
from benchmarks.peers.rules import influence
from benchmarks.settings import Settings
from forcing.records import Step

COLUMNS = 50
SET = 20
"""Rows of the set that a target is made to stand on, whatever n."""

ROWS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
SHORT = (1_000, 3_000, 10_000)

STRAIGHT_FROM = 10_000
"""Rows from which on the slope is taken: below, what does not depend on n shows."""

EXPLAINED = f"""\
Two overlapping clouds of n rows with {COLUMNS} columns, C = 1. The target lies so near the
decision line that its set has about {SET} rows at every n. Seconds; *explain* is search,
refinement, verification and bound. *Peak*: memory of Study and target beyond the data, in units of
X. *Slope*: of log time in log n, from {STRAIGHT_FROM} rows on: 1 is linear.
"""

_MEASURES = ("one fit", "Study", "first step", "a later step", "explain")


@dataclass(frozen=True)
class Cost:
    seconds: tuple[float, ...]
    """As in `_MEASURES`."""
    rows: int
    peak: float
    """In units of X."""


def growth(settings: Settings) -> Iterator[str]:
    yield "## Growth with the number of rows\n"
    yield EXPLAINED
    yield from table(["rows", *_MEASURES, "rows in the set", "peak, in X"])
    sizes = SHORT if settings.short else ROWS
    costs = []
    for n in sizes:
        told(f"{n} rows")
        costs.append(in_child(cost, n))
        last = costs[-1]
        seconds = [f"{s:.2g}" for s in last.seconds]
        yield row([str(n), *seconds, str(last.rows), f"{last.peak:.1f}"])
    long = [i for i, n in enumerate(sizes) if n >= STRAIGHT_FROM]
    if len(long) > 1:
        logs = np.log([sizes[i] for i in long])
        times = np.log([costs[i].seconds for i in long])
        slopes = [np.polyfit(logs, times[:, j], 1)[0] for j in range(len(_MEASURES))]
        yield row(["slope", *(f"{slope:.2f}" for slope in slopes), "", ""])
    yield ""


def cost(n: int) -> Cost:
    """In a process of its own."""
    X, y = clouds(n)
    warm_up()
    once, model = timed(lambda: LogisticRegression(tol=1e-8, max_iter=10_000).fit(X, y))
    x = near(Head(X, y, model.coef_[0], float(model.intercept_[0]), 1.0), X[0])
    with PeakMemory() as peak:
        made, study = timed(lambda: forcing.Study(model, X, y))
        steps: list[Step] = []
        whole, found = timed(lambda: study.explain(x, on_step=steps.append))
    later = (steps[-1].seconds - steps[0].seconds) / max(1, len(steps) - 1)
    seconds = (once, made, steps[0].seconds, later, whole)
    return Cost(seconds, found.size, peak.mib * 2**20 / X.nbytes)


def clouds(n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, COLUMNS))
    X += (0.7 / np.sqrt(COLUMNS)) * (2 * y[:, None] - 1)
    return X, y


def near(head: Head, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x moved along the weights until the set that influence predicts has `SET` rows."""
    score = influence(head)
    for _ in range(5):
        support = score(x)
        margin = float(np.sort(support)[-SET:].sum() - 0.5 * np.sort(support)[-SET])
        x = x + head.sign(x) * (margin - head.margin(x)) * head.w / (head.w @ head.w)
    predicted = predicted_set(score(x), head.margin(x))
    assert predicted is not None
    return x
