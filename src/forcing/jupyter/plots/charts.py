"""Figures of measurements: curves with their spread, and groups of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, NEUTRAL, PICKED, RIVAL, THIRD, Array
from forcing.jupyter.plots.linked import Selecting, link

if TYPE_CHECKING:
    import bqplot

_COLOURS = (FAVOURED, RIVAL, THIRD, NEUTRAL, "#9467bd", "#b08a1a")
_MARKERS = ("circle", "diamond", "square", "cross", "triangle-up", "triangle-down")
_STYLES = ("solid", "dashed", "dotted")
"""Of lines: each colour once solid, then once dashed, so that no two curves look the same."""
MOST_TICKS = 8
"""Of a logarithmic axis; with more there are powers of ten alone."""


def lines(
    curves: Mapping[str, Sequence[ArrayLike]],
    *,
    x: str,
    y: str,
    log_x: bool = False,
    log_y: bool = False,
    percent: bool = False,
    level: float | None = None,
    diagonal: bool = False,
    markers: bool = True,
    title: str = "",
) -> bqplot.Figure:
    """A curve for each name, with markers at what was measured.

    Parameters
    ----------
    curves
        For each name x and y, (k,) each, and where there is one the spread of y, (k,): a band of
        as much to either side.
    x, y
        Labels of the axes.
    log_x, log_y
        Logarithmic axes; what is not positive is left out then.
    percent
        Write y as per cent.
    level
        A value of y to compare with, drawn dashed.
    diagonal
        Draw where x = y.
    markers
        Without them: for curves of many points, told apart by their dashes as well.
    """
    bq = base.bqplot()
    drawn = {name: _cleaned(name, curve, log_x, log_y) for name, curve in curves.items()}
    x_scale, y_scale = _scale(bq, log_x), _scale(bq, log_y)
    marks = []
    if level is not None:
        ends = [min(min(c[0]) for c in drawn.values()), max(max(c[0]) for c in drawn.values())]
        marks.append(
            base.line(bq, ends, [level] * 2, x_scale, y_scale, NEUTRAL, line_style="dashed")
        )
    if diagonal:
        marks.append(_diagonal(bq, drawn, x_scale, y_scale))
    # No curve has the colour of the diagonal.
    colours = [colour for colour in _COLOURS if colour != NEUTRAL or not diagonal]
    for place, (name, (across, up, spread)) in enumerate(drawn.items()):
        colour = colours[place % len(colours)]
        if spread is not None and spread.any():
            marks.append(_band(bq, across, up, spread, x_scale, y_scale, colour, log_y))
        style: dict[str, Any] = {"line_style": _STYLES[place % len(_STYLES)]}
        if markers:
            style = {
                "line_style": _STYLES[place // len(colours) % len(_STYLES)],
                "marker": _MARKERS[place % len(_MARKERS)],
                "marker_size": 32,
            }
        marks.append(base.line(bq, across, up, x_scale, y_scale, colour, name, **style))
    return _framed(bq, marks, x_scale, y_scale, x, y, percent, log_x, log_y, title)


def points(
    groups: Mapping[str, Sequence[ArrayLike]],
    *,
    x: str,
    y: str,
    log_x: bool = False,
    log_y: bool = False,
    percent: bool = False,
    diagonal: bool = False,
    title: str = "",
    crowd: Sequence[ArrayLike] | None = None,
    rows: Mapping[str, ArrayLike] | None = None,
    widget: Selecting | None = None,
) -> bqplot.Figure:
    """Points in a marker and colour for each group.

    Parameters
    ----------
    groups
        For each name x and y, (k,) each.
    x, y, log_x, log_y, percent
        As in `lines`.
    diagonal
        Draw where x = y.
    crowd
        x and y of further points, which are specks behind the groups.
    rows
        Of groups whose points are training rows, their positions, (k,): with `widget` they are
        marked where they are selected in it, and it follows a click on a point.
    widget
        The live widget.
    """
    bq = base.bqplot()
    rows = {} if rows is None else rows
    whole = {name: (*group[:2], rows[name]) if name in rows else group
             for name, group in groups.items()}  # fmt: skip
    drawn = {name: _cleaned(name, group, log_x, log_y) for name, group in whole.items()}
    x_scale, y_scale = _scale(bq, log_x), _scale(bq, log_y)
    marks, linked = [], []
    if crowd is not None:
        across, up, _ = _cleaned("crowd", crowd, log_x, log_y)
        marks.append(_specks(bq, across, up, x_scale, y_scale))
    if diagonal:
        marks.append(_diagonal(bq, drawn, x_scale, y_scale))
    for place, (name, (across, up, positions)) in enumerate(drawn.items()):
        mark = bq.Scatter(
            x=across,
            y=up,
            scales={"x": x_scale, "y": y_scale},
            colors=[_COLOURS[place % len(_COLOURS)]],
            marker=_MARKERS[place % len(_MARKERS)],
            default_size=36,
            opacities=[0.75],
            labels=[name],
            display_legend=len(drawn) > 1,
        )
        marks.append(mark)
        if name in rows and widget is not None and positions is not None:
            mark.interactions, mark.selected_style = {"click": "select"}, PICKED
            linked.append((mark, positions.astype(np.intp)))
    if widget is not None:
        link(linked, widget)
    return _framed(bq, marks, x_scale, y_scale, x, y, percent, log_x, log_y, title)


def _diagonal(
    bq: Any, drawn: Mapping[str, tuple[Array, Array, Array | None]], x_scale: Any, y_scale: Any
) -> Any:
    values = np.concatenate([np.concatenate(group[:2]) for group in drawn.values()])
    ends = [values.min(), values.max()]
    return base.line(bq, ends, ends, x_scale, y_scale, NEUTRAL, line_style="dashed")


def _cleaned(
    name: str, curve: Sequence[ArrayLike], log_x: bool, log_y: bool
) -> tuple[Array, Array, Array | None]:
    if len(curve) not in {2, 3}:
        raise ValueError(f"{name!r} must be (x, y) or (x, y, spread); got {len(curve)} parts.")
    parts = [np.asarray(part, dtype=float).ravel() for part in curve]
    if len({len(part) for part in parts}) > 1:
        sizes = " and ".join(str(len(part)) for part in parts)
        raise ValueError(f"{name!r} has parts of different lengths: {sizes}.")
    kept = np.isfinite(parts[0]) & np.isfinite(parts[1])
    kept &= (parts[0] > 0) | (not log_x)
    kept &= (parts[1] > 0) | (not log_y)
    if not kept.any():
        raise ValueError(f"{name!r} has no points that can be drawn.")
    return parts[0][kept], parts[1][kept], parts[2][kept] if len(parts) == 3 else None


def _specks(bq: Any, x: Array, y: Array, x_scale: Any, y_scale: Any) -> Any:
    return bq.Scatter(
        x=x,
        y=y,
        scales={"x": x_scale, "y": y_scale},
        colors=[NEUTRAL],
        default_size=6,
        opacities=[0.3],
    )


def _scale(bq: Any, log: bool) -> Any:
    return bq.LogScale() if log else bq.LinearScale()


def _band(
    bq: Any, x: Array, y: Array, spread: Array, x_scale: Any, y_scale: Any, colour: str, log: bool
) -> Any:
    low = np.maximum(y - spread, y / 1e3) if log else y - spread
    return bq.Lines(
        x=x,
        y=np.array([low, y + spread]),
        scales={"x": x_scale, "y": y_scale},
        colors=[colour],
        fill="between",
        fill_colors=[colour],
        fill_opacities=[0.14],
        stroke_width=0,
        apply_clip=True,
    )


def _framed(
    bq: Any,
    marks: list[Any],
    x_scale: Any,
    y_scale: Any,
    x: str,
    y: str,
    percent: bool,
    log_x: bool,
    log_y: bool,
    title: str,
) -> bqplot.Figure:
    axes = [
        bq.Axis(scale=x_scale, label=x, grid_lines="none", label_color=NEUTRAL,
                label_offset="2.5em", **_ticks(marks, "x", log_x, percent=False)),
        bq.Axis(scale=y_scale, label=y, side="left", grid_lines="none", label_color=NEUTRAL,
                label_offset="4em", **_ticks(marks, "y", log_y, percent)),
    ]  # fmt: skip
    options = {"title": title, "title_style": {"font-size": "14px"}} if title else {}
    named = [mark for mark in marks if mark.display_legend]
    figure = base.figure(bq, [*marks, *_legend(bq, named)], axes, width="100%", **options)
    figure.fig_margin = {"top": 36, "bottom": 48, "left": 72, "right": 170}
    figure.layout.max_width, figure.layout.min_width = "760px", "360px"
    return figure


def _legend(bq: Any, named: list[Any]) -> list[Any]:
    """The names in the margin: bqplot's own legend would stand on the curves."""
    for mark in named:
        mark.display_legend = False
    if len(named) < 2:
        return []
    scales = {"x": bq.LinearScale(min=0, max=1), "y": bq.LinearScale(min=0, max=1)}
    parts: list[Any] = []
    for place, mark in enumerate(named):
        style = getattr(mark, "line_style", "solid")
        name = mark.labels[0] if style == "solid" else f"{mark.labels[0]}, {style}"
        at = {"x": np.array([1.03]), "y": np.array([1.0 - 0.09 * place]), "scales": scales}
        look = {"colors": mark.colors[:1], "apply_clip": False}
        text = {"text": [name], "x_offset": 10, "align": "start", "font_weight": "normal"}
        marker = mark.marker or "rectangle"
        parts.append(bq.Scatter(**at, **look, marker=marker, default_size=36))
        parts.append(bq.Label(**at, **look, **text, default_size=12))
    return parts


def _ticks(marks: list[Any], which: str, log: bool, percent: bool) -> dict[str, Any]:
    values = np.concatenate([np.ravel(getattr(mark, which)) for mark in marks])
    low, high = float(values.min()), float(values.max())
    if not log:
        at = base.ticks(low, high)
        step = at[1] - at[0] if len(at) > 1 else 0.01
        places = max(0, int(-np.floor(np.log10(step) + 1e-9)))
        percents = f".{max(0, places - 2)}%"
        return {"tick_values": at, "tick_format": percents if percent else f",.{places}f"}
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    within = [f * 10.0**p for p in powers for f in (1, 2, 5)]
    within = [value for value in within if low / 1.01 <= value <= high * 1.01]
    if len(within) > MOST_TICKS:
        within = [10.0**p for p in powers if low / 1.01 <= 10.0**p <= high * 1.01]
        within = within[:: len(within) // MOST_TICKS + 1]
    written = "~g" if low >= 1e-4 else ".0e"
    return {"tick_values": np.array(within), "tick_format": ".1%" if percent else written}
