"""Columns of numbers that may be axes, and rows that differ from the target in two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.display import frames
from forcing.models.rows import as_single

MOST = 200
"""Columns that are looked at; """
WIDEST = 2000
"""none of a sparse matrix with more."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of X that vary, and in which the target has a value."""

    places: list[int]
    names: list[str]
    values: NDArray[np.float64]
    """(n, q); NaN where a row has none."""
    target: NDArray[np.float64]
    """(q,)"""

    @classmethod
    def of(cls, X: Any, x: Any, names: list[str] | None) -> Columns | None:
        """None where X has no columns, as texts and stacks of pictures have none."""
        shape = getattr(X, "shape", None) or np.shape(X)
        if len(shape) != 2 or (hasattr(X, "toarray") and shape[1] > WIDEST):
            return None
        known = frames.names(X, names)
        frame = frames.indexable(X)
        every = list(range(len(known)))
        at = frames.single_row(x, known, every)
        rows = np.arange(shape[0])
        places: list[int] = []
        kept: list[NDArray[np.float64]] = []
        target: list[float] = []
        for j in every:
            if len(places) == MOST:
                break
            numbers = frames.as_numbers(frames.take(frame, rows, [j])[0])
            value = _number(at[j])
            if numbers is None or value is None:
                continue
            numbers = np.where(np.isfinite(numbers), numbers, np.nan)
            if np.isnan(numbers).all() or np.nanmax(numbers) == np.nanmin(numbers):
                continue
            places.append(j)
            kept.append(numbers)
            target.append(value)
        values = np.stack(kept, axis=1) if kept else np.zeros((shape[0], 0))
        return cls(places, [known[j] for j in places], values, np.array(target))

    @property
    def spread(self) -> NDArray[np.float64]:
        """(q,): standard deviation of each, above 0."""
        return np.asarray(np.nanstd(self.values, axis=0))


def _number(value: Any) -> float | None:
    """A cell as a finite number; None for words, truth values and what is missing."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return None
    return float(value)


def lifted(X: Any, x: Any, changed: dict[int, NDArray[np.float64]], m: int) -> Any:
    """m rows (a container of the kind of X) that are the target but for the changed columns."""
    one = as_single(x, X)
    if hasattr(one, "iloc"):
        many = one.iloc[np.zeros(m, dtype=np.intp)].reset_index(drop=True)
        for j, values in changed.items():
            many.isetitem(j, values)
        return many
    if hasattr(one, "get_column"):
        many = one[[0] * m]
        series = type(one.to_series(0))
        return many.with_columns([series(one.columns[j], v) for j, v in changed.items()])
    sparse = hasattr(one, "toarray")
    row = one.toarray() if sparse else frames.as_array(one)
    many = np.repeat(row.astype(object if row.dtype.kind in "OUS" else np.float64), m, axis=0)
    for j, values in changed.items():
        many[:, j] = values
    if sparse:
        return type(one)(many)
    if hasattr(X, "detach"):
        return X.new_tensor(many)
    return many.tolist() if isinstance(X, list | tuple) else many
