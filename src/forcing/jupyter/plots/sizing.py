"""How many rows decisions stand on: a histogram, and size against confidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forcing.explanation import Explanation
from forcing.jupyter.plots import base
from forcing.jupyter.plots.base import FAVOURED, LEGEND, NEUTRAL, RIVAL
from forcing.jupyter.plots.scatter import size_over_confidence
from forcing.study import audit_scales

if TYPE_CHECKING:
    import bqplot
    import ipywidgets

    from forcing.study.audit import Audit


def sizes(source: Audit | Mapping[Any, Explanation] | Iterable[Explanation]) -> ipywidgets.HBox:
    """How many decisions stand on how many rows, beside the size of each set over its confidence.

    Parameters
    ----------
    source
        An audit, of which wrong decisions are told apart where it has true labels; or
        explanations, such as `widget.explanations` of the live view of many targets.

    Targets without a set are in neither figure.
    """
    import ipywidgets

    from forcing.study.audit import Audit

    bq = base.bqplot()
    wrong: NDArray[np.bool_] | None = None
    if isinstance(source, Audit):
        every: list[Any] = list(source.outcomes)
        wrong = source.wrong
    else:
        every = list(source.values() if isinstance(source, Mapping) else source)
    found = [t for t, one in enumerate(every) if one.claim is not None and one.flipped]
    found = [t for t in found if len(every[t].supports)]
    size = np.array([len(every[t].supports) for t in found], dtype=np.intp)
    confidence = np.array([every[t].claim.confidence for t in found], dtype=float)
    wrong = None if wrong is None else wrong[found]
    return ipywidgets.HBox(
        [_histogram(bq, size, wrong), size_over_confidence(confidence, size, wrong)],
        layout={"flex_flow": "row wrap"},
    )


def _histogram(bq: Any, size: NDArray[np.intp], wrong: NDArray[np.bool_] | None) -> bqplot.Figure:
    named = audit_scales.bars(int(np.max(size, initial=1)))
    groups = {"targets": size} if wrong is None else {"right": size[~wrong], "wrong": size[wrong]}
    counts = [np.histogram(members, [*named.values(), np.inf])[0] for members in groups.values()]
    most = float(np.sum(counts, axis=0).max())
    room = 1.3 if len(groups) > 1 else 1.05  # for the legend above the bars
    x, y = bq.OrdinalScale(), bq.LinearScale(min=0, max=room * max(1, most))
    bars = bq.Bars(
        x=list(named),
        y=np.array(counts),
        scales={"x": x, "y": y},
        type="stacked",
        colors=[FAVOURED, RIVAL][: len(groups)],
        labels=list(groups),
        display_legend=wrong is not None,
        padding=0.15,
    )
    ticks = base.ticks(0, most)
    axes = [
        bq.Axis(scale=x, label="rows in the set", grid_lines="none", label_color=NEUTRAL,
                label_offset="2.5em"),
        bq.Axis(scale=y, label="decisions", side="left", tick_format="d", grid_lines="none",
                tick_values=ticks[ticks == np.round(ticks)], label_color=NEUTRAL,
                label_offset="3em"),
    ]  # fmt: skip
    return base.figure(bq, [bars], axes, width="420px", legend_location="top-right", **LEGEND)
