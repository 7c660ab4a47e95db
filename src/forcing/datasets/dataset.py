"""What a loader returns, where it looks, and what it says when nothing is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.errors import ForcingError

VARIABLE = "FORCING_DATA"


class DatasetMissingError(ForcingError, FileNotFoundError):
    """A file is not in the folder of FORCING_DATA; the message says where to get it."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test rows of one task of two classes or more."""

    name: str
    title: str
    """A sentence on what the rows are."""
    X: Any
    """n training rows: a frame, a matrix (n, p), or n texts."""
    y: NDArray[Any]
    """(n,): labels in words."""
    X_test: Any
    y_test: NDArray[Any]
    X_valid: Any = None
    """Rows to look at while the test rows stay unseen; None where there is no such part."""
    y_valid: NDArray[Any] | None = None
    pictures: Sequence[Any] | None = None
    """How the training rows look, where they are pictures."""
    pictures_test: Sequence[Any] | None = None
    axes: tuple[str, str] | None = None
    """Two columns that say much, for a plane."""
    note: str = ""
    """What a reader must know; of a stand-in, what it stands in for, and where that is."""
    stand_in: bool = False

    def __repr__(self) -> str:
        parts = {"training": self.y, "validation": self.y_valid, "test": self.y_test}
        sizes = ", ".join(f"{len(y)} {part}" for part, y in parts.items() if y is not None)
        return (
            f"<Dataset {self.name}: {self.title} {sizes} rows.{' ' * bool(self.note)}{self.note}>"
        )

    @property
    def classes(self) -> NDArray[Any]:
        return np.unique(self.y)


def folder() -> Path | None:
    """The folder of the data; None where FORCING_DATA is not set.

    Raises
    ------
    NotADirectoryError
        It is set, to something else.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_dir():
        raise NotADirectoryError(f"{VARIABLE} is {value!r}, which is no folder.")
    return path


def found(names: Sequence[str], source: str) -> Path:
    """The first of these files that is there.

    Raises
    ------
    DatasetMissingError
        None is.
    """
    place = folder()
    for name in names:
        if place is not None and (place / name).exists():
            return place / name
    where = f"not in {place}" if place else f"not here: {VARIABLE} is not set"
    raise DatasetMissingError(
        f"{' or '.join(names)} is {where}. {source} Put it into a folder, and set the environment "
        f"variable {VARIABLE} to that folder before Python starts."
    )


def or_stand_in(
    load: Callable[[], Dataset], other: Callable[[], Dataset], allowed: bool
) -> Dataset:
    """What `load` gives; where its file is missing and that is allowed, the other, with a note."""
    try:
        return load()
    except DatasetMissingError as missing:
        if not allowed:
            raise
        data = other()
        return replace(data, note=f"It stands in: {missing}", stand_in=True)


def check(file: Path, what: str, got: Any, expected: Any) -> None:
    """That a file holds what it should.

    Raises
    ------
    ValueError
        It does not.
    """
    if got != expected:
        raise ValueError(
            f"{file} has {what} {got}, but {expected} was expected: the file is cut short, or "
            "another version of the data. Get it again, or move it out of the folder."
        )


def counts(labels: NDArray[Any]) -> dict[Any, int]:
    values, numbers = np.unique(labels, return_counts=True)
    return dict(zip(values.tolist(), numbers.tolist(), strict=True))
