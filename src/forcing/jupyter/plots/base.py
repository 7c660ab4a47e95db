"""What all figures share: colours that read on light and on dark, lines, frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import bqplot as bqplot_module
    import ipywidgets

Array: TypeAlias = NDArray[np.float64]

FAVOURED, RIVAL, NEUTRAL, THIRD = "#2b8cc4", "#de6f1f", "#7d848d", "#3f9d6b"
INK = "var(--jp-ui-font-color1, currentColor)"
PICKED = {"stroke": INK, "stroke-width": "3"}
"""How selected points look."""
WIDTHS = ("220px", "380px")
"""Of a figure beside others, at least and at most."""
LEGEND = {"legend_style": {"stroke": "none", "fill": "none"}}


def target(bq: Any, place: Array, scales: list[Any]) -> bqplot_module.Scatter:
    return bq.Scatter(
        x=place[:1],
        y=place[1:],
        scales={"x": scales[0], "y": scales[1]},
        marker="cross",
        colors=[NEUTRAL],
        default_size=140,
    )


def line(
    bq: Any, x: Any, y: Any, x_scale: Any, y_scale: Any, colour: str, name: str = "", **style: Any
) -> bqplot_module.Lines:
    return bq.Lines(
        x=np.asarray(x, dtype=float),
        y=np.asarray(y, dtype=float),
        scales={"x": x_scale, "y": y_scale},
        colors=[colour],
        labels=[name],
        display_legend=bool(name),
        **{"stroke_width": 2.25, **style},
    )


def figure(
    bq: Any, marks: list[Any], axes: list[Any], *, width: str = "266px", **options: Any
) -> bqplot_module.Figure:
    return bq.Figure(
        marks=marks,
        axes=axes,
        background_style={"fill": "none"},
        # Three side by side in a notebook with the file browser open.
        layout={"width": width, "height": "290px"},
        fig_margin={"top": 36, "bottom": 48, "left": 52, "right": 12},
        **options,
    )


def beside(figures: list[Any]) -> ipywidgets.HBox:
    """Figures beside each other as long as they can be read, in a narrow notebook below."""
    import ipywidgets

    for figure in figures:
        figure.layout.width = f"{min(48, 96 // max(1, len(figures)))}%"
        figure.layout.min_width, figure.layout.max_width = WIDTHS
    return ipywidgets.HBox(figures, layout={"flex_flow": "row wrap"})


def ticks(low: float, high: float) -> Array:
    """Round numbers between the two, about five."""
    span = max(high - low, 1e-12)
    step = 10.0 ** np.floor(np.log10(span / 2))
    step *= next(factor for factor in (1, 2, 5) if factor == 5 or span / step <= 7 * factor)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def bqplot() -> Any:
    try:
        import bqplot as found
    except ImportError as error:
        raise ImportError('forcing.plots needs bqplot: pip install "forcing[plots]"') from error
    return found
