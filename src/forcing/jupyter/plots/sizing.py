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

if TYPE_CHECKING:
    import bqplot
    import ipywidgets

    from forcing.study.audit import Audit

SINGLY = 12
"""Sizes up to which each has a bar of its own; beyond it bars hold twice as many each."""


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
    starts = _starts(int(np.max(size, initial=1)))
    groups = {"targets": size} if wrong is None else {"right": size[~wrong], "wrong": size[wrong]}
    counts = [np.histogram(members, [*starts, np.inf])[0] for members in groups.values()]
    x, y = bq.OrdinalScale(), bq.LinearScale(min=0)
    bars = bq.Bars(
        x=_names(starts),
        y=np.array(counts),
        scales={"x": x, "y": y},
        type="stacked",
        colors=[FAVOURED, RIVAL][: len(groups)],
        labels=list(groups),
        display_legend=wrong is not None,
        padding=0.15,
    )
    ticks = base.ticks(0, float(np.sum(counts, axis=0).max()))
    axes = [
        bq.Axis(scale=x, label="rows in the set", grid_lines="none", label_color=NEUTRAL,
                label_offset="2.5em"),
        bq.Axis(scale=y, label="decisions", side="left", tick_format="d", grid_lines="none",
                tick_values=ticks[ticks == np.round(ticks)], label_color=NEUTRAL,
                label_offset="3em"),
    ]  # fmt: skip
    return base.figure(bq, [bars], axes, width="420px", legend_location="top-right", **LEGEND)


def _starts(most: int) -> list[int]:
    """The smallest size of each bar."""
    if most <= SINGLY:
        return list(range(1, most + 1))
    return [2**power for power in range(most.bit_length())]


def _names(starts: list[int]) -> list[str]:
    ends = [start - 1 for start in starts[1:]] + [2 * starts[-1] - 1 if len(starts) > 1 else 1]
    if starts == list(range(1, len(starts) + 1)):
        return [str(start) for start in starts]
    return [str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True)]
