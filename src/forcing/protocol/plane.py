"""A slice through the target as the protocol has it, and fewer of its rows for a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from forcing.protocol.context import Json

if TYPE_CHECKING:
    from forcing.study.plane import Side, Slice

STEPS = 10_000
"""From the low end of an axis to its high end."""
SAVED_ROWS = 1_500
"""Rows that a notebook keeps; """
FILE_ROWS = 5_000
"""that a file keeps."""


def encode(found: Slice) -> Json:
    """All numbers of an axis as whole steps; what is outside is at most one length away."""
    low = np.array([found.x.low, found.y.low])
    length = np.array([found.x.high, found.y.high]) - low

    def steps(points: Any) -> list[list[int]]:
        scaled = np.round((np.asarray(points).reshape(-1, 2) - low) / length * STEPS)
        whole: list[list[int]] = np.clip(scaled, -STEPS, 2 * STEPS).astype(int).tolist()
        return whole

    xs, ys = np.array(steps(found.points), dtype=int).reshape(-1, 2).T.tolist()
    return {
        "kind": found.kind,
        "x": _axis(found.x),
        "y": _axis(found.y),
        "features": list(found.features),
        "rows": None if found.rows is None else found.rows.tolist(),
        "xs": xs,
        "ys": ys,
        "roles": found.roles.tolist(),
        "target": steps(found.target)[0],
        "before": [_flat(steps(line)) for line in found.before],
        "after": [_flat(steps(line)) for line in found.after],
        "note": found.note,
    }


def _flat(points: list[list[int]]) -> list[int]:
    return [step for point in points for step in point]


def _axis(side: Side) -> Json:
    return {"name": side.name, "feature": side.feature, "low": side.low, "high": side.high}


def thinned(plane: Json | None, supports: Iterable[int], most: int) -> Json | None:
    """The same plane with at most so many rows, evenly chosen, and all of the supports."""
    if plane is None or len(plane["xs"]) <= most:
        return plane
    rows = plane["rows"]
    rows = np.arange(len(plane["xs"])) if rows is None else np.asarray(rows)
    held = np.flatnonzero(np.isin(rows, list(supports)))
    even = np.linspace(0, len(rows) - 1, max(0, most - len(held))).astype(np.intp)
    kept = np.union1d(held, even)
    told = {key: np.asarray(plane[key])[kept].tolist() for key in ("xs", "ys", "roles")}
    return plane | told | {"rows": rows[kept].tolist()}
