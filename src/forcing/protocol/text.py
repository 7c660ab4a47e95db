"""Text that every encoding can hold."""

from __future__ import annotations

from typing import Any


def clean(value: Any) -> Any:
    """The same JSON value with each lone surrogate in its strings and keys replaced by U+FFFD.

    Names and texts come from data, and UTF-8 cannot encode a lone surrogate: no file and no
    message could be written with one inside. Lengths in UTF-16 units, which the marks of a text
    count, stay as they are.
    """
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list | tuple):
        return [clean(part) for part in value]
    if isinstance(value, dict):
        return {clean(key): clean(part) for key, part in value.items()}
    return value
