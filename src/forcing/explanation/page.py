"""An explanation as one HTML file: the interactive view with its state, and a plain table.

The table is what a reader without scripts sees, and what is printed. The file asks nothing of
the network, and its content policy would not let it.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from forcing.explanation.figures import count
from forcing.explanation.report import Pictures, table
from forcing.explanation.sentence import headline
from forcing.explanation.snapshot import rounded
from forcing.protocol.context import Json
from forcing.protocol.plane import SAVED_ROWS, thinned
from forcing.protocol.state import shown_rows

BUDGET = 950_000
"""Bytes of a page, the view's script included: it goes through any mail."""
PLAIN_ROWS = 500
"""Supports in the table; the view has all."""

_SHELL = Path(__file__).parent / "page.html"
BUILT = Path(__file__).parent.parent / "static" / "page.html"
"""The shell with the script of the view in it, made by the build."""

_UNBUILT = (
    "<p><small>This page was written by a copy of forcing whose view was not built, so it has "
    "the table alone.</small></p>\n"
)
_ENDS_SCRIPTS = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def page(state: Json, pictures: Pictures, budget: int = BUDGET) -> str:
    """One file of at most about `budget` bytes; the last rows lose their content first."""
    shown = [key for key in shown_rows(state) if key in state["rows"]]
    supports = [step["row"] for step in state["steps"]]
    state = state | {"plane": thinned(state.get("plane"), supports, SAVED_ROWS)}
    whole = _page(state, shown, len(shown), pictures)
    if len(whole.encode()) <= budget or state["start"] is None:
        return whole
    fits, too_many = 0, len(shown)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if len(_page(state, shown, middle, pictures).encode()) <= budget:
            fits = middle
        else:
            too_many = middle
    return _page(state, shown, fits, pictures)


def write(title: str, body: str, payload: Any) -> str:
    """The page around a `body` of markup that draws `payload`; `title` is text.

    Where the view was not built, the body alone with a sentence that says so.
    """
    built = BUILT.exists()
    parts = {
        "title": escape(title),
        "body": body if built else body + _UNBUILT,
        "state": _in_script(payload),
    }
    if not built:
        parts |= {"policy": "'none'", "script": ""}
    shell = (BUILT if built else _SHELL).read_text(encoding="utf-8")
    # In one pass, so that nothing in the data is taken for a place to fill.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts.get(place[1], place[0]), shell)


def _page(state: Json, shown: list[str], kept: int, pictures: Pictures) -> str:
    """The page with the content of the first `kept` of the rows that are shown."""
    rows = {
        key: state["rows"][key] | ({} if place < kept else {"item": None})
        for place, key in enumerate(shown)
    }
    carried = rounded(state) | {"rows": rows}
    lost = len(shown) - kept
    if lost:
        note = (
            f"{count(lost)} rows are here without their content, to keep the file small; "
            "Explanation.save keeps all."
        )
        carried["start"] = state["start"] | {"notes": [*state["start"]["notes"], note]}
    once = _Once(pictures)
    title = headline(carried)
    body = f"<h1>{escape(title)}</h1>\n{table(carried, once, PLAIN_ROWS)}"
    # The script finds the pictures of the table there: none is in the file twice.
    carried["images"] = {
        name: url for name in _images(carried) if not once.told(name) and (url := pictures(name))
    }
    return write(title, body, carried)


class _Once:
    """Pictures for a table that shows each of them once."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._told: set[str] = set()

    def __call__(self, name: str) -> str | None:
        if name in self._told:
            return None
        url = self._pictures(name)
        if url is not None:
            self._told.add(name)
        return url

    def told(self, name: str) -> bool:
        return name in self._told


def _images(state: Json) -> list[str]:
    """Ids of the pictures of the target, the rows and the list of targets."""
    items = [row["item"] for row in state["rows"].values()]
    if state["start"] is not None:
        items.insert(0, state["start"]["target"]["item"])
    names = [item["image"] for item in items if item is not None and item["kind"] == "image"]
    entries = (state.get("targets") or {"entries": []})["entries"]
    return names + [entry["image"] for entry in entries if entry["image"] is not None]


def _in_script(payload: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(payload, ensure_ascii=False, allow_nan=False).translate(_ENDS_SCRIPTS)
