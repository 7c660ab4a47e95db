"""The saved form of an explanation in a notebook: a MIME bundle within a budget of bytes.

`application/vnd.forcing.v1+json` is drawn by the lab extension, with the pictures inside;
`text/html` is what GitHub, nbviewer and editors without the extension show.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from forcing.context import Json
from forcing.explanation import data_url
from forcing.protocol import MIME
from forcing.report import fragment
from forcing.sentence import count, headline

BUDGET = 500_000
"""Bytes of the whole bundle; an output of this size is saved and versioned without pain."""
HTML_ROWS = 20
_RESERVE = 4_000
"""For the sentences about what was left out, and the frame of the HTML."""


def bundle(state: Json, image: Callable[[str], bytes | None], budget: int = BUDGET) -> Json:
    """The MIME bundle of a state; rows that do not fit keep their label and lose their item."""
    state = _rounded(state)
    urls: dict[str, str] = {}

    def picture(name: str) -> str | None:
        if name not in urls:
            data = image(name)
            urls[name] = "" if data is None else data_url(data)
        return urls[name] or None

    bare = state | {"rows": {key: row | {"item": None} for key, row in state["rows"].items()}}
    left = budget - _RESERVE - _size(bare)
    kept: dict[str, str] = {}
    target = state["start"]["target"]["item"] if state["start"] is not None else None
    left -= _add_picture(target, picture, kept)
    html_rows = 0
    rows: dict[str, Json] = dict(bare["rows"])
    supports = [str(step["row"]) for step in state["steps"]]
    order = _order(state)
    for place, key in enumerate(order):
        row = state["rows"].get(key)
        if row is None or row["item"] is None:
            continue
        url = picture(row["item"]["image"]) if row["item"]["kind"] == "image" else None
        once = _size(row["item"]) + len(url or "")
        in_html = place < min(HTML_ROWS, len(supports))
        # The HTML repeats the pictures and about half the words of its rows.
        cost = once * 2 + 300 if in_html else once
        if cost > left:
            break
        left -= cost
        rows[key] = row
        html_rows += in_html
        if url is not None:
            kept[row["item"]["image"]] = url
    dropped = sum(
        row["item"] is not None and rows[key]["item"] is None for key, row in state["rows"].items()
    )
    state = state | {"rows": rows, "images": kept}
    if dropped:
        state["start"] = state["start"] | {"notes": [*state["start"]["notes"], _left_out(dropped)]}
    html = fragment(state, kept.get, min(HTML_ROWS, max(html_rows, 1)))
    return {MIME: state, "text/html": html, "text/plain": headline(state)}


def _left_out(dropped: int) -> str:
    return (
        f"{count(dropped)} rows are saved without their content, to keep the notebook small; "
        "Explanation.save keeps all."
    )


def _order(state: Json) -> list[str]:
    """Row keys by importance: the supports, then the galleries place by place."""
    entries = [
        entry
        for ranking in state["rankings"]
        for sign in ("positive", "negative")
        for entry in enumerate(ranking[sign])
    ]
    galleries = [str(entry["row"]) for _, entry in sorted(entries, key=lambda pair: pair[0])]
    supports = [str(step["row"]) for step in state["steps"]]
    return list(dict.fromkeys(supports + galleries))


def _add_picture(item: Any, picture: Callable[[str], str | None], kept: dict[str, str]) -> int:
    if item is None or item["kind"] != "image" or (url := picture(item["image"])) is None:
        return 0
    kept[item["image"]] = url
    return 2 * len(url)


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def _rounded(state: Json) -> Json:
    """Six digits are more than a screen shows; a long run is a third smaller with them."""

    def short(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.6g}")
        if isinstance(value, list):
            return [short(part) for part in value]
        if isinstance(value, dict):
            return {key: short(part) for key, part in value.items()}
        return value

    rounded: Json = short(
        {key: part for key, part in state.items() if key not in ("start", "rows")}
    )
    return rounded | {"start": state["start"], "rows": state["rows"], "images": {}}
