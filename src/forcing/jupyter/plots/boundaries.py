"""A plane with the decision boundary of a model, trained on all rows and without some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forcing.explanation import Explanation
from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, INK, NEUTRAL, RIVAL, Array
from forcing.study.plane.level import level_lines

if TYPE_CHECKING:
    import bqplot
    import ipywidgets

Boundary: TypeAlias = Callable[[Array], Array]
"""From points (m, 2) to values (m,) whose sign is the decision."""
Panel: TypeAlias = Explanation | Sequence[int] | tuple[Sequence[int], Boundary]

_GRID = 80
"""Points a side on which a boundary is traced."""


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

    bq = base.bqplot()
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
        edges = [
            base.line(bq, edge[:, 0], edge[:, 1], scales[0], scales[1], NEUTRAL, stroke_width=2)
            for edge in _trace(decide, low, high)
        ]
        marks = [*edges, scatter, base.target(bq, target, scales)]
        axes = [
            bq.Axis(
                scale=scales[j],
                side=side,
                grid_lines="none",
                tick_values=base.ticks(low[j], high[j]),
            )
            for j, side in enumerate(("bottom", "left"))
        ]
        style = {"font-size": "13px", "font-weight": "600", "fill": INK}
        figures.append(base.figure(bq, marks, axes, title=title, title_style=style))
    for other in points[1:]:
        ipywidgets.jslink((points[0], "selected"), (other, "selected"))
    return base.beside(figures)


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


def _decision(model: Any) -> Boundary:
    if hasattr(model, "decision_function"):
        return lambda points: np.asarray(model.decision_function(points), dtype=float)
    return lambda points: np.asarray(model.predict_proba(points)[:, 1], dtype=float) - 0.5


def _trace(decide: Boundary, low: Array, high: Array) -> list[Array]:
    """Lines (m, 2) on which the decision changes."""
    sides = [np.linspace(low[j], high[j], _GRID) for j in range(2)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1)
    values = np.asarray(decide(points.reshape(-1, 2)), dtype=float).reshape(_GRID, _GRID)
    return [low + line * (high - low) for line in level_lines(values)]
