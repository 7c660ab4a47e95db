"""Cells of whatever a user calls a table, without importing the package it comes from.

pandas and polars frames, SciPy sparse matrices, torch tensors, NumPy arrays and lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def indexable(frame: Any) -> Any:
    """The same table in a form whose rows are quick to take, converted once."""
    if _is_pandas(frame) or _is_polars(frame):
        return frame
    return frame.tocsr() if hasattr(frame, "tocsr") else as_array(frame)


def n_rows(frame: Any) -> int:
    shape = getattr(frame, "shape", None)
    return int(shape[0]) if shape is not None else len(frame)


def names(frame: Any, given: Sequence[Any] | None = None) -> list[str]:
    """Column names: those given, else the frame's own, else "feature 1" and so on."""
    if given is not None:
        return [str(name) for name in given]
    columns = getattr(frame, "columns", None)
    if columns is not None:
        return [str(name) for name in columns]
    shape = getattr(frame, "shape", None)
    count = np.shape(frame)[1] if shape is None else shape[1]
    return [f"feature {j + 1}" for j in range(count)]


def even_sample(frame: Any, most: int) -> NDArray[np.intp]:
    """Positions of at most `most` rows, evenly spread."""
    count = n_rows(frame)
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))


def take(frame: Any, rows: NDArray[np.intp], columns: Sequence[int]) -> list[NDArray[Any]]:
    """The chosen cells of an indexable frame, one array a column."""
    if _is_pandas(frame):
        part = frame.iloc[rows]
        return [np.asarray(part.iloc[:, j]) for j in columns]
    if _is_polars(frame):
        part = frame[rows.tolist()]
        return [part[:, j].to_numpy() for j in columns]
    dense = frame[rows][:, list(columns)]
    dense = dense.toarray() if hasattr(dense, "toarray") else dense
    return [dense[:, j] for j in range(len(columns))]


def take_row(frame: Any, row: int, columns: Sequence[int]) -> list[Any]:
    """The chosen cells of one row of an indexable frame."""
    if _is_pandas(frame):
        return [frame.iat[row, j] for j in columns]  # a row as a series has one dtype
    if _is_polars(frame):
        cells = frame.row(row)
        return [cells[j] for j in columns]
    if hasattr(frame, "toarray"):
        return list(frame[[row]].toarray().ravel()[list(columns)])
    return list(frame[row, list(columns)])


def single_row(x: Any, names: Sequence[str], columns: Sequence[int]) -> list[Any]:
    """The chosen cells of one row given as an array, series, mapping or frame of one row.

    All None where `x` has another number of columns than the table.
    """
    missing = [None] * len(columns)
    if _is_polars(x):
        x = x.row(0, named=True) if hasattr(x, "row") else x.to_numpy()
    if _is_pandas(x):
        x = x.iloc[0] if getattr(x, "ndim", 1) == 2 else x
        keys = [str(key) for key in x.index]
        values = list(x)
        if set(names) <= set(keys):
            return [values[keys.index(names[j])] for j in columns]
    elif isinstance(x, Mapping):
        texts = {str(key): value for key, value in x.items()}
        return [texts.get(names[j]) for j in columns]
    elif hasattr(x, "toarray"):
        values = list(np.asarray(x.toarray()).ravel())
    elif isinstance(x, list | tuple):  # NumPy would turn mixed values into texts
        values = list(x[0]) if len(x) == 1 and isinstance(x[0], list | tuple) else list(x)
    else:
        values = list(as_array(x).ravel())
    return [values[j] for j in columns] if len(values) == len(names) else missing


def as_array(values: Any) -> NDArray[Any]:
    """A NumPy array; torch tensors may need gradients dropped or may live on a GPU."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)


def as_numbers(column: NDArray[Any]) -> NDArray[np.float64] | None:
    """The column as floats, or None where it holds categories."""
    if column.dtype.kind in "iuf":
        return column.astype(np.float64)
    if column.dtype.kind == "O" and all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        for value in column
    ):
        return column.astype(np.float64)
    return None


def _is_pandas(frame: Any) -> bool:
    return hasattr(frame, "iloc")


def _is_polars(frame: Any) -> bool:
    return type(frame).__module__.partition(".")[0] == "polars"
