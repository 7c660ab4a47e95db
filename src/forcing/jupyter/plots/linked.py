"""Figures whose selected points are the rows that are selected in the live widget, both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from forcing.explanation import Explanation


class Selecting(Protocol):
    """What `ForcingWidget` is to a figure."""

    selected: list[int]

    def observe(self, handler: Callable[[Any], None], names: str) -> None: ...


@runtime_checkable
class HasExplanation(Protocol):
    @property
    def explanation(self) -> Explanation | None: ...


def explanation_of(source: object) -> Explanation:
    """The explanation itself, or that of a widget."""
    if isinstance(source, Explanation):
        return source
    if not isinstance(source, HasExplanation):
        kind = type(source).__name__
        raise TypeError(f"This figure takes an Explanation or the live widget, not a {kind}.")
    if source.explanation is None:
        raise ValueError("There is no explanation yet: call widget.wait() first.")
    return source.explanation


def selecting(source: Any, widget: Selecting | None) -> Selecting | None:
    """The widget to follow: the one that is named, else the source where it is one."""
    if widget is None and not isinstance(source, Explanation) and hasattr(source, "selected"):
        followed: Selecting = source
        return followed
    return widget


def link(marks: Sequence[tuple[Any, NDArray[np.intp]]], widget: Selecting) -> None:
    """Tie the selected points of `marks`, each with the row of every point, to the widget's.

    A point that is picked replaces what was picked elsewhere; one that is let go leaves the rest.
    Each side is set only where it differs, so that no change comes back as an echo.
    """
    places = [{int(row): place for place, row in enumerate(rows)} for _, rows in marks]

    def show(_change: Any = None) -> None:
        for (mark, _), place in zip(marks, places, strict=True):
            chosen = sorted(place[row] for row in widget.selected if row in place)
            if chosen != sorted(_points(mark)):
                mark.selected = np.array(chosen, dtype=int) if chosen else None

    def pick(mark: Any, rows: NDArray[np.intp], place: dict[int, int]) -> None:
        chosen = [int(rows[point]) for point in _points(mark)]
        known = [row for row in widget.selected if row in place]
        if set(chosen) == set(known):
            return
        let_go = set(chosen) <= set(known)
        left = [row for row in widget.selected if row not in place or row in chosen]
        widget.selected = left if let_go else chosen

    for (mark, rows), place in zip(marks, places, strict=True):
        mark.observe(lambda _, m=mark, r=rows, p=place: pick(m, r, p), "selected")
    widget.observe(show, "selected")
    show()


def _points(mark: Any) -> list[int]:
    return [] if mark.selected is None else np.asarray(mark.selected, dtype=int).tolist()
