"""Where a run is, on one line of the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator

from forcing.records import Event, Progress, Step

EVERY = 0.2
"""Seconds between two updates of the line."""


def reported(events: Iterable[Event]) -> Iterator[Event]:
    """The same events; meanwhile the line says which step is done and what the run is doing."""
    last = 0.0
    try:
        for event in events:
            if isinstance(event, Step | Progress) and time.monotonic() - last > EVERY:
                last = time.monotonic()
                sys.stderr.write(f"\r\x1b[K{_line(event)}")
                sys.stderr.flush()
            yield event
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _line(event: Step | Progress) -> str:
    if isinstance(event, Step):
        return f"searching: {event.number} rows removed, confidence {event.confidence:.1%}"
    of = "" if event.total is None else f" of {event.total}"
    note = f" ({event.note})" if event.note else ""
    return f"{event.phase}: {event.done}{of}{note}"
