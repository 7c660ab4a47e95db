"""Training data, checked once at the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def labels(y: Any, X: Any) -> NDArray[Any]:
    """y as (n,), of the length of X."""
    given = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim != 1:
        raise ValueError(f"y must have one dimension, one label a row; got shape {given.shape}.")
    rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if rows != len(given):
        raise ValueError(f"X has {rows} rows, y has {len(given)} labels: pass those of fit.")
    return given


def weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64] | None:
    """Sample weights as (n,), finite and not negative."""
    if sample_weight is None:
        return None
    given = np.asarray(sample_weight, dtype=np.float64)
    if given.shape != (n_rows,):
        raise ValueError(
            f"sample_weight must have one weight for each of the {n_rows} rows, "
            f"got shape {given.shape}."
        )
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError("sample_weight must be finite and not negative.")
    return given


def check_classes(
    y: NDArray[Any], sample_weight: NDArray[np.float64] | None, classes: Sequence[Any]
) -> None:
    """Refuse labels the model does not know, and classes without a row that counts."""
    unknown = sorted(set(y.tolist()) - set(classes), key=str)
    if unknown:
        raise ValueError(
            f"y has {_some(unknown)}, which the model does not know; its classes are "
            f"{_some(list(classes))}. Pass the y that fit received."
        )
    counted = y if sample_weight is None else y[sample_weight > 0]
    for label in classes:
        if not (counted == label).any():
            raise ValueError(
                f"no row of weight above 0 has the label {label!r}: a model of one class "
                "decides nothing, so no set can flip it."
            )


def of_length(
    name: str, values: Sequence[Any] | None, length: int, what: str
) -> Sequence[Any] | None:
    if values is None:
        return None
    if len(values) != length:
        raise ValueError(
            f"{name} must have one entry for each {what}, {length}; got {len(values)}."
        )
    return list(values)


def feature_names(given: Sequence[str] | None, X: Any, model: Any) -> list[str] | None:
    """As given, else the frame's columns, else those the model saw."""
    columns = X.shape[1] if len(getattr(X, "shape", ())) == 2 else None
    if given is not None:
        if columns is not None:
            of_length("feature_names", given, columns, "column of X")
        return [str(name) for name in given]
    for names in (getattr(X, "columns", None), getattr(model, "feature_names_in_", None)):
        if names is not None and columns == len(names):
            return [str(name) for name in names]
    return None


def positions(rows: Any, n_rows: int, name: str = "rows") -> list[int]:
    """Row positions, whole and within the training data; a mask (n,) gives those it marks."""
    given = np.asarray(list(rows) if np.iterable(rows) else rows)
    expected = f"{name} must be positions from 0 to {n_rows - 1}, or a boolean mask of {n_rows}"
    if given.dtype == bool and given.shape == (n_rows,):
        return [int(row) for row in np.flatnonzero(given)]
    if given.shape == (0,):  # NumPy calls an empty list float
        return []
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise ValueError(f"{expected}; got {given.dtype} of shape {given.shape}.")
    for row in given.tolist():
        if not 0 <= row < n_rows:
            raise ValueError(f"{expected}; got {row}.")
    return [int(row) for row in given]


def _some(values: list[Any]) -> str:
    shown = ", ".join(map(repr, values[:5]))
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"
