"""The data of the benchmarks; those that are not shipped come from the folder FORCING_DATA."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits, make_moons
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Data:
    """Prepared as the yardsticks say."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray


def folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def moons() -> Data:
    X, y = make_moons(100, noise=0.2, random_state=3)
    return Data(X, y, X)


def digits() -> Data:
    X, y = load_digits(return_X_y=True)
    chosen = (y == 3) | (y == 8)
    X, y = X[chosen] / 16, (y[chosen] == 8).astype(int)
    train, test, labels, _ = train_test_split(X, y, test_size=0.3, random_state=0)
    return Data(train, labels, test)


def heloc() -> Data:
    import pandas as pd

    frame = pd.read_csv(folder("FORCING_DATA") / "heloc.csv.gz")
    columns = frame.drop(columns="RiskPerformance")
    there = ~(columns == -9).all(axis=1)
    columns, y = columns[there], (frame["RiskPerformance"][there] == "Good").astype(int)
    columns = columns.where(columns >= 0)
    columns = columns.fillna(columns.median())
    parts = train_test_split(columns.to_numpy(), y.to_numpy(), test_size=0.2, random_state=0)
    scaler = StandardScaler().fit(parts[0])
    return Data(scaler.transform(parts[0]), parts[2], scaler.transform(parts[1]))


def catdog(rows: int = 4_000) -> Data:
    X, y = _cifar("train")
    X_test, _ = _cifar("test")
    return Data(X[:rows], y[:rows], X_test[:1_000])


def _cifar(part: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder("FORCING_DATA") / f"cifar10_{part}_mnv2_feats_u8.npz") as file:
        chosen = (file["y"] == 3) | (file["y"] == 5)
        return file["X"][chosen] * float(file["scale"]), (file["y"][chosen] == 5).astype(int)


def dogfish() -> Data:
    with np.load(folder("FORCING_DATA") / "dogfish_mnv2_feats.npz") as file:
        y = file["y_train"]
        first = np.sort(np.concatenate([np.flatnonzero(y == c)[:900] for c in (0, 1)]))
        return Data(file["X_train"][first].astype(float), y[first], file["X_val"].astype(float))


SHIPPED = {"moons": moons, "digits": digits}
OTHERS = {"heloc": heloc, "catdog": catdog}
