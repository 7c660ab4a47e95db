"""The saved form of an explanation in a notebook: a MIME bundle within a budget of bytes.

`application/vnd.forcing.v1+json` is drawn by the lab extension, with the pictures inside;
`text/html` is what GitHub, nbviewer and editors without the extension show.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from forcing.explanation.report import data_url, fragment
from forcing.explanation.sentence import answer, count
from forcing.protocol import MIME
from forcing.protocol.context import Json
from forcing.protocol.plane import SAVED_ROWS, thinned
from forcing.protocol.state import shown_rows

BUDGET = 500_000
"""Bytes by which a notebook grows: an output of this size is versioned without pain.

The steps are never left out; only sets of well over a thousand rows go beyond it for them."""
HTML_SHARE = 0.3
PLANE_SHARE = 0.3
HTML_ROWS = 20
LISTED = 300
"""Entries of a list of targets."""
_RESERVE = 2_000
"""For the sentence about what was left out, and the frame around the parts."""
_DEPTH = 8
"""Blanks before each line of an output's JSON, which notebooks write a value a line."""


def bundle(state: Json, image: Callable[[str], bytes | None], budget: int = BUDGET) -> Json:
    """The MIME bundle of a state; rows that do not fit keep their label and lose their item."""
    picture = _Pictures(image)
    html = _html(state, picture, int(HTML_SHARE * budget))
    plane = _plane(state, int(PLANE_SHARE * budget))
    saved = rounded(state) | {"targets": _fewer(state.get("targets")), "plane": plane}
    shown = {key: state["rows"][key] for key in shown_rows(state) if key in state["rows"]}
    bare = saved | {"rows": {key: row | {"item": None} for key, row in shown.items()}}
    left = budget - _RESERVE - _size(html) - _size(bare)
    rows: dict[str, Json] = dict(bare["rows"])
    kept: dict[str, str] = {}
    if state["start"] is not None:
        kept.update(picture.of(state["start"]["target"]["item"]))
        left -= _size(kept)
    for key, row in shown.items():
        pictures = picture.of(row["item"])
        left -= _size(row) + _size(pictures)
        if left < 0:
            break
        rows[key] = row
        kept.update(pictures)
    kept.update(_thumbnails(saved["targets"], picture, left))
    lost = sum(row["item"] != rows[key]["item"] for key, row in shown.items())
    if lost:
        notes = [*state["start"]["notes"], _left_out(lost)]
        saved["start"] = state["start"] | {"notes": notes}
    return {
        MIME: saved | {"rows": rows, "images": kept},
        "text/html": html,
        "text/plain": answer(state),
    }


class _Pictures:
    """Data URLs by id, each made once."""

    def __init__(self, image: Callable[[str], bytes | None]) -> None:
        self._image = image
        self._urls: dict[str, str | None] = {}

    def __call__(self, name: str) -> str | None:
        if name not in self._urls:
            data = self._image(name)
            self._urls[name] = None if data is None else data_url(data)
        return self._urls[name]

    def of(self, item: Any) -> dict[str, str]:
        """The picture that an item needs, if it needs one."""
        if item is None or item["kind"] != "image":
            return {}
        url = self(item["image"])
        return {} if url is None else {item["image"]: url}


def _html(state: Json, picture: Callable[[str], str | None], budget: int) -> str:
    """As many supports as fit, 20 at most."""
    rows = HTML_ROWS
    while rows > 1 and _size(fragment(state, picture, rows)) > budget:
        rows //= 2
    return fragment(state, picture, rows)


def _plane(state: Json, budget: int) -> Json | None:
    """With as many rows as fit; none where the boundary alone is too long."""
    supports = [step["row"] for step in state["steps"]]
    for most in (SAVED_ROWS, SAVED_ROWS // 2, SAVED_ROWS // 5):
        plane = thinned(state.get("plane"), supports, most)
        if plane is None or _size(plane) <= budget:
            return plane
    return None


def _fewer(targets: Json | None) -> Json | None:
    """The first of a long list, and those that were looked at."""
    if targets is None or len(targets["entries"]) <= LISTED:
        return targets
    entries = targets["entries"]
    seen = [e for e in entries if e["size"] is not None or e["target"] == targets["chosen"]]
    kept = {e["target"] for e in [*seen[:LISTED], *entries][:LISTED]}
    return targets | {"entries": [e for e in entries if e["target"] in kept]}


def _thumbnails(targets: Json | None, picture: _Pictures, left: int) -> dict[str, str]:
    """Pictures of the list, from its head as far as the bytes go."""
    kept: dict[str, str] = {}
    for entry in [] if targets is None else targets["entries"]:
        found = picture.of({"kind": "image", "image": entry["image"]} if entry["image"] else None)
        left -= _size(found)
        if left < 0:
            break
        kept.update(found)
    return kept


def _left_out(rows: int) -> str:
    return (
        f"{count(rows)} rows are saved without their content, to keep the notebook small; "
        "Explanation.save keeps all."
    )


def _size(value: Any) -> int:
    """Bytes in a notebook file."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return len(text.encode()) + _DEPTH * text.count("\n")


def rounded(state: Json) -> Json:
    """Six digits are more than a screen shows; a long run is a third smaller with them."""

    def short(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.6g}")
        if isinstance(value, list):
            return [short(part) for part in value]
        if isinstance(value, dict):
            return {key: short(part) for key, part in value.items()}
        return value

    measured = ("steps", "verified", "bound", "rankings", "end")
    # Nothing is on its way in what is saved.
    others = state.get("alternatives")
    rest = {"progress": None, "alternatives": others and others | {"searching": False}}
    return state | {key: short(state[key]) for key in measured} | rest
