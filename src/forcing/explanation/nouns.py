"""What a run is about, in words: rows, images, texts or labels."""

from __future__ import annotations

from forcing.protocol.context import Json

RELABEL = "relabel"
"""The method that changes labels and removes no row."""
ROBUST = 100
"""Sets this large say "robust" instead of pretending to explain."""
_NOUNS = {"image": "training image", "text": "training text"}


def relabels(state: Json) -> bool:
    """Whether labels are changed and no row is removed."""
    return state["start"] is not None and state["start"]["method"] == RELABEL


def noun(state: Json) -> str:
    """What one training row is called."""
    if relabels(state):
        return "training label"
    return _NOUNS.get(state["start"]["display"]["kind"], "training row")


def among(start: Json) -> bool:
    """Whether a confidence is that against one of several others."""
    return int(start.get("classes") or 2) > 2


def them(state: Json) -> str:
    return "it" if len(state["steps"]) == 1 else "them"
