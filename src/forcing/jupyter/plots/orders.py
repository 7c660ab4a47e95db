"""Several orders of the training rows for one target, on the plane of its explanation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forcing.explanation import Explanation
from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, INK, NEUTRAL, RIVAL, Array
from forcing.jupyter.plots.linked import (
    HasExplanation,
    Selecting,
    explanation_of,
    link,
    selecting,
)
from forcing.jupyter.plots.planes import ROLES, chosen, edges, scattered, units
from forcing.protocol.context import Json
from forcing.protocol.plane import SAVED_ROWS, thinned

if TYPE_CHECKING:
    import bqplot
    import ipywidgets


def orders(
    source: Explanation | HasExplanation,
    rows: Mapping[str, ArrayLike] | None = None,
    *,
    axes: tuple[str, str] | str | None = None,
    first: int = 10,
    following: int = 30,
    widget: Selecting | None = None,
) -> ipywidgets.VBox:
    """Where the first rows of several orders are on the plane, side by side on the same axes.

    Parameters
    ----------
    source
        An explanation, or the live widget with one.
    rows
        For each title positions of training rows, the strongest first; by default the set, and the
        rankings that it was compared with.
    axes, widget
        As in `plane`.
    first, following
        So many rows of each order are drawn in the colour of their label, and so many after them
        in grey.

    The line is the boundary of the model as it is. Rows without a value on an axis are not shown;
    what is far outside stands at the edge.
    """
    import ipywidgets

    bq = base.bqplot()
    found = explanation_of(source)
    widget = selecting(source, widget)
    if rows is None:
        rankings = found.rankings.items()
        rows = {"forcing set": found.supports} | {name: ranking.rows for name, ranking in rankings}
    parts = {
        title: np.split(np.asarray(order, dtype=np.intp)[: first + following], [first])
        for title, order in rows.items()
    }
    ground = _Ground.of(bq, chosen(found, axes), [row for pair in parts.values() for row in pair])
    figures, linked = [], []
    for title, (strongest, others) in parts.items():
        drawn = [
            *ground.scattered(bq, others, size=24, opacity=0.6, colour=NEUTRAL),
            *ground.scattered(bq, strongest, size=64, opacity=0.95),
        ]
        rest = ground.crowd(bq, np.concatenate([strongest, others]))
        figures.append(ground.panel(bq, [rest, *(mark for mark, _ in drawn)], title))
        linked += drawn
    if widget is not None:
        link(linked, widget)
    return ipywidgets.VBox([base.beside(figures), ipywidgets.HTML(_key(found, first, following))])


@dataclass(frozen=True)
class _Ground:
    """What the panels share: the axes, the rows' places on them, the boundary and the target."""

    plane: Json
    scales: list[Any]
    rows: NDArray[np.intp]
    """Positions of the m rows that are drawn."""
    spots: Array
    """(m, 2)"""
    roles: NDArray[np.intp]

    @classmethod
    def of(cls, bq: Any, plane: Json, marked: list[NDArray[np.intp]]) -> _Ground:
        """With axes that hold all marked rows."""
        every = np.unique(np.concatenate([*marked, np.array([], dtype=np.intp)]))
        drawn = thinned(plane, every.tolist(), SAVED_ROWS)
        assert drawn is not None  # noqa: S101 - only none is thinned to none
        sides = [drawn["x"], drawn["y"]]
        spots = units(sides, np.array([drawn["xs"], drawn["ys"]], dtype=float).T)
        rows = np.arange(len(spots)) if drawn["rows"] is None else np.array(drawn["rows"])
        held = spots[np.isin(rows, every)]
        low, high = ([side[end] for side in sides] for end in ("low", "high"))
        low, high = np.min([low, *held], axis=0), np.max([high, *held], axis=0)
        scales = [bq.LinearScale(min=float(low[j]), max=float(high[j])) for j in (0, 1)]
        return cls(drawn, scales, rows, spots, np.array(drawn["roles"], dtype=int))

    @property
    def sides(self) -> list[Json]:
        return [self.plane["x"], self.plane["y"]]

    def scattered(
        self, bq: Any, rows: NDArray[np.intp], size: int, opacity: float, colour: str | None = None
    ) -> list[tuple[Any, NDArray[np.intp]]]:
        """A mark for each label, and the row of each of its points."""
        marks = []
        for role, (own, marker) in enumerate(ROLES):
            members = np.isin(self.rows, rows) & (self.roles == role)
            if members.any():
                mark = scattered(bq, self.spots[members], self.scales, colour or own, marker, "")
                mark.display_legend = False
                mark.default_size, mark.opacities = size, [opacity]
                marks.append((mark, self.rows[members]))
        return marks

    def crowd(self, bq: Any, but: NDArray[np.intp]) -> bqplot.Scatter:
        """The other rows, as specks."""
        spots = self.spots[~np.isin(self.rows, but)]
        return bq.Scatter(
            x=spots[:, 0],
            y=spots[:, 1],
            scales={"x": self.scales[0], "y": self.scales[1]},
            colors=[NEUTRAL],
            default_size=6,
            opacities=[0.25],
        )

    def panel(self, bq: Any, marks: list[Any], title: str) -> bqplot.Figure:
        (target,) = units(self.sides, np.array([self.plane["target"]], dtype=float))
        before = edges(bq, self.sides, self.scales, self.plane["before"], "", stroke_width=1.5)
        axes = [
            bq.Axis(scale=scale, side=place, label=side["name"].partition(" (")[0],
                    grid_lines="none", tick_values=base.ticks(scale.min, scale.max),
                    label_color=NEUTRAL, label_offset=offset)
            for side, scale, place, offset in zip(
                self.sides, self.scales, ("bottom", "left"), ("2.5em", "3em"), strict=True
            )
        ]  # fmt: skip
        style = {"font-size": "13px", "font-weight": "600", "fill": INK}
        drawn = [marks[0], *before, *marks[1:], base.target(bq, target, self.scales)]
        return base.figure(bq, drawn, axes, title=title, title_style=style)


def _key(found: Explanation, first: int, following: int) -> str:
    favoured, rival = (escape(str(label)) for label in (found.claim.favoured, found.claim.rival))
    return (
        f'<span style="color:{FAVOURED}">●</span> {favoured} and '
        f'<span style="color:{RIVAL}">◆</span> {rival} are the labels of the first {first} rows; '
        f"in grey the {following} after them; specks are other training rows, "
        f'<span style="color:{NEUTRAL}">✚</span> is the target.'
    )
