"""Table I of the paper: seconds for all training rows with respect to one target."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import in_child, row, table, timed, told
from benchmarks.problems import Data, dogfish, folder
from benchmarks.problems import cifar10 as load_cifar10
from benchmarks.settings import Settings
from forcing.baselines import rank
from forcing.errors import TrainingMismatchError, UnsupportedModelError
from forcing.study.linear import LinearExplainer

COLUMNS = ("", "MFS", "influence functions", "representer points")

PAPER = {
    "dog-fish": ("0.75 ± 0.06", "4.69 ± 0.61", "0.17 ± 0.05"),
    "CIFAR-10": ("9.71 ± 3.62", "337.59 ± 79.22", "8.93 ± 1.21"),
}

FIRST = 40
"""Rows of the paper's galleries: ten large, thirty small (figure 6)."""

EXPLAINED = f"""\
Mean and standard deviation over the targets, in seconds. The paper's row is as printed: one RTX
2080 Ti, Inception-V3 features; it does not say which targets, nor how many rows it looked for.
Here: this machine's CPU, MobileNetV2 features, the same numbers of rows, targets evenly spread over
the less confident half of 500 test rows. *First {FIRST} rows*: the search (Algorithm 1 with
drift-free updates) ends there or at the flip; *until it flips, verified*: or at the most rows that
are said, and the user's estimator refitted without them; *refined, verified*, for the first
targets that flip: to the irreducible set.
*Influence functions* are exact, with the factor that Study has; *representer points* need no
fine-tuning, since Study has brought the head to its optimum (the paper's time has it included).
"""


@dataclass(frozen=True)
class Measured:
    shape: str
    fit: float
    study: float
    most: int
    """Rows at which the search ends."""
    times: dict[str, list[float]]
    """Seconds of each target, by what was measured."""
    sizes: list[int]
    """Of the sets that flip, not refined."""
    targets: int


def table_one(settings: Settings) -> Iterator[str]:
    yield "## Table I of the paper\n"
    if folder("FORCING_DATA") is None:
        yield "Not measured: set FORCING_DATA to the folder of the data sets.\n"
        return
    targets = 3 if settings.short else 10
    yield EXPLAINED
    cifar10 = _cifar10_short if settings.short else _cifar10
    parts: dict[str, Callable[[int], Measured]] = {"dog-fish": _dogfish, "CIFAR-10": cifar10}
    for name, part in parts.items():
        told(name)
        try:
            measured = in_child(part, targets)
        except UnsupportedModelError as error:
            yield f"{name}: not run, {error}\n"
            continue
        yield from _rows(name, measured)


def _rows(name: str, measured: Measured) -> Iterator[str]:
    sizes = measured.sizes
    found = f", with {min(sizes)} to {max(sizes)} rows" if sizes else ""
    yield (
        f"**{name}**, {measured.shape}: one fit {measured.fit:.1f} s, "
        f"Study {measured.study:.1f} s; {len(sizes)} of {measured.targets} targets flip within "
        f"{measured.most} rows and are confirmed by refitting{found}.\n"
    )
    yield from table(COLUMNS)
    yield row(["paper, GPU", *PAPER[name]])
    spread = {what: _spread(seconds) for what, seconds in measured.times.items()}
    yield row([f"first {FIRST} rows", spread["first"], spread["influence"], spread["representer"]])
    yield row(["until it flips, verified", spread["search"], "", ""])
    yield row(["refined, verified", spread.get("whole", "–"), "", ""])
    yield ""


def _dogfish(targets: int) -> Measured:
    model = LogisticRegression(C=1.0, tol=1e-8, max_iter=10_000)
    return _measured(dogfish(), model, targets, most=200, refined=3)


def _cifar10(targets: int) -> Measured:
    return _measured(load_cifar10(), _ten_classes(), targets, most=200, refined=3)


def _cifar10_short(targets: int) -> Measured:
    data = load_cifar10()
    few = Data(data.X[:2_000], data.y[:2_000], data.X_test)
    return _measured(few, _ten_classes(), targets, most=50, refined=3)


def _ten_classes() -> LogisticRegression:
    """Short of its optimum, as most people's; Study goes on to it."""
    return LogisticRegression(C=0.01, max_iter=200)


def _measured(
    data: Data, model: LogisticRegression, targets: int, most: int, refined: int
) -> Measured:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit, model = timed(lambda: model.fit(data.X, data.y))
    told(f"fitted in {fit:.0f} s")
    made, study = timed(lambda: forcing.Study(model, data.X, data.y))
    told(f"studied in {made:.0f} s")
    times: dict[str, list[float]] = {}
    sizes = []
    search = partial(study.explain, refine=False, bound=False)
    for target in _unsure(study, data.X_test[:500], targets):
        x = data.X_test[target]
        runs: dict[str, Callable[[], Any]] = {
            "first": partial(search, x, max_removals=FIRST, verify=False),
            "search": partial(search, x, max_removals=most),
            "influence": partial(_order, study, x, "influence"),
            "representer": partial(_order, study, x, "representer"),
        }
        results = {}
        for name, run in runs.items():
            seconds, results[name] = timed(run)
            times.setdefault(name, []).append(seconds)
        if results["search"].flipped:
            sizes.append(results["search"].size)
        if results["search"].flipped and len(times.get("whole", [])) < refined:
            seconds, whole = timed(partial(study.explain, x, max_removals=most, bound=False))
            times.setdefault("whole", []).append(seconds)
            told(f"refined from {results['search'].size} to {whole.size} rows, {seconds:.1f} s")
        told(f"target {target}: {results['search'].size} rows, {times['search'][-1]:.1f} s")
    return Measured(data.shape, fit, made, most, times, sizes, targets)


def _unsure(study: forcing.Study, X_test: Any, targets: int) -> list[int]:
    """Without those that the model as fitted and its optimum decide differently."""
    confidence = {}
    for position, x in enumerate(X_test):
        with contextlib.suppress(TrainingMismatchError):
            confidence[position] = study.claim(x).confidence
    order = sorted(confidence, key=confidence.__getitem__)
    return [order[i] for i in np.linspace(0, len(order) // 2, targets).astype(int)]


def _order(study: forcing.Study, x: Any, method: str) -> Any:
    """The scores alone: `Study.rank` goes on to refit without the first of them."""
    explainer = study._explainer  # noqa: SLF001
    assert isinstance(explainer, LinearExplainer)
    return rank(explainer.problem(x), method)


def _spread(seconds: list[float]) -> str:
    return f"{np.mean(seconds):.3g} ± {np.std(seconds):.2g}" if seconds else "–"
