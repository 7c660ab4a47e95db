"""Rows of numbers from whatever a model took: arrays, frames, sparse matrices, tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DENSE_LIMIT = 2**30
"""Bytes: larger sparse matrices are not turned into dense ones."""


def as_matrix(X: Any, name: str = "X") -> NDArray[np.float64]:
    """X as (n, p) float64; raises `ValueError` where it is no finite matrix of numbers."""
    if hasattr(X, "toarray"):
        if X.shape[0] * X.shape[1] * 8 > DENSE_LIMIT:
            raise ValueError(
                f"{name} is a sparse matrix of {X.shape[0]} x {X.shape[1]}; as a dense one, which "
                "this version needs, it would take more than 1 GiB. Use fewer columns "
                "(min_df=, max_features=) or TruncatedSVD."
            )
        X = X.toarray()
    if hasattr(X, "detach"):  # torch
        X = X.detach().cpu().numpy()
    try:
        matrix = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must hold numbers, got {_kind(X)}. Put an encoder before the model, in a "
            "Pipeline, and pass the raw rows."
        ) from error
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have two dimensions (rows, columns), got {matrix.shape}.")
    if not np.isfinite(matrix).all():
        row = int(np.nonzero(~np.isfinite(matrix).all(axis=1))[0][0])
        raise ValueError(
            f"{name} has NaN or infinity, first in row {row}. Impute before the model, in a "
            "Pipeline."
        )
    return np.ascontiguousarray(matrix)


def as_row(x: Any, n_columns: int) -> NDArray[np.float64]:
    """One target as (p,) float64."""
    if hasattr(x, "toarray"):
        x = x.toarray()
    row = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if row.ndim == 2 and len(row) == 1:
        row = row[0]
    if row.ndim != 1:
        raise ValueError(
            f"x must be one row, got shape {row.shape}. Pass one target, such as X_test[0]."
        )
    if len(row) != n_columns:
        raise ValueError(f"x has {len(row)} columns, the model was fitted on {n_columns}.")
    single: NDArray[np.float64] = as_matrix(row[None], "x")[0]
    return single


def as_single(x: Any, X: Any) -> Any:
    """One target as a one-row container of the kind of X, as a transformer expects it."""
    if hasattr(X, "iloc"):  # pandas
        return _one_row_frame(x, X)
    if hasattr(X, "get_column"):  # polars
        return x if hasattr(x, "get_column") else _one_row_polars(x, X)
    if hasattr(X, "toarray") or hasattr(x, "toarray"):
        return x
    if isinstance(x, str):
        return [x]
    row = np.asarray(x)
    if np.ndim(X) == 1 or (not hasattr(X, "shape") and isinstance(next(iter(X)), str)):
        return [x] if row.ndim == 0 else list(row)
    if row.ndim == 2 and len(row) == 1:
        return x
    if row.ndim != 1:
        raise ValueError(
            f"x must be one row, got shape {row.shape}. Pass one target, such as X_test[0]."
        )
    return row[None]


def _one_row_frame(x: Any, X: Any) -> Any:
    if X.ndim == 1:  # a series of texts
        return X.iloc[:0] if x is None else type(X)([x] if isinstance(x, str) else list(x))
    if getattr(x, "ndim", None) == 2 and hasattr(x, "iloc"):
        if len(x) != 1:
            raise ValueError(f"x must be one row, got {len(x)}. Pass one target: X_test.iloc[[0]].")
        return x
    values = [x[c] for c in X.columns] if hasattr(x, "index") else list(np.ravel(x))
    if len(values) != len(X.columns):
        raise ValueError(f"x has {len(values)} columns, X has {len(X.columns)}.")
    return type(X)([values], columns=X.columns).astype(X.dtypes)


def _one_row_polars(x: Any, X: Any) -> Any:
    return type(X)([list(np.ravel(x))], schema=X.schema, orient="row")


def _kind(X: Any) -> str:
    dtype = getattr(X, "dtype", None)
    return f"{type(X).__name__} of {dtype}" if dtype is not None else type(X).__name__
