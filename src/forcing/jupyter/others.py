"""The search for other sets that a view asks for, beside the notebook."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from forcing.explanation import Explanation
from forcing.explanation.alternatives import Others
from forcing.jupyter.answers import Answers
from forcing.protocol.context import Json
from forcing.records import Event, Progress, Step

AT_ONCE = 3
"""Sets that are looked for when somebody asks; who wants more asks again."""
EVERY = 0.25
"""Seconds between two notes of how far the search is."""

_DOING = {"refine": "Shrinking a set", "verify": "Refitting to check"}


class OtherSets:
    """Looks for other sets on a thread of its own, so that pictures and refits are not held up."""

    def __init__(self, tell: Callable[[Json], None], done: Callable[[], None]) -> None:
        self._tell = tell
        self._done = done
        self._answers = Answers()
        self._searching = threading.Lock()
        self._stopped = threading.Event()

    def look(self, explanation: Explanation | None) -> None:
        """Start, unless a search is on its way or the run has not ended."""
        if explanation is not None and self._searching.acquire(blocking=False):
            self._stopped.clear()
            self._answers.ask(lambda: self._search(explanation))

    def stop(self) -> None:
        """End the search at its next record; what it found stays."""
        self._stopped.set()

    def _search(self, explanation: Explanation) -> None:
        try:
            note = self._found(explanation)
        except Exception as error:  # noqa: BLE001 - whatever a model raises; the view says it
            note = str(error)
        try:
            self._tell(explanation.others.event(note=note))
            self._done()
        finally:
            self._searching.release()

    def _found(self, explanation: Explanation) -> str:
        """Look for more, and say why there are no more; nothing where there may be."""
        others = explanation.others
        wanted = len(others.found) + AT_ONCE
        while len(others.found) < wanted:
            self._tell(others.event(searching=True, note="Searching"))
            if others.next(self._watching(others)) is None:
                return _why(len(others.found), stopped=self._stopped.is_set())
        return ""

    def _watching(self, others: Others) -> Callable[[Event], bool]:
        told = time.monotonic()

        def watch(event: Event) -> bool:
            nonlocal told
            now = time.monotonic()
            if isinstance(event, Step | Progress) and now - told > EVERY:
                told = now
                self._tell(others.event(searching=True, note=_doing(event)))
            return not self._stopped.is_set()

        return watch


def _doing(event: Step | Progress) -> str:
    if isinstance(event, Step):
        return f"Searching · step {event.number}"
    return _DOING.get(event.phase, "Searching")


def _why(found: int, *, stopped: bool) -> str:
    if stopped:
        return "Stopped."
    if found:
        return "No further set was found."
    return "No other set was found: with rows of this one held in place the decision stays."
