"""Rows of a table beside the target, with the features that differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forcing.display import frames
from forcing.display.base import Item, check_length

if TYPE_CHECKING:
    from forcing.display.study_like import StudyLike

Cell: TypeAlias = int | float | str | None

MOST_COLUMNS = 64
MOST_DIFFERING = 12
SAMPLE_ROWS = 10_000
"""Ranges come from an even sample of at most this many rows."""
CONSTANT_COLUMN_SCORE = 9.0
"""Standardised difference in a column that no training row varies in."""


class Table:
    """Show training rows as rows of `frame`; by default of the training data itself.

    Parameters
    ----------
    frame
        Anything two-dimensional with a row for each training row: a pandas or polars frame
        with the columns as people know them, an array, a sparse matrix.
    columns
        Names or positions of the columns to show, in this order; at most 64 are sent.
    """

    def __init__(self, frame: Any = None, *, columns: Sequence[str | int] | None = None) -> None:
        self.frame = frame
        self.columns = None if columns is None else list(columns)

    def present(self, study: StudyLike, x: Any, target: Any = None) -> TablePresenter:
        frame = study.X if self.frame is None else self.frame
        check_length("The table", frames.n_rows(frame), study)
        names = frames.names(frame, None if self.frame is not None else study.feature_names)
        chosen = self._choose(names, study)
        x = x if target is None else target
        values = frames.single_row(x, names, chosen)
        frame = frames.indexable(frame)
        return TablePresenter(frame, names, chosen, [as_cell(value) for value in values])

    def _choose(self, names: list[str], study: StudyLike) -> list[int]:
        if self.columns is not None:
            return [_position(column, names) for column in self.columns][:MOST_COLUMNS]
        if len(names) <= MOST_COLUMNS:
            return list(range(len(names)))
        weights = study.weights_for_display()
        if weights is None or len(weights) != len(names):
            return list(range(MOST_COLUMNS))
        largest = np.argsort(-np.abs(weights), kind="stable")[:MOST_COLUMNS]
        return sorted(int(j) for j in largest)


def _position(column: str | int, names: list[str]) -> int:
    if isinstance(column, str):
        if column not in names:
            raise ValueError(f"Table(columns=...) names {column!r}, which is no column: {names}.")
        return names.index(column)
    if not -len(names) <= column < len(names):
        raise ValueError(f"Table(columns=...) has {column}, but there are {len(names)} columns.")
    return column % len(names)


def as_cell(value: Any) -> Cell:
    """A value as the protocol sends it: a finite number, a text, or None for missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        # A JSON reader holds integers as doubles; beyond 2**53 only text keeps the digits.
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return float(f"{value:.9g}") if np.isfinite(value) else None
    return None if _is_missing(value) else str(value)[:200]


def _is_missing(value: Any) -> bool:
    """pandas.NA and NaT, without importing pandas: they are not equal to themselves."""
    try:
        return not bool(value == value)
    except (TypeError, ValueError):
        return True


@dataclass(frozen=True)
class _Scale:
    """How the numbers of a column spread over the training rows."""

    low: float | None
    high: float | None
    deviation: float | None
    """None for a column of categories."""

    @classmethod
    def of(cls, column: NDArray[Any]) -> _Scale:
        numbers = _numbers_in(column)
        if numbers is None:
            return cls(None, None, None)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return cls(None, None, 0.0)
        low, high = np.percentile(numbers, (2, 98))
        return cls(float(f"{low:.9g}"), float(f"{high:.9g}"), float(numbers.std()))


def _numbers_in(column: NDArray[Any]) -> NDArray[np.float64] | None:
    """Of a column of numbers in which words say why one is missing, the numbers; None where it
    holds words alone.
    """
    numbers = frames.as_numbers(column)
    if numbers is not None or column.dtype.kind != "O":
        return numbers
    found = [value for value in column if _is_number(value)]
    return np.array(found, dtype=np.float64) if found else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


class TablePresenter:
    """Rows of a frame beside one target."""

    def __init__(self, frame: Any, names: list[str], chosen: list[int], target: list[Cell]) -> None:
        self._frame = frame
        self._chosen = chosen
        self._target = target
        sample = frames.take(frame, frames.even_sample(frame, SAMPLE_ROWS), chosen)
        self._scales = [_Scale.of(column) for column in sample]
        self._kinds = [
            self._kind_deviation(column, value)
            for column, value in zip(sample, target, strict=True)
        ]
        self.display: dict[str, Any] = {
            "kind": "table",
            "columns": [
                {"name": names[j], "low": scale.low, "high": scale.high}
                for j, scale in zip(chosen, self._scales, strict=True)
            ],
            "omitted": len(names) - len(chosen),
        }

    @staticmethod
    def _kind_deviation(column: NDArray[Any], value: Cell) -> float:
        """Of the indicator of the target's category, or of its being a number where others are
        words: the scale on which texts and 0/1 agree.
        """
        if column.dtype.kind in "biuf" and not isinstance(value, str):
            return 0.0  # nothing but numbers: no word is ever compared
        kind = _kind(value)
        share = float(np.mean([_kind(as_cell(other)) == kind for other in column]))
        return float(np.sqrt(share * (1 - share)))

    def target(self) -> Item:
        return {"kind": "table", "values": self._target, "differs": []}

    def item(self, position: int) -> Item:
        values = [as_cell(cell) for cell in frames.take_row(self._frame, position, self._chosen)]
        scores = [self._difference(j, value) for j, value in enumerate(values)]
        order = sorted((j for j in range(len(scores)) if scores[j] > 0), key=lambda j: -scores[j])
        return {"kind": "table", "values": values, "differs": order[:MOST_DIFFERING]}

    def image(self, name: str) -> bytes | None:  # noqa: ARG002 - a table has none
        return None

    def _difference(self, j: int, value: Cell) -> float:
        """Distance from the target in standard deviations of the column."""
        target, spread = self._target[j], self._scales[j].deviation
        if value == target:
            return 0.0
        if spread is not None and (value is None or target is None):
            return 1.0  # one of the two is missing: nothing to measure, yet they do differ
        if isinstance(value, int | float) and isinstance(target, int | float):
            distance, deviation = abs(value - target), spread or 0.0
        else:
            distance, deviation = 1.0, self._kinds[j]
        return distance / deviation if deviation > 0 else CONSTANT_COLUMN_SCORE


def _kind(value: Cell) -> Cell:
    """A word is its own kind, all numbers are one."""
    return 0 if isinstance(value, int | float) else value
