"""Where a run is, on one line that is written over: of a terminal, or of a cell's output."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from forcing.records import End, Event, Progress, Step

EVERY = 0.2
"""Seconds between two updates of the line."""


class StatusLine:
    """In a notebook an output of its own, because what goes to stderr looks like an error there."""

    def __init__(self) -> None:
        self._shell = _notebook()
        self._id: str | None = None

    def write(self, text: str) -> None:
        if self._shell is None:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            return
        update, self._id = self._id is not None, self._id or uuid.uuid4().hex
        self._shell.display_pub.publish(
            {"text/plain": text}, transient={"display_id": self._id}, update=update
        )

    def close(self, text: str = "") -> None:
        """Wipe the line of a terminal; in a notebook the last words stay, if any were said."""
        if self._shell is None:
            self.write("")
        elif self._id is not None:
            self.write(text)


def _notebook() -> Any:
    """The shell of a kernel, whose outputs can be replaced; None in a terminal or a script."""
    # Not imported for this: who has not imported IPython is not inside of it.
    core = sys.modules.get("IPython.core.getipython")
    shell = None if core is None else core.get_ipython()
    return shell if hasattr(shell, "kernel") else None


def reported(events: Iterable[Event]) -> Iterator[Event]:
    """The same events; meanwhile the line says which step is done and what the run is doing."""
    last, line, said = 0.0, StatusLine(), ""
    try:
        for event in events:
            if isinstance(event, Step | Progress) and time.monotonic() - last > EVERY:
                last = time.monotonic()
                line.write(_line(event))
            if isinstance(event, End):
                said = f"{event.status} after {event.seconds:.1f} s"
            yield event
    finally:
        line.close(said or "stopped")


def _line(event: Step | Progress) -> str:
    if isinstance(event, Step):
        return f"searching: {event.number} rows removed, confidence {event.confidence:.1%}"
    of = "" if event.total is None else f" of {event.total}"
    note = f" ({event.note})" if event.note else ""
    return f"{event.phase}: {event.done}{of}{note}"
