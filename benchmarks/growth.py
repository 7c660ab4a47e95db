"""Time and memory against the number of rows, of columns, and of rows in the set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks import record
from benchmarks.machine import machine
from benchmarks.measure import PeakMemory, in_child, row, table, timed, told, warm_up
from benchmarks.peers.contract import Head, predicted_set
from benchmarks.peers.rules import influence
from benchmarks.settings import Settings
from forcing.records import Bound, Refined, Step, Verified

COLUMNS = 50
SET = 20
"""Rows of the set that a target is made to stand on, whatever n and p."""
ROWS_OF_OTHERS = 10_000
"""Rows where the columns, or the rows of the set, are what grows."""

ROWS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
WIDTHS = (10, 30, 100, 300, 1_000)
SETS = (5, 10, 20, 50, 100, 200, 500)

SHORT_ROWS = (1_000, 3_000, 10_000)
SHORT_WIDTHS = (10, 30, 100)
SHORT_SETS = (5, 20, 50)

EXPLAINED = f"""\
Two overlapping clouds, C = 1. Where not said otherwise they have {ROWS_OF_OTHERS} rows of {COLUMNS}
columns, and the target lies so near the decision line that its set has about {SET} rows. Seconds,
of one run each. *Search*: removals until the flip; *refinement*: on to the irreducible set;
*verification*: the user's estimator refitted; *bound*: with the tables that all targets of a study
share; *explain*: the four together. *Peak*: memory of Study and target beyond the data, in units of
X. *Slope*: of log time in log of what grows, over the larger half of the table: 1 is linear.
"""


@dataclass(frozen=True)
class Cost:
    """Seconds, but for `rows` of the set and `peak`, which is in units of X."""

    fit: float
    study: float
    first: float
    later: float
    search: float
    refinement: float
    verification: float
    bound: float
    explain: float
    rows: int
    peak: float


TIMES = {
    "fit": "one fit",
    "study": "Study",
    "first": "first step",
    "later": "a later step",
    "search": "search",
    "refinement": "refinement",
    "verification": "verification",
    "bound": "bound",
    "explain": "explain",
}
"""Fields of `Cost` that are times, as the table has them."""


def growth(settings: Settings) -> Iterator[str]:
    yield "## Growth with rows, columns, and the size of the set\n"
    yield EXPLAINED
    short = settings.short
    parts: dict[str, tuple[Sequence[int], Callable[[int], Cost]]] = {
        "rows": (SHORT_ROWS if short else ROWS, cost),
        "columns": (SHORT_WIDTHS if short else WIDTHS, of_width),
        "rows of the set, predicted": (SHORT_SETS if short else SETS, of_set),
    }
    kept: dict[str, Any] = {}
    for what, (values, measure) in parts.items():
        costs = []
        yield from table([what, *TIMES.values(), "rows in the set", "peak, in X"])
        for value in values:
            told(f"{value} {what}")
            costs.append(in_child(measure, value))
            yield _cells(value, costs[-1])
        kept[what.partition(",")[0]] = gathered(values, costs)
        along: Sequence[int] = values
        if what not in ("rows", "columns"):
            along = [one.rows for one in costs]  # those found are what the time goes with
        yield row(["slope", *(f"{s:.2f}" for s in slopes(along, costs)), "", ""])
        yield ""
    if not short:
        record.keep("growth", {"machine": machine(), "set": SET, "columns": COLUMNS,
                               "rows": ROWS_OF_OTHERS, "grows": kept})  # fmt: skip


def _cells(value: int, found: Cost) -> str:
    seconds = [f"{getattr(found, name):.2g}" for name in TIMES]
    return row([str(value), *seconds, str(found.rows), f"{found.peak:.1f}"])


def gathered(values: Sequence[int], costs: Sequence[Cost]) -> dict[str, list[float]]:
    """A list for each field, and what grew as `value`."""
    lists = {field.name: [asdict(c)[field.name] for c in costs] for field in fields(Cost)}
    return {"value": list(values), **lists}


def slopes(values: Sequence[int], costs: Sequence[Cost]) -> list[float]:
    """Of log time in log of the value, for each of `TIMES`: the larger half of the values."""
    half = slice(len(values) // 2, None)
    across = np.log(np.asarray(values[half], dtype=float))
    found = []
    for name in TIMES:
        up = np.log([max(getattr(one, name), 1e-6) for one in costs[half]])
        found.append(float(np.polyfit(across, up, 1)[0]))
    return found


def of_width(columns: int) -> Cost:
    return cost(ROWS_OF_OTHERS, columns=columns)


def of_set(size: int) -> Cost:
    return cost(ROWS_OF_OTHERS, size=size)


def cost(n: int, columns: int = COLUMNS, size: int = SET) -> Cost:
    """Of n rows, and a target that stands on about `size` of them."""
    X, y = clouds(n, columns)
    warm_up()
    once, model = timed(lambda: LogisticRegression(tol=1e-8, max_iter=10_000).fit(X, y))
    x = near(Head(X, y, model.coef_[0], float(model.intercept_[0]), 1.0), X[0], size)
    with PeakMemory() as peak:
        made, study = timed(lambda: forcing.Study(model, X, y))
        parts, rows = stages(study, x)
    return Cost(fit=once, study=made, rows=rows, peak=peak.mib * 2**20 / X.nbytes, **parts)


def stages(study: forcing.Study, x: Any, **options: Any) -> tuple[dict[str, float], int]:
    """Seconds of the parts of one explanation, named as in `Cost`, and the rows of its set."""
    whole, events = timed(lambda: list(study.events(x, **options)))
    steps = [event for event in events if isinstance(event, Step)]
    search = steps[-1].seconds
    verification, bound = (
        sum(event.seconds for event in events if isinstance(event, kind))
        for kind in (Verified, Bound)
    )
    refined = [event for event in events if isinstance(event, Refined)]
    return {
        "first": steps[0].seconds,
        "later": (search - steps[0].seconds) / max(1, len(steps) - 1),
        "search": search,
        "refinement": max(0.0, whole - search - verification - bound),
        "verification": verification,
        "bound": bound,
        "explain": whole,
    }, len(refined[-1].steps if refined else steps)


def clouds(n: int, columns: int = COLUMNS) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, columns))
    X += (0.7 / np.sqrt(columns)) * (2 * y[:, None] - 1)
    return X, y


def near(head: Head, x: NDArray[np.float64], size: int = SET) -> NDArray[np.float64]:
    """x moved along the weights until the set that influence predicts has `size` rows."""
    score = influence(head)
    for _ in range(5):
        support = score(x)
        strongest = np.sort(support)[-size:]
        margin = float(strongest.sum() - 0.5 * strongest[0])
        x = x + head.sign(x) * (margin - head.margin(x)) * head.w / (head.w @ head.w)
    predicted = predicted_set(score(x), head.margin(x))
    assert predicted is not None
    return x
