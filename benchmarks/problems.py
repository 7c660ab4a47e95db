"""The data of the benchmarks; those that are not shipped come from the folder FORCING_DATA."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Data:
    """Prepared as the yardsticks say. X and X_test are matrices, sparse for texts."""

    X: Any
    y: NDArray[np.integer]
    X_test: Any

    @property
    def shape(self) -> str:
        return f"{self.X.shape[0]} x {self.X.shape[1]}"


@dataclass(frozen=True)
class Named:
    """A data set and the model that is fitted on it: LogisticRegression with this C."""

    name: str
    C: float
    load: Callable[[], Data]
    shipped: bool = False
    """With scikit-learn; the others need FORCING_DATA."""
    for_times: bool = False
    """A larger cut of another one, that only `speed` uses."""

    @property
    def available(self) -> bool:
        return self.shipped or folder("FORCING_DATA") is not None

    @property
    def known(self) -> list[dict[str, Any]]:
        """The targets of the yardsticks, with the smallest set known; empty where none are."""
        path = folder("FORCING_REFERENCE")
        path = path and path / f"{self.name}.json"
        if path is None or not path.exists():
            return []
        results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
        return results


def folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _data(file: str) -> Path:
    place = folder("FORCING_DATA")
    if place is None:
        raise ValueError(f"{file} is not shipped: set FORCING_DATA to the folder that holds it.")
    return place / file


def moons() -> Data:
    X, y = make_moons(100, noise=0.2, random_state=3)
    return Data(X, y, X)


def digits() -> Data:
    X, y = load_digits(return_X_y=True)
    chosen = (y == 3) | (y == 8)
    X, y = X[chosen] / 16, (y[chosen] == 8).astype(int)
    train, test, labels, _ = train_test_split(X, y, test_size=0.3, random_state=0)
    return Data(train, labels, test)


def breast_cancer() -> Data:
    X, y = load_breast_cancer(return_X_y=True)
    return _standardised(*train_test_split(X, y, test_size=0.3, random_state=0)[:3])


def heloc() -> Data:
    import pandas as pd

    frame = pd.read_csv(_data("heloc.csv.gz"))
    columns = frame.drop(columns="RiskPerformance")
    there = ~(columns == -9).all(axis=1)
    columns, y = columns[there], (frame["RiskPerformance"][there] == "Good").astype(int)
    columns = columns.where(columns >= 0)
    columns = columns.fillna(columns.median())
    parts = train_test_split(columns.to_numpy(), y.to_numpy(), test_size=0.2, random_state=0)
    return _standardised(*parts[:3])


def adult() -> Data:
    """Its own split; numbers standardised, words one-hot, "?" a word like others."""
    import pandas as pd

    frame = pd.read_csv(_data("adult.csv.gz"))
    train = (frame["split"] == "train").to_numpy()
    y = (frame["income"].str.strip(". ") == ">50K").astype(int).to_numpy()
    columns = frame.drop(columns=["split", "income"])
    numbers = columns.select_dtypes("number").to_numpy(dtype=float)
    words = pd.get_dummies(columns.select_dtypes(exclude="number"), dtype=float).to_numpy()
    scaler = StandardScaler().fit(numbers[train])
    X = np.column_stack([scaler.transform(numbers), words])
    return Data(X[train], y[train], X[~train])


def enron() -> Data:
    from sklearn.feature_extraction.text import TfidfVectorizer

    with gzip.open(_data("enron1.jsonl.gz"), "rt", encoding="utf-8") as file:
        mails = [json.loads(line) for line in file]
    order = np.random.default_rng(0).permutation(len(mails))
    train, test = ([mails[i] for i in part] for part in (order[:3310], order[3310:]))
    words = TfidfVectorizer(min_df=3, sublinear_tf=True).fit([mail["text"] for mail in train])
    y = np.array([mail["label"] in {1, "spam"} for mail in train]).astype(int)
    X, X_test = (words.transform([mail["text"] for mail in part]) for part in (train, test))
    return Data(X, y, X_test)


def dogfish() -> Data:
    with np.load(_data("dogfish_mnv2_feats.npz")) as file:
        y = file["y_train"]
        first = np.sort(np.concatenate([np.flatnonzero(y == c)[:900] for c in (0, 1)]))
        return Data(file["X_train"][first].astype(float), y[first], file["X_val"].astype(float))


def catdog(rows: int = 4_000) -> Data:
    X, y = _cifar("train")
    X_test, labels = _cifar("test")
    chosen, tested = (np.flatnonzero((t == 3) | (t == 5)) for t in (y, labels))
    train, test = X[chosen[:rows]], X_test[tested[:1_000]]
    return Data(train, (y[chosen[:rows]] == 5).astype(int), test)


def cifar10() -> Data:
    """All ten classes: 50 000 x 1280, in the single precision that networks give."""
    X, y = _cifar("train")
    return Data(X.astype(np.float32), y.astype(int), _cifar("test")[0].astype(np.float32))


def _cifar(part: str) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    with np.load(_data(f"cifar10_{part}_mnv2_feats_u8.npz")) as file:
        return file["X"] * float(file["scale"]), file["y"]


def _standardised(
    train: NDArray[np.float64], test: NDArray[np.float64], y: NDArray[np.int64]
) -> Data:
    scaler = StandardScaler().fit(train)
    return Data(scaler.transform(train), y, scaler.transform(test))


PROBLEMS = {
    named.name: named
    for named in (
        Named("moons", 1.0, moons, shipped=True),
        Named("digits", 1.0, digits, shipped=True),
        Named("breast-cancer", 1.0, breast_cancer, shipped=True),
        Named("heloc", 1.0, heloc),
        Named("adult", 1.0, adult),
        Named("enron", 1.0, enron),
        Named("dog-fish", 1.0, dogfish),
        Named("catdog", 0.01, catdog),
        Named("catdog-10000", 0.01, partial(catdog, 10_000), for_times=True),
    )
}
"""Two classes each. `cifar10` has ten, and a model of its own in `table_one`."""
