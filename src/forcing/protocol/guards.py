"""What comes from outside, checked: commands of a view and saved states. Parsing never raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from forcing.protocol.context import Json
from forcing.protocol.messages import SCHEMA
from forcing.protocol.saved import DamagedError, check_shape
from forcing.protocol.text import clean

MOST_ROWS = 1_000_000
MOST_IMAGES = 256


@dataclass(frozen=True)
class Hello:
    """Asks who answers, and on which thread."""

    renderer: bool = True
    """Whether the host draws the saved form, so that the live view may become it."""


@dataclass(frozen=True)
class Sync:
    """Asks for the whole state."""


@dataclass(frozen=True)
class Pause:
    pass


@dataclass(frozen=True)
class Resume:
    pass


@dataclass(frozen=True)
class Cancel:
    pass


@dataclass(frozen=True)
class WhatIf:
    """Asks for the decision after a refit without the rows `out`."""

    request: int
    out: tuple[int, ...]


@dataclass(frozen=True)
class Images:
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Select:
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Plane:
    """Asks for the plane of two features, by their place, or of two principal components."""

    request: int
    x: int | None
    y: int | None


@dataclass(frozen=True)
class Alternatives:
    """Asks for other sets that flip the decision."""


@dataclass(frozen=True)
class Explain:
    """Asks for the explanation of another target."""

    target: int


@dataclass(frozen=True)
class Page:
    """Asks for the explanation as one HTML file."""


@dataclass(frozen=True)
class Saved:
    """Asks for the saved form, for an output that the kernel can no longer replace itself."""


Command: TypeAlias = (
    Hello
    | Sync
    | Pause
    | Resume
    | Cancel
    | WhatIf
    | Images
    | Select
    | Plane
    | Alternatives
    | Explain
    | Page
    | Saved
)

_PLAIN: dict[str, Command] = {
    "sync": Sync(),
    "pause": Pause(),
    "resume": Resume(),
    "cancel": Cancel(),
    "alternatives": Alternatives(),
    "page": Page(),
    "saved": Saved(),
}


def parse_command(message: Any) -> Command | None:
    """The command that a view sent, or None where it is none that this version knows."""
    if not isinstance(message, dict):
        return None
    kind = message.get("type")
    if not isinstance(kind, str):
        return None
    if kind == "hello":
        known = message.get("schema") == SCHEMA
        # Views of before this was asked were those of JupyterLab, which draws it.
        return Hello(message.get("renderer") is not False) if known else None
    if kind == "what-if":
        request, out = _rows([message.get("request")]), _rows(message.get("out"))
        return None if request is None or out is None else WhatIf(request[0], out)
    if kind == "images":
        ids = message.get("ids")
        if not isinstance(ids, list) or len(ids) > MOST_IMAGES:
            return None
        return Images(tuple(ids)) if all(isinstance(name, str) for name in ids) else None
    if kind == "select":
        rows = _rows(message.get("rows"))
        return None if rows is None else Select(rows)
    if kind == "plane":
        return _plane(message)
    if kind == "explain":
        target = _rows([message.get("target")])
        return None if target is None else Explain(target[0])
    return _PLAIN.get(kind)


def _plane(message: Json) -> Plane | None:
    request = _rows([message.get("request")])
    if request is None:
        return None
    if message.get("x") is None and message.get("y") is None:
        return Plane(request[0], None, None)
    x, y = _rows([message.get("x")]), _rows([message.get("y")])
    return None if x is None or y is None else Plane(request[0], x[0], y[0])


def _rows(value: Any) -> tuple[int, ...] | None:
    """Row positions without repetition, in their order."""
    if not isinstance(value, list) or len(value) > MOST_ROWS or not all(map(_is_count, value)):
        return None
    return tuple(dict.fromkeys(value))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SAVED: dict[str, type] = {
    "start": dict,
    "steps": list,
    "rankings": list,
    "rows": dict,
    "images": dict,
    "end": dict,
    "restore": dict,
}


def check_saved(state: Any, where: str) -> Json:
    """A saved explanation as the protocol's state; a `ValueError` says what is wrong with it.

    What it returns has the types that the protocol names, and no text that UTF-8 cannot hold.
    """
    if not isinstance(state, dict):
        raise ValueError(f"{where} holds no explanation, which would be a JSON object.")  # noqa: TRY004
    if state.get("schema") != SCHEMA:
        raise ValueError(
            f"{where} has the schema {state.get('schema')!r}; this version of forcing reads "
            f"{SCHEMA!r}. A newer version may have written it: pip install --upgrade forcing"
        )
    missing = [key for key, kind in _SAVED.items() if not isinstance(state.get(key), kind)]
    if missing:
        raise ValueError(f"{where} is not a finished explanation: it lacks {', '.join(missing)}.")
    # The labels in `restore` are those of the user's data and stay as they are there.
    whole: Json = clean(state) | {"restore": state["restore"]}
    try:
        check_shape(whole)
    except DamagedError as damage:
        raise ValueError(f"{where} is damaged: {damage}.") from damage
    return whole
