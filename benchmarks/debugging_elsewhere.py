"""Wrong labels in other data, and of a model that fits them: orders of rows alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from benchmarks.debugging_data import Mails, Spoilt, mails, spoilt
from benchmarks.debugging_measures import MISTAKES, Inspected, Measured
from benchmarks.debugging_orders import orders
from benchmarks.loan_data import applicants
from forcing.datasets import Dataset, load_cifar10, load_digits, load_heloc


@dataclass(frozen=True)
class Setting:
    """Data, a penalty and a share of labels that are turned."""

    title: str
    load: Callable[[], Mails]
    penalty: float
    share: float


def compared(setting: Setting, seeds: int) -> list[Measured]:
    """The orders of each seed, without what is corrected after them; no sets are looked for."""
    case = setting.load()
    return [ordered(spoilt(case, setting.share, s, setting.penalty), s) for s in range(seeds)]


def ordered(case: Spoilt, seed: int) -> Measured:
    mistakes = case.mistakes[:MISTAKES]
    if not len(mistakes):  # then a right decision is all there is to be asked
        mistakes = np.array([0])
    X, y = case.mails.X_valid[mistakes], case.mails.y_valid[mistakes]
    quick: dict[str, Any] = {"refine": False, "verify": False, "bound": False}
    audit = case.study.audit(X, y, max_removals=1, progress=False, **quick)
    found = orders(case, audit, mistakes, seed)
    return Measured(
        bugs=int(case.bugs.sum()),
        rows=len(case.y),
        mistakes=len(case.mistakes),
        audited=len(mistakes),
        sizes=[],
        verified=0,
        union=0,
        expected=0.0 if audit.doubts is None else float(audit.doubts.wrong.sum()),
        before=float(case.model.score(case.mails.X_test, case.mails.data.y_test)),
        clean=float("nan"),
        seconds=audit.seconds,
        judged=float("nan"),
        inspected={n: Inspected(np.cumsum(case.bugs[r]), [], [], []) for n, r in found.items()},
    )


@cache
def _mails() -> Mails:
    return mails()


def as_mails(load: Callable[[], Dataset]) -> Mails:
    """Rows of numbers in the same form: every other test row is one to look at."""
    data = load()
    return _split(data, np.asarray(data.X, dtype=float), np.asarray(data.X_test, dtype=float))


def _loans(rows: int = 3_000) -> Mails:
    case = applicants(load_heloc(stand_in=False))
    X, X_test = case.prepared
    return _split(replace(case.data, y=case.data.y[:rows]), X[:rows], X_test)


def _split(data: Dataset, rows: NDArray[np.float64], others: NDArray[np.float64]) -> Mails:
    X, X_test = scipy.sparse.csr_matrix(rows), scipy.sparse.csr_matrix(others)
    y_valid, y_test = data.y_test[::2], data.y_test[1::2]
    split = replace(data, X=X, X_valid=X_test[::2], y_valid=y_valid, y_test=y_test)
    return Mails(split, None, X, X_test[::2], X_test[1::2])


_cats = partial(load_cifar10, ("cat", "dog"), n_train=2_000, n_test=1_000, stand_in=False)
_digits = partial(load_digits, (3, 8))

ELSEWHERE = tuple(
    Setting(f"{name}, C = {penalty:g}", load, penalty, share)
    for name, load, penalty in (
        ("mails", _mails, 100.0),
        ("cats and dogs", partial(as_mails, _cats), 0.01),
        ("loans", _loans, 1.0),
        ("digits, 3 and 8", partial(as_mails, _digits), 100.0),
    )
    for share in (0.1, 0.3)
)
