"""The scales on which audits are drawn, in notebooks and in reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TICKS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
"""Confidences that an axis names: on a scale of log-odds, where sure decisions lie apart."""
CLOSEST = 14
"""So many names would fill the axis."""
SUREST = 16.0
"""Log-odds at which the axis ends: what is surer stands at its end."""
SINGLY = 12
"""Sizes up to which each has a bar of its own; beyond it bars hold twice as many each."""


def log_odds(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where confidences stand on the axis."""
    inside = np.clip(confidence, 1e-15, 1 - 1e-15)
    return np.asarray(np.clip(np.log(inside / (1 - inside)), -SUREST, SUREST))


def confidence_ticks(low: float, high: float) -> dict[float, str]:
    """Places between two log-odds with what they are called, far enough apart to be read."""
    least = (high - low) / CLOSEST
    places = dict(zip(log_odds(np.array(TICKS)).tolist(), TICKS, strict=True))
    kept: dict[float, str] = {}
    for place, confidence in places.items():
        if place <= high and (not kept or place - max(kept) >= least):
            kept[place] = f"{100 * confidence:.7g}%"
    return kept


def size_ticks(most: float) -> list[int]:
    """Sizes that an axis up to `most` names: 1, 2, 5, 10 ..."""
    return [n for e in range(7) for n in (10**e, 2 * 10**e, 5 * 10**e) if n <= most]


def bars(most: int) -> dict[str, int]:
    """The smallest size in each bar of a histogram of sizes up to `most`, by the bar's name."""
    if most <= SINGLY:
        return {str(size): size for size in range(1, most + 1)}
    starts = [2**power for power in range(most.bit_length())]
    ends = [2 * start - 1 for start in starts]
    return {str(a) if a == b else f"{a}–{b}": a for a, b in zip(starts, ends, strict=True)}
