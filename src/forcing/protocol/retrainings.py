"""The JSON form of what retrainings say, both ways: tallies, the band, and what they add to a
verification. Keys that say nothing are left out, as files from before have none of them.
"""

from __future__ import annotations

from typing import Any

from forcing.protocol.context import Json
from forcing.protocol.numbers import finite
from forcing.records import Band, Stability, Tally, Verified


def stability(record: Stability) -> Json:
    return {
        "type": "stability",
        **tally(record.tally),
        "leave_out": finite(record.leave_out),
        "seconds": finite(record.seconds),
    }


def band(record: Band) -> Json:
    points = [[int(k), *(finite(p) for p in rest)] for k, *rest in record.points]
    return {"type": "band", "points": points}


def tally(record: Tally) -> Json:
    return {
        "flips": int(record.flips),
        "confidences": [finite(confidence) for confidence in record.confidences],
    }


def of_verified(record: Verified) -> Json:
    """What retrainings add to the event of a verification."""
    told: Json = {}
    if record.agreement is not None:
        told["agreement"] = tally(record.agreement)
    if record.control is not None:
        told["control"] = tally(record.control)
    if record.alike:
        told["alike"] = True
    if record.candidates != 1:
        told["candidates"] = int(record.candidates)
    if record.sizes is not None:
        told["sizes"] = [int(size) for size in record.sizes]
    if record.note:
        told["note"] = record.note
    return told


def read_stability(told: Json) -> Stability:
    return Stability(_tally(told), told["leave_out"], told["seconds"])


def read_band(points: list[Any]) -> Band:
    return Band(tuple((k, mean, low, high) for k, mean, low, high in points))


def read_verified(told: Json) -> dict[str, Any]:
    """The fields of `Verified` that retrainings add, by name."""
    fields: dict[str, Any] = {
        key: _tally(told[key]) for key in ("agreement", "control") if told.get(key) is not None
    }
    fields |= {key: told[key] for key in ("alike", "candidates", "note") if key in told}
    if told.get("sizes") is not None:
        fields["sizes"] = tuple(told["sizes"])
    return fields


def _tally(told: Json) -> Tally:
    return Tally(told["flips"], tuple(told["confidences"]))
