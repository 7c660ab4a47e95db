"""The traits of the widget: what a user sets is checked, and said to be wrong in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from traitlets import Int, List, TraitError


class Rows(List[int]):
    """Positions of training rows, in any form: a list, an array, the `supports` of a set."""

    def __init__(self) -> None:
        super().__init__(Int())

    def validate(self, obj: Any, value: Any) -> list[int]:
        if isinstance(value, str | bytes) or not np.iterable(value):
            raise TraitError(f"selected takes a list of training row positions; got {value!r}.")
        given = [row.item() if hasattr(row, "item") else row for row in value]
        total = obj.n_rows
        for row in given:
            if not isinstance(row, int) or isinstance(row, bool) or not 0 <= row < total:
                raise TraitError(
                    f"selected takes positions of training rows, from 0 to {total - 1}; "
                    f"got {row!r}."
                )
        return list(dict.fromkeys(given))


class Position(Int[int | None, Any]):
    """Which of the rows of `explore` is explained."""

    def __init__(self) -> None:
        super().__init__(None, allow_none=True)

    def _validate(self, obj: Any, value: Any) -> int | None:
        # None says that no row was chosen yet; there is no way back to it.
        chosen = obj._trait_values.get(self.name) is not None  # noqa: SLF001
        return self.validate(obj, value) if chosen or value is not None else None

    def validate(self, obj: Any, value: Any) -> int | None:
        value = value.item() if hasattr(value, "item") else value
        total = obj.n_targets
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < total:
            raise TraitError(
                f"target takes the position of a row of X_test, from 0 to {total - 1}; "
                f"got {value!r}."
            )
        return value
