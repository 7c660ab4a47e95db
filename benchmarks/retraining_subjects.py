"""Learners whose training does not repeat itself, and their retrainings, made without the package.

What the package says of a set is checked by trainings that it has never seen: seeds, rows left out
and clones are made here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.problems import PROBLEMS

FRESH = 25
"""Retrainings of a check."""
FIRST_SEED = 50_000
"""The package counts its own from 1 on, and from 1 000 on for verdicts."""
EPOCHS = 50
"""Of the network."""
LEFT_OUT = 0.01
"""Share of the rows that each leaves out at random."""


def _lightgbm() -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)


def _xgboost() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(random_state=0, n_jobs=1)


def _catboost() -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(
        iterations=100, random_seed=0, thread_count=1, verbose=0, allow_writing_files=False
    )


LEARNERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "random forest": ("sklearn", lambda: RandomForestClassifier(100, random_state=0)),
    "extra trees": ("sklearn", lambda: ExtraTreesClassifier(100, random_state=0)),
    "HistGradientBoosting": ("sklearn", lambda: HistGradientBoostingClassifier(random_state=0)),
    "LightGBM": ("lightgbm", _lightgbm),
    "XGBoost": ("xgboost", _xgboost),
    "CatBoost": ("catboost", _catboost),
    "MLP": (
        "sklearn",
        lambda: make_pipeline(
            StandardScaler(), MLPClassifier((32,), max_iter=EPOCHS, random_state=0)
        ),
    ),
}
"""Of each the package that it comes from, and one unfitted."""


def installed() -> list[str]:
    return [name for name, (package, _) in LEARNERS.items() if find_spec(package) is not None]


@dataclass(frozen=True)
class Rows:
    """Training rows and those to be asked about."""

    name: str
    X: NDArray[np.float64]
    y: NDArray[np.integer]
    X_test: NDArray[np.float64]


def drawn(name: str, most: int) -> Rows:
    """Of a data set as many training rows as asked for, at random, if there are more."""
    data = PROBLEMS[name].load()
    mixed = np.random.default_rng(0).permutation(len(data.y))
    chosen = np.sort(mixed[:most])
    return Rows(name, data.X[chosen], data.y[chosen], data.X_test[:ASKED])


ASKED = 2_000
"""Test rows among which targets are looked for."""


def fitted(model: Any, X: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networks that have not converged say so every time
        return model.fit(X, y)


def spread(model: Any, rows: Rows, aims: Sequence[float]) -> list[int]:
    """For each aim the test row whose confidence is nearest to it; each row once."""
    sure = model.predict_proba(rows.X_test).max(axis=1)
    chosen: list[int] = []
    for aim in aims:
        away = np.abs(sure - aim)
        away[chosen] = np.inf
        chosen.append(int(away.argmin()))
    return chosen


def kept_rows(n: int, gone: Sequence[int], number: int) -> NDArray[np.intp]:
    """Positions of the rows of a retraining, without `gone` and those that chance leaves out."""
    draw = np.random.default_rng(FIRST_SEED + number)
    out = draw.choice(n, max(1, round(LEFT_OUT * n)), replace=False)
    return np.setdiff1d(np.arange(n), np.union1d(out, np.array(gone, dtype=np.intp)))


def seeded(estimator: Any, number: int) -> Any:
    """A clone that draws as no other retraining does."""
    fresh = clone(estimator)
    names = [k for k in fresh.get_params() if k.endswith(("random_state", "random_seed"))]
    return fresh.set_params(**dict.fromkeys(names, FIRST_SEED + number))


class Fresh:
    """Retrainings of one learner that no search and no verdict has seen, counted at a target."""

    def __init__(self, estimator: Any, rows: Rows, count: int = FRESH) -> None:
        self.estimator, self.rows, self.count = estimator, rows, count
        self._whole: list[Any] = []

    def without(self, gone: Sequence[int], x: Any, label: Any) -> float:
        """Of retrainings without these rows, the share that decides otherwise than `label`."""
        return _share([self._trained(i, gone) for i in range(self.count)], x, label)

    def without_random(self, gone: Sequence[int], x: Any, label: Any) -> float:
        """The same without as many random rows of the same classes, others each time."""
        models = [self._trained(i, self.random(gone, i)) for i in range(self.count)]
        return _share(models, x, label)

    def with_all(self, x: Any, label: Any) -> float:
        """The same with every row; the models serve all targets."""
        if not self._whole:
            self._whole = [self._trained(i, []) for i in range(self.count)]
        return _share(self._whole, x, label)

    def random(self, gone: Sequence[int], number: int) -> list[int]:
        draw = np.random.default_rng([FIRST_SEED + number, 1])
        y = self.rows.y
        chosen: list[int] = []
        for label in np.unique(y[list(gone)]):
            members = np.flatnonzero(y == label)
            count = int(np.sum(y[list(gone)] == label))
            chosen += draw.choice(members, count, replace=False).tolist()
        return chosen

    def _trained(self, number: int, gone: Sequence[int]) -> Any:
        kept = kept_rows(len(self.rows.y), gone, number)
        return fitted(seeded(self.estimator, number), self.rows.X[kept], self.rows.y[kept])


def _share(models: Sequence[Any], x: Any, label: Any) -> float:
    return float(np.mean([np.ravel(model.predict(x[None]))[0] != label for model in models]))
