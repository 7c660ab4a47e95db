"""The figure of an audit: how many rows decisions stand on, over how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, LEGEND, NEUTRAL, RIVAL, Array

if TYPE_CHECKING:
    import bqplot


TICKS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
"""Confidences that the axis names: on a scale of log-odds, where sure decisions lie apart."""
CLOSEST = 14
"""So many names would fill the axis."""
SUREST = 16.0
"""Log-odds at which the axis ends: what is surer stands at its end."""


def size_over_confidence(
    confidence: Array, size: NDArray[np.intp], wrong: NDArray[np.bool_] | None
) -> bqplot.Figure:
    """A point for each target: confidence (T,), set size (T,), both on logarithmic scales."""
    bq = base.bqplot()
    odds = np.clip(_log_odds(confidence), -SUREST, SUREST)
    low, high = np.min([*odds, 0.0]), np.max([*odds, 0.5])
    named = _apart([p for p in TICKS if _log_odds(np.array(p)) <= high], (high - low) / CLOSEST)
    places = _log_odds(np.array(named))
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
    counts = [n for e in range(7) for n in (10**e, 2 * 10**e, 5 * 10**e) if n <= 1.3 * most]
    # Their keys are what the axis's numbers are called in the browser.
    labels = {
        repr(float(v)).removesuffix(".0"): f"{100 * p:.7g}%"
        for v, p in zip(places, named, strict=True)
    }
    axes = [
        bq.Axis(scale=x, label="confidence", grid_lines="none", tick_values=places,
                tick_labels=labels,
                label_color=NEUTRAL, label_offset="2.5em"),
        bq.Axis(scale=y, label="rows in the set", side="left", tick_format="d", grid_lines="none",
                tick_values=np.array(counts), label_color=NEUTRAL, label_offset="3em"),
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


def _apart(named: list[float], least: float) -> list[float]:
    """Of these confidences those whose names do not run into each other."""
    kept: list[float] = []
    for p in named:
        if not kept or _log_odds(np.array(p)) - _log_odds(np.array(kept[-1])) >= least:
            kept.append(p)
    return kept


def _log_odds(confidence: Array) -> Array:
    inside = np.clip(confidence, 1e-15, 1 - 1e-15)
    return np.asarray(np.log(inside / (1 - inside)))
