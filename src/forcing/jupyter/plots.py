"""Figures for teaching: confidence per removal, and a plane with its decision boundary.

They need bqplot (`pip install "forcing[plots]"`). Lines and text that bqplot draws itself
follow the notebook's theme; the colours chosen here are readable on light and on dark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forcing.explanation import Explanation

if TYPE_CHECKING:
    import bqplot
    import ipywidgets

Array: TypeAlias = NDArray[np.float64]
Boundary: TypeAlias = Callable[[Array], Array]
"""From points (m, 2) to values (m,) whose sign is the decision."""
Panel: TypeAlias = Explanation | Sequence[int] | tuple[Sequence[int], Boundary]

FAVOURED, RIVAL, NEUTRAL, THIRD = "#2b8cc4", "#de6f1f", "#7d848d", "#3f9d6b"
_INK = "var(--jp-ui-font-color1, currentColor)"
_GRID = 80
"""Points a side on which a boundary is traced."""


def confidence(
    curves: Explanation | Mapping[str, Explanation | ArrayLike], *, threshold: float = 0.5
) -> bqplot.Figure:
    """Confidence in the favoured class over the rows removed.

    Parameters
    ----------
    curves
        An explanation, which also shows the rankings it was compared with, dashed; or a name
        for each line with an explanation or bare confidences, before any removal first.
    threshold
        The decision line of bare confidences; an explanation brings its own.
    """
    bq = _bqplot()
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
    marks = [_line(bq, [0, longest], [threshold] * 2, x, y, NEUTRAL, stroke_width=1)]
    colours = [FAVOURED, RIVAL, THIRD, NEUTRAL]
    for place, (name, values) in enumerate(solid.items()):
        colour = colours[place % len(colours)]
        marks.append(_line(bq, range(len(values)), values, x, y, colour, name))
    for name, curve in dashed.items():
        points = np.array(curve)
        marks.append(
            _line(bq, points[:, 0], points[:, 1], x, y, NEUTRAL, name, line_style="dashed")
        )
    everything = [threshold, *(float(v) for values in solid.values() for v in values)]
    ticks = _ticks(min(everything), max(everything))
    axes = [
        bq.Axis(scale=x, label="training rows removed", grid_lines="none", tick_format="d",
                label_color=NEUTRAL, label_offset="2.5em"),
        bq.Axis(scale=y, label="confidence", side="left", tick_format=".0%", tick_values=ticks,
                grid_lines="none", label_color=NEUTRAL, label_offset="3.5em"),
    ]  # fmt: skip
    legend = {"legend_location": "top-right", "legend_style": {"stroke": "none", "fill": "none"}}
    return _figure(bq, marks, axes, width="560px", **legend)


def boundary(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    target: ArrayLike,
    panels: Mapping[str, Panel] | None = None,
) -> ipywidgets.HBox:
    """A plane with its decision boundary, trained on all rows and without some, side by side.

    Parameters
    ----------
    model
        A fitted scikit-learn classifier of two classes.
    X, y
        Its training data, (n, 2) and (n,).
    target
        The row that is explained, (2,).
    panels
        A title and what is removed: an `Explanation` or row positions, for which a clone of
        the model is fitted on the other rows; or (row positions, boundary), where the boundary
        is a function from points to values that change sign on it.

    The panels share their axes, and a click on a row marks it in all of them.
    """
    import ipywidgets
    from sklearn.base import clone

    bq = _bqplot()
    X, y, target = np.asarray(X, dtype=float), np.asarray(y), np.asarray(target, dtype=float)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"boundary draws a plane: X must have two columns, got shape {X.shape}.")
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.06 * (high - low)
    low, high = low - margin, high + margin
    scales = [bq.LinearScale(min=low[j], max=high[j]) for j in range(2)]
    drawn: list[tuple[str, NDArray[np.intp], Boundary]] = [
        (f"all {len(X)} rows", np.array([], dtype=np.intp), _decision(model))
    ]
    for title, panel in (panels or {}).items():
        if isinstance(panel, tuple) and len(panel) == 2 and callable(panel[1]):
            rows, decide = np.asarray(panel[0], dtype=np.intp), panel[1]
        else:
            chosen = panel.supports if isinstance(panel, Explanation) else panel
            rows = np.asarray(chosen, dtype=np.intp)
            decide = _decision(clone(model).fit(np.delete(X, rows, axis=0), np.delete(y, rows)))
        drawn.append((title, rows, decide))
    favoured = model.predict(target.reshape(1, -1))[0]
    figures, points = [], []
    for title, rows, decide in drawn:
        scatter = _points(bq, X, y == favoured, rows, scales)
        points.append(scatter)
        edge = _trace(decide, low, high)
        marks = [scatter, _target(bq, target, scales)]
        if len(edge):
            xs, ys = edge[:, :, 0], edge[:, :, 1]
            marks.insert(0, _line(bq, xs, ys, scales[0], scales[1], NEUTRAL, stroke_width=2))
        axes = [
            bq.Axis(
                scale=scales[j], side=side, grid_lines="none", tick_values=_ticks(low[j], high[j])
            )
            for j, side in enumerate(("bottom", "left"))
        ]
        style = {"font-size": "13px", "font-weight": "600", "fill": _INK}
        figures.append(_figure(bq, marks, axes, title=title, title_style=style))
    for other in points[1:]:
        ipywidgets.jslink((points[0], "selected"), (other, "selected"))
    return ipywidgets.HBox(figures, layout={"flex_flow": "row wrap"})


def _points(
    bq: Any, X: Array, favoured: NDArray[np.bool_], removed: NDArray[np.intp], scales: list[Any]
) -> bqplot.Scatter:
    """All rows, those removed as pale rings of their colour."""
    colours = np.where(favoured, FAVOURED, RIVAL).tolist()
    opacities = np.full(len(X), 0.85)
    opacities[removed] = 0.25
    return bq.Scatter(
        x=X[:, 0],
        y=X[:, 1],
        scales={"x": scales[0], "y": scales[1]},
        colors=colours,
        opacities=opacities.tolist(),
        default_size=36,
        interactions={"click": "select"},
        selected_style={"stroke": NEUTRAL, "stroke-width": "3"},
    )


def _target(bq: Any, target: Array, scales: list[Any]) -> bqplot.Scatter:
    return bq.Scatter(
        x=target[:1],
        y=target[1:],
        scales={"x": scales[0], "y": scales[1]},
        marker="cross",
        colors=[NEUTRAL],
        default_size=140,
    )


def _line(
    bq: Any, x: Any, y: Any, x_scale: Any, y_scale: Any, colour: str, name: str = "", **style: Any
) -> bqplot.Lines:
    return bq.Lines(
        x=np.asarray(x, dtype=float),
        y=np.asarray(y, dtype=float),
        scales={"x": x_scale, "y": y_scale},
        colors=[colour],
        labels=[name],
        display_legend=bool(name),
        **{"stroke_width": 2.25, **style},
    )


def _figure(
    bq: Any, marks: list[Any], axes: list[Any], *, width: str = "266px", **options: Any
) -> bqplot.Figure:
    return bq.Figure(
        marks=marks,
        axes=axes,
        background_style={"fill": "none"},
        # Three side by side in a notebook with the file browser open.
        layout={"width": width, "height": "290px"},
        fig_margin={"top": 36, "bottom": 48, "left": 52, "right": 12},
        **options,
    )


def _ticks(low: float, high: float) -> Array:
    """Round numbers between the two, about five."""
    span = max(high - low, 1e-12)
    step = 10.0 ** np.floor(np.log10(span / 2))
    step *= next(factor for factor in (1, 2, 5) if factor == 5 or span / step <= 7 * factor)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def _decision(model: Any) -> Boundary:
    if hasattr(model, "decision_function"):
        return lambda points: np.asarray(model.decision_function(points), dtype=float)
    return lambda points: np.asarray(model.predict_proba(points)[:, 1], dtype=float) - 0.5


def _trace(decide: Boundary, low: Array, high: Array) -> Array:
    """Segments (m, 2 ends, 2 coordinates) on which the decision changes.

    Every square of a grid is cut into two triangles; where the corners of one differ in
    sign, the boundary crosses two of its sides, at the points that linear interpolation gives.
    """
    sides = [np.linspace(low[j], high[j], _GRID) for j in range(2)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1)
    values = np.asarray(decide(points.reshape(-1, 2)), dtype=float).reshape(_GRID, _GRID)

    def corners(array: Array) -> list[Array]:
        """(a, b, c, d) of each square, counted around it."""
        return [array[:-1, :-1], array[1:, :-1], array[1:, 1:], array[:-1, 1:]]

    a, b, c, d = (corner.reshape(-1, 2) for corner in corners(points))
    fa, fb, fc, fd = (corner.ravel() for corner in corners(values))
    spots = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    heights = np.concatenate([np.stack([fa, fb, fc], 1), np.stack([fa, fc, fd], 1)])
    ends = np.roll(spots, -1, axis=1)
    after = np.roll(heights, -1, axis=1)
    crosses = (heights > 0) != (after > 0)
    cut = np.flatnonzero(crosses.sum(axis=1) == 2)
    if not len(cut):
        return np.zeros((0, 2, 2))
    which = np.argsort(~crosses[cut], axis=1, kind="stable")[:, :2]
    rows = cut[:, None]
    share = heights[rows, which] / (heights[rows, which] - after[rows, which])
    starts = spots[rows, which]
    return np.asarray(starts + share[..., None] * (ends[rows, which] - starts))


def _bqplot() -> Any:
    try:
        import bqplot
    except ImportError as error:
        raise ImportError(
            'forcing.jupyter.plots needs bqplot: pip install "forcing[plots]"'
        ) from error
    return bqplot
