"""What a saved explanation must look like: the protocol's `State`, with `restore` beside it.

A file may come from anyone, and what reads it later (HTML writers, views, arrays) relies on the
types. Unknown keys pass, so that 1.x may add some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from forcing.protocol.context import Json

Shape: TypeAlias = Callable[[Any, str], None]
"""Raises `DamagedError` where a value is not of the shape; the string says where the value is."""

_LARGEST_NUMBER = 1e300
_LARGEST_COUNT = 2**53
"""What a JSON reader keeps exactly, and less than an array index can hold."""


class DamagedError(Exception):
    """Says what is wrong, and where, in words that follow the name of a file."""


def _leaf(words: str, holds: Callable[[Any], bool]) -> Shape:
    def check(value: Any, at: str) -> None:
        if not holds(value):
            raise DamagedError(f"{at} should be {words}")

    return check


def _is_number(value: Any) -> bool:
    # NaN is refused too: it is not between anything.
    return _is_real(value) and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and _is_real(value) and 0 <= value <= _LARGEST_COUNT


_TEXT = _leaf("a text", lambda value: isinstance(value, str))
_BOOL = _leaf("true or false", lambda value: isinstance(value, bool))
_NUMBER = _leaf("a finite number", _is_number)
_COUNT = _leaf("a count", _is_count)
_WHOLE = _leaf("a whole number", lambda value: isinstance(value, int) and _is_real(value))
_LABEL = _leaf(
    "a class label",
    lambda value: value is None or isinstance(value, str | bool) or _is_number(value),
)
_DICT = _leaf("an object", lambda value: isinstance(value, dict))
_LIST = _leaf("a list", lambda value: isinstance(value, list))


def _optional(shape: Shape) -> Shape:
    def check(value: Any, at: str) -> None:
        if value is not None:
            shape(value, at)

    return check


def _each(shape: Shape) -> Shape:
    def check(value: Any, at: str) -> None:
        _LIST(value, at)
        for place, part in enumerate(value):
            shape(part, f"{at}[{place}]")

    return check


def _tuple(*shapes: Shape) -> Shape:
    def check(value: Any, at: str) -> None:
        _LIST(value, at)
        _same_length(value, shapes, at)
        for place, (part, shape) in enumerate(zip(value, shapes, strict=True)):
            shape(part, f"{at}[{place}]")

    return check


def _values(shape: Shape) -> Shape:
    def check(value: Any, at: str) -> None:
        _DICT(value, at)
        for key, part in value.items():
            shape(part, f"{at}[{key!r:.40}]")

    return check


def _keys(shapes: dict[str, Shape]) -> Shape:
    def check(value: Any, at: str) -> None:
        _DICT(value, at)
        for key, shape in shapes.items():
            inner = f"{at}.{key}" if at else key
            if key not in value:
                raise DamagedError(f"{inner} is missing")
            shape(value[key], inner)

    return check


def _may(shapes: dict[str, Shape]) -> Shape:
    """Keys that files from before they were added do not have."""

    def check(value: Any, at: str) -> None:
        _keys({key: shape for key, shape in shapes.items() if key in value})(value, at)

    return check


def _both(*shapes: Shape) -> Shape:
    def check(value: Any, at: str) -> None:
        for shape in shapes:
            shape(value, at)

    return check


def _kinds(kinds: dict[str, dict[str, Shape]]) -> Shape:
    def check(value: Any, at: str) -> None:
        _keys({"kind": _TEXT})(value, at)
        if value["kind"] not in kinds:
            raise DamagedError(f"{at}.kind should be one of {', '.join(kinds)}")
        _keys(kinds[value["kind"]])(value, at)

    return check


def _same_length(value: Any, other: Any, at: str) -> None:
    if len(value) != len(other):
        raise DamagedError(f"{at} has {len(value)} entries, not {len(other)}")


_CELL = _leaf(
    "a number, a text or null", lambda v: v is None or isinstance(v, str) or _is_number(v)
)
_ITEM = _kinds(
    {
        "table": {"values": _each(_CELL), "differs": _each(_COUNT)},
        "image": {"image": _TEXT},
        "text": {"text": _TEXT, "marks": _each(_tuple(_COUNT, _COUNT, _NUMBER))},
    }
)
_COLUMN = _keys({"name": _TEXT, "low": _optional(_NUMBER), "high": _optional(_NUMBER)})
_DISPLAY = _kinds(
    {"table": {"columns": _each(_COLUMN), "omitted": _COUNT}, "image": {}, "text": {}}
)
_CLAIM: dict[str, Shape] = {
    "favoured": _TEXT,
    "rival": _TEXT,
    "confidence": _NUMBER,
    "margin": _NUMBER,
    "threshold": _NUMBER,
}
_MADE: dict[str, Shape] = {
    "version": _TEXT,
    "created": _TEXT,
    "seed": _optional(_WHOLE),
    "data": _TEXT,
    "packages": _values(_TEXT),
}
_START: dict[str, Shape] = {
    "id": _TEXT,
    "claim": _both(_keys(_CLAIM), _may(dict.fromkeys(("cut", "prediction"), _optional(_NUMBER)))),
    "method": _TEXT,
    "model": _TEXT,
    "rows": _COUNT,
    "features": _COUNT,
    "limit": _COUNT,
    "baselines": _each(_TEXT),
    "display": _DISPLAY,
    "target": _keys({"name": _optional(_TEXT), "label": _optional(_TEXT), "item": _ITEM}),
    "notes": _each(_TEXT),
    "made": _keys(_MADE),
}
_STEP: dict[str, Shape] = {
    "n": _COUNT,
    "row": _COUNT,
    "positive": _BOOL,
    **dict.fromkeys(("confidence", "margin", "seconds"), _NUMBER),
    "gap": _optional(_NUMBER),
}
_VERIFIED: dict[str, Shape] = {
    "flipped": _BOOL,
    "label": _TEXT,
    "confidence": _NUMBER,
    "irreducible": _optional(_BOOL),
    "put_back": _each(_NUMBER),
    "by": _TEXT,
    "seconds": _NUMBER,
}
_SHARE = _leaf("between 0 and 1", lambda value: _is_number(value) and 0 <= value <= 1)
_TALLIED: dict[str, Shape] = {"flips": _COUNT, "confidences": _each(_NUMBER)}


def _counted(value: Any, at: str) -> None:
    """A tally: some retrainings, of which no more decide otherwise than there are."""
    _keys(_TALLIED)(value, at)
    retrainings = len(value["confidences"])
    if retrainings == 0 or value["flips"] > retrainings:
        raise DamagedError(f"{at}.flips should be at most {retrainings}, of at least one")


_STABILITY = _both(_counted, _keys({"leave_out": _SHARE, "seconds": _NUMBER}))
_RETRAINED = _may(
    {
        **dict.fromkeys(("agreement", "control"), _optional(_counted)),
        "alike": _BOOL,
        "candidates": _COUNT,
        "sizes": _optional(_tuple(_COUNT, _COUNT)),
        "note": _TEXT,
    }
)
_ENTRY = _keys({"row": _COUNT, "place": _COUNT, "score": _NUMBER, "change": _optional(_NUMBER)})
_RANKING: dict[str, Shape] = {
    "method": _TEXT,
    "flips_at": _optional(_COUNT),
    "tried": _COUNT,
    "curve": _each(_tuple(_COUNT, _NUMBER)),
    "positive": _each(_ENTRY),
    "negative": _each(_ENTRY),
    "seconds": _NUMBER,
}
_PROGRESS: dict[str, Shape] = {
    "phase": _TEXT,
    "done": _COUNT,
    "total": _optional(_COUNT),
    "note": _TEXT,
}
_WHOLE_RANKING: dict[str, Shape] = {
    "rows": _each(_COUNT),
    "scores": _each(_NUMBER),
}
_PREDICTED = _may({"predicted": _optional(_COUNT)})
_RESTORE: dict[str, Shape] = {
    "claim": _tuple(_LABEL, _LABEL),
    "labels": _each(_LABEL),
    "decision": _optional(_tuple(_LABEL, _NUMBER)),
    "rankings": _values(_both(_keys(_WHOLE_RANKING), _PREDICTED)),
}
_AXIS = _keys({"name": _TEXT, "feature": _optional(_COUNT), "low": _NUMBER, "high": _NUMBER})
_PLANE = _keys(
    {
        "kind": _TEXT,
        "x": _AXIS,
        "y": _AXIS,
        "features": _each(_TEXT),
        "rows": _optional(_each(_COUNT)),
        **dict.fromkeys(("xs", "ys"), _each(_NUMBER)),
        "roles": _each(_COUNT),
        "target": _tuple(_NUMBER, _NUMBER),
        **dict.fromkeys(("before", "after"), _each(_each(_NUMBER))),
        "note": _TEXT,
    }
)
_ALTERNATIVE = _keys(
    {
        "rows": _each(_COUNT),
        "shared": _COUNT,
        "label": _TEXT,
        "confidence": _NUMBER,
        "verified": _optional(_BOOL),
    }
)
_TARGET_ENTRY = _keys(
    {
        "target": _COUNT,
        "name": _TEXT,
        "label": _optional(_TEXT),
        "decision": _TEXT,
        "confidence": _NUMBER,
        "wrong": _optional(_BOOL),
        **dict.fromkeys(("image", "text", "status"), _optional(_TEXT)),
        "size": _optional(_COUNT),
    }
)
_ADDED = _may(
    {
        "stability": _optional(_STABILITY),
        "band": _each(_tuple(_COUNT, _NUMBER, _NUMBER, _NUMBER)),
        "plane": _optional(_PLANE),
        "alternatives": _optional(
            _keys({"sets": _each(_ALTERNATIVE), "searching": _BOOL, "note": _TEXT})
        ),
        "targets": _optional(
            _keys({"entries": _each(_TARGET_ENTRY), "total": _COUNT, "chosen": _optional(_COUNT)})
        ),
    }
)
_SAVED = _keys(
    {
        "start": _both(_keys(_START), _may({"classes": _COUNT, "one_run": _BOOL})),
        "steps": _each(_both(_keys(_STEP), _may({"becomes": _optional(_TEXT)}))),
        "searched": _COUNT,
        "refined": _BOOL,
        "verified": _optional(_both(_keys(_VERIFIED), _RETRAINED)),
        "bound": _optional(_keys({"rows": _COUNT, "seconds": _NUMBER})),
        "rankings": _each(_both(_keys(_RANKING), _PREDICTED)),
        "progress": _optional(_keys(_PROGRESS)),
        "end": _keys({"status": _TEXT, "reason": _TEXT, "seconds": _NUMBER}),
        "paused": _BOOL,
        "rows": _values(
            _keys({"label": _TEXT, "name": _optional(_TEXT), "item": _optional(_ITEM)})
        ),
        "images": _values(_TEXT),
        "restore": _keys(_RESTORE),
    }
)


def check_shape(state: Json) -> None:
    """Raise `DamagedError` unless `state` and its `restore` are whole and agree with each other."""
    _SAVED(state, "")
    _ADDED(state, "")
    if (plane := state.get("plane")) is not None:
        for key in ("ys", "roles") if plane["rows"] is None else ("ys", "roles", "rows"):
            _same_length(plane[key], plane["xs"], f"plane.{key}")
    restore = state["restore"]
    _same_length(restore["labels"], state["steps"], "restore.labels")
    if "becomes" in restore:  # files from before labels could be changed have none
        _each(_LABEL)(restore["becomes"], "restore.becomes")
        _same_length(restore["becomes"], state["steps"], "restore.becomes")
    if state["verified"] is not None and restore["decision"] is None:
        raise DamagedError("restore.decision is missing")
    for ranking in state["rankings"]:
        at = f"restore.rankings[{ranking['method']!r:.40}]"
        whole = restore["rankings"].get(ranking["method"])
        if whole is None:
            raise DamagedError(f"{at} is missing")
        _same_length(whole["scores"], whole["rows"], f"{at}.scores")
