"""Confidence in a decision over the rows removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forcing.explanation import Explanation
from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, LEGEND, NEUTRAL, PICKED, RIVAL, THIRD
from forcing.jupyter.plots.linked import (
    HasExplanation,
    Selecting,
    explanation_of,
    link,
    selecting,
)

if TYPE_CHECKING:
    import bqplot


def confidence(
    curves: Explanation | HasExplanation | Mapping[str, Explanation | ArrayLike],
    *,
    threshold: float = 0.5,
    widget: Selecting | None = None,
) -> bqplot.Figure:
    """Confidence in the favoured class over the rows removed.

    Parameters
    ----------
    curves
        An explanation, or the live widget with one, which also shows the rankings it was compared
        with, dashed; or a name for each line with an explanation or bare confidences, before any
        removal first.
    threshold
        The decision line of bare confidences; an explanation brings its own.
    widget
        The live widget whose selected rows are marked here, and that follows a click on a point;
        of a single explanation. A widget in place of the explanation is followed as it is.
    """
    if not isinstance(curves, Mapping):
        widget, curves = selecting(curves, widget), explanation_of(curves)
    elif widget is not None:
        raise ValueError("widget= goes with one explanation; here are several curves.")
    bq = base.bqplot()
    solid: dict[str, NDArray[np.float64]] = {}
    dashed = {}
    if isinstance(curves, Explanation):
        threshold, solid = curves.claim.threshold, {"forcing set": curves.confidence}
        dashed = {name: ranking.curve for name, ranking in curves.rankings.items()}
        dashed = {name: curve for name, curve in dashed.items() if curve}
    else:
        for name, curve in curves.items():
            if isinstance(curve, Explanation):
                threshold, solid[name] = curve.claim.threshold, curve.confidence
            else:
                solid[name] = np.asarray(curve, dtype=float)
    x, y = bq.LinearScale(min=0), bq.LinearScale()
    longest = max(len(values) for values in solid.values()) - 1
    longest = max([longest, *(k for curve in dashed.values() for k, _ in curve)])
    marks = [base.line(bq, [0, longest], [threshold] * 2, x, y, NEUTRAL, stroke_width=1)]
    colours = [FAVOURED, RIVAL, THIRD, NEUTRAL]
    for place, (name, values) in enumerate(solid.items()):
        colour = colours[place % len(colours)]
        marks.append(base.line(bq, range(len(values)), values, x, y, colour, name))
    for name, curve in dashed.items():
        points = np.array(curve)
        marks.append(
            base.line(bq, points[:, 0], points[:, 1], x, y, NEUTRAL, name, line_style="dashed")
        )
    if isinstance(curves, Explanation) and widget is not None:
        marks.append(_removals(bq, curves, x, y, widget))
    everything = [threshold, *(float(v) for values in solid.values() for v in values)]
    ticks = base.ticks(min(everything), max(everything))
    axes = [
        bq.Axis(scale=x, label="training rows removed", grid_lines="none", tick_format="d",
                label_color=NEUTRAL, label_offset="2.5em"),
        bq.Axis(scale=y, label="confidence", side="left", tick_format=".0%", tick_values=ticks,
                grid_lines="none", label_color=NEUTRAL, label_offset="3.5em"),
    ]  # fmt: skip
    return base.figure(bq, marks, axes, width="560px", legend_location="top-right", **LEGEND)


def _removals(bq: Any, found: Explanation, x: Any, y: Any, widget: Selecting) -> bqplot.Scatter:
    """A point for each row of the set, where its removal leaves the confidence."""
    points = bq.Scatter(
        x=np.arange(1, found.size + 1),
        y=found.confidence[1:],
        scales={"x": x, "y": y},
        colors=[FAVOURED],
        default_size=36,
        interactions={"click": "select"},
        selected_style=PICKED,
    )
    link([(points, found.supports)], widget)
    return points
