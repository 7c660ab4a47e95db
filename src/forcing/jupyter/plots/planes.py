"""The plane of an explanation: rows, the set, the target, the boundary before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forcing.explanation import Explanation
from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, LEGEND, NEUTRAL, PICKED, RIVAL, Array
from forcing.jupyter.plots.linked import (
    HasExplanation,
    Selecting,
    explanation_of,
    link,
    selecting,
)
from forcing.protocol.context import Json
from forcing.protocol.plane import SAVED_ROWS, STEPS, thinned

if TYPE_CHECKING:
    import bqplot

ROLES = ((FAVOURED, "circle"), (RIVAL, "diamond"), (NEUTRAL, "square"))
"""Of the favoured class, its rival and other classes, as in the live view."""


def plane(
    source: Explanation | HasExplanation,
    *,
    axes: tuple[str, str] | str | None = None,
    widget: Selecting | None = None,
) -> bqplot.Figure:
    """The training rows around a target, the set that its decision stands on, and the boundary.

    Parameters
    ----------
    source
        An explanation, or the live widget with one.
    axes
        The names of two features, or "components"; by default those that the live view begins
        with. An explanation from a file has these alone.
    widget
        The live widget whose selected rows are marked here, and that follows a click on a row; by
        default the source where that is one.

    Rows of the set have a ring. The boundary without them is dashed. Of many rows an even part is
    drawn, with all of the set.
    """
    bq = base.bqplot()
    found = explanation_of(source)
    widget = selecting(source, widget)
    drawn = thinned(chosen(found, axes), found.supports.tolist(), SAVED_ROWS)
    assert drawn is not None  # noqa: S101 - only none is thinned to none
    sides = [drawn["x"], drawn["y"]]
    scales = [bq.LinearScale(min=side["low"], max=side["high"]) for side in sides]
    spots = units(sides, np.array([drawn["xs"], drawn["ys"]], dtype=float).T)
    roles = np.array(drawn["roles"], dtype=int)
    rows = np.arange(len(roles)) if drawn["rows"] is None else np.array(drawn["rows"], dtype=int)
    marks = [
        *edges(bq, sides, scales, drawn["before"], "boundary"),
        *edges(bq, sides, scales, drawn["after"], "without the set", line_style="dashed"),
    ]
    names = (found.claim.favoured, found.claim.rival, "other classes")
    linked = []
    for role, (colour, marker) in enumerate(ROLES):
        members = roles == role
        if members.any():
            points = scattered(bq, spots[members], scales, colour, marker, str(names[role]))
            linked.append((points, rows[members]))
    marks += [points for points, _ in linked]
    marks.append(_rings(bq, spots[np.isin(rows, found.supports)], scales))
    (target,) = units(sides, np.array([drawn["target"]], dtype=float))
    marks.append(base.target(bq, target, scales))
    if widget is not None:
        link(linked, widget)
    axes_drawn = [
        bq.Axis(scale=scale, side=place, label=side["name"], grid_lines="none",
                tick_values=base.ticks(side["low"], side["high"]), label_color=NEUTRAL,
                label_offset=offset)
        for side, scale, place, offset in zip(
            sides, scales, ("bottom", "left"), ("2.5em", "3.5em"), strict=True
        )
    ]  # fmt: skip
    return base.figure(bq, marks, axes_drawn, width="560px", legend_location="top-right", **LEGEND)


def chosen(found: Explanation, axes: tuple[str, str] | str | None) -> Json:
    first = found.plane
    if axes is None and first is not None:
        return first
    if axes is None or axes == "components":
        return found.slice()
    if first is None:
        raise ValueError('Its rows have no named features; axes="components" may draw a plane.')
    for name in axes:
        if name not in first["features"]:
            known = ", ".join(first["features"][:12])
            raise ValueError(f"There is no axis {name!r}; there are {known}.")
    x, y = (first["features"].index(name) for name in axes)
    return found.slice(x, y)


def units(sides: list[Json], steps: Array) -> Array:
    """From whole steps (m, 2) of the protocol to units of the axes."""
    low = np.array([side["low"] for side in sides])
    high = np.array([side["high"] for side in sides])
    return np.asarray(low + steps / STEPS * (high - low))


def edges(
    bq: Any, sides: list[Json], scales: list[Any], lines: list[list[int]], name: str, **style: Any
) -> list[bqplot.Lines]:
    drawn = [units(sides, np.array(line, dtype=float).reshape(-1, 2)) for line in lines]
    return [
        # The legend has one entry, however many pieces a boundary has.
        base.line(
            bq,
            line[:, 0],
            line[:, 1],
            scales[0],
            scales[1],
            NEUTRAL,
            "" if piece else name,
            **style,
        )
        for piece, line in enumerate(drawn)
    ]


def scattered(
    bq: Any, spots: Array, scales: list[Any], colour: str, marker: str, name: str
) -> bqplot.Scatter:
    return bq.Scatter(
        x=spots[:, 0],
        y=spots[:, 1],
        scales={"x": scales[0], "y": scales[1]},
        colors=[colour],
        marker=marker,
        default_size=30,
        opacities=[0.75],
        labels=[name],
        display_legend=True,
        interactions={"click": "select"},
        selected_style=PICKED,
    )


def _rings(bq: Any, spots: Array, scales: list[Any]) -> bqplot.Scatter:
    return bq.Scatter(
        x=spots[:, 0],
        y=spots[:, 1],
        scales={"x": scales[0], "y": scales[1]},
        colors=[NEUTRAL],
        marker="circle",
        fill=False,
        stroke=NEUTRAL,
        stroke_width=2,
        default_size=110,
        labels=["the set"],
        display_legend=True,
    )
