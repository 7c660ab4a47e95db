"""Rows of numbers from whatever a model took: arrays, frames, sparse matrices, tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray


def as_rows(X: Any, name: str = "X") -> Any:
    """X (n, p) for a linear model: CSR where it is sparse, else as `as_matrix` has it."""
    if not hasattr(X, "toarray"):
        return as_matrix(X, name)
    matrix = scipy.sparse.csr_matrix(X, dtype=np.float64)
    if not np.isfinite(matrix.data).all():
        raise ValueError(f"{name} has NaN or infinity. Impute before the model, in a Pipeline.")
    return matrix


def as_matrix(X: Any, name: str = "X") -> NDArray[np.float64]:
    """X as (n, p) float64; raises `ValueError` where it is no finite matrix of numbers."""
    if hasattr(X, "toarray"):
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


def as_row(x: Any, n_columns: int, names: Any = None) -> NDArray[np.float64]:
    """One target as (p,) float64; by name where the model's columns, `names`, are known."""
    values = _cells(x, names)
    _count(values, n_columns)
    if not isinstance(values, np.ndarray):
        values = np.array(values, dtype=object)
    single: NDArray[np.float64] = as_matrix(values[None], "x")[0]
    return single


def as_single(x: Any, X: Any) -> Any:
    """One target as a one-row container of the kind of X, as a transformer expects it."""
    if _one_item_a_row(X):
        items = list(np.ravel(np.asarray(x, dtype=object)))
        if len(items) != 1:
            raise _not_one(f"{len(items)} values", "X_test[0]")
        return type(X)(items) if hasattr(X, "iloc") else items
    if hasattr(X, "iloc"):
        return _pandas_row(_cells(x, X.columns), X)
    if hasattr(X, "get_column"):
        return _polars_row(_cells(x, X.columns), X)
    if hasattr(X, "toarray") and hasattr(x, "toarray"):
        if x.ndim == 2 and x.shape[0] != 1:
            raise _not_one(f"{x.shape[0]} rows", "X_test[[0]]")
        return x.reshape(1, -1)
    values = _cells(x)
    if isinstance(X, list | tuple):
        return [list(values)]
    if hasattr(X, "toarray"):
        return type(X)(np.asarray(values, dtype=np.float64)[None])
    mixed = isinstance(X, np.ndarray) and X.dtype.kind == "O"
    # Told nothing, NumPy turns numbers beside words into words.
    return np.asarray(values, dtype=object if mixed else None)[None]


def with_rows(X: Any, rows: Sequence[Any]) -> tuple[Any, list[int]]:
    """X with one-row containers of its kind, as `as_single` makes them, below; and which were
    added.

    Left out is a row for which X would have to change, such as one with a category that X does
    not have; and all, where X is of a kind that is not known here.
    """
    fitting = [(place, _beside(X, row)) for place, row in enumerate(rows)]
    added = [place for place, row in fitting if row is not None]
    parts = [row for _, row in fitting if row is not None]
    if not parts:
        return X, []
    if hasattr(X, "iloc"):
        import pandas as pd

        return pd.concat([X, *parts], ignore_index=True), added
    if hasattr(X, "get_column"):
        for part in parts:
            X = X.vstack(part)
        return X, added
    if isinstance(X, list | tuple):
        return [*X, *(item for part in parts for item in part)], added
    if scipy.sparse.issparse(X):
        return scipy.sparse.vstack([X, *parts]).tocsr(), added
    return np.concatenate([X, *parts]), added


def _beside(X: Any, row: Any) -> Any:
    """The one row as it can stand below X; None where it cannot."""
    if isinstance(X, list | tuple):
        return row
    if hasattr(X, "iloc") and type(X).__module__.startswith("pandas"):
        frames = hasattr(X, "dtypes") and np.ndim(X) == 2
        same = X.dtypes.tolist() == row.dtypes.tolist() if frames else X.dtype == row.dtype
        return row if same else None
    if hasattr(X, "get_column"):
        return row if X.schema == row.schema else None
    if not isinstance(X, np.ndarray) and not scipy.sparse.issparse(X):
        return None
    values = row if scipy.sparse.issparse(row) else np.asarray(row)
    if values.shape[1:] != X.shape[1:]:
        return None
    if values.dtype.kind == X.dtype.kind == "U":  # a cast would cut longer words
        return values
    try:
        cast = values.astype(X.dtype)
    except (TypeError, ValueError):
        return None
    if X.dtype.kind in "fO":
        return cast
    same = (cast != values).nnz == 0 if scipy.sparse.issparse(values) else (cast == values).all()
    return cast if same else None


def _one_item_a_row(X: Any) -> bool:
    """Texts, or mappings for a DictVectorizer: X has no columns."""
    if hasattr(X, "shape"):
        return len(X.shape) == 1
    return isinstance(X, Iterable) and np.ndim(next(iter(X))) == 0


def _cells(x: Any, names: Any = None) -> Any:
    """The values (p,) of one target, each as it is; by name where both sides have names."""
    if hasattr(x, "columns"):
        if len(x) != 1:
            raise _not_one(f"{len(x)} rows", "X_test.iloc[[0]]" if hasattr(x, "iloc") else "X[0]")
        # One by one: a row as a pandas series has a single dtype.
        values = [x.iat[0, j] for j in range(x.shape[1])] if hasattr(x, "iat") else list(x.row(0))
        return _by_name(list(x.columns), values, names)
    if hasattr(x, "iloc"):
        return _by_name(list(x.index), list(x), names)
    if isinstance(x, Mapping):
        if names is None:
            raise ValueError(
                f"x is a {type(x).__name__}, but X has no column names: pass the values of the "
                "row in the order of X's columns."
            )
        return _by_name(list(x.keys()), list(x.values()), names)
    if hasattr(x, "toarray"):
        x = x.toarray()
    if hasattr(x, "detach"):  # torch
        x = x.detach().cpu().numpy()
    if isinstance(x, list | tuple):
        nested = bool(x) and all(isinstance(row, list | tuple | np.ndarray) for row in x)
        if nested and len(x) != 1:
            raise _not_one(f"{len(x)} rows", "X_test[0]")
        return list(x[0]) if nested else list(x)
    row = np.asarray(x)
    if row.ndim == 2 and len(row) == 1:
        return row[0]
    if row.ndim != 1:
        got = f"shape {row.shape}" if row.ndim else f"{type(x).__name__} {x!r:.40}"
        raise _not_one(got, "X_test[0]")
    return row


def _by_name(labels: list[Any], values: list[Any], names: Any) -> list[Any]:
    if names is None or labels == list(names):
        return values
    found = dict(zip(labels, values, strict=True))
    missing = [name for name in names if name not in found]
    if not missing:
        return [found[name] for name in names]
    if labels == list(range(len(labels))):  # pandas' own count, which names nothing
        return values
    shown = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
    raise ValueError(
        f"x has no column {shown}, which the model was fitted on. Pass a row with all columns of X."
    )


def _pandas_row(values: Any, X: Any) -> Any:
    _count(values, X.shape[1])
    frame = type(X)([list(values)])
    for j, (inferred, wanted) in enumerate(zip(frame.dtypes, X.dtypes, strict=True)):
        if inferred == wanted:
            continue
        plain = frame.iloc[:, j]
        value, absent = plain.iloc[0], bool(plain.isna().iloc[0])
        try:
            if not absent and value not in getattr(wanted, "categories", [value]):
                continue
            cast = plain.astype(wanted)
        except (TypeError, ValueError, OverflowError):
            continue
        lost = bool(cast.isna().iloc[0])
        if absent == lost and (absent or _says_the_same(value, cast.iloc[0])):
            frame.isetitem(j, cast)
    frame.columns = X.columns
    return frame


def _polars_row(values: Any, X: Any) -> Any:
    from polars.exceptions import PolarsError

    _count(values, X.shape[1])
    columns = []
    for column, value in zip(X.get_columns(), values, strict=True):
        given = value.item() if isinstance(value, np.generic) else value
        plain = type(column)(column.name, [given])
        try:
            cast = plain.cast(column.dtype)
        except PolarsError:
            cast = plain
        columns.append(cast if given is None or _says_the_same(given, cast[0]) else plain)
    return type(X)(columns)


def _says_the_same(given: Any, cast: Any) -> bool:
    """Whether a cast kept the value: 40.9 is no 40, and a word is no True; "1.5" may be 1.5."""
    if isinstance(given, str) and not isinstance(cast, str | bool | np.bool_):
        return True
    return bool(given == cast)


def _count(values: Any, n_columns: int) -> None:
    if len(values) != n_columns:
        raise ValueError(f"x has {len(values)} columns, the model was fitted on {n_columns}.")


def _not_one(got: str, example: str) -> ValueError:
    return ValueError(f"x must be one row, got {got}. Pass one target, such as {example}.")


def _kind(X: Any) -> str:
    dtype = getattr(X, "dtype", None)
    return f"{type(X).__name__} of {dtype}" if dtype is not None else type(X).__name__
