"""The figure of an audit: how many rows decisions stand on, over how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, LEGEND, NEUTRAL, RIVAL, Array
from forcing.study.audit_scales import confidence_ticks, log_odds, size_ticks

if TYPE_CHECKING:
    import bqplot


def size_over_confidence(
    confidence: Array, size: NDArray[np.intp], wrong: NDArray[np.bool_] | None
) -> bqplot.Figure:
    """A point for each target: confidence (T,), set size (T,), both on logarithmic scales."""
    bq = base.bqplot()
    odds = log_odds(confidence)
    low, high = np.min([*odds, 0.0]), np.max([*odds, 0.5])
    named = confidence_ticks(low, high)
    most = int(np.max(size, initial=1))
    x = bq.LinearScale(min=float(low - 0.3), max=float(high + 0.3))
    y = bq.LogScale(min=0.8, max=1.3 * most)
    groups = {"targets": np.ones(len(size), bool)}
    if wrong is not None:
        groups = {"right": ~wrong, "wrong": wrong}
    marks = [
        bq.Scatter(
            x=odds[members],
            y=size[members],
            scales={"x": x, "y": y},
            colors=[RIVAL if name == "wrong" else FAVOURED],
            marker="cross" if name == "wrong" else "circle",
            default_size=48 if name == "wrong" else 28,
            opacities=[0.8],
            labels=[name],
            display_legend=wrong is not None,
        )
        for name, members in groups.items()
    ]
    # Their keys are what the axis's numbers are called in the browser.
    labels = {repr(place).removesuffix(".0"): name for place, name in named.items()}
    axes = [
        bq.Axis(scale=x, label="confidence", grid_lines="none", tick_values=np.array(list(named)),
                tick_labels=labels,
                label_color=NEUTRAL, label_offset="2.5em"),
        bq.Axis(scale=y, label="rows in the set", side="left", tick_format="d", grid_lines="none",
                tick_values=np.array(size_ticks(1.3 * most)), label_color=NEUTRAL,
                label_offset="3em"),
    ]  # fmt: skip
    figure = base.figure(
        bq,
        marks,
        axes,
        width="100%",
        legend_location="top-left",
        **LEGEND,
    )
    # As wide as its cell, but no wider than it reads well, and no narrower than its ticks.
    figure.layout.max_width, figure.layout.min_width = "720px", "360px"
    return figure
