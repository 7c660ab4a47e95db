"""The figure of an audit: how many rows decisions stand on, over how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from forcing.jupyter.plots import FAVOURED, NEUTRAL, RIVAL, Array, _bqplot, _figure

if TYPE_CHECKING:
    import bqplot


def sizes(
    confidence: Array, size: NDArray[np.intp], wrong: NDArray[np.bool_] | None
) -> bqplot.Figure:
    """A point for each target: confidence (T,), set size (T,) on a logarithmic axis."""
    bq = _bqplot()
    x, y = bq.LinearScale(), bq.LogScale()
    groups = {"targets": np.ones(len(size), bool)}
    if wrong is not None:
        groups = {"right": ~wrong, "wrong": wrong}
    marks = [
        bq.Scatter(
            x=confidence[members],
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
    axes = [
        bq.Axis(scale=x, label="confidence", tick_format=".0%", grid_lines="none",
                label_color=NEUTRAL, label_offset="2.5em"),
        bq.Axis(scale=y, label="rows in the set", side="left", tick_format="d", grid_lines="none",
                label_color=NEUTRAL, label_offset="3em"),
    ]  # fmt: skip
    return _figure(
        bq,
        marks,
        axes,
        width="560px",
        legend_location="top-left",
        legend_style={"stroke": "none", "fill": "none"},
    )
