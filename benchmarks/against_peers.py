"""forcing beside other attribution methods: do their rows flip the decision, and at what cost?"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import (
    PeakMemory,
    bandwidth,
    flips,
    in_child,
    row,
    size_of,
    table,
    tight,
    timed,
    told,
    warm_up,
)
from benchmarks.orders import Orders
from benchmarks.peers import PEERS, Head, Peer
from benchmarks.peers.contract import Vector, order_of, predicted_set
from benchmarks.problems import PROBLEMS, Data, Named
from benchmarks.settings import Settings

COLUMNS = (
    "method",
    "its set flips",
    "its set / ours",
    "its order flips",
    "its order / ours",
    "setup, s",
    "a target, s",
    "in fits",
    "in passes",
    "peak, MiB",
)

EXPLAINED = """\
No peer returns a set. *Its set*: where a score predicts by how much the margin falls, the shortest
prefix that is predicted to flip (Yang et al. 2023, algorithm 1); *flips*: scikit-learn, refitted
without it at tol 1e-10 from a cold start, decides otherwise. *Its order*: how many of its first
rows, taken out with refitting, flip the decision (up to 60 % of the rows). */ ours*: its rows in
units of forcing's, the median over the targets where its set flips, and over all targets for its
order, which counts as endless where it does not flip. forcing's time is that of all of `explain`:
search, refinement, verification by the user's estimator, bound; a peer's is that of its scores
alone. *In fits*: a target's time in units of one `LogisticRegression(tol=1e-8).fit`, lbfgs; *in
passes*: of reading X once at the measured memory bandwidth. *Peak*: memory beyond data and imports,
in a process of its own. Targets are those of the yardsticks where there are, else evenly spread
over the less confident three quarters of the test rows.
"""


@dataclass(frozen=True)
class Case:
    """One data set, its model at the optimum, and the targets."""

    named: Named
    data: Data
    head: Head
    targets: list[int]
    best: dict[int, int]
    """Size of the smallest set known, by target."""
    budget: float
    """Seconds that a peer gets for the targets."""

    @classmethod
    def of(cls, named: Named, settings: Settings) -> Case:
        data = named.load()
        model = tight(named.C, data.X, data.y)
        head = Head(data.X, data.y, model.coef_[0], float(model.intercept_[0]), named.C)
        best = {known["target"]: known["best_known"] for known in named.known}
        margins = np.array([head.margin(x) for x in rows_of(data.X_test)])
        unsure = np.argsort(margins)[: max(1, len(margins) * 3 // 4)]
        return cls(named, data, head, settings.some(list(best) or unsure), best, settings.budget)

    def x(self, target: int) -> Any:
        return self.data.X_test[target]


@dataclass(frozen=True)
class Scores:
    """Of one peer, from a process of its own."""

    supports: list[Vector]
    """(n,) for each target that it reached."""
    setup: float
    each: float
    """Median seconds of a target."""
    mib: float


@dataclass(frozen=True)
class Sets:
    """forcing's, from a process of its own."""

    rows: list[NDArray[np.intp]]
    claimed: list[bool]
    setup: float
    each: float
    mib: float


def against_peers(settings: Settings) -> Iterator[str]:
    yield "## Against other attribution methods\n"
    yield EXPLAINED
    speed = bandwidth()
    yield f"Measured bandwidth: {speed / 1e9:.1f} GB/s (one thread's matrix-vector product).\n"
    for peer in PEERS.values():
        if peer.missing:
            yield f"- {peer.name}: left out, {' and '.join(peer.missing)} not installed."
    for named in (named for named in PROBLEMS.values() if not named.for_times):
        if settings.takes(named):
            yield from _section(Case.of(named, settings), speed)
        else:
            yield f"\n{named.name}: not run" + (
                "." if named.available else ", FORCING_DATA is not set."
            )
    yield ""


def _section(case: Case, speed: float) -> Iterator[str]:
    data, C = case.data, case.named.C
    fit = LogisticRegression(C=C, tol=1e-8, max_iter=10_000)
    once = timed(lambda: fit.fit(data.X, data.y))[0]
    a_pass = size_of(data.X) / speed
    told(f"{case.named.name}: forcing")
    ours = in_child(explained, case)
    sizes = [len(rows) for rows in ours.rows]
    yield (
        f"\n### {case.named.name}: {data.shape}, C = {C:g}, {len(case.targets)} targets\n\n"
        f"One fit {once:.3g} s, one pass {a_pass * 1e3:.3g} ms. forcing's sets: median "
        f"{np.median(sizes):g} rows, {min(sizes)} to {max(sizes)}{_best(case, sizes)}.\n"
    )
    yield from table(COLUMNS)
    flipped = [
        claimed and flips(C, data.X, data.y, case.x(t), rows, case.head.favoured(case.x(t)))
        for claimed, rows, t in zip(ours.claimed, ours.rows, case.targets, strict=True)
    ]
    cost = (ours.setup, ours.each, once, a_pass, ours.mib)
    yield row(["**forcing**", _of(sum(flipped), len(flipped)), "1", "", "", *_cost(*cost)])
    orders = Orders(fit, data)
    for peer in PEERS.values():
        if peer.missing:
            continue
        told(f"{case.named.name}: {peer.name}")
        if peer.most_parameters is not None and data.X.shape[1] > peer.most_parameters:
            reason = f"not run: a dense Hessian of {data.X.shape[1]} columns"
            yield row([peer.name, reason, *[""] * (len(COLUMNS) - 2)])
            continue
        try:
            scores = in_child(attributed, peer.name, case)
        except (BrokenProcessPool, MemoryError, RuntimeError, ValueError) as error:
            reason = f"failed: {type(error).__name__}"
            yield row([peer.name, reason, *[""] * (len(COLUMNS) - 2)])
            continue
        found = _compared(case, peer, scores, sizes, orders)
        yield row(
            [
                peer.name + _undefined(scores),
                *found,
                *_cost(scores.setup, scores.each, once, a_pass, scores.mib),
            ]
        )


def _undefined(scores: Scores) -> str:
    bad = sum(bool(np.isnan(support).all()) for support in scores.supports)
    return f" (NaN at {bad} targets)" if bad else ""


def _compared(
    case: Case, peer: Peer, scores: Scores, sizes: list[int], orders: Orders
) -> list[str]:
    """The four cells about a peer's rows."""
    data, honest, own, order = case.data, 0, [], []
    for t, support, size in zip(case.targets, scores.supports, sizes, strict=False):
        x, favoured = case.x(t), case.head.favoured(case.x(t))
        rows = predicted_set(support, case.head.margin(x)) if peer.in_margin else None
        if rows is not None and flips(case.named.C, data.X, data.y, x, rows, favoured):
            honest += 1
            own.append(len(rows) / size)
        reached = orders.flips_at(x, order_of(support))
        order.append(float("inf") if reached is None else reached / size)
    count = len(scores.supports)
    first = [_of(honest, count), _median(own)] if peer.in_margin else ["no set", ""]
    return [*first, _of(int(np.isfinite(order).sum()), count), _median(order)]


def explained(case: Case) -> Sets:
    data = case.data
    model = tight(case.named.C, data.X, data.y)
    warm_up()
    with PeakMemory() as peak:
        setup, study = timed(lambda: forcing.Study(model, data.X, data.y))
        runs = [timed(partial(study.explain, case.x(t))) for t in case.targets]
    found = [explanation for _, explanation in runs]
    return Sets(
        [np.asarray(f.supports) for f in found],
        [bool(f.flipped) for f in found],
        setup,
        float(np.median([seconds for seconds, _ in runs])),
        peak.mib,
    )


def attributed(name: str, case: Case) -> Scores:
    peer, tiny = PEERS[name], _tiny()
    # Their progress bars are not ours to show.
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        peer.setup(tiny)(tiny.X[0])  # imports what it needs, which is not to be measured
        began = time.perf_counter()
        with PeakMemory() as peak:
            setup, score = timed(lambda: peer.setup(case.head))
            runs = []
            for target in case.targets:
                runs.append(timed(partial(score, case.x(target))))
                if time.perf_counter() - began > case.budget:
                    break
    supports = [support for _, support in runs]
    each = float(np.median([seconds for seconds, _ in runs]))
    return Scores(supports, setup, each, peak.mib)


def _tiny() -> Head:
    rng = np.random.default_rng(0)
    return Head(rng.normal(size=(6, 2)), np.arange(6) % 2, rng.normal(size=2), 0.0, 1.0)


def rows_of(X: Any) -> Iterator[Any]:
    return (X[i] for i in range(X.shape[0]))


def _best(case: Case, sizes: list[int]) -> str:
    pairs = [
        (size, case.best[t])
        for size, t in zip(sizes, case.targets, strict=True)
        if case.best.get(t)
    ]
    if not pairs:
        return ""
    ratios = [size / best for size, best in pairs]
    return f"; of the smallest known, median {np.median(ratios):.2f}, worst {max(ratios):.2f}"


def _cost(setup: float, each: float, once: float, a_pass: float, mib: float) -> list[str]:
    memory = f"{mib:.0f}" if mib == mib else "–"
    return [f"{setup:.3f}", f"{each:.4f}", f"{each / once:.2f}", f"{each / a_pass:.0f}", memory]


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}"


def _median(ratios: list[float]) -> str:
    """Half of them infinite: no median."""
    middle = np.median(ratios) if ratios else np.inf
    return f"{middle:.2f}" if np.isfinite(middle) else "–"
